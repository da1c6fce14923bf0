//! The same request has one effect.

use crate::kit::{PRICE, TENANT, World};
use tk_domain::channel_account::Method;
use tk_domain::id::{AppId, ProductId, RequestId};
use tk_domain::idempotency::{Idempotent, Keep, Keeping, Once, RecordedAnswer};
use tk_domain::key::IdempotencyName;
use tk_domain::payment::{Action, ActionKind, AttemptStatus, CreatePayment, Created, Outcome};
use tk_domain::refusal::Refusal;
use tk_domain::report::{PaymentFinding, Source};
use tk_money::{Amount, Currency};

fn once(command: CreatePayment, fingerprint: u8) -> Once<CreatePayment> {
    Once {
        command,
        name: IdempotencyName { tenant_id: TENANT, app_id: AppId::default(), key: "k".to_owned() },
        fingerprint: vec![fingerprint],
        request_id: RequestId::default(),
        render: std::sync::Arc::new(|created: &Created, _| {
            Some(RecordedAnswer { status: 201, body: created.payment.id.to_string() })
        }),
    }
}

#[test]
fn a_key_replays_its_answer_and_refuses_another_request() {
    let mut world = World::new();
    let order = world.order();
    let Ok(Idempotent::Fresh { answer, .. }) = world.run(&once(order.clone(), 1)) else { panic!("fresh") };
    let Ok(Idempotent::Replayed(again)) = world.run(&once(order.clone(), 1)) else { panic!("replayed") };
    assert_eq!(answer, Some(again));
    assert_eq!(world.run(&once(order, 2)).unwrap_err(), Refusal::IdempotencyKeyReused);
    assert_eq!(world.snapshot.payments.iter().count(), 1);
}

#[test]
fn a_refused_request_leaves_its_key_free() {
    let mut world = World::new();
    let order = world.order();
    let nothing = CreatePayment { amount: Amount::fen(0), ..order.clone() };
    assert!(matches!(world.run(&once(nothing, 1)), Err(Refusal::AmountOutOfRange { .. })));
    assert!(matches!(world.run(&once(order, 2)), Ok(Idempotent::Fresh { .. })));
}

#[test]
fn an_order_number_finds_its_payment_or_conflicts() {
    let mut world = World::new();
    let order = world.order();
    let first = world.run(&order).unwrap().payment;
    let again = CreatePayment { description: "其他".to_owned(), ..order.clone() };
    let found = world.run(&again).unwrap();
    assert_eq!((found.payment.id, found.existing), (first.id, true));
    let cases = [
        CreatePayment { amount: Amount::fen(PRICE + 1), ..order.clone() },
        CreatePayment { amount: Amount::new(PRICE, Currency::Usd), ..order.clone() },
    ];
    for other in cases {
        assert_eq!(world.run(&other).unwrap_err(), Refusal::OrderConflict);
    }
    let unknown = CreatePayment { product_id: ProductId::default(), ..order };
    assert_eq!(world.run(&unknown).unwrap_err(), Refusal::NotFound { what: "product" });
}

#[test]
fn a_refund_number_finds_its_refund_or_conflicts() {
    let mut world = World::new();
    let (first, second) = (world.collected(), world.collected());
    let id = world.refund(first, "R1", 100).unwrap();
    assert_eq!(world.refund(first, "R1", 100), Ok(id));
    assert_eq!(world.refund(first, "R1", 101), Err(Refusal::RefundConflict));
    assert_eq!(world.refund(second, "R1", 100), Err(Refusal::RefundConflict));
    assert_eq!(world.the_attempt(first).refunding_minor, 100);
}

#[test]
fn the_commit_that_takes_a_reply_keeps_the_answer_of_the_request_that_waits() {
    let mut world = World::new();
    let order = world.order();
    let mut request = once(order, 1);
    let Ok(Idempotent::Fresh { reply, .. }) = world.run(&request) else { panic!("fresh") };
    let attempt_id = world.attempt(reply.payment.id, Method::AlipayQr);
    let keep = |request_id| Keep {
        name: request.name.clone(),
        request_id,
        render: std::sync::Arc::new(|outcome: &Outcome, _| {
            Some(RecordedAnswer { status: 201, body: outcome.attempt.status.word().to_owned() })
        }),
    };
    let shown = Action { kind: ActionKind::Qr, value: "https://qr.example/1".to_owned() };
    let command = world.report(attempt_id, Source::Reply, PaymentFinding::ActionRequired(shown));
    let another = RequestId(tk_domain::id::Id128([9; 16]));
    let stranger = Keeping { command: command.clone(), keep: Some(keep(another)) };
    world.run(&stranger).unwrap();
    request.request_id = RequestId::default();
    let Ok(Idempotent::Replayed(before)) = world.run(&request) else { panic!("replayed") };
    assert_eq!(before.body, reply.payment.id.to_string());
    let own = Keeping { command, keep: Some(keep(request.request_id)) };
    let (outcome, answer) = world.run(&own).unwrap();
    assert_eq!(outcome.attempt.status, AttemptStatus::RequiresAction);
    let Ok(Idempotent::Replayed(after)) = world.run(&request) else { panic!("replayed") };
    assert_eq!((after.body.as_str(), Some(&after)), ("requires_action", answer.as_ref()));
}
