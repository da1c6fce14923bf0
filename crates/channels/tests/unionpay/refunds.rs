use crate::bench::{contract, secrets, settings, start};
use crate::rows::refund;
use serde_json::json;
use tk_domain::instruction::InstructionKind as Kind;
use tk_domain::report::RefundFinding;
use tk_money::Amount;

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
    let done = RefundFinding::Done { amount: Amount::fen(1_000), borne: None, at_us: Some(bench.now_us()) };
    assert_eq!(bench.say_refund_by(&contract, Kind::RefundQuery, &back, &whole).await, done);
    let truth = bench.browser.get(format!("{}/control/unionpay/truth", bench.base)).send().await.unwrap();
    let truth: serde_json::Value = truth.json().await.unwrap();
    let kinds: Vec<_> =
        truth["trades"].as_array().unwrap().iter().map(|trade| trade["txn_type"].clone()).collect();
    assert_eq!(kinds.iter().filter(|kind| *kind == "31").count(), 1);
    assert_eq!(kinds.iter().filter(|kind| *kind == "04").count(), 1);
}
