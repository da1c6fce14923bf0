//! `GET /v1/split_receivers`.

use super::ReceiverView;
use crate::api::answer::{Answer, List};
use crate::api::refer;
use crate::auth::ConfigRead;
use crate::parse::Read;
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::State;
use tk_domain::id::{ChannelAccountId, SplitReceiverId, TypedId};
use tk_domain::split::SplitReceiver;

/// Lists receivers of shares, newest first.
#[utoipa::path(get, path = "/v1/split_receivers", tag = "splits",
    params(
        ("channel_account" = Option<String>, Query), ("limit" = Option<i64>, Query),
        ("starting_after" = Option<String>, Query), ("ending_before" = Option<String>, Query),
    ),
    responses((status = 200, body = List<ReceiverView>)))]
pub async fn list(State(state): State<WebState>, mut read: Read<ConfigRead>) -> Result<Answer, Problem> {
    let page = read.params.page::<SplitReceiverId>()?;
    let account = read.params.read("channel_account", ChannelAccountId::parse)?;
    read.params.finish()?;
    read.caller.check_whole_tenant()?;
    let tenant_id = read.caller.tenant_id;
    refer::check_cursor::<SplitReceiver>(&state, &page, |id| (tenant_id, SplitReceiverId::from_id128(id)))
        .await?;
    let listed = state.app.reader().split_receivers(tenant_id, account, page).await?;
    List::of(&listed, |row| ReceiverView::of(row, state.live())).answer()
}
