//! The embedded database: one process at a time, and a disk that is full for a while.

use crate::database::Database;
use crate::merchant::{Answer, MERCHANTS, Merchant};
use crate::sink::Sink;
use crate::town::{BINARY, Town, until};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::process::Command;

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_on_one_directory_is_refused() {
    let town = Town::found(Database::Sqlite, 2);
    let first = town.start(0, None).await;
    let second = town.serve(1).env_remove("TILLKEEPER_DATABASE").output().unwrap();
    assert!(!second.status.success());
    let said = String::from_utf8_lossy(&second.stderr);
    let holder = format!("another tillkeeper process (pid {})", first.0.id());
    assert!(said.contains(&holder) && said.contains("stop it first"), "{said}");
    first.kill();
    // The system lets go of the lock with the process: the other starts now.
    town.start(1, None).await.kill();
    town.verify();
}

/// The most payments sent to fill the disk.
const FILLING_MAX: u32 = 20_000;

/// A disk that is full is played by the limit on the size of files: the process may write on once it is lifted.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_a_503_and_leaves_no_half_state() {
    let town = Town::found(Database::Sqlite, 1);
    let sink = Sink::open(&town.directory.path().join("sink.journal")).await;
    let merchant = Merchant::settle(&town, &sink).await;
    let mut limited = Command::new("bash");
    limited.args(["-c", "trap '' XFSZ; ulimit -S -f 6144; exec \"$@\"", "bash", BINARY, "serve", "--config"]);
    limited.arg(town.configuration(0));
    let server = town.start_with(0, limited).await;
    let mut done: BTreeSet<String> = BTreeSet::new();
    let mut filling = 0;
    let first_refused = loop {
        let answer = create(&merchant, filling).await;
        if !answer.done() {
            break answer;
        }
        done.insert(answer.text("id").to_owned());
        filling += 1;
        assert!(filling < FILLING_MAX, "the disk is never full");
    };
    assert!(!done.is_empty());
    assert_eq!((first_refused.status, first_refused.text("code")), (503, "storage_unavailable"));
    for number in filling..filling + 5 {
        assert_eq!(create(&merchant, number).await.status, 503);
    }
    assert_eq!(listed(&merchant).await, done, "reads go on, and nothing refused was kept");
    let pid = server.0.id().to_string();
    let lifted = Command::new("prlimit").args(["--fsize=unlimited", "--pid", &pid]).status();
    assert!(lifted.unwrap().success());
    for number in filling..filling + 5 {
        let answer =
            until("space is back", async || Some(create(&merchant, number).await).filter(Answer::done)).await;
        assert_eq!(answer.status, 201);
        done.insert(answer.text("id").to_owned());
    }
    server.kill();
    town.verify();
    let server = town.start(0, None).await;
    assert_eq!(listed(&merchant).await, done);
    server.kill();
    println!("full disk: {filling} payments before, {} after", done.len());
}

async fn create(merchant: &Merchant, number: u32) -> Answer {
    let order = json!({
        "merchant": MERCHANTS[0], "product": "delay", "merchant_order_no": format!("F{number:06}"), "amount": 3_000,
        "currency": "CNY", "description": "航延险", "metadata": { "note": "x".repeat(400) },
    });
    let key = format!("full-{number}");
    until("an answer", async || merchant.try_post("/v1/payments", (&key, &order)).await).await
}

async fn listed(merchant: &Merchant) -> BTreeSet<String> {
    let id = |payment: &Value| payment["id"].as_str().unwrap().to_owned();
    merchant.list("/v1/payments").await.iter().map(id).collect()
}
