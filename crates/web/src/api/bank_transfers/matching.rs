//! `POST /v1/bank_transfers/matching`.

use super::{MatchingView, account, bring};
use crate::api::answer::Answer;
use crate::api::once::Effect;
use crate::auth::BankTransfersWrite;
use crate::parse::{Text, Write};
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

/// A matching to be done.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MatchingCreate {
    /// The bank account, `cha_…`.
    #[schema(value_type = String)]
    pub channel_account: Text<1, 64>,
    /// The name of who does it.
    #[schema(value_type = String, max_length = 64)]
    pub actor: Text<1, 64>,
}

/// Matches the open lines of a bank account with the payments that await transfers to it. What is sure is done; the
/// rest is answered with scores and reasons. Running it again does only what is left.
#[utoipa::path(post, path = "/v1/bank_transfers/matching", tag = "bank_transfers",
    request_body = MatchingCreate, responses((status = 200, body = MatchingView)))]
pub async fn create(
    State(state): State<WebState>,
    write: Write<BankTransfersWrite, MatchingCreate>,
) -> Result<Answer, Problem> {
    let (effect, body) = Effect::begin(write, &state)?;
    let account = account(&state, &effect.caller, &body.channel_account.0).await?;
    let bring = bring(&effect.caller, &account, body.actor);
    let done = state.app.match_transfers(&bring).await?;
    Answer::ok(&MatchingView::of(&done))
}
