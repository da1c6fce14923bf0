//! Money paid in advance: both tables are written, read and verified on both engines.

use crate::bed::Bed;
use crate::cases::{assert_sound, balance};
use crate::furnish::{Furnish, contract, order, pay, product, refund};
use crate::sqlite_only::raw;
use tillkeeper_store::{Page, StoreConfig, verify};
use tk_domain::audit::Origin;
use tk_domain::channel_account::Channel;
use tk_domain::id::{ChannelAccountId, Id128, PaymentId, ProductId};
use tk_domain::payment::CreatePayment;
use tk_domain::prepayment::{Draw, DrawPrepayment, DrawStatus, Prepayment, UndoDraw, account};
use tk_domain::report::PaidEvidence;
use tk_money::{Amount, Currency};

const ACCOUNT: ChannelAccountId = ChannelAccountId(Id128([31; 16]));
const PRODUCT: ProductId = ProductId(Id128([32; 16]));

/// Two payments of 100.00 for one stay.
async fn stay(bed: &Bed) -> (Prepayment, [PaymentId; 2]) {
    let account = contract(bed.tenant_id, ACCOUNT, Channel::Alipay);
    bed.store.submit(Furnish { account, product: Some(product(bed.tenant_id, PRODUCT)) }).await.unwrap();
    let mut paid = Vec::new();
    for number in ["P-1", "P-2"] {
        let prepayment = Some("ZY-1".to_owned());
        let order = CreatePayment { prepayment, ..order(bed, PRODUCT, (number, 10_000)) };
        let evidence = PaidEvidence {
            channel_txn_no: number.to_owned(),
            amount: Amount::fen(10_000),
            payee_app: None,
            payee_merchant: None,
            borne: None,
            paid_at_us: None,
        };
        paid.push(pay(bed, order, evidence).await.0.id);
    }
    let filter = (Some(bed.merchant_id), Some("ZY-1".to_owned()));
    let listed = bed.store.prepayments(bed.tenant_id, filter, Page::first(10)).await.unwrap();
    (listed.rows.into_iter().next().unwrap(), [paid[0], paid[1]])
}

fn draw(bed: &Bed, stay: &Prepayment, (draw_no, amount_minor): (&str, i64)) -> DrawPrepayment {
    DrawPrepayment {
        tenant_id: bed.tenant_id,
        prepayment_id: stay.id,
        draw_no: draw_no.to_owned(),
        amount_minor,
        by: "李收费".to_owned(),
        origin: Origin::system(),
    }
}

async fn left(bed: &Bed, stay: &Prepayment) -> i64 {
    balance(&bed.store, account(bed.tenant_id, stay.id, Currency::Cny)).await
}

/// Of 200.00, 70.00 drawn, 20.00 drawn and put back, 30.00 going back.
async fn drawn(bed: &Bed) -> Prepayment {
    let (stay, payments) = stay(bed).await;
    bed.store.submit(draw(bed, &stay, ("D-1", 7_000))).await.unwrap();
    let wrong = bed.store.submit(draw(bed, &stay, ("D-2", 2_000))).await.unwrap();
    let undo = UndoDraw {
        tenant_id: bed.tenant_id,
        rows: (stay.id, wrong.id),
        reason: "录错".to_owned(),
        by: "王复核".to_owned(),
        origin: Origin::system(),
    };
    bed.store.submit(undo).await.unwrap();
    bed.store.submit(refund(bed, payments[1], ("R-1", 3_000))).await.unwrap();
    stay
}

pub async fn prepayments_are_kept_and_verified(bed: Bed) {
    let stay = drawn(&bed).await;
    assert_eq!(left(&bed, &stay).await, 10_000);
    let kept = bed.store.get::<Prepayment>(&(bed.tenant_id, stay.id)).await.unwrap().unwrap();
    assert_eq!((kept.drawn_minor, kept.draws_count, kept.account_no.as_str()), (7_000, 2, "ZY-1"));
    let draws = bed.store.draws(bed.tenant_id, stay.id, Page::first(10)).await.unwrap().rows;
    let told = |draw: &Draw| (draw.draw_no.clone(), draw.status, draw.undone_by.clone());
    assert_eq!(
        draws.iter().map(told).collect::<Vec<_>>(),
        [
            ("D-2".to_owned(), DrawStatus::Undone, Some("王复核".to_owned())),
            ("D-1".to_owned(), DrawStatus::Done, None),
        ]
    );
    assert_sound(&bed).await;
}

pub async fn draws_and_refunds_at_once_never_take_more_than_there_is(bed: Bed) {
    let (stay, payments) = stay(&bed).await;
    let mut running = Vec::new();
    for index in 0..40 {
        let store = bed.store.clone();
        let draw = draw(&bed, &stay, (&format!("D{index}"), 1_500));
        let refund = refund(&bed, payments[index % 2], (&format!("R{index}"), 1_500));
        running.push(tokio::spawn(async move {
            if index % 4 < 2 {
                store.submit(draw).await.map(|made| made.amount_minor)
            } else {
                store.submit(refund).await.map(|made| made.refund.amount_minor)
            }
        }));
    }
    let mut taken = 0;
    for one in running {
        taken += one.await.unwrap().unwrap_or(0);
    }
    assert_eq!((taken, left(&bed, &stay).await), (19_500, 500), "thirteen times and no more");
    assert_sound(&bed).await;
}

#[tokio::test]
async fn verify_finds_each_damage_to_prepayments() {
    for damage in [
        "UPDATE prepayments SET drawn_minor = drawn_minor + 1",
        "UPDATE prepayments SET draws_count = 1",
        "UPDATE prepayment_draws SET amount_minor = amount_minor + 1 WHERE status = 'done'",
        "DELETE FROM prepayment_draws WHERE status = 'done'",
        "UPDATE entries SET kind = 'release' WHERE kind = 'prepayment_draw'",
        "UPDATE payments SET prepayment_id = NULL",
        "UPDATE prepayments SET merchant_id = tenant_id",
    ] {
        let bed = Bed::sqlite(StoreConfig::default()).await;
        drawn(&bed).await;
        assert_sound(&bed).await;
        let connection = raw(&bed);
        connection.execute_batch("PRAGMA ignore_check_constraints = ON").unwrap();
        connection.execute_batch("DROP TRIGGER entries_no_update").unwrap();
        assert!(connection.execute(damage, []).unwrap() >= 1, "{damage}");
        let report = verify(&bed.source).await.unwrap();
        assert!(report.broken().any(|finding| finding.id == "inv-3"), "{damage}\n{report}");
    }
}
