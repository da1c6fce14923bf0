//! Answers: JSON with a status, fresh or replayed, and lists.

use crate::problem::{Code, Problem};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tk_app::store::Listed;
use tk_domain::idempotency::RecordedAnswer;
use utoipa::ToSchema;

/// Says that an answer was given before.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
/// Seconds to wait before asking again about what is still processing.
const ASK_AGAIN_S: i64 = 2;

/// A JSON answer.
#[derive(Debug, Clone)]
pub struct Answer {
    status: StatusCode,
    body: String,
    replayed: bool,
}

impl Answer {
    /// A new answer.
    pub fn new(status: StatusCode, view: &impl Serialize) -> Result<Self, Problem> {
        let body = serde_json::to_string(view).map_err(|_| Code::Internal)?;
        Ok(Self { status, body, replayed: false })
    }

    /// An object that exists.
    pub fn ok(view: &impl Serialize) -> Result<Self, Problem> {
        Self::new(StatusCode::OK, view)
    }

    /// An answer as it was recorded.
    #[must_use]
    pub fn recorded(answer: RecordedAnswer) -> Self {
        let status = u16::try_from(answer.status).ok().and_then(|status| StatusCode::from_u16(status).ok());
        Self { status: status.unwrap_or(StatusCode::OK), body: answer.body, replayed: false }
    }

    /// An answer as it was recorded, sent again.
    #[must_use]
    pub fn replayed(answer: RecordedAnswer) -> Self {
        Self { replayed: true, ..Self::recorded(answer) }
    }

    /// The answer as it is to be recorded.
    #[must_use]
    pub fn to_record(&self) -> RecordedAnswer {
        RecordedAnswer { status: i64::from(self.status.as_u16()), body: self.body.clone() }
    }
}

/// The answer to record for a reply, if it can be written.
#[must_use]
pub fn record(status: StatusCode, view: &impl Serialize) -> Option<RecordedAnswer> {
    Answer::new(status, view).ok().map(|answer| answer.to_record())
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let kind = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
        let mut response = (self.status, kind, self.body).into_response();
        if self.replayed {
            response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
        }
        if self.status == StatusCode::ACCEPTED {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(ASK_AGAIN_S));
        }
        response
    }
}

/// One page of a list, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct List<T> {
    /// Always `list`.
    pub object: &'static str,
    /// The objects.
    pub data: Vec<T>,
    /// Whether more follow in the direction asked for.
    pub has_more: bool,
    /// Count and sum over the whole list, with `include[]=summary`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<Summary>,
}

/// Count and sum 合计 over a whole list.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct Summary {
    /// How many.
    pub count: i64,
    /// Their amounts together, minor units.
    pub amount: i64,
}

impl<T: Serialize> List<T> {
    /// A page of rows as published.
    pub fn of<R>(listed: &Listed<R>, view: impl Fn(&R) -> T) -> Self {
        Self {
            object: "list",
            data: listed.rows.iter().map(view).collect(),
            has_more: listed.has_more,
            summary: None,
        }
    }

    /// The answer with this page.
    pub fn answer(&self) -> Result<Answer, Problem> {
        Answer::ok(self)
    }
}
