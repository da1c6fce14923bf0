//! Lines of a payment: their sum is its amount, to the fen.

use crate::kit::{PRICE, World};
use tk_domain::payment::{CreatePayment, ITEMS_MAX, Item, PayerRecord};
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
