//! `GET /v1/exceptions`.

use super::ExceptionView;
use crate::api::answer::{Answer, List};
use crate::api::refer::check_cursor;
use crate::auth::BooksRead;
use crate::parse::Read;
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::State;
use tk_domain::exception::{Exception, ExceptionKind, ExceptionStatus};
use tk_domain::id::{ExceptionId, PaymentId, TypedId};

/// Lists exceptions, the last opened first.
#[utoipa::path(get, path = "/v1/exceptions", tag = "books",
    params(
        ("payment" = Option<String>, Query), ("status" = Option<String>, Query), ("kind" = Option<String>, Query),
        ("limit" = Option<i64>, Query),
        ("starting_after" = Option<String>, Query), ("ending_before" = Option<String>, Query),
    ),
    responses((status = 200, body = List<ExceptionView>)))]
pub async fn list(State(state): State<WebState>, mut read: Read<BooksRead>) -> Result<Answer, Problem> {
    let page = read.params.page::<ExceptionId>()?;
    let payment_id = read.params.read("payment", PaymentId::parse)?;
    let status = read.params.read("status", ExceptionStatus::parse)?;
    let kind = read.params.read("kind", ExceptionKind::parse)?;
    read.params.finish()?;
    read.caller.check_whole_tenant()?;
    let tenant_id = read.caller.tenant_id;
    check_cursor::<Exception>(&state, &page, |id| (tenant_id, ExceptionId::from_id128(id))).await?;
    let listed = state.app.reader().exceptions(tenant_id, (status, kind, payment_id), page).await?;
    List::of(&listed, |exception| ExceptionView::of(exception, state.live())).answer()
}
