use crate::bench::{evidence, start};
use crate::rows::attempt;
use serde_json::json;
use tillkeeper_channels::unionpay::agreement::{AgreementError, token_of};
use tillkeeper_channels::unionpay::call::{OpenCard, TokenOrder, Unbind};
use tk_domain::channel_account::Method;
use tk_domain::instruction::InstructionKind as Kind;
use tk_domain::payment::{Action, ActionKind};
use tk_domain::report::{PaymentFinding, Unclear};

#[tokio::test]
async fn a_card_is_opened_a_code_sent_and_the_order_paid_without_a_card_number_here() {
    let bench = start().await;
    let now_us = bench.now_us();
    let card = OpenCard {
        order_id: "OPEN0000000000001".to_owned(),
        txn_time_us: now_us,
        expires_at_us: now_us + 600_000_000,
        return_url: None,
    };
    let form = bench.adapters.open_card(&bench.contract, card, now_us).await.unwrap().unwrap();
    bench.open(&Action { kind: ActionKind::Form, value: form.to_value() }).await;
    assert_eq!(bench.control("orders/OPEN0000000000001/pay", &json!({})).await.0, 200);
    let told = String::from_utf8(bench.callback().await).unwrap();
    let data = told.split('&').find_map(|pair| pair.strip_prefix("tokenPayData=")).unwrap();
    let data = data.replace("%7B", "{").replace("%7D", "}").replace("%3D", "=").replace("%26", "&");
    let token = token_of(&data).unwrap();

    let row = attempt(Method::QuickPay, 8_800, 1);
    let order = TokenOrder {
        order_id: row.out_no.clone(),
        txn_time_us: row.created_at_us,
        txn_amt_fen: row.amount_minor,
        token: token.clone(),
        sms_code: String::new(),
        expires_at_us: row.channel_expires_at_us,
    };
    bench.adapters.send_code(&bench.contract, order.clone(), now_us).await.unwrap().unwrap();
    let shown = bench.browser.get(format!("{}/control/unionpay/orders/{}", bench.base, row.out_no));
    let shown: serde_json::Value = shown.send().await.unwrap().json().await.unwrap();
    let payload = |code: &str| Some(json!({ "token": token, "sms_code": code }).to_string());
    let right = payload(shown["sms_code"].as_str().unwrap());
    let said = bench.say_with(&bench.adapters, &bench.contract, (Kind::Pay, right.clone()), &row).await;
    assert_eq!(said, PaymentFinding::InProgress);
    let again = bench.say_with(&bench.adapters, &bench.contract, (Kind::Pay, right), &row).await;
    assert_eq!(again, PaymentFinding::Unclear(Unclear::UnknownCode));
    assert_eq!(evidence(bench.say(Kind::Query, &row).await).amount, tk_money::Amount::fen(8_800));

    let wrong = attempt(Method::QuickPay, 100, 2);
    let said = bench.say_with(&bench.adapters, &bench.contract, (Kind::Pay, payload("000000")), &wrong).await;
    assert_eq!(said, PaymentFinding::InProgress);
    let failed = bench.say(Kind::Query, &wrong).await;
    assert!(matches!(&failed, PaymentFinding::Failed { code, .. } if code == "61"), "{failed:?}");

    let unbind = Unbind { order_id: "UNBIND00000000001".to_owned(), txn_time_us: now_us, token };
    bench.adapters.unbind_card(&bench.contract, unbind, now_us).await.unwrap().unwrap();
    let refused = bench.adapters.send_code(&bench.contract, order, now_us).await.unwrap();
    assert_eq!(refused, Err(AgreementError::Refused { code: "34".to_owned() }));
    assert_eq!(bench.balance_fen().await, 8_800);
}

#[tokio::test]
async fn a_code_is_not_sent_once_its_time_is_over() {
    let bench = start().await;
    let row = attempt(Method::QuickPay, 100, 1);
    let payload = Some(json!({ "token": "62", "sms_code": "1" }).to_string());
    bench.advance(15 * 60_000_000);
    let heard = bench.say_with(&bench.adapters, &bench.contract, (Kind::Pay, payload), &row).await;
    assert_eq!(heard, PaymentFinding::Unclear(Unclear::Timeout));
    let heard = bench.say_with(&bench.adapters, &bench.contract, (Kind::Pay, None), &row).await;
    assert_eq!(heard, PaymentFinding::Unclear(Unclear::Misconfigured));
}
