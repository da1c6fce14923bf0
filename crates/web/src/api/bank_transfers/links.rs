//! `POST /v1/bank_transfers/{id}/links`.

use super::{bring_to, line};
use crate::api::answer::Answer;
use crate::api::once::Effect;
use crate::api::{refer, schema};
use crate::auth::BankTransfersWrite;
use crate::parse::{Text, Write};
use crate::problem::{Code, Problem};
use crate::state::WebState;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use tk_domain::id::{BankLineId, ReturnId};
use tk_domain::refusal::Refusal;
use tk_domain::transfer::{BankLine, BankLineView, GivenBack, LineLink, TransferReturn};
use utoipa::ToSchema;

/// What a bank line is about.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkCreate {
    /// `slip`: the line proves the slip `to`; `reversal`: the line took the credit `to` back; `return`: by the line the
    /// return `to` left.
    #[schema(value_type = String, example = "reversal")]
    pub kind: Text<1, 16>,
    /// `btr_…`, or `rtn_…` for a return.
    #[schema(value_type = String)]
    pub to: Text<1, 64>,
    /// The name of who decides.
    #[schema(value_type = String, max_length = 64)]
    pub actor: Text<1, 64>,
}

/// Links a line of the bank with the slip it proves, the credit it took back or the return that left by it, where that
/// was not sure enough to be done without a person. Accounts and amounts must agree.
#[utoipa::path(post, path = "/v1/bank_transfers/{id}/links", tag = "bank_transfers",
    params(("id" = String, Path)), request_body = LinkCreate,
    responses((status = 200, body = schema::BankTransfer, description = "the slip, credit or returned line")))]
pub async fn create(
    State(state): State<WebState>,
    Path(id): Path<String>,
    write: Write<BankTransfersWrite, LinkCreate>,
) -> Result<Answer, Problem> {
    let (effect, body) = Effect::begin(write, &state)?;
    let line = line(&state, &effect.caller, &id).await?;
    let bring = bring_to(&effect.caller, line.channel_account_id, body.actor);
    let (tenant_id, to) = (line.tenant_id, body.to.0);
    match LineLink::parse(&body.kind.0) {
        Some(LineLink::Slip) => {
            let slip: BankLineId = refer::parse_id(&to)?;
            let command = state.app.slip_link(&bring, slip, line.id);
            effect.object(&state, command, (StatusCode::OK, BankLineView::of)).await
        }
        Some(LineLink::Reversal) => {
            let credit: BankLine = refer::row(&state, &(tenant_id, refer::parse_id(&to)?)).await?;
            let command = state.app.reversal_link(&bring, line.id, &credit).await?;
            effect.object(&state, command, (StatusCode::OK, BankLineView::of)).await
        }
        Some(LineLink::Return) => {
            let id: ReturnId = refer::parse_id(&to)?;
            let given_back: TransferReturn = refer::row(&state, &(tenant_id, id)).await?;
            let command = state.app.return_link(&bring, &given_back, line.id).await?;
            let command = command.ok_or(Refusal::NotFound { what: "refund" })?;
            let view = |made: &GivenBack, live| BankLineView::of(&made.line, live);
            effect.object(&state, command, (StatusCode::OK, view)).await
        }
        Some(LineLink::Proof) | None => {
            Err(Problem::field(Code::FieldMalformed, "#/kind", "slip, reversal or return"))
        }
    }
}
