//! Connections: how many at once, and how long each may take to say what it wants and to hear the answer.

use crate::WebState;
use crate::rooms::{Place, Rooms};
use crate::stalling::Stalling;
use axum::Router;
use axum::extract::connect_info::ConnectInfo;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::ServiceExt as _;

/// How long requests under way may take to finish when the server stops.
const FINISH: Duration = Duration::from_secs(30);
/// How long to wait before accepting again after the system refused (no file descriptors left).
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// How long a peer may leave an answer unread.
const UNREAD: Duration = Duration::from_secs(20);

/// Serves the public port until `stop` ends, then lets requests under way finish.
pub async fn serve(
    listener: TcpListener,
    state: WebState,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let limits = &state.config.limits;
    let builder = builder(Duration::from_millis(limits.header_timeout_ms));
    let room = Arc::new(Semaphore::new(limits.connections_max));
    let rooms = Arc::new(Rooms::default());
    let router = crate::router(&state);
    let graceful = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        // One more than there is room for waits in the system's own bounded queue.
        let (stream, peer, place) = tokio::select! {
            () = &mut stop => break,
            accepted = accept(&listener, &room) => accepted?,
        };
        let ip = peer.ip().to_canonical();
        // A proxy that we trust speaks for many, and counts them itself.
        let trusted = state.config.trusted_proxies.contains(&ip);
        let most = if trusted { limits.connections_max } else { limits.connections_per_address_max };
        let Some(own) = rooms.enter(ip, most) else { continue };
        let places = (place, own);
        tokio::spawn(converse((stream, peer, places), (builder.clone(), router.clone()), graceful.watcher()));
    }
    drop(listener);
    if tokio::time::timeout(FINISH, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests were still under way when the server stopped");
    }
    Ok(())
}

fn builder(header_timeout: Duration) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(header_timeout);
    builder
}

async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> std::io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = Arc::clone(room).acquire_owned().await.map_err(std::io::Error::other)?;
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return Ok((stream, peer, place)),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_AGAIN).await;
            }
        }
    }
}

async fn converse(
    (stream, peer, _places): (TcpStream, SocketAddr, (OwnedSemaphorePermit, Place)),
    (builder, router): (http1::Builder, Router),
    watcher: Watcher,
) {
    // Answers are small and written whole: waiting to fill a packet only delays them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY");
    }
    let service = router.map_request(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        request.map(axum::body::Body::new)
    });
    let stream = Stalling::new(TokioIo::new(stream), UNREAD);
    let connection = builder.serve_connection(stream, TowerToHyperService::new(service));
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "a connection ended badly");
    }
}
