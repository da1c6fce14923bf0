//! What travels to WeChat Pay of a divided payment, and what its answers prove; no server is asked.

use crate::rows::{self, START_US, attempt, refund};
use serde_json::{Value, json};
use tillkeeper_channels::callback::{About, CallbackRefusal};
use tillkeeper_channels::wechatpay::call::{self, Call, Order, Wire};
use tillkeeper_channels::wechatpay::callback;
use tillkeeper_channels::wechatpay::{Heard, Refusal, Settings, Trust, shares};
use tk_domain::channel_account::{Channel, Method};
use tk_domain::instruction::InstructionKind as Kind;
use tk_domain::split::{
    ReceiverFinding, ReceiverKind, Relation, ReturnFinding, ShareResult, SplitFinding, SplitLine,
    SplitReceiver, SplitTerms,
};
use tk_formats::wechatpay::callback::Notice;

fn settings(sub_mchid: Option<&str>) -> Settings {
    Settings {
        base_url: "https://api.example".to_owned(),
        appid: "wx1".to_owned(),
        mchid: "1900000001".to_owned(),
        sub_mchid: sub_mchid.map(str::to_owned),
        sub_appid: None,
        trust: Trust::PublicKey,
        public_key_id: None,
        store_id: "1".to_owned(),
        notify_url: Some("https://till.example/callbacks".to_owned()),
        oauth_authorize_url: String::new(),
        oauth_base_url: String::new(),
    }
}

fn wire(call: &Call, sub_mchid: Option<&str>) -> (Wire, Value) {
    let wire = call.wire(&settings(sub_mchid), START_US).unwrap();
    let body = serde_json::from_str(&wire.body).unwrap_or(Value::Null);
    (wire, body)
}

fn share((kind, account): (ReceiverKind, &str), minor: i64, place: u8) -> (SplitLine, SplitReceiver) {
    let (line, party) = rows::share(account, minor, place);
    (line, SplitReceiver { kind, channel: Channel::Wechatpay, ..party })
}

fn given() -> Vec<(SplitLine, SplitReceiver)> {
    vec![
        share((ReceiverKind::MerchantNo, "1900000011"), 2_000, 0),
        share((ReceiverKind::OpenId, "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"), 1_000, 1),
    ]
}

#[test]
fn every_product_says_that_its_order_is_to_be_divided_and_no_other_order_does() {
    let payload = json!({ "auth_code": "130000000000000001", "openid": "o1", "client_ip": "203.0.113.7" });
    let payload = payload.to_string();
    for method in [Method::WechatNative, Method::WechatH5, Method::WechatJsapi, Method::WechatBarcode] {
        for divided in [true, false] {
            let mut payment = rows::payment(10_000);
            let terms = SplitTerms { later: divided, ..SplitTerms::default() };
            payment.splits = serde_json::to_string(&terms).ok();
            let row = attempt(method, 10_000, 1);
            let call = call::for_payment(Kind::Pay, &payment, &row, Some(&payload), &settings(None)).unwrap();
            let (_, body) = wire(&call, None);
            assert_eq!(body["settle_info"]["profit_sharing"] == json!(true), divided, "{method}: {body}");
        }
    }
    let order = Order {
        out_trade_no: "T1".to_owned(),
        total_fen: 1,
        description: "x".to_owned(),
        expires_at_us: START_US,
        notify_url: None,
        kept: false,
    };
    assert_eq!(wire(&Call::Native(order), None).1.get("settle_info"), None);
}

#[test]
fn shares_go_to_merchants_and_persons_by_their_own_names_and_only_whole() {
    let mut row = attempt(Method::WechatNative, 10_000, 1);
    let given = given();
    let split = rows::split(&given, 2, true);
    assert!(shares::for_split(Kind::Split, &split, &row, &given).is_err(), "not paid yet");
    row.channel_txn_no = Some("4200000985".to_owned());
    assert!(shares::for_split(Kind::Split, &split, &row, &given[..1]).is_err(), "another split");
    let call = shares::for_split(Kind::Split, &split, &row, &given).map(Call::Shares).unwrap();
    let (sent, body) = wire(&call, None);
    assert_eq!((sent.method, sent.target.as_str()), ("POST", "/v3/profitsharing/orders"));
    let receivers = json!([
        { "type": "MERCHANT_ID", "account": "1900000011", "amount": 2_000, "description": "分账" },
        { "type": "PERSONAL_OPENID", "account": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", "amount": 1_000, "description": "分账" },
    ]);
    let whole = json!({
        "appid": "wx1", "transaction_id": "4200000985", "out_order_no": split.out_no, "receivers": receivers,
        "unfreeze_unsplit": true,
    });
    assert_eq!(body, whole);
    assert_eq!(wire(&call, Some("1900009999")).1["sub_mchid"], "1900009999");
    let rest = rows::split(&[], 3, true);
    let call = shares::for_split(Kind::Split, &rest, &row, &[]).map(Call::Shares).unwrap();
    let (sent, body) = wire(&call, None);
    assert_eq!(sent.target, "/v3/profitsharing/orders/unfreeze");
    assert_eq!(body["out_order_no"], json!(rest.out_no));
    let call = shares::for_split(Kind::SplitQuery, &split, &row, &given).map(Call::Shares).unwrap();
    let asked = wire(&call, Some("1900009999")).0.target;
    let number = &split.out_no;
    let expected =
        format!("/v3/profitsharing/orders/{number}?transaction_id=4200000985&sub_mchid=1900009999");
    assert_eq!(asked, expected);
    let foreign = vec![share((ReceiverKind::UserId, "2088"), 1, 0)];
    assert!(shares::for_split(Kind::Split, &rows::split(&foreign, 4, true), &row, &foreign).is_err());
}

#[test]
fn a_share_is_asked_back_from_its_merchant_by_both_numbers() {
    let given = given();
    let split = rows::split(&given, 2, true);
    let back = rows::back(&refund(5_000, 3), &given[0].0);
    let made = |kind| shares::for_return(kind, &back, (&split, &given[0].1)).map(Call::Shares).unwrap();
    let (sent, body) = wire(&made(Kind::SplitReturn), None);
    assert_eq!(sent.target, "/v3/profitsharing/return-orders");
    let whole = json!({
        "out_order_no": split.out_no, "out_return_no": back.out_no, "return_mchid": "1900000011", "amount": 1_000,
        "description": "退款回退",
    });
    assert_eq!(body, whole);
    let asked = wire(&made(Kind::SplitReturnQuery), None).0.target;
    let (number, of) = (&back.out_no, &split.out_no);
    assert_eq!(asked, format!("/v3/profitsharing/return-orders/{number}?out_order_no={of}"));
}

fn kind_of(account: &str) -> &'static str {
    if account.starts_with('o') { "PERSONAL_OPENID" } else { "MERCHANT_ID" }
}

fn done(value: Value) -> Heard {
    let Value::Object(fields) = value else { panic!("an object") };
    Heard::Done(fields)
}

fn refused(status: u16, code: &str) -> Heard {
    Heard::Refused(Refusal { status, code: code.to_owned(), message: String::new() })
}

#[test]
fn an_answer_about_a_division_counts_only_for_its_own_number_and_payment() {
    let mut row = attempt(Method::WechatNative, 10_000, 1);
    row.channel_txn_no = Some("4200000985".to_owned());
    let given = given();
    let split = rows::split(&given, 2, true);
    let one = |account: &str, fen: i64, result: &str| json!({ "type": kind_of(account), "account": account, "amount": fen, "result": result, "fail_reason": "NO_RELATION" });
    let (first, second) = (given[0].1.account.as_str(), given[1].1.account.as_str());
    let told = |number: &str, transaction: &str, receivers: Value| {
        done(json!({
            "transaction_id": transaction, "out_order_no": number, "order_id": "3008", "state": "FINISHED",
            "receivers": receivers,
        }))
    };
    let both = json!([
        one("1900000001", 7_000, "SUCCESS"),
        one(second, 1_000, "CLOSED"),
        one(first, 2_000, "SUCCESS")
    ]);
    let heard = |kind, heard: &Heard| shares::split(kind, (&split, &row), &given, heard);
    let good = told(&split.out_no, "4200000985", both.clone());
    assert_eq!(heard(Kind::Split, &good), SplitFinding::Accepted, "our own call proves nothing more");
    let SplitFinding::Shares(found) = heard(Kind::SplitQuery, &good) else { panic!("no shares") };
    let results: Vec<&ShareResult> = found.iter().map(|share| &share.result).collect();
    let failed = ShareResult::Failed { code: "NO_RELATION".to_owned() };
    assert_eq!(results, [&ShareResult::Paid, &failed]);
    for wrong in [
        told("S9", "4200000985", both.clone()),
        told(&split.out_no, "4200000986", both),
        told(&split.out_no, "4200000985", json!([one(first, 2_000, "SUCCESS")])),
        done(json!({})),
    ] {
        assert_eq!(heard(Kind::SplitQuery, &wrong), SplitFinding::Unclear, "{wrong:?}");
    }
    for (status, code, expected) in [
        (400, "INVALID_REQUEST", "not yet"),
        (400, "PARAM_ERROR", "unclear"),
        (403, "NOT_ENOUGH", "failed"),
        (500, "SYSTEM_ERROR", "unclear"),
        (429, "FREQUENCY_LIMITED", "unclear"),
        (404, "RESOURCE_NOT_EXISTS", "unclear"),
    ] {
        let word = match heard(Kind::Split, &refused(status, code)) {
            SplitFinding::NotYet { .. } => "not yet",
            SplitFinding::Failed { .. } => "failed",
            SplitFinding::Unclear => "unclear",
            other @ (SplitFinding::Accepted
            | SplitFinding::Shares(_)
            | SplitFinding::NotFound
            | SplitFinding::Undivided { .. }
            | SplitFinding::NotSent) => panic!("{other:?}"),
        };
        assert_eq!(word, expected, "{code}");
    }
    let rest = rows::split(&[], 3, true);
    let nothing_kept = shares::split(Kind::Split, (&rest, &row), &[], &refused(403, "NOT_ENOUGH"));
    assert_eq!(nothing_kept, SplitFinding::Accepted, "there is nothing left to release");
    assert_eq!(heard(Kind::SplitQuery, &refused(404, "RESOURCE_NOT_EXISTS")), SplitFinding::NotFound);
}

#[test]
fn what_is_undivided_is_asked_of_a_split_that_was_given_up_and_is_not_known() {
    let given = given();
    let mut row = attempt(Method::WechatNative, 10_000, 1);
    row.channel_txn_no = Some("4200000985".to_owned());
    let mut split = rows::split(&given, 2, true);
    let unknown = refused(404, "RESOURCE_NOT_EXISTS");
    assert_eq!(shares::asked_next(Kind::SplitQuery, (&split, &row), &unknown), None, "it is said again");
    split.abandonment = rows::given_up();
    assert_eq!(shares::asked_next(Kind::Split, (&split, &row), &unknown), None);
    assert_eq!(shares::asked_next(Kind::SplitQuery, (&split, &row), &refused(500, "SYSTEM_ERROR")), None);
    let call = shares::asked_next(Kind::SplitQuery, (&split, &row), &unknown).map(Call::Shares).unwrap();
    let target = |sub| wire(&call, sub).0.target;
    assert_eq!(target(None), "/v3/profitsharing/transactions/4200000985/amounts");
    assert_eq!(
        target(Some("1900000109")),
        "/v3/profitsharing/transactions/4200000985/amounts?sub_mchid=1900000109"
    );
    let heard = |heard: &Heard| shares::split(Kind::SplitQuery, (&split, &row), &given, heard);
    let told = |number: &str, fen: Value| done(json!({ "transaction_id": number, "unsplit_amount": fen }));
    assert_eq!(heard(&told("4200000985", json!(9_940))), SplitFinding::Undivided { amount_minor: 9_940 });
    for wrong in [told("4200000986", json!(9_940)), told("4200000985", json!("x")), done(json!({}))] {
        assert_eq!(heard(&wrong), SplitFinding::Unclear, "{wrong:?}");
    }
    assert_eq!(heard(&unknown), SplitFinding::NotFound);
}

#[test]
fn an_answer_about_a_return_counts_only_for_its_own_numbers() {
    let given = given();
    let split = rows::split(&given, 2, true);
    let back = rows::back(&refund(5_000, 3), &given[0].0);
    let told = |number: &str, result: &str| {
        done(json!({
            "out_order_no": split.out_no, "out_return_no": number, "return_mchid": "1900000011", "amount": 1_000,
            "result": result, "fail_reason": "ACCOUNT_ABNORMAL",
        }))
    };
    let heard = |heard: &Heard| shares::returned(Kind::SplitReturnQuery, &back, (&split, &given[0].1), heard);
    assert_eq!(heard(&told(&back.out_no, "PROCESSING")), ReturnFinding::Accepted);
    assert_eq!(heard(&told(&back.out_no, "SUCCESS")), ReturnFinding::Done { amount_minor: 1_000 });
    let failed = ReturnFinding::Failed { code: "ACCOUNT_ABNORMAL".to_owned(), message: String::new() };
    assert_eq!(heard(&told(&back.out_no, "FAILED")), failed);
    assert_eq!(heard(&told("B9", "SUCCESS")), ReturnFinding::Unclear);
    assert_eq!(heard(&refused(404, "RESOURCE_NOT_EXISTS")), ReturnFinding::NotFound);
    let said = |code| shares::returned(Kind::SplitReturn, &back, (&split, &given[0].1), &refused(403, code));
    assert!(matches!(said("NOT_ENOUGH"), ReturnFinding::NotYet { .. }));
    assert!(matches!(said("NO_AUTH"), ReturnFinding::Failed { .. }));
    assert_eq!(said("PARAM_ERROR"), ReturnFinding::Unclear);
    assert_eq!(heard(&Heard::Timeout), ReturnFinding::Unclear);
}

#[test]
fn a_receiver_is_added_by_the_answer_that_names_it() {
    let (_, receiver) = &given()[0];
    let call = shares::for_receiver(Kind::ReceiverBind, receiver, Some("某店")).map(Call::Shares).unwrap();
    let (_, body) = wire(&call, None);
    assert_eq!((&body["type"], &body["relation_type"]), (&json!("MERCHANT_ID"), &json!("CUSTOM")));
    let named = |relation, words: Option<&str>| {
        let custom_relation = words.map(str::to_owned);
        let party = SplitReceiver { relation: Some(relation), custom_relation, ..receiver.clone() };
        let call = shares::for_receiver(Kind::ReceiverBind, &party, Some("某店")).map(Call::Shares).unwrap();
        let (_, body) = wire(&call, None);
        (body["relation_type"].clone(), body["custom_relation"].clone())
    };
    assert_eq!(body["custom_relation"], json!("分账接收方"));
    assert_eq!(named(Relation::Supplier, None), (json!("SUPPLIER"), Value::Null));
    assert_eq!(named(Relation::Custom, Some("维修厂")), (json!("CUSTOM"), json!("维修厂")));
    let added = done(json!({ "type": "MERCHANT_ID", "account": "1900000011" }));
    assert_eq!(shares::receiver(Kind::ReceiverBind, receiver, &added), ReceiverFinding::Bound);
    let other = done(json!({ "type": "MERCHANT_ID", "account": "1900000012" }));
    assert_eq!(shares::receiver(Kind::ReceiverBind, receiver, &other), ReceiverFinding::Unclear);
    let refusal = shares::receiver(Kind::ReceiverBind, receiver, &refused(400, "INVALID_REQUEST"));
    assert!(matches!(refusal, ReceiverFinding::Refused { .. }));
    assert_eq!(
        shares::receiver(Kind::ReceiverBind, receiver, &refused(500, "SYSTEM_ERROR")),
        ReceiverFinding::Unclear
    );
}

#[test]
fn a_notice_of_a_division_names_its_number_and_proves_nothing() {
    let notice = |resource: Value| {
        let Value::Object(resource) = resource else { panic!("an object") };
        let text = str::to_owned;
        Notice {
            id: text("EV-1"),
            created_at_us: START_US,
            event_type: text("TRANSACTION.SUCCESS"),
            original_type: text("profitsharing"),
            resource,
        }
    };
    let told = notice(json!({
        "mchid": "1900000001", "transaction_id": "4200000985", "order_id": "3000", "out_order_no": "P20261121001",
        "receiver": { "type": "MERCHANT_ID", "account": "1900000109", "amount": 10, "description": "分到商户" },
        "success_time": "2026-11-21T12:02:00+08:00",
    }));
    let found = callback::read(&told, &settings(None)).unwrap();
    assert_eq!(found.about, About::Division { out_no: "P20261121001".to_owned() });
    assert_eq!(found.payee_merchant.as_deref(), Some("1900000001"));
    let nameless = callback::read(&notice(json!({ "mchid": "1900000001" })), &settings(None));
    assert!(matches!(nameless, Err(CallbackRefusal::Malformed(_))), "{nameless:?}");
}
