//! `GET /v1/accounts/{id}`.

use super::{AccountView, sees_owner};
use crate::api::answer::Answer;
use crate::api::refer;
use crate::auth::BooksRead;
use crate::parse::Read;
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};
use tk_domain::ledger::Account;

/// Reads an account of the books.
#[utoipa::path(get, path = "/v1/accounts/{id}", tag = "books", params(("id" = String, Path)),
    responses((status = 200, body = AccountView)))]
pub async fn get(
    State(state): State<WebState>,
    Path(id): Path<String>,
    read: Read<BooksRead>,
) -> Result<Answer, Problem> {
    read.params.finish()?;
    let account: Account = refer::row(&state, &(read.caller.tenant_id, refer::parse_id(&id)?)).await?;
    if !sees_owner(&read.caller, account.owner) {
        return Err(Problem::not_found());
    }
    Answer::ok(&AccountView::of(&account, state.live()))
}
