//! A place that takes callbacks and acknowledges them as the adapter says, or turns them away for a while.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use tillkeeper_channels::{Contract, Headers, Reply};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

type Taken = (Headers, Vec<u8>);

/// What the place and its test share.
struct Door {
    taken: mpsc::UnboundedSender<Taken>,
    missed: mpsc::UnboundedSender<()>,
    away: AtomicBool,
    acknowledgement: OnceLock<Reply>,
}

pub struct Callbacks {
    door: Arc<Door>,
    taken: mpsc::UnboundedReceiver<Taken>,
    missed: mpsc::UnboundedReceiver<()>,
}

impl Callbacks {
    /// The next callback that was taken.
    pub async fn recv(&mut self) -> Option<Taken> {
        self.taken.recv().await
    }

    /// From now on callbacks are turned away, or taken again.
    pub fn turn_away(&self, away: bool) {
        self.door.away.store(away, Ordering::SeqCst);
    }

    /// Waits until one was turned away.
    pub async fn missed(&mut self) {
        self.missed.recv().await.unwrap();
    }

    /// Answers as this contract's channel wants it.
    pub fn answer_for(&self, contract: &Contract) {
        self.door.acknowledgement.set(contract.acknowledgement()).unwrap();
    }
}

async fn take(State(door): State<Arc<Door>>, headers: HeaderMap, body: Bytes) -> Response {
    if door.away.load(Ordering::SeqCst) {
        door.missed.send(()).unwrap();
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let texts = headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
    door.taken.send((Headers::of(texts), body.to_vec())).unwrap();
    let Reply { status, content_type, body } = door.acknowledgement.get().unwrap().clone();
    (StatusCode::from_u16(status).unwrap(), [("content-type", content_type)], body.into_owned())
        .into_response()
}

/// Its address, what arrives there, and the server.
pub async fn merchant() -> (String, Callbacks, JoinHandle<()>) {
    let (taken, took) = mpsc::unbounded_channel();
    let (missed, turned_away) = mpsc::unbounded_channel();
    let (away, acknowledgement) = (AtomicBool::new(false), OnceLock::new());
    let door = Arc::new(Door { taken, missed, away, acknowledgement });
    let router = Router::new().route("/callback", post(take)).with_state(Arc::clone(&door));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/callback", listener.local_addr().unwrap());
    let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (url, Callbacks { door, taken: took, missed: turned_away }, server)
}
