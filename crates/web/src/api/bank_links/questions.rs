//! `POST /v1/bank_links/{id}/questions`.

use crate::api::answer::{Answer, record};
use crate::api::once::{Came, Effect};
use crate::api::{refer, schema};
use crate::auth::BankTransfersWrite;
use crate::parse::{Nothing, Write};
use crate::problem::{Code, Problem};
use crate::state::WebState;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use tk_domain::bank_link::{AskBankNow, BankLink, BankLinkView};

/// Has the bank asked now instead of at its next turn; what comes of it is read from the link afterwards.
#[utoipa::path(post, path = "/v1/bank_links/{id}/questions", tag = "bank_transfers",
    params(("id" = String, Path)), request_body = Nothing,
    responses((status = 202, body = schema::BankLink)))]
pub async fn create(
    State(state): State<WebState>,
    Path(id): Path<String>,
    write: Write<BankTransfersWrite, Nothing>,
) -> Result<Answer, Problem> {
    let (mut effect, _) = Effect::begin(write, &state)?;
    let command = AskBankNow {
        tenant_id: effect.caller.tenant_id,
        channel_account_id: refer::parse_id(&id)?,
        origin: effect.caller.origin(),
    };
    let render = |link: &BankLink, live: bool| record(StatusCode::ACCEPTED, &BankLinkView::of(link, live));
    match effect.submit(&state, command, render).await? {
        Came::Fresh(_, Some(answer)) | Came::Replayed(answer) => Ok(answer),
        Came::Fresh(_, None) => Err(Code::Internal.into()),
    }
}
