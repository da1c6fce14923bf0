//! `POST` and `GET /v1/bank_transfers/{id}/returns`.

use super::line;
use crate::api::answer::{Answer, List};
use crate::api::once::Effect;
use crate::api::{refer, schema};
use crate::auth::{BankTransfersRead, BankTransfersWrite, Caller};
use crate::parse::{MinorUnits, Read, Text, Write};
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use tk_app::store::Listed;
use tk_domain::id::{MatchId, RefundId, TypedId};
use tk_domain::transfer::{AskReturn, BankLine, GivenBack, MatchStatus, TransferMatch, TransferReturnView};
use utoipa::ToSchema;

/// Money to be given back to its sender.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnCreate {
    /// How much, minor units; all that is in suspense by default. A refund goes back whole.
    pub amount: Option<MinorUnits>,
    /// The refund to be carried out, `ref_…`, whose payment this line was matched with.
    #[schema(value_type = Option<String>)]
    pub refund: Option<Text<1, 64>>,
    /// Why.
    #[schema(value_type = String, max_length = 200)]
    pub reason: Text<1, 200>,
    /// The name of who asks.
    #[schema(value_type = String, max_length = 64)]
    pub actor: Text<1, 64>,
}

/// Asks to give money back to the sender of a bank line: money in suspense, which then cannot be matched, or that of a
/// refund. A second person decides, staff send it at the bank, and a line of the bank's statement proves it.
#[utoipa::path(post, path = "/v1/bank_transfers/{id}/returns", tag = "bank_transfers",
    params(("id" = String, Path)), request_body = ReturnCreate,
    responses((status = 202, body = schema::TransferReturn)))]
pub async fn create(
    State(state): State<WebState>,
    Path(id): Path<String>,
    write: Write<BankTransfersWrite, ReturnCreate>,
) -> Result<Answer, Problem> {
    let (effect, body) = Effect::begin(write, &state)?;
    let line = line(&state, &effect.caller, &id).await?;
    let refund = match &body.refund {
        Some(text) => Some(refund_of(&state, &effect.caller, (&line, &text.0)).await?),
        None => None,
    };
    let command = AskReturn {
        tenant_id: line.tenant_id,
        bank_line_id: line.id,
        amount_minor: body.amount.map(|amount| amount.0),
        refund,
        reason: body.reason.0,
        by: body.actor.0,
        origin: effect.caller.origin(),
    };
    let view = |made: &GivenBack, _| TransferReturnView::of(&made.transfer_return);
    effect.object(&state, command, (StatusCode::ACCEPTED, view)).await
}

/// The refund and the match by which its payment got money of this line.
async fn refund_of(
    state: &WebState,
    caller: &Caller,
    (line, text): (&BankLine, &str),
) -> Result<(RefundId, MatchId), Problem> {
    let id = RefundId::parse(text).ok_or_else(Problem::not_found)?;
    let refund = refer::refund(state, caller, id).await?;
    let matches = state.app.reader().matches_of_line(line.tenant_id, line.id).await?;
    let mine =
        |made: &&TransferMatch| made.order_id == refund.attempt_id && made.status == MatchStatus::Active;
    let made = matches.iter().find(mine).ok_or_else(Problem::not_found)?;
    Ok((refund.id, made.id))
}

/// What went, goes or was asked to go back to the sender of a bank line, the oldest first.
#[utoipa::path(get, path = "/v1/bank_transfers/{id}/returns", tag = "bank_transfers",
    params(("id" = String, Path)), responses((status = 200, body = List<schema::TransferReturn>)))]
pub async fn list(
    State(state): State<WebState>,
    Path(id): Path<String>,
    read: Read<BankTransfersRead>,
) -> Result<Answer, Problem> {
    read.params.finish()?;
    let line = line(&state, &read.caller, &id).await?;
    let rows = state.app.reader().returns_of_line(line.tenant_id, line.id).await?;
    List::of(&Listed { rows, has_more: false }, TransferReturnView::of).answer()
}
