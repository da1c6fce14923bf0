//! Who pays inside WeChat: to the official account's sign-in and back with a code, which begins the attempt.

use super::answer;
use super::attempts;
use super::entry::{Entry, key};
use super::methods;
use super::pages;
use super::stage::Rows;
use crate::state::WebState;
use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::http::request::Parts;
use axum::response::Response;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use serde::Deserialize;
use std::num::NonZeroU32;
use std::sync::LazyLock;
use std::time::Duration;
use tk_app::Failure;
use tk_app::payer::{Errand, OauthError};
use tk_domain::channel_account::{ChannelAccount, Method};
use tk_domain::id::Id128;
use tk_domain::payment::ChannelPayer;
use tk_domain::refusal::Refusal;
use tk_domain::routing::{Demand, route};

/// The method whose payer has to be known.
const METHOD: Method = Method::WechatJsapi;
/// Payments whose last sign-ins are remembered, at most about this many.
const REMEMBERED_MAX: usize = 50_000;
/// Sign-ins of one payment in quick succession, and how long one more takes to grow.
const BURST: u32 = 6;
const ONE_MORE: Duration = Duration::from_secs(10);

static ASKED: LazyLock<DefaultKeyedRateLimiter<Id128>> = LazyLock::new(|| {
    let quota = Quota::with_period(ONE_MORE).unwrap_or(Quota::per_minute(NonZeroU32::MIN));
    RateLimiter::keyed(quota.allow_burst(NonZeroU32::MIN.saturating_add(BURST - 1)))
});

/// What WeChat brings back.
#[derive(Debug, Deserialize)]
pub struct Brought {
    code: String,
    state: String,
}

/// Sends the browser to the sign-in, which asks the payer nothing.
pub async fn ask(State(web): State<WebState>, Path(token): Path<String>, parts: Parts) -> Response {
    let (entry, rows) = match opened(web, token, &parts).await {
        Ok(opened) => opened,
        Err(response) => return response,
    };
    let Some(account) = account(&entry, &rows) else { return attempts::not_offered(&entry, &rows) };
    if !may_ask(&entry) {
        let busy = answer::Untold { status: StatusCode::TOO_MANY_REQUESTS, code: "rate_limited" };
        return answer::untold(&entry, busy, "sign-in-too-often");
    }
    let back = format!("{}/c/{}/payer", entry.visit.base_url, entry.visit.token);
    match entry.state.app.sign_in_url(errand(&entry, account), &back).await {
        Ok(Some(address)) => answer::page(
            &entry,
            StatusCode::OK,
            pages::sign_in(&entry.visit, &rows, METHOD, address).render(),
        ),
        Ok(None) => attempts::not_offered(&entry, &rows),
        Err(failure) => answer::fault(&entry, failure, "money-nothing-done"),
    }
}

/// Back from the sign-in: the state is used up, the code exchanged, and the attempt begun.
pub async fn back(
    State(web): State<WebState>,
    Path(token): Path<String>,
    brought: Result<Query<Brought>, QueryRejection>,
    parts: Parts,
) -> Response {
    let (entry, rows) = match opened(web, token, &parts).await {
        Ok(opened) => opened,
        Err(response) => return response,
    };
    let Some(account) = account(&entry, &rows) else { return attempts::not_offered(&entry, &rows) };
    let Ok(Query(brought)) = brought else { return stale(&entry) };
    let (state, code) = (brought.state.as_str(), brought.code.as_str());
    let told = entry.state.app.signed_in(errand(&entry, account), (state, code), entry.origin.clone()).await;
    match told {
        Ok(Ok(payer)) => begin(&entry, &rows, payer).await,
        Ok(Err(error)) => unknown(&entry, &error),
        Err(Failure::Refused(Refusal::OauthStateInvalid)) => stale(&entry),
        Err(Failure::Refused(_)) => answer::onward(&entry, ""),
        Err(failure) => answer::fault(&entry, failure, "money-nothing-done"),
    }
}

async fn begin(entry: &Entry, rows: &Rows, payer: ChannelPayer) -> Response {
    let kept = payer.mark.as_deref().and_then(|mark| entry.payer_cookie(mark));
    let command = attempts::command(entry, rows, METHOD);
    let command = tk_domain::payment::StartAttempt { known_as: Some(payer), ..command };
    let mut response = attempts::begin(entry, rows, command).await;
    if let Some(cookie) = kept {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

/// The payment as it stands, where it still waits for a payer's choice.
async fn opened(web: WebState, token: String, parts: &Parts) -> Result<(Entry, Rows), Response> {
    let mut entry = Entry::open(web, token, parts).await?;
    let rows = match entry.rows().await {
        Ok(Some(rows)) => rows,
        Ok(None) => return Err(answer::not_found(&entry.state, &parts.headers)),
        Err(failure) => return Err(answer::fault(&entry, failure, "money-nothing-done")),
    };
    if rows.payment.status.terminal() {
        return Err(answer::onward(&entry, ""));
    }
    entry.visit.terminal = entry.terminal(&rows);
    Ok((entry, rows))
}

/// The contract that would take the payment, where the cashier offers the method here.
fn account<'a>(entry: &Entry, rows: &'a Rows) -> Option<&'a ChannelAccount> {
    let offers = methods::offered(rows, entry.visit.terminal);
    let offered = offers.iter().any(|offer| offer.available && offer.method == METHOD);
    let chosen = route(rows.accounts.iter(), METHOD, &Demand::of(&rows.payment)).chosen;
    rows.accounts.iter().find(|account| offered && Some(account.id) == chosen)
}

const fn errand<'a>(entry: &'a Entry, account: &'a ChannelAccount) -> Errand<'a> {
    Errand { tenant_id: entry.tenant_id, payment_id: entry.payment_id, account, browser: entry.browser() }
}

/// A state that is not this browser's for this payment, is too old or was used.
fn stale(entry: &Entry) -> Response {
    tracing::warn!(payment = %entry.payment_id, "a sign-in came back with a state that is not good");
    let code = Refusal::OauthStateInvalid.code();
    answer::untold(entry, answer::Untold { status: StatusCode::FORBIDDEN, code }, "sign-in-stale")
}

/// The channel did not say who it is; its own words, which might hold the code, go nowhere.
fn unknown(entry: &Entry, error: &OauthError) -> Response {
    tracing::warn!(payment = %entry.payment_id, %error, "the payer could not be told");
    let untold = answer::Untold { status: StatusCode::BAD_GATEWAY, code: "payer_unknown" };
    answer::untold(entry, untold, "sign-in-unknown")
}

fn may_ask(entry: &Entry) -> bool {
    if ASKED.len() > REMEMBERED_MAX {
        ASKED.retain_recent();
    }
    ASKED.check_key(&key(entry.payment_id)).is_ok()
}
