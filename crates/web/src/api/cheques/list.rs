//! `GET /v1/cheques`.

use crate::api::answer::{Answer, List};
use crate::api::{refer, schema};
use crate::auth::CounterRead;
use crate::parse::Read;
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::State;
use tk_app::store::ChequeFilter;
use tk_domain::cheque::{Cheque, ChequeStatus, ChequeView};
use tk_domain::id::{ChequeId, PaymentId, TypedId};

/// The register of cheques, newest first.
#[utoipa::path(get, path = "/v1/cheques", tag = "cheques",
    params(
        ("status" = Option<String>, Query), ("payment" = Option<String>, Query),
        ("bank" = Option<String>, Query), ("cheque_no" = Option<String>, Query),
        ("limit" = Option<i64>, Query), ("starting_after" = Option<String>, Query),
        ("ending_before" = Option<String>, Query),
    ),
    responses((status = 200, body = List<schema::Cheque>)))]
pub async fn list(State(state): State<WebState>, mut read: Read<CounterRead>) -> Result<Answer, Problem> {
    let page = read.params.page::<ChequeId>()?;
    let filter = ChequeFilter {
        status: read.params.read("status", ChequeStatus::parse)?,
        payment_id: read.params.read("payment", PaymentId::parse)?,
        bank: read.params.take("bank")?,
        cheque_no: read.params.take("cheque_no")?,
    };
    read.params.finish()?;
    let tenant_id = read.caller.tenant_id;
    refer::check_cursor::<Cheque>(&state, &page, |id| (tenant_id, ChequeId::from_id128(id))).await?;
    let listed = state.app.reader().cheques(tenant_id, filter, page).await?;
    List::of(&listed, |cheque| ChequeView::of(cheque, state.live())).answer()
}
