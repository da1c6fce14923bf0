//! `POST /v1/refunds/{id}/abandonment`.

use crate::api::answer::Answer;
use crate::api::once::Effect;
use crate::api::{refer, schema};
use crate::auth::SplitsWrite;
use crate::parse::{Text, Write};
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use tk_domain::id::{SplitReceiverId, TypedId};
use tk_domain::split::{AbandonmentProposed, AbandonmentView, AskReturnAbandonment, SplitReturn};
use utoipa::ToSchema;

/// A share's return to be given up.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnAbandonmentCreate {
    /// `spr_…`, which has the share.
    #[schema(value_type = String)]
    pub receiver: Text<1, 40>,
    /// Why.
    #[schema(value_type = String, max_length = 200)]
    pub reason: Text<1, 200>,
    /// What shows that the channel never will: the number of a ticket, a letter.
    #[schema(value_type = String, max_length = 500)]
    pub evidence: Text<1, 500>,
    /// The name of the person who proposes it.
    #[schema(value_type = String, max_length = 64)]
    pub maker: Text<1, 64>,
}

/// Proposes to give up a share for which a refund waits and which the channel refuses to give back. Nothing changes until
/// another person approves, which no key can do, and then only by what the channel answers: where it knows nothing of the
/// return, the refund fails, and whoever asks for it again bears the share.
#[utoipa::path(post, path = "/v1/refunds/{id}/abandonment", tag = "splits", params(("id" = String, Path)),
    request_body = ReturnAbandonmentCreate,
    responses((status = 202, body = schema::Abandonment, description = "proposed; another person has to decide")))]
pub async fn create(
    State(state): State<WebState>,
    Path(id): Path<String>,
    write: Write<SplitsWrite, ReturnAbandonmentCreate>,
) -> Result<Answer, Problem> {
    let (effect, body) = Effect::begin(write, &state)?;
    let refund = refer::refund(&state, &effect.caller, refer::parse_id(&id)?).await?;
    let proposed = AbandonmentProposed { reason: body.reason.0, evidence: body.evidence.0, by: body.maker.0 };
    let command = AskReturnAbandonment {
        tenant_id: refund.tenant_id,
        payment_id: refund.payment_id,
        refund_id: refund.id,
        receiver_id: SplitReceiverId::parse(&body.receiver.0).ok_or_else(Problem::not_found)?,
        proposed,
        origin: effect.caller.origin(),
    };
    effect.object(&state, command, (StatusCode::ACCEPTED, view)).await
}

fn view(back: &SplitReturn, _live: bool) -> Option<AbandonmentView> {
    back.abandonment().map(|row| AbandonmentView::of(row, &back.id.to_string()))
}
