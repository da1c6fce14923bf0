//! Exceptions as published.

use serde::Serialize;
use serde_json::Value;
use tk_domain::exception::{Exception, Resolution};
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
    /// What a person proposed to do with money in suspense, and what was decided.
    pub resolution: Option<ResolutionView>,
    /// `open` or `closed`.
    pub status: &'static str,
    /// RFC 3339.
    pub opened_at: String,
    /// RFC 3339.
    pub closed_at: Option<String>,
}

/// A proposal, and what was decided about it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Resolution)]
pub struct ResolutionView {
    /// `refund_payer` or `credit_merchant`.
    pub kind: &'static str,
    /// Minor units.
    pub amount: i64,
    /// The other order's number.
    pub merchant_order_no: Option<String>,
    /// Why.
    pub reason: String,
    /// Who proposed it.
    pub maker: String,
    /// RFC 3339.
    pub proposed_at: String,
    /// `pending_approval`, `approved` or `rejected`.
    pub status: &'static str,
    /// What an approval is bound to.
    pub content_hash: String,
    /// Who decided.
    pub checker: Option<String>,
    /// RFC 3339.
    pub decided_at: Option<String>,
}

impl ResolutionView {
    fn of(exception: &Exception, resolution: Resolution) -> Self {
        Self {
            content_hash: resolution.content_hash(exception.id),
            kind: resolution.kind.word(),
            amount: resolution.amount,
            merchant_order_no: resolution.merchant_order_no,
            reason: resolution.reason,
            maker: resolution.maker,
            proposed_at: time_text(resolution.proposed_at_us),
            status: resolution.status.word(),
            checker: resolution.checker,
            decided_at: resolution.decided_at_us.map(time_text),
        }
    }
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
            resolution: Resolution::of(exception).map(|resolution| ResolutionView::of(exception, resolution)),
            status: exception.status.word(),
            opened_at: time_text(exception.opened_at_us),
            closed_at: exception.closed_at_us.map(time_text),
        }
    }
}
