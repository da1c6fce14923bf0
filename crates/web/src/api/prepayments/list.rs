//! `GET /v1/prepayments`.

use super::PrepaymentView;
use crate::api::answer::{Answer, List};
use crate::api::refer;
use crate::auth::CounterRead;
use crate::parse::Read;
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::State;
use tk_domain::id::{PrepaymentId, TypedId};
use tk_domain::ledger::Account;
use tk_domain::prepayment::Prepayment;

/// Prepayments of a merchant by number, or all that the caller sees, in a fixed order without meaning.
#[utoipa::path(get, path = "/v1/prepayments", tag = "prepayments",
    params(
        ("merchant" = Option<String>, Query), ("account_no" = Option<String>, Query), ("limit" = Option<i64>, Query),
        ("starting_after" = Option<String>, Query), ("ending_before" = Option<String>, Query),
    ),
    responses((status = 200, body = List<PrepaymentView>)))]
pub async fn list(State(state): State<WebState>, mut read: Read<CounterRead>) -> Result<Answer, Problem> {
    let page = read.params.page::<PrepaymentId>()?;
    let merchant_id = match read.params.take("merchant")? {
        Some(text) => Some(refer::merchant(&state, &read.caller, &text).await?.id),
        None => read.caller.app.merchant_id,
    };
    let account_no = read.params.take("account_no")?;
    read.params.finish()?;
    let tenant_id = read.caller.tenant_id;
    refer::check_cursor::<Prepayment>(&state, &page, |id| (tenant_id, PrepaymentId::from_id128(id))).await?;
    let listed = state.app.reader().prepayments(tenant_id, (merchant_id, account_no), page).await?;
    let keys: Vec<_> = listed.rows.iter().map(|row| (tenant_id, row.account().id())).collect();
    let accounts = state.app.reader().get_each::<Account>(tenant_id, &keys).await?;
    let view = |(row, account): (&Prepayment, Option<Account>)| {
        PrepaymentView::of(row, account.map_or(0, |account| account.balance_minor), state.live())
    };
    let data = listed.rows.iter().zip(accounts).map(view).collect();
    Answer::ok(&List { object: "list", data, has_more: listed.has_more, summary: None })
}
