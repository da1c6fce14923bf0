//! Money in suspense: one person proposes what becomes of it, another decides, and only then it moves.

use crate::kit::{CONTRACT, PRICE, TENANT, World, code, done, paid, paid_amount, refund_failed};
use tk_domain::audit::{Actor, Origin};
use tk_domain::channel_account::Method;
use tk_domain::exception::{
    DecideResolution, Exception, ExceptionKind, ProposeResolution, Resolution, ResolutionKind,
    ResolutionStatus, Subject,
};
use tk_domain::id::{ApiKeyId, AttemptId};
use tk_domain::ledger::{AccountKind, EntryKind};
use tk_domain::payment::{AttemptStatus, PaymentStatus};
use tk_domain::refusal::Refusal;
use tk_domain::report::Source;

const SEEN: i64 = PRICE + 500;

/// A query proves that another amount was paid.
fn suspended(world: &mut World) -> (AttemptId, Subject) {
    suspended_as(world, "txn")
}

fn suspended_as(world: &mut World, txn_no: &str) -> (AttemptId, Subject) {
    let attempt_id = world.open(Method::AlipayQr);
    world.told(attempt_id, Source::Reply, code());
    world.told(attempt_id, Source::Query, paid_amount(txn_no, SEEN));
    let exception_id = Exception::id_of(TENANT, ExceptionKind::AmountMismatch, &attempt_id.to_string());
    let payment_id = world.the_attempt(attempt_id).payment_id;
    (attempt_id, Subject { tenant_id: TENANT, payment_id, attempt_id, exception_id })
}

fn proposal(subject: Subject, kind: ResolutionKind) -> ProposeResolution {
    let credit = kind == ResolutionKind::CreditMerchant;
    ProposeResolution {
        subject,
        kind,
        merchant_order_no: credit.then(|| "OTHER-1".to_owned()),
        reason: "客户多付".to_owned(),
        maker: "王五".to_owned(),
        origin: Origin { actor: Actor::ApiKey(ApiKeyId::default()), request_id: None, ip: None },
    }
}

fn decision(exception: &Exception, subject: Subject, verdict: ResolutionStatus) -> DecideResolution {
    let content_hash = Resolution::of(exception).unwrap().content_hash(exception.id);
    DecideResolution {
        subject, verdict, content_hash, checker: "赵六".to_owned(), origin: Origin::system()
    }
}

fn settled(world: &mut World, kind: ResolutionKind) -> (AttemptId, Subject) {
    let (attempt_id, subject) = suspended(world);
    let exception = world.run(&proposal(subject, kind)).unwrap();
    assert_eq!(world.balance(AccountKind::Suspense), SEEN, "a proposal moves nothing");
    world.run(&decision(&exception, subject, ResolutionStatus::Approved)).unwrap();
    assert_eq!(world.balance(AccountKind::Suspense), 0);
    assert_eq!(world.exceptions(), ["amount_mismatch closed"]);
    assert_eq!(world.the_attempt(attempt_id).status, AttemptStatus::Closed);
    assert!(!world.the_attempt(attempt_id).needs_manual);
    assert_eq!(
        world.payment_of(attempt_id).status,
        PaymentStatus::RequiresMethod,
        "the payer may pay rightly"
    );
    (attempt_id, subject)
}

#[test]
fn approved_it_goes_back_to_the_payer() {
    let mut world = World::new();
    let (attempt_id, _) = settled(&mut world, ResolutionKind::RefundPayer);
    let refund = world.snapshot.refunds.iter().next().unwrap().clone();
    assert_eq!((refund.amount_minor, world.hold_of(refund.id).suspense_minor), (SEEN, SEEN));
    world.refund_told(refund.id, Source::Query, done(SEEN));
    assert_eq!(world.the_attempt(attempt_id).refunded_minor, SEEN);
    assert_eq!(world.balance(AccountKind::Held), 0);
    let payment_id = world.the_attempt(attempt_id).payment_id;
    let second = world.attempt(payment_id, Method::AlipayPage);
    world.told(second, Source::Callback, paid("txn-2"));
    assert_eq!(world.the_payment(payment_id).status, PaymentStatus::Succeeded);
}

#[test]
fn approved_it_becomes_the_merchants() {
    let mut world = World::new();
    let (attempt_id, subject) = settled(&mut world, ResolutionKind::CreditMerchant);
    assert_eq!(world.balance(AccountKind::PendingSettlement), SEEN);
    assert_eq!(world.last_entry().kind, EntryKind::SuspenseCredit);
    assert_eq!(world.the_attempt(attempt_id).refundable_minor(), 0);
    world.told(attempt_id, Source::Callback, paid_amount("txn", SEEN));
    assert_eq!(world.exceptions(), ["amount_mismatch closed"], "the same message again opens nothing");
    let again = world.run(&proposal(subject, ResolutionKind::RefundPayer)).unwrap_err();
    assert_eq!(again, Refusal::NotResolvable, "money is settled once");
}

#[test]
fn only_another_person_decides_about_exactly_what_was_proposed_and_once() {
    let mut world = World::new();
    let (_, subject) = suspended(&mut world);
    let exception = world.run(&proposal(subject, ResolutionKind::RefundPayer)).unwrap();
    let twice = world.run(&proposal(subject, ResolutionKind::CreditMerchant)).unwrap_err();
    assert_eq!(twice, Refusal::NotResolvable, "one proposal at a time");
    let good = decision(&exception, subject, ResolutionStatus::Approved);
    let named = |name: &str| DecideResolution { checker: name.to_owned(), ..good.clone() };
    let by =
        |actor| DecideResolution { origin: Origin { actor, request_id: None, ip: None }, ..good.clone() };
    let cases = [
        (named("王五"), Refusal::SecondPersonRequired),
        (named(" 王五 "), Refusal::SecondPersonRequired),
        (named("王 五"), Refusal::SecondPersonRequired),
        (named(""), Refusal::FieldInvalid { param: "actor", reason: "1 to 64 characters" }),
        (by(Actor::ApiKey(ApiKeyId::default())), Refusal::SecondPersonRequired),
        (by(Actor::Channel(CONTRACT)), Refusal::SecondPersonRequired),
        (by(Actor::Payer), Refusal::SecondPersonRequired),
        (DecideResolution { content_hash: "00".to_owned(), ..good.clone() }, Refusal::NotResolvable),
        (
            DecideResolution { verdict: ResolutionStatus::PendingApproval, ..good.clone() },
            Refusal::NotResolvable,
        ),
    ];
    for (command, refusal) in cases {
        assert_eq!(world.run(&command).unwrap_err(), refusal, "{command:?}");
        assert_eq!(world.balance(AccountKind::Suspense), SEEN);
    }
    world.run(&good).unwrap();
    assert_eq!(world.run(&good).unwrap_err(), Refusal::ApprovalConsumed);
}

#[test]
fn a_rejected_proposal_moves_nothing_and_another_may_follow() {
    let mut world = World::new();
    let (attempt_id, subject) = suspended(&mut world);
    let exception = world.run(&proposal(subject, ResolutionKind::CreditMerchant)).unwrap();
    world.run(&decision(&exception, subject, ResolutionStatus::Rejected)).unwrap();
    assert_eq!(world.exceptions(), ["amount_mismatch open"]);
    assert_eq!(world.the_attempt(attempt_id).status, AttemptStatus::Unknown);
    let exception = world.run(&proposal(subject, ResolutionKind::RefundPayer)).unwrap();
    world.run(&decision(&exception, subject, ResolutionStatus::Approved)).unwrap();
    assert_eq!(world.balance(AccountKind::Suspense), 0);
}

#[test]
fn a_refund_that_fails_brings_the_matter_back_and_a_late_one_draws_on_suspense() {
    let mut world = World::new();
    let (attempt_id, subject) = settled(&mut world, ResolutionKind::RefundPayer);
    let id = world.snapshot.refunds.iter().next().unwrap().id;
    assert_eq!(world.cancel(id).unwrap_err(), Refusal::RefundInProgress, "two persons decided on it");
    world.refund_told(id, Source::Reply, refund_failed());
    assert_eq!(world.exceptions(), ["amount_mismatch open"]);
    assert_eq!(world.balance(AccountKind::Suspense), SEEN);
    world.run(&proposal(subject, ResolutionKind::RefundPayer)).unwrap();
    world.refund_told(id, Source::Query, done(SEEN));
    assert_eq!(world.balance(AccountKind::Suspense), 0);
    assert_eq!(world.the_attempt(attempt_id).refundable_minor(), 0);
    let mut matters = world.exceptions();
    matters.sort();
    assert_eq!(matters, ["amount_mismatch closed", "refund_late_success open"]);
    let exception = world.snapshot.exceptions.get(&(TENANT, subject.exception_id)).unwrap().clone();
    let approve = decision(&exception, subject, ResolutionStatus::Approved);
    assert_eq!(world.run(&approve).unwrap_err(), Refusal::NotResolvable, "nothing is left to settle");
}

#[test]
fn a_late_refund_of_money_credited_since_leaves_other_peoples_suspense_alone() {
    let mut world = World::new();
    let (attempt_id, subject) = settled(&mut world, ResolutionKind::RefundPayer);
    let id = world.snapshot.refunds.iter().next().unwrap().id;
    world.refund_told(id, Source::Reply, refund_failed());
    let exception = world.run(&proposal(subject, ResolutionKind::CreditMerchant)).unwrap();
    world.run(&decision(&exception, subject, ResolutionStatus::Approved)).unwrap();
    assert_eq!(world.balance(AccountKind::PendingSettlement), SEEN);
    suspended_as(&mut world, "txn-of-another");
    assert_eq!(world.balance(AccountKind::Suspense), SEEN, "another payer's money");
    world.refund_told(id, Source::Query, done(SEEN));
    assert_eq!(world.balance(AccountKind::Suspense), SEEN, "it stays theirs");
    assert_eq!(world.balance(AccountKind::PendingSettlement), 0, "whoever was credited bears it");
    assert_eq!(world.the_attempt(attempt_id).refundable_minor(), 0);
}

#[test]
fn what_is_not_about_money_in_suspense_cannot_be_settled() {
    let mut world = World::new();
    let id = world.open(Method::AlipayQr);
    world.told(id, Source::Callback, paid_amount("txn", SEEN));
    let exception_id = Exception::id_of(TENANT, ExceptionKind::AmountMismatch, &id.to_string());
    let payment_id = world.the_attempt(id).payment_id;
    let subject = Subject { tenant_id: TENANT, payment_id, attempt_id: id, exception_id };
    let early = world.run(&proposal(subject, ResolutionKind::RefundPayer)).unwrap_err();
    assert_eq!(early, Refusal::NotResolvable, "a callback alone booked nothing");
    let (_, subject) = suspended(&mut world);
    let base = proposal(subject, ResolutionKind::RefundPayer);
    for (command, param) in [
        (ProposeResolution { maker: " ".to_owned(), ..base.clone() }, "maker"),
        (ProposeResolution { reason: String::new(), ..base.clone() }, "reason"),
        (ProposeResolution { merchant_order_no: Some("X".to_owned()), ..base.clone() }, "merchant_order_no"),
        (ProposeResolution { kind: ResolutionKind::CreditMerchant, ..base.clone() }, "merchant_order_no"),
    ] {
        let refusal = world.run(&command).unwrap_err();
        assert!(matches!(refusal, Refusal::FieldInvalid { param: seen, .. } if seen == param), "{refusal:?}");
    }
}
