//! Lines of a payment: their sum is its amount, to the fen.

use crate::kit::{PRICE, World};
use tk_domain::channel_account::Method;
use tk_domain::id::{AttemptId, RefundId};
use tk_domain::ledger::AccountKind;
use tk_domain::payment::{
    Bill, CreatePayment, Elsewhere, ElsewhereBy, ITEMS_MAX, Item, ItemRefund, Part, PartFunder, PartKind,
    PartReturn, PayerRecord,
};
use tk_domain::refund::{CreateRefund, RefundState};
use tk_domain::refusal::Refusal;
use tk_domain::report::{RefundFinding, Source};
use tk_money::Amount;

fn item(amount: i64) -> Item {
    Item {
        name: "交强险".to_owned(),
        amount,
        quantity: None,
        unit_price: None,
        kind: None,
        policy_no: None,
        splittable: false,
        merchant_order_no: None,
        collected_for: None,
    }
}

fn counted(quantity: Option<i64>, unit_price: Option<i64>, amount: i64) -> Item {
    Item { quantity, unit_price, ..item(amount) }
}

fn refused(items: Vec<Item>) -> String {
    let mut world = World::new();
    let order = CreatePayment { items, ..world.order() };
    world.run(&order).map_or_else(|refusal| refusal.code().to_owned(), |_| "taken".to_owned())
}

#[test]
fn the_items_sum_to_the_amount() {
    let cases = [
        (vec![], "taken"),
        (vec![item(PRICE)], "taken"),
        (vec![item(PRICE - 1), item(1)], "taken"),
        (vec![item(PRICE - 1)], "items_total_mismatch"),
        (vec![item(PRICE), item(1)], "items_total_mismatch"),
        (vec![item(PRICE + 1), item(-1)], "field_invalid"),
        (vec![item(PRICE), item(0)], "field_invalid"),
        (vec![item(i64::MAX), item(i64::MAX)], "amount_overflow"),
        (vec![counted(Some(4), Some(2_500), PRICE)], "taken"),
        (vec![counted(Some(3), Some(2_500), PRICE)], "field_invalid"),
        (vec![counted(Some(i64::MAX), Some(2), PRICE)], "amount_overflow"),
        (vec![counted(Some(4), None, PRICE)], "field_invalid"),
        (vec![item(100); ITEMS_MAX], "taken"),
        (vec![item(1); ITEMS_MAX + 1], "field_invalid"),
    ];
    for (items, expected) in cases {
        assert_eq!(refused(items.clone()), expected, "{items:?}");
    }
}

#[test]
fn a_mismatch_says_both_sums_and_keeps_nothing() {
    let mut world = World::new();
    let order = CreatePayment { items: vec![item(1)], ..world.order() };
    let expected = Refusal::ItemsTotalMismatch { sum: Amount::fen(1), amount: Amount::fen(PRICE) };
    assert_eq!(world.run(&order).unwrap_err(), expected);
    assert_eq!(world.snapshot.payments.iter().count(), 0);
}

#[test]
fn items_and_payer_are_kept_and_events_never_tell_the_payer_in_full() {
    let mut world = World::new();
    let payer =
        PayerRecord { masked: r#"{"name":"张***"}"#.to_owned(), sealed: "张三".as_bytes().to_vec() };
    let order = CreatePayment { items: vec![item(PRICE)], payer: Some(payer), ..world.order() };
    let payment = world.run(&order).unwrap().payment;
    let kept: Vec<Item> = serde_json::from_str(payment.items.as_deref().unwrap()).unwrap();
    assert_eq!(kept, order.items);
    let told = &world.snapshot.appended.events.last().unwrap().body;
    assert!(told.contains("交强险") && told.contains("张***") && !told.contains("张三"), "{told}");
}

#[test]
fn one_payment_may_pay_several_orders_and_each_is_paid_by_one_payment_only() {
    let mut world = World::new();
    let of_order = |number: &str, amount| Item { merchant_order_no: Some(number.to_owned()), ..item(amount) };
    let items = vec![of_order("A1", 4_000), of_order("A2", PRICE - 5_000), of_order("A1", 1_000)];
    let both = CreatePayment { items, merchant_order_no: "A1".to_owned(), ..world.order() };
    let payment = world.run(&both).unwrap().payment;
    assert!(world.run(&both).unwrap().existing);
    for taken in ["A2", "A1"] {
        let alone = CreatePayment { merchant_order_no: taken.to_owned(), ..world.order() };
        let refused = world.run(&alone).map(|created| created.payment.id);
        assert_eq!(refused, if taken == "A1" { Ok(payment.id) } else { Err(Refusal::OrderConflict) });
    }
    let again = vec![of_order("A3", 1_000), of_order("A2", PRICE - 1_000)];
    let again = CreatePayment { items: again, ..world.order() };
    assert_eq!(world.run(&again).unwrap_err(), Refusal::OrderConflict);
    let free = CreatePayment { merchant_order_no: "A3".to_owned(), ..world.order() };
    world.run(&free).unwrap();
}

fn bill(total: i64, lines: &[i64]) -> Bill {
    let line = |amount: &i64| Elsewhere { by: ElsewhereBy::MedicalFund, amount: *amount, reference: None };
    Bill { total, elsewhere: lines.iter().map(line).collect() }
}

#[test]
fn a_bill_that_is_paid_elsewhere_too_adds_up_and_only_what_is_paid_here_is_booked_and_refunded() {
    let mut world = World::new();
    let whole = bill(PRICE + 70_000, &[60_000, 10_000]);
    let order = CreatePayment { bill: Some(whole.clone()), ..world.order() };
    let payment = world.run(&order).unwrap().payment;
    assert_eq!((payment.bill(), payment.amount_minor), (Some(whole), PRICE));
    assert!(world.run(&order).unwrap().existing);
    let other = CreatePayment { bill: Some(bill(PRICE + 1, &[1])), ..order };
    assert_eq!(world.run(&other).map(|_| ()), Err(Refusal::OrderConflict));
    let attempt_id = world.attempt(payment.id, Method::AlipayQr);
    world.paid(attempt_id);
    assert_eq!(world.balance(AccountKind::PendingSettlement), PRICE);
    let too_much = world.refund(attempt_id, "R1", PRICE + 1).unwrap_err();
    assert!(matches!(too_much, Refusal::RefundExceedsRefundable { .. }), "{too_much:?}");
}

#[test]
fn a_bill_that_does_not_add_up_is_refused() {
    let long = Elsewhere { by: ElsewhereBy::Other, amount: 1, reference: Some("长".repeat(65)) };
    for spoilt in [
        bill(PRICE, &[]),
        bill(PRICE + 2, &[1]),
        bill(PRICE, &[1, -1]),
        bill(PRICE + 11, &[1; 11]),
        Bill { total: PRICE + 1, elsewhere: vec![long] },
    ] {
        let mut world = World::new();
        let order = CreatePayment { bill: Some(spoilt), ..world.order() };
        let refused = world.run(&order).map(|_| ());
        assert!(matches!(refused, Err(Refusal::FieldInvalid { param: "bill", .. })), "{refused:?}");
    }
    let mut world = World::new();
    let order = CreatePayment { bill: Some(bill(i64::MAX, &[i64::MAX])), ..world.order() };
    assert_eq!(world.run(&order).map(|_| ()), Err(Refusal::AmountOverflow));
}

/// Of the tax office, never the merchant's.
fn tax(amount: i64) -> Item {
    Item { name: "车船税".to_owned(), collected_for: Some("税务局".to_owned()), ..item(amount) }
}

/// Collected: a cover, a tax and another cover.
fn motor(world: &mut World) -> AttemptId {
    let items = vec![item(6_000), tax(3_000), item(PRICE - 9_000)];
    let order = CreatePayment { items, ..world.order() };
    let payment_id = world.run(&order).unwrap().payment.id;
    let attempt_id = world.attempt(payment_id, Method::AlipayQr);
    world.paid(attempt_id);
    attempt_id
}

fn of(item: usize, amount_minor: i64) -> ItemRefund {
    ItemRefund { item, amount_minor }
}

fn asked(world: &World, attempt_id: AttemptId, number: &str, items: &[ItemRefund]) -> CreateRefund {
    let amount_minor = items.iter().map(|named| named.amount_minor).sum();
    CreateRefund { items: items.to_vec(), ..world.refund_of(attempt_id, number, amount_minor) }
}

fn own_and_others(world: &World) -> (i64, i64) {
    (world.balance(AccountKind::PendingSettlement), world.balance(AccountKind::CollectedForOthers))
}

fn ended(world: &mut World, id: RefundId, finding: RefundFinding) {
    world.claim(id);
    world.refund_told(id, Source::Query, finding);
}

#[test]
fn what_is_collected_for_others_is_never_booked_as_the_merchants_own() {
    let mut world = World::new();
    motor(&mut world);
    assert_eq!(own_and_others(&world), (PRICE - 3_000, 3_000));
}

#[test]
fn a_refund_of_an_item_takes_what_was_booked_for_it_and_gives_it_back_when_it_fails() {
    let mut world = World::new();
    let attempt_id = motor(&mut world);
    let command = asked(&world, attempt_id, "R1", &[of(1, 2_000), of(0, 500)]);
    let refund = world.run(&command).unwrap().refund;
    assert_eq!(refund.item_shares(), [500, 2_000, 0]);
    assert_eq!(own_and_others(&world), (PRICE - 3_500, 1_000));
    assert!(world.run(&command).unwrap().existing);
    let other = CreateRefund { items: vec![of(1, 1_999), of(0, 501)], ..command.clone() };
    assert_eq!(world.run(&other).map(|_| ()), Err(Refusal::RefundConflict));
    ended(&mut world, refund.id, crate::kit::refund_failed());
    assert_eq!(world.the_refund(refund.id).status, RefundState::Failed);
    assert_eq!(own_and_others(&world), (PRICE - 3_000, 3_000));
    assert_eq!(world.payment_of(attempt_id).items_back(), [0, 0, 0]);
    let again = asked(&world, attempt_id, "R2", &[of(1, 3_000)]);
    let refund = world.run(&again).unwrap().refund;
    ended(&mut world, refund.id, crate::kit::done(3_000));
    assert_eq!(own_and_others(&world), (PRICE - 3_000, 0));
    assert_eq!(world.payment_of(attempt_id).items_left(), [6_000, 0, PRICE - 9_000]);
}

#[test]
fn a_part_of_a_payment_with_a_tax_says_of_which_items_it_is_and_the_whole_need_not() {
    let mut world = World::new();
    let attempt_id = motor(&mut world);
    let unnamed = world.refund_of(attempt_id, "R1", 1_000);
    assert_eq!(world.run(&unnamed).map(|_| ()), Err(Refusal::RefundItemsRequired));
    let cases = [
        (vec![of(1, 3_001)], "refund_exceeds_item"),
        (vec![of(3, 1)], "field_invalid"),
        (vec![of(0, 1), of(0, 1)], "field_invalid"),
        (vec![of(0, 2), of(1, 0)], "field_invalid"),
    ];
    for (items, code) in cases {
        let refused = world.run(&asked(&world, attempt_id, "R1", &items)).map(|_| ());
        assert_eq!(refused.unwrap_err().code(), code, "{items:?}");
    }
    let short = CreateRefund { amount_minor: 7, ..asked(&world, attempt_id, "R1", &[of(0, 6)]) };
    let mismatch = Refusal::ItemsTotalMismatch { sum: Amount::fen(6), amount: Amount::fen(7) };
    assert_eq!(world.run(&short).map(|_| ()), Err(mismatch));
    world.run(&asked(&world, attempt_id, "R1", &[of(1, 3_000)])).unwrap();
    // The tax is on its way back; the rest is all the merchant's own.
    let part = world.refund_of(attempt_id, "R2", 100);
    assert_eq!(world.run(&part).unwrap().refund.item_shares(), [(100 * 6_000) / (PRICE - 3_000), 0, 15]);
    let rest = world.refund_of(attempt_id, "R3", PRICE - 3_100);
    world.run(&rest).unwrap();
    assert_eq!(own_and_others(&world), (0, 0));
    assert_eq!(world.payment_of(attempt_id).items_back(), [6_000, 3_000, PRICE - 9_000]);
}

#[test]
fn a_refund_that_names_no_items_goes_back_of_all_in_proportion_to_the_fen() {
    let mut world = World::new();
    let order = CreatePayment { items: vec![item(3_333), item(3_333), item(PRICE - 6_666)], ..world.order() };
    let payment_id = world.run(&order).unwrap().payment.id;
    let attempt_id = world.attempt(payment_id, Method::AlipayQr);
    world.paid(attempt_id);
    for number in 0..7 {
        let id = world.refund(attempt_id, &format!("R{number}"), 1_000).unwrap();
        assert_eq!(world.the_refund(id).item_shares().iter().sum::<i64>(), 1_000);
    }
    world.refund(attempt_id, "last", PRICE - 7_000).unwrap();
    assert_eq!(world.payment_of(attempt_id).items_back(), [3_333, 3_333, PRICE - 6_666]);
}

#[test]
fn coupons_lessen_the_merchants_own_items_and_never_a_tax() {
    let mut world = World::new();
    let coupon = |amount| Part {
        kind: PartKind::Coupon,
        funder: PartFunder::Tenant,
        debtor: None,
        amount,
        on_refund: PartReturn::Proportion,
        reference: "AUTUMN".to_owned(),
    };
    let items = || vec![item(PRICE - 3_000), tax(3_000)];
    let too_much = CreatePayment { items: items(), parts: vec![coupon(PRICE - 2_999)], ..world.order() };
    assert!(matches!(world.run(&too_much), Err(Refusal::FieldInvalid { param: "parts", .. })));
    let order = CreatePayment { items: items(), parts: vec![coupon(1_000)], ..world.order() };
    let payment = world.run(&order).unwrap().payment;
    assert_eq!(payment.item_bases(), [PRICE - 4_000, 3_000]);
    let deposit = CreatePayment { items: items(), prepayment: Some("ZY-1".to_owned()), ..world.order() };
    assert!(matches!(world.run(&deposit), Err(Refusal::FieldInvalid { param: "items", .. })));
    let shared = Item { splittable: true, ..tax(PRICE) };
    let shared = CreatePayment { items: vec![shared], ..world.order() };
    assert!(matches!(world.run(&shared), Err(Refusal::FieldInvalid { param: "items", .. })));
}
