//! `POST /v1/cheques`.

use crate::api::answer::{Answer, record};
use crate::api::counter::{account, day_at};
use crate::api::once::{Came, Effect};
use crate::api::{LEASE_US, refer, schema};
use crate::auth::CounterWrite;
use crate::parse::{MinorUnits, Text, Write};
use crate::problem::{Code, Problem};
use crate::state::WebState;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use tk_domain::channel_account::Channel;
use tk_domain::cheque::{ChequeReceived, ChequeView, ReceiveCheque};
use tk_domain::id::{PaymentId, TypedId};
use tk_domain::idempotency::RecordedAnswer;
use tk_domain::refusal::Refusal;
use utoipa::ToSchema;

/// A cheque received for a payment.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChequeCreate {
    /// The counter, a channel account of channel `counter` with method `cheque`, `cha_…`.
    #[schema(value_type = String)]
    pub counter: Text<1, 64>,
    /// The payment, `pay_…`.
    #[schema(value_type = String)]
    pub payment: Text<1, 64>,
    /// The code of the bank that it is drawn on: letters and digits.
    #[schema(value_type = String, max_length = 32)]
    pub bank: Text<1, 32>,
    /// Its number, unique per bank: 6 to 20 digits.
    #[schema(value_type = String, max_length = 20)]
    pub cheque_no: Text<1, 20>,
    /// The amount on it, which must be the payment's, minor units.
    pub amount: MinorUnits,
    /// The day on it.
    #[schema(value_type = String, example = "2026-11-20")]
    pub issued_on: Text<10, 10>,
    /// The name of who receives it.
    #[schema(value_type = String, max_length = 64)]
    pub actor: Text<1, 64>,
}

/// Receives a cheque. It is no money yet: the payment is `processing` until the bank has cleared it.
#[utoipa::path(post, path = "/v1/cheques", tag = "cheques", request_body = ChequeCreate, responses(
    (status = 201, body = schema::Cheque, description = "received"),
    (status = 200, body = schema::Cheque, description = "received before, for the same"),
))]
pub async fn create(
    State(state): State<WebState>,
    write: Write<CounterWrite, ChequeCreate>,
) -> Result<Answer, Problem> {
    let (mut effect, body) = Effect::begin(write, &state)?;
    let counter = account(&state, &effect.caller, (&body.counter.0, Channel::Counter)).await?;
    let payment_id = PaymentId::parse(&body.payment.0).ok_or_else(Problem::not_found)?;
    let command = ReceiveCheque {
        tenant_id: counter.tenant_id,
        channel_account_id: counter.id,
        payment_id,
        bank: body.bank.0,
        cheque_no: body.cheque_no.0,
        amount_minor: body.amount.0,
        issued_day: day_at("#/issued_on", &body.issued_on.0)?,
        lease_us: LEASE_US,
        by: body.actor.0,
        origin: effect.caller.origin(),
    };
    refer::payment(&state, &effect.caller, payment_id).await?;
    for _ in 0..2 {
        match effect.submit(&state, command.clone(), rendered).await? {
            Came::Replayed(answer) | Came::Fresh(_, Some(answer)) => return Ok(answer),
            Came::Fresh(ChequeReceived::ClosingEarlier { attempt }, None) => {
                let wait_us = state.config.limits.channel_wait_us;
                state.app.deliver_now(command.tenant_id, attempt.id.id128(), wait_us).await;
            }
            Came::Fresh(ChequeReceived::New { .. } | ChequeReceived::Known { .. }, None) => {
                return Err(Code::Internal.into());
            }
        }
    }
    Err(Refusal::AttemptInProgress { outcome_unknown: true }.into())
}

/// What is recorded in the commit; closing an earlier attempt is only a step and records nothing.
fn rendered(received: &ChequeReceived, live: bool) -> Option<RecordedAnswer> {
    match received {
        ChequeReceived::New { cheque } => record(StatusCode::CREATED, &ChequeView::of(cheque, live)),
        ChequeReceived::Known { cheque } => record(StatusCode::OK, &ChequeView::of(cheque, live)),
        ChequeReceived::ClosingEarlier { .. } => None,
    }
}
