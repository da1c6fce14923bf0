//! `GET /v1/bank_links/{id}`.

use crate::api::answer::Answer;
use crate::api::{refer, schema};
use crate::auth::BankTransfersRead;
use crate::parse::Read;
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};
use tk_domain::bank_link::{BankLink, BankLinkView};
use tk_domain::id::ChannelAccountId;

/// Reads the direct link of a bank account, by the account's identifier.
#[utoipa::path(get, path = "/v1/bank_links/{id}", tag = "bank_transfers", params(("id" = String, Path)),
    responses((status = 200, body = schema::BankLink)))]
pub async fn get(
    State(state): State<WebState>,
    Path(id): Path<String>,
    read: Read<BankTransfersRead>,
) -> Result<Answer, Problem> {
    read.params.finish()?;
    let id: ChannelAccountId = refer::parse_id(&id)?;
    let link: BankLink = refer::row(&state, &(read.caller.tenant_id, id)).await?;
    Answer::ok(&BankLinkView::of(&link, state.live()))
}
