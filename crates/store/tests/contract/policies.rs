//! What becomes of policies, of whole payments and of their items, by the domain's own commands.

use crate::bed::Bed;
use crate::cases::assert_sound;
use crate::furnish::{Furnish, contract, order, pay, product, refund};
use tk_domain::audit::Origin;
use tk_domain::channel_account::{Channel, ChannelAccount};
use tk_domain::fulfilment::{Fulfilment, FulfilmentStatus, ReportFulfilment, Reported};
use tk_domain::id::{ChannelAccountId, Id128, PaymentId, ProductId};
use tk_domain::payment::{CreatePayment, Item, ItemRefund, PaymentStatus};
use tk_domain::refund::CreateRefund;
use tk_domain::report::PaidEvidence;
use tk_money::Amount;

const ACCOUNT: ChannelAccountId = ChannelAccountId(Id128([61; 16]));
const PRODUCT: ProductId = ProductId(Id128([62; 16]));

async fn furnish(bed: &Bed) {
    let account = ChannelAccount {
        payee_app: "app".to_owned(),
        payee_merchant: "seller".to_owned(),
        ..contract(bed.tenant_id, ACCOUNT, Channel::Alipay)
    };
    let product = Some(product(bed.tenant_id, PRODUCT));
    bed.store.submit(Furnish { account, product }).await.unwrap();
}

fn with_policy(bed: &Bed, number: &str, items: Vec<Item>) -> CreatePayment {
    let fulfilment = Some(r#"{"pay_before_issue":true}"#.to_owned());
    CreatePayment { items, fulfilment, ..order(bed, PRODUCT, (number, 12_000)) }
}

fn evidence(txn: &str) -> PaidEvidence {
    PaidEvidence {
        channel_txn_no: txn.to_owned(),
        amount: Amount::fen(12_000),
        payee_app: None,
        payee_merchant: None,
        borne: None,
        paid_at_us: None,
    }
}

async fn report(bed: &Bed, payment_id: PaymentId, (item, reported): (Option<usize>, Reported)) -> Fulfilment {
    let command = ReportFulfilment {
        tenant_id: bed.tenant_id,
        payment_id,
        reported,
        item,
        policy_no: Some("P-1".to_owned()),
        refunds: Vec::new(),
        origin: Origin::system(),
    };
    bed.store.submit(command).await.unwrap()
}

pub async fn money_that_comes_after_its_policy_has_ended_is_kept(bed: Bed) {
    furnish(&bed).await;
    let cases = [
        ("F-1", vec![Reported::Issued, Reported::Surrendered], FulfilmentStatus::Surrendered),
        ("F-2", vec![Reported::Issued], FulfilmentStatus::Issued),
        ("F-3", vec![Reported::Cancelled], FulfilmentStatus::Cancelled),
    ];
    for (number, reports, expected) in cases {
        let order = with_policy(&bed, number, Vec::new());
        let payment_id = bed.store.submit(order.clone()).await.unwrap().payment.id;
        for reported in reports {
            report(&bed, payment_id, (None, reported)).await;
        }
        let (payment, _) = pay(&bed, order, evidence(number)).await;
        assert_eq!((payment.id, payment.status), (payment_id, PaymentStatus::Succeeded));
        let kept = bed.store.get::<Fulfilment>(&(bed.tenant_id, payment_id)).await.unwrap().unwrap();
        assert_eq!(kept.status, expected);
    }
    assert_sound(&bed).await;
}

pub async fn policies_of_items_and_refunds_of_others_are_kept_and_verified(bed: Bed) {
    furnish(&bed).await;
    let item = |amount, collected_for: Option<&str>| Item {
        name: "交强险".to_owned(),
        amount,
        quantity: None,
        unit_price: None,
        kind: None,
        policy_no: None,
        splittable: false,
        merchant_order_no: None,
        collected_for: collected_for.map(str::to_owned),
    };
    let items = vec![item(6_000, None), item(4_000, None), item(2_000, Some("税务局"))];
    let (payment, _) = pay(&bed, with_policy(&bed, "F-4", items), evidence("F-4")).await;
    let told = report(&bed, payment.id, (Some(0), Reported::Issued)).await;
    let kept = bed.store.get::<Fulfilment>(&(bed.tenant_id, payment.id)).await.unwrap().unwrap();
    assert_eq!((kept.items(), kept.status), (told.items(), FulfilmentStatus::Issued));
    for (number, place, minor) in [("R-1", 1, 4_000), ("R-2", 2, 2_000)] {
        let items = vec![ItemRefund { item: place, amount_minor: minor }];
        let asked = CreateRefund { items, ..refund(&bed, payment.id, (number, minor)) };
        bed.store.submit(asked).await.unwrap();
    }
    assert_sound(&bed).await;
    let both = vec![ItemRefund { item: 0, amount_minor: 1 }];
    let asked = CreateRefund { items: both, ..refund(&bed, payment.id, ("R-3", 1)) };
    assert!(bed.store.submit(asked).await.is_err(), "its policy stands");
}
