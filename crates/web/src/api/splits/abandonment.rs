//! `POST /v1/splits/{id}/abandonment`.

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
use tk_domain::split::{AbandonmentAsked, AbandonmentProposed, AskAbandonment, Split, SplitView};
use utoipa::ToSchema;

/// A split to be given up.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AbandonmentCreate {
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

impl From<AbandonmentCreate> for AbandonmentProposed {
    fn from(body: AbandonmentCreate) -> Self {
        Self { reason: body.reason.0, evidence: body.evidence.0, by: body.maker.0 }
    }
}

/// Proposes to give up a split that the channel refuses. Nothing changes until another person approves, which no key can do,
/// and then only by what the channel answers: where it shows that no share was paid, all of them are the merchant's again.
#[utoipa::path(post, path = "/v1/splits/{id}/abandonment", tag = "splits", params(("id" = String, Path)),
    request_body = AbandonmentCreate,
    responses((status = 202, body = schema::Split, description = "proposed; another person has to decide")))]
pub async fn create(
    State(state): State<WebState>,
    Path(id): Path<String>,
    write: Write<SplitsWrite, AbandonmentCreate>,
) -> Result<Answer, Problem> {
    let (mut effect, body) = Effect::begin(write, &state)?;
    let split: Split = refer::row(&state, &(effect.caller.tenant_id, refer::parse_id(&id)?)).await?;
    refer::payment(&state, &effect.caller, split.payment_id).await?;
    let (payment_id, split_id) = (split.payment_id, split.id);
    let (tenant_id, origin) = (split.tenant_id, effect.caller.origin());
    let command = AskAbandonment { tenant_id, payment_id, split_id, proposed: body.into(), origin };
    let render = |asked: &AbandonmentAsked, live: bool| {
        record(StatusCode::ACCEPTED, &SplitView::of(&asked.split, &asked.lines, live))
    };
    match effect.submit(&state, command, render).await? {
        Came::Fresh(_, Some(answer)) | Came::Replayed(answer) => Ok(answer),
        Came::Fresh(_, None) => Err(Code::Internal.into()),
    }
}
