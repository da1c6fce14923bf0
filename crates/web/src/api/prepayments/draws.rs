//! `/v1/prepayments/{id}/draws`.

use super::DrawView;
use crate::api::answer::{Answer, List};
use crate::api::once::Effect;
use crate::api::refer;
use crate::auth::{Caller, CounterRead, CounterWrite};
use crate::parse::{MinorUnits, Number, Read, Text, Write};
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use tk_domain::id::{DrawId, TypedId};
use tk_domain::prepayment::{Draw, DrawPrepayment, Prepayment, UndoDraw};
use utoipa::ToSchema;

/// Money to be drawn.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DrawCreate {
    /// The merchant's own number; the same number and amount is the same draw.
    pub draw_no: Number,
    /// Minor units.
    pub amount: MinorUnits,
    /// The name of who draws.
    #[schema(value_type = String, max_length = 64)]
    pub actor: Text<1, 64>,
}

/// A draw to be put back.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DrawReversalCreate {
    /// Why.
    #[schema(value_type = String, max_length = 200)]
    pub reason: Text<1, 200>,
    /// The name of who puts it back.
    #[schema(value_type = String, max_length = 64)]
    pub actor: Text<1, 64>,
}

async fn of(state: &WebState, caller: &Caller, id: &str) -> Result<Prepayment, Problem> {
    let row: Prepayment = refer::row(state, &(caller.tenant_id, refer::parse_id(id)?)).await?;
    caller.check_sight(row.merchant_id)?;
    Ok(row)
}

/// Draws what was used: the money is the merchant's from then on.
#[utoipa::path(post, path = "/v1/prepayments/{id}/draws", tag = "prepayments", params(("id" = String, Path)),
    request_body = DrawCreate, responses((status = 201, body = DrawView)))]
pub async fn create(
    State(state): State<WebState>,
    Path(id): Path<String>,
    write: Write<CounterWrite, DrawCreate>,
) -> Result<Answer, Problem> {
    let (effect, body) = Effect::begin(write, &state)?;
    let row = of(&state, &effect.caller, &id).await?;
    let command = DrawPrepayment {
        tenant_id: row.tenant_id,
        prepayment_id: row.id,
        draw_no: body.draw_no.0,
        amount_minor: body.amount.0,
        by: body.actor.0,
        origin: effect.caller.origin(),
    };
    effect.object(&state, command, (StatusCode::CREATED, DrawView::of)).await
}

/// The draws of a prepayment, newest first.
#[utoipa::path(get, path = "/v1/prepayments/{id}/draws", tag = "prepayments",
    params(("id" = String, Path), ("limit" = Option<i64>, Query), ("starting_after" = Option<String>, Query),
        ("ending_before" = Option<String>, Query)),
    responses((status = 200, body = List<DrawView>)))]
pub async fn list(
    State(state): State<WebState>,
    Path(id): Path<String>,
    mut read: Read<CounterRead>,
) -> Result<Answer, Problem> {
    let page = read.params.page::<DrawId>()?;
    read.params.finish()?;
    let row = of(&state, &read.caller, &id).await?;
    refer::check_cursor::<Draw>(&state, &page, |id| (row.tenant_id, DrawId::from_id128(id))).await?;
    let listed = state.app.reader().draws(row.tenant_id, row.id, page).await?;
    List::of(&listed, |draw| DrawView::of(draw, state.live())).answer()
}

/// Puts a draw back while the merchant still has its money.
#[utoipa::path(post, path = "/v1/prepayments/{id}/draws/{draw}/reversal", tag = "prepayments",
    params(("id" = String, Path), ("draw" = String, Path)), request_body = DrawReversalCreate,
    responses((status = 200, body = DrawView)))]
pub async fn reverse(
    State(state): State<WebState>,
    Path((id, draw)): Path<(String, String)>,
    write: Write<CounterWrite, DrawReversalCreate>,
) -> Result<Answer, Problem> {
    let (effect, body) = Effect::begin(write, &state)?;
    let row = of(&state, &effect.caller, &id).await?;
    let command = UndoDraw {
        tenant_id: row.tenant_id,
        rows: (row.id, refer::parse_id(&draw)?),
        reason: body.reason.0,
        by: body.actor.0,
        origin: effect.caller.origin(),
    };
    effect.object(&state, command, (StatusCode::OK, DrawView::of)).await
}
