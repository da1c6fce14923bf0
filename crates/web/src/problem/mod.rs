//! Problems: every "no" of the HTTP surface as RFC 9457 `application/problem+json`.
//!
//! A handler answers a [`Problem`]; the envelope around all routes writes its body, because only there the
//! caller's language and the request's identifier are known.

mod code;
mod status;
#[cfg(test)]
mod tests;

pub use code::Code;
pub use status::{args_of, pointer_of, status_of};

use crate::locale::{Locale, text};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tk_app::Failure;
use tk_domain::refusal::{MoneyState, Refusal};
use utoipa::ToSchema;

/// Where a problem's type points; the last part is the code with hyphens.
pub const TYPE_BASE: &str = "https://docs.tillkeeper.example/problems/";

/// One field of the request that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// A JSON pointer into the body as a URI fragment, or `?name` for a query parameter.
    #[schema(example = "#/amount")]
    pub pointer: String,
    /// What is wrong with it.
    pub detail: String,
}

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    retryable: bool,
    money_state: MoneyState,
    args: Vec<(&'static str, String)>,
    errors: Vec<FieldError>,
    retry_after_s: Option<i64>,
}

/// The body of a refused request.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// A page about this kind of problem.
    pub r#type: String,
    /// What is wrong, in the language asked for by `Accept-Language` (zh-CN or en).
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong with this request.
    pub detail: String,
    /// The word for programs; the list is in docs/refusals.md.
    pub code: &'static str,
    /// The fields concerned.
    pub errors: Vec<FieldError>,
    /// The request, `req_…`.
    pub request_id: String,
    /// Whether the same request may succeed later.
    pub retryable: bool,
    /// Where the money is: `not_moved`, `moved` or `unknown`.
    #[schema(value_type = String)]
    pub money_state: MoneyState,
}

impl Problem {
    /// A refusal of the HTTP surface.
    #[must_use]
    pub fn new(code: Code) -> Self {
        Self {
            status: code.status(),
            code: code.word(),
            retryable: code.retryable(),
            money_state: code.money_state(),
            args: Vec::new(),
            errors: Vec::new(),
            retry_after_s: None,
        }
    }

    /// A refusal about one field of the request.
    #[must_use]
    pub fn field(code: Code, pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        let mut problem = Self::new(code);
        problem.errors.push(FieldError { pointer: pointer.into(), detail: detail.into() });
        problem
    }

    /// The one answer for objects that do not exist and objects of others.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(Code::NotFound)
    }

    /// Tells the caller when to try again.
    #[must_use]
    pub const fn retry_after(mut self, seconds: i64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// The word for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// The HTTP status.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// The body in a language.
    #[must_use]
    pub fn body(&self, locale: Locale, request_id: &str) -> ProblemBody {
        let name = self.code.replace('_', "-");
        let title = text(locale, &format!("problem-{name}"), &[]);
        let args: Vec<(&'static str, &str)> =
            self.args.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let key = format!("problem-{name}-detail");
        let detail = if args.is_empty() { title.clone() } else { text(locale, &key, &args) };
        ProblemBody {
            r#type: format!("{TYPE_BASE}{name}"),
            title,
            status: self.status.as_u16(),
            detail,
            code: self.code,
            errors: self.errors.clone(),
            request_id: request_id.to_owned(),
            retryable: self.retryable,
            money_state: self.money_state,
        }
    }

    /// The whole answer in a language.
    #[must_use]
    pub fn render(&self, locale: Locale, request_id: &str) -> Response {
        let body = serde_json::to_string(&self.body(locale, request_id)).unwrap_or_default();
        let kind = [(header::CONTENT_TYPE, "application/problem+json")];
        let mut response = (self.status, kind, body).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(locale.tag()));
        response
    }
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let errors = pointer_of(&refusal).map(|(pointer, detail)| FieldError { pointer, detail });
        let asked_again_soon = matches!(refusal, Refusal::AttemptInProgress { .. } | Refusal::OutcomeUnknown);
        Self {
            status: status_of(&refusal),
            code: refusal.code(),
            retryable: refusal.retryable(),
            money_state: refusal.money_state(),
            args: args_of(&refusal),
            errors: errors.into_iter().collect(),
            retry_after_s: asked_again_soon.then_some(5),
        }
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refusal) => refusal.into(),
            Failure::Overloaded { retry_after_s } => Self::new(Code::Overloaded).retry_after(retry_after_s),
            Failure::Unavailable(cause) => {
                tracing::warn!(cause, "storage unavailable");
                Self::new(Code::StorageUnavailable).retry_after(2)
            }
            Failure::Fault(id) => {
                tracing::error!(fault = id, "request failed");
                Self::new(Code::Internal)
            }
        }
    }
}

impl IntoResponse for Problem {
    /// An empty answer that carries the problem; the envelope writes the body.
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
