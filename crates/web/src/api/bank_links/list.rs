//! `GET /v1/bank_links`.

use crate::api::answer::{Answer, List};
use crate::api::refer::check_cursor;
use crate::api::schema;
use crate::auth::BankTransfersRead;
use crate::parse::Read;
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::State;
use tk_domain::bank_link::{BankLink, BankLinkView, LinkStatus};
use tk_domain::id::ChannelAccountId;

/// Lists direct links, the newest account first.
#[utoipa::path(get, path = "/v1/bank_links", tag = "bank_transfers",
    params(
        ("status" = Option<String>, Query), ("limit" = Option<i64>, Query),
        ("starting_after" = Option<String>, Query), ("ending_before" = Option<String>, Query),
    ),
    responses((status = 200, body = List<schema::BankLink>)))]
pub async fn list(
    State(state): State<WebState>,
    mut read: Read<BankTransfersRead>,
) -> Result<Answer, Problem> {
    let page = read.params.page::<ChannelAccountId>()?;
    let status = read.params.read("status", LinkStatus::parse)?;
    read.params.finish()?;
    let tenant_id = read.caller.tenant_id;
    check_cursor::<BankLink>(&state, &page, |id| (tenant_id, ChannelAccountId(id))).await?;
    let listed = state.app.reader().bank_links(tenant_id, status, page).await?;
    List::of(&listed, |link| BankLinkView::of(link, state.live())).answer()
}
