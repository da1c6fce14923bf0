//! What Alipay's lists prove of shares that a refund took back.

use crate::rows::{attempt, back, refund, share};
use serde_json::{Value, json};
use tillkeeper_channels::alipay::returned::{Asked, returned};
use tillkeeper_channels::alipay::{Answer, Heard};
use tk_domain::channel_account::Method;
use tk_domain::refund::Refund;
use tk_domain::split::{ReturnFinding, ReturnMode, ReturnStatus, SplitReturn};

const ONE: &str = "2088101126708402";

/// Amounts of one receiver, fen, each with the state that `royalty_detail_list` gives it.
type Listed<'a> = &'a [(i64, &'a str)];

fn yuan(fen: i64) -> String {
    format!("{}.{:02}", fen / 100, fen % 100)
}

/// An answer to the query of splits under the refund's number.
fn detailed(refund: &Refund, listed: Listed<'_>) -> Heard {
    let entry = |(fen, state): &(i64, &str)| {
        json!({ "operation_type": "transfer_refund", "trans_out": ONE, "amount": yuan(*fen), "state": state,
            "error_code": "E" })
    };
    let mut list: Vec<Value> = listed.iter().map(entry).collect();
    let other = json!({ "operation_type": "transfer_refund", "trans_out": "2088", "amount": "0.05",
        "state": "FAIL" });
    let paid = json!({ "operation_type": "transfer", "trans_in": ONE, "amount": "0.05", "state": "SUCCESS" });
    list.extend([other, paid]);
    answered(json!({ "out_request_no": refund.out_no, "royalty_detail_list": list }))
}

fn answered(fields: Value) -> Heard {
    let Value::Object(node) = fields else { panic!("fields are an object") };
    let msg = "Success".to_owned();
    Heard::Answered(Answer { code: "10000".to_owned(), msg, sub_code: None, sub_msg: None, node })
}

/// Returns of one refund by one receiver, of these amounts.
fn shares(refund: &Refund, mode: ReturnMode, minor: &[i64]) -> Vec<SplitReturn> {
    let one = |(minor, place): (&i64, u8)| {
        let (line, _) = share(ONE, 2, place);
        let status = ReturnStatus::Processing;
        SplitReturn { mode, status, amount_minor: *minor, ..back(refund, &line) }
    };
    let mut returns: Vec<SplitReturn> = minor.iter().zip(0..).map(one).collect();
    // Their order by name is the order in which they are named here.
    let mut ids: Vec<_> = returns.iter().map(|one| one.id).collect();
    ids.sort();
    returns.iter_mut().zip(ids).for_each(|(one, id)| one.id = id);
    returns
}

fn asked(refund: &Refund, all: &[SplitReturn], place: usize, heard: &Heard) -> ReturnFinding {
    let (_, receiver) = share(ONE, 2, 0);
    let beside: Vec<SplitReturn> = all.iter().filter(|one| one.id != all[place].id).cloned().collect();
    let asked = Asked { back: &all[place], beside: &beside, receiver: &receiver };
    returned(asked, (refund, &attempt(Method::AlipayQr, 10_000, 1)), heard)
}

/// `+n`: n fen came back; `-`: it did not; `~`: it is on its way; `?`: nothing is proven.
fn word(finding: &ReturnFinding) -> String {
    match finding {
        ReturnFinding::Done { amount_minor } => format!("+{amount_minor}"),
        ReturnFinding::Failed { .. } => "-".to_owned(),
        ReturnFinding::Accepted => "~".to_owned(),
        ReturnFinding::Unclear => "?".to_owned(),
        ReturnFinding::NotYet { .. }
        | ReturnFinding::NotFound
        | ReturnFinding::NotSent
        | ReturnFinding::Foreign => panic!("{finding:?}"),
    }
}

fn words(mode: ReturnMode, minor: &[i64], listed: Listed<'_>) -> String {
    let refund = refund(5_000, 3);
    let (all, heard) = (shares(&refund, mode, minor), detailed(&refund, listed));
    let each = (0..all.len()).map(|place| word(&asked(&refund, &all, place, &heard)));
    each.collect::<Vec<_>>().join(" ")
}

#[test]
fn what_is_said_of_another_amount_ends_no_share_as_refused() {
    let along = |listed: Listed<'_>| words(ReturnMode::Along, &[10], listed);
    let cases: [(Listed<'_>, &str); 9] = [
        (&[(10, "SUCCESS")], "+10"),
        (&[(10, "FAIL")], "-"),
        (&[(10, "PROCESSING")], "~"),
        (&[(10, "SUCCESS"), (7, "FAIL")], "+10"),
        (&[(10, "SUCCESS"), (10, "FAIL")], "?"),
        // Another amount that came back is told, for a person to see; nothing else said of one is about this share.
        (&[(9, "SUCCESS")], "+9"),
        (&[(9, "FAIL")], "?"),
        (&[(9, "PROCESSING")], "?"),
        (&[], "?"),
    ];
    for (listed, expected) in cases {
        assert_eq!(along(listed), expected, "{listed:?}");
    }
    // Where Alipay reckons, the only entry is the share's, whatever its amount.
    assert_eq!(words(ReturnMode::Itself, &[10], &[(9, "FAIL")]), "-");
    assert_eq!(words(ReturnMode::Itself, &[10], &[(11, "SUCCESS")]), "+11");
    assert_eq!(words(ReturnMode::Itself, &[10], &[(11, "SUCCESS"), (10, "SUCCESS")]), "?");
}

#[test]
fn one_entry_for_two_shares_of_a_receiver_is_theirs_only_as_their_sum() {
    for mode in [ReturnMode::Along, ReturnMode::Itself] {
        let two = |listed: Listed<'_>| words(mode, &[1_000, 300], listed);
        let cases: [(Listed<'_>, &str); 7] = [
            (&[(1_300, "SUCCESS")], "+1000 +300"),
            (&[(1_300, "PROCESSING")], "~ ~"),
            (&[(1_300, "FAIL")], "- -"),
            (&[(1_000, "SUCCESS")], "? ?"),
            (&[(300, "SUCCESS")], "? ?"),
            (&[(300, "FAIL")], "? ?"),
            (&[(1_303, "SUCCESS")], "? ?"),
        ];
        for (listed, expected) in cases {
            assert_eq!(two(listed), expected, "{mode} {listed:?}");
        }
    }
    // What Alipay reckons itself may be off by a fen for each: the first has the difference. What we named is not.
    assert_eq!(words(ReturnMode::Itself, &[1_000, 300], &[(1_302, "SUCCESS")]), "+1002 +300");
    assert_eq!(words(ReturnMode::Itself, &[1_000, 300], &[(1_299, "SUCCESS")]), "+999 +300");
    assert_eq!(words(ReturnMode::Along, &[1_000, 300], &[(1_299, "SUCCESS")]), "? ?");
    // A share so small may itself be the difference.
    assert_eq!(words(ReturnMode::Itself, &[1_000, 2], &[(1_001, "SUCCESS")]), "? ?");
}

#[test]
fn a_sum_proves_the_same_in_whatever_order_it_is_heard() {
    let refund = refund(5_000, 3);
    let heard = detailed(&refund, &[(1_302, "SUCCESS")]);
    for order in [[0, 1], [1, 0]] {
        let mut all = shares(&refund, ReturnMode::Itself, &[1_000, 300]);
        for place in order {
            let ReturnFinding::Done { amount_minor } = asked(&refund, &all, place, &heard) else {
                panic!("{order:?}")
            };
            (all[place].amount_minor, all[place].status) = (amount_minor, ReturnStatus::Done);
        }
        assert_eq!(all.iter().map(|one| one.amount_minor).collect::<Vec<_>>(), [1_002, 300]);
    }
}

#[test]
fn as_many_entries_as_shares_of_a_receiver_are_theirs_one_by_one() {
    let along = |minor: &[i64], listed: Listed<'_>| words(ReturnMode::Along, minor, listed);
    assert_eq!(along(&[10, 3], &[(3, "FAIL"), (10, "SUCCESS")]), "+10 -");
    assert_eq!(along(&[10, 3], &[(3, "SUCCESS"), (11, "SUCCESS")]), "? ?", "not what we named");
    assert_eq!(along(&[5, 5], &[(5, "SUCCESS"), (5, "SUCCESS")]), "+5 +5");
    assert_eq!(along(&[5, 5], &[(5, "FAIL"), (5, "SUCCESS")]), "+5 -", "once each, whichever");
    assert_eq!(along(&[5, 5], &[(5, "SUCCESS")]), "? ?");
    assert_eq!(along(&[5, 5], &[(5, "SUCCESS"), (5, "SUCCESS"), (5, "SUCCESS")]), "? ?");
    assert_eq!(along(&[5, 5, 2], &[(5, "SUCCESS"), (2, "SUCCESS")]), "? ? ?");
    let itself = |minor: &[i64], listed: Listed<'_>| words(ReturnMode::Itself, minor, listed);
    assert_eq!(itself(&[10, 3], &[(4, "SUCCESS"), (9, "PROCESSING")]), "~ +4");
}

#[test]
fn what_ended_has_its_entry_and_the_rest_theirs_in_whatever_order() {
    let refund = refund(5_000, 3);
    let heard = detailed(&refund, &[(12, "SUCCESS"), (14, "SUCCESS")]);
    for order in [[0, 1], [1, 0]] {
        let mut all = shares(&refund, ReturnMode::Itself, &[10, 11]);
        for place in order {
            let ReturnFinding::Done { amount_minor } = asked(&refund, &all, place, &heard) else {
                panic!("{order:?}")
            };
            (all[place].amount_minor, all[place].status) = (amount_minor, ReturnStatus::Done);
        }
        assert_eq!(all.iter().map(|one| one.amount_minor).collect::<Vec<_>>(), [12, 14], "{order:?}");
    }
    // What was booked as back and is not listed so any more proves nothing of the other.
    let mut all = shares(&refund, ReturnMode::Along, &[10, 3]);
    all[0].status = ReturnStatus::Done;
    let heard = detailed(&refund, &[(10, "FAIL"), (3, "SUCCESS")]);
    assert_eq!(asked(&refund, &all, 1, &heard), ReturnFinding::Unclear);
}

#[test]
fn the_list_inside_the_refund_query_says_only_what_came_back() {
    let refund = refund(5_000, 3);
    let out_trade_no = attempt(Method::AlipayQr, 10_000, 1).out_no;
    let said = |list: Value| {
        answered(
            json!({ "out_request_no": refund.out_no, "out_trade_no": out_trade_no, "refund_royaltys": list }),
        )
    };
    let entry = |code: &str| json!({ "trans_out": ONE, "refund_amount": "0.10", "result_code": code });
    let all = shares(&refund, ReturnMode::Along, &[10]);
    assert_eq!(
        asked(&refund, &all, 0, &said(json!([entry("SUCCESS")]))),
        ReturnFinding::Done { amount_minor: 10 }
    );
    assert_eq!(asked(&refund, &all, 0, &said(json!([entry("FAIL")]))), ReturnFinding::Unclear);
    assert_eq!(asked(&refund, &all, 0, &said(json!([]))), ReturnFinding::Unclear);
    let both = shares(&refund, ReturnMode::Along, &[10, 10]);
    assert_eq!(asked(&refund, &both, 0, &said(json!([entry("SUCCESS")]))), ReturnFinding::Unclear);
    let another = answered(json!({ "out_request_no": "R0", "out_trade_no": out_trade_no,
        "refund_royaltys": [entry("SUCCESS")] }));
    assert_eq!(asked(&refund, &all, 0, &another), ReturnFinding::Unclear, "of another refund");
}
