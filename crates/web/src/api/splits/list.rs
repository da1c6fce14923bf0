//! `GET /v1/splits`.

use crate::api::answer::{Answer, List};
use crate::api::{refer, schema};
use crate::auth::{Caller, SplitsRead};
use crate::parse::Read;
use crate::problem::{Code, Problem};
use crate::state::WebState;
use axum::extract::State;
use tk_app::store::{Page, SplitFilter};
use tk_domain::id::{PaymentId, SplitId, TypedId};
use tk_domain::split::{Split, SplitState, SplitView};

/// Lists splits, those of the newest payments first.
#[utoipa::path(get, path = "/v1/splits", tag = "splits",
    params(
        ("payment" = Option<String>, Query), ("merchant" = Option<String>, Query),
        ("status" = Option<String>, Query), ("limit" = Option<i64>, Query),
        ("starting_after" = Option<String>, Query), ("ending_before" = Option<String>, Query),
    ),
    responses((status = 200, body = List<schema::Split>)))]
pub async fn list(State(state): State<WebState>, mut read: Read<SplitsRead>) -> Result<Answer, Problem> {
    let page = read.params.page::<SplitId>()?;
    let merchant_id = match read.params.take("merchant")? {
        Some(text) => Some(refer::merchant(&state, &read.caller, &text).await?.id),
        None => read.caller.app.merchant_id,
    };
    let filter = SplitFilter {
        merchant_id,
        payment_id: read.params.read("payment", PaymentId::parse)?,
        status: read.params.read("status", SplitState::parse)?,
    };
    read.params.finish()?;
    check_cursor(&state, &read.caller, &page).await?;
    let listed = state.app.reader().splits(read.caller.tenant_id, filter, page).await?;
    let shares = state.app.reader().split_lines_of_each(read.caller.tenant_id, &listed.rows).await?;
    let views =
        listed.rows.iter().zip(&shares).map(|(split, lines)| SplitView::of(split, lines, state.live()));
    let views = views.collect();
    List { object: "list", data: views, has_more: listed.has_more, summary: None }.answer()
}

/// A cursor names a split that the caller sees.
async fn check_cursor(state: &WebState, caller: &Caller, page: &Page) -> Result<(), Problem> {
    let Some(id) = page.starting_after.or(page.ending_before) else { return Ok(()) };
    let row = state.app.reader().get::<Split>(&(caller.tenant_id, SplitId::from_id128(id))).await?;
    if row.is_some_and(|row| caller.sees(row.merchant_id)) {
        return Ok(());
    }
    Err(Problem::field(Code::CursorInvalid, "?starting_after", "not of this list"))
}
