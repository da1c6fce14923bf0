//! `/healthz` and `/readyz`, for whoever restarts processes and spreads load.

use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::State;

/// The process runs.
#[utoipa::path(get, path = "/healthz", tag = "operations", responses((status = 200, description = "it runs")))]
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// The database answers.
#[utoipa::path(get, path = "/readyz", tag = "operations", responses(
    (status = 200, description = "it serves"), (status = 503, description = "the database does not answer")))]
pub async fn readyz(State(state): State<WebState>) -> Result<&'static str, Problem> {
    state.app.reader().tenants_after(None, 1).await?;
    Ok("ready\n")
}
