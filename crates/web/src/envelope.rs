//! What surrounds every route: the request's identifier, problems as text, panics caught, security headers.

use crate::locale::Locale;
use crate::problem::{Code, Problem};
use crate::state::WebState;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use tk_domain::id::{Id128, RequestId};

/// The header that carries the request's identifier.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");

/// Runs a request inside the envelope.
pub async fn envelope(State(state): State<WebState>, mut request: Request, next: Next) -> Response {
    let id = RequestId(Id128::v7(state.app.now_us(), state.app.random_bits()));
    let locale = Locale::from_headers(request.headers());
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    request.extensions_mut().insert(id);
    if header_bytes(request.headers()) > state.config.limits.headers_max {
        let mut response = Problem::new(Code::HeadersTooLarge).render(locale, &id.to_string());
        dress(&state, &mut response, id);
        return response;
    }
    let ran = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    let response = ran.unwrap_or_else(|_| {
        tracing::error!(request_id = %id, "a handler panicked");
        Problem::new(Code::Internal).into_response()
    });
    let problem = response.extensions().get::<Problem>().cloned();
    let code = problem.as_ref().map_or("", Problem::code);
    let mut response = match problem {
        Some(problem) => with_headers_of(&response, problem.render(locale, &id.to_string())),
        None => response,
    };
    dress(&state, &mut response, id);
    // The path of a cashier page is a bearer token: only its first part is logged.
    let end = path.match_indices('/').nth(if path.starts_with("/c/") { 1 } else { 2 });
    let route = end.map_or(path.as_str(), |(at, _)| &path[..at]);
    let status = response.status().as_u16();
    // What was done is in the audit log; the log of the process tells what was refused.
    if status < 400 {
        tracing::debug!(request_id = %id, %method, route, status, "request");
    } else {
        tracing::info!(request_id = %id, %method, route, status, code, "request");
    }
    response
}

fn header_bytes(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum()
}

/// Keeps what the route itself said in headers, such as `Allow`.
fn with_headers_of(from: &Response, mut to: Response) -> Response {
    for (name, value) in from.headers() {
        if !to.headers().contains_key(name) && name != header::CONTENT_LENGTH {
            to.headers_mut().insert(name.clone(), value.clone());
        }
    }
    to
}

fn dress(state: &WebState, response: &mut Response, id: RequestId) {
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        headers.insert(REQUEST_ID, value);
    }
    let fixed = [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in fixed {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if state.config.base_url.starts_with("https://") {
        let value = HeaderValue::from_static("max-age=63072000; includeSubDomains");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, value);
    }
}

/// A path that nothing answers at.
pub async fn not_found() -> Problem {
    Problem::not_found()
}

/// Gives the empty 405 of the router its problem, and the same answer as any unknown path to a path of the API
/// that is no text at all, before anybody has looked at it.
pub async fn method_problems(request: Request, next: Next) -> Response {
    let of_api = request.uri().path().starts_with("/v1/");
    let response = next.run(request).await;
    let unread =
        response.status() == StatusCode::BAD_REQUEST && response.extensions().get::<Problem>().is_none();
    if of_api && unread {
        return Problem::not_found().into_response();
    }
    if response.status() != StatusCode::METHOD_NOT_ALLOWED || response.extensions().get::<Problem>().is_some()
    {
        return response;
    }
    let mut problem = Problem::new(Code::MethodNotAllowed).into_response();
    if let Some(allow) = response.headers().get(header::ALLOW) {
        problem.headers_mut().insert(header::ALLOW, allow.clone());
    }
    problem
}
