//! Exceptions as published.

use serde::Serialize;
use serde_json::Value;
use tk_domain::exception::Exception;
use tk_domain::moment::time_text;
use utoipa::ToSchema;

/// A matter about money that needs further evidence or a person.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Exception)]
pub struct ExceptionView {
    /// `exc_…`
    pub id: String,
    /// Always `exception`.
    pub object: &'static str,
    /// Whether real money is concerned.
    pub livemode: bool,
    /// What kind, such as `amount_mismatch`.
    pub kind: &'static str,
    /// `pay_…`
    pub payment: Option<String>,
    /// `att_…`
    pub attempt: Option<String>,
    /// `ref_…`
    pub refund: Option<String>,
    /// The sum concerned, minor units.
    pub amount: i64,
    /// What was seen.
    pub detail: Value,
    /// `open` or `closed`.
    pub status: &'static str,
    /// RFC 3339.
    pub opened_at: String,
    /// RFC 3339.
    pub closed_at: Option<String>,
}

impl ExceptionView {
    /// The published form.
    #[must_use]
    pub fn of(exception: &Exception, live: bool) -> Self {
        Self {
            id: exception.id.to_string(),
            object: "exception",
            livemode: live,
            kind: exception.kind.word(),
            payment: exception.payment_id.map(|id| id.to_string()),
            attempt: exception.attempt_id.map(|id| id.to_string()),
            refund: exception.refund_id.map(|id| id.to_string()),
            amount: exception.amount_minor,
            detail: serde_json::from_str(&exception.detail).unwrap_or(Value::Null),
            status: exception.status.word(),
            opened_at: time_text(exception.opened_at_us),
            closed_at: exception.closed_at_us.map(time_text),
        }
    }
}
