//! Language and size of print, kept in the browser.

use super::answer;
use super::entry::{Entry, PRINT_COOKIE, kept};
use crate::locale::{LANGUAGE_COOKIE, Locale};
use crate::state::WebState;
use axum::extract::{Path, Request, State};
use axum::http::header;
use axum::response::Response;

/// Keeps what the form names and leads back to the payment's page.
pub async fn keep(State(state): State<WebState>, Path(token): Path<String>, request: Request) -> Response {
    let (entry, answers) = match Entry::with_form(state, token, request).await {
        Ok(opened) => opened,
        Err(response) => return response,
    };
    let mut response = answer::onward(&entry, "");
    let language = Locale::parse(answers.get("lang")).map(|locale| (LANGUAGE_COOKIE, locale.tag()));
    let print = ["large", "normal"].into_iter().find(|size| *size == answers.get("print"));
    for (name, value) in language.into_iter().chain(print.map(|size| (PRINT_COOKIE, size))) {
        if let Some(cookie) = kept(&entry.state, name, value, "/") {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    response
}
