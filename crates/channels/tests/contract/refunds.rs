use crate::bench::{Bench, Trouble, paid, say, say_refund};
use crate::rows::{DAY_US, MINUTE_US, attempt, refund};
use tillkeeper_channels::capabilities::{Known, Partial, Repeat};
use tk_domain::instruction::InstructionKind as Kind;
use tk_domain::report::{PaymentFinding, RefundFinding, Unclear};
use tk_money::Amount;

fn done(bench: &impl Bench, fen: i64) -> RefundFinding {
    RefundFinding::Done { amount: Amount::fen(fen), borne: None, at_us: Some(bench.now_us()) }
}

/// What the same number and amount again is answered, where the first was taken.
pub fn repeated(bench: &impl Bench) -> RefundFinding {
    match bench.capabilities().refund.unwrap().repeat {
        Repeat::FirstResult => RefundFinding::Accepted,
        Repeat::Refused => RefundFinding::Unclear(Unclear::UnknownCode),
        Repeat::MayExecuteTwice => panic!("nothing may be sent twice"),
    }
}

pub async fn a_full_refund_is_accepted_and_then_proven(bench: &impl Bench) {
    let row = paid(bench, 8_888, 1).await;
    let back = refund(8_888, 2);
    assert_eq!(say_refund(bench, Kind::Refund, &back, &row).await, RefundFinding::Accepted);
    assert_eq!(say_refund(bench, Kind::RefundQuery, &back, &row).await, done(bench, 8_888));
    assert_eq!(bench.truth(&row).await.refunds, [(back.out_no, 8_888)]);
    // Wholly refunded is closed at the channel, and yet it was paid: nothing may close our attempt.
    let after = say(bench, Kind::Query, &row).await;
    assert!(!matches!(after, PaymentFinding::Closed | PaymentFinding::Failed { .. }), "{after:?}");
}

pub async fn partial_refunds_add_up_and_stop_at_the_amount(bench: &impl Bench) {
    let terms = bench.capabilities().refund.unwrap();
    assert_eq!(terms.partial, Partial::Any);
    let row = paid(bench, 1_000, 1).await;
    let mut truth = Vec::new();
    for (fen, serial) in [(1, 2), (333, 3), (600, 4)] {
        bench.advance(terms.spacing_us);
        let back = refund(fen, serial);
        assert_eq!(say_refund(bench, Kind::Refund, &back, &row).await, RefundFinding::Accepted);
        assert_eq!(say_refund(bench, Kind::RefundQuery, &back, &row).await, done(bench, fen));
        truth.push((back.out_no, fen));
    }
    bench.advance(terms.spacing_us);
    let over = refund(67, 5);
    let refused = say_refund(bench, Kind::Refund, &over, &row).await;
    assert!(matches!(refused, RefundFinding::Failed { .. }), "{refused:?}");
    assert_eq!(say_refund(bench, Kind::RefundQuery, &over, &row).await, RefundFinding::NotFound);
    let rest = refund(66, 6);
    assert_eq!(say_refund(bench, Kind::Refund, &rest, &row).await, RefundFinding::Accepted);
    truth.push((rest.out_no, 66));
    let mut held = bench.truth(&row).await.refunds;
    held.sort();
    truth.sort();
    assert_eq!(held, truth);
}

pub async fn the_same_number_twice_refunds_once(bench: &impl Bench) {
    let row = paid(bench, 1_000, 1).await;
    let back = refund(400, 2);
    assert_eq!(say_refund(bench, Kind::Refund, &back, &row).await, RefundFinding::Accepted);
    for _ in 0..2 {
        assert_eq!(say_refund(bench, Kind::Refund, &back, &row).await, repeated(bench));
    }
    assert_eq!(bench.truth(&row).await.refunds, [(back.out_no, 400)]);
}

pub async fn the_same_number_with_another_amount_proves_nothing(bench: &impl Bench) {
    let row = paid(bench, 1_000, 1).await;
    let (first, other) = (refund(400, 2), refund(401, 2));
    assert_eq!(say_refund(bench, Kind::Refund, &first, &row).await, RefundFinding::Accepted);
    let finding = say_refund(bench, Kind::Refund, &other, &row).await;
    assert_eq!(finding, RefundFinding::Unclear(Unclear::UnknownCode));
    assert_eq!(say_refund(bench, Kind::RefundQuery, &other, &row).await, done(bench, 400));
}

pub async fn an_unsent_refund_is_not_found(bench: &impl Bench) {
    let row = paid(bench, 1_000, 1).await;
    assert_eq!(say_refund(bench, Kind::RefundQuery, &refund(1, 2), &row).await, RefundFinding::NotFound);
    let nowhere = attempt(row.method, 100, 9);
    assert_eq!(say_refund(bench, Kind::RefundQuery, &refund(1, 2), &nowhere).await, RefundFinding::NotFound);
}

pub async fn an_unpaid_order_refuses_a_refund_for_good(bench: &impl Bench) {
    let row = attempt(bench.capabilities().methods[0].method, 100, 1);
    let PaymentFinding::ActionRequired(action) = say(bench, Kind::Pay, &row).await else {
        panic!("nothing to open")
    };
    bench.open(&row, &action).await;
    let refused = say_refund(bench, Kind::Refund, &refund(100, 2), &row).await;
    match bench.capabilities().method(row.method).unwrap().known {
        // A payment that nobody has made has no number to name it by, so that nothing is sent.
        Known::WhenPaid => assert_eq!(refused, RefundFinding::Unclear(Unclear::Misconfigured)),
        Known::WhenOpened | Known::WhenAsked => {
            assert!(matches!(refused, RefundFinding::Failed { .. }), "{refused:?}");
        }
    }
    assert_eq!(bench.truth(&row).await.refunds, []);
}

pub async fn a_refund_accepted_but_unknown_to_a_later_query_is_not_failed(bench: &impl Bench) {
    let (row, back) = (paid(bench, 100, 1).await, refund(40, 2));
    bench.trouble(Kind::Refund, Trouble::AcceptedLater).await;
    assert_eq!(say_refund(bench, Kind::Refund, &back, &row).await, RefundFinding::Accepted);
    assert_eq!(say_refund(bench, Kind::RefundQuery, &back, &row).await, RefundFinding::NotFound);
    bench.advance(MINUTE_US);
    let found = say_refund(bench, Kind::RefundQuery, &back, &row).await;
    assert!(matches!(found, RefundFinding::Done { .. }), "{found:?}");
    assert_eq!(bench.truth(&row).await.refunds, [(back.out_no, 40)]);
}

pub async fn a_refund_after_the_window_is_refused_for_good(bench: &impl Bench) {
    let row = paid(bench, 100, 1).await;
    bench.advance((bench.capabilities().refund.unwrap().window_days + 1) * DAY_US);
    let refused = say_refund(bench, Kind::Refund, &refund(100, 2), &row).await;
    assert!(matches!(refused, RefundFinding::Failed { .. }), "{refused:?}");
    assert_eq!(bench.truth(&row).await.refunds, []);
}
