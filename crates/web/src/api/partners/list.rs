//! `GET /v1/partners`.

use super::PartnerView;
use crate::api::answer::{Answer, List};
use crate::api::refer::check_cursor;
use crate::auth::ConfigRead;
use crate::parse::Read;
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::State;
use tk_domain::id::{PartnerId, TypedId};
use tk_domain::partner::Partner;

/// Lists partners, newest first.
#[utoipa::path(get, path = "/v1/partners", tag = "partners",
    params(("limit" = Option<i64>, Query), ("starting_after" = Option<String>, Query),
        ("ending_before" = Option<String>, Query)),
    responses((status = 200, body = List<PartnerView>)))]
pub async fn list(State(state): State<WebState>, mut read: Read<ConfigRead>) -> Result<Answer, Problem> {
    let page = read.params.page::<PartnerId>()?;
    read.params.finish()?;
    let caller = &read.caller;
    caller.check_whole_tenant()?;
    check_cursor::<Partner>(&state, &page, |id| (caller.tenant_id, PartnerId::from_id128(id))).await?;
    let listed = state.app.reader().partners(caller.tenant_id, page).await?;
    List::of(&listed, |row| PartnerView::of(row, state.live())).answer()
}
