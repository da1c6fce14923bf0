//! Cards that are being opened: kept, found when they are to be asked about, and not found once the channel spoke.

use crate::bed::Bed;
use crate::furnish::{Furnish, contract, order, product};
use tk_domain::agreement::{
    Agreement, AgreementStatus, CardFinding, CardOpened, OpenAgreement, TakeCardReport,
};
use tk_domain::audit::Origin;
use tk_domain::channel_account::{Channel, ChannelAccount};
use tk_domain::id::{ChannelAccountId, Id128, ProductId, TenantId};

const ACCOUNT: ChannelAccountId = ChannelAccountId(Id128([41; 16]));
const PRODUCT: ProductId = ProductId(Id128([42; 16]));

async fn to_ask(bed: &Bed, now_us: i64) -> Vec<Agreement> {
    bed.store.agreements_to_ask(bed.tenant_id, now_us, 10).await.unwrap()
}

pub async fn openings_are_asked_about_when_due_and_never_after_the_channels_word(bed: Bed) {
    let methods = r#"["quick_pay"]"#.to_owned();
    let account = ChannelAccount { methods, ..contract(bed.tenant_id, ACCOUNT, Channel::Unionpay) };
    bed.store.submit(Furnish { account, product: Some(product(bed.tenant_id, PRODUCT)) }).await.unwrap();
    let mut opened = Vec::new();
    for number in ["C-1", "C-2"] {
        let payment = bed.store.submit(order(&bed, PRODUCT, (number, 10_000))).await.unwrap().payment;
        let (tenant_id, payment_id, origin) = (bed.tenant_id, payment.id, Origin::system());
        opened.push(bed.store.submit(OpenAgreement { tenant_id, payment_id, origin }).await.unwrap());
    }
    let due_us = opened.iter().filter_map(|row| row.ask_due_at_us).max().unwrap();
    assert_eq!(to_ask(&bed, opened[0].created_at_us).await, [], "nothing is due before its time");
    assert_eq!(to_ask(&bed, due_us).await.len(), 2);
    assert_eq!(bed.store.agreements_to_ask(bed.tenant_id, due_us, 1).await.unwrap().len(), 1);
    let stranger = TenantId(Id128([7; 16]));
    assert_eq!(bed.store.agreements_to_ask(stranger, due_us, 10).await.unwrap(), []);
    let word = CardOpened { masked: "**** 0018".to_owned(), sealed: vec![1] };
    let told = |row: &Agreement, finding| TakeCardReport {
        tenant_id: row.tenant_id,
        agreement_id: row.id,
        channel_account_id: row.channel_account_id,
        finding,
        asked_at_us: due_us,
        origin: Origin::system(),
    };
    bed.store.submit(told(&opened[0], CardFinding::Opened(word))).await.unwrap();
    bed.store.submit(told(&opened[1], CardFinding::NotOpened)).await.unwrap();
    let stored = |row: &Agreement| (row.tenant_id, row.id);
    let first = bed.store.get::<Agreement>(&stored(&opened[0])).await.unwrap().unwrap();
    let second = bed.store.get::<Agreement>(&stored(&opened[1])).await.unwrap().unwrap();
    assert_eq!((first.status, first.ask_due_at_us), (AgreementStatus::Active, None));
    assert_eq!((second.status, second.asks_count), (AgreementStatus::Opening, 1));
    let again_us = second.ask_due_at_us.unwrap();
    assert!(again_us > second.updated_at_us);
    let left: Vec<_> = to_ask(&bed, again_us).await.iter().map(|row| row.id).collect();
    assert_eq!(left, [opened[1].id]);
}
