//! Who pays what, as it is kept: parts, discounts and what goes back of them, by the domain's own commands.

use crate::bed::Bed;
use crate::cases::assert_sound;
use crate::furnish::{Furnish, contract, order, pay, product};
use crate::sqlite_only::raw;
use tillkeeper_store::{StoreConfig, verify};
use tk_domain::audit::Origin;
use tk_domain::channel_account::{Channel, ChannelAccount};
use tk_domain::id::{ChannelAccountId, Id128, ProductId};
use tk_domain::payment::{
    Attempt, CreatePayment, Item, ItemRefund, Part, PartDebtor, PartFunder, PartKind, PartReturn, Payment,
};
use tk_domain::refund::{CreateRefund, Refund, TakeRefundReport};
use tk_domain::report::{Borne, PaidEvidence, RefundFinding, RefundReport, Source};
use tk_money::{Amount, Rate};

const ACCOUNT: ChannelAccountId = ChannelAccountId(Id128([21; 16]));
const PRODUCT: ProductId = ProductId(Id128([22; 16]));

fn part(kind: PartKind, funder: PartFunder, amount: i64) -> Part {
    let debtor = (kind == PartKind::Advance).then_some(PartDebtor::Merchant);
    Part { kind, funder, debtor, amount, on_refund: PartReturn::Proportion, reference: "A-1".to_owned() }
}

/// A payment of 120.00 with parts of 20.00, paid with a discount inside the channel.
async fn paid(bed: &Bed) -> (Payment, Attempt) {
    let tenant_id = bed.tenant_id;
    let account = ChannelAccount {
        payee_app: "app".to_owned(),
        payee_merchant: "seller".to_owned(),
        fee_rate: Rate::from_ppm(3_000).unwrap(),
        fee_returned: true,
        ..contract(tenant_id, ACCOUNT, Channel::Alipay)
    };
    bed.store.submit(Furnish { account, product: Some(product(tenant_id, PRODUCT)) }).await.unwrap();
    let parts = vec![
        part(PartKind::Coupon, PartFunder::Tenant, 1_600),
        part(PartKind::Advance, PartFunder::Channel, 400),
    ];
    let order = CreatePayment { parts, ..order(bed, PRODUCT, ("PARTS-1", 12_000)) };
    let evidence = PaidEvidence {
        channel_txn_no: "T-1".to_owned(),
        amount: Amount::fen(10_000),
        payee_app: None,
        payee_merchant: None,
        borne: Some(Borne { payer_minor: 9_000, settled_minor: 9_600 }),
        paid_at_us: None,
    };
    pay(bed, order, evidence).await
}

async fn refunded(bed: &Bed, payment: &Payment, asked: (&str, i64)) -> Refund {
    refunded_of(bed, payment, asked, Vec::new()).await
}

async fn refunded_of(
    bed: &Bed,
    payment: &Payment,
    (number, amount_minor): (&str, i64),
    items: Vec<ItemRefund>,
) -> Refund {
    let (tenant_id, payment_id, origin) = (bed.tenant_id, payment.id, Origin::system());
    let command = CreateRefund {
        tenant_id,
        app_id: None,
        payment_id,
        attempt_id: None,
        merchant_refund_no: number.to_owned(),
        amount_minor,
        items,
        currency: None,
        reason: "退保".to_owned(),
        origin: origin.clone(),
    };
    let refund = bed.store.submit(command).await.unwrap().refund;
    let finding = RefundFinding::Done {
        amount: Amount::fen(refund.order_minor),
        borne: Some(Borne { payer_minor: amount_minor, settled_minor: refund.settled_minor() }),
        at_us: None,
    };
    let (attempt_id, refund_id) = (refund.attempt_id, refund.id);
    let report = RefundReport { source: Source::Query, finding };
    let taken = TakeRefundReport { tenant_id, payment_id, attempt_id, refund_id, report, origin };
    bed.store.submit(taken).await.unwrap().refund
}

pub async fn parts_are_kept_and_verified(bed: Bed) {
    let (payment, attempt) = paid(&bed).await;
    let kept = bed.store.get::<Payment>(&(bed.tenant_id, payment.id)).await.unwrap().unwrap();
    assert_eq!(Payment { version: payment.version, ..kept }, payment);
    let kept = bed.store.get::<Attempt>(&(bed.tenant_id, attempt.id)).await.unwrap().unwrap();
    assert_eq!(Attempt { version: attempt.version, ..kept }, attempt);
    assert_eq!((payment.refundable_minor(), attempt.payer_paid_minor()), (9_000, 9_000));
    assert_sound(&bed).await;
    let first = refunded(&bed, &payment, ("R-1", 4_500)).await;
    let kept = bed.store.get::<Refund>(&(bed.tenant_id, first.id)).await.unwrap().unwrap();
    assert_eq!(Refund { version: first.version, ..kept }, first);
    assert_eq!((first.order_minor, first.part_shares()), (5_000, vec![800, 200]));
    assert_sound(&bed).await;
    refunded(&bed, &payment, ("R-2", 4_500)).await;
    let over = bed.store.get::<Payment>(&(bed.tenant_id, payment.id)).await.unwrap().unwrap();
    assert_eq!(over.parts_back(), [1_600, 400]);
    assert_sound(&bed).await;
}

/// A payment of 120.00 of which 30.00 is a tax, paid with a discount inside the channel.
async fn paid_with_tax(bed: &Bed) -> Payment {
    let tenant_id = bed.tenant_id;
    let account = ChannelAccount {
        payee_app: "app".to_owned(),
        payee_merchant: "seller".to_owned(),
        ..contract(tenant_id, ACCOUNT, Channel::Alipay)
    };
    bed.store.submit(Furnish { account, product: Some(product(tenant_id, PRODUCT)) }).await.unwrap();
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
    let items = vec![item(9_000, None), item(3_000, Some("税务局"))];
    let order = CreatePayment { items, ..order(bed, PRODUCT, ("ITEMS-1", 12_000)) };
    let evidence = PaidEvidence {
        channel_txn_no: "T-1".to_owned(),
        amount: Amount::fen(12_000),
        payee_app: None,
        payee_merchant: None,
        borne: Some(Borne { payer_minor: 11_000, settled_minor: 11_600 }),
        paid_at_us: None,
    };
    pay(bed, order, evidence).await.0
}

pub async fn items_are_kept_and_verified(bed: Bed) {
    let payment = paid_with_tax(&bed).await;
    assert_eq!((payment.item_bases(), payment.items_left()), (vec![8_000, 3_000], vec![8_000, 3_000]));
    assert_sound(&bed).await;
    let named = vec![ItemRefund { item: 1, amount_minor: 1_000 }];
    let first = refunded_of(&bed, &payment, ("R-1", 1_000), named).await;
    let kept = bed.store.get::<Refund>(&(bed.tenant_id, first.id)).await.unwrap().unwrap();
    assert_eq!(Refund { version: first.version, ..kept }, first);
    assert_eq!(first.item_shares(), [0, 1_000]);
    assert_sound(&bed).await;
    let kept = bed.store.get::<Payment>(&(bed.tenant_id, payment.id)).await.unwrap().unwrap();
    assert_eq!(kept.items_left(), [8_000, 2_000]);
    refunded(&bed, &payment, ("R-2", 10_000)).await;
    let over = bed.store.get::<Payment>(&(bed.tenant_id, payment.id)).await.unwrap().unwrap();
    assert_eq!(over.items_back(), [8_000, 3_000]);
    assert_sound(&bed).await;
}

/// Every kind of damage to what a payment is made of is found.
#[tokio::test]
async fn damage_to_items_is_found() {
    let damages = [
        ("inv-23", "UPDATE payments SET items = replace(items, '9000', '9001')"),
        ("inv-23", "UPDATE payments SET items_back = '[1,1000]'"),
        ("inv-23", "UPDATE payments SET items_back = NULL"),
        ("inv-23", "UPDATE refunds SET items = '[1,999]'"),
        ("inv-23", "UPDATE refunds SET items = '[0,999]'"),
        ("inv-23", "UPDATE payments SET items = replace(items, ',\"collected_for\":\"税务局\"', '')"),
        ("inv-23", "UPDATE accounts SET kind = 'late_success' WHERE kind = 'collected_for_others'"),
        ("inv-18", "UPDATE holds SET collected_for_others_minor = collected_for_others_minor + 1"),
    ];
    for (invariant, damage) in damages {
        let bed = Bed::sqlite(StoreConfig::default()).await;
        let payment = paid_with_tax(&bed).await;
        let named = vec![ItemRefund { item: 1, amount_minor: 1_000 }];
        refunded_of(&bed, &payment, ("R-1", 1_000), named).await;
        assert_sound(&bed).await;
        let connection = raw(&bed);
        connection.execute_batch("PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF").unwrap();
        assert!(connection.execute(damage, []).unwrap() > 0, "{damage}");
        let report = verify(&bed.source).await.unwrap();
        assert!(report.broken().any(|finding| finding.id == invariant), "{damage}\n{report}");
    }
}

/// Every kind of damage to who paid what is found.
#[tokio::test]
async fn damage_to_parts_is_found() {
    let damages = [
        ("inv-23", "UPDATE payments SET parts = replace(parts, '1600', '1601')"),
        ("inv-23", "UPDATE payments SET amount_minor = amount_minor + 1"),
        ("inv-23", "UPDATE payments SET parts_back = '[801,200]'"),
        ("inv-23", "UPDATE refunds SET parts = '[801,200]'"),
        ("inv-23", "UPDATE refunds SET parts_minor = parts_minor + 1"),
        ("inv-18", "UPDATE refunds SET parts_minor = parts_minor + 1"),
        ("inv-17", "UPDATE refunds SET order_minor = order_minor + 1"),
        ("inv-21", "UPDATE refunds SET settled_back_minor = settled_back_minor + 1"),
        ("inv-23", "UPDATE attempts SET discount_back_minor = discount_back_minor + 1"),
        ("inv-23", "UPDATE attempts SET discount_merchant_back_minor = discount_merchant_back_minor + 1"),
        ("inv-23", "UPDATE attempts SET discount_gone_minor = discount_gone_minor + 1"),
        ("inv-17", "UPDATE attempts SET discount_minor = discount_minor + 8000"),
        ("inv-23", "UPDATE accounts SET kind = 'advance_receivable' WHERE kind = 'coupon_receivable'"),
    ];
    for (invariant, damage) in damages {
        let bed = Bed::sqlite(StoreConfig::default()).await;
        let (payment, _) = paid(&bed).await;
        refunded(&bed, &payment, ("R-1", 4_500)).await;
        assert_sound(&bed).await;
        let connection = raw(&bed);
        connection.execute_batch("PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF").unwrap();
        assert!(connection.execute(damage, []).unwrap() > 0, "{damage}");
        let report = verify(&bed.source).await.unwrap();
        assert!(report.broken().any(|finding| finding.id == invariant), "{damage}\n{report}");
    }
}
