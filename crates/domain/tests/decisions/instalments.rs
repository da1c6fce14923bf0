//! Regular premium: a period is collected once, whoever comes first and however often.

use crate::kit::{CONTRACT, TENANT, World, contract, merchant, product};
use tk_domain::instalment::Period;
use tk_domain::payment::{CreatePayment, Created, PaymentStatus};
use tk_domain::product::{Premium, Product};
use tk_domain::refusal::Refusal;

fn world() -> World {
    World::with(merchant(), Product { premium: Premium::Regular, ..product() }, contract(CONTRACT))
}

fn ordered(world: &mut World, order_no: &str, number: i64) -> CreatePayment {
    let period = Some(Period { policy_no: "L-1".to_owned(), number });
    CreatePayment { merchant_order_no: order_no.to_owned(), period, ..world.order() }
}

fn order(world: &mut World, order_no: &str, number: i64) -> Result<Created, Refusal> {
    let command = ordered(world, order_no, number);
    world.run(&command)
}

#[test]
fn a_period_has_one_payment_that_may_collect_it() {
    let mut world = world();
    let first = order(&mut world, "A", 1).unwrap().payment;
    let again = order(&mut world, "A", 1).unwrap();
    assert!(again.existing, "the same order is the same payment");
    assert_eq!(order(&mut world, "A", 2).map(|_| ()), Err(Refusal::OrderConflict));
    let taken = Refusal::InstalmentTaken { payment_id: first.id, paid: false };
    assert_eq!(order(&mut world, "B", 1).map(|_| ()), Err(taken));
    order(&mut world, "B", 2).unwrap();
    world.close(first.id).unwrap();
    assert_eq!(world.the_payment(first.id).status, PaymentStatus::Closed);
    let second = order(&mut world, "C", 1).unwrap().payment;
    let held = world.snapshot.instalments.iter().filter(|row| row.tenant_id == TENANT && row.number == 1);
    assert_eq!(held.map(|row| row.payment_id).collect::<Vec<_>>(), [second.id]);
}

#[test]
fn a_period_is_named_where_the_premium_is_regular_and_only_there() {
    let mut world = World::new();
    let refused = order(&mut world, "A", 1).map(|_| ());
    assert!(matches!(refused, Err(Refusal::FieldInvalid { param: "instalment", .. })), "{refused:?}");
    let mut world = self::world();
    let unnamed = CreatePayment { period: None, ..ordered(&mut world, "A", 1) };
    let refused = world.run(&unnamed).map(|_| ());
    assert!(matches!(refused, Err(Refusal::FieldInvalid { param: "instalment", .. })), "{refused:?}");
    for number in [0, -1, 1_201] {
        let refused = order(&mut world, "A", number).map(|_| ());
        assert!(matches!(refused, Err(Refusal::FieldInvalid { param: "instalment", .. })), "{refused:?}");
    }
}
