use crate::bench::{Bench, SHOWN, Trouble, ask_with_clock_off, methods, paid, say};
use crate::rows::{DAY_US, MINUTE_US, attempt};
use tillkeeper_channels::capabilities::{Known, Opening};
use tk_domain::instruction::InstructionKind as Kind;
use tk_domain::payment::{ActionKind, Attempt};
use tk_domain::report::{PaidEvidence, PaymentFinding, Unclear};
use tk_money::Amount;

fn evidence(finding: PaymentFinding) -> PaidEvidence {
    let PaymentFinding::Paid(evidence) = finding else { panic!("not paid: {finding:?}") };
    evidence
}

const fn kind_of(opening: Opening) -> ActionKind {
    match opening {
        Opening::Qr => ActionKind::Qr,
        Opening::Form => ActionKind::Form,
        Opening::Bridge => ActionKind::Bridge,
        Opening::Link | Opening::Outcome | Opening::Taken => ActionKind::Redirect,
    }
}

async fn assert_paid(bench: &impl Bench, attempt: &Attempt, finding: PaymentFinding) {
    let (evidence, truth) = (evidence(finding), bench.truth(attempt).await);
    assert_eq!((evidence.amount, truth.paid_fen), (Amount::fen(attempt.amount_minor), attempt.amount_minor));
    assert_eq!(evidence.channel_txn_no, truth.channel_txn_no);
    assert_eq!(evidence.paid_at_us, Some(bench.now_us()));
}

pub async fn every_method_collects_the_amount_and_the_query_proves_it(bench: &impl Bench) {
    for (terms, serial) in bench.capabilities().methods.iter().zip(1..) {
        let row = attempt(terms.method, 8_800 + i64::from(serial), serial);
        let first = say(bench, Kind::Pay, &row).await;
        match (terms.opening, first) {
            (Opening::Outcome, finding) => assert_paid(bench, &row, finding).await,
            (Opening::Taken, finding) => assert_eq!(finding, PaymentFinding::InProgress),
            (opening, PaymentFinding::ActionRequired(action)) => {
                assert_eq!(action.kind, kind_of(opening));
                bench.open(&row, &action).await;
                assert!(bench.pay(&row).await);
            }
            (opening, other) => panic!("{opening:?} gave {other:?}"),
        }
        assert_paid(bench, &row, say(bench, Kind::Query, &row).await).await;
    }
}

pub async fn an_order_nobody_opened_is_known_as_declared(bench: &impl Bench) {
    for (terms, serial) in methods(bench, SHOWN).iter().zip(1..) {
        let row = attempt(terms.method, 100, serial);
        assert!(matches!(say(bench, Kind::Pay, &row).await, PaymentFinding::ActionRequired(_)));
        let (asked, closed) = match terms.known {
            Known::WhenOpened | Known::WhenPaid => (PaymentFinding::NotFound, PaymentFinding::NotFound),
            Known::WhenAsked => (PaymentFinding::WaitingPayer, PaymentFinding::Closed),
        };
        assert_eq!(say(bench, Kind::Query, &row).await, asked);
        assert_eq!(say(bench, Kind::Close, &row).await, closed);
    }
    let never_sent = attempt(bench.capabilities().methods[0].method, 100, 99);
    assert_eq!(say(bench, Kind::Query, &never_sent).await, PaymentFinding::NotFound);
    assert_eq!(say(bench, Kind::Close, &never_sent).await, PaymentFinding::NotFound);
}

pub async fn an_opened_order_waits_for_its_payer(bench: &impl Bench) {
    let offered = bench.capabilities().methods.iter().filter(|terms| terms.opening != Opening::Taken);
    for (terms, serial) in offered.zip(1..) {
        let row = attempt(terms.method, 100, serial);
        if terms.opening == Opening::Outcome {
            bench.payer_must_confirm(&row).await;
        }
        let finding = say(bench, Kind::Pay, &row).await;
        if let PaymentFinding::ActionRequired(action) = finding {
            bench.open(&row, &action).await;
        } else {
            assert_eq!(finding, PaymentFinding::InProgress);
        }
        let waiting = match terms.known {
            Known::WhenPaid => PaymentFinding::NotFound,
            Known::WhenOpened | Known::WhenAsked => PaymentFinding::WaitingPayer,
        };
        assert_eq!(say(bench, Kind::Query, &row).await, waiting);
        assert!(bench.pay(&row).await);
        assert_paid(bench, &row, say(bench, Kind::Query, &row).await).await;
    }
}

pub async fn an_unpaid_order_closes_and_a_paid_one_refuses(bench: &impl Bench) {
    let closable = bench.capabilities().methods.iter().filter(|terms| terms.ended_by == Kind::Close);
    for (terms, serial) in closable.zip(1..) {
        let row = attempt(terms.method, 100, serial);
        let PaymentFinding::ActionRequired(action) = say(bench, Kind::Pay, &row).await else {
            panic!("nothing to open")
        };
        bench.open(&row, &action).await;
        assert_eq!(say(bench, Kind::Close, &row).await, PaymentFinding::Closed);
        assert_eq!(say(bench, Kind::Query, &row).await, PaymentFinding::Closed);
        assert!(!bench.pay(&row).await);
        assert_eq!(say(bench, Kind::Close, &row).await, PaymentFinding::CloseRefused);
    }
    let row = paid(bench, 100, 77).await;
    let asked = say(bench, Kind::Close, &row).await;
    if matches!(bench.capabilities().method(row.method).unwrap().ended_by, Kind::Query) {
        // Nothing closes an order there: a close is a question, and its answer is the payment.
        assert_paid(bench, &row, asked).await;
    } else {
        assert_eq!(asked, PaymentFinding::CloseRefused);
    }
    assert_paid(bench, &row, say(bench, Kind::Query, &row).await).await;
}

/// Given back in whole; a channel that does not say that it had been paid calls the order closed.
fn undone(finding: &PaymentFinding) -> bool {
    matches!(finding, PaymentFinding::Closed) || *finding == PaymentFinding::Undone(Amount::fen(100))
}

pub async fn a_cancel_undoes_a_payment_and_repeats_its_answer(bench: &impl Bench) {
    let cancellable = bench.capabilities().methods.iter().filter(|terms| terms.ended_by == Kind::Cancel);
    for terms in cancellable {
        let mut row = attempt(terms.method, 100, 1);
        row.close_requested_at_us = Some(bench.now_us());
        assert_eq!(say(bench, Kind::Cancel, &row).await, PaymentFinding::NotFound);
        assert!(matches!(say(bench, Kind::Pay, &row).await, PaymentFinding::Paid(_)));
        for _ in 0..2 {
            assert!(undone(&say(bench, Kind::Cancel, &row).await));
        }
        assert!(undone(&say(bench, Kind::Query, &row).await));
        let given_back: i64 = bench.truth(&row).await.refunds.iter().map(|(_, fen)| fen).sum();
        assert_eq!(given_back, 100);
        let waiting = attempt(terms.method, 100, 2);
        bench.payer_must_confirm(&waiting).await;
        assert_eq!(say(bench, Kind::Pay, &waiting).await, PaymentFinding::InProgress);
        assert_eq!(say(bench, Kind::Cancel, &waiting).await, PaymentFinding::Closed);
        assert!(!bench.pay(&waiting).await);
        assert_eq!(bench.truth(&waiting).await.paid_fen, 0);
    }
}

pub async fn the_same_order_twice_collects_once(bench: &impl Bench) {
    for (terms, serial) in bench.capabilities().methods.iter().zip(1..) {
        let row = attempt(terms.method, 100, serial);
        let first = say(bench, Kind::Pay, &row).await;
        let again = say(bench, Kind::Pay, &row).await;
        match (first, terms.opening) {
            (PaymentFinding::ActionRequired(action), opening) => {
                assert!(matches!(again, PaymentFinding::ActionRequired(_)), "{again:?}");
                if opening == Opening::Qr {
                    assert_eq!(again, PaymentFinding::ActionRequired(action.clone()));
                }
                bench.open(&row, &action).await;
                assert!(bench.pay(&row).await);
                assert!(!bench.pay(&row).await);
            }
            (_, _) => {
                assert!(matches!(again, PaymentFinding::Paid(_) | PaymentFinding::Unclear(_)), "{again:?}");
            }
        }
        assert_paid(bench, &row, say(bench, Kind::Query, &row).await).await;
    }
}

pub async fn after_the_channel_expiry_nobody_can_pay(bench: &impl Bench) {
    let mut opened = Vec::new();
    for (terms, serial) in methods(bench, SHOWN).iter().zip(1..) {
        let (row, unopened) = (attempt(terms.method, 100, serial), attempt(terms.method, 100, serial + 50));
        for (each, is_opened) in [(row, true), (unopened, false)] {
            let PaymentFinding::ActionRequired(action) = say(bench, Kind::Pay, &each).await else {
                panic!("nothing to open")
            };
            if is_opened {
                bench.open(&each, &action).await;
            }
            let is_known = match terms.known {
                Known::WhenOpened => is_opened,
                Known::WhenAsked => true,
                Known::WhenPaid => false,
            };
            opened.push((each, is_known));
        }
    }
    bench.advance(15 * MINUTE_US);
    for (row, is_known) in opened {
        assert!(!bench.pay(&row).await);
        let ended = if is_known { PaymentFinding::Closed } else { PaymentFinding::NotFound };
        assert_eq!(say(bench, Kind::Query, &row).await, ended);
    }
}

pub async fn a_payment_after_a_lost_close_is_found(bench: &impl Bench) {
    let row = attempt(bench.capabilities().methods[0].method, 100, 1);
    let PaymentFinding::ActionRequired(action) = say(bench, Kind::Pay, &row).await else {
        panic!("nothing to open")
    };
    bench.open(&row, &action).await;
    bench.trouble(Kind::Close, Trouble::LostBefore).await;
    assert_eq!(say(bench, Kind::Close, &row).await, PaymentFinding::Unclear(Unclear::Connection));
    assert!(bench.pay(&row).await);
    let again = say(bench, Kind::Close, &row).await;
    assert!(!matches!(again, PaymentFinding::Closed | PaymentFinding::Failed { .. }), "{again:?}");
    assert_paid(bench, &row, say(bench, Kind::Query, &row).await).await;
}

pub async fn a_clock_that_is_off_proves_nothing_wrong(bench: &impl Bench) {
    let row = paid(bench, 100, 1).await;
    for by_us in [-2 * DAY_US, -10 * MINUTE_US, 10 * MINUTE_US, 2 * DAY_US] {
        let heard = ask_with_clock_off(bench, &row, by_us).await;
        assert!(matches!(heard, PaymentFinding::Paid(_) | PaymentFinding::Unclear(_)), "{by_us}: {heard:?}");
    }
    assert_paid(bench, &row, say(bench, Kind::Query, &row).await).await;
}
