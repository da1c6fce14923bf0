//! More time for a payer, as often as the product allows.

use crate::kit::{CONTRACT, TENANT, World, contract, merchant, product};
use tk_domain::audit::{Act, Origin};
use tk_domain::channel_account::Method;
use tk_domain::id::PaymentId;
use tk_domain::moment::{HOUR_US, MINUTE_US};
use tk_domain::payment::{
    ConfirmPayment, CreatePayment, EXTENSION_US, ExtendPayment, Payment, PaymentStatus,
};
use tk_domain::product::Product;
use tk_domain::refusal::Refusal;

trait Extends {
    fn extend(&mut self, payment_id: PaymentId) -> Result<Payment, Refusal>;
}

impl Extends for World {
    fn extend(&mut self, payment_id: PaymentId) -> Result<Payment, Refusal> {
        let told_us = self.the_payment(payment_id).expires_at_us;
        self.run(&ExtendPayment { tenant_id: TENANT, payment_id, told_us, origin: Origin::system() })
    }
}

fn allowing(extensions_max: i64) -> World {
    World::with(merchant(), Product { extensions_max, ..product() }, contract(CONTRACT))
}

#[test]
fn a_payer_is_given_time_as_often_as_the_product_said_when_the_payment_was_made() {
    let mut world = allowing(2);
    let payment_id = world.payment();
    let until_us = world.the_payment(payment_id).expires_at_us;
    assert_eq!(world.extend(payment_id).unwrap().expires_at_us, until_us + EXTENSION_US);
    let last = world.extend(payment_id).unwrap();
    assert_eq!((last.expires_at_us, last.extensions_left), (until_us + 2 * EXTENSION_US, 0));
    assert_eq!(world.extend(payment_id), Err(Refusal::LimitReached { what: "extensions", max: 0 }));
    let acts = world.snapshot.appended.audits.iter().filter(|row| row.act == Act::PaymentExtend);
    assert_eq!(acts.count(), 2);
    world.after(2 * HOUR_US + 20 * MINUTE_US);
    world.attempt(payment_id, Method::AlipayQr);
    let mut none = allowing(0);
    let payment_id = none.payment();
    assert_eq!(none.extend(payment_id), Err(Refusal::LimitReached { what: "extensions", max: 0 }));
}

#[test]
fn the_same_form_sent_twice_extends_once() {
    let mut world = allowing(3);
    let payment_id = world.payment();
    let told_us = world.the_payment(payment_id).expires_at_us;
    let form = ExtendPayment { tenant_id: TENANT, payment_id, told_us, origin: Origin::system() };
    let first = world.run(&form).unwrap();
    let again = world.run(&form).unwrap();
    assert_eq!((again.expires_at_us, again.extensions_left), (first.expires_at_us, 2));
    for told_us in [0, -1, i64::MAX] {
        let strange = ExtendPayment { told_us, ..form.clone() };
        assert_eq!(world.run(&strange).unwrap().extensions_left, 2);
    }
}

#[test]
fn who_says_until_when_means_it() {
    let mut world = allowing(10);
    let order = CreatePayment { expires_at_us: Some(world.now_us + HOUR_US), ..world.order() };
    let payment_id = world.run(&order).unwrap().payment.id;
    assert_eq!(world.extend(payment_id), Err(Refusal::LimitReached { what: "extensions", max: 0 }));
}

#[test]
fn what_the_channel_was_told_stays_and_the_time_given_is_for_another_try() {
    let mut world = allowing(10);
    let payment_id = world.payment();
    world.after(110 * MINUTE_US);
    let open = world.attempt(payment_id, Method::AlipayQr);
    let channel_until_us = world.the_attempt(open).channel_expires_at_us;
    let payment = world.extend(payment_id).unwrap();
    assert_eq!(world.the_attempt(open).channel_expires_at_us, channel_until_us);
    assert!(channel_until_us <= payment.expires_at_us);
}

#[test]
fn nothing_that_is_over_closing_or_awaited_by_transfer_is_extended() {
    let mut world = allowing(10);
    let paid = world.open(Method::AlipayQr);
    world.paid(paid);
    let paid = world.payment_of(paid).id;
    assert_eq!(world.extend(paid), Err(Refusal::AlreadyPaid));
    let closed = world.payment();
    world.close(closed).unwrap();
    assert_eq!(world.extend(closed), Err(Refusal::OrderClosed));
    let closing = world.open(Method::AlipayQr);
    let closing = world.payment_of(closing).id;
    world.close(closing).unwrap();
    assert_ne!(world.the_payment(closing).status, PaymentStatus::Closed);
    assert_eq!(world.extend(closing), Err(Refusal::OrderClosed), "its closing is under way at the channel");
    let create = CreatePayment { single_attempt: true, ..world.order() };
    let once =
        ConfirmPayment { create, method: Method::AlipayQr, auth_code: None, payer_ip: None, lease_us: 0 };
    let once = world.run(&once).unwrap().payment.id;
    assert_eq!(
        world.extend(once),
        Err(Refusal::OrderClosed),
        "its one attempt has the time that it was given"
    );
    let late = world.payment();
    world.after(2 * HOUR_US);
    assert_eq!(world.extend(late), Err(Refusal::OrderClosed), "its time is up, whoever closes it");
    assert_eq!(world.extend_unknown(), Err(Refusal::NotFound { what: "payment" }));
}

impl World {
    fn extend_unknown(&mut self) -> Result<Payment, Refusal> {
        let (payment_id, origin) = (PaymentId::default(), Origin::system());
        self.run(&ExtendPayment { tenant_id: TENANT, payment_id, told_us: 0, origin })
    }
}
