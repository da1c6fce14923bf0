use crate::bench::{Bench, Trouble, paid, say, say_refund};
use crate::books::Books;
use crate::rows::{MINUTE_US, attempt, refund};
use tillkeeper_channels::capabilities::RefundNotice;
use tillkeeper_channels::{About, CallbackFinding, CallbackRefusal, Headers, RawCallback, RefundHint};
use tk_domain::instruction::InstructionKind as Kind;
use tk_domain::ledger::EntryKind;
use tk_domain::payment::{AttemptStatus, Disposition, PaymentStatus};
use tk_domain::report::{PaidEvidence, PaymentFinding, RefundFinding, Source};
use tk_money::Amount;

pub async fn heard(bench: &impl Bench) -> Result<CallbackFinding, CallbackRefusal> {
    let (headers, body) = bench.callback().await;
    let raw = RawCallback { headers: &headers, body: &body, received_at_us: bench.now_us() };
    bench.contract().verify_callback(raw)
}

fn evidence(about: &About) -> &PaidEvidence {
    match about {
        About::Order { payment: PaymentFinding::Paid(evidence), .. } => evidence,
        About::Order { .. }
        | About::Refund { .. }
        | About::Division { .. }
        | About::Card { .. }
        | About::Other { .. } => {
            panic!("not paid: {about:?}")
        }
    }
}

pub async fn a_payment_is_called_back_with_everything_that_must_agree(bench: &impl Bench) {
    let row = paid(bench, 8_888, 1).await;
    let (found, truth) = (heard(bench).await.unwrap(), bench.truth(&row).await);
    let (app, merchant) = bench.payee();
    let expected = PaidEvidence {
        channel_txn_no: truth.channel_txn_no,
        amount: Amount::fen(8_888),
        payee_app: Some(app.to_owned()),
        payee_merchant: Some(merchant.to_owned()),
        borne: None,
        paid_at_us: Some(bench.now_us()),
    };
    assert_eq!(evidence(&found.about), &expected);
    let About::Order { out_no, refund, .. } = &found.about else { panic!("not a trade") };
    assert_eq!((out_no, refund), (&row.out_no, &None));
}

pub async fn a_refund_is_called_back_as_far_as_it_is_proven(bench: &impl Bench) {
    let row = paid(bench, 8_888, 1).await;
    heard(bench).await.unwrap();
    let back = refund(888, 2);
    assert_eq!(say_refund(bench, Kind::Refund, &back, &row).await, RefundFinding::Accepted);
    let found = heard(bench).await.unwrap();
    let done = RefundFinding::Done { amount: Amount::fen(888), borne: None, at_us: Some(bench.now_us()) };
    let expected = match bench.capabilities().refund.unwrap().notice {
        RefundNotice::Hint => RefundHint { out_no: back.out_no, finding: None },
        RefundNotice::Proof => RefundHint { out_no: back.out_no, finding: Some(done) },
    };
    let told = match found.about {
        About::Order { refund, out_no, .. } => (out_no, refund),
        About::Refund { out_no, refund } => (out_no, Some(refund)),
        About::Card { order_no, .. } => panic!("a refund became the card {order_no}"),
        About::Division { out_no } => panic!("a refund became the division {out_no}"),
        About::Other { name } => panic!("a refund became {name}"),
    };
    // UnionPay names the payment by its own number.
    let named = [Some(&row.out_no), row.channel_txn_no.as_ref()].contains(&Some(&told.0));
    assert!(named, "{} is not {}", told.0, row.out_no);
    assert_eq!(told.1, Some(expected));
}

pub async fn a_forged_callback_is_refused(bench: &impl Bench) {
    let row = attempt(bench.capabilities().methods[0].method, 100, 1);
    let PaymentFinding::ActionRequired(action) = say(bench, Kind::Pay, &row).await else {
        panic!("nothing to open")
    };
    bench.open(&row, &action).await;
    for forgery in bench.forgeries() {
        bench.forge(&row, *forgery).await;
        let refused = heard(bench).await.unwrap_err();
        assert_eq!(refused.code(), "callback_signature_invalid", "{forgery:?}");
    }
}

pub async fn a_wrong_amount_is_reported_as_it_is(bench: &impl Bench) {
    bench.wrong_callback_amount(-1).await;
    let row = paid(bench, 8_888, 1).await;
    assert_eq!(evidence(&heard(bench).await.unwrap().about).amount, Amount::fen(8_887));
    let PaymentFinding::Paid(asked) = say(bench, Kind::Query, &row).await else { panic!("not paid") };
    assert_eq!(asked.amount, Amount::fen(8_888));
}

pub async fn a_callback_says_the_same_twice_and_in_any_order(bench: &impl Bench) {
    let row = paid(bench, 8_888, 1).await;
    let payment = bench.callback().await;
    assert_eq!(say_refund(bench, Kind::Refund, &refund(888, 2), &row).await, RefundFinding::Accepted);
    let refunded = bench.callback().await;
    let heard = |(headers, body): &(Headers, Vec<u8>)| {
        let raw = RawCallback { headers, body, received_at_us: bench.now_us() };
        bench.contract().verify_callback(raw).unwrap()
    };
    let (late, early) = (heard(&refunded), heard(&payment));
    assert_eq!((heard(&payment), heard(&refunded)), (early.clone(), late.clone()));
    assert_eq!(evidence(&early.about).amount, Amount::fen(8_888));
    assert_ne!(early.message_id, late.message_id);
}

/// The channel has its acknowledgement and will not say it again.
pub async fn acknowledged(bench: &impl Bench) {
    while bench.callbacks_pending().await > 0 {
        tokio::task::yield_now().await;
    }
}

/// What a callback says of the payment.
async fn told(bench: &impl Bench) -> PaymentFinding {
    match heard(bench).await.unwrap().about {
        About::Order { payment, .. } => payment,
        other
        @ (About::Refund { .. } | About::Division { .. } | About::Card { .. } | About::Other { .. }) => {
            panic!("{other:?}")
        }
    }
}

/// Nobody took the first callback; the next one comes this much later.
async fn late(bench: &impl Bench, by_us: i64) {
    bench.callbacks().lock().await.missed().await;
    bench.callbacks().lock().await.turn_away(false);
    bench.advance(by_us);
}

pub async fn a_callback_long_after_the_query_books_nothing_more_and_is_acknowledged(bench: &impl Bench) {
    bench.callbacks().lock().await.turn_away(true);
    let row = paid(bench, 8_888, 1).await;
    let mut books = Books::of(bench, &row);
    books.take(Source::Query, say(bench, Kind::Query, &row).await, bench.now_us());
    let collected = (
        AttemptStatus::Succeeded,
        Some(Disposition::Effective),
        PaymentStatus::Succeeded,
        vec![EntryKind::Collect],
    );
    assert_eq!(books.stand(), collected);
    late(bench, 30 * MINUTE_US).await;
    let told = told(bench).await;
    for _ in 0..2 {
        books.take(Source::Callback, told.clone(), bench.now_us());
        assert_eq!(books.stand(), collected);
    }
    acknowledged(bench).await;
}

pub async fn a_success_called_back_after_the_end_is_booked_once_as_late_and_acknowledged(bench: &impl Bench) {
    bench.callbacks().lock().await.turn_away(true);
    let row = attempt(bench.capabilities().methods[0].method, 8_888, 1);
    let PaymentFinding::ActionRequired(action) = say(bench, Kind::Pay, &row).await else {
        panic!("nothing to open")
    };
    bench.open(&row, &action).await;
    assert!(bench.pay(&row).await);
    let mut books = Books::of(bench, &row);
    late(bench, 30 * MINUTE_US).await;
    // Long after the order's time the channel says that it never knew it.
    bench.trouble(Kind::Query, Trouble::NotFoundLie).await;
    books.take(Source::Query, say(bench, Kind::Query, &row).await, bench.now_us());
    let (status, disposition, _, entries) = books.stand();
    assert_eq!((status, disposition, entries), (AttemptStatus::Closed, None, vec![]));
    books.take(Source::Callback, told(bench).await, bench.now_us());
    let (status, disposition, payment, entries) = books.stand();
    assert_eq!((status, disposition), (AttemptStatus::Closed, Some(Disposition::Late)));
    assert_ne!(payment, PaymentStatus::Succeeded, "what has ended stays ended");
    assert_eq!(entries, [EntryKind::CollectLate]);
    let known = books.stand();
    books.take(Source::Query, say(bench, Kind::Query, &row).await, bench.now_us());
    assert_eq!(books.stand(), known, "the query says the same and books nothing more");
    acknowledged(bench).await;
}
