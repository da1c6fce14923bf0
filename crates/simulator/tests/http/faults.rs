use serde_json::json;
use tk_formats::alipay::Charset;
use tk_formats::alipay::response::{PlatformKeys, decode};

use super::bench::{Bench, precreate, refund};

async fn paid() -> Bench {
    let bench = Bench::start().await;
    bench.call(&precreate("T1", None)).await.unwrap();
    bench.control("orders/T1/pay", None).await;
    bench
}

#[tokio::test]
async fn lost_answers_are_connection_errors() {
    for (fault, refunded_fen, counter) in [("lost_before", 0, "fault-1"), ("lost_after", 888, "fault-2")] {
        let bench = paid().await;
        bench.script(json!({ "fault": { "kind": fault }, "method": "refund", "times": 1 })).await;
        let call = refund("T1", "8.88", "R1");
        assert!(bench.raw(&bench.envelope(), &call).await.is_err(), "{fault}");
        let (_, truth) = bench.look("truth").await;
        assert_eq!(truth["refunded_fen"], refunded_fen, "{fault}");
        assert_eq!(bench.call(&call).await.unwrap().node["refund_fee"], "8.88");
        assert_eq!(bench.look("faults").await.1[counter], 1);
    }
}

#[tokio::test]
async fn garbled_answers_do_not_verify_but_may_have_effect() {
    for garble in ["server_error", "garbage", "truncated", "other_charset"] {
        for (effect, refunded_fen) in [("none", 0), ("done", 888)] {
            let bench = paid().await;
            let fault = json!({ "kind": "unreadable", "garble": garble, "effect": effect });
            bench.script(json!({ "fault": fault, "method": "refund", "times": 1 })).await;
            let call = refund("T1", "8.88", "R1");
            let body = bench.raw(&bench.envelope(), &call).await.unwrap();
            let keys = PlatformKeys::PublicKey(bench.platform_key());
            assert!(decode(&call.method, &body, Charset::Utf8, &keys).is_err(), "{garble}");
            assert_eq!(bench.look("truth").await.1["refunded_fen"], refunded_fen, "{garble} {effect}");
            assert_eq!(bench.look("faults").await.1["fault-4"], 1);
        }
    }
}

#[tokio::test]
async fn slow_answers_still_come() {
    let bench = paid().await;
    bench.script(json!({ "fault": { "kind": "slow", "after_us": 1_000 }, "times": 1 })).await;
    assert_eq!(bench.call(&refund("T1", "8.88", "R1")).await.unwrap().node["fund_change"], "Y");
    assert_eq!(bench.look("faults").await.1["fault-11"], 1);
}

#[tokio::test]
async fn seeded_faults_are_drawn_and_counted() {
    let bench = paid().await;
    let plan = json!({ "rates": { "seed": 3, "ppm": { "fault-1": 1_000_000 } } });
    bench.control("faults", Some(plan)).await;
    assert!(bench.raw(&bench.envelope(), &refund("T1", "8.88", "R1")).await.is_err());
    bench.control("faults", Some(json!({}))).await;
    assert_eq!(bench.call(&refund("T1", "8.88", "R1")).await.unwrap().code, "10000");
    assert_eq!(bench.look("faults").await.1["fault-1"], 1);
}
