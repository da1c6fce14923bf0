//! `POST /v1/bank_transfers/{id}/return`.

use super::line;
use crate::api::answer::Answer;
use crate::api::once::Effect;
use crate::api::schema;
use crate::auth::BankTransfersWrite;
use crate::parse::{MinorUnits, Text, Write};
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use tk_domain::transfer::{AskReturn, BankLineView};
use utoipa::ToSchema;

/// Money to be given back to its sender.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnCreate {
    /// How much, minor units; all that is in suspense by default.
    pub amount: Option<MinorUnits>,
    /// Why.
    #[schema(value_type = String, max_length = 200)]
    pub reason: Text<1, 200>,
    /// The name of who asks.
    #[schema(value_type = String, max_length = 64)]
    pub actor: Text<1, 64>,
}

/// Asks to give money of a bank line back to its sender. A second person decides; until then it cannot be matched.
#[utoipa::path(post, path = "/v1/bank_transfers/{id}/return", tag = "bank_transfers",
    params(("id" = String, Path)), request_body = ReturnCreate,
    responses((status = 202, body = schema::BankTransfer)))]
pub async fn create(
    State(state): State<WebState>,
    Path(id): Path<String>,
    write: Write<BankTransfersWrite, ReturnCreate>,
) -> Result<Answer, Problem> {
    let (effect, body) = Effect::begin(write, &state)?;
    let line = line(&state, &effect.caller, &id).await?;
    let command = AskReturn {
        tenant_id: line.tenant_id,
        bank_line_id: line.id,
        amount_minor: body.amount.map(|amount| amount.0),
        reason: body.reason.0,
        by: body.actor.0,
        origin: effect.caller.origin(),
    };
    effect.object(&state, command, (StatusCode::ACCEPTED, BankLineView::of)).await
}
