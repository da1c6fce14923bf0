//! `GET /v1/exceptions/{id}`.

use super::ExceptionView;
use crate::api::answer::Answer;
use crate::api::refer;
use crate::auth::BooksRead;
use crate::parse::Read;
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};
use tk_domain::exception::Exception;

/// Reads an exception.
#[utoipa::path(get, path = "/v1/exceptions/{id}", tag = "books", params(("id" = String, Path)),
    responses((status = 200, body = ExceptionView)))]
pub async fn get(
    State(state): State<WebState>,
    Path(id): Path<String>,
    read: Read<BooksRead>,
) -> Result<Answer, Problem> {
    read.params.finish()?;
    read.caller.check_whole_tenant()?;
    let exception: Exception = refer::row(&state, &(read.caller.tenant_id, refer::parse_id(&id)?)).await?;
    Answer::ok(&ExceptionView::of(&exception, state.live()))
}
