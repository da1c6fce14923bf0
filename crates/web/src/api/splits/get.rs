//! `GET /v1/splits/{id}`.

use crate::api::answer::Answer;
use crate::api::{refer, schema};
use crate::auth::SplitsRead;
use crate::parse::Read;
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};
use tk_domain::split::{Split, SplitLine, SplitView};

/// Reads a split with its shares.
#[utoipa::path(get, path = "/v1/splits/{id}", tag = "splits", params(("id" = String, Path)),
    responses((status = 200, body = schema::Split)))]
pub async fn get(
    State(state): State<WebState>,
    Path(id): Path<String>,
    read: Read<SplitsRead>,
) -> Result<Answer, Problem> {
    read.params.finish()?;
    let split: Split = refer::row(&state, &(read.caller.tenant_id, refer::parse_id(&id)?)).await?;
    refer::payment(&state, &read.caller, split.payment_id).await?;
    Answer::ok(&view(&state, &split).await?)
}

/// The published form with its shares.
pub async fn view(state: &WebState, split: &Split) -> Result<SplitView, Problem> {
    let lines = state.app.reader().split_lines_of(split.tenant_id, split.payment_id).await?;
    let lines: Vec<SplitLine> = lines.into_iter().filter(|line| line.split_id == split.id).collect();
    Ok(SplitView::of(split, &lines, state.live()))
}
