//! Back from a wallet: whatever the address says, it only makes us ask the channel.

use super::entry::{Entry, key};
use super::{answer, wait};
use crate::state::WebState;
use axum::extract::{Path, State};
use axum::http::request::Parts;
use axum::response::Response;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::num::NonZeroU32;
use std::sync::LazyLock;
use std::time::Duration;
use tk_domain::id::Id128;
use tk_domain::payment::RequestQuery;

/// Payments whose last questions are remembered, at most about this many.
const REMEMBERED_MAX: usize = 50_000;
/// Questions that one payment's pages may ask in quick succession, and how long one more takes to grow.
const BURST: u32 = 3;
const ONE_MORE: Duration = Duration::from_secs(3);

static ASKED: LazyLock<DefaultKeyedRateLimiter<Id128>> = LazyLock::new(|| {
    let quota = Quota::with_period(ONE_MORE).unwrap_or(Quota::per_minute(NonZeroU32::MIN));
    RateLimiter::keyed(quota.allow_burst(NonZeroU32::MIN.saturating_add(BURST - 1)))
});

/// Asks the channel and leads to the page that waits for the answer; the query string is not read.
pub async fn query(State(state): State<WebState>, Path(token): Path<String>, parts: Parts) -> Response {
    let entry = match Entry::open(state, token, &parts).await {
        Ok(entry) => entry,
        Err(response) => return response,
    };
    if may_ask(&entry) {
        let command = RequestQuery {
            tenant_id: entry.tenant_id,
            payment_id: entry.payment_id,
            lease_us: 0,
            origin: entry.origin.clone(),
        };
        let wait_us = entry.state.config.limits.channel_wait_us / 2;
        if let Err(failure) = entry.state.app.query_payment(command, wait_us).await {
            tracing::warn!(%failure, "a query for a returning payer failed; the page shows what is known");
        }
    }
    answer::onward(&entry, &wait::confirming_path(entry.visit.now_us))
}

/// Back by a form that the channel's page had posted: read as little as the query string is, and only led on.
pub async fn posted(State(web): State<WebState>, Path(token): Path<String>) -> Response {
    answer::led_on(&web, &token, "/return")
}

/// Whether this payment's pages may ask somebody outside once more now.
pub(super) fn may_ask(entry: &Entry) -> bool {
    if ASKED.len() > REMEMBERED_MAX {
        ASKED.retain_recent();
    }
    ASKED.check_key(&key(entry.payment_id)).is_ok()
}
