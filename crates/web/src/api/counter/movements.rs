//! `/v1/counter_movements`.

use crate::api::answer::{Answer, List};
use crate::api::once::Effect;
use crate::api::{refer, schema};
use crate::auth::{CounterRead, CounterWrite};
use crate::parse::{Read, Text, Write};
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use tk_app::store::MovementFilter;
use tk_domain::counter::{AskVoid, CounterMovement, CounterMovementView, VoidStatus};
use tk_domain::id::{MovementId, PaymentId, ShiftId, TypedId};
use utoipa::ToSchema;

/// A taking to be undone.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VoidCreate {
    /// Why.
    #[schema(value_type = String, max_length = 200)]
    pub reason: Text<1, 200>,
    /// The cashier's name.
    #[schema(value_type = String, max_length = 64)]
    pub actor: Text<1, 64>,
}

/// Lists money over counters, newest first.
#[utoipa::path(get, path = "/v1/counter_movements", tag = "counter",
    params(
        ("shift" = Option<String>, Query), ("payment" = Option<String>, Query),
        ("void_status" = Option<String>, Query), ("limit" = Option<i64>, Query),
        ("starting_after" = Option<String>, Query), ("ending_before" = Option<String>, Query),
    ),
    responses((status = 200, body = List<schema::CounterMovement>)))]
pub async fn list(State(state): State<WebState>, mut read: Read<CounterRead>) -> Result<Answer, Problem> {
    let page = read.params.page::<MovementId>()?;
    let filter = MovementFilter {
        shift_id: read.params.read("shift", ShiftId::parse)?,
        payment_id: read.params.read("payment", PaymentId::parse)?,
        void_status: read.params.read("void_status", VoidStatus::parse)?,
    };
    read.params.finish()?;
    let tenant_id = read.caller.tenant_id;
    let key = |id| (tenant_id, MovementId::from_id128(id));
    refer::check_cursor::<CounterMovement>(&state, &page, key).await?;
    let listed = state.app.reader().counter_movements(tenant_id, filter, page).await?;
    List::of(&listed, |movement| CounterMovementView::of(movement, state.live())).answer()
}

/// Money that came over a counter or went back.
#[utoipa::path(get, path = "/v1/counter_movements/{id}", tag = "counter", params(("id" = String, Path)),
    responses((status = 200, body = schema::CounterMovement)))]
pub async fn get(
    State(state): State<WebState>,
    Path(id): Path<String>,
    read: Read<CounterRead>,
) -> Result<Answer, Problem> {
    read.params.finish()?;
    let key = (read.caller.tenant_id, refer::parse_id(&id)?);
    let movement: CounterMovement = refer::row(&state, &key).await?;
    Answer::ok(&CounterMovementView::of(&movement, state.live()))
}

/// Asks to undo a taking of an open shift. The merchant's money is held, and a second person decides, which no key
/// can do.
#[utoipa::path(post, path = "/v1/counter_movements/{id}/cancellation", tag = "counter",
    params(("id" = String, Path)), request_body = VoidCreate,
    responses((status = 202, body = schema::CounterMovement)))]
pub async fn cancellation(
    State(state): State<WebState>,
    Path(id): Path<String>,
    write: Write<CounterWrite, VoidCreate>,
) -> Result<Answer, Problem> {
    let (effect, body) = Effect::begin(write, &state)?;
    let key = (effect.caller.tenant_id, refer::parse_id(&id)?);
    let movement: CounterMovement = refer::row(&state, &key).await?;
    let command = AskVoid {
        tenant_id: movement.tenant_id,
        rows: (movement.shift_id, movement.payment_id, movement.attempt_id),
        reason: body.reason.0,
        by: body.actor.0,
        origin: effect.caller.origin(),
    };
    effect.object(&state, command, (StatusCode::ACCEPTED, CounterMovementView::of)).await
}
