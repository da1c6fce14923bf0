//! Refunds as published.

use super::parts::ItemRefundView;
use super::{failure, parts};
use crate::moment::time_text;
use crate::refund::{Line, Refund, RefundRoute, RefundState};
use crate::refusal::MoneyState;
use serde::Serialize;
use serde_json::Value;

/// A refund as published.
#[derive(Debug, Clone, Serialize)]
pub struct RefundView {
    /// `ref_…`
    pub id: String,
    /// Always `refund`.
    pub object: &'static str,
    /// Whether real money is concerned.
    pub livemode: bool,
    /// `pay_…`
    pub payment: String,
    /// `att_…`
    pub attempt: String,
    /// `mch_…`
    pub merchant: String,
    /// The merchant's own number; absent when the system made it.
    pub merchant_refund_no: Option<String>,
    /// `api` or `system`.
    pub origin: &'static str,
    /// Minor units that the payer is to get.
    pub amount: i64,
    /// Minor units that the payer got by the channel's word, once done.
    pub payer_amount: Option<i64>,
    /// Minor units that the channel is asked to refund of its order.
    pub order_amount: i64,
    /// Minor units of discounts that the channel had granted and takes back.
    pub coupon_returned: i64,
    /// What goes back of each part of the payment's amount, minor units, in their order.
    pub parts_returned: Vec<i64>,
    /// What goes back of which items of the payment; none if it has none.
    pub items: Vec<ItemRefundView>,
    /// ISO 4217.
    pub currency: &'static str,
    /// Why.
    pub reason: String,
    /// Where it stands.
    pub status: RefundState,
    /// Where the money is.
    pub money_state: MoneyState,
    /// The road it takes.
    pub route: RefundRoute,
    /// The line it takes.
    pub line: Line,
    /// `hld_…`
    pub hold: String,
    /// The merchant's fee given back, minor units.
    pub fee_refund: i64,
    /// The number sent to the channel.
    pub out_no: String,
    /// Since when the outcome is not known, RFC 3339.
    pub outcome_unknown_since: Option<String>,
    /// Whether a person has it.
    pub needs_manual: bool,
    /// The channel's final refusal: `{"code", "message"}`.
    pub failure: Option<Value>,
    /// RFC 3339.
    pub accepted_at: Option<String>,
    /// RFC 3339.
    pub succeeded_at: Option<String>,
    /// When it was done after all, although it had failed or been withdrawn, RFC 3339.
    pub late_succeeded_at: Option<String>,
    /// RFC 3339.
    pub created: String,
}

impl RefundView {
    /// The published form.
    #[must_use]
    pub fn of(refund: &Refund, live: bool) -> Self {
        Self {
            id: refund.id.to_string(),
            object: "refund",
            livemode: live,
            payment: refund.payment_id.to_string(),
            attempt: refund.attempt_id.to_string(),
            merchant: refund.merchant_id.to_string(),
            merchant_refund_no: refund.merchant_refund_no.clone(),
            origin: refund.origin.word(),
            amount: refund.amount_minor,
            payer_amount: refund.payer_back_minor,
            order_amount: refund.order_minor,
            coupon_returned: parts::coupon_returned_minor(refund),
            parts_returned: refund.part_shares(),
            items: parts::items_returned(refund),
            currency: refund.currency.code(),
            reason: refund.reason.clone(),
            status: refund.status,
            money_state: refund_money_state(refund),
            route: refund.route,
            line: refund.line,
            hold: refund.hold_id.to_string(),
            fee_refund: refund.fee_refund_minor,
            out_no: refund.out_no.clone(),
            outcome_unknown_since: refund.unknown_since_us.map(time_text),
            needs_manual: refund.needs_manual,
            failure: failure(refund.failure_code.as_ref(), refund.failure_message.as_ref()),
            accepted_at: refund.accepted_at_us.map(time_text),
            succeeded_at: refund.succeeded_at_us.map(time_text),
            late_succeeded_at: refund.late_succeeded_at_us.map(time_text),
            created: time_text(refund.created_at_us),
        }
    }
}

const fn refund_money_state(refund: &Refund) -> MoneyState {
    if refund.late_succeeded_at_us.is_some() {
        return MoneyState::Moved;
    }
    match refund.status {
        RefundState::Succeeded => MoneyState::Moved,
        RefundState::Processing => MoneyState::Unknown,
        RefundState::PendingApproval
        | RefundState::Approved
        | RefundState::Failed
        | RefundState::Rejected
        | RefundState::Cancelled => MoneyState::NotMoved,
    }
}
