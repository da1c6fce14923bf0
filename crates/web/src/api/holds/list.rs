//! `GET /v1/holds`.

use super::HoldView;
use crate::api::answer::{Answer, List};
use crate::api::refer::{self, check_cursor};
use crate::auth::BooksRead;
use crate::parse::Read;
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::State;
use tk_domain::id::{HoldId, TypedId};
use tk_domain::ledger::{Hold, HoldStatus};

/// Lists holds, newest first.
#[utoipa::path(get, path = "/v1/holds", tag = "books",
    params(
        ("merchant" = Option<String>, Query), ("status" = Option<String>, Query), ("limit" = Option<i64>, Query),
        ("starting_after" = Option<String>, Query), ("ending_before" = Option<String>, Query),
    ),
    responses((status = 200, body = List<HoldView>)))]
pub async fn list(State(state): State<WebState>, mut read: Read<BooksRead>) -> Result<Answer, Problem> {
    let page = read.params.page::<HoldId>()?;
    let merchant_id = match read.params.take("merchant")? {
        Some(text) => Some(refer::merchant(&state, &read.caller, &text).await?.id),
        None => read.caller.app.merchant_id,
    };
    let status = read.params.read("status", HoldStatus::parse)?;
    read.params.finish()?;
    let tenant_id = read.caller.tenant_id;
    check_cursor::<Hold>(&state, &page, |id| (tenant_id, HoldId::from_id128(id))).await?;
    let listed = state.app.reader().holds(tenant_id, (merchant_id, status), page).await?;
    List::of(&listed, |hold| HoldView::of(hold, state.live())).answer()
}
