//! What the store promises, whichever engine it runs on.

use crate::bed::Bed;
use crate::commands::{Collect, Create, pending};
use tk_domain::ledger::Account;
use tk_domain::payment::{Attempt, Payment, PaymentStatus};
use tillkeeper_store::{Page, PaymentFilter};

fn create(bed: &Bed, order_no: &str, amount_minor: i64) -> Create {
    Create { tenant_id: bed.tenant_id, merchant_id: bed.merchant_id, order_no: order_no.to_owned(), amount_minor }
}

fn collect(bed: &Bed, payment_id: tk_domain::id::PaymentId) -> Collect {
    Collect { tenant_id: bed.tenant_id, payment_id }
}

pub async fn a_payment_is_created_collected_and_read(bed: Bed) {
    let store = &bed.store;
    let id = store.submit(create(&bed, "A1", 100)).await.unwrap();
    assert_eq!(store.submit(create(&bed, "A1", 100)).await.unwrap(), id);
    assert!(store.submit(collect(&bed, id)).await.unwrap());
    assert!(!store.submit(collect(&bed, id)).await.unwrap());
    let payment = store.get::<Payment>(&(bed.tenant_id, id)).await.unwrap().unwrap();
    assert_eq!(payment.status, PaymentStatus::Succeeded);
    assert_eq!(payment.description, "商业车险");
    assert_eq!(payment.version, 2);
    let attempts = store.attempts_of(bed.tenant_id, id).await.unwrap();
    let attempt = store.get::<Attempt>(&(bed.tenant_id, attempts[0].id)).await.unwrap().unwrap();
    assert_eq!(attempts, [attempt]);
    let name = pending(bed.tenant_id, bed.merchant_id);
    let account = store.get::<Account>(&(bed.tenant_id, name.id())).await.unwrap().unwrap();
    assert_eq!((account.balance_minor, account.owner), (100, name.owner));
    let listed = store.payments(bed.tenant_id, PaymentFilter::default(), Page::first(10)).await.unwrap();
    assert_eq!((listed.rows, listed.has_more), (vec![payment], false));
    let booked = store.entries_of_payment(bed.tenant_id, id).await.unwrap();
    assert_eq!(booked[0].entry.debit_minor, 100);
    assert_eq!(booked[0].lines[1].account, name);
    assert_eq!(booked[0].lines[1].line.balance_after_minor, 100);
}
