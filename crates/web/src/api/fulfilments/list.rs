//! `GET /v1/fulfilments`.

use crate::api::answer::{Answer, List};
use crate::api::{refer, schema};
use crate::auth::PaymentsRead;
use crate::parse::Read;
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::State;
use tk_app::store::{FulfilmentFilter, Missing};
use tk_domain::fulfilment::{Fulfilment, FulfilmentStatus, FulfilmentView};
use tk_domain::id::{PaymentId, TypedId};

/// Lists fulfilments, newest first: `missing=policy` those whose money counts and whose policy was not reported,
/// `missing=money` those whose policy was reported and whose money did not come; `overdue=true` those past their
/// product's limit.
#[utoipa::path(get, path = "/v1/fulfilments", tag = "fulfilments",
    params(
        ("missing" = Option<String>, Query), ("overdue" = Option<String>, Query),
        ("status" = Option<String>, Query), ("merchant" = Option<String>, Query),
        ("limit" = Option<i64>, Query), ("starting_after" = Option<String>, Query),
        ("ending_before" = Option<String>, Query),
    ),
    responses((status = 200, body = List<schema::Fulfilment>)))]
pub async fn list(State(state): State<WebState>, mut read: Read<PaymentsRead>) -> Result<Answer, Problem> {
    let page = read.params.page::<PaymentId>()?;
    if read.caller.app.merchant_id.is_none() || read.caller.app.partner_id.is_some() {
        // The rows are not cut by partner.
        read.caller.check_whole_tenant()?;
    }
    let merchant = read.params.take("merchant")?;
    let merchant_id = match &merchant {
        Some(text) => Some(refer::merchant(&state, &read.caller, text).await?.id),
        None => read.caller.app.merchant_id,
    };
    let overdue = read.params.read("overdue", |text| text.parse::<bool>().ok())?.unwrap_or(false);
    let filter = FulfilmentFilter {
        missing: read.params.read("missing", Missing::parse)?,
        overdue_at_us: overdue.then(|| state.app.now_us()),
        status: read.params.read("status", FulfilmentStatus::parse)?,
        merchant_id,
    };
    read.params.finish()?;
    let tenant_id = read.caller.tenant_id;
    refer::check_cursor::<Fulfilment>(&state, &page, |id| (tenant_id, PaymentId::from_id128(id))).await?;
    let listed = state.app.reader().fulfilments(tenant_id, filter, page).await?;
    List::of(&listed, |row| FulfilmentView::of(row, state.live())).answer()
}
