//! What is said about shares, word by word, and what the answers prove.

use crate::rows::{SELLER_ID, START_US, attempt, back, given_up, payment, receiver, refund, share, split};
use serde_json::{Value, json};
use tillkeeper_channels::alipay::call::{Call, CallError, for_payment, for_refund};
use tillkeeper_channels::alipay::shares::{self, for_receiver, for_split};
use tillkeeper_channels::alipay::{Answer, Charset, Heard, Mode, NotSent, Settings};
use tk_domain::channel_account::Method;
use tk_domain::instruction::InstructionKind as Kind;
use tk_domain::payment::Attempt;
use tk_domain::split::{
    ReceiverFinding, ReceiverKind, ShareResult, SplitFinding, SplitLine, SplitReceiver, SplitTerms,
};

const TRADE_NO: &str = "2026112122001400000000000001";
const ONE: &str = "2088101126708402";

fn paid() -> Attempt {
    Attempt { channel_txn_no: Some(TRADE_NO.to_owned()), ..attempt(Method::AlipayQr, 10_000, 1) }
}

fn settings() -> Settings {
    Settings {
        gateway_url: "https://channel.example/gateway.do".to_owned(),
        app_id: "2021000000000001".to_owned(),
        seller_id: SELLER_ID.to_owned(),
        auth_app_id: None,
        mode: Mode::Key,
        charset: Charset::Utf8,
        notify_url: None,
    }
}

fn content(call: &Call) -> (String, Value) {
    let wire = call.wire(START_US).unwrap();
    (call.method().to_owned(), wire.biz_content)
}

fn answered(code: &str, sub_code: Option<&str>, fields: Value) -> Heard {
    let Value::Object(node) = fields else { panic!("fields are an object") };
    let sub_msg = sub_code.map(|_| "sub_msg".to_owned());
    let sub_code = sub_code.map(str::to_owned);
    Heard::Answered(Answer { code: code.to_owned(), msg: "msg".to_owned(), sub_code, sub_msg, node })
}

fn ours() -> Vec<(SplitLine, SplitReceiver)> {
    vec![share(ONE, 10, 0)]
}

#[test]
fn a_split_says_who_gets_what_and_whether_it_is_the_last() {
    let (row, given) = (paid(), ours());
    let last = split(&given, 2, true);
    let call = for_split(Kind::Split, &last, &row, &given).map(Call::Shares).unwrap();
    let expected = json!({
        "out_request_no": last.out_no, "trade_no": TRADE_NO, "royalty_mode": "async",
        "royalty_parameters": [
            { "royalty_type": "transfer", "trans_in_type": "userId", "trans_in": ONE, "amount": "0.10" },
        ],
        "extend_params": { "royalty_finish": "true" },
    });
    assert_eq!(content(&call), ("alipay.trade.order.settle".to_owned(), expected));
    let rest = split(&[], 3, true);
    let call = for_split(Kind::Split, &rest, &row, &[]).map(Call::Shares).unwrap();
    let expected = json!({
        "out_request_no": rest.out_no, "trade_no": TRADE_NO, "royalty_mode": "async",
        "extend_params": { "royalty_finish": "true" },
    });
    assert_eq!(content(&call).1, expected);
    // A share whose receiver is not found would leave another split under the same number.
    assert_eq!(for_split(Kind::Split, &last, &row, &[]), Err(CallError::Payload));
    let unpaid = attempt(Method::AlipayQr, 10_000, 1);
    assert_eq!(for_split(Kind::SplitQuery, &last, &unpaid, &given), Err(CallError::Payload));
    let call = for_split(Kind::SplitQuery, &last, &row, &given).map(Call::Shares).unwrap();
    let expected = json!({ "out_request_no": last.out_no, "trade_no": TRADE_NO });
    assert_eq!(content(&call), ("alipay.trade.order.settle.query".to_owned(), expected));
}

#[test]
fn an_order_to_be_divided_is_frozen_and_a_refund_names_who_gives_back() {
    let row = attempt(Method::AlipayQr, 10_000, 1);
    let order = |splits: Option<SplitTerms>| {
        let mut payment = payment(10_000);
        payment.splits = splits.map(|terms| serde_json::to_string(&terms).unwrap());
        content(&for_payment(Kind::Pay, &payment, &row, None, &settings()).unwrap()).1
    };
    let later = SplitTerms { later: true, ..SplitTerms::default() };
    assert_eq!(order(Some(later))["extend_params"], json!({ "royalty_freeze": "true" }));
    assert_eq!(order(None).get("extend_params"), None);
    assert_eq!(order(Some(SplitTerms::default())).get("extend_params"), None, "shared in the books alone");
    let (given, refund) = (ours(), refund(5_000, 4));
    let (line, party) = &given[0];
    let returned = vec![(back(&refund, line), party.clone())];
    let call = for_refund(Kind::Refund, &refund, &paid(), &returned, SELLER_ID).unwrap();
    let expected = json!([{
        "royalty_type": "transfer", "trans_out_type": "userId", "trans_out": ONE, "trans_in_type": "userId",
        "trans_in": SELLER_ID, "amount": "0.05",
    }]);
    assert_eq!(content(&call).1["refund_royalty_parameters"], expected);
}

#[test]
fn a_receiver_is_bound_by_its_own_word() {
    let party = SplitReceiver { kind: ReceiverKind::LoginName, ..receiver("shop@cars.example", 7) };
    let call = for_receiver(Kind::ReceiverBind, &party, Some("程")).map(Call::Shares).unwrap();
    let (method, said) = content(&call);
    assert_eq!(method, "alipay.trade.royalty.relation.bind");
    let expected = json!([{ "type": "loginName", "account": "shop@cars.example", "name": "程" }]);
    assert_eq!(said["receiver_list"], expected);
    let refused =
        |code: &str| ReceiverFinding::Refused { code: code.to_owned(), message: "sub_msg".to_owned() };
    let cases = [
        (answered("10000", None, json!({ "result_code": "SUCCESS" })), ReceiverFinding::Bound),
        (answered("10000", None, json!({})), ReceiverFinding::Unclear),
        (answered("40004", Some("ACQ.USER_NOT_EXIST"), json!({})), refused("ACQ.USER_NOT_EXIST")),
        (answered("40004", Some("ACQ.SYSTEM_ERROR"), json!({})), ReceiverFinding::Unclear),
        (answered("40004", Some("ACQ.NEVER_HEARD"), json!({})), ReceiverFinding::Unclear),
        (Heard::Timeout, ReceiverFinding::Unclear),
    ];
    for (heard, expected) in cases {
        assert_eq!(shares::receiver(Kind::ReceiverBind, &heard), expected, "{heard:?}");
    }
}

#[test]
fn only_a_final_code_refuses_a_split_and_only_a_complete_list_is_read() {
    let (row, given) = (paid(), ours());
    let refused = |code: &str| answered("40004", Some(code), json!({}));
    let failed = |code: &str| SplitFinding::Failed { code: code.to_owned(), message: "sub_msg".to_owned() };
    let said = [
        (answered("10000", None, json!({ "trade_no": TRADE_NO })), SplitFinding::Accepted),
        (answered("10000", None, json!({ "trade_no": "another" })), SplitFinding::Unclear),
        (refused("ACQ.ALLOC_AMOUNT_VALIDATE_ERROR"), failed("ACQ.ALLOC_AMOUNT_VALIDATE_ERROR")),
        (refused("ACQ.TRADE_SETTLE_ERROR"), SplitFinding::Unclear),
        (refused("ACQ.SYSTEM_ERROR"), SplitFinding::Unclear),
        (refused("ACQ.DISCORDANT_REPEAT_REQUEST"), SplitFinding::Unclear),
        (refused("ACQ.NEVER_HEARD"), SplitFinding::Unclear),
        (Heard::HttpStatus(502), SplitFinding::Unclear),
        (Heard::Connection, SplitFinding::Unclear),
        (Heard::NotSent(NotSent::Busy), SplitFinding::NotSent),
        (Heard::NotSent(NotSent::Refused("no key".to_owned())), SplitFinding::NotSent),
    ];
    for (heard, expected) in said {
        assert_eq!(
            shares::split(Kind::Split, (&split(&given, 2, true), &row), &given, &heard),
            expected,
            "{heard:?}"
        );
    }
    let entry = |to: &str, state: &str| json!({ "operation_type": "transfer", "trans_in": to, "amount": "0.10", "state": state });
    let listed = |entries: Value| answered("10000", None, json!({ "royalty_detail_list": entries }));
    let mut number = entry(ONE, "SUCCESS");
    number["amount"] = json!(0.1);
    let read = [
        (json!([entry(ONE, "SUCCESS")]), Some(ShareResult::Paid)),
        (json!([number]), Some(ShareResult::Paid)),
        (json!([entry("2088", "SUCCESS"), entry(ONE, "PROCESSING")]), Some(ShareResult::Pending)),
        (json!([entry(ONE, "FAIL")]), Some(ShareResult::Failed { code: String::new() })),
        (json!([entry("2088", "SUCCESS")]), None),
        (json!([entry(ONE, "NEW_STATE")]), None),
        (json!([]), None),
    ];
    for (entries, expected) in read {
        let told = shares::split(
            Kind::SplitQuery,
            (&split(&given, 2, true), &row),
            &given,
            &listed(entries.clone()),
        );
        let SplitFinding::Shares(told) = told else {
            assert_eq!((told, expected), (SplitFinding::Unclear, None), "{entries}");
            continue;
        };
        let found = Some((told[0].amount_minor, told[0].result.clone()));
        assert_eq!(found, expected.map(|result| (10, result)), "{entries}");
    }
    let unknown = refused("ACQ.TRADE_NOT_EXIST");
    assert_eq!(
        shares::split(Kind::SplitQuery, (&split(&given, 2, true), &row), &given, &unknown),
        SplitFinding::NotFound
    );
}

#[test]
fn what_is_undivided_is_asked_of_a_split_that_was_given_up_and_is_not_known() {
    let (row, given) = (paid(), ours());
    let mut asked = split(&given, 2, true);
    let unknown = answered("40004", Some("ACQ.TRADE_NOT_EXIST"), json!({}));
    assert_eq!(shares::asked_next(Kind::SplitQuery, (&asked, &row), &unknown), None);
    asked.abandonment = given_up();
    let call = shares::asked_next(Kind::SplitQuery, (&asked, &row), &unknown).map(Call::Shares).unwrap();
    let expected = ("alipay.trade.order.onsettle.query".to_owned(), json!({ "trade_no": TRADE_NO }));
    assert_eq!(content(&call), expected);
    let heard =
        |fields| shares::split(Kind::SplitQuery, (&asked, &row), &given, &answered("10000", None, fields));
    let undivided = SplitFinding::Undivided { amount_minor: 9_940 };
    assert_eq!(heard(json!({ "unsettled_amount": "99.40" })), undivided);
    assert_eq!(heard(json!({ "unsettled_amount": "99.405" })), SplitFinding::Unclear);
    assert_eq!(heard(json!({})), SplitFinding::Unclear);
}
