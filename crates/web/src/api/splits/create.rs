//! `POST /v1/payments/{id}/splits`.

use super::ShareCreate;
use crate::api::answer::{Answer, record};
use crate::api::once::{Came, Effect};
use crate::api::{refer, schema};
use crate::auth::SplitsWrite;
use crate::parse::{Number, Write};
use crate::problem::{Code, Problem};
use crate::state::WebState;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use tk_domain::split::{CreateSplit, SplitCreated, SplitView};
use utoipa::ToSchema;

/// A payment to be divided.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SplitCreate {
    /// The merchant's own number; the same number with the same terms is the same split.
    pub merchant_split_no: Number,
    /// Who gets what: merchants in the books or receivers by the channel, never both.
    #[schema(max_items = 20)]
    pub splits: Vec<ShareCreate>,
    /// Whether the channel then releases to the merchant what it keeps for shares; without shares, that alone.
    pub last: Option<bool>,
}

/// Divides what is left of a collected payment. A refund afterwards takes the shares back in proportion. Receivers are paid
/// by the channel, if its order said before paying that it would be divided.
#[utoipa::path(post, path = "/v1/payments/{id}/splits", tag = "splits", params(("id" = String, Path)),
    request_body = SplitCreate, responses(
    (status = 201, body = schema::Split, description = "divided"),
    (status = 200, body = schema::Split, description = "the split number has this split already"),
))]
pub async fn create(
    State(state): State<WebState>,
    Path(id): Path<String>,
    write: Write<SplitsWrite, SplitCreate>,
) -> Result<Answer, Problem> {
    let (mut effect, body) = Effect::begin(write, &state)?;
    let payment = refer::payment(&state, &effect.caller, refer::parse_id(&id)?).await?;
    let command = CreateSplit {
        tenant_id: payment.tenant_id,
        payment_id: payment.id,
        merchant_split_no: body.merchant_split_no.0,
        terms: super::terms(&state, &effect.caller, &body.splits).await?,
        last: body.last.unwrap_or(false),
        origin: effect.caller.origin(),
    };
    let render = |created: &SplitCreated, live: bool| {
        let status = if created.existing { StatusCode::OK } else { StatusCode::CREATED };
        record(status, &SplitView::of(&created.split, &created.lines, live))
    };
    match effect.submit(&state, command, render).await? {
        Came::Fresh(_, Some(answer)) | Came::Replayed(answer) => Ok(answer),
        Came::Fresh(_, None) => Err(Code::Internal.into()),
    }
}
