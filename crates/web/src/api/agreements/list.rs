//! `GET /v1/agreements`.

use crate::api::answer::{Answer, List};
use crate::api::{refer, schema};
use crate::auth::PaymentsRead;
use crate::parse::Read;
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::State;
use tk_app::store::AgreementFilter;
use tk_domain::agreement::{Agreement, AgreementStatus, AgreementView};
use tk_domain::id::{AgreementId, TypedId};

/// Lists cards that payers opened, newest first; those of one payment, or those that stand somewhere.
#[utoipa::path(get, path = "/v1/agreements", tag = "agreements",
    params(("payment" = Option<String>, Query), ("status" = Option<String>, Query),
        ("limit" = Option<i64>, Query), ("starting_after" = Option<String>, Query),
        ("ending_before" = Option<String>, Query)),
    responses((status = 200, body = List<schema::Agreement>)))]
pub async fn list(State(state): State<WebState>, mut read: Read<PaymentsRead>) -> Result<Answer, Problem> {
    let page = read.params.page::<AgreementId>()?;
    let payment = read.params.take("payment")?;
    let status = read.params.read("status", AgreementStatus::parse)?;
    read.params.finish()?;
    let caller = &read.caller;
    let payment_id = if let Some(text) = payment {
        Some(refer::payment(&state, caller, refer::parse_id(&text)?).await?.id)
    } else {
        caller.check_whole_tenant()?;
        None
    };
    let key = |id| (caller.tenant_id, AgreementId::from_id128(id));
    refer::check_cursor::<Agreement>(&state, &page, key).await?;
    let which = AgreementFilter { payment_id, status, payer_id: None };
    let listed = state.app.reader().agreements(caller.tenant_id, which, page).await?;
    List::of(&listed, AgreementView::of).answer()
}
