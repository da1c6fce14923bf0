//! The published form of payments, attempts and refunds, in answers of the API and in events.

mod event;
mod parts;
mod refund;

pub use event::{event_body, payment_event, refund_event};
pub use parts::{DiscountsView, ItemRefundView, ItemView, PartView};
pub use refund::RefundView;

use crate::channel_account::{Channel, Method};
use crate::id::{AttemptId, PrepaymentId};
use crate::instalment::PeriodView;
use crate::moment::{date_text, time_text};
use crate::payment::{Attempt, AttemptStatus, Payment, PaymentStatus, RefundStatus};
use crate::product::Terminal;
use crate::refusal::MoneyState;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// A payment as published.
#[derive(Debug, Clone, Serialize)]
pub struct PaymentView {
    /// `pay_…`
    pub id: String,
    /// Always `payment`.
    pub object: &'static str,
    /// Whether real money is concerned.
    pub livemode: bool,
    /// `mch_…`
    pub merchant: String,
    /// The merchant's code, where the answer looks it up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merchant_code: Option<String>,
    /// `prd_…`
    pub product: String,
    /// The product's code, where the answer looks it up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_code: Option<String>,
    /// `ptn_…`: through whom, if through a partner.
    pub partner: Option<String>,
    /// The merchant's own number.
    pub merchant_order_no: String,
    /// Where it stands.
    pub status: PaymentStatus,
    /// Where the money is: `moved` while any of the payer's money for it is here, a part of a transfer and money that
    /// came twice or too late included; `unknown` while a channel may have taken it; else `not_moved`.
    pub money_state: MoneyState,
    /// Since when the outcome is not known, RFC 3339.
    pub outcome_unknown_since: Option<String>,
    /// Minor units owed in all.
    pub amount: i64,
    /// Minor units that the payer is asked for: the amount less its parts.
    pub payer_amount: i64,
    /// Minor units that the channel then took off for the payer.
    pub channel_discount: i64,
    /// What of the amount is not the payer's own money, and what went back of it.
    pub parts: Vec<PartView>,
    /// ISO 4217.
    pub currency: &'static str,
    /// Minor units that may still be refunded.
    pub amount_refundable: i64,
    /// Minor units refunded.
    pub amount_refunded: i64,
    /// Minor units of refunds under way.
    pub amount_refunding: i64,
    /// Minor units that the bank took back after they had been collected.
    pub amount_reversed: i64,
    /// How much has gone back.
    pub refund_status: RefundStatus,
    /// The merchant's fee, minor units.
    pub fee: i64,
    /// The fee returned by refunds, minor units.
    pub fee_returned: i64,
    /// Shown to the payer.
    pub description: String,
    /// Where the payer is.
    pub terminal: Option<Terminal>,
    /// Where the payer pays, in answers of the API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cashier_url: Option<String>,
    /// The attempt started last: its id, or the attempt itself where expanded.
    pub latest_attempt: Option<Latest>,
    /// The merchant's own data.
    pub metadata: Option<Box<RawValue>>,
    /// The product's own fields: `{"version": …, "values": {…}}`.
    pub ext: Option<Box<RawValue>>,
    /// The period of a policy that it pays for.
    pub instalment: Option<PeriodView>,
    /// What it is paid in advance for.
    pub prepayment: Option<PrepaymentId>,
    /// Pay-before-issue facts.
    pub fulfilment: Option<Box<RawValue>>,
    /// Who is insured, `{"name": …}` with the middle hidden.
    pub insured: Option<Value>,
    /// Who is to pay, with the middles hidden.
    pub payer: Option<Box<RawValue>>,
    /// What it is made of.
    pub items: Option<Vec<ItemView>>,
    /// The bill that it pays a part of: `{"total": …, "elsewhere": […]}`.
    pub bill: Option<Box<RawValue>>,
    /// Who gets shares of it, as agreed at its creation.
    pub splits: Option<Box<RawValue>>,
    /// Where the browser goes afterwards.
    pub return_url: Option<String>,
    /// RFC 3339; later once the payer asked for more time.
    pub expires_at: String,
    /// How often the payer may still ask for a quarter of an hour more.
    pub extensions_left: i64,
    /// The Shanghai day of the collection.
    pub accounting_date: Option<String>,
    /// RFC 3339.
    pub succeeded_at: Option<String>,
    /// RFC 3339.
    pub ended_at: Option<String>,
    /// RFC 3339.
    pub created: String,
}

/// The attempt started last, as published within its payment.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Latest {
    /// Its id.
    Id(AttemptId),
    /// The attempt itself, where expanded.
    Whole(Box<AttemptView>),
}

/// An attempt as published.
#[derive(Debug, Clone, Serialize)]
pub struct AttemptView {
    /// `att_…`
    pub id: String,
    /// Always `attempt`.
    pub object: &'static str,
    /// Whether real money is concerned.
    pub livemode: bool,
    /// `pay_…`
    pub payment: String,
    /// The adapter.
    pub channel: Channel,
    /// `cha_…`
    pub channel_account: String,
    /// The method chosen.
    pub method: Method,
    /// Never `unknown`: then it is `processing` with `outcome_unknown_since`.
    pub status: AttemptStatus,
    /// Since when the outcome is not known, RFC 3339.
    pub outcome_unknown_since: Option<String>,
    /// Minor units asked.
    pub amount: i64,
    /// ISO 4217.
    pub currency: &'static str,
    /// What the payer has to do: `{"kind": "qr" | "redirect", "value": …}`.
    pub action: Option<Value>,
    /// The payer as the channel knows him, with the middle hidden.
    pub payer: Option<Box<RawValue>>,
    /// The order number sent to the channel.
    pub out_no: String,
    /// The channel's own number.
    pub channel_txn_no: Option<String>,
    /// What became of the money received.
    pub disposition: Option<&'static str>,
    /// Minor units received as this order at the channel.
    pub amount_received: i64,
    /// Minor units of it that the payer paid himself.
    pub payer_amount: i64,
    /// What of it the channel took off for the payer.
    pub discounts: DiscountsView,
    /// Minor units that the channel took and gave back by a cancel.
    pub amount_undone: i64,
    /// Minor units refunded.
    pub amount_refunded: i64,
    /// Minor units of refunds under way.
    pub amount_refunding: i64,
    /// Minor units that the bank took back after they had been collected.
    pub amount_reversed: i64,
    /// The channel's final refusal: `{"code", "message"}`.
    pub failure: Option<Value>,
    /// Whether a person has it.
    pub needs_manual: bool,
    /// Why this channel account: every candidate and the reason each other was dropped.
    pub routing: Option<Box<RawValue>>,
    /// RFC 3339.
    pub channel_expires_at: String,
    /// RFC 3339.
    pub paid_at: Option<String>,
    /// RFC 3339.
    pub created: String,
}

/// Stored JSON as it is; text that is no JSON is left out.
fn stored_json(text: Option<&String>) -> Option<Box<RawValue>> {
    text.and_then(|text| serde_json::from_str(text).ok())
}

fn failure(code: Option<&String>, message: Option<&String>) -> Option<Value> {
    code.map(|code| json!({ "code": code, "message": message }))
}

impl PaymentView {
    /// The published form; `latest` replaces the latest attempt's id where it is given.
    #[must_use]
    pub fn of(payment: &Payment, latest: Option<&Attempt>, live: bool) -> Self {
        let expanded = latest.map(|attempt| Latest::Whole(Box::new(AttemptView::of(attempt, live))));
        Self {
            id: payment.id.to_string(),
            object: "payment",
            livemode: live,
            merchant: payment.merchant_id.to_string(),
            merchant_code: None,
            product: payment.product_id.to_string(),
            product_code: None,
            partner: payment.partner_id.map(|id| id.to_string()),
            merchant_order_no: payment.merchant_order_no.clone(),
            status: payment.status,
            money_state: money_state(payment),
            outcome_unknown_since: payment.unknown_since_us.map(time_text),
            amount: payment.amount_minor,
            payer_amount: payment.payer_minor,
            channel_discount: payment.discount_minor,
            parts: parts::of(payment),
            currency: payment.currency.code(),
            amount_refundable: payment.refundable_minor(),
            amount_refunded: payment.refunded_minor.saturating_add(payment.late_refunded_minor),
            amount_refunding: payment.refunding_minor,
            amount_reversed: payment.reversed_minor,
            refund_status: payment.refund_status,
            fee: payment.fee_minor,
            fee_returned: payment.fee_returned_minor,
            description: payment.description.clone(),
            terminal: payment.terminal,
            cashier_url: None,
            latest_attempt: expanded.or_else(|| payment.latest_attempt_id.map(Latest::Id)),
            metadata: stored_json(payment.metadata.as_ref()),
            ext: stored_json(payment.ext.as_ref()),
            instalment: payment.period.as_ref().map(PeriodView::of),
            prepayment: payment.prepayment_id,
            fulfilment: stored_json(payment.fulfilment.as_ref()),
            insured: payment.insured.as_ref().map(|name| json!({ "name": name })),
            payer: stored_json(payment.payer.as_ref()),
            items: parts::items(payment),
            bill: stored_json(payment.bill.as_ref()),
            splits: stored_json(payment.splits.as_ref()),
            return_url: payment.return_url.clone(),
            expires_at: time_text(payment.expires_at_us),
            extensions_left: payment.extensions_left,
            accounting_date: payment.accounting_day.map(date_text),
            succeeded_at: payment.succeeded_at_us.map(time_text),
            ended_at: payment.ended_at_us.map(time_text),
            created: time_text(payment.created_at_us),
        }
    }
}

/// Moved as long as any of the payer's money is here, whatever the payment's status: also a part of a transfer, and
/// money that came twice or too late. What went back or was taken back by the bank is not here.
const fn money_state(payment: &Payment) -> MoneyState {
    if payment.kept_minor() > 0 {
        return MoneyState::Moved;
    }
    match payment.status {
        PaymentStatus::Processing => MoneyState::Unknown,
        PaymentStatus::RequiresMethod
        | PaymentStatus::RequiresAction
        | PaymentStatus::AwaitingTransfer
        | PaymentStatus::IdentityReview
            if payment.unknown_since_us.is_some() =>
        {
            MoneyState::Unknown
        }
        PaymentStatus::Succeeded
        | PaymentStatus::RequiresMethod
        | PaymentStatus::RequiresAction
        | PaymentStatus::AwaitingTransfer
        | PaymentStatus::IdentityReview
        | PaymentStatus::Failed
        | PaymentStatus::Closed => MoneyState::NotMoved,
    }
}

impl AttemptView {
    /// The published form.
    #[must_use]
    pub fn of(attempt: &Attempt, live: bool) -> Self {
        let unknown = attempt.status == AttemptStatus::Unknown;
        let status = if unknown { AttemptStatus::Processing } else { attempt.status };
        Self {
            id: attempt.id.to_string(),
            object: "attempt",
            livemode: live,
            payment: attempt.payment_id.to_string(),
            channel: attempt.channel,
            channel_account: attempt.channel_account_id.to_string(),
            method: attempt.method,
            status,
            outcome_unknown_since: attempt.unknown_since_us.map(time_text),
            amount: attempt.amount_minor,
            currency: attempt.currency.code(),
            action: attempt
                .action
                .as_ref()
                .map(|action| json!({ "kind": action.kind.word(), "value": action.value })),
            payer: stored_json(attempt.payer_masked.as_ref()),
            out_no: attempt.out_no.clone(),
            channel_txn_no: attempt.told_txn_no().map(str::to_owned),
            disposition: attempt.disposition.map(super::payment::Disposition::word),
            amount_received: attempt.received_minor,
            payer_amount: attempt.payer_paid_minor(),
            discounts: DiscountsView::of(attempt),
            amount_undone: attempt.undone_minor,
            amount_refunded: attempt.refunded_minor.saturating_add(attempt.late_refunded_minor),
            amount_refunding: attempt.refunding_minor,
            amount_reversed: attempt.reversed_minor,
            failure: failure(attempt.failure_code.as_ref(), attempt.failure_message.as_ref()),
            needs_manual: attempt.needs_manual,
            routing: stored_json(Some(&attempt.routing)),
            channel_expires_at: time_text(attempt.channel_expires_at_us),
            paid_at: attempt.paid_at_us.map(time_text),
            created: time_text(attempt.created_at_us),
        }
    }
}
