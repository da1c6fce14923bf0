//! `GET /v1/products`.

use super::ProductView;
use crate::api::answer::{Answer, List};
use crate::api::refer::{self, check_cursor};
use crate::auth::ConfigRead;
use crate::parse::Read;
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::State;
use tk_domain::id::{ProductId, TypedId};
use tk_domain::product::Product;

/// Lists products, newest first.
#[utoipa::path(get, path = "/v1/products", tag = "products",
    params(("partner" = Option<String>, Query), ("limit" = Option<i64>, Query), ("starting_after" = Option<String>, Query),
        ("ending_before" = Option<String>, Query)),
    responses((status = 200, body = List<ProductView>)))]
pub async fn list(State(state): State<WebState>, mut read: Read<ConfigRead>) -> Result<Answer, Problem> {
    let page = read.params.page::<ProductId>()?;
    let partner = read.params.take("partner")?;
    read.params.finish()?;
    let caller = &read.caller;
    check_cursor::<Product>(&state, &page, |id| (caller.tenant_id, ProductId::from_id128(id))).await?;
    let partner_id = refer::partner_of(&state, caller, partner.as_deref()).await?;
    let listed = state.app.reader().products(caller.tenant_id, partner_id, page).await?;
    List::of(&listed, |row| ProductView::of(row, state.live())).answer()
}
