use crate::rows::{attempt, refund};
use serde_json::{Value, json};
use tillkeeper_channels::alipay::{Answer, CAPABILITIES, Heard, NotSent, report, shares};
use tillkeeper_channels::capabilities::Verdict;
use tk_domain::channel_account::Method;
use tk_domain::instruction::InstructionKind as Kind;
use tk_domain::payment::{Action, ActionKind, Attempt};
use tk_domain::report::{PaidEvidence, PaymentFinding, RefundFinding, Source, Unclear};
use tk_domain::split::{ReceiverFinding, SplitFinding};
use tk_money::Amount;

const PAID_AT: &str = "2026-11-21 12:10:00";
const PAID_AT_US: i64 = 1_795_234_200_000_000;
const TRADE_NO: &str = "2026112122001400000000000001";

fn of(method: Method) -> Attempt {
    attempt(method, 8_888, 1)
}

fn answered(code: &str, sub_code: Option<&str>, fields: Value) -> Heard {
    let Value::Object(node) = fields else { panic!("fields are an object") };
    Heard::Answered(Answer {
        code: code.to_owned(),
        msg: "msg".to_owned(),
        sub_code: sub_code.map(str::to_owned),
        sub_msg: sub_code.map(|_| "sub_msg".to_owned()),
        node,
    })
}

fn ok(fields: Value) -> Heard {
    answered("10000", None, fields)
}

fn refused(sub_code: &str) -> Heard {
    answered("40004", Some(sub_code), json!({}))
}

fn failed(code: &str) -> PaymentFinding {
    PaymentFinding::Failed { code: code.to_owned(), message: "sub_msg".to_owned() }
}

const fn unclear(why: Unclear) -> PaymentFinding {
    PaymentFinding::Unclear(why)
}

fn paid() -> PaymentFinding {
    PaymentFinding::Paid(PaidEvidence {
        channel_txn_no: TRADE_NO.to_owned(),
        amount: Amount::fen(8_888),
        payee_app: None,
        payee_merchant: None,
        borne: None,
        paid_at_us: Some(PAID_AT_US),
    })
}

#[test]
fn only_listed_codes_are_final_and_each_only_for_its_kind_of_call() {
    let final_pay = [
        "INVALID_PARAMETER",
        "ACCESS_FORBIDDEN",
        "EXIST_FORBIDDEN_WORD",
        "PARTNER_ERROR",
        "TOTAL_FEE_EXCEED",
        "PAYMENT_AUTH_CODE_INVALID",
        "CONTEXT_INCONSISTENT",
        "TRADE_HAS_CLOSE",
        "BUYER_BALANCE_NOT_ENOUGH",
        "BUYER_BANKCARD_BALANCE_NOT_ENOUGH",
        "PAYMENT_FAIL",
        "SELLER_BALANCE_NOT_ENOUGH",
        "APPLY_PC_MERCHANT_CODE_ERROR",
    ];
    let final_refund = [
        "TRADE_NOT_EXIST",
        "TRADE_HAS_FINISHED",
        "TRADE_STATUS_ERROR",
        "REASON_TRADE_REFUND_FEE_ERR",
        "REFUND_AMT_NOT_EQUAL_TOTAL",
        "TRADE_NOT_ALLOW_REFUND",
        "NOT_ALLOW_PARTIAL_REFUND",
    ];
    let final_split = ["INVALID_PARAMETER", "TRADE_STATUS_ERROR", "ALLOC_AMOUNT_VALIDATE_ERROR"];
    let final_bind = ["INVALID_PARAMETER", "USER_NOT_EXIST"];
    let (row, back) = (of(Method::AlipayBarcode), refund(100, 2));
    let names = final_pay.into_iter().chain(final_refund).chain(final_split).chain(final_bind);
    for name in names {
        let code = format!("ACQ.{name}");
        for kind in [Kind::Pay, Kind::Query, Kind::Close, Kind::Cancel] {
            let finding = report::payment(kind, &row, &refused(&code));
            let may_fail = kind == Kind::Pay && final_pay.contains(&name);
            assert_eq!(finding == failed(&code), may_fail, "{kind} {code}");
        }
        for kind in [Kind::Refund, Kind::RefundQuery] {
            let finding = report::refund(kind, &back, &row, &refused(&code));
            let may_fail = kind == Kind::Refund && final_refund.contains(&name);
            assert_eq!(matches!(finding, RefundFinding::Failed { .. }), may_fail, "{kind} {code}");
        }
        for kind in [Kind::Split, Kind::SplitQuery] {
            let finding =
                shares::split(kind, (&crate::rows::split(&[], 2, true), &row), &[], &refused(&code));
            let may_fail = kind == Kind::Split && final_split.contains(&name);
            assert_eq!(matches!(finding, SplitFinding::Failed { .. }), may_fail, "{kind} {code}");
        }
        let bound = shares::receiver(Kind::ReceiverBind, &refused(&code));
        assert_eq!(matches!(bound, ReceiverFinding::Refused { .. }), final_bind.contains(&name), "{code}");
    }
    let listed = CAPABILITIES.codes.iter().filter(|rule| rule.verdict == Verdict::Failed).count();
    assert_eq!(listed, final_pay.len() + final_refund.len() + final_split.len() + final_bind.len());
}

#[test]
fn a_final_code_under_another_gateway_code_is_not_final() {
    for code in ["20000", "40001", "40002", "40003", "40005", "40006", "99999"] {
        let heard = answered(code, Some("ACQ.PAYMENT_FAIL"), json!({}));
        let finding = report::payment(Kind::Pay, &of(Method::AlipayBarcode), &heard);
        assert!(matches!(finding, PaymentFinding::Unclear(_)), "{code}: {finding:?}");
    }
}

#[test]
fn unlisted_codes_and_gateway_codes_prove_nothing() {
    let rows = [
        ("40004", Some("ACQ.SOMETHING_NEW"), Unclear::UnknownCode),
        ("40004", Some("ACQ.ERROR_BALANCE_PAYMENT_DISABLE"), Unclear::UnknownCode),
        ("40004", Some("ACQ.TRADE_HAS_SUCCESS"), Unclear::UnknownCode),
        ("40004", Some("ACQ.SYSTEM_ERROR"), Unclear::ServerError),
        ("20000", Some("aop.ACQ.SYSTEM_ERROR"), Unclear::ServerError),
        ("20000", Some("isp.unknow-error"), Unclear::ServerError),
        ("20000", None, Unclear::ServerError),
        ("20001", Some("aop.invalid-auth-token"), Unclear::Misconfigured),
        ("40001", Some("isv.missing-signature"), Unclear::Misconfigured),
        ("40002", Some("isv.invalid-app-id"), Unclear::Misconfigured),
        ("40006", Some("isv.insufficient-isv-permissions"), Unclear::Misconfigured),
        ("40005", Some("isv.app-call-limited"), Unclear::RateLimited),
        ("40005", Some("ACQ.SYSTEM_ERROR"), Unclear::RateLimited),
        ("40004", None, Unclear::UnknownCode),
        ("40003", None, Unclear::UnknownCode),
        ("", None, Unclear::UnknownCode),
    ];
    let (row, back) = (of(Method::AlipayQr), refund(100, 2));
    for (code, sub_code, why) in rows {
        let heard = answered(code, sub_code, json!({}));
        for kind in [Kind::Pay, Kind::Query, Kind::Close, Kind::Cancel] {
            assert_eq!(report::payment(kind, &row, &heard), unclear(why), "{kind} {code} {sub_code:?}");
        }
        for kind in [Kind::Refund, Kind::RefundQuery] {
            let finding = report::refund(kind, &back, &row, &heard);
            assert_eq!(finding, RefundFinding::Unclear(why), "{kind} {code} {sub_code:?}");
        }
    }
}

#[test]
fn trouble_on_the_way_proves_nothing() {
    let unsigned = |sub_code: &str| Heard::UnsignedError {
        code: "40002".to_owned(),
        sub_code: Some(sub_code.to_owned()),
    };
    let rows = [
        (Heard::Timeout, Unclear::Timeout),
        (Heard::Connection, Unclear::Connection),
        (Heard::HttpStatus(500), Unclear::ServerError),
        (Heard::HttpStatus(502), Unclear::ServerError),
        (Heard::HttpStatus(429), Unclear::RateLimited),
        (Heard::HttpStatus(302), Unclear::Unreadable),
        (Heard::HttpStatus(404), Unclear::Unreadable),
        (Heard::Unreadable("signature does not match".to_owned()), Unclear::Unreadable),
        (unsigned("isv.invalid-signature"), Unclear::Misconfigured),
        (unsigned("ACQ.TRADE_NOT_EXIST"), Unclear::UnknownCode),
        (unsigned("ACQ.PAYMENT_FAIL"), Unclear::UnknownCode),
        (Heard::NotSent(NotSent::Busy), Unclear::RateLimited),
        (Heard::NotSent(NotSent::Expired), Unclear::Timeout),
        (Heard::NotSent(NotSent::Refused(String::new())), Unclear::Misconfigured),
    ];
    let (row, back) = (of(Method::AlipayBarcode), refund(100, 2));
    for (heard, why) in rows {
        for kind in [Kind::Pay, Kind::Query, Kind::Close, Kind::Cancel] {
            assert_eq!(report::payment(kind, &row, &heard), unclear(why), "{kind} {heard:?}");
        }
        for kind in [Kind::Refund, Kind::RefundQuery] {
            assert_eq!(
                report::refund(kind, &back, &row, &heard),
                RefundFinding::Unclear(why),
                "{kind} {heard:?}"
            );
        }
    }
}

#[test]
fn page_and_wap_are_a_signed_address_and_nothing_else_is() {
    let heard = Heard::Link("https://gateway.example/?sign=x".to_owned());
    for method in [Method::AlipayPage, Method::AlipayWap] {
        let action =
            Action { kind: ActionKind::Redirect, value: "https://gateway.example/?sign=x".to_owned() };
        assert_eq!(report::payment(Kind::Pay, &of(method), &heard), PaymentFinding::ActionRequired(action));
    }
    let never = [
        (Kind::Pay, Method::AlipayQr),
        (Kind::Pay, Method::AlipayBarcode),
        (Kind::Query, Method::AlipayPage),
    ];
    for (kind, method) in never {
        assert_eq!(report::payment(kind, &of(method), &heard), unclear(Unclear::Unreadable));
    }
}

#[test]
fn precreate_shows_a_code_of_our_own_order_only() {
    let row = of(Method::AlipayQr);
    let with = |fields: Value| report::payment(Kind::Pay, &row, &ok(fields));
    let shown = Action { kind: ActionKind::Qr, value: "https://qr.example/1".to_owned() };
    let fields = json!({ "out_trade_no": row.out_no, "qr_code": "https://qr.example/1" });
    assert_eq!(with(fields), PaymentFinding::ActionRequired(shown));
    for fields in [
        json!({ "out_trade_no": "T2", "qr_code": "https://qr.example/1" }),
        json!({ "qr_code": "https://qr.example/1" }),
        json!({ "out_trade_no": row.out_no }),
        json!({ "out_trade_no": row.out_no, "qr_code": "" }),
        json!({ "out_trade_no": row.out_no, "qr_code": "x".repeat(9000) }),
    ] {
        assert_eq!(with(fields.clone()), unclear(Unclear::Unreadable), "{fields}");
    }
}

#[test]
fn a_bar_code_is_paid_waits_or_is_unreadable() {
    let row = of(Method::AlipayBarcode);
    let fields = json!({
        "out_trade_no": row.out_no, "trade_no": TRADE_NO, "total_amount": "88.88", "gmt_payment": PAID_AT,
    });
    assert_eq!(report::payment(Kind::Pay, &row, &ok(fields.clone())), paid());
    let waiting = answered("10003", None, json!({ "out_trade_no": row.out_no, "trade_no": TRADE_NO }));
    assert_eq!(report::payment(Kind::Pay, &row, &waiting), PaymentFinding::InProgress);
    assert_eq!(report::payment(Kind::Query, &row, &waiting), unclear(Unclear::UnknownCode));
    let qr = report::payment(Kind::Pay, &of(Method::AlipayQr), &waiting);
    assert_eq!(qr, unclear(Unclear::UnknownCode));
    for (name, value) in [
        ("out_trade_no", json!("T2")),
        ("trade_no", json!("")),
        ("total_amount", json!("88.888")),
        ("total_amount", json!(88.88)),
        ("total_amount", Value::Null),
    ] {
        let mut broken = fields.clone();
        broken[name] = value;
        assert_eq!(report::payment(Kind::Pay, &row, &ok(broken)), unclear(Unclear::Unreadable), "{name}");
    }
}

#[test]
fn query_reads_every_trade_status() {
    let row = of(Method::AlipayQr);
    let with = |status: Value, more: Value| {
        let mut fields = json!({ "out_trade_no": row.out_no, "trade_no": TRADE_NO, "total_amount": "88.88" });
        fields["trade_status"] = status;
        for (name, value) in more.as_object().unwrap() {
            fields[name] = value.clone();
        }
        report::payment(Kind::Query, &row, &ok(fields))
    };
    let sent = json!({ "send_pay_date": PAID_AT });
    assert_eq!(with(json!("TRADE_SUCCESS"), sent.clone()), paid());
    assert_eq!(with(json!("TRADE_FINISHED"), sent.clone()), paid());
    assert_eq!(with(json!("WAIT_BUYER_PAY"), json!({})), PaymentFinding::WaitingPayer);
    assert_eq!(with(json!("TRADE_CLOSED"), json!({ "receipt_amount": "0.00" })), PaymentFinding::Closed);
    for shows in [
        sent.clone(),
        json!({ "receipt_amount": "88.88" }),
        json!({ "buyer_pay_amount": "0.01" }),
        json!({ "fund_bill_list": [{ "amount": "88.88" }] }),
        json!({ "fund_bill_list": "[{}]" }),
    ] {
        assert_eq!(with(json!("TRADE_CLOSED"), shows), unclear(Unclear::UnknownCode));
    }
    assert_eq!(with(json!("TRADE_PENDING"), sent.clone()), unclear(Unclear::UnknownCode));
    assert_eq!(with(Value::Null, sent.clone()), unclear(Unclear::Unreadable));
    let foreign = json!({ "out_trade_no": "T2", "send_pay_date": PAID_AT });
    assert_eq!(with(json!("TRADE_SUCCESS"), foreign), unclear(Unclear::Unreadable));
    let missing = report::payment(Kind::Query, &row, &refused("ACQ.TRADE_NOT_EXIST"));
    assert_eq!(missing, PaymentFinding::NotFound);
}

#[test]
fn a_query_after_our_cancel_of_a_bar_code_finds_the_refunded_trade_closed() {
    let mut row = of(Method::AlipayBarcode);
    let fields = json!({
        "out_trade_no": row.out_no, "trade_no": TRADE_NO, "trade_status": "TRADE_CLOSED",
        "total_amount": "88.88", "send_pay_date": PAID_AT,
    });
    assert_eq!(report::payment(Kind::Query, &row, &ok(fields.clone())), unclear(Unclear::UnknownCode));
    row.close_requested_at_us = Some(PAID_AT_US);
    let undone = PaymentFinding::Undone(Amount::new(row.amount_minor, row.currency));
    assert_eq!(report::payment(Kind::Query, &row, &ok(fields)), undone);
}

#[test]
fn close_and_cancel_read_their_answers() {
    let row = of(Method::AlipayQr);
    let close = |heard: &Heard| report::payment(Kind::Close, &row, heard);
    assert_eq!(
        close(&ok(json!({ "out_trade_no": row.out_no, "trade_no": TRADE_NO }))),
        PaymentFinding::Closed
    );
    assert_eq!(close(&ok(json!({ "out_trade_no": "T2" }))), unclear(Unclear::Unreadable));
    assert_eq!(close(&refused("ACQ.TRADE_NOT_EXIST")), PaymentFinding::NotFound);
    for code in ["ACQ.TRADE_STATUS_ERROR", "ACQ.REASON_TRADE_STATUS_INVALID", "ACQ.REASON_ILLEGAL_STATUS"] {
        assert_eq!(close(&refused(code)), PaymentFinding::CloseRefused, "{code}");
    }
    let row = of(Method::AlipayBarcode);
    let cancel = |retry_flag: Option<&str>, action: Option<&str>| {
        let fields = json!({ "out_trade_no": row.out_no, "retry_flag": retry_flag, "action": action });
        report::payment(Kind::Cancel, &row, &ok(fields))
    };
    assert_eq!(cancel(Some("N"), Some("close")), PaymentFinding::Closed);
    let undone = PaymentFinding::Undone(Amount::new(row.amount_minor, row.currency));
    assert_eq!(cancel(Some("N"), Some("refund")), undone);
    assert_eq!(cancel(Some("N"), None), PaymentFinding::NotFound);
    assert_eq!(cancel(Some("Y"), Some("close")), unclear(Unclear::ServerError));
    assert_eq!(cancel(Some("Y"), None), unclear(Unclear::ServerError));
    assert_eq!(cancel(None, Some("close")), unclear(Unclear::Unreadable));
    assert_eq!(cancel(Some("N"), Some("freeze")), unclear(Unclear::Unreadable));
    let refused_cancel = report::payment(Kind::Cancel, &row, &refused("ACQ.TRADE_CANCEL_TIME_OUT"));
    assert_eq!(refused_cancel, PaymentFinding::CloseRefused);
}

#[test]
fn a_refund_reply_is_never_done() {
    let (row, back) = (of(Method::AlipayQr), refund(100, 2));
    let reply = |heard: &Heard| report::refund(Kind::Refund, &back, &row, heard);
    for fund_change in [json!("Y"), json!("N"), Value::Null] {
        let fields = json!({ "out_trade_no": row.out_no, "refund_fee": "1.00", "fund_change": fund_change });
        assert_eq!(reply(&ok(fields)), RefundFinding::Accepted);
    }
    let foreign = ok(json!({ "out_trade_no": "T2", "fund_change": "Y" }));
    assert_eq!(reply(&foreign), RefundFinding::Unclear(Unclear::Unreadable));
    let short = RefundFinding::NotYet {
        code: "ACQ.SELLER_BALANCE_NOT_ENOUGH".to_owned(),
        message: "sub_msg".to_owned(),
    };
    assert_eq!(reply(&refused("ACQ.SELLER_BALANCE_NOT_ENOUGH")), short);
    let rows = [
        ("ACQ.REFUND_CHARGE_ERROR", Unclear::ServerError),
        ("ACQ.DISCORDANT_REPEAT_REQUEST", Unclear::UnknownCode),
    ];
    for (code, why) in rows {
        assert_eq!(reply(&refused(code)), RefundFinding::Unclear(why));
    }
    let link = Heard::Link("https://gateway.example".to_owned());
    assert_eq!(reply(&link), RefundFinding::Unclear(Unclear::Unreadable));
}

#[test]
fn a_refund_query_proves_only_the_very_refund() {
    let (row, back) = (of(Method::AlipayQr), refund(100, 2));
    let asked = |fields: Value| report::refund(Kind::RefundQuery, &back, &row, &ok(fields));
    let fields = json!({
        "out_trade_no": row.out_no, "out_request_no": back.out_no, "refund_status": "REFUND_SUCCESS",
        "refund_amount": "1.00", "total_amount": "88.88", "gmt_refund_pay": PAID_AT,
    });
    let done = |fen, at_us| RefundFinding::Done { amount: Amount::fen(fen), borne: None, at_us };
    let with = |name: &str, value: Value| {
        let mut fields = fields.clone();
        fields[name] = value;
        asked(fields)
    };
    assert_eq!(asked(fields.clone()), done(100, Some(PAID_AT_US)));
    assert_eq!(with("refund_amount", json!("0.99")), done(99, Some(PAID_AT_US)));
    assert_eq!(with("gmt_refund_pay", Value::Null), done(100, None));
    for (name, value) in [
        ("out_request_no", json!("R9")),
        ("out_request_no", Value::Null),
        ("out_trade_no", json!("T9")),
        ("refund_amount", Value::Null),
    ] {
        assert_eq!(with(name, value), RefundFinding::Unclear(Unclear::Unreadable), "{name}");
    }
    assert_eq!(with("refund_status", json!("REFUND_FAIL")), RefundFinding::Unclear(Unclear::UnknownCode));
    assert_eq!(with("refund_status", Value::Null), RefundFinding::NotFound);
    assert_eq!(asked(json!({})), RefundFinding::NotFound);
    let missing = report::refund(Kind::RefundQuery, &back, &row, &refused("ACQ.TRADE_NOT_EXIST"));
    assert_eq!(missing, RefundFinding::NotFound);
}

#[test]
fn questions_are_told_from_replies() {
    let queries: Vec<Kind> =
        Kind::ALL.iter().copied().filter(|kind| report::source(*kind) == Source::Query).collect();
    assert_eq!(queries, [Kind::Query, Kind::RefundQuery, Kind::SplitQuery, Kind::SplitReturnQuery]);
}
