//! `GET /v1/prepayments/{id}`.

use super::PrepaymentView;
use crate::api::answer::Answer;
use crate::api::refer;
use crate::auth::CounterRead;
use crate::parse::Read;
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};
use tk_domain::ledger::Account;
use tk_domain::prepayment::Prepayment;

/// A prepayment with what is left of it.
#[utoipa::path(get, path = "/v1/prepayments/{id}", tag = "prepayments", params(("id" = String, Path)),
    responses((status = 200, body = PrepaymentView)))]
pub async fn get(
    State(state): State<WebState>,
    Path(id): Path<String>,
    read: Read<CounterRead>,
) -> Result<Answer, Problem> {
    read.params.finish()?;
    let row: Prepayment = refer::row(&state, &(read.caller.tenant_id, refer::parse_id(&id)?)).await?;
    read.caller.check_sight(row.merchant_id)?;
    // There is no account before the first payment.
    let account = state.app.reader().get::<Account>(&(row.tenant_id, row.account().id())).await?;
    let balance = account.map_or(0, |account| account.balance_minor);
    Answer::ok(&PrepaymentView::of(&row, balance, state.live()))
}
