//! Closing, expiry and switching methods: proven at the channel first.

use crate::kit::{World, code, failed, paid, unclear};
use tk_domain::channel_account::Method;
use tk_domain::instruction::InstructionKind;
use tk_domain::moment::{DAY_US, HOUR_US, MINUTE_US};
use tk_domain::payment::{AttemptStatus, CreatePayment, PaymentStatus, Started};
use tk_domain::refusal::Refusal;
use tk_domain::report::{PaymentFinding, Source};

#[test]
fn a_payment_without_an_open_attempt_closes_at_once() {
    let mut world = World::new();
    let id = world.payment();
    assert_eq!(world.close(id).unwrap().status, PaymentStatus::Closed);
    assert_eq!(world.close(id).unwrap().status, PaymentStatus::Closed, "again changes nothing");
    assert_eq!(world.start(id, Method::AlipayQr).unwrap_err(), Refusal::OrderClosed);
    assert_eq!(world.events(id), ["payment.created", "payment.closed"]);
}

#[test]
fn a_payment_with_an_open_attempt_closes_once_the_attempt_is_proven_over() {
    for over in [PaymentFinding::Closed, failed()] {
        let mut world = World::new();
        let id = world.open(Method::AlipayQr);
        world.told(id, Source::Reply, code());
        let payment_id = world.the_attempt(id).payment_id;
        assert_eq!(world.close(payment_id).unwrap().status, PaymentStatus::RequiresAction);
        assert_eq!(world.next(id), "close+0");
        let closing = Refusal::AttemptInProgress { outcome_unknown: true };
        assert_eq!(world.start(payment_id, Method::AlipayQr).unwrap_err(), closing);
        world.told(id, Source::Reply, over);
        assert_eq!(world.the_payment(payment_id).status, PaymentStatus::Closed);
    }
}

#[test]
fn a_paid_payment_does_not_close_and_a_success_beats_a_request_to_close() {
    let mut world = World::new();
    let id = world.open(Method::AlipayQr);
    world.told(id, Source::Reply, code());
    let payment_id = world.the_attempt(id).payment_id;
    world.close(payment_id).unwrap();
    world.paid(id);
    assert_eq!(world.the_payment(payment_id).status, PaymentStatus::Succeeded);
    assert_eq!(world.close(payment_id).unwrap_err(), Refusal::AlreadyPaid);
    assert_eq!(world.start(payment_id, Method::AlipayQr).unwrap_err(), Refusal::AlreadyPaid);
}

#[test]
fn a_request_to_close_is_not_forgotten_whatever_the_channel_says_first() {
    for answer in [code(), PaymentFinding::WaitingPayer, PaymentFinding::InProgress] {
        let mut world = World::new();
        let id = world.open(Method::AlipayQr);
        let payment_id = world.the_attempt(id).payment_id;
        world.close(payment_id).unwrap();
        world.told(id, Source::Reply, answer.clone());
        assert_eq!(world.instruction(id).kind, InstructionKind::Close, "{answer:?}");
    }
}

#[test]
fn a_code_that_nobody_scanned_is_over_only_after_the_expiry_that_the_channel_enforces() {
    for close_requested in [false, true] {
        let mut world = World::new();
        let id = world.open(Method::AlipayQr);
        world.told(id, Source::Reply, code());
        let payment_id = world.the_attempt(id).payment_id;
        if close_requested {
            world.close(payment_id).unwrap();
        }
        let mut asked = 0;
        while world.the_attempt(id).status.open() {
            let kind = world.claim(id);
            let source = if kind == InstructionKind::Query { Source::Query } else { Source::Reply };
            world.told(id, source, PaymentFinding::NotFound);
            asked += 1;
            assert!(asked < 100, "ends");
        }
        let expires_at_us = world.the_attempt(id).channel_expires_at_us;
        assert!(world.now_us > expires_at_us + 5 * MINUTE_US);
        assert!(world.now_us < expires_at_us + 7 * MINUTE_US, "and is known soon after");
        let status = if close_requested { PaymentStatus::Closed } else { PaymentStatus::RequiresMethod };
        assert_eq!(world.the_payment(payment_id).status, status);
    }
}

#[test]
fn not_found_by_anything_but_a_query_never_ends_an_attempt() {
    let mut world = World::new();
    let id = world.open(Method::AlipayQr);
    world.told(id, Source::Reply, code());
    world.after(DAY_US);
    for source in [Source::Reply, Source::Callback, Source::Bill] {
        world.told(id, source, PaymentFinding::NotFound);
        assert_eq!(world.the_attempt(id).status, AttemptStatus::RequiresAction);
    }
}

#[test]
fn an_order_never_told_to_the_channel_is_asked_about_twice_before_it_is_over() {
    let mut world = World::new();
    let id = world.open(Method::AlipayQr);
    world.after(DAY_US);
    world.told(id, Source::Query, PaymentFinding::NotFound);
    assert_eq!(world.the_attempt(id).status, AttemptStatus::Unknown);
    world.told(id, Source::Query, PaymentFinding::NotFound);
    assert_eq!(world.the_attempt(id).status, AttemptStatus::Closed);
}

#[test]
fn an_unanswered_order_is_repeated_ever_more_slowly_and_after_its_expiry_only_asked_about() {
    let mut world = World::new();
    let id = world.open(Method::AlipayQr);
    let mut delays = Vec::new();
    let mut kinds = Vec::new();
    for _ in 0..40 {
        world.told(id, Source::Reply, unclear());
        delays.push((world.instruction(id).due_at_us - world.now_us) / 1_000_000);
        let expired = world.now_us >= world.the_attempt(id).channel_expires_at_us;
        kinds.push((expired, world.instruction(id).kind));
        world.claim(id);
    }
    assert_eq!(delays.get(..8), Some([5, 10, 20, 40, 80, 160, 300, 300].as_slice()));
    assert_eq!(delays.last(), Some(&3_600));
    for (expired, kind) in kinds {
        assert_eq!(kind, if expired { InstructionKind::Query } else { InstructionKind::Pay });
    }
}

#[test]
fn what_stays_open_for_a_day_goes_to_a_person_and_is_still_asked_hourly() {
    for answer in
        [unclear(), PaymentFinding::NotFound, PaymentFinding::InProgress, PaymentFinding::WaitingPayer]
    {
        for method in [Method::AlipayQr, Method::AlipayBarcode] {
            let mut world = World::new();
            let id = world.open(method);
            world.told(id, Source::Reply, unclear());
            let start_us = world.now_us;
            while !world.the_attempt(id).needs_manual {
                let kind = world.claim(id);
                if matches!(kind, InstructionKind::Query) {
                    let nearly_dead_us = world.the_attempt(id).channel_expires_at_us + 4 * MINUTE_US;
                    if answer == PaymentFinding::NotFound && world.now_us > nearly_dead_us {
                        break;
                    }
                    world.told(id, Source::Query, answer.clone());
                } else {
                    world.told(id, Source::Reply, unclear());
                }
                assert!(world.now_us - start_us < 2 * DAY_US, "{answer:?} {method}");
            }
            assert!(world.instruction(id).due_at_us - world.now_us <= HOUR_US);
            world.told(id, Source::Query, paid("txn"));
            if world.the_attempt(id).status == AttemptStatus::Succeeded {
                assert!(!world.the_attempt(id).needs_manual);
                assert!(world.exceptions().iter().all(|row| row == "payment_unknown closed"));
            }
        }
    }
}

#[test]
fn another_method_waits_until_the_earlier_attempt_is_proven_over() {
    let mut world = World::new();
    let id = world.open(Method::AlipayQr);
    world.told(id, Source::Reply, code());
    let payment_id = world.the_attempt(id).payment_id;
    assert!(matches!(world.start(payment_id, Method::AlipayQr).unwrap(), Started::Existing { .. }));
    assert!(matches!(world.start(payment_id, Method::AlipayPage).unwrap(), Started::ClosingEarlier { .. }));
    let busy = Refusal::AttemptInProgress { outcome_unknown: false };
    assert_eq!(world.start(payment_id, Method::AlipayPage).unwrap_err(), busy);
    world.told(id, Source::Reply, PaymentFinding::Closed);
    assert!(matches!(world.start(payment_id, Method::AlipayPage).unwrap(), Started::New { .. }));
    assert_eq!(world.the_payment(payment_id).attempts_count, 2);
}

#[test]
fn a_payment_made_with_confirm_has_one_attempt() {
    for (finding, status) in
        [(failed(), PaymentStatus::Failed), (PaymentFinding::Closed, PaymentStatus::Closed)]
    {
        let mut world = World::new();
        let order = CreatePayment { single_attempt: true, ..world.order() };
        let payment_id = world.run(&order).unwrap().payment.id;
        let id = world.attempt(payment_id, Method::AlipayQr);
        world.told(id, Source::Reply, finding);
        assert_eq!(world.the_payment(payment_id).status, status);
        assert_eq!(world.start(payment_id, Method::AlipayQr).unwrap_err(), Refusal::OrderClosed);
    }
}

#[test]
fn an_expired_payment_starts_nothing_and_ends_with_its_attempt() {
    let mut world = World::new();
    let id = world.open(Method::AlipayQr);
    world.told(id, Source::Reply, code());
    let payment_id = world.the_attempt(id).payment_id;
    world.after(3 * HOUR_US).told(id, Source::Query, PaymentFinding::Closed);
    assert_eq!(world.the_payment(payment_id).status, PaymentStatus::Closed);
    let late = world.payment();
    world.after(3 * HOUR_US);
    assert_eq!(world.start(late, Method::AlipayQr).unwrap_err(), Refusal::OrderClosed);
}

#[test]
fn a_payment_has_twenty_attempts_at_most() {
    let mut world = World::new();
    let payment_id = world.payment();
    for _ in 0..20 {
        let id = world.attempt(payment_id, Method::AlipayQr);
        world.told(id, Source::Reply, failed());
    }
    assert_eq!(world.start(payment_id, Method::AlipayQr).unwrap_err(), Refusal::TooManyAttempts { max: 20 });
}

#[test]
fn asking_by_hand_never_disturbs_what_is_being_said() {
    let mut world = World::new();
    let id = world.open(Method::AlipayQr);
    let payment_id = world.the_attempt(id).payment_id;
    world.ask(payment_id);
    assert_eq!(world.instruction(id).kind, InstructionKind::Pay, "not told yet");
    world.told(id, Source::Reply, code());
    world.ask(payment_id);
    assert_eq!(world.next(id), "query+0");
    world.told(id, Source::Query, PaymentFinding::Closed);
    world.ask(payment_id);
    assert_eq!(world.next(id), "query+0", "an attempt that is over may be asked about");
    world.told(id, Source::Query, unclear());
    assert_eq!(world.instruction(id).kind, InstructionKind::Query);
    world.claim(id);
    world.told(id, Source::Query, PaymentFinding::Closed);
    assert_eq!(world.next(id), "done");
    world.ask(payment_id);
    world.told(id, Source::Query, paid("txn"));
    world.ask(payment_id);
    assert_eq!(world.next(id), "done", "money received needs no question");
}

/// The question left before the order was surely dead and its answer came after: a payment between the two is possible.
#[test]
fn not_found_counts_by_when_it_was_asked_and_not_by_when_it_was_heard() {
    let mut world = World::new();
    let id = world.open(Method::AlipayQr);
    world.told(id, Source::Reply, code());
    let dead_at_us = world.the_attempt(id).channel_expires_at_us + tk_domain::ask::EXPIRY_GRACE_US;
    world.now_us = dead_at_us + 60_000_000;
    let mut early = world.report(id, Source::Query, PaymentFinding::NotFound);
    early.report.asked_at_us = dead_at_us;
    assert!(world.run(&early).unwrap().attempt.status.open(), "asked too early");
    let mut late = early;
    late.report.asked_at_us = dead_at_us + 1;
    assert_eq!(world.run(&late).unwrap().attempt.status, AttemptStatus::Closed);
}

#[test]
fn a_code_that_nobody_scans_keeps_the_payer_for_ten_minutes_at_most() {
    let mut world = World::new();
    let id = world.open(Method::AlipayQr);
    world.told(id, Source::Reply, code());
    let payment_id = world.the_attempt(id).payment_id;
    let start_us = world.now_us;
    world.start(payment_id, Method::AlipayPage).unwrap();
    while world.the_attempt(id).status.open() {
        let kind = world.claim(id);
        let source = if kind == InstructionKind::Query { Source::Query } else { Source::Reply };
        world.told(id, source, PaymentFinding::NotFound);
    }
    assert!(world.now_us - start_us <= 10 * MINUTE_US + 1_000_000, "{}", world.now_us - start_us);
    world.attempt(payment_id, Method::AlipayPage);
}
