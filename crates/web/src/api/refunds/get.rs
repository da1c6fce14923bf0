//! `GET /v1/refunds/{id}`.

use crate::api::answer::Answer;
use crate::api::payments::published;
use crate::api::{refer, schema};
use crate::auth::RefundsRead;
use crate::parse::Read;
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};
use serde_json::json;
use std::collections::BTreeSet;
use tk_domain::access::Scope;
use tk_domain::view::RefundView;

/// Reads a refund.
#[utoipa::path(get, path = "/v1/refunds/{id}", tag = "refunds",
    params(("id" = String, Path), ("expand[]" = Option<Vec<String>>, Query)),
    responses((status = 200, body = schema::Refund)))]
pub async fn get(
    State(state): State<WebState>,
    Path(id): Path<String>,
    mut read: Read<RefundsRead>,
) -> Result<Answer, Problem> {
    let expand = read.params.words("expand", &["payment"])?;
    read.params.finish()?;
    let refund = refer::refund(&state, &read.caller, refer::parse_id(&id)?).await?;
    let mut value = json!(RefundView::of(&refund, state.live()));
    if expand.contains("payment") {
        read.caller.check_scope(Scope::PaymentsRead)?;
        let payment = refer::payment(&state, &read.caller, refund.payment_id).await?;
        value["payment"] = published(&state, &read.caller, &payment, &BTreeSet::new()).await?;
    }
    Answer::ok(&value)
}
