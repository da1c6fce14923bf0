//! `POST /v1/bank_transfers/{id}/matches/{match}/cancellation`.

use super::line;
use crate::api::answer::Answer;
use crate::api::once::Effect;
use crate::api::{refer, schema};
use crate::auth::BankTransfersWrite;
use crate::parse::{Text, Write};
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use tk_domain::transfer::{TransferMatch, TransferMatchView, UndoMatch};
use utoipa::ToSchema;

/// Why and by whom a match is undone.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MatchCancel {
    /// Why.
    #[schema(value_type = String, max_length = 200)]
    pub reason: Text<1, 200>,
    /// The name of who undoes it.
    #[schema(value_type = String, max_length = 64)]
    pub actor: Text<1, 64>,
}

/// Undoes a match while its payment is not paid in full; the money is in suspense again.
#[utoipa::path(post, path = "/v1/bank_transfers/{id}/matches/{match}/cancellation", tag = "bank_transfers",
    params(("id" = String, Path), ("match" = String, Path)), request_body = MatchCancel,
    responses((status = 200, body = schema::TransferMatch)))]
pub async fn create(
    State(state): State<WebState>,
    Path((id, made)): Path<(String, String)>,
    write: Write<BankTransfersWrite, MatchCancel>,
) -> Result<Answer, Problem> {
    let (effect, body) = Effect::begin(write, &state)?;
    let line = line(&state, &effect.caller, &id).await?;
    let made: TransferMatch = refer::row(&state, &(line.tenant_id, refer::parse_id(&made)?)).await?;
    if made.bank_line_id != line.id {
        return Err(Problem::not_found());
    }
    let command = UndoMatch {
        tenant_id: line.tenant_id,
        match_id: made.id,
        rows: (made.bank_line_id, made.order_id, made.payment_id),
        reason: body.reason.0,
        by: body.actor.0,
        origin: effect.caller.origin(),
    };
    effect.object(&state, command, (StatusCode::OK, |made, _| TransferMatchView::of(made))).await
}
