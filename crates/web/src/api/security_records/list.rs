//! `GET /v1/security_records`.

use super::SecurityRecordView;
use crate::api::answer::{Answer, List};
use crate::auth::ConfigRead;
use crate::parse::Read;
use crate::problem::{Code, Problem};
use crate::state::WebState;
use axum::extract::State;
use tk_domain::id::{SecurityRecordId, TypedId};

/// Lists who was turned away, the latest minute first: keys that do not work, wrong signatures, forged callbacks. One
/// record is a minute of one reason and source; it may grow for some seconds after its minute. Records are kept for 200
/// days.
#[utoipa::path(get, path = "/v1/security_records", tag = "keys",
    params(
        ("code" = Option<String>, Query), ("limit" = Option<i64>, Query),
        ("starting_after" = Option<String>, Query), ("ending_before" = Option<String>, Query),
    ),
    responses((status = 200, body = List<SecurityRecordView>)))]
pub async fn list(State(state): State<WebState>, mut read: Read<ConfigRead>) -> Result<Answer, Problem> {
    let page = read.params.page::<SecurityRecordId>()?;
    let code = read.params.take("code")?;
    read.params.finish()?;
    read.caller.check_whole_tenant()?;
    let tenant_id = read.caller.tenant_id;
    if let Some(id) = page.starting_after.or(page.ending_before) {
        let id = SecurityRecordId::from_id128(id);
        if state.app.reader().security_record(tenant_id, id).await?.is_none() {
            return Err(Problem::field(Code::CursorInvalid, "?starting_after", "not of this list"));
        }
    }
    let listed = state.app.reader().security_records(tenant_id, code, page).await?;
    List::of(&listed, |record| SecurityRecordView::of(record, state.live())).answer()
}
