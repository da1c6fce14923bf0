//! Shares that come back with the refund itself: a refund that is done proves nothing of them.

use crate::channel_splits::{NET, books, bound, share, told as split_told, world};
use crate::kit::{CONTRACT, PRICE, TENANT, World, done, paid, refund_failed};
use tk_domain::audit::Origin;
use tk_domain::channel_account::Method;
use tk_domain::id::{AttemptId, RefundId, SplitReturnId};
use tk_domain::ledger::AccountKind;
use tk_domain::moment::DAY_US;
use tk_domain::payment::CreatePayment;
use tk_domain::refund::RefundState;
use tk_domain::refusal::Refusal;
use tk_domain::report::{RefundFinding, Source};
use tk_domain::split::{
    ReturnFinding, ReturnMode, ReturnReport, ReturnStatus, ShareResult, ShareTold, Split, SplitFinding,
    SplitReturn, SplitTerms, TakeReturnReport,
};

/// A payment of which two receivers have got 2,000 and 1,000.
fn paid_out(world: &mut World, method: Method) -> AttemptId {
    let (one, two) = (bound(world, "2088000000000001"), bound(world, "2088000000000002"));
    let terms = SplitTerms { shares: vec![share(one, 2_000), share(two, 1_000)], ..SplitTerms::default() };
    let order = CreatePayment { splits: terms, ..world.order() };
    let payment_id = world.run(&order).unwrap().payment.id;
    let attempt_id = world.attempt(payment_id, method);
    world.told(attempt_id, Source::Callback, paid("txn"));
    let split_id = Split::id_of(payment_id, 0);
    split_told(world, split_id, Source::Reply, SplitFinding::Accepted);
    let all = crate::channel_splits::shares(world, [ShareResult::Paid, ShareResult::Paid]);
    split_told(world, split_id, Source::Query, all);
    assert_eq!(books(world), [7_000, 0, -NET + 3_000]);
    attempt_id
}

/// A refund that is done at the channel, and what it was to take back.
fn refunded(
    world: &mut World,
    attempt_id: AttemptId,
    no: &str,
    minor: i64,
) -> (RefundId, [SplitReturnId; 2]) {
    let refund = world.refund(attempt_id, no, minor).unwrap();
    world.refund_told(refund, Source::Reply, RefundFinding::Accepted);
    world.refund_told(refund, Source::Query, done(minor));
    assert_eq!(world.the_refund(refund).status, RefundState::Succeeded);
    (refund, [0, 1].map(|n| SplitReturn::id_of(refund, n)))
}

fn told(world: &mut World, return_id: SplitReturnId, source: Source, finding: ReturnFinding) -> ReturnStatus {
    let back = world.snapshot.split_returns.get(&(TENANT, return_id)).unwrap();
    let (payment_id, refund_id) = (back.payment_id, back.refund_id);
    let (report, origin) = (ReturnReport { source, finding }, Origin::channel(CONTRACT));
    let command = TakeReturnReport { tenant_id: TENANT, payment_id, refund_id, return_id, report, origin };
    world.run(&command).unwrap().status
}

fn back(minor: i64) -> ReturnFinding {
    ReturnFinding::Done { amount_minor: minor }
}

fn kept() -> ReturnFinding {
    ReturnFinding::Failed { code: "TXN_RESULT_ACCOUNT_BALANCE_NOT_ENOUGH".to_owned(), message: String::new() }
}

#[test]
fn each_share_of_a_done_refund_is_asked_about_and_proven_by_itself() {
    let mut world = world();
    let attempt_id = paid_out(&mut world, Method::AlipayPage);
    let (refund, [one, two]) = refunded(&mut world, attempt_id, "R1", 5_000);
    assert_eq!([one, two].map(|id| world.next(id)), ["split_return_query+5", "split_return_query+5"]);
    // The payer has his 5,000; of the shares nothing is believed yet.
    let before = [3_500, -1_500, -NET + 3_000 + 5_000];
    assert_eq!(books(&world), before);
    for finding in [back(1_000), kept(), ReturnFinding::Unclear, ReturnFinding::NotFound] {
        assert_eq!(told(&mut world, one, Source::Reply, finding), ReturnStatus::Processing, "no answer");
    }
    assert_eq!(told(&mut world, one, Source::Query, ReturnFinding::Accepted), ReturnStatus::Processing);
    assert_eq!((books(&world), world.exceptions()), (before, vec![]));
    assert_eq!(told(&mut world, one, Source::Query, back(1_000)), ReturnStatus::Done);
    assert_eq!((books(&world), world.next(one)), ([3_500, -500, -NET + 7_000], "done".to_owned()));
    // The other is with a person after a day, and asked about all the same.
    world.after(DAY_US);
    assert_eq!(told(&mut world, two, Source::Query, ReturnFinding::Unclear), ReturnStatus::Processing);
    assert_eq!(world.exceptions(), ["split_unknown open"]);
    assert!(world.next(two).starts_with("split_return_query+"));
    assert_eq!(told(&mut world, two, Source::Query, back(500)), ReturnStatus::Done);
    assert_eq!((books(&world)[1], world.exceptions()), (0, vec!["split_unknown closed".to_owned()]));
    assert_eq!(world.the_refund(refund).status, RefundState::Succeeded);
}

#[test]
fn a_share_that_stays_with_its_receiver_is_the_merchants_to_bear() {
    let mut world = world();
    let attempt_id = paid_out(&mut world, Method::AlipayPage);
    let (_, [one, two]) = refunded(&mut world, attempt_id, "R1", 5_000);
    told(&mut world, one, Source::Query, back(1_000));
    assert_eq!(told(&mut world, two, Source::Query, kept()), ReturnStatus::Refused);
    assert_eq!(books(&world), [3_000, 0, -NET + 3_000 + 5_000 - 1_000]);
    assert_eq!(
        (world.exceptions(), world.next(two)),
        (vec!["split_not_returned open".to_owned()], "done".to_owned())
    );
    assert_eq!(told(&mut world, two, Source::Query, kept()), ReturnStatus::Refused, "said once more");
    // It is not asked for again.
    let (_, [first, second]) = refunded(&mut world, attempt_id, "R2", 3_000);
    assert!(world.snapshot.split_returns.get(&(TENANT, second)).is_none());
    told(&mut world, first, Source::Query, back(600));
    assert_eq!(books(&world)[1..], [0, -NET + 3_000 + 8_000 - 1_600]);
}

#[test]
fn what_the_merchant_no_longer_has_it_owes() {
    let mut world = world();
    let attempt_id = paid_out(&mut world, Method::AlipayPage);
    let (_, [one, two]) = refunded(&mut world, attempt_id, "R1", PRICE);
    assert_eq!(books(&world)[0], 0);
    told(&mut world, one, Source::Query, kept());
    told(&mut world, two, Source::Query, back(1_000));
    assert_eq!(books(&world), [0, 0, -NET + 3_000 + PRICE - 1_000]);
    assert_eq!(world.balance(AccountKind::RefundReceivable), -2_000);
}

#[test]
fn another_amount_than_was_named_is_a_persons_matter() {
    let mut world = world();
    let attempt_id = paid_out(&mut world, Method::AlipayPage);
    let (_, [one, _]) = refunded(&mut world, attempt_id, "R1", 5_000);
    let before = books(&world);
    assert_eq!(told(&mut world, one, Source::Query, back(999)), ReturnStatus::Processing);
    assert_eq!((books(&world), world.exceptions()), (before, vec!["split_mismatch open".to_owned()]));
    assert_eq!(told(&mut world, one, Source::Query, back(1_000)), ReturnStatus::Done);
    assert_eq!(world.exceptions(), ["split_mismatch closed"]);
}

#[test]
fn what_the_channel_reckons_itself_is_booked_as_it_says() {
    for method in [Method::AlipayQr, Method::AlipayBarcode] {
        let mut world = world();
        let attempt_id = paid_out(&mut world, method);
        let (_, [one, two]) = refunded(&mut world, attempt_id, "R1", 5_000);
        let mode = |world: &World| world.snapshot.split_returns.get(&(TENANT, one)).unwrap().mode;
        assert_eq!(mode(&world), ReturnMode::Itself);
        // A fen less of the one and two more of the other than by our own reckoning.
        assert_eq!(told(&mut world, one, Source::Query, back(999)), ReturnStatus::Done);
        assert_eq!(told(&mut world, two, Source::Query, back(502)), ReturnStatus::Done);
        assert_eq!(books(&world), [3_501, 0, -NET + 3_000 + 5_000 - 1_501]);
        assert!(world.exceptions().is_empty());
        // What is still to come back counts from what did.
        let (_, [one, two]) = refunded(&mut world, attempt_id, "R2", 5_000);
        assert_eq!(told(&mut world, one, Source::Query, back(1_002)), ReturnStatus::Processing);
        assert_eq!(world.exceptions(), ["split_mismatch open"], "more than the receiver ever got");
        told(&mut world, one, Source::Query, back(1_001));
        told(&mut world, two, Source::Query, back(498));
        assert_eq!(books(&world), [0, 0, -NET + 10_000]);
        assert!(world.snapshot.split_lines.iter().all(|line| line.returned_minor == line.amount_minor));
    }
}

#[test]
fn a_receiver_that_the_channel_left_alone_is_asked_again_with_the_next_refund() {
    let mut world = world();
    let attempt_id = paid_out(&mut world, Method::AlipayQr);
    let (_, [one, two]) = refunded(&mut world, attempt_id, "R1", 5_000);
    told(&mut world, one, Source::Query, back(1_000));
    assert_eq!(told(&mut world, two, Source::Query, back(0)), ReturnStatus::Refused);
    let (_, [_, second]) = refunded(&mut world, attempt_id, "R2", 2_000);
    // The channel reckons by each refund alone, and does not make up for what it left.
    assert_eq!(world.snapshot.split_returns.get(&(TENANT, second)).unwrap().amount_minor, 200);
}

/// Two workers may hear one answer: that nothing came back is no contradiction of that nothing came back.
#[test]
fn an_answer_that_nothing_came_back_changes_nothing_the_second_time() {
    let mut world = world();
    let attempt_id = paid_out(&mut world, Method::AlipayQr);
    let (_, [one, two]) = refunded(&mut world, attempt_id, "R1", 5_000);
    told(&mut world, one, Source::Query, back(1_000));
    assert_eq!(told(&mut world, two, Source::Query, back(0)), ReturnStatus::Refused);
    let (before, versions) = (books(&world), |world: &World| {
        let row = world.snapshot.split_returns.get(&(TENANT, two)).unwrap().version;
        (row, world.instruction(two).version, world.exceptions())
    });
    let first = versions(&world);
    for finding in [back(0), kept()] {
        assert_eq!(told(&mut world, two, Source::Query, finding), ReturnStatus::Refused);
    }
    assert_eq!((books(&world), versions(&world)), (before, first));
    assert_eq!(world.exceptions(), ["split_not_returned open"]);
    // Of what did come back it is one.
    assert_eq!(told(&mut world, one, Source::Query, back(0)), ReturnStatus::Done);
    assert!(world.exceptions().contains(&"split_contradicted open".to_owned()));
}

/// One share by a split of its own, paid, of a payment that was to be divided later.
fn divided_later(world: &mut World, attempt_id: AttemptId, (no, minor): (&str, i64)) {
    let one = bound(world, "2088000000000001");
    let shares = vec![share(one, minor)];
    let made = crate::channel_splits::divide(world, attempt_id, (no, shares, false)).unwrap();
    split_told(world, made.split.id, Source::Reply, SplitFinding::Accepted);
    let (line_id, amount_minor) = (made.lines[0].id, minor);
    let paid = vec![ShareTold { line_id, amount_minor, result: ShareResult::Paid }];
    split_told(world, made.split.id, Source::Query, SplitFinding::Shares(paid));
}

#[test]
fn what_the_channel_reckons_is_of_the_order_whenever_the_share_was_paid() {
    let mut world = world();
    let attempt_id = crate::channel_splits::later(&mut world);
    refunded(&mut world, attempt_id, "R1", 5_000);
    divided_later(&mut world, attempt_id, ("S1", 1_000));
    let (_, [one, _]) = refunded(&mut world, attempt_id, "R2", 2_505);
    let back_minor = |id| world.snapshot.split_returns.get(&(TENANT, id)).unwrap().amount_minor;
    assert_eq!(back_minor(one), 251, "a quarter of the order, to the next fen");
    let (_, [rest, _]) = refunded(&mut world, attempt_id, "R3", 2_495);
    let back_minor = |id| world.snapshot.split_returns.get(&(TENANT, id)).unwrap().amount_minor;
    assert_eq!(back_minor(rest), 749, "all that is left with the last");
}

#[test]
fn what_is_kept_is_released_though_less_than_nothing_is_left() {
    let mut world = world();
    let attempt_id = crate::channel_splits::later(&mut world);
    divided_later(&mut world, attempt_id, ("S1", 3_000));
    let (_, [one, _]) = refunded(&mut world, attempt_id, "R1", PRICE);
    assert_eq!(told(&mut world, one, Source::Query, kept()), ReturnStatus::Refused);
    let mut divide = |what| crate::channel_splits::divide(&mut world, attempt_id, what);
    let two = divide(("S2", vec![share(tk_domain::id::SplitReceiverId::default(), 1)], false));
    assert!(matches!(two, Err(Refusal::SplitExceedsAmount { .. })), "{two:?}");
    assert!(divide(("S3", vec![], true)).unwrap().split.last);
}

/// Who has got shares by two splits of one payment gives both back with one refund.
#[test]
fn two_shares_of_one_receiver_are_beside_each_other() {
    let mut world = world();
    let (one, two) = (bound(&mut world, "2088000000000001"), bound(&mut world, "2088000000000002"));
    let attempt_id = crate::channel_splits::later(&mut world);
    for (no, shares) in [("S1", vec![share(one, 1_000), share(two, 500)]), ("S2", vec![share(one, 200)])] {
        let split = crate::channel_splits::divide(&mut world, attempt_id, (no, shares, false)).unwrap().split;
        split_told(&mut world, split.id, Source::Reply, SplitFinding::Accepted);
    }
    let lines = |world: &World| world.snapshot.split_lines.iter().cloned().collect::<Vec<_>>();
    for split in [0, 1].map(|n| Split::id_of(world.payment_of(attempt_id).id, n)) {
        let all = lines(&world).into_iter().filter(|line| line.split_id == split);
        let paid = all.map(|line| ShareTold {
            line_id: line.id,
            amount_minor: line.amount_minor,
            result: ShareResult::Paid,
        });
        split_told(&mut world, split, Source::Query, SplitFinding::Shares(paid.collect()));
    }
    let (refund, _) = refunded(&mut world, attempt_id, "R1", 5_000);
    let (other, _) = refunded(&mut world, attempt_id, "R2", 1_000);
    let row = |refund, n| world.snapshot.split_returns.get(&(TENANT, SplitReturn::id_of(refund, n))).unwrap();
    let lines = lines(&world);
    let beside = |n| -> Vec<i64> {
        let rows = [(refund, 0), (refund, 1), (refund, 2), (other, 0), (other, 2)];
        let beside = rows.iter().filter(|(of, m)| row(refund, n).is_beside(row(*of, *m), &lines));
        beside.map(|(_, m)| *m).collect()
    };
    assert_eq!([0, 1, 2].map(beside), [vec![2], vec![], vec![0]]);
}

#[test]
fn a_refund_done_late_takes_its_shares_once_more_and_asks() {
    let mut world = world();
    let attempt_id = paid_out(&mut world, Method::AlipayPage);
    let refund = world.refund(attempt_id, "R1", 5_000).unwrap();
    world.refund_told(refund, Source::Reply, refund_failed());
    assert_eq!(books(&world), [7_000, 0, -NET + 3_000]);
    world.refund_told(refund, Source::Query, done(5_000));
    let one = SplitReturn::id_of(refund, 0);
    assert_eq!((books(&world)[1], world.next(one)), (-1_500, "split_return_query+5".to_owned()));
    told(&mut world, one, Source::Query, back(1_000));
    told(&mut world, SplitReturn::id_of(refund, 1), Source::Query, kept());
    assert_eq!(books(&world)[1], 0);
    assert_eq!(books(&world)[2], -NET + 3_000 + 5_000 - 1_000);
}
