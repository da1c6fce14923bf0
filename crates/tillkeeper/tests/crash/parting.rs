//! A process that is asked to end lets its conversations with channels end first.

use crate::channel::Channel;
use crate::database::Database;
use crate::merchant::Merchant;
use crate::sink::Sink;
use crate::town::{Process, Town, until};
use serde_json::{Value, json};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Stands before the channel and keeps what it answers to calls, while it is told to.
struct Gate {
    url: String,
    keeps: watch::Sender<bool>,
    asked: Arc<AtomicUsize>,
}

impl Gate {
    async fn before(channel: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (keeps, kept) = watch::channel(false);
        let asked = Arc::new(AtomicUsize::new(0));
        let (behind, counted) = (channel.trim_start_matches("http://").to_owned(), Arc::clone(&asked));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(pass(stream, behind.clone(), (kept.clone(), Arc::clone(&counted))));
            }
        });
        Self { url, keeps, asked }
    }
}

/// One connection, both ways; answers wait at an open gate for nobody.
async fn pass(near: TcpStream, behind: String, (mut kept, asked): (watch::Receiver<bool>, Arc<AtomicUsize>)) {
    let Ok(far) = TcpStream::connect(behind).await else { return };
    let ((mut near_in, mut near_out), (mut far_in, mut far_out)) = (near.into_split(), far.into_split());
    let there = async move {
        let mut bytes = vec![0; 16 * 1024];
        while let Ok(count @ 1..) = near_in.read(&mut bytes).await {
            let call = bytes[..count].windows(10).any(|part| part == b"gateway.do");
            asked.fetch_add(usize::from(call), Ordering::SeqCst);
            if far_out.write_all(&bytes[..count]).await.is_err() {
                return;
            }
        }
    };
    let back = async move {
        let mut bytes = vec![0; 16 * 1024];
        while let Ok(count @ 1..) = far_in.read(&mut bytes).await {
            if kept.wait_for(|keeps| !keeps).await.is_err()
                || near_out.write_all(&bytes[..count]).await.is_err()
            {
                return;
            }
        }
    };
    tokio::join!(there, back);
}

/// SIGTERM, as an init system sends it.
fn ask_to_end(server: &Process) {
    let sent = Command::new("kill").args(["-TERM", &server.0.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

fn refuses(url: &str) -> bool {
    std::net::TcpStream::connect(url.trim_start_matches("http://")).is_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_asked_to_end_notes_first_what_channels_answer() {
    let mut town = Town::found(Database::Sqlite, 1);
    let gate = Gate::before(&town.channel.url).await;
    town.channel = Channel::new(gate.url.clone());
    let sink = Sink::open(&town.directory.path().join("sink.journal")).await;
    let merchant = Merchant::settle(&town, &sink).await;
    let mut server = town.start(0, None).await;
    let order = json!({
        "merchant": "alpha", "merchant_order_no": "P-1", "product": "delay", "amount": 1_000, "currency": "CNY",
        "description": "航延险",
    });
    let payment = merchant.post("pay", "/v1/payments", &order).await;
    let id = payment.text("id").to_owned();
    gate.keeps.send_replace(true);
    let asked = gate.asked.load(Ordering::SeqCst);
    let waits = tokio::spawn({
        let (merchant, path) = (merchant.clone(), format!("/v1/payments/{id}/attempts"));
        async move { merchant.try_post(&path, ("parting-1", &json!({ "method": "alipay_qr" }))).await }
    });
    until("the channel is asked", async || (gate.asked.load(Ordering::SeqCst) > asked).then_some(())).await;
    // Whoever asked for the attempt goes away, so that nothing waits for the channel but the conversation.
    waits.abort();
    ask_to_end(&server);
    until("it takes nothing more", async || refuses(&town.urls[0]).then_some(())).await;
    assert!(server.exited().is_none(), "it waits for the channel");
    gate.keeps.send_replace(false);
    assert!(server.end().await.success());
    // What the channel answered was noted by it, and waits for nobody's lease to end.
    let again = town.start(0, None).await;
    let path = format!("/v1/payments/{id}?expand[]=latest_attempt");
    let found: Value = merchant.get(&path).await;
    assert_eq!(found["latest_attempt"]["action"]["kind"], "qr", "{found}");
    again.kill();
    town.verify();
}
