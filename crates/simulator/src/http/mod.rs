//! The sandbox: each channel's interfaces, a wallet, notifications and bills over HTTP, around the pure core.

pub mod alipay_words;
mod answer;
mod bills;
mod call;
mod control;
mod gateway;
pub mod lab;
mod notifier;
mod sandbox;
mod wallet;
pub mod wechat;

pub use answer::answer_node;
pub use call::typed_call;
pub use sandbox::{Clock, NotifyTargets, Sandbox, SandboxApp, SandboxConfig, SandboxError};

use std::future::Future;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use tokio::net::TcpListener;

use crate::bank::http::BankSite;
use crate::core::House;
use crate::unionpay::http::Gateway;

/// The longest request body taken, in bytes.
const BODY_MAX_BYTES: usize = 256 * 1024;

/// Serves the sandbox on a bound listener, with its notifier, until `stop` resolves.
pub async fn serve(
    listener: TcpListener,
    config: SandboxConfig,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), SandboxError> {
    serve_beside(listener, config, Beside::default(), stop).await
}

/// What else is served beside the wallets.
#[derive(Debug, Default)]
pub struct Beside {
    /// UnionPay's gateway.
    pub gateway: Option<Arc<Gateway>>,
    /// The bank.
    pub bank: Option<Arc<BankSite>>,
    /// Routes of others.
    pub others: Router,
}

/// Serves the sandbox, its lab and, on the same listener, what is beside it.
pub async fn serve_beside(
    listener: TcpListener,
    config: SandboxConfig,
    beside: Beside,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), SandboxError> {
    let Beside { gateway, bank, others } = beside;
    let address = listener.local_addr().map_err(SandboxError::Listener)?;
    let sandbox = Sandbox::new(config, &format!("http://{address}"))?;
    let notifier = tokio::spawn(notifier::run(Arc::clone(&sandbox)));
    let mut routes = router(Arc::clone(&sandbox)).merge(others);
    let mut notifiers = vec![notifier];
    if let Some(gateway) = &gateway {
        notifiers.push(tokio::spawn(crate::unionpay::http::notify_forever(Arc::clone(gateway))));
        routes = routes.merge(crate::unionpay::http::router(Arc::clone(gateway)));
    }
    if let Some(bank) = &bank {
        routes = routes.merge(crate::bank::http::router(Arc::clone(bank)));
    }
    routes = routes.merge(lab::router(lab::Lab { sandbox, gateway, bank, hand: None }));
    let served = axum::serve(listener, routes).with_graceful_shutdown(stop).await;
    for notifier in notifiers {
        notifier.abort();
    }
    served.map_err(SandboxError::Listener)
}

/// The routes of a sandbox, for embedding; run [`notify_forever`] beside them.
pub fn router(sandbox: Arc<Sandbox>) -> Router {
    Router::new()
        .route("/gateway.do", get(gateway::call).post(gateway::call))
        .route("/wallet/{app_id}/{token}", get(wallet::show))
        .route("/wallet/{app_id}/{token}/{act}", post(wallet::act))
        .route(wallet::STYLE, get(crate::look::stylesheet))
        .route("/bill/{ticket}", get(bills::download))
        .merge(wechat::routes())
        .nest("/control/alipay", control::routes(House::Alipay))
        .nest("/control/wechatpay", control::routes(House::Wechatpay))
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
        .with_state(sandbox)
}

/// Delivers the notifications of a sandbox until dropped.
pub async fn notify_forever(sandbox: Arc<Sandbox>) {
    notifier::run(sandbox).await;
}
