//! `GET /v1/identity_checks`.

use crate::api::answer::{Answer, List};
use crate::api::{refer, schema};
use crate::auth::IdentityRead;
use crate::parse::Read;
use crate::problem::{Code, Problem};
use crate::state::WebState;
use axum::extract::State;
use tk_app::store::IdentityFilter;
use tk_domain::id::{IdentityCheckId, TypedId};
use tk_domain::identity::{IdentityCheck, IdentityCheckView, IdentityStatus};

/// Lists checks, newest first; those of one payment, those that wait for a second person (`pending_approval`), or those
/// whose payer asked for a way other than the face (`other_way=asked`).
#[utoipa::path(get, path = "/v1/identity_checks", tag = "identity",
    params(("payment" = Option<String>, Query), ("status" = Option<String>, Query),
        ("other_way" = Option<String>, Query),
        ("limit" = Option<i64>, Query), ("starting_after" = Option<String>, Query),
        ("ending_before" = Option<String>, Query)),
    responses((status = 200, body = List<schema::IdentityCheck>)))]
pub async fn list(State(state): State<WebState>, mut read: Read<IdentityRead>) -> Result<Answer, Problem> {
    let page = read.params.page::<IdentityCheckId>()?;
    let payment = read.params.take("payment")?;
    let status = read.params.read("status", IdentityStatus::parse)?;
    let other_way = read.params.take("other_way")?;
    if other_way.as_deref().is_some_and(|word| word != "asked") {
        return Err(Problem::field(Code::ParameterInvalid, "?other_way", "asked"));
    }
    read.params.finish()?;
    let caller = &read.caller;
    let payment_id = if let Some(text) = payment {
        Some(refer::payment(&state, caller, refer::parse_id(&text)?).await?.id)
    } else {
        caller.check_whole_tenant()?;
        None
    };
    let key = |id| (caller.tenant_id, IdentityCheckId::from_id128(id));
    refer::check_cursor::<IdentityCheck>(&state, &page, key).await?;
    let which = IdentityFilter { payment_id, status, other_way_asked: other_way.is_some() };
    let listed = state.app.reader().identity_checks(caller.tenant_id, which, page).await?;
    List::of(&listed, IdentityCheckView::of).answer()
}
