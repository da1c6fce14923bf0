use crate::bench::{adapters, contract, evidence, secrets, settings, start};
use crate::rows::{key_text, refund};
use serde_json::{Value, json};
use std::time::Duration;
use tk_domain::instruction::InstructionKind as Kind;
use tk_domain::report::{PaymentFinding, RefundFinding, Unclear};

fn troubles() -> [(Value, Unclear, bool); 9] {
    let with = |kind: &str, effect: &str| json!({ "kind": kind, "effect": effect });
    [
        (with("lost", "none"), Unclear::Connection, false),
        (with("lost", "done"), Unclear::Connection, true),
        (with("server_error", "none"), Unclear::ServerError, false),
        (with("server_error", "done"), Unclear::ServerError, true),
        (json!({ "kind": "garbage" }), Unclear::Unreadable, true),
        (json!({ "kind": "truncated" }), Unclear::Unreadable, true),
        (json!({ "kind": "other_charset" }), Unclear::Unreadable, true),
        (json!({ "kind": "empty" }), Unclear::Unreadable, true),
        (json!({ "kind": "limited" }), Unclear::RateLimited, false),
    ]
}

#[tokio::test]
async fn a_lost_or_spoilt_answer_proves_nothing_and_the_query_does() {
    let bench = start().await;
    let row = bench.paid(1_000, 1).await;
    for ((fault, why, effect), serial) in troubles().into_iter().zip(2..) {
        let back = refund(10, serial);
        bench.fault("04", fault.clone()).await;
        let heard = bench.say_refund(Kind::Refund, &back, &row).await;
        assert_eq!(heard, RefundFinding::Unclear(why), "{fault}");
        let truth = bench.say_refund(Kind::RefundQuery, &back, &row).await;
        assert_eq!(matches!(truth, RefundFinding::Done { .. }), effect, "{fault}: {truth:?}");
        assert_eq!(truth == RefundFinding::NotFound, !effect, "{fault}: {truth:?}");
        bench.fault("00", fault.clone()).await;
        assert_eq!(bench.say(Kind::Query, &row).await, PaymentFinding::Unclear(why), "{fault}");
    }
    assert_eq!(bench.balance_fen().await, 1_000 - 6 * 10);
}

#[tokio::test]
async fn a_slow_answer_is_a_timeout_and_a_lie_does_not_last() {
    let bench = start().await;
    let row = bench.paid(1_000, 1).await;
    bench.fault("00", json!({ "kind": "slow", "after_ms": 60_000 })).await;
    let impatient = adapters(Duration::from_millis(700));
    let heard = bench.say_with(&impatient, &bench.contract, (Kind::Query, None), &row).await;
    assert_eq!(heard, PaymentFinding::Unclear(Unclear::Timeout));
    bench.fault("00", json!({ "kind": "not_found" })).await;
    assert_eq!(bench.say(Kind::Query, &row).await, PaymentFinding::NotFound);
    evidence(bench.say(Kind::Query, &row).await);
}

#[tokio::test]
async fn a_call_that_lands_after_a_question_is_found_by_the_next() {
    let bench = start().await;
    let (row, back) = (bench.paid(100, 1).await, refund(40, 2));
    bench.fault("04", json!({ "kind": "lands_after_query" })).await;
    let lost = bench.say_refund(Kind::Refund, &back, &row).await;
    assert_eq!(lost, RefundFinding::Unclear(Unclear::Connection));
    assert_eq!(bench.say_refund(Kind::RefundQuery, &back, &row).await, RefundFinding::NotFound);
    let found = bench.say_refund(Kind::RefundQuery, &back, &row).await;
    assert!(matches!(found, RefundFinding::Done { .. }), "{found:?}");
}

#[tokio::test]
async fn keys_of_others_prove_nothing() {
    let bench = start().await;
    let row = bench.paid(100, 1).await;
    // Our key is not the one that UnionPay knows.
    let mut foreign = secrets();
    foreign["merchant_private_key"] = json!(key_text("unionpay_gateway.pkcs8.pem"));
    foreign["merchant_certificate"] = json!(key_text("unionpay_gateway.cer.pem"));
    let contract_of = |secrets: &Value| contract(&settings(&bench.base), secrets, &bench.callback_url);
    let unknown = contract_of(&foreign);
    let heard = bench.say_with(&bench.adapters, &unknown, (Kind::Query, None), &row).await;
    assert_eq!(heard, PaymentFinding::Unclear(Unclear::Misconfigured));
    // A contract that does not believe the test gateway's certificate.
    let mut strict = settings(&bench.base);
    strict["signatory"] = json!("unionpay");
    let strict = contract(&strict, &secrets(), &bench.callback_url);
    let heard = bench.say_with(&bench.adapters, &strict, (Kind::Query, None), &row).await;
    assert_eq!(heard, PaymentFinding::Unclear(Unclear::Unreadable));
    evidence(bench.say(Kind::Query, &row).await);
}
