//! `GET /v1/apps`.

use super::AppView;
use crate::api::answer::{Answer, List};
use crate::api::refer::{self, check_cursor};
use crate::auth::ConfigRead;
use crate::parse::Read;
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::State;
use tk_domain::access::App;
use tk_domain::id::{AppId, TypedId};

/// Lists apps, newest first.
#[utoipa::path(get, path = "/v1/apps", tag = "apps",
    params(("partner" = Option<String>, Query), ("limit" = Option<i64>, Query), ("starting_after" = Option<String>, Query),
        ("ending_before" = Option<String>, Query)),
    responses((status = 200, body = List<AppView>)))]
pub async fn list(State(state): State<WebState>, mut read: Read<ConfigRead>) -> Result<Answer, Problem> {
    let page = read.params.page::<AppId>()?;
    let partner = read.params.take("partner")?;
    read.params.finish()?;
    let caller = &read.caller;
    caller.check_whole_tenant()?;
    check_cursor::<App>(&state, &page, |id| (caller.tenant_id, AppId::from_id128(id))).await?;
    let partner_id = refer::partner_of(&state, caller, partner.as_deref()).await?;
    let listed = state.app.reader().apps(caller.tenant_id, partner_id, page).await?;
    List::of(&listed, |row| AppView::of(row, state.live())).answer()
}
