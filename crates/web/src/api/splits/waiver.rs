//! `POST /v1/splits/{id}/waiver`.

use crate::api::answer::{Answer, record};
use crate::api::once::{Came, Effect};
use crate::api::{refer, schema};
use crate::auth::SplitsWrite;
use crate::parse::{Text, Write};
use crate::problem::{Code, Problem};
use crate::state::WebState;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use tk_domain::id::{SplitReceiverId, TypedId};
use tk_domain::split::{ShareWaived, Split, SplitView, WaiveShare};
use utoipa::ToSchema;

/// A share that its receiver keeps.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WaiverCreate {
    /// `spr_…`, whose share it is.
    #[schema(value_type = String)]
    pub receiver: Text<1, 40>,
    /// Why the merchant bears it.
    #[schema(value_type = String, max_length = 200)]
    pub reason: Text<1, 200>,
    /// The name of whoever decides it.
    #[schema(value_type = String, max_length = 64)]
    pub actor: Text<1, 64>,
}

/// Says that refunds from now on leave a receiver its share: where the channel does not give it back, and does not say
/// either that it never will. A refund that waits for the share is withdrawn first.
#[utoipa::path(post, path = "/v1/splits/{id}/waiver", tag = "splits", params(("id" = String, Path)),
    request_body = WaiverCreate, responses((status = 200, body = schema::Split)))]
pub async fn create(
    State(state): State<WebState>,
    Path(id): Path<String>,
    write: Write<SplitsWrite, WaiverCreate>,
) -> Result<Answer, Problem> {
    let (mut effect, body) = Effect::begin(write, &state)?;
    let split: Split = refer::row(&state, &(effect.caller.tenant_id, refer::parse_id(&id)?)).await?;
    refer::payment(&state, &effect.caller, split.payment_id).await?;
    let command = WaiveShare {
        tenant_id: split.tenant_id,
        payment_id: split.payment_id,
        split_id: split.id,
        receiver_id: SplitReceiverId::parse(&body.receiver.0).ok_or_else(Problem::not_found)?,
        reason: body.reason.0,
        by: body.actor.0,
        origin: effect.caller.origin(),
    };
    let render = |waived: &ShareWaived, live: bool| {
        record(StatusCode::OK, &SplitView::of(&waived.split, &waived.lines, live))
    };
    match effect.submit(&state, command, render).await? {
        Came::Fresh(_, Some(answer)) | Came::Replayed(answer) => Ok(answer),
        Came::Fresh(_, None) => Err(Code::Internal.into()),
    }
}
