//! The gateway over HTTP: its wire, a payer's page, notifications, a control interface.

mod control;
mod gateway;
mod notifier;
mod page;
mod sandbox;

pub use sandbox::{Clock, Gateway, GatewayConfig, GatewayError};

use std::future::Future;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use tokio::net::TcpListener;

/// The longest request body taken, in bytes.
const BODY_MAX_BYTES: usize = 256 * 1024;

/// Serves the gateway on a bound listener, with its notifier, until `stop` resolves.
pub async fn serve(
    listener: TcpListener,
    config: GatewayConfig,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), GatewayError> {
    let gateway = Gateway::new(config)?;
    let notifier = tokio::spawn(notifier::run(Arc::clone(&gateway)));
    let served = axum::serve(listener, router(gateway)).with_graceful_shutdown(stop).await;
    notifier.abort();
    served.map_err(GatewayError::Listener)
}

/// The routes of a gateway, all under `/unionpay`, for embedding; run [`notify_forever`] beside them.
pub fn router(gateway: Arc<Gateway>) -> Router {
    Router::new()
        .route("/unionpay/gateway/api/frontTransReq.do", post(page::open))
        .route("/unionpay/gateway/api/backTransReq.do", post(gateway::back))
        .route("/unionpay/gateway/api/queryTrans.do", post(gateway::query))
        .route("/unionpay/file/", post(gateway::file))
        .route("/unionpay/page/{name}/{act}", post(page::act))
        .route("/unionpay/phone", get(page::phone))
        .route(page::STYLE, get(crate::look::stylesheet))
        .nest("/control/unionpay", control::routes())
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
        .with_state(gateway)
}

/// Delivers the notifications of a gateway until dropped.
pub async fn notify_forever(gateway: Arc<Gateway>) {
    notifier::run(gateway).await;
}
