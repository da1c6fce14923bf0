//! The demo's order system at the other end of the webhooks: it answers 500 now and then, then 200.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Where it receives.
pub const PATH: &str = "/demo/webhooks";
/// One answer out of this many is a 500.
const STUMBLES_EVERY: u64 = 25;

/// The receiver, at `/demo/webhooks`.
pub fn router() -> Router {
    Router::new().route(PATH, post(receive)).with_state(Arc::new(AtomicU64::new(0)))
}

async fn receive(State(received): State<Arc<AtomicU64>>) -> StatusCode {
    let number = received.fetch_add(1, Ordering::Relaxed);
    if number % STUMBLES_EVERY == STUMBLES_EVERY - 1 {
        StatusCode::INTERNAL_SERVER_ERROR
    } else {
        StatusCode::OK
    }
}
