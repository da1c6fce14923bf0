//! `GET /v1/entries`.

use super::EntryView;
use crate::api::accounts::sees_owner;
use crate::api::answer::{Answer, List};
use crate::api::refer;
use crate::auth::BooksRead;
use crate::parse::Read;
use crate::problem::{Code, Problem};
use crate::state::WebState;
use axum::extract::State;
use tk_domain::id::{EntryId, TypedId};
use tk_domain::ledger::Account;

/// Lists the entries of an account (newest first) or of a payment (all of them); one of the two is named.
#[utoipa::path(get, path = "/v1/entries", tag = "books",
    params(
        ("account" = Option<String>, Query), ("payment" = Option<String>, Query), ("limit" = Option<i64>, Query),
        ("starting_after" = Option<String>, Query), ("ending_before" = Option<String>, Query),
    ),
    responses((status = 200, body = List<EntryView>)))]
pub async fn list(State(state): State<WebState>, mut read: Read<BooksRead>) -> Result<Answer, Problem> {
    let page = read.params.page::<EntryId>()?;
    let (account, payment) = (read.params.take("account")?, read.params.take("payment")?);
    read.params.finish()?;
    let (caller, reader) = (&read.caller, state.app.reader());
    if let Some(id) = page.starting_after.or(page.ending_before) {
        let known = reader.entry(caller.tenant_id, EntryId::from_id128(id)).await?.is_some();
        known.then_some(()).ok_or_else(|| Problem::new(Code::CursorInvalid))?;
    }
    let view = |booked: &_| EntryView::of(booked, caller, state.live());
    match (account, payment) {
        (Some(text), None) => {
            let account: Account = refer::row(&state, &(caller.tenant_id, refer::parse_id(&text)?)).await?;
            if !sees_owner(caller, account.owner) {
                return Err(Problem::not_found());
            }
            let listed = reader.entries_of_account((caller.tenant_id, account.id), page).await?;
            List::of(&listed, view).answer()
        }
        (None, Some(text)) => {
            let payment = refer::payment(&state, caller, refer::parse_id(&text)?).await?;
            let entries = reader.entries_of_payment(payment.tenant_id, payment.id).await?;
            let data = entries.iter().map(view).filter(|entry| !entry.lines.is_empty()).collect();
            Answer::ok(&List { object: "list", data, has_more: false, summary: None })
        }
        _ => Err(Problem::field(Code::ParameterInvalid, "?account", "either account or payment")),
    }
}
