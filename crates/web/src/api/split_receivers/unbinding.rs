//! `POST /v1/split_receivers/{id}/unbinding`.

use super::ReceiverView;
use crate::api::answer::Answer;
use crate::api::once::Effect;
use crate::api::refer;
use crate::auth::ConfigWrite;
use crate::parse::Write;
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use tk_domain::split::{RemoveSplitReceiver, SplitReceiver};
use utoipa::ToSchema;

/// Nothing is to be said.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnbindingCreate {}

/// Has the channel unbind a party, which gets no more shares; what was promised to it and is not paid yet is the merchant's.
/// Named again, it is bound again.
#[utoipa::path(post, path = "/v1/split_receivers/{id}/unbinding", tag = "splits", params(("id" = String, Path)),
    request_body = UnbindingCreate, responses((status = 200, body = ReceiverView)))]
pub async fn create(
    State(state): State<WebState>,
    Path(id): Path<String>,
    write: Write<ConfigWrite, UnbindingCreate>,
) -> Result<Answer, Problem> {
    let (effect, _body) = Effect::begin(write, &state)?;
    let key = (effect.caller.tenant_id, refer::parse_id(&id)?);
    let receiver: SplitReceiver = refer::row(&state, &key).await?;
    let command = RemoveSplitReceiver {
        tenant_id: receiver.tenant_id,
        receiver_id: receiver.id,
        origin: effect.caller.origin(),
    };
    effect.object(&state, command, (StatusCode::OK, ReceiverView::of)).await
}
