//! `GET /v1/channel_accounts/{id}`.

use super::ChannelAccountView;
use crate::api::answer::Answer;
use crate::api::refer;
use crate::auth::ConfigRead;
use crate::parse::Read;
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};
use tk_domain::channel_account::ChannelAccount;

/// Reads a channel account; of its credentials only a fingerprint and an expiry.
#[utoipa::path(get, path = "/v1/channel_accounts/{id}", tag = "channel_accounts", params(("id" = String, Path)),
    responses((status = 200, body = ChannelAccountView)))]
pub async fn get(
    State(state): State<WebState>,
    Path(id): Path<String>,
    read: Read<ConfigRead>,
) -> Result<Answer, Problem> {
    read.params.finish()?;
    read.caller.check_whole_tenant()?;
    let key = (read.caller.tenant_id, refer::parse_id(&id)?);
    let account: ChannelAccount = refer::row(&state, &key).await?;
    Answer::ok(&ChannelAccountView::of(&account, &state.app, &read.caller.tenant_code))
}
