//! A place that takes callbacks and acknowledges them.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use tillkeeper_channels::Headers;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

pub type Callbacks = mpsc::UnboundedReceiver<(Headers, Vec<u8>)>;
type Taken = (mpsc::UnboundedSender<(Headers, Vec<u8>)>, &'static str);

/// Its address, what arrives there, and the server.
pub async fn merchant(acknowledgement: &'static str) -> (String, Callbacks, JoinHandle<()>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let take = |State((taken, answer)): State<Taken>, headers: HeaderMap, body: Bytes| async move {
        let texts = headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
        taken.send((Headers::of(texts), body.to_vec())).unwrap();
        answer
    };
    let router = Router::new().route("/callback", post(take)).with_state((sender, acknowledgement));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/callback", listener.local_addr().unwrap());
    (url, receiver, tokio::spawn(async move { axum::serve(listener, router).await.unwrap() }))
}
