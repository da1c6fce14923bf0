use crate::bench::{Bench, TOLD, Trouble, impatient, methods, paid, say, say_by, say_refund};
use crate::refunds::repeated;
use crate::rows::{attempt, refund};
use tk_domain::instruction::InstructionKind as Kind;
use tk_domain::report::{PaymentFinding, RefundFinding, Unclear};

/// Trouble, what is heard of it, and whether the call took effect all the same.
const TROUBLES: [(Trouble, Unclear, bool); 9] = [
    (Trouble::LostBefore, Unclear::Connection, false),
    (Trouble::LostAfter, Unclear::Connection, true),
    (Trouble::ServerErrorBefore, Unclear::ServerError, false),
    (Trouble::ServerErrorAfter, Unclear::ServerError, true),
    (Trouble::Garbage, Unclear::Unreadable, true),
    (Trouble::Truncated, Unclear::Unreadable, true),
    (Trouble::OtherCharset, Unclear::Unreadable, true),
    (Trouble::SystemErrorAfter, Unclear::ServerError, true),
    (Trouble::Limited, Unclear::RateLimited, false),
];

pub async fn a_lost_or_spoilt_answer_to_a_payment_proves_nothing_and_the_query_does(bench: &impl Bench) {
    let Some(terms) = methods(bench, TOLD).first().copied() else { return };
    for ((trouble, why, effect), serial) in TROUBLES.into_iter().zip(1..) {
        let row = attempt(terms.method, 100, serial);
        bench.trouble(Kind::Pay, trouble).await;
        assert_eq!(say(bench, Kind::Pay, &row).await, PaymentFinding::Unclear(why), "{trouble:?}");
        let truth = say(bench, Kind::Query, &row).await;
        assert_eq!(matches!(truth, PaymentFinding::Paid(_)), effect, "{trouble:?}: {truth:?}");
        assert_eq!(truth == PaymentFinding::NotFound, !effect, "{trouble:?}: {truth:?}");
        // A question has no effect that could outlive its answer.
        if trouble != Trouble::LostAfter {
            bench.trouble(Kind::Query, trouble).await;
            assert_eq!(say(bench, Kind::Query, &row).await, PaymentFinding::Unclear(why), "{trouble:?}");
        }
    }
}

pub async fn a_lost_or_spoilt_answer_to_a_refund_proves_nothing_and_the_query_does(bench: &impl Bench) {
    for ((trouble, why, effect), serial) in TROUBLES.into_iter().zip(1..) {
        let (row, back) = (paid(bench, 100, serial).await, refund(40, serial));
        bench.trouble(Kind::Refund, trouble).await;
        let heard = say_refund(bench, Kind::Refund, &back, &row).await;
        assert_eq!(heard, RefundFinding::Unclear(why), "{trouble:?}");
        let truth = say_refund(bench, Kind::RefundQuery, &back, &row).await;
        assert_eq!(matches!(truth, RefundFinding::Done { .. }), effect, "{trouble:?}: {truth:?}");
        assert_eq!(truth == RefundFinding::NotFound, !effect, "{trouble:?}: {truth:?}");
        let again = if effect { repeated(bench) } else { RefundFinding::Accepted };
        assert_eq!(say_refund(bench, Kind::Refund, &back, &row).await, again);
        assert_eq!(bench.truth(&row).await.refunds, [(back.out_no, 40)]);
    }
}

pub async fn a_slow_answer_is_a_timeout_and_the_query_knows(bench: &impl Bench) {
    let Some(terms) = methods(bench, TOLD).first().copied() else { return };
    let row = attempt(terms.method, 100, 1);
    bench.trouble(Kind::Pay, Trouble::Slow).await;
    let heard = say_by(bench, (&impatient(), bench.contract()), Kind::Pay, &row).await;
    assert_eq!(heard, PaymentFinding::Unclear(Unclear::Timeout));
    assert!(matches!(say(bench, Kind::Query, &row).await, PaymentFinding::Paid(_)));
}

pub async fn an_answer_signed_by_somebody_else_is_unreadable(bench: &impl Bench) {
    let contract = bench.contract_with_foreign_channel_key();
    let unreadable = PaymentFinding::Unclear(Unclear::Unreadable);
    let row = paid(bench, 100, 1).await;
    assert_eq!(say_by(bench, (bench.adapters(), &contract), Kind::Query, &row).await, unreadable);
    let row = attempt(bench.capabilities().methods[0].method, 100, 2);
    if let PaymentFinding::ActionRequired(action) = say(bench, Kind::Pay, &row).await {
        bench.open(&row, &action).await;
    }
    assert_eq!(say_by(bench, (bench.adapters(), &contract), Kind::Close, &row).await, unreadable);
}

pub async fn a_call_with_a_wrong_key_proves_nothing(bench: &impl Bench) {
    let contract = bench.contract_with_unknown_own_key();
    let row = paid(bench, 100, 1).await;
    for kind in [Kind::Query, Kind::Close] {
        let heard = say_by(bench, (bench.adapters(), &contract), kind, &row).await;
        assert_eq!(heard, PaymentFinding::Unclear(bench.of_unknown_own_key()), "{kind}");
    }
    assert!(matches!(say(bench, Kind::Query, &row).await, PaymentFinding::Paid(_)));
}

pub async fn a_lying_query_does_not_close(bench: &impl Bench) {
    let row = paid(bench, 100, 1).await;
    bench.trouble(Kind::Query, Trouble::NotFoundLie).await;
    assert_eq!(say(bench, Kind::Query, &row).await, PaymentFinding::NotFound);
    assert!(matches!(say(bench, Kind::Query, &row).await, PaymentFinding::Paid(_)));
}

pub async fn a_call_that_lands_after_a_question_is_found_by_the_next(bench: &impl Bench) {
    let (row, back) = (paid(bench, 100, 1).await, refund(40, 2));
    bench.trouble(Kind::Refund, Trouble::LandsAfterQuery).await;
    let lost = say_refund(bench, Kind::Refund, &back, &row).await;
    assert_eq!(lost, RefundFinding::Unclear(Unclear::Connection));
    assert_eq!(say_refund(bench, Kind::RefundQuery, &back, &row).await, RefundFinding::NotFound);
    let found = say_refund(bench, Kind::RefundQuery, &back, &row).await;
    assert!(matches!(found, RefundFinding::Done { .. }), "{found:?}");
    let Some(terms) = methods(bench, TOLD).first().copied() else { return };
    let row = attempt(terms.method, 100, 3);
    bench.trouble(Kind::Pay, Trouble::LandsAfterQuery).await;
    assert_eq!(say(bench, Kind::Pay, &row).await, PaymentFinding::Unclear(Unclear::Connection));
    assert_eq!(say(bench, Kind::Query, &row).await, PaymentFinding::NotFound);
    assert!(matches!(say(bench, Kind::Query, &row).await, PaymentFinding::Paid(_)));
}
