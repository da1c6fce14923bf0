//! A payment created with `confirm`: the payment and its one attempt come together or not at all.

use crate::kit::{CONTRACT, World, contract, failed, merchant, paid, product};
use tk_domain::channel_account::{ChannelAccount, Method};
use tk_domain::id::{AppId, Id128, RequestId, TypedId};
use tk_domain::idempotency::{Idempotent, Once, RecordedAnswer};
use tk_domain::key::IdempotencyName;
use tk_domain::payment::{ConfirmPayment, Confirmed, CreatePayment, PaymentStatus};
use tk_domain::refusal::Refusal;
use tk_domain::report::Source;

fn confirm(world: &mut World, method: Method) -> ConfirmPayment {
    let create = CreatePayment { single_attempt: true, ..world.order() };
    ConfirmPayment { create, method, auth_code: None, payer_ip: None, lease_us: 0 }
}

fn once(command: ConfirmPayment) -> Once<ConfirmPayment> {
    let name =
        IdempotencyName { tenant_id: crate::kit::TENANT, app_id: AppId(Id128([7; 16])), key: "k".to_owned() };
    let render = |confirmed: &Confirmed, _: bool| {
        let attempt = confirmed.attempt.as_ref().map(|row| row.id.to_string());
        Some(RecordedAnswer { status: 202, body: format!("{} {attempt:?}", confirmed.payment.id) })
    };
    let request_id = RequestId(Id128([8; 16]));
    Once { command, name, fingerprint: vec![0; 32], request_id, render: std::sync::Arc::new(render) }
}

#[test]
fn payment_and_attempt_come_in_one_commit() {
    let mut world = World::new();
    let command = confirm(&mut world, Method::AlipayQr);
    let confirmed = world.run(&command).unwrap();
    let attempt = confirmed.attempt.unwrap();
    assert_eq!((confirmed.existing, confirmed.started), (false, true));
    assert_eq!(world.the_payment(confirmed.payment.id).open_attempt_id, Some(attempt.id));
    assert_eq!(world.next(attempt.id), "pay+0");
    assert_eq!(world.events(confirmed.payment.id), ["payment.created"]);
}

#[test]
fn a_refused_attempt_leaves_no_payment_and_the_same_key_hears_the_same_refusal() {
    let disabled = ChannelAccount { enabled: false, ..contract(CONTRACT) };
    let mut world = World::with(merchant(), product(), disabled);
    let command = confirm(&mut world, Method::AlipayQr);
    for _ in 0..3 {
        assert_eq!(world.run(&once(command.clone())).unwrap_err(), Refusal::ChannelNotAvailable);
        assert_eq!(world.snapshot.payments.iter().count(), 0);
        assert_eq!(world.snapshot.idempotency.iter().count(), 0);
    }
    let wrong = ConfirmPayment { auth_code: Some("12".to_owned()), method: Method::AlipayBarcode, ..command };
    assert_eq!(world.run(&once(wrong)).unwrap_err(), Refusal::AuthCodeInvalid);
    assert_eq!(world.snapshot.appended.events.len(), 0);
}

#[test]
fn the_same_key_replays_and_the_same_number_finds_the_payment_as_it_stands() {
    let mut world = World::new();
    let command = confirm(&mut world, Method::AlipayQr);
    let Idempotent::Fresh { reply, answer } = world.run(&once(command.clone())).unwrap() else {
        panic!("it ran before")
    };
    let Idempotent::Replayed(again) = world.run(&once(command.clone())).unwrap() else {
        panic!("it ran twice")
    };
    assert_eq!(answer, Some(again), "a crash after the commit changes nothing");
    let found = world.run(&command).unwrap();
    assert_eq!((found.existing, found.started), (true, false), "under way already");
    let attempt_id = reply.attempt.unwrap().id;
    assert_eq!(found.attempt.map(|row| row.id), Some(attempt_id));
    world.told(attempt_id, Source::Callback, paid("txn"));
    let found = world.run(&command).unwrap();
    assert_eq!(found.payment.status, PaymentStatus::Succeeded);
    assert_eq!(world.snapshot.attempts.iter().count(), 1);
    let mut other = command;
    other.create.amount.minor += 1;
    assert_eq!(world.run(&other).unwrap_err(), Refusal::OrderConflict);
}

#[test]
fn its_failed_attempt_decides_it() {
    let mut world = World::new();
    let command = confirm(&mut world, Method::AlipayQr);
    let confirmed = world.run(&command).unwrap();
    world.told(confirmed.attempt.unwrap().id, Source::Reply, failed());
    let found = world.run(&command).unwrap();
    assert_eq!((found.payment.status, found.started), (PaymentStatus::Failed, false));
}

#[test]
fn a_payment_that_waits_for_a_method_gets_it() {
    let mut world = World::new();
    let command = confirm(&mut world, Method::AlipayQr);
    let made = world.run(&command.create).unwrap().payment;
    let confirmed = world.run(&command).unwrap();
    assert_eq!((confirmed.payment.id, confirmed.existing, confirmed.started), (made.id, true, true));
    assert_eq!(made.id.id128(), confirmed.attempt.unwrap().payment_id.id128());
}
