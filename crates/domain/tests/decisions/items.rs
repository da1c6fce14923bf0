//! Lines of a payment: their sum is its amount, to the fen.

use crate::kit::{PRICE, World};
use tk_domain::channel_account::Method;
use tk_domain::ledger::AccountKind;
use tk_domain::payment::{Bill, CreatePayment, Elsewhere, ElsewhereBy, ITEMS_MAX, Item, PayerRecord};
use tk_domain::refusal::Refusal;
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
