//! `GET /v1/agreements/{id}`.

use crate::api::answer::Answer;
use crate::api::{refer, schema};
use crate::auth::PaymentsRead;
use crate::parse::Read;
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};
use tk_domain::agreement::{Agreement, AgreementView};

/// Reads a card that a payer opened.
#[utoipa::path(get, path = "/v1/agreements/{id}", tag = "agreements", params(("id" = String, Path)),
    responses((status = 200, body = schema::Agreement)))]
pub async fn get(
    State(state): State<WebState>,
    Path(id): Path<String>,
    read: Read<PaymentsRead>,
) -> Result<Answer, Problem> {
    read.params.finish()?;
    let agreement: Agreement = refer::row(&state, &(read.caller.tenant_id, refer::parse_id(&id)?)).await?;
    if !read.caller.sees_all() {
        refer::payment(&state, &read.caller, agreement.payment_id).await?;
    }
    Answer::ok(&AgreementView::of(&agreement))
}
