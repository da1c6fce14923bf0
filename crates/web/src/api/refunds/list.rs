//! `GET /v1/refunds`.

use crate::api::answer::{Answer, List};
use crate::api::payments::list::created_range;
use crate::api::{refer, schema};
use crate::auth::{Caller, RefundsRead};
use crate::parse::{Params, Read};
use crate::problem::{Code, Problem};
use crate::state::WebState;
use axum::extract::State;
use tk_app::store::{Page, RefundFilter};
use tk_domain::id::{PaymentId, RefundId, TypedId};
use tk_domain::refund::{Refund, RefundState};
use tk_domain::view::RefundView;

/// Lists refunds, newest first.
#[utoipa::path(get, path = "/v1/refunds", tag = "refunds",
    params(
        ("payment" = Option<String>, Query), ("merchant" = Option<String>, Query),
        ("status" = Option<String>, Query), ("created_from" = Option<String>, Query),
        ("created_until" = Option<String>, Query), ("limit" = Option<i64>, Query),
        ("starting_after" = Option<String>, Query), ("ending_before" = Option<String>, Query),
    ),
    responses((status = 200, body = List<schema::Refund>)))]
pub async fn list(State(state): State<WebState>, mut read: Read<RefundsRead>) -> Result<Answer, Problem> {
    let page = read.params.page::<RefundId>()?;
    let filter = filter(&state, &read.caller, &mut read.params).await?;
    read.params.finish()?;
    check_cursor(&state, &read.caller, &page).await?;
    let listed = state.app.reader().refunds(read.caller.tenant_id, filter, page).await?;
    List::of(&listed, |refund| RefundView::of(refund, state.live())).answer()
}

async fn filter(state: &WebState, caller: &Caller, params: &mut Params) -> Result<RefundFilter, Problem> {
    let merchant_id = match params.take("merchant")? {
        Some(text) => Some(refer::merchant(state, caller, &text).await?.id),
        None => caller.app.merchant_id,
    };
    Ok(RefundFilter {
        merchant_id,
        payment_id: params.read("payment", PaymentId::parse)?,
        status: params.read("status", RefundState::parse)?,
        created: created_range(params)?,
    })
}

/// A cursor names a refund that the caller sees.
async fn check_cursor(state: &WebState, caller: &Caller, page: &Page) -> Result<(), Problem> {
    let Some(id) = page.starting_after.or(page.ending_before) else { return Ok(()) };
    let row = state.app.reader().get::<Refund>(&(caller.tenant_id, RefundId::from_id128(id))).await?;
    let seen = row.is_some_and(|row| caller.sees(row.merchant_id));
    if seen {
        Ok(())
    } else {
        Err(Problem::field(Code::CursorInvalid, "?starting_after", "not of this list"))
    }
}
