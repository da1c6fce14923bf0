//! `POST /v1/counter_refunds`.

use super::SlipCreate;
use crate::api::answer::Answer;
use crate::api::once::Effect;
use crate::api::{refer, schema};
use crate::auth::CounterWrite;
use crate::parse::{Text, Write};
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use tk_domain::counter::{CounterMovementView, HandOverRefund, HandedOver};
use tk_domain::id::{RefundId, ShiftId, TypedId};
use utoipa::ToSchema;

/// A refund handed back over the counter.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandOverCreate {
    /// The shift, `shf_…`.
    #[schema(value_type = String)]
    pub shift: Text<1, 64>,
    /// The refund, `ref_…`, of a payment taken over a counter.
    #[schema(value_type = String)]
    pub refund: Text<1, 64>,
    /// The slip, for anything but cash.
    pub slip: Option<SlipCreate>,
    /// The cashier's name.
    #[schema(value_type = String, max_length = 64)]
    pub actor: Text<1, 64>,
}

/// Records that a refund was handed back by the method of its payment, which proves it done. Cash comes from the
/// drawer of the shift and must be there; a slip must be of the counter that took the money.
#[utoipa::path(post, path = "/v1/counter_refunds", tag = "counter", request_body = HandOverCreate,
    responses((status = 201, body = schema::CounterMovement)))]
pub async fn create(
    State(state): State<WebState>,
    write: Write<CounterWrite, HandOverCreate>,
) -> Result<Answer, Problem> {
    let (effect, body) = Effect::begin(write, &state)?;
    let refund_id = RefundId::parse(&body.refund.0).ok_or_else(Problem::not_found)?;
    let refund = refer::refund(&state, &effect.caller, refund_id).await?;
    let command = HandOverRefund {
        tenant_id: refund.tenant_id,
        shift_id: ShiftId::parse(&body.shift.0).ok_or_else(Problem::not_found)?,
        rows: (refund.payment_id, refund.attempt_id, refund.id),
        slip: body.slip.map(Into::into),
        by: body.actor.0,
        origin: effect.caller.origin(),
    };
    let view = |done: &HandedOver, live: bool| CounterMovementView::of(&done.movement, live);
    effect.object(&state, command, (StatusCode::CREATED, view)).await
}
