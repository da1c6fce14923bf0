//! WeChat Pay's interfaces over HTTP: `/v3/…`, the official account's OAuth, callbacks and bills.

mod answer;
mod bills;
mod call;
mod gateway;
pub(in crate::http) mod notice;
mod oauth;

pub(super) use bills::sheet as sheet_of;

pub use answer::{Answer, answer_of, order_fields, refund_fields};
pub use call::{Asked, typed_call};
pub use gateway::with_order;
pub use notice::notice_of;

use std::sync::Arc;

use axum::Router;
use axum::routing::{any, get};

use super::sandbox::Sandbox;

/// The routes of the platform.
pub(super) fn routes() -> Router<Arc<Sandbox>> {
    Router::new()
        .route("/v3/billdownload/file", get(bills::download))
        .route("/v3/{*rest}", any(gateway::call))
        .route("/connect/oauth2/authorize", get(oauth::authorize))
        .route("/sns/oauth2/access_token", get(oauth::access_token))
}
