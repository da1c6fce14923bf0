//! `POST` and `GET /v1/bank_transfers/{id}/matches`.

use super::line;
use crate::api::answer::{Answer, List, record};
use crate::api::once::{Came, Effect};
use crate::api::{refer, schema};
use crate::auth::{BankTransfersRead, BankTransfersWrite};
use crate::parse::{MinorUnits, Read, Text, Write};
use crate::problem::{Code, Problem};
use crate::state::WebState;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use tk_app::store::Listed;
use tk_domain::id::{PaymentId, TypedId};
use tk_domain::refusal::Refusal;
use tk_domain::transfer::{MatchTransfers, Matched, Misfit, Pair, TransferMatchView};
use utoipa::ToSchema;

/// Money of a bank line to be given to a payment.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MatchCreate {
    /// The payment, `pay_…`.
    #[schema(value_type = String)]
    pub payment: Text<1, 64>,
    /// How much, minor units; by default all that fits both.
    pub amount: Option<MinorUnits>,
    /// The name of who decides.
    #[schema(value_type = String, max_length = 64)]
    pub actor: Text<1, 64>,
}

/// Gives money of a bank line to a payment that awaits a transfer. The match that completes the amount collects it.
#[utoipa::path(post, path = "/v1/bank_transfers/{id}/matches", tag = "bank_transfers",
    params(("id" = String, Path)), request_body = MatchCreate,
    responses((status = 201, body = schema::TransferMatch)))]
pub async fn create(
    State(state): State<WebState>,
    Path(id): Path<String>,
    write: Write<BankTransfersWrite, MatchCreate>,
) -> Result<Answer, Problem> {
    let (mut effect, body) = Effect::begin(write, &state)?;
    let line = line(&state, &effect.caller, &id).await?;
    let payment_id = PaymentId::parse(&body.payment.0).ok_or_else(Problem::not_found)?;
    let payment = refer::payment(&state, &effect.caller, payment_id).await?;
    let order_id = payment.open_attempt_id.ok_or(Refusal::OrderNotAwaiting)?;
    let candidates = state.app.transfer_candidates(&line, usize::MAX).await?;
    let candidate = candidates.into_iter().find(|candidate| candidate.order == order_id);
    let fits = candidate.as_ref().map_or(line.left_minor(), |candidate| candidate.amount_minor);
    let pair = Pair {
        bank_line_id: line.id,
        order_id,
        payment_id: payment.id,
        amount_minor: body.amount.map_or(fits, |amount| amount.0),
        score: candidate.as_ref().map_or(0, |candidate| candidate.score),
        reasons: candidate.map(|candidate| candidate.reasons).unwrap_or_default(),
    };
    let command = MatchTransfers {
        tenant_id: line.tenant_id,
        pairs: vec![pair],
        misfit: Misfit::Refuse,
        by: body.actor.0,
        origin: effect.caller.origin(),
    };
    let render = |made: &Vec<Matched>, _: bool| {
        record(StatusCode::CREATED, &TransferMatchView::of(&made.first()?.transfer_match))
    };
    match effect.submit(&state, command, render).await? {
        Came::Fresh(_, Some(answer)) | Came::Replayed(answer) => Ok(answer),
        Came::Fresh(_, None) => Err(Code::Internal.into()),
    }
}

/// The matches of a bank line, the oldest first.
#[utoipa::path(get, path = "/v1/bank_transfers/{id}/matches", tag = "bank_transfers",
    params(("id" = String, Path)), responses((status = 200, body = List<schema::TransferMatch>)))]
pub async fn list(
    State(state): State<WebState>,
    Path(id): Path<String>,
    read: Read<BankTransfersRead>,
) -> Result<Answer, Problem> {
    read.params.finish()?;
    let line = line(&state, &read.caller, &id).await?;
    let rows = state.app.reader().matches_of_line(line.tenant_id, line.id).await?;
    List::of(&Listed { rows, has_more: false }, TransferMatchView::of).answer()
}
