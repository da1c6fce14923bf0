//! `GET /v1/entries/{id}`.

use super::EntryView;
use crate::api::answer::Answer;
use crate::api::refer;
use crate::auth::BooksRead;
use crate::parse::Read;
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};

/// Reads an entry with its lines.
#[utoipa::path(get, path = "/v1/entries/{id}", tag = "books", params(("id" = String, Path)),
    responses((status = 200, body = EntryView)))]
pub async fn get(
    State(state): State<WebState>,
    Path(id): Path<String>,
    read: Read<BooksRead>,
) -> Result<Answer, Problem> {
    read.params.finish()?;
    read.caller.check_whole_tenant()?;
    let entry = state.app.reader().entry(read.caller.tenant_id, refer::parse_id(&id)?).await?;
    Answer::ok(&EntryView::of(&entry.ok_or_else(Problem::not_found)?, &read.caller, state.live()))
}
