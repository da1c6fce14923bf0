//! `POST /v1/counter_takings`.

use super::SlipCreate;
use crate::api::answer::{Answer, record};
use crate::api::once::{Came, Effect};
use crate::api::{LEASE_US, refer, schema};
use crate::auth::CounterWrite;
use crate::parse::{MinorUnits, Text, Write};
use crate::problem::{Code, Problem};
use crate::state::WebState;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use tk_domain::channel_account::Method;
use tk_domain::counter::{CounterMovementView, RecordTaking, Recorded};
use tk_domain::id::{AttemptId, Id128, PaymentId, ShiftId, TypedId};
use tk_domain::idempotency::RecordedAnswer;
use tk_domain::refusal::Refusal;
use utoipa::ToSchema;

/// Money taken over the counter.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TakingCreate {
    /// The shift, `shf_…`.
    #[schema(value_type = String)]
    pub shift: Text<1, 64>,
    /// The payment, `pay_…`.
    #[schema(value_type = String)]
    pub payment: Text<1, 64>,
    /// `cash`, `pos` or `kiosk`.
    #[schema(value_type = String, example = "cash")]
    pub method: Method,
    /// The amount taken, which must be the payment's, minor units.
    pub amount: MinorUnits,
    /// The cash that the payer gave, minor units.
    pub tendered: Option<MinorUnits>,
    /// The slip, for anything but cash.
    pub slip: Option<SlipCreate>,
    /// The cashier's name.
    #[schema(value_type = String, max_length = 64)]
    pub actor: Text<1, 64>,
}

/// Records money taken over the counter: the payment's attempt and its success in one commit. Cash is refused unless
/// it is owed; a slip says that money has moved, so it is booked even where another payment came first. An attempt
/// that is open elsewhere is closed at its channel before.
#[utoipa::path(post, path = "/v1/counter_takings", tag = "counter", request_body = TakingCreate, responses(
    (status = 201, body = schema::CounterMovement, description = "taken"),
    (status = 200, body = schema::CounterMovement, description = "this slip was recorded before, for the same"),
))]
pub async fn create(
    State(state): State<WebState>,
    write: Write<CounterWrite, TakingCreate>,
) -> Result<Answer, Problem> {
    let (mut effect, body) = Effect::begin(write, &state)?;
    let command = RecordTaking {
        tenant_id: effect.caller.tenant_id,
        shift_id: ShiftId::parse(&body.shift.0).ok_or_else(Problem::not_found)?,
        payment_id: PaymentId::parse(&body.payment.0).ok_or_else(Problem::not_found)?,
        attempt_id: AttemptId(Id128::v7(state.app.now_us(), state.app.random_bits())),
        method: body.method,
        amount_minor: body.amount.0,
        tendered_minor: body.tendered.map(|tendered| tendered.0),
        slip: body.slip.map(Into::into),
        lease_us: LEASE_US,
        by: body.actor.0,
        origin: effect.caller.origin(),
    };
    refer::payment(&state, &effect.caller, command.payment_id).await?;
    for _ in 0..2 {
        match effect.submit(&state, command.clone(), rendered).await? {
            Came::Replayed(answer) | Came::Fresh(_, Some(answer)) => return Ok(answer),
            Came::Fresh(Recorded::ClosingEarlier { attempt }, None) => {
                let wait_us = state.config.limits.channel_wait_us;
                state.app.deliver_now(command.tenant_id, attempt.id.id128(), wait_us).await;
            }
            Came::Fresh(Recorded::Taken { .. } | Recorded::Known { .. }, None) => {
                return Err(Code::Internal.into());
            }
        }
    }
    Err(Refusal::AttemptInProgress { outcome_unknown: true }.into())
}

/// What is recorded in the commit; closing an earlier attempt is only a step and records nothing.
fn rendered(recorded: &Recorded, live: bool) -> Option<RecordedAnswer> {
    match recorded {
        Recorded::Taken { movement, .. } => {
            record(StatusCode::CREATED, &CounterMovementView::of(movement, live))
        }
        Recorded::Known { movement } => record(StatusCode::OK, &CounterMovementView::of(movement, live)),
        Recorded::ClosingEarlier { .. } => None,
    }
}
