//! `GET /v1/bank_transfers/{id}/candidates`.

use super::{ProposalView, line};
use crate::api::answer::{Answer, List};
use crate::auth::BankTransfersRead;
use crate::parse::Read;
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};
use tk_app::store::Listed;

/// The most candidates that one answer shows.
const CANDIDATES_MAX: usize = 20;

/// The payments that a bank line may belong to, the best first, with scores and reasons.
#[utoipa::path(get, path = "/v1/bank_transfers/{id}/candidates", tag = "bank_transfers",
    params(("id" = String, Path)), responses((status = 200, body = List<ProposalView>)))]
pub async fn list(
    State(state): State<WebState>,
    Path(id): Path<String>,
    read: Read<BankTransfersRead>,
) -> Result<Answer, Problem> {
    read.params.finish()?;
    let line = line(&state, &read.caller, &id).await?;
    let rows = state.app.transfer_candidates(&line, CANDIDATES_MAX).await?;
    List::of(&Listed { rows, has_more: false }, ProposalView::of).answer()
}
