//! Answers: pages with their headers, and the pages that say no.

use super::entry::{Entry, print};
use super::frame::Frame;
use super::pages::NoticePage;
use crate::locale::{Locale, text};
use crate::problem::Problem;
use crate::state::WebState;
use askama::Template;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tk_app::Failure;

/// Everything from ourselves, nothing inline, in nobody's frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// A page for a browser that has come in.
pub fn page(entry: &Entry, status: StatusCode, rendered: askama::Result<String>) -> Response {
    let mut response = html(entry.visit.locale, status, rendered);
    if let Some(cookie) = entry.cookie() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// The same page, whose forms may also be posted to a channel.
pub fn posting_to(mut response: Response, target: Option<&str>) -> Response {
    let policy =
        target.map(|target| POLICY.replace("form-action 'self'", &format!("form-action 'self' {target}")));
    if let Some(value) = policy.and_then(|policy| HeaderValue::from_str(&policy).ok()) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, value);
    }
    response
}

/// On to another page of the same payment.
pub fn onward(entry: &Entry, path: &str) -> Response {
    let address = format!("/c/{}{path}", entry.visit.token);
    let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, address)]).into_response();
    if let Some(cookie) = entry.cookie() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// Back from a channel's page, which need not bring the entry cookie: on to a page of the payment that the token opens.
pub fn led_on(state: &WebState, token: &str, path: &str) -> Response {
    if state.app.links().read(token).is_none() {
        return not_found(state, &HeaderMap::new());
    }
    (StatusCode::SEE_OTHER, [(header::LOCATION, format!("/c/{token}{path}"))]).into_response()
}

/// The one answer to every token that opens nothing.
pub fn not_found(state: &WebState, headers: &HeaderMap) -> Response {
    let notice =
        Notice { heading: "not-found-heading", line: "not-found-line", money: "money-not-this-page" };
    notice.bare(state, headers, StatusCode::NOT_FOUND, "not_found")
}

/// A read that failed before there was a page.
pub fn failed(state: &WebState, headers: &HeaderMap, failure: Failure) -> Response {
    let problem = Problem::from(failure);
    let notice = Notice { money: "money-not-this-page", ..Notice::of(problem.status()) };
    let response = notice.bare(state, headers, problem.status(), problem.code());
    retry_soon(response)
}

/// A page that could not be made, or an act whose outcome is not known.
pub fn fault(entry: &Entry, failure: Failure, money: &'static str) -> Response {
    let problem = Problem::from(failure);
    let notice = Notice { money, ..Notice::of(problem.status()) };
    retry_soon(notice.at(entry, problem.status(), problem.code()))
}

/// A form that is not from our own page.
pub fn forged(entry: &Entry) -> Response {
    let notice = Notice { heading: "forged-heading", line: "forged-line", money: "money-nothing-done" };
    notice.at(entry, StatusCode::FORBIDDEN, "csrf_failed")
}

/// A form that did not arrive whole.
pub fn unread(entry: &Entry, problem: &Problem) -> Response {
    let notice = Notice { heading: "forged-heading", line: "forged-line", money: "money-nothing-done" };
    notice.at(entry, problem.status(), problem.code())
}

/// A way out whose end is not told; the page leads back to the choice.
#[derive(Debug, Clone, Copy)]
pub struct Untold {
    /// What HTTP says.
    pub status: StatusCode,
    /// The word for support.
    pub code: &'static str,
}

/// The payer could not be told apart; nothing began.
pub fn untold(entry: &Entry, untold: Untold, line: &'static str) -> Response {
    let notice = Notice { heading: "sign-in-failed-heading", line, money: "money-nothing-done" };
    notice.at(entry, untold.status, untold.code)
}

/// A refusal that leaves nothing to choose.
pub fn refused(entry: &Entry, status: StatusCode, code: &'static str, line: &'static str) -> Response {
    let notice = Notice { heading: "choose-none", line, money: "money-nothing-done" };
    notice.at(entry, status, code)
}

struct Notice {
    heading: &'static str,
    line: &'static str,
    money: &'static str,
}

impl Notice {
    fn of(status: StatusCode) -> Self {
        if status == StatusCode::SERVICE_UNAVAILABLE {
            Self { heading: "overloaded-heading", line: "overloaded-line", money: "money-look-again" }
        } else {
            Self { heading: "fault-heading", line: "fault-line", money: "money-look-again" }
        }
    }

    fn bare(
        &self,
        state: &WebState,
        headers: &HeaderMap,
        status: StatusCode,
        code: &'static str,
    ) -> Response {
        let locale = Locale::from_headers(headers);
        let frame = Frame::bare(locale, print(headers), state.live(), self.heading, self.money);
        html(locale, status, self.page(frame, code).render())
    }

    fn at(&self, entry: &Entry, status: StatusCode, code: &'static str) -> Response {
        let visit = &entry.visit;
        let mut frame = Frame::bare(visit.locale, visit.print, visit.live, self.heading, self.money);
        frame.base = format!("/c/{}", visit.token);
        frame.csrf.clone_from(&visit.csrf);
        page(entry, status, self.page(frame, code).render())
    }

    fn page(&self, frame: Frame, code: &'static str) -> NoticePage {
        NoticePage { lines: vec![text(frame.locale, self.line, &[])], code, frame }
    }
}

fn retry_soon(mut response: Response) -> Response {
    if response.status() == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
    }
    response
}

fn html(locale: Locale, status: StatusCode, rendered: askama::Result<String>) -> Response {
    let body = match rendered {
        Ok(body) => body,
        Err(error) => {
            tracing::error!(%error, "a cashier page could not be rendered");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_LANGUAGE, HeaderValue::from_static(locale.tag())),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::VARY, HeaderValue::from_static("Cookie, Accept-Language, User-Agent")),
    ];
    (status, headers, body).into_response()
}
