//! `GET /v1/apps/{id}/keys`.

use super::KeyView;
use crate::api::answer::{Answer, List};
use crate::api::refer::{check_cursor, parse_id, row};
use crate::auth::ConfigRead;
use crate::parse::Read;
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};
use tk_domain::access::{ApiKey, App};
use tk_domain::id::{ApiKeyId, TypedId};

/// Lists the keys of an app, newest first, without their secrets.
#[utoipa::path(get, path = "/v1/apps/{id}/keys", tag = "apps",
    params(("id" = String, Path), ("limit" = Option<i64>, Query), ("starting_after" = Option<String>, Query),
        ("ending_before" = Option<String>, Query)),
    responses((status = 200, body = List<KeyView>)))]
pub async fn list(
    State(state): State<WebState>,
    Path(id): Path<String>,
    mut read: Read<ConfigRead>,
) -> Result<Answer, Problem> {
    let page = read.params.page::<ApiKeyId>()?;
    read.params.finish()?;
    read.caller.check_whole_tenant()?;
    let tenant_id = read.caller.tenant_id;
    let app: App = row(&state, &(tenant_id, parse_id(&id)?)).await?;
    check_cursor::<ApiKey>(&state, &page, |id| (tenant_id, ApiKeyId::from_id128(id))).await?;
    let listed = state.app.reader().api_keys(tenant_id, app.id, page).await?;
    List::of(&listed, |key| KeyView::of(key, state.live())).answer()
}
