//! A refund that is done at the channel after it had failed or been withdrawn.

use crate::kit::{
    CONTRACT, PRICE, World, contract, done, failed, merchant, paid, paid_amount, product, refund_failed,
};
use tk_domain::audit::Origin;
use tk_domain::channel_account::{ChannelAccount, Method};
use tk_domain::id::{AttemptId, RefundId};
use tk_domain::ledger::{AccountKind, EntryKind, HoldStatus, Owner};
use tk_domain::payment::{RefundStatus, Taken};
use tk_domain::product::{Product, StrayMoney};
use tk_domain::refund::{RefundState, RequestRefundQuery};
use tk_domain::refusal::{MoneyState, Refusal};
use tk_domain::report::{RefundFinding, Source, Unclear};
use tk_domain::view::RefundView;

const PART: i64 = 4_000;

fn ended(world: &mut World, amount_minor: i64) -> (AttemptId, RefundId) {
    let attempt_id = world.collected();
    let id = world.refund(attempt_id, "R1", amount_minor).unwrap();
    world.refund_told(id, Source::Reply, refund_failed());
    (attempt_id, id)
}

fn entry_lines(world: &World) -> Vec<String> {
    let lines = world.last_entry().lines().iter();
    lines
        .map(|line| {
            let owner = line.account.owner.word();
            format!("{} {owner} {} {}", line.side, line.account.kind, line.amount_minor)
        })
        .collect()
}

fn receivable_of(world: &World, owner: &str) -> i64 {
    let of_owner = world.snapshot.accounts.iter().filter(|row| row.owner.word() == owner);
    of_owner.filter(|row| row.kind == AccountKind::RefundReceivable).map(|row| row.balance_minor).sum()
}

#[test]
fn it_is_booked_once_shown_and_told_and_its_status_stays() {
    let mut world = World::new();
    let (attempt_id, id) = ended(&mut world, PART);
    world.refund_told(id, Source::Query, done(PART));
    let expected = [
        "debit merchant pending_settlement 4000",
        "credit channel_account channel_receivable 4000",
        "debit tenant fee_income 24",
        "credit merchant merchant_fee_receivable 24",
    ];
    assert_eq!(entry_lines(&world), expected);
    assert_eq!(world.last_entry().kind, EntryKind::RefundLate);
    let refund = world.the_refund(id).clone();
    assert_eq!(refund.status, RefundState::Failed);
    assert_eq!(refund.late_succeeded_at_us, Some(world.now_us));
    assert_eq!(world.hold_of(id).status, HoldStatus::Released);
    assert_eq!(RefundView::of(&refund, false).money_state, MoneyState::Moved);
    let payment = world.payment_of(attempt_id);
    assert_eq!((payment.refund_status, payment.refundable_minor()), (RefundStatus::Partial, PRICE - PART));
    assert_eq!(world.events(id), ["refund.created", "refund.failed", "refund.late_success"]);
    assert_eq!(world.exceptions(), ["refund_late_success open"]);
    let entries = world.snapshot.appended.entries.len();
    for source in Source::ALL {
        assert_eq!(world.refund_told(id, *source, done(PART)).taken, Taken::Repeat);
    }
    assert_eq!(world.snapshot.appended.entries.len(), entries, "never a second entry");
}

#[test]
fn it_ends_no_matter_of_money_that_was_never_in_suspense() {
    let mut world = World::new();
    let attempt_id = world.open(Method::AlipayQr);
    world.told(attempt_id, Source::Callback, paid_amount("txn", PRICE + 1));
    world.told(attempt_id, Source::Query, paid("txn"));
    let before = world.exceptions();
    let id = world.refund(attempt_id, "R1", PRICE).unwrap();
    world.cancel(id).unwrap();
    world.refund_told(id, Source::Query, done(PRICE));
    let after = world.exceptions();
    assert!(before.iter().all(|matter| after.contains(matter)), "{before:?} {after:?}");
    assert_eq!(after.len(), before.len() + 1, "{after:?}");
}

#[test]
fn a_withdrawn_refund_that_is_done_is_booked_too() {
    let mut world = World::new();
    let attempt_id = world.collected();
    let id = world.refund(attempt_id, "R1", PRICE).unwrap();
    world.cancel(id).unwrap();
    world.refund_told(id, Source::Bill, done(PRICE));
    assert_eq!(world.the_refund(id).status, RefundState::Cancelled);
    assert_eq!(world.payment_of(attempt_id).refund_status, RefundStatus::Full);
    assert_eq!(world.payment_of(attempt_id).fee_returned_minor, 60, "the whole fee goes back");
    let left = [AccountKind::PendingSettlement, AccountKind::FeeIncome, AccountKind::Held];
    assert_eq!(left.map(|kind| world.balance(kind)), [0, 0, 0]);
}

#[test]
fn what_may_still_be_refunded_shrinks() {
    let mut world = World::new();
    let (attempt_id, id) = ended(&mut world, 6_000);
    world.refund_told(id, Source::Callback, done(6_000));
    let refusal = world.refund(attempt_id, "R2", 6_000).unwrap_err();
    assert!(matches!(refusal, Refusal::RefundExceedsRefundable { .. }), "{refusal:?}");
    let rest = world.refund(attempt_id, "R2", 4_000).unwrap();
    world.refund_told(rest, Source::Query, done(4_000));
    assert_eq!(world.payment_of(attempt_id).refund_status, RefundStatus::Full);
    assert_eq!(world.payment_of(attempt_id).fee_returned_minor, 60);
}

/// The order system was told "failed" and refunded again; then both turn out done, or only the first.
#[test]
fn a_merchant_without_balance_owes_and_a_channel_that_paid_twice_owes() {
    let mut world = World::new();
    let (attempt_id, first) = ended(&mut world, PRICE);
    let second = world.refund(attempt_id, "R2", PRICE).unwrap();
    world.refund_told(first, Source::Query, done(PRICE));
    assert_eq!(receivable_of(&world, "merchant"), -PRICE, "its balance is held for the second");
    assert_eq!(world.payment_of(attempt_id).refundable_minor(), 0);
    world.refund_told(second, Source::Query, refund_failed());
    assert_eq!(world.balance(AccountKind::PendingSettlement), PRICE, "which covers what it owes");

    let mut world = World::new();
    let (attempt_id, first) = ended(&mut world, PRICE);
    let second = world.refund(attempt_id, "R2", PRICE).unwrap();
    world.refund_told(second, Source::Query, done(PRICE));
    world.refund_told(first, Source::Query, done(PRICE));
    assert_eq!([receivable_of(&world, "merchant"), receivable_of(&world, "channel_account")], [0, -PRICE]);
    assert_eq!(world.payment_of(attempt_id).fee_returned_minor, 60, "no fee goes back twice");
}

#[test]
fn stray_money_bears_its_own_refund() {
    let keeping = Product { stray_money: StrayMoney::Hold, ..product() };
    let returning = ChannelAccount { fee_returned: true, ..contract(CONTRACT) };
    let mut world = World::with(merchant(), keeping, returning);
    let attempt_id = world.open(Method::AlipayQr);
    world.told(attempt_id, Source::Reply, failed());
    world.told(attempt_id, Source::Callback, paid("txn"));
    let id = world.refund(attempt_id, "R1", PRICE).unwrap();
    world.refund_told(id, Source::Reply, refund_failed());
    world.refund_told(id, Source::Bill, done(PRICE));
    let kinds = [AccountKind::LateSuccess, AccountKind::ChannelReceivable, AccountKind::FeeCost];
    assert_eq!(kinds.map(|kind| world.balance(kind)), [0, 0, 0]);
    assert!(world.snapshot.accounts.iter().all(|row| row.owner != Owner::Tenant || row.balance_minor == 0));
}

#[test]
fn a_claim_is_asked_about_and_the_questions_end() {
    let mut world = World::new();
    let (_, id) = ended(&mut world, PART);
    world.refund_told(id, Source::Reply, RefundFinding::Accepted);
    assert_eq!(world.next(id), "refund_query+10", "our own call proves nothing");
    let mut asked = 0;
    while world.next(id) != "done" {
        asked += 1;
        world.claim(id);
        let finding =
            if asked % 2 == 0 { RefundFinding::NotFound } else { RefundFinding::Unclear(Unclear::Timeout) };
        world.refund_told(id, Source::Query, finding);
    }
    assert_eq!(asked, 30);
    assert_eq!(world.balance(AccountKind::PendingSettlement), PRICE);
}

#[test]
fn a_hint_about_an_ended_refund_leads_to_a_question_and_the_answer_is_booked() {
    let mut world = World::new();
    let (_, id) = ended(&mut world, PART);
    let ask = RequestRefundQuery { tenant_id: crate::kit::TENANT, refund_id: id, origin: Origin::system() };
    world.run(&ask).unwrap();
    assert_eq!(world.next(id), "refund_query+0");
    world.claim(id);
    world.refund_told(id, Source::Query, done(PART));
    assert_eq!(world.next(id), "done");
    world.run(&ask).unwrap();
    assert_eq!(world.next(id), "done", "nothing is left to ask");
    assert_eq!(world.last_entry().kind, EntryKind::RefundLate);
}

#[test]
fn another_amount_is_not_booked_but_shown() {
    let mut world = World::new();
    let (attempt_id, id) = ended(&mut world, PART);
    world.refund_told(id, Source::Query, done(PART - 1));
    assert_eq!(world.exceptions(), ["refund_mismatch open"]);
    assert_eq!(world.the_attempt(attempt_id).late_refunded_minor, 0);
}
