use serde_json::json;
use tk_formats::alipay::notify::{self, Notice, NotifyError};
use tk_formats::alipay::response::ResponseError;

use super::bench::{APP_ID, Bench, Merchant, precreate, refund};

async fn paid(bench: &Bench, merchant: &Merchant) {
    let made: Result<_, ResponseError> = bench.call(&precreate("T1", Some(&merchant.url))).await;
    made.unwrap();
    bench.control("orders/T1/pay", None).await;
}

async fn pending(bench: &Bench) -> i64 {
    bench.look("notifications").await.1["pending"].as_i64().unwrap()
}

#[tokio::test]
async fn payment_and_refund_are_notified_once_acknowledged() {
    let bench = Bench::start().await;
    let merchant = Merchant::start("success").await;
    paid(&bench, &merchant).await;
    merchant.wait(1).await;
    bench.call(&refund("T1", "8.88", "R1")).await.unwrap();
    let bodies = merchant.wait(2).await;
    let mut told = Vec::new();
    for body in &bodies {
        let notification = notify::decode(body, None, &bench.platform_key()).unwrap();
        assert_eq!(notification.app_id, APP_ID);
        let Notice::Trade(trade) = notification.notice else { panic!("not a trade") };
        told.push((trade.total_amount_fen, trade.refund_fee_fen, trade.out_biz_no));
    }
    assert_eq!(told, [(8_888, None, None), (8_888, Some(888), Some("R1".to_owned()))]);
    while pending(&bench).await > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn anything_but_success_is_sent_again() {
    let bench = Bench::start().await;
    let merchant = Merchant::start("SUCCESS").await;
    paid(&bench, &merchant).await;
    merchant.wait(1).await;
    bench.control("clock/advance", Some(json!({ "by_us": 240_000_000 }))).await;
    merchant.wait(2).await;
    bench.control("notifications/flush", None).await;
    merchant.wait(3).await;
    assert_eq!(pending(&bench).await, 1);
}

#[tokio::test]
async fn forged_notifications_do_not_verify() {
    for (seal, expected) in [("wrong_key", "signature"), ("unsigned", "missing"), ("probe", "missing")] {
        let bench = Bench::start().await;
        let merchant = Merchant::start("success").await;
        bench.script(json!({ "fault": { "kind": "notify_forged", "seal": seal } })).await;
        bench.call(&precreate("T1", Some(&merchant.url))).await.unwrap();
        bench.control("orders/T1/open", None).await;
        let bodies = merchant.wait(1).await;
        let error = notify::decode(&bodies[0], None, &bench.platform_key()).unwrap_err();
        let word = if matches!(error, NotifyError::Signature(_)) {
            "signature"
        } else if error == NotifyError::SignatureMissing {
            "missing"
        } else {
            "other"
        };
        assert_eq!(word, expected, "{seal}");
        let (_, counters) = bench.look("faults").await;
        assert_eq!(counters["fault-9"], 1);
        assert_eq!(bench.look("truth").await.1["paid_fen"], 0);
    }
}

#[tokio::test]
async fn duplicates_and_wrong_amounts_arrive_signed() {
    let bench = Bench::start().await;
    let merchant = Merchant::start("success").await;
    bench
        .control(
            "faults",
            Some(json!({ "scripts": [
                { "fault": { "kind": "notify_duplicated", "copies": 3 }, "times": 1 },
                { "fault": { "kind": "notify_wrong_amount", "delta_fen": -1 } },
            ] })),
        )
        .await;
    paid(&bench, &merchant).await;
    let bodies = merchant.wait(3).await;
    assert!(bodies.iter().all(|body| notify::decode(body, None, &bench.platform_key()).is_ok()));
    bench.call(&refund("T1", "8.88", "R1")).await.unwrap();
    let bodies = merchant.wait(4).await;
    let notification = notify::decode(&bodies[3], None, &bench.platform_key()).unwrap();
    let Notice::Trade(trade) = notification.notice else { panic!("not a trade") };
    assert_eq!(trade.total_amount_fen, 8_887);
}

#[tokio::test]
async fn other_hosts_are_not_notified() {
    let bench = Bench::start().await;
    let merchant = Merchant::start("success").await;
    bench.call(&precreate("T2", Some("http://192.0.2.1/notify"))).await.unwrap();
    bench.control("orders/T2/pay", None).await;
    paid(&bench, &merchant).await;
    merchant.wait(1).await;
    let (_, state) = bench.look("notifications").await;
    assert!(state["pending"].as_i64().unwrap() >= 1, "{state}");
}
