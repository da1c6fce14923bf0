use crate::bench::{Bench, Forgery, paid, say, say_refund};
use crate::rows::{APP_ID, SELLER_ID, attempt, refund};
use tillkeeper_channels::{About, CallbackFinding, CallbackRefusal, RefundHint};
use tk_domain::instruction::InstructionKind as Kind;
use tk_domain::report::{PaidEvidence, PaymentFinding, RefundFinding};
use tk_money::Amount;

async fn heard(bench: &impl Bench) -> Result<CallbackFinding, CallbackRefusal> {
    let (body, content_type) = bench.callback().await;
    bench.contract().verify_callback(&body, content_type.as_deref())
}

fn evidence(about: &About) -> &PaidEvidence {
    match about {
        About::Order { payment: PaymentFinding::Paid(evidence), .. } => evidence,
        About::Order { .. } | About::Other { .. } => panic!("not paid: {about:?}"),
    }
}

pub async fn a_payment_is_called_back_with_everything_that_must_agree(bench: &impl Bench) {
    let row = paid(bench, 8_888, 1).await;
    let (found, truth) = (heard(bench).await.unwrap(), bench.truth(&row).await);
    let expected = PaidEvidence {
        channel_txn_no: truth.channel_txn_no,
        amount: Amount::fen(8_888),
        payee_app: Some(APP_ID.to_owned()),
        payee_merchant: Some(SELLER_ID.to_owned()),
        paid_at_us: Some(bench.now_us()),
    };
    assert_eq!(evidence(&found.about), &expected);
    let About::Order { out_no, refund, .. } = &found.about else { panic!("not a trade") };
    assert_eq!((out_no, refund), (&row.out_no, &None));
}

pub async fn a_refund_is_called_back_as_a_hint(bench: &impl Bench) {
    let row = paid(bench, 8_888, 1).await;
    heard(bench).await.unwrap();
    let back = refund(888, 2);
    assert_eq!(say_refund(bench, Kind::Refund, &back, &row).await, RefundFinding::Accepted);
    let found = heard(bench).await.unwrap();
    let About::Order { refund, .. } = found.about else { panic!("not a trade") };
    assert_eq!(refund, Some(RefundHint { out_no: back.out_no, finding: None }));
}

pub async fn a_forged_callback_is_refused(bench: &impl Bench) {
    let row = attempt(bench.capabilities().methods[0].method, 100, 1);
    let PaymentFinding::ActionRequired(action) = say(bench, Kind::Pay, &row).await else {
        panic!("nothing to open")
    };
    bench.open(&row, &action).await;
    for forgery in [Forgery::OtherKey, Forgery::Unsigned, Forgery::Probe] {
        bench.forge(&row, forgery).await;
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
