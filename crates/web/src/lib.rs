//! HTTP: the API, the cashier pages and the channels' callbacks.
//!
//! A handler parses, hands a command or a question to the application, and writes the answer; it decides
//! nothing. The permission a handler needs is the type of its first argument.

pub mod api;
pub mod auth;
pub mod callbacks;
pub mod cashier;
pub mod envelope;
mod listener;
pub mod locale;
pub mod parse;
pub mod problem;
mod rooms;
mod stalling;
mod state;

pub use listener::serve;
pub use state::{Environment, Limits, WebConfig, WebState};

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};

/// Every public route inside its envelope.
pub fn router(state: &WebState) -> Router {
    Router::new()
        .merge(api::router(state))
        .merge(callbacks::router())
        .merge(cashier::router())
        .fallback(envelope::not_found)
        .layer(from_fn(envelope::method_problems))
        .layer(from_fn_with_state(state.clone(), envelope::envelope))
        .with_state(state.clone())
}
