//! Starting an attempt: the form names a method; everything else is as stored.

use super::entry::Entry;
use super::pages::Notice;
use super::stage::Rows;
use super::{answer, methods, pages, transfer};
use crate::api::expected_payer as expected;
use crate::locale::text;
use crate::state::WebState;
use askama::Template;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use tk_app::Failure;
use tk_domain::channel_account::Method;
use tk_domain::payment::{ActionKind, Attempt, StartAttempt};
use tk_domain::refusal::Refusal;

/// Starts an attempt by the method chosen and leads to what the payer has to do.
pub async fn start(State(state): State<WebState>, Path(token): Path<String>, request: Request) -> Response {
    let (mut entry, answers) = match Entry::with_form(state, token, request).await {
        Ok(opened) => opened,
        Err(response) => return response,
    };
    let rows = match entry.rows().await {
        Ok(Some(rows)) => rows,
        Ok(None) => return answer::onward(&entry, ""),
        Err(failure) => return answer::fault(&entry, failure, "money-nothing-done"),
    };
    entry.visit.terminal = entry.terminal(&rows);
    if rows.payment.status.terminal() {
        return answer::onward(&entry, "");
    }
    let chosen = Method::parse(answers.get("method"));
    let offers = methods::offered(&rows, entry.visit.terminal);
    let offered =
        chosen.filter(|method| offers.iter().any(|offer| offer.available && offer.method == *method));
    let Some(method) = offered else { return not_offered(&entry, &rows) };
    if method == Method::QuickPay && !already_open(&rows, method) {
        return to_cards(&entry, &rows).await;
    }
    if method == Method::WechatJsapi && !(already_open(&rows, method) && is_his(&entry, &rows)) {
        return answer::onward(&entry, "/sign-in");
    }
    begin(&entry, &rows, command(&entry, &rows, method)).await
}

/// To the payer's cards; an attempt by another method is closed at the channel first, as far as that can be proven now.
async fn to_cards(entry: &Entry, rows: &Rows) -> Response {
    if rows.open().is_some() {
        let wait_us = entry.state.config.limits.channel_wait_us;
        let closing = command(entry, rows, Method::QuickPay);
        // Without a card it begins nothing.
        match entry.state.app.start_attempt(closing, wait_us).await {
            Err(Failure::Refused(Refusal::TransferPartReceived)) => {
                return transfer::bound_by_part(entry).await;
            }
            Err(failure) => tracing::debug!(%failure, "the way to the cards"),
            Ok(_) => {}
        }
    }
    answer::onward(entry, "/card")
}

/// Begins the attempt and leads to what the payer has to do.
pub(super) async fn begin(entry: &Entry, rows: &Rows, command: StartAttempt) -> Response {
    let wait_us = entry.state.config.limits.channel_wait_us;
    match entry.state.app.start_attempt(command, wait_us).await {
        Ok((_, attempt)) => answer::onward(entry, next(&attempt)),
        Err(failure) => refused(entry, rows, failure).await,
    }
}

fn already_open(rows: &Rows, method: Method) -> bool {
    rows.open().is_some_and(|open| open.method == method && open.close_requested_at_us.is_none())
}

/// Whether the open order is good for this browser's payer.
fn is_his(entry: &Entry, rows: &Rows) -> bool {
    rows.open().is_some_and(|open| pages::is_his(&entry.visit, open))
}

/// The attempt by a method as the stored rows make it.
pub(super) fn command(entry: &Entry, rows: &Rows, method: Method) -> StartAttempt {
    StartAttempt {
        tenant_id: entry.tenant_id,
        payment_id: entry.payment_id,
        method,
        auth_code: None,
        payer: expected(&entry.state, &rows.payment),
        known_as: None,
        card: None,
        payer_ip: entry.origin.ip.clone(),
        return_url: Some(format!("{}/c/{}/return", entry.visit.base_url, entry.visit.token)),
        lease_us: 0,
        origin: entry.origin.clone(),
    }
}

fn next(attempt: &Attempt) -> &'static str {
    match &attempt.action {
        Some(action) if action.kind == ActionKind::Redirect => "/wallet",
        Some(_) | None => "",
    }
}

/// The choice again: that method is not offered here.
pub(super) fn not_offered(entry: &Entry, rows: &Rows) -> Response {
    let locale = entry.visit.locale;
    let code = Refusal::ChannelNotAvailable.code();
    let notice = Notice {
        tone: "bad",
        line: text(locale, "not-offered", &[]),
        detail: format!("{} {code}", text(locale, "support-code", &[])),
    };
    let page = methods::choose(&entry.visit, rows, vec![notice]);
    answer::page(entry, StatusCode::UNPROCESSABLE_ENTITY, page.render())
}

/// A payment that has moved on is shown as it stands; what is left is said plainly.
async fn refused(entry: &Entry, rows: &Rows, failure: Failure) -> Response {
    let Failure::Refused(refusal) = failure else {
        return answer::fault(entry, failure, "money-look-again");
    };
    if matches!(refusal, Refusal::ChannelNotAvailable) {
        not_offered(entry, rows)
    } else if matches!(refusal, Refusal::TransferPartReceived) {
        transfer::bound_by_part(entry).await
    } else if matches!(refusal, Refusal::TooManyAttempts { .. }) {
        answer::refused(entry, StatusCode::UNPROCESSABLE_ENTITY, refusal.code(), "too-many-attempts")
    } else {
        answer::onward(entry, "")
    }
}
