//! WeChat Pay's interfaces over HTTP: `/v3/…`, the official account's OAuth, callbacks and bills.

mod answer;
mod bills;
mod browser;
mod call;
mod gateway;
pub(in crate::http) mod notice;
mod oauth;
mod sharing;

pub(super) use bills::sheet as sheet_of;

pub use answer::{Answer, answer_of, order_fields, refund_fields};
pub use call::{Asked, typed_call};
pub use gateway::with_order;
pub use notice::notice_of;
pub(super) use oauth::SignIns;

use std::sync::Arc;

use axum::Router;
use axum::routing::{any, get, post};

use super::sandbox::Sandbox;

/// The routes of the platform.
pub(super) fn routes() -> Router<Arc<Sandbox>> {
    Router::new()
        .route("/v3/billdownload/file", get(bills::download))
        .route("/v3/{*rest}", any(gateway::call))
        .route("/connect/oauth2/authorize", get(oauth::authorize))
        .route("/sns/oauth2/access_token", get(oauth::access_token))
        .route("/control/wechatpay/sign_in_faults", post(oauth::script))
        .route("/wechat/open", get(browser::open))
        .route("/wechat/bridge.js", get(browser::script))
        .route("/wechat/sheet", post(browser::sheet))
        .route("/c/{*rest}", any(browser::page))
        .route("/assets/{*rest}", get(browser::page))
}
