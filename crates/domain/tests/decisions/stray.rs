//! Money beyond the one success that counts, or of another amount.

use crate::kit::{
    CONTRACT, PRICE, World, code, contract, done, evidence, failed, merchant, paid, paid_amount, product,
    unclear,
};
use tk_domain::audit::Origin;
use tk_domain::channel_account::Method;
use tk_domain::exception::{AcknowledgeException, Exception, ExceptionStatus, Resolution, ResolutionKind};
use tk_domain::ledger::AccountKind;
use tk_domain::payment::{AttemptStatus, Disposition, PaymentStatus, Taken};
use tk_domain::product::{Product, StrayMoney};
use tk_domain::refund::{RefundOrigin, RefundState};
use tk_domain::refusal::{MoneyState, Refusal};
use tk_domain::report::{PaidEvidence, PaymentFinding, Source};

fn holding() -> World {
    World::with(merchant(), Product { stray_money: StrayMoney::Hold, ..product() }, contract(CONTRACT))
}

#[test]
fn a_success_after_the_end_is_booked_late_and_refunded_by_the_system() {
    let mut world = World::new();
    let id = world.open(Method::AlipayQr);
    world.told(id, Source::Reply, failed());
    world.paid(id);
    let attempt = world.the_attempt(id);
    assert_eq!((attempt.status, attempt.disposition), (AttemptStatus::Failed, Some(Disposition::Late)));
    assert_eq!(attempt.refunding_minor, PRICE);
    assert_eq!(world.payment_of(id).status, PaymentStatus::RequiresMethod);
    assert_eq!([AccountKind::LateSuccess, AccountKind::Held].map(|kind| world.balance(kind)), [0, PRICE]);
    let refund = world.snapshot.refunds.iter().next().unwrap().clone();
    assert_eq!((refund.origin, refund.status), (RefundOrigin::System, RefundState::Approved));
    let payment_id = world.payment_of(id).id;
    assert_eq!(world.money_of(payment_id), MoneyState::Moved, "it is here until it has gone back");
    world.refund_told(refund.id, Source::Query, done(PRICE));
    assert_eq!(world.money_of(payment_id), MoneyState::NotMoved);
    assert_eq!(world.balance(AccountKind::ChannelReceivable), 30, "the channel keeps its charge");
    assert_eq!(world.events(world.payment_of(id).id), ["payment.created", "payment.late_success"]);
}

#[test]
fn a_second_success_of_one_payment_is_a_duplicate() {
    let mut world = holding();
    let first = world.open(Method::AlipayQr);
    world.told(first, Source::Reply, failed());
    let payment_id = world.the_attempt(first).payment_id;
    let second = world.attempt(payment_id, Method::AlipayPage);
    world.told(second, Source::Callback, paid("txn-2"));
    world.told(first, Source::Callback, paid("txn-1"));
    assert_eq!(world.the_attempt(first).disposition, Some(Disposition::Duplicate));
    assert_eq!(world.balance(AccountKind::Duplicate), PRICE, "it waits for a person");
    assert_eq!(world.the_payment(payment_id).effective_attempt_id, Some(second));
    let id = world.refund(first, "R1", PRICE).unwrap();
    assert_eq!(world.hold_of(id).duplicate_minor, PRICE);
    assert_eq!(world.the_payment(payment_id).refunding_minor, 0, "the payment's own money is untouched");
    assert_eq!(world.exceptions(), ["duplicate_paid open"]);
    assert_eq!(acknowledge(&mut world).unwrap_err(), Refusal::MatterNotOver, "its money is on the way");
    world.refund_told(id, Source::Query, done(PRICE));
    assert_eq!(world.exceptions(), ["duplicate_paid closed"], "nothing is left to decide");
    assert_eq!(acknowledge(&mut world).unwrap_err(), Refusal::NotResolvable);
}

fn acknowledge(world: &mut World) -> Result<Exception, Refusal> {
    let row = world.snapshot.exceptions.iter().next().unwrap();
    let command = AcknowledgeException {
        tenant_id: row.tenant_id,
        exception_id: row.id,
        attempt_id: row.attempt_id,
        reason: "与渠道核对无误".to_owned(),
        maker: "王五".to_owned(),
        origin: Origin::system(),
    };
    world.run(&command)
}

#[test]
fn a_person_ends_a_matter_behind_which_no_money_waits_and_only_such_a_one() {
    let mut world = World::new();
    let id = world.collected();
    world.told(id, Source::Query, failed());
    assert_eq!(world.exceptions(), ["success_contradicted open"]);
    let over = acknowledge(&mut world).unwrap();
    let said = Resolution::of(&over).unwrap();
    assert_eq!((said.kind, said.maker.as_str()), (ResolutionKind::Acknowledged, "王五"));
    assert_eq!(world.exceptions(), ["success_contradicted closed"]);
    world.told(id, Source::Query, failed());
    assert_eq!(world.exceptions(), ["success_contradicted open"], "seen again, it is open again");
    let mut world = World::new();
    let id = world.open(Method::AlipayQr);
    world.told(id, Source::Reply, code());
    world.told(id, Source::Query, paid_amount("txn", PRICE + 1));
    assert_eq!(acknowledge(&mut world).unwrap_err(), Refusal::MatterNotOver, "two persons decide");
    let mut world = holding();
    let id = world.open(Method::AlipayQr);
    world.told(id, Source::Reply, failed());
    world.paid(id);
    assert_eq!(world.exceptions(), ["late_success open"]);
    assert_eq!(acknowledge(&mut world).unwrap_err(), Refusal::MatterNotOver, "the payer's money is parked");
}

#[test]
fn a_payment_that_was_closed_and_paid_too_late_has_money_here() {
    let mut world = holding();
    let id = world.open(Method::AlipayQr);
    world.told(id, Source::Reply, failed());
    let payment_id = world.payment_of(id).id;
    world.close(payment_id).unwrap();
    assert_eq!(world.money_of(payment_id), MoneyState::NotMoved);
    world.paid(id);
    assert_eq!(world.the_payment(payment_id).status, PaymentStatus::Closed);
    assert_eq!(world.money_of(payment_id), MoneyState::Moved);
    let refund = world.refund(id, "R1", PRICE - 1).unwrap();
    world.refund_told(refund, Source::Query, done(PRICE - 1));
    assert_eq!(world.money_of(payment_id), MoneyState::Moved, "a fen is left");
    let rest = world.refund(id, "R2", 1).unwrap();
    world.refund_told(rest, Source::Query, done(1));
    assert_eq!(world.money_of(payment_id), MoneyState::NotMoved);
}

#[test]
fn a_refund_in_full_leaves_no_money_here_unless_more_came() {
    let mut world = holding();
    let first = world.open(Method::AlipayQr);
    world.told(first, Source::Reply, failed());
    let payment_id = world.the_attempt(first).payment_id;
    let second = world.attempt(payment_id, Method::AlipayPage);
    world.told(second, Source::Callback, paid("txn-2"));
    world.told(first, Source::Callback, paid("txn-1"));
    let refund = world.refund(second, "R1", PRICE).unwrap();
    world.refund_told(refund, Source::Query, done(PRICE));
    assert_eq!(world.money_of(payment_id), MoneyState::Moved, "the second payment waits for a person");
    let other = world.refund(first, "R2", PRICE).unwrap();
    world.refund_told(other, Source::Query, done(PRICE));
    assert_eq!(world.money_of(payment_id), MoneyState::NotMoved);
}

#[test]
fn another_amount_by_callback_is_asked_about_and_the_query_decides() {
    let mut world = World::new();
    let id = world.open(Method::AlipayQr);
    world.told(id, Source::Reply, code());
    world.told(id, Source::Callback, paid_amount("txn", 1));
    assert_eq!(world.snapshot.appended.entries.len(), 0);
    world.told(id, Source::Query, paid("txn"));
    assert_eq!(world.payment_of(id).status, PaymentStatus::Succeeded);
}

#[test]
fn another_amount_by_query_goes_to_suspense_and_nothing_makes_it_unpaid() {
    let mut world = World::new();
    let id = world.open(Method::AlipayQr);
    world.told(id, Source::Reply, code());
    world.told(id, Source::Query, paid_amount("txn", PRICE + 1));
    assert_eq!(world.balance(AccountKind::Suspense), PRICE + 1);
    for finding in [failed(), PaymentFinding::Closed, PaymentFinding::NotFound, unclear(), paid("txn")] {
        world.told(id, Source::Query, finding);
        assert_eq!(world.the_attempt(id).status, AttemptStatus::Unknown);
        assert!(world.the_attempt(id).needs_manual);
    }
    assert_eq!(world.refund(id, "R1", 1).unwrap_err(), Refusal::PaymentNotRefundable);
    let payment_id = world.the_attempt(id).payment_id;
    world.close(payment_id).unwrap();
    assert_eq!(world.next(id), "done", "a paid order is not closed at the channel");
    world.told(id, Source::Reply, PaymentFinding::CloseRefused);
    assert_eq!(world.next(id), "done", "nor asked about in a circle");
}

#[test]
fn a_late_message_with_another_amount_is_asked_about_until_its_money_is_found() {
    let mut world = World::new();
    let id = world.open(Method::AlipayQr);
    world.told(id, Source::Reply, failed());
    world.told(id, Source::Callback, paid_amount("txn", 5));
    assert_eq!(world.next(id), "query+1");
    world.claim(id);
    world.told(id, Source::Query, unclear());
    assert_eq!(world.next(id), "query+10");
    world.claim(id);
    world.told(id, Source::Query, paid_amount("txn", 5));
    assert_eq!(world.balance(AccountKind::Suspense), 5);
    assert_eq!(world.the_attempt(id).status, AttemptStatus::Failed);
}

#[test]
fn a_transaction_number_belongs_to_one_attempt() {
    let mut world = World::new();
    let first = world.open(Method::AlipayQr);
    world.paid(first);
    let second = world.open(Method::AlipayQr);
    let without_payee = PaidEvidence { payee_app: None, payee_merchant: None, ..evidence("txn") };
    world.told(second, Source::Callback, PaymentFinding::Paid(without_payee.clone()));
    world.told(second, Source::Query, PaymentFinding::Paid(without_payee));
    assert_eq!(world.the_attempt(second).status, AttemptStatus::Unknown);
    assert_eq!(world.exceptions(), ["success_contradicted open"]);
}

#[test]
fn closed_after_a_full_refund_contradicts_nothing() {
    let mut world = World::new();
    let id = world.collected();
    world.told(id, Source::Callback, PaymentFinding::Closed);
    assert_eq!(world.exceptions(), ["success_contradicted open"], "its money is with us");
    let id = world.collected();
    world.refund(id, "R1", PRICE).unwrap();
    assert_eq!(world.told(id, Source::Callback, PaymentFinding::Closed).taken, Taken::Repeat);
    assert_eq!(world.exceptions().len(), 1);
}

#[test]
fn a_settled_matter_opens_again_on_new_evidence() {
    let mut world = World::new();
    let id = world.collected();
    world.told(id, Source::Query, failed());
    let mut row = world.snapshot.exceptions.iter().next().unwrap().clone();
    row.status = ExceptionStatus::Closed;
    world.snapshot.exceptions.put(row);
    assert_eq!(world.told(id, Source::Query, failed()).taken, Taken::Changed);
    assert_eq!(world.exceptions(), ["success_contradicted open"]);
}
