//! `GET /v1/channel_accounts`.

use super::ChannelAccountView;
use crate::api::answer::{Answer, List};
use crate::api::refer::{self, check_cursor};
use crate::auth::ConfigRead;
use crate::parse::Read;
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::State;
use tk_domain::channel_account::ChannelAccount;
use tk_domain::id::{ChannelAccountId, TypedId};

/// Lists channel accounts, newest first.
#[utoipa::path(get, path = "/v1/channel_accounts", tag = "channel_accounts",
    params(("partner" = Option<String>, Query), ("limit" = Option<i64>, Query), ("starting_after" = Option<String>, Query),
        ("ending_before" = Option<String>, Query)),
    responses((status = 200, body = List<ChannelAccountView>)))]
pub async fn list(State(state): State<WebState>, mut read: Read<ConfigRead>) -> Result<Answer, Problem> {
    let page = read.params.page::<ChannelAccountId>()?;
    let partner = read.params.take("partner")?;
    read.params.finish()?;
    let caller = &read.caller;
    caller.check_whole_tenant()?;
    check_cursor::<ChannelAccount>(&state, &page, |id| (caller.tenant_id, ChannelAccountId::from_id128(id)))
        .await?;
    let partner_id = refer::partner_of(&state, caller, partner.as_deref()).await?;
    let listed = state.app.reader().channel_accounts(caller.tenant_id, partner_id, page).await?;
    List::of(&listed, |row| ChannelAccountView::of(row, &state.app, &caller.tenant_code)).answer()
}
