//! `POST /v1/refunds`.

use crate::api::answer::{Answer, record};
use crate::api::once::{Came, Effect};
use crate::api::{refer, schema};
use crate::auth::{Caller, RefundsWrite};
use crate::parse::{MinorUnits, Number, Text, Write};
use crate::problem::{Code, Problem};
use crate::state::WebState;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use tk_domain::id::{AttemptId, PaymentId, TypedId};
use tk_domain::payment::ItemRefund;
use tk_domain::refund::{CreateRefund, RefundCreated};
use tk_domain::refusal::Refusal;
use tk_domain::view::RefundView;
use utoipa::ToSchema;

/// A refund to be made.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundCreate {
    /// The payment, `pay_…`.
    #[schema(value_type = String)]
    pub payment: Text<1, 64>,
    /// The attempt whose money goes back, `att_…`; the one that counts by default.
    #[schema(value_type = Option<String>)]
    pub attempt: Option<Text<1, 64>>,
    /// The merchant's own number; the same number with the same terms is the same refund.
    pub merchant_refund_no: Number,
    /// Minor units (fen).
    pub amount: MinorUnits,
    /// What goes back of which items of the payment; in proportion to what is left of each by default. Required for a part
    /// of a payment of which some was collected for others.
    pub items: Option<Vec<RefundItemCreate>>,
    /// The payment's currency, if named at all.
    #[schema(value_type = Option<String>)]
    pub currency: Option<Text<1, 8>>,
    /// Why.
    #[schema(value_type = Option<String>, max_length = 100)]
    pub reason: Option<Text<1, 100>>,
}

/// What goes back of one item.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundItemCreate {
    /// Its place among the payment's items, from 0.
    pub item: u16,
    /// Minor units (fen) of the payer's money.
    pub amount: MinorUnits,
}

impl RefundItemCreate {
    fn asked(&self) -> ItemRefund {
        ItemRefund { item: usize::from(self.item), amount_minor: self.amount.0 }
    }
}

/// Creates a refund: the money is held at once and sent back by itself. Created is not done: wait for
/// `refund.succeeded`.
#[utoipa::path(post, path = "/v1/refunds", tag = "refunds", request_body = RefundCreate, responses(
    (status = 201, body = schema::Refund, description = "created, its money held"),
    (status = 200, body = schema::Refund, description = "the refund number has this refund already"),
))]
pub async fn create(
    State(state): State<WebState>,
    write: Write<RefundsWrite, RefundCreate>,
) -> Result<Answer, Problem> {
    let (mut effect, body) = Effect::begin(write, &state)?;
    let command = command(&state, &effect.caller, body).await?;
    let render = |created: &RefundCreated, live: bool| {
        let status = if created.existing { StatusCode::OK } else { StatusCode::CREATED };
        record(status, &RefundView::of(&created.refund, live))
    };
    match effect.submit(&state, command, render).await? {
        Came::Fresh(_, Some(answer)) | Came::Replayed(answer) => Ok(answer),
        Came::Fresh(_, None) => Err(Code::Internal.into()),
    }
}

async fn command(state: &WebState, caller: &Caller, body: RefundCreate) -> Result<CreateRefund, Problem> {
    let id = PaymentId::parse(&body.payment.0).ok_or_else(Problem::not_found)?;
    let payment = refer::payment(state, caller, id).await?;
    let attempt_id = match &body.attempt {
        Some(text) => Some(AttemptId::parse(&text.0).ok_or(Refusal::AttemptNotOfPayment)?),
        None => None,
    };
    let currency = match &body.currency {
        Some(text) => Some(text.0.parse().map_err(|_| Refusal::RefundCurrencyMismatch)?),
        None => None,
    };
    Ok(CreateRefund {
        tenant_id: caller.tenant_id,
        app_id: Some(caller.app.id),
        payment_id: payment.id,
        attempt_id,
        merchant_refund_no: body.merchant_refund_no.0,
        amount_minor: body.amount.0,
        items: body.items.unwrap_or_default().iter().map(RefundItemCreate::asked).collect(),
        currency,
        reason: body.reason.map(|reason| reason.0).unwrap_or_default(),
        origin: caller.origin(),
    })
}
