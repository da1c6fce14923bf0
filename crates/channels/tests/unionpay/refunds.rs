use crate::bench::{contract, secrets, settings, start};
use crate::rows::{DAY_US, attempt, refund};
use serde_json::json;
use tk_domain::channel_account::Method;
use tk_domain::instruction::InstructionKind as Kind;
use tk_domain::report::{PaymentFinding, RefundFinding, Unclear};
use tk_money::Amount;

#[tokio::test]
async fn a_refund_is_accepted_and_then_proven_and_the_payment_stays_paid() {
    let bench = start().await;
    let row = bench.paid(8_888, 1).await;
    let back = refund(8_888, 2);
    assert_eq!(bench.say_refund(Kind::RefundQuery, &back, &row).await, RefundFinding::NotFound);
    assert_eq!(bench.say_refund(Kind::Refund, &back, &row).await, RefundFinding::Accepted);
    let done = RefundFinding::Done { amount: Amount::fen(8_888), at_us: Some(bench.now_us()) };
    assert_eq!(bench.say_refund(Kind::RefundQuery, &back, &row).await, done);
    assert!(matches!(bench.say(Kind::Query, &row).await, PaymentFinding::Paid(_)));
    assert_eq!(bench.balance_fen().await, 0);
}

#[tokio::test]
async fn parts_add_up_and_stop_at_the_amount() {
    let bench = start().await;
    let row = bench.paid(1_000, 1).await;
    for (fen, serial) in [(1, 2), (333, 3), (600, 4)] {
        assert_eq!(bench.say_refund(Kind::Refund, &refund(fen, serial), &row).await, RefundFinding::Accepted);
    }
    let over = bench.say_refund(Kind::Refund, &refund(67, 5), &row).await;
    assert!(matches!(&over, RefundFinding::Failed { code, .. } if code == "37"), "{over:?}");
    assert_eq!(bench.balance_fen().await, 66);
}

#[tokio::test]
async fn the_same_number_again_proves_nothing_and_moves_nothing() {
    let bench = start().await;
    let row = bench.paid(1_000, 1).await;
    let back = refund(400, 2);
    assert_eq!(bench.say_refund(Kind::Refund, &back, &row).await, RefundFinding::Accepted);
    for again in [refund(400, 2), refund(401, 2)] {
        let finding = bench.say_refund(Kind::Refund, &again, &row).await;
        assert_eq!(finding, RefundFinding::Unclear(Unclear::UnknownCode));
    }
    let done = RefundFinding::Done { amount: Amount::fen(400), at_us: Some(bench.now_us()) };
    assert_eq!(bench.say_refund(Kind::RefundQuery, &back, &row).await, done);
    assert_eq!(bench.balance_fen().await, 600);
}

#[tokio::test]
async fn an_unpaid_order_has_nothing_to_refund_and_an_old_one_is_refused() {
    let bench = start().await;
    let unpaid = attempt(Method::EbankB2c, 100, 1);
    let nothing = bench.say_refund(Kind::Refund, &refund(100, 2), &unpaid).await;
    assert_eq!(nothing, RefundFinding::Unclear(Unclear::Misconfigured));
    let row = bench.paid(100, 3).await;
    bench.advance(331 * DAY_US);
    let old = bench.say_refund(Kind::Refund, &refund(100, 4), &row).await;
    assert!(matches!(&old, RefundFinding::Failed { code, .. } if code == "30"), "{old:?}");
}

#[tokio::test]
async fn a_whole_refund_on_the_day_is_an_undo_where_the_contract_says_so() {
    let bench = start().await;
    let mut undoing = settings(&bench.base);
    undoing["same_day"] = json!("undo");
    let contract = contract(&undoing, &secrets(), &bench.callback_url);
    let row = bench.paid(1_000, 1).await;
    let part = refund(400, 2);
    assert_eq!(bench.say_refund_by(&contract, Kind::Refund, &part, &row).await, RefundFinding::Accepted);
    let whole = bench.paid(1_000, 3).await;
    let back = refund(1_000, 4);
    assert_eq!(bench.say_refund_by(&contract, Kind::Refund, &back, &whole).await, RefundFinding::Accepted);
    let done = RefundFinding::Done { amount: Amount::fen(1_000), at_us: Some(bench.now_us()) };
    assert_eq!(bench.say_refund_by(&contract, Kind::RefundQuery, &back, &whole).await, done);
    let truth = bench.browser.get(format!("{}/control/unionpay/truth", bench.base)).send().await.unwrap();
    let truth: serde_json::Value = truth.json().await.unwrap();
    let kinds: Vec<_> =
        truth["trades"].as_array().unwrap().iter().map(|trade| trade["txn_type"].clone()).collect();
    assert_eq!(kinds.iter().filter(|kind| *kind == "31").count(), 1);
    assert_eq!(kinds.iter().filter(|kind| *kind == "04").count(), 1);
}
