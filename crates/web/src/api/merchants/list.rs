//! `GET /v1/merchants`.

use super::MerchantView;
use crate::api::answer::{Answer, List};
use crate::api::refer::check_cursor;
use crate::auth::ConfigRead;
use crate::parse::Read;
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::State;
use tk_domain::id::{MerchantId, TypedId};
use tk_domain::merchant::Merchant;

/// Lists merchants, newest first.
#[utoipa::path(get, path = "/v1/merchants", tag = "merchants",
    params(("limit" = Option<i64>, Query), ("starting_after" = Option<String>, Query),
        ("ending_before" = Option<String>, Query)),
    responses((status = 200, body = List<MerchantView>)))]
pub async fn list(State(state): State<WebState>, mut read: Read<ConfigRead>) -> Result<Answer, Problem> {
    let page = read.params.page::<MerchantId>()?;
    read.params.finish()?;
    let caller = &read.caller;
    check_cursor::<Merchant>(&state, &page, |id| (caller.tenant_id, MerchantId::from_id128(id))).await?;
    let mut listed = state.app.reader().merchants(caller.tenant_id, page).await?;
    listed.rows.retain(|merchant| caller.sees(merchant.id));
    List::of(&listed, |merchant| MerchantView::of(merchant, state.live())).answer()
}
