//! Codes against every single mistake, and matching against tables of lines and orders.

use super::matching::{BlindIndex, Certainty, OpenLine, OpenOrder, Proposal, Reason, candidates, propose};
use super::{RemittanceCode, code::CANDIDATES};
use crate::id::{AttemptId, BankLineId, Id128, PaymentId};

fn code(number: u32) -> RemittanceCode {
    (number..).find_map(RemittanceCode::with_beginning).unwrap()
}

fn digits(code: RemittanceCode) -> [u8; 8] {
    code.to_string().into_bytes().try_into().unwrap()
}

fn reads(digits: [u8; 8]) -> Option<RemittanceCode> {
    RemittanceCode::parse(std::str::from_utf8(&digits).unwrap())
}

/// Every tenth of a thousand codes spread over all beginnings, with every mistake there is.
#[test]
fn every_wrong_digit_and_every_swap_is_caught() {
    let mut codes = 0_u32;
    for number in (0..10_000_000_u32).step_by(997) {
        let Some(code) = RemittanceCode::with_beginning(number) else { continue };
        codes += 1;
        let right = digits(code);
        assert_eq!(reads(right), Some(code));
        for place in 0..8 {
            for digit in (b'0'..=b'9').filter(|digit| *digit != right[place]) {
                let mut wrong = right;
                wrong[place] = digit;
                assert_eq!(reads(wrong), None, "{code} with {} at {place}", char::from(digit));
            }
            for other in (0..8).filter(|other| right[*other] != right[place]) {
                let mut wrong = right;
                wrong.swap(place, other);
                assert_eq!(reads(wrong), None, "{code} with {place} and {other} swapped");
            }
        }
    }
    assert!(codes > 9_000, "ten in eleven beginnings have a code: {codes}");
}

/// The argument itself, over all places, digits and differences instead of over all codes: whatever the other
/// digits are, the weighted sum changes by what no multiple of eleven is.
#[test]
fn no_mistake_changes_the_sum_by_a_multiple_of_eleven() {
    for weight in 1..=8_i32 {
        for difference in (-9..=9_i32).filter(|difference| *difference != 0) {
            assert_ne!((weight * difference).rem_euclid(11), 0);
            for other in (1..=8_i32).filter(|other| *other != weight) {
                assert_ne!(((weight - other) * difference).rem_euclid(11), 0);
            }
        }
    }
}

#[test]
fn codes_are_found_in_what_people_write() {
    let code = code(1_234_567);
    let text = code.to_string();
    let (first, second) = text.split_at(4);
    let full: String = text.bytes().map(|byte| char::from_u32(u32::from(byte) + 0xFEE0).unwrap()).collect();
    for remark in [
        text.clone(),
        format!("{first} {second}"),
        format!("{first}-{second}"),
        format!("保费{text}张三"),
        format!("付 {first}－{second} 谢谢"),
        format!("INV20261120 {text}"),
        format!("2026 {first} {second}"),
        full,
    ] {
        assert_eq!(RemittanceCode::find_in(&remark), [code], "{remark}");
    }
    for remark in
        [format!("9{text}"), format!("{text}0"), format!("{first}/{second}"), first.to_owned(), String::new()]
    {
        assert_eq!(RemittanceCode::find_in(&remark), [], "{remark}");
    }
    let other = super::tests::code(7_654_321);
    assert_eq!(RemittanceCode::find_in(&format!("{text} {other} {text}")), [code, other]);
    assert_eq!(code.spaced(), format!("{first} {second}"));
}

#[test]
fn a_payment_has_as_many_candidates_as_it_may_try() {
    let of = |seed| RemittanceCode::candidates(PaymentId(Id128::v7(1, seed)), 0).collect::<Vec<_>>();
    assert_eq!(of(1).len(), usize::from(CANDIDATES));
    assert_eq!(of(1), of(1));
    assert_ne!(of(1), of(2));
}

fn line(id: u128, left_minor: i64, codes: &[RemittanceCode], payer: Option<u8>) -> OpenLine {
    let blind = payer.map(|payer| [payer; 16]);
    OpenLine {
        id: BankLineId(Id128::v7(1, id)),
        left_minor,
        codes: codes.to_vec(),
        name: blind,
        account: blind,
        contested: false,
    }
}

fn order(id: u128, left_minor: i64, code: RemittanceCode, payer: Option<u8>) -> OpenOrder {
    let blind: Option<BlindIndex> = payer.map(|payer| [payer; 16]);
    OpenOrder { id: AttemptId(Id128::v7(1, id)), left_minor, code, name: blind, account: blind }
}

fn told(proposals: &[Proposal]) -> Vec<(u8, u8, i64, Certainty)> {
    proposals
        .iter()
        .map(|one| (one.line.0.0[15], one.order.0.0[15], one.amount_minor, one.certainty))
        .collect()
}

#[test]
fn a_code_decides_before_amount_and_payer() {
    let (a, b) = (code(1_000_000), code(2_000_000));
    let orders = [order(1, 100, a, None), order(2, 100, b, Some(7))];
    let sure = Certainty::Sure;
    assert_eq!(told(&propose(&[line(9, 100, &[b], None)], &orders)), [(9, 2, 100, sure)]);
    assert_eq!(told(&propose(&[line(9, 40, &[a], None)], &orders)), [(9, 1, 40, sure)], "part");
    assert_eq!(told(&propose(&[line(9, 130, &[a], None)], &orders)), [(9, 1, 100, sure)], "over");
    let parts = [line(8, 40, &[a], None), line(9, 60, &[a], None)];
    assert_eq!(
        told(&propose(&parts, &orders)),
        [(8, 1, 40, sure), (9, 1, 60, sure)],
        "several lines, one order"
    );
    let both = propose(&[line(9, 200, &[a, b], None)], &orders);
    assert_eq!(told(&both), [(9, 1, 100, sure), (9, 2, 100, sure)], "one line, several orders");
    let unclear = propose(&[line(9, 150, &[a, b], None)], &orders);
    assert!(
        unclear
            .iter()
            .all(|one| one.certainty == Certainty::Likely && one.reasons.contains(&Reason::Ambiguous))
    );
    let twice = [line(8, 100, &[a], None), line(9, 100, &[a], None)];
    assert_eq!(
        told(&propose(&twice, &orders)),
        [(8, 1, 100, sure)],
        "paid twice: the second waits for a person"
    );
    let stranger = propose(&[line(9, 100, &[b], Some(8))], &orders);
    assert_eq!(told(&stranger), [(9, 2, 100, Certainty::Likely)], "another payer than expected");
    assert!(stranger[0].reasons.contains(&Reason::NameDiffers));
}

#[test]
fn without_a_code_amount_and_payer_must_be_the_only_ones() {
    let orders = [
        order(1, 100, code(1), Some(7)),
        order(2, 100, code(2_000), Some(8)),
        order(3, 100, code(30_000), None),
    ];
    assert_eq!(told(&propose(&[line(9, 100, &[], Some(8))], &orders)), [(9, 2, 100, Certainty::Sure)]);
    assert_eq!(
        propose(&[line(9, 99, &[], Some(8))], &orders),
        [],
        "an amount alone or a payer alone proves nothing"
    );
    assert_eq!(propose(&[line(9, 100, &[], None)], &orders), []);
    let two = [line(8, 100, &[], Some(8)), line(9, 100, &[], Some(8))];
    assert_eq!(told(&propose(&two, &orders)), [(8, 2, 100, Certainty::Likely)]);
    let mut by_name = line(9, 100, &[], Some(8));
    by_name.account = None;
    assert_eq!(
        told(&propose(&[by_name], &orders)),
        [(9, 2, 100, Certainty::Likely)],
        "a name alone is no account"
    );
}

#[test]
fn candidates_come_best_first_with_their_reasons() {
    let (a, b) = (code(1_000_000), code(2_000_000));
    let orders = [order(1, 100, a, None), order(2, 100, b, Some(7)), order(3, 500, code(9), None)];
    let found = candidates(&line(9, 100, &[b], Some(7)), &orders, 10);
    assert_eq!(told(&found).iter().map(|one| one.1).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(found[0].reasons, [Reason::Code, Reason::Amount, Reason::Account, Reason::Name]);
    assert_eq!((found[0].score, found[1].score), (100, 25));
}

/// As many lines and orders as the desk must bear, in any order: every line finds its own order.
#[test]
fn a_hundred_thousand_lines_find_a_hundred_thousand_orders() {
    let codes: Vec<RemittanceCode> =
        (0..10_000_000).step_by(80).filter_map(RemittanceCode::with_beginning).take(100_000).collect();
    let payer = |at: usize| {
        let mut blind = [0_u8; 16];
        blind[..8].copy_from_slice(&u64::try_from(at).unwrap().to_be_bytes());
        Some(blind)
    };
    let number = |at: usize| u128::try_from(at).unwrap();
    let orders: Vec<OpenOrder> = codes
        .iter()
        .enumerate()
        .map(|(at, code)| OpenOrder {
            account: payer(at),
            ..order(number(at), 1_000 + i64::try_from(at % 500).unwrap(), *code, None)
        })
        .collect();
    let mut lines: Vec<OpenLine> = orders
        .iter()
        .enumerate()
        .map(|(at, order)| {
            let codes: &[RemittanceCode] = if at % 3 == 0 { &[] } else { std::slice::from_ref(&order.code) };
            OpenLine { account: payer(at), ..line(number(at), order.left_minor, codes, None) }
        })
        .collect();
    let found = propose(&lines, &orders);
    assert_eq!(found.len(), orders.len());
    assert!(found.iter().all(|one| one.certainty == Certainty::Sure && one.line.0 == one.order.0));
    lines.reverse();
    assert_eq!(propose(&lines, &orders), found, "the order of what is given does not matter");
}
