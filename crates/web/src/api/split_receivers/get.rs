//! `GET /v1/split_receivers/{id}`.

use super::ReceiverView;
use crate::api::answer::Answer;
use crate::api::refer;
use crate::auth::ConfigRead;
use crate::parse::Read;
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};
use tk_domain::split::SplitReceiver;

/// Reads a receiver of shares.
#[utoipa::path(get, path = "/v1/split_receivers/{id}", tag = "splits", params(("id" = String, Path)),
    responses((status = 200, body = ReceiverView)))]
pub async fn get(
    State(state): State<WebState>,
    Path(id): Path<String>,
    read: Read<ConfigRead>,
) -> Result<Answer, Problem> {
    read.params.finish()?;
    read.caller.check_whole_tenant()?;
    let key = (read.caller.tenant_id, refer::parse_id(&id)?);
    let receiver: SplitReceiver = refer::row(&state, &key).await?;
    Answer::ok(&ReceiverView::of(&receiver, state.live()))
}
