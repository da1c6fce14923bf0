//! For whom the money is: a sub-merchant of a platform, or a merchant of an acquirer.

use crate::bench::{
    Bench, acquirer_contract, contract, evidence, platform_contract, secrets, settings, start,
};
use crate::rows::{attempt, refund};
use serde_json::json;
use tillkeeper_channels::unionpay::credentials::parse;
use tillkeeper_channels::{About, Contract, Environment};
use tk_domain::channel_account::Method;
use tk_domain::instruction::InstructionKind as Kind;
use tk_domain::payment::{Attempt, BrowserForm};
use tk_domain::report::{PaymentFinding, RefundFinding};
use tk_simulator::unionpay::keys::MER_ID;

const SUB: &str = "100000000000777";

async fn bench_as(contract: impl Fn(&str, &str) -> Contract) -> Bench {
    let mut bench = start().await;
    bench.contract = contract(&bench.base, &bench.callback_url);
    bench
}

async fn paid(bench: &Bench, row: &Attempt) -> BrowserForm {
    let action = bench.shown(row).await;
    assert_eq!(bench.open(&action).await.0, 200);
    assert!(bench.pay(row).await);
    BrowserForm::parse(&action.value).unwrap()
}

#[tokio::test]
async fn a_platform_collects_for_its_sub_merchant_and_everything_names_him() {
    let bench = bench_as(|base, notify| platform_contract(base, SUB, notify)).await;
    let mut row = attempt(Method::EbankB2c, 8_800, 1);
    let form = paid(&bench, &row).await;
    for (name, value) in [("accessType", "2"), ("merId", MER_ID), ("subMerId", SUB), ("subMerAbbr", "华元")]
    {
        assert!(form.fields.contains(&(name.to_owned(), value.to_owned())), "{name}");
    }
    let queried = evidence(bench.say(Kind::Query, &row).await);
    let told = bench.verify(&bench.callback().await).unwrap();
    let About::Order { payment: PaymentFinding::Paid(called), .. } = told.about else { panic!("not paid") };
    for named in [&queried, &called] {
        let payee = (named.payee_app.as_deref(), named.payee_merchant.as_deref());
        assert_eq!(payee, (Some(MER_ID), Some(SUB)));
    }
    row.channel_txn_no = Some(queried.channel_txn_no);
    row.paid_at_us = queried.paid_at_us;
    let back = refund(800, 2);
    assert_eq!(bench.say_refund(Kind::Refund, &back, &row).await, RefundFinding::Accepted);
    assert!(matches!(bench.say_refund(Kind::RefundQuery, &back, &row).await, RefundFinding::Done { .. }));
}

#[tokio::test]
async fn one_sub_merchant_neither_sees_nor_takes_what_is_another_s() {
    let bench = bench_as(|base, notify| platform_contract(base, SUB, notify)).await;
    let row = attempt(Method::EbankB2c, 8_800, 1);
    paid(&bench, &row).await;
    let body = bench.callback().await;
    let mut other = bench;
    other.contract = platform_contract(&other.base, "100000000000888", &other.callback_url);
    assert_eq!(other.say(Kind::Query, &row).await, PaymentFinding::NotFound);
    // A success is taken as it is, so that the decision sees whom it names and calls it a mismatch.
    let About::Order { payment: PaymentFinding::Paid(told), .. } = other.verify(&body).unwrap().about else {
        panic!("not a success")
    };
    assert_eq!(told.payee_merchant.as_deref(), Some(SUB));
    // The direct contract of the platform itself is another payee as well.
    other.contract = contract(&settings(&other.base), &secrets(), &other.callback_url);
    let About::Order { payment: PaymentFinding::Paid(told), .. } = other.verify(&body).unwrap().about else {
        panic!("not a success")
    };
    assert_ne!(told.payee_merchant.as_deref(), Some(MER_ID));
}

#[tokio::test]
async fn an_acquirer_names_itself_and_collects_for_the_merchant() {
    let bench = bench_as(acquirer_contract).await;
    let row = attempt(Method::EbankB2c, 8_800, 1);
    let form = paid(&bench, &row).await;
    assert!(form.fields.contains(&("accessType".to_owned(), "1".to_owned())));
    assert!(form.fields.contains(&("acqInsCode".to_owned(), "48021234".to_owned())));
    let told = evidence(bench.say(Kind::Query, &row).await);
    assert_eq!(told.payee_merchant.as_deref(), Some(MER_ID));
}

#[test]
fn the_fields_of_one_way_come_whole_and_alone() {
    let secrets = crate::bench::secrets().to_string();
    for (fields, wrong) in [
        (json!({ "sub_mer_id": SUB }), Some("sub_mer_name")),
        (json!({ "sub_mer_id": SUB, "sub_mer_name": "华元", "sub_mer_abbr": "" }), Some("sub_mer_abbr")),
        (json!({ "sub_mer_id": SUB, "sub_mer_name": "a&b", "sub_mer_abbr": "a" }), Some("sub_mer_name")),
        (
            json!({ "sub_mer_id": "1".repeat(16), "sub_mer_name": "a", "sub_mer_abbr": "a" }),
            Some("sub_mer_id"),
        ),
        (json!({ "acq_ins_code": "1", "sub_mer_id": SUB }), Some("acq_ins_code")),
        (json!({ "acq_ins_code": "" }), Some("acq_ins_code")),
        (json!({ "acq_ins_code": "48021234" }), None),
    ] {
        let mut whole = settings("http://127.0.0.1:1");
        for (name, value) in fields.as_object().unwrap() {
            whole[name] = value.clone();
        }
        let parsed = parse(&whole.to_string(), &secrets, Environment::Test, crate::rows::START_US);
        assert_eq!(parsed.err().and_then(|error| error.field()), wrong, "{fields}");
    }
}
