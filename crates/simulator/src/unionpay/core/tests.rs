//! The rules of the books, without a network.

use tk_formats::unionpay::{Params, settlement, time};

use super::{Answer, Books, Desk, Fees, NOTIFY_LADDER_US, PageRefusal, Request, Seller};

/// 2026-11-21 12:00:00 in Beijing.
const AT_US: i64 = 1_795_233_600_000_000;
const DAY_US: i64 = 86_400_000_000;
const MINUTE_US: i64 = 60_000_000;
const BACK_URL: &str = "http://127.0.0.1:1/callback";

fn request(pairs: &[(&str, &str)]) -> Params {
    let mut params = Params::new();
    for (name, value) in [("merId", "777290058110048"), ("txnTime", "20261121120000"), ("backUrl", BACK_URL)]
    {
        params.insert(name, value).unwrap();
    }
    for (name, value) in pairs {
        params.remove(name);
        params.insert(*name, *value).unwrap();
    }
    params
}

fn page(order_id: &str, amount: &str) -> Params {
    request(&[
        ("txnType", "01"),
        ("txnSubType", "01"),
        ("bizType", "000201"),
        ("orderId", order_id),
        ("txnAmt", amount),
        ("currencyCode", "156"),
        ("payTimeout", "20261121121500"),
        ("frontUrl", "http://127.0.0.1:1/return"),
    ])
}

fn back(txn_type: &str, order_id: &str, orig: &str, amount: &str) -> Params {
    request(&[
        ("txnType", txn_type),
        ("txnSubType", "00"),
        ("bizType", "000201"),
        ("orderId", order_id),
        ("origQryId", orig),
        ("txnAmt", amount),
    ])
}

fn query(order_id: &str) -> Params {
    request(&[("txnType", "00"), ("txnSubType", "00"), ("bizType", "000201"), ("orderId", order_id)])
}

fn value<'a>(answer: &'a Answer, name: &str) -> &'a str {
    let found = answer.iter().find(|(known, _)| known == name);
    found.map_or_else(|| panic!("{name} in {answer:?}"), |(_, value)| value.as_str())
}

fn asked(books: &mut Books, order_id: &str) -> Answer {
    books.enact(Desk::Query, &query(order_id), &[], AT_US)
}

/// An order paid on its page; UnionPay's number.
fn paid(books: &mut Books, order_id: &str, amount: &str) -> String {
    let name = books.open_page(&page(order_id, amount), AT_US).unwrap();
    value(&books.pay_page(&name, AT_US).unwrap(), "queryId").to_owned()
}

#[test]
fn an_order_is_known_only_once_it_is_paid_and_is_paid_once() {
    let mut books = Books::default();
    assert_eq!(value(&asked(&mut books, "ORDER001"), "respCode"), "34");
    let name = books.open_page(&page("ORDER001", "1000"), AT_US).unwrap();
    assert_eq!(books.open_page(&page("ORDER001", "1000"), AT_US), Ok(name.clone()));
    assert_eq!(books.open_page(&page("ORDER001", "1"), AT_US), Err(PageRefusal::Duplicate));
    assert_eq!(value(&asked(&mut books, "ORDER001"), "respCode"), "34");
    books.pay_page(&name, AT_US).unwrap();
    assert_eq!(books.pay_page(&name, AT_US), Err(PageRefusal::Ended));
    let answer = asked(&mut books, "ORDER001");
    assert_eq!((value(&answer, "origRespCode"), value(&answer, "txnAmt")), ("00", "1000"));
    assert_eq!(value(&answer, "traceTime"), "1121120000");
    assert_eq!(books.truth().balance_fen, 1000);
}

#[test]
fn a_page_lives_until_its_time_and_a_refusal_is_final() {
    let mut books = Books::default();
    let name = books.open_page(&page("ORDER001", "1000"), AT_US).unwrap();
    assert_eq!(books.pay_page(&name, AT_US + 15 * MINUTE_US), Err(PageRefusal::Expired));
    let late = books.open_page(&page("ORDER002", "1000"), AT_US + 15 * MINUTE_US);
    assert_eq!(late, Err(PageRefusal::Expired));
    for amount in ["0", "10.00", "-1", ""] {
        assert_eq!(books.open_page(&page("ORDER003", amount), AT_US), Err(PageRefusal::Invalid), "{amount}");
    }
    let name = books.open_page(&page("ORDER004", "1000"), AT_US).unwrap();
    books.decline_page(&name, AT_US).unwrap();
    assert_eq!(value(&asked(&mut books, "ORDER004"), "origRespCode"), "51");
    assert_eq!((books.pending_notices(), books.truth().balance_fen), (0, 0));
}

#[test]
fn refunds_add_up_to_the_payment_and_no_further() {
    let mut books = Books::default();
    let number = paid(&mut books, "ORDER001", "1000");
    let mut send = |order_id: &str, orig: &str, amount: &str, at_us: i64| {
        let answer = books.enact(Desk::Back, &back("04", order_id, orig, amount), &[], at_us);
        value(&answer, "respCode").to_owned()
    };
    assert_eq!(send("REFUND01", &number, "300", AT_US), "00");
    assert_eq!(send("REFUND01", &number, "300", AT_US), "12");
    assert_eq!(send("REFUND02", &number, "701", AT_US), "37");
    assert_eq!(send("REFUND03", &number, "700", AT_US), "00");
    assert_eq!(send("REFUND04", &number, "1", AT_US), "37");
    assert_eq!(send("REFUND05", "1", "1", AT_US), "34");
    assert_eq!(send("REFUND06", &number, "1", AT_US + 331 * DAY_US), "30");
    assert_eq!(send("R-6", &number, "1", AT_US), "10");
    assert_eq!(books.truth().balance_fen, 0);
}

#[test]
fn an_undo_is_whole_and_of_the_same_day() {
    let mut books = Books::default();
    let number = paid(&mut books, "ORDER001", "1000");
    let mut send = |order_id: &str, amount: &str, at_us: i64| {
        let answer = books.enact(Desk::Back, &back("31", order_id, &number, amount), &[], at_us);
        value(&answer, "respCode").to_owned()
    };
    assert_eq!(send("UNDO0001", "999", AT_US), "36");
    assert_eq!(send("UNDO0002", "1000", AT_US + DAY_US), "33");
    assert_eq!(send("UNDO0003", "1000", AT_US), "00");
    assert_eq!(send("UNDO0004", "1000", AT_US), "33");
    assert_eq!(books.truth().balance_fen, 0);
}

#[test]
fn a_token_pays_only_with_the_code_that_was_sent() {
    let mut books = Books::default();
    let token = books.open_token();
    let data = format!("{{token={token}&trId=62000000001&tokenType=01}}");
    let consume = |order_id: &str, txn_type: &str, sub: &str| {
        request(&[
            ("txnType", txn_type),
            ("txnSubType", sub),
            ("bizType", "000902"),
            ("orderId", order_id),
            ("txnAmt", "1000"),
            ("currencyCode", "156"),
            ("tokenPayData", &data),
        ])
    };
    let typed = |code: &str| vec![("smsCode".to_owned(), code.to_owned())];
    let sent = books.enact(Desk::Back, &consume("ORDER001", "77", "02"), &[], AT_US);
    assert_eq!(value(&sent, "respCode"), "00");
    let code = books.code_of("ORDER001").unwrap().to_owned();
    let charged = books.enact(Desk::Back, &consume("ORDER001", "01", "01"), &typed(&code), AT_US);
    assert_eq!(value(&charged, "respCode"), "00");
    assert_eq!(value(&asked(&mut books, "ORDER001"), "origRespCode"), "00");
    let wrong = books.enact(Desk::Back, &consume("ORDER002", "01", "01"), &typed("000000"), AT_US);
    assert_eq!(value(&wrong, "respCode"), "00");
    assert_eq!(value(&asked(&mut books, "ORDER002"), "origRespCode"), "61");
    let ended = books.enact(Desk::Back, &consume("UNBIND01", "74", "01"), &[], AT_US);
    assert_eq!(value(&ended, "respCode"), "00");
    let again = books.enact(Desk::Back, &consume("ORDER003", "77", "02"), &[], AT_US);
    assert_eq!(value(&again, "respCode"), "34");
    assert_eq!(books.truth().balance_fen, 1000);
}

#[test]
fn an_opening_is_known_only_once_it_is_done_and_then_by_its_token() {
    let mut books = Books::default();
    let kind = [("txnType", "79"), ("txnSubType", "00"), ("bizType", "000902"), ("orderId", "OPEN0001")];
    let until = [("payTimeout", "20261121121500")];
    let opening = |data: &str| request(&[&kind[..], &until, &[("tokenPayData", data)]].concat());
    let asked =
        request(&[("txnType", "78"), ("txnSubType", "02"), ("bizType", "000902"), ("orderId", "OPEN0001")]);
    for data in ["{trId=&tokenType=01}", "{trId=62000000002&tokenType=01}", "{tokenType=01}"] {
        assert_eq!(books.open_page(&opening(data), AT_US), Err(PageRefusal::Invalid), "{data}");
    }
    let name = books.open_page(&opening("{trId=62000000001&tokenType=01}"), AT_US).unwrap();
    assert_eq!(value(&books.enact(Desk::Back, &asked, &[], AT_US), "respCode"), "34");
    let told = books.pay_page(&name, AT_US).unwrap();
    let answer = books.enact(Desk::Back, &asked, &[], AT_US);
    assert_eq!(value(&answer, "respCode"), "00");
    for field in ["tokenPayData", "accNo", "orderId", "txnTime"] {
        assert_eq!(value(&answer, field), value(&told, field), "{field}");
    }
}

#[test]
fn a_notice_comes_again_until_it_is_taken_or_given_up() {
    let mut books = Books::default();
    paid(&mut books, "ORDER001", "1000");
    let mut now_us = AT_US;
    let first = books.due_notices(now_us);
    assert_eq!((first.len(), first[0].url.as_str()), (1, BACK_URL));
    for step_us in NOTIFY_LADDER_US {
        assert_eq!(books.due_notices(now_us + step_us - 1), []);
        now_us += step_us;
        let again = books.due_notices(now_us);
        assert_eq!((again.len(), &again[0].fields), (1, &first[0].fields));
    }
    assert_eq!((books.due_notices(now_us + DAY_US).len(), books.pending_notices()), (0, 0));
    paid(&mut books, "ORDER002", "1000");
    let taken = books.due_notices(AT_US);
    books.acknowledge(taken[0].serial);
    assert_eq!(books.pending_notices(), 0);
}

#[test]
fn the_settlement_file_of_a_day_equals_the_truth() {
    let mut seller = Seller::new("777290058110048", 1, Fees::default());
    seller.pay(AT_US, &page("ORDER001", "88800")).unwrap();
    let number = seller.books().trade_of("ORDER001").unwrap().query_id.clone();
    let fields = back("04", "REFUND01", &number, "300");
    seller.handle(AT_US, &Request { desk: Desk::Back, fields, customer: Vec::new() });
    seller.decline(AT_US, &page("ORDER002", "5")).unwrap();
    let file = seller.settlement_file("20261121").unwrap().unwrap();
    let zip = settlement::write_zip(&file, AT_US).unwrap();
    let read = settlement::read_zip(&zip, &tk_formats::archive::Limits::default()).unwrap();
    assert_eq!(read, file);
    let rows: Vec<_> = read.trades.iter().map(|row| (row.order_id(), row.amount_fen)).collect();
    assert_eq!(rows, [("ORDER001", 88_800), ("REFUND01", 300)]);
    assert_eq!(read.trades[1].orig_query_id(), number);
    assert_eq!(read.totals().unwrap().settle_gain_fen, 88_267 - 298);
    assert_eq!(seller.settlement_file("20261122").unwrap(), None);
    assert!(time::format_us(AT_US).unwrap().starts_with("20261121"));
}

#[test]
fn journalled_changes_make_the_same_books_again() {
    let mut books = Books::default();
    books.keep_events();
    let number = paid(&mut books, "ORDER001", "1000");
    books.enact(Desk::Back, &back("04", "REFUND01", &number, "333"), &[], AT_US);
    let name = books.open_page(&page("ORDER002", "5"), AT_US).unwrap();
    books.decline_page(&name, AT_US).unwrap();
    let open = books.open_page(&page("ORDER003", "7"), AT_US).unwrap();
    let token = books.open_token();
    let events = books.drain_events();
    assert_eq!(books.drain_events(), [], "each change is told once");
    let mut again = Books::default();
    for event in events {
        let line = serde_json::to_string(&event).unwrap();
        again.restore(serde_json::from_str(&line).unwrap());
    }
    assert_eq!(again.truth(), books.truth());
    assert_eq!(again.page(&open), books.page(&open));
    assert_eq!(again.pay_page(&name, AT_US), Err(PageRefusal::Ended));
    assert_ne!(again.open_token(), token);
    let rest = again.enact(Desk::Back, &back("04", "REFUND02", &number, "667"), &[], AT_US);
    assert_eq!((value(&rest, "respCode"), again.truth().balance_fen), ("00", 0));
    assert_eq!(again.trade_of("ORDER001").map(|trade| trade.fee_returned_fen), Some(6));
}
