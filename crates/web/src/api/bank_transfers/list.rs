//! `GET /v1/bank_transfers`.

use crate::api::answer::{Answer, List};
use crate::api::refer::check_cursor;
use crate::api::schema;
use crate::auth::BankTransfersRead;
use crate::parse::{Params, Read};
use crate::problem::{Code, Problem};
use crate::state::WebState;
use axum::extract::State;
use tk_app::store::BankLineFilter;
use tk_domain::id::{BankLineId, ChannelAccountId, TypedId};
use tk_domain::transfer::{BankLine, BankLineView, Flow, LineStatus};

fn truth(params: &mut Params, name: &str) -> Result<bool, Problem> {
    Ok(params.read(name, |text| text.parse::<bool>().ok())?.unwrap_or(false))
}

/// Lists bank lines, the latest days first. Of one account, `unmatched=true` shows those with money in suspense,
/// `unproven=true` slips that no statement has proven, and `unexplained=true` money that left and that nothing explains.
#[utoipa::path(get, path = "/v1/bank_transfers", tag = "bank_transfers",
    params(
        ("channel_account" = Option<String>, Query), ("status" = Option<String>, Query),
        ("flow" = Option<String>, Query), ("unmatched" = Option<String>, Query),
        ("unproven" = Option<String>, Query), ("unexplained" = Option<String>, Query),
        ("limit" = Option<i64>, Query), ("starting_after" = Option<String>, Query),
        ("ending_before" = Option<String>, Query),
    ),
    responses((status = 200, body = List<schema::BankTransfer>)))]
pub async fn list(
    State(state): State<WebState>,
    mut read: Read<BankTransfersRead>,
) -> Result<Answer, Problem> {
    let page = read.params.page::<BankLineId>()?;
    let filter = BankLineFilter {
        channel_account_id: read.params.read("channel_account", ChannelAccountId::parse)?,
        status: read.params.read("status", LineStatus::parse)?,
        flow: read.params.read("flow", Flow::parse)?,
        unmatched: truth(&mut read.params, "unmatched")?,
        unproven: truth(&mut read.params, "unproven")?,
        unexplained: truth(&mut read.params, "unexplained")?,
    };
    read.params.finish()?;
    let narrowed = filter.unmatched || filter.unproven || filter.unexplained;
    if narrowed && filter.channel_account_id.is_none() {
        return Err(Problem::field(Code::ParameterInvalid, "?channel_account", "needed with this filter"));
    }
    let tenant_id = read.caller.tenant_id;
    check_cursor::<BankLine>(&state, &page, |id| (tenant_id, BankLineId::from_id128(id))).await?;
    let listed = state.app.reader().bank_lines(tenant_id, filter, page).await?;
    List::of(&listed, |line| BankLineView::of(line, state.live())).answer()
}
