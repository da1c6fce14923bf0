use crate::bench::{Bench, start};
use serde_json::json;
use tillkeeper_channels::About;
use tk_domain::report::PaymentFinding;
use tk_simulator::unionpay::keys::MER_ID;

async fn forged(bench: &Bench, seal: &str, fields: serde_json::Value) -> Vec<u8> {
    let body = json!({ "url": bench.callback_url, "seal": seal, "fields": fields });
    assert_eq!(bench.control("messages", &body).await.0, 200);
    bench.callback().await
}

fn success(mer_id: &str, amount: &str, txn_type: &str) -> serde_json::Value {
    json!([
        ["version", "5.1.0"],
        ["encoding", "UTF-8"],
        ["merId", mer_id],
        ["txnType", txn_type],
        ["orderId", "T01010101010101010101010101"],
        ["txnTime", "20261121121000"],
        ["txnAmt", amount],
        ["currencyCode", "156"],
        ["queryId", "202611211210000000001"],
        ["respCode", "00"],
        ["respMsg", "ok"],
    ])
}

#[tokio::test]
async fn forged_callbacks_are_refused_by_name() {
    let bench = start().await;
    for seal in ["wrong_key", "unsigned"] {
        let body = forged(&bench, seal, success(MER_ID, "100", "01")).await;
        assert_eq!(bench.verify(&body).unwrap_err().code(), "callback_signature_invalid", "{seal}");
    }
    let genuine = forged(&bench, "genuine", success(MER_ID, "100", "01")).await;
    assert!(bench.verify(&genuine).is_ok());
    let text = String::from_utf8(genuine).unwrap();
    let swapped = text.replace("txnAmt=100", "txnAmt=1");
    assert_eq!(bench.verify(swapped.as_bytes()).unwrap_err().code(), "callback_signature_invalid");
    let doubled = format!("{text}&txnAmt=1");
    assert_eq!(bench.verify(doubled.as_bytes()).unwrap_err().code(), "callback_malformed");
    let start = text.find("signPubKeyCert=").unwrap();
    let end = text[start..].find('&').unwrap() + start;
    let selfsigned = crate::rows::key_text("unionpay_selfsigned.cer.pem");
    let pem = selfsigned.replace('+', "%2B").replace('\n', "%0A").replace(' ', "+");
    let untrusted = format!("{}signPubKeyCert={pem}{}", &text[..start], &text[end..]);
    let refusal = bench.verify(untrusted.as_bytes()).unwrap_err();
    assert_eq!((refusal.code(), refusal.status()), ("cert_untrusted", 401));
    assert_eq!(bench.verify(&vec![b'a'; 300_000]).unwrap_err().code(), "body_too_large");
}

#[tokio::test]
async fn another_merchants_message_carries_its_name_and_proves_no_refund() {
    let bench = start().await;
    let other = "777290058110097";
    let found = bench.verify(&forged(&bench, "genuine", success(other, "100", "01")).await).unwrap();
    assert_eq!(found.payee_merchant.as_deref(), Some(other));
    let About::Order { payment: PaymentFinding::Paid(evidence), .. } = found.about else {
        panic!("not paid")
    };
    assert_eq!(evidence.payee_merchant.as_deref(), Some(other));
    let found = bench.verify(&forged(&bench, "genuine", success(other, "100", "04")).await).unwrap();
    let About::Refund { refund, .. } = found.about else { panic!("not a refund") };
    assert_eq!(refund.finding, None);
    let unread = forged(&bench, "genuine", success(MER_ID, "1.00", "01")).await;
    assert_eq!(bench.verify(&unread).unwrap_err().code(), "callback_malformed");
    let kept = forged(&bench, "genuine", success(MER_ID, "100", "79")).await;
    let About::Card { order_no, card } = bench.verify(&kept).unwrap().about else { panic!("not a card") };
    assert!(!order_no.is_empty() && card.is_none_or(|card| !card.token.is_empty()));
}
