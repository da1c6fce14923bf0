//! Money paid in advance: held for one stay, drawn as it is used up, and what is left goes back.

use crate::kit::{MERCHANT, PRICE, TENANT, World, done, evidence, refund_failed};
use tk_domain::audit::Origin;
use tk_domain::channel_account::Method;
use tk_domain::id::{AttemptId, PrepaymentId};
use tk_domain::ledger::AccountKind;
use tk_domain::payment::{CreatePayment, Payment};
use tk_domain::prepayment::{Draw, DrawPrepayment, DrawStatus, Prepayment, UndoDraw};
use tk_domain::refund::RefundState;
use tk_domain::refusal::Refusal;
use tk_domain::report::{PaymentFinding, RefundFinding, Source};
use tk_domain::split::{Share, SplitTerms};
use tk_money::{Amount, Currency};

fn stay() -> PrepaymentId {
    Prepayment::id_of(TENANT, MERCHANT, "ZY-1")
}

fn ordered(world: &mut World, order_no: &str) -> CreatePayment {
    let prepayment = Some("ZY-1".to_owned());
    CreatePayment { merchant_order_no: order_no.to_owned(), prepayment, ..world.order() }
}

fn paid(world: &mut World, order_no: &str) -> AttemptId {
    let command = ordered(world, order_no);
    let payment = world.run(&command).unwrap().payment;
    let attempt_id = world.attempt(payment.id, Method::AlipayQr);
    world.told(attempt_id, Source::Query, PaymentFinding::Paid(evidence(order_no)));
    attempt_id
}

fn left(world: &World) -> i64 {
    let account = tk_domain::prepayment::account(TENANT, stay(), Currency::Cny);
    world.snapshot.account(&account, 0).balance_minor
}

fn draw(world: &mut World, draw_no: &str, amount_minor: i64) -> Result<Draw, Refusal> {
    world.run(&DrawPrepayment {
        tenant_id: TENANT,
        prepayment_id: stay(),
        draw_no: draw_no.to_owned(),
        amount_minor,
        by: "李收费".to_owned(),
        origin: Origin::system(),
    })
}

fn undo(world: &mut World, draw: &Draw) -> Result<Draw, Refusal> {
    world.run(&UndoDraw {
        tenant_id: TENANT,
        rows: (stay(), draw.id),
        reason: "项目录错".to_owned(),
        by: "李收费".to_owned(),
        origin: Origin::system(),
    })
}

fn short(available: i64, short: i64) -> Refusal {
    Refusal::InsufficientBalance { available: Amount::fen(available), short: Amount::fen(short) }
}

#[test]
fn payments_of_a_stay_are_held_together_and_become_the_merchants_as_they_are_drawn() {
    let mut world = World::new();
    paid(&mut world, "A");
    paid(&mut world, "B");
    assert_eq!((left(&world), world.balance(AccountKind::PendingSettlement)), (2 * PRICE, 0));
    let first = draw(&mut world, "D1", PRICE + 1).unwrap();
    assert_eq!((left(&world), world.balance(AccountKind::PendingSettlement)), (PRICE - 1, PRICE + 1));
    assert_eq!(draw(&mut world, "D1", PRICE + 1).unwrap().id, first.id, "the same number is the same draw");
    assert_eq!(draw(&mut world, "D1", 1), Err(Refusal::CodeTaken { param: "draw_no" }));
    assert_eq!(draw(&mut world, "D2", PRICE), Err(short(PRICE - 1, 1)));
    let row = world.snapshot.prepayments.get(&(TENANT, stay())).unwrap();
    assert_eq!((row.drawn_minor, row.draws_count), (PRICE + 1, 1));
}

#[test]
fn what_is_left_is_refunded_and_no_more() {
    let mut world = World::new();
    let attempt_id = paid(&mut world, "A");
    draw(&mut world, "D1", 3_000).unwrap();
    assert_eq!(world.refund(attempt_id, "R1", PRICE), Err(short(PRICE - 3_000, 3_000)));
    let refund = world.refund(attempt_id, "R2", PRICE - 3_000).unwrap();
    assert_eq!((left(&world), world.balance(AccountKind::Held)), (0, PRICE - 3_000));
    assert_eq!(draw(&mut world, "D2", 1), Err(short(0, 1)), "what is going back is not drawn");
    world.refund_told(refund, Source::Query, done(PRICE - 3_000));
    assert_eq!(world.the_refund(refund).status, RefundState::Succeeded);
    assert_eq!((left(&world), world.balance(AccountKind::Held)), (0, 0));
    assert_eq!(world.balance(AccountKind::PendingSettlement), 3_000);
}

#[test]
fn a_refund_that_fails_gives_the_money_back_to_the_stay() {
    let mut world = World::new();
    let attempt_id = paid(&mut world, "A");
    let refund = world.refund(attempt_id, "R1", 4_000).unwrap();
    world.refund_told(refund, Source::Reply, refund_failed());
    assert_eq!((left(&world), world.balance(AccountKind::Held)), (PRICE, 0));
    let withdrawn = world.refund(attempt_id, "R2", 4_000).unwrap();
    world.after(tk_domain::moment::SECOND_US);
    world.cancel(withdrawn).unwrap();
    assert_eq!((left(&world), world.balance(AccountKind::Held)), (PRICE, 0));
}

#[test]
fn a_refund_done_after_it_had_failed_is_borne_by_the_stay_first_and_then_by_the_merchant() {
    let mut world = World::new();
    let attempt_id = paid(&mut world, "A");
    let refund = world.refund(attempt_id, "R1", 4_000).unwrap();
    world.refund_told(refund, Source::Reply, refund_failed());
    draw(&mut world, "D1", PRICE - 1_000).unwrap();
    world.refund_told(
        refund,
        Source::Query,
        RefundFinding::Done { amount: Amount::fen(4_000), borne: None, at_us: None },
    );
    assert_eq!(left(&world), 0);
    assert_eq!(world.balance(AccountKind::PendingSettlement), PRICE - 4_000);
    assert_eq!(world.balance(AccountKind::RefundReceivable), 0);
}

#[test]
fn a_draw_is_put_back_while_the_merchant_has_the_money() {
    let mut world = World::new();
    paid(&mut world, "A");
    let one = draw(&mut world, "D1", 3_000).unwrap();
    let back = undo(&mut world, &one).unwrap();
    assert_eq!((back.status, left(&world)), (DrawStatus::Undone, PRICE));
    assert_eq!(undo(&mut world, &one).unwrap().undone_at_us, back.undone_at_us, "once");
    assert_eq!(left(&world), PRICE);
    assert_eq!(draw(&mut world, "D1", 3_000).unwrap().status, DrawStatus::Undone, "the number stays its own");
    let two = draw(&mut world, "D2", 2_000).unwrap();
    undo(&mut world, &two).unwrap();
    assert_eq!((left(&world), world.balance(AccountKind::PendingSettlement)), (PRICE, 0));
}

#[test]
fn a_stay_is_of_one_merchant_and_the_payers_own_money() {
    let mut world = World::new();
    let command = ordered(&mut world, "A");
    let payment: Payment = world.run(&command).unwrap().payment;
    assert_eq!(payment.prepayment_id, Some(stay()));
    let other = CreatePayment { prepayment: Some("ZY-2".to_owned()), ..command.clone() };
    assert_eq!(world.run(&other).map(|_| ()), Err(Refusal::OrderConflict));
    let share =
        Share { merchant: Some(MERCHANT), receiver: None, amount: Some(1), rate_ppm: None, item: None };
    let split = SplitTerms { shares: vec![share], ..SplitTerms::default() };
    for spoilt in [
        CreatePayment { prepayment: Some(String::new()), ..ordered(&mut world, "B") },
        CreatePayment { prepayment: Some("长".repeat(22)), ..ordered(&mut world, "C") },
    ] {
        let refused = world.run(&spoilt).map(|_| ());
        assert!(matches!(refused, Err(Refusal::FieldInvalid { param: "prepayment", .. })), "{refused:?}");
    }
    let shared = CreatePayment { splits: split, ..ordered(&mut world, "D") };
    assert!(world.run(&shared).is_err());
}
