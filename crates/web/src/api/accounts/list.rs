//! `GET /v1/accounts`.

use super::AccountView;
use crate::api::answer::{Answer, List};
use crate::api::refer::{self, check_cursor};
use crate::auth::BooksRead;
use crate::parse::Read;
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::State;
use tk_app::store::AccountFilter;
use tk_domain::id::{AccountId, TypedId};
use tk_domain::ledger::{Account, AccountKind, Owner};

/// Lists accounts of the books.
#[utoipa::path(get, path = "/v1/accounts", tag = "books",
    params(
        ("merchant" = Option<String>, Query), ("kind" = Option<String>, Query), ("limit" = Option<i64>, Query),
        ("starting_after" = Option<String>, Query), ("ending_before" = Option<String>, Query),
    ),
    responses((status = 200, body = List<AccountView>)))]
pub async fn list(State(state): State<WebState>, mut read: Read<BooksRead>) -> Result<Answer, Problem> {
    let page = read.params.page::<AccountId>()?;
    let merchant_id = match read.params.take("merchant")? {
        Some(text) => Some(refer::merchant(&state, &read.caller, &text).await?.id),
        None => read.caller.app.merchant_id,
    };
    let kind = read.params.read("kind", AccountKind::parse)?;
    read.params.finish()?;
    let tenant_id = read.caller.tenant_id;
    check_cursor::<Account>(&state, &page, |id| (tenant_id, AccountId::from_id128(id))).await?;
    let filter = AccountFilter { owner: merchant_id.map(Owner::Merchant), kind, currency: None };
    let listed = state.app.reader().accounts(tenant_id, filter, page).await?;
    List::of(&listed, |account| AccountView::of(account, state.live())).answer()
}
