//! What the store promises, whichever engine it runs on.

use crate::bed::{Bed, START_US};
use crate::commands::{CHANNEL, Collect, Create, Listen, Move, MoveBlindly, OpenShop, Panic, cash, pending};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tillkeeper_store::{
    CreatedRange, DeliveryFilter, EventFilter, Failure, FeedCursor, Lease, Page, PaymentFilter, Store, verify,
};
use tk_domain::access::{ApiKey, App};
use tk_domain::channel_account::ChannelAccount;
use tk_domain::cheque::Cheque;
use tk_domain::counter::{CashDeposit, CounterDay, CounterMovement, Seat, Shift};
use tk_domain::exception::Exception;
use tk_domain::fulfilment::Fulfilment;
use tk_domain::id::{AccountId, AppId, Id128, PaymentId, TenantId};
use tk_domain::instruction::Instruction;
use tk_domain::key::{IdempotencyName, IdempotencyRecord, KeyName, NaturalKind};
use tk_domain::ledger::{Account, AccountKind, AccountRef, Hold};
use tk_domain::merchant::Merchant;
use tk_domain::payment::{Attempt, Payment, PaymentStatus};
use tk_domain::product::Product;
use tk_domain::refund::Refund;
use tk_domain::refusal::Refusal;
use tk_domain::split::{Split, SplitLine, SplitReceiver, SplitReturn, SplitTerms};
use tk_domain::webhook::{Delivery, DeliveryStatus, Event, WebhookEndpoint};
use tk_money::Currency;

pub fn create(bed: &Bed, order_no: &str, amount_minor: i64) -> Create {
    Create {
        tenant_id: bed.tenant_id,
        merchant_id: bed.merchant_id,
        order_no: order_no.to_owned(),
        amount_minor,
        splits: SplitTerms::default(),
    }
}

pub fn collect(bed: &Bed, payment_id: PaymentId) -> Collect {
    Collect { tenant_id: bed.tenant_id, payment_id }
}

pub fn shift(bed: &Bed, amount_minor: i64) -> Move {
    Move { tenant_id: bed.tenant_id, merchant_id: bed.merchant_id, amount_minor }
}

pub async fn balance(store: &Store, name: AccountRef) -> i64 {
    let account = store.get::<Account>(&(name.tenant_id, name.id())).await.unwrap();
    account.map_or(0, |account| account.balance_minor)
}

pub async fn assert_sound(bed: &Bed) {
    let report = verify(&bed.source).await.unwrap();
    assert!(report.holds() && report.tenants >= 1, "{report}");
}

/// Creates and collects `count` payments at once, `amount_minor` each.
pub async fn pay_many(store: &Store, bed: &Bed, (prefix, count): (&str, usize), amount_minor: i64) {
    let mut running = Vec::new();
    for index in 0..count {
        let (store, create) = (store.clone(), create(bed, &format!("{prefix}{index}"), amount_minor));
        running.push(tokio::spawn(async move {
            let tenant_id = create.tenant_id;
            let payment_id = store.submit(create).await?;
            store.submit(Collect { tenant_id, payment_id }).await
        }));
    }
    for one in running {
        assert_eq!(one.await.unwrap(), Ok(true));
    }
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
    let merchant = store.merchant_by_code(bed.tenant_id, "car").await.unwrap().unwrap();
    assert_eq!(merchant.id, bed.merchant_id);
    assert_eq!(store.tenant_by_code("pnc").await.unwrap().unwrap().id, bed.tenant_id);
    assert_sound(&bed).await;
}

pub async fn a_refusal_changes_nothing_and_nobody_else(bed: Bed) {
    let store = &bed.store;
    let id = store.submit(create(&bed, "A1", 100)).await.unwrap();
    // All three wait at once, so that they share batches where the engine allows it.
    let conflict = store.submit(create(&bed, "A1", 101));
    let taken = store.submit(OpenShop { tenant_id: bed.tenant_id, code: "car".to_owned() });
    let good = store.submit(create(&bed, "A2", 5));
    assert_eq!(conflict.await, Err(Failure::Refused(Refusal::OrderConflict)));
    assert_eq!(taken.await, Err(Failure::Refused(Refusal::CodeTaken { param: "code" })));
    assert_ne!(good.await.unwrap(), id);
    assert_eq!(
        store.create_tenant("pnc", "again").await,
        Err(Failure::Refused(Refusal::CodeTaken { param: "code" }))
    );
    assert_sound(&bed).await;
}

pub async fn a_guarded_account_never_falls_below_zero(bed: Bed) {
    pay_many(&bed.store, &bed, ("A", 10), 100).await;
    let moves: Vec<_> = (0..50).map(|_| tokio::spawn(bed.store.submit(shift(&bed, 70)))).collect();
    let mut moved = 0;
    for one in moves {
        match one.await.unwrap() {
            Ok(_) => moved += 1,
            Err(failure) => assert!(matches!(failure, Failure::Refused(Refusal::InsufficientBalance { .. }))),
        }
    }
    assert_eq!(moved, 14);
    assert_eq!(balance(&bed.store, pending(bed.tenant_id, bed.merchant_id)).await, 20);
    assert_eq!(balance(&bed.store, cash(bed.tenant_id, bed.merchant_id)).await, 980);
    assert_sound(&bed).await;
}

pub async fn a_defect_fails_alone(bed: Bed) {
    pay_many(&bed.store, &bed, ("A", 1), 100).await;
    let good: Vec<_> = (0..20).map(|_| bed.store.submit(shift(&bed, 1))).collect();
    let panic = bed.store.submit(Panic(bed.tenant_id));
    let blind = bed.store.submit(MoveBlindly(shift(&bed, 1_000)));
    let after: Vec<_> = (0..20).map(|_| bed.store.submit(shift(&bed, 1))).collect();
    assert!(matches!(panic.await, Err(Failure::Fault(_))));
    assert!(matches!(blind.await, Err(Failure::Fault(_))));
    for one in good.into_iter().chain(after) {
        assert!(one.await.is_ok());
    }
    assert_eq!(balance(&bed.store, cash(bed.tenant_id, bed.merchant_id)).await, 40);
    assert_sound(&bed).await;
}

pub async fn many_at_once_keep_the_books_exact(bed: Bed) {
    pay_many(&bed.store, &bed, ("A", 400), 123).await;
    let receivable =
        AccountRef::channel(bed.tenant_id, CHANNEL, AccountKind::ChannelReceivable, Currency::Cny);
    assert_eq!(balance(&bed.store, pending(bed.tenant_id, bed.merchant_id)).await, 400 * 123);
    assert_eq!(balance(&bed.store, receivable).await, -400 * 123);
    assert_sound(&bed).await;
}

pub async fn two_at_once_with_one_order_number_make_one_payment(bed: Bed) {
    let both: Vec<_> = (0..40).map(|_| tokio::spawn(bed.store.submit(create(&bed, "SAME", 9)))).collect();
    let mut ids = BTreeSet::new();
    for one in both {
        ids.insert(one.await.unwrap().unwrap());
    }
    assert_eq!(ids.len(), 1);
    let listed = bed.store.payments(bed.tenant_id, PaymentFilter::default(), Page::first(10)).await.unwrap();
    assert_eq!(listed.rows.len(), 1);
}

pub async fn a_dropped_answer_does_not_tear_the_command(bed: Bed) {
    for index in 0..50 {
        drop(bed.store.submit(create(&bed, &format!("D{index}"), 10)));
    }
    // Same lane, so this one is committed after them.
    let last = bed.store.submit(create(&bed, "last", 10)).await.unwrap();
    let listed = bed.store.payments(bed.tenant_id, PaymentFilter::default(), Page::first(100)).await.unwrap();
    assert_eq!(listed.rows.len(), 51);
    assert!(listed.rows.iter().any(|payment| payment.id == last));
    assert_sound(&bed).await;
}

pub async fn lists_page_both_ways_and_filter(bed: Bed) {
    for index in 0..25 {
        bed.store.submit(create(&bed, &format!("L{index}"), 10 + index)).await.unwrap();
    }
    let list = |filter: PaymentFilter, page: Page| bed.store.payments(bed.tenant_id, filter, page);
    let first = list(PaymentFilter::default(), Page::first(10)).await.unwrap();
    assert!(first.has_more && first.rows.len() == 10);
    assert!(first.rows.windows(2).all(|pair| pair[0].id > pair[1].id));
    let last = first.rows[9].id;
    let next = Page { limit: 100, starting_after: Some(last.0), ending_before: None };
    let second = list(PaymentFilter::default(), next).await.unwrap();
    assert!(!second.has_more && second.rows.len() == 15);
    let back = Page { limit: 10, starting_after: None, ending_before: Some(second.rows[0].id.0) };
    assert_eq!(list(PaymentFilter::default(), back).await.unwrap(), {
        let mut same = first.clone();
        same.has_more = false;
        same
    });
    let wanted = first.rows[3].id;
    let one = PaymentFilter { id: Some(wanted), ..PaymentFilter::default() };
    let found = list(one, Page::first(10)).await.unwrap().rows;
    assert_eq!(found.iter().map(|row| row.id).collect::<Vec<_>>(), [wanted]);
    let none = PaymentFilter { status: Some(PaymentStatus::Closed), ..PaymentFilter::default() };
    assert!(list(none, Page::first(10)).await.unwrap().rows.is_empty());
    let created = CreatedRange { from_us: Some(START_US - 1_000), until_us: Some(START_US + 60_000_000) };
    let all = PaymentFilter { created, ..PaymentFilter::default() };
    assert_eq!(list(all, Page::first(1_000)).await.unwrap().rows.len(), 25);
    let created = CreatedRange { from_us: None, until_us: Some(START_US - 1_000) };
    assert!(
        list(PaymentFilter { created, ..PaymentFilter::default() }, Page::first(10))
            .await
            .unwrap()
            .rows
            .is_empty()
    );
}

pub async fn events_reach_the_feed_and_the_endpoints(bed: Bed) {
    bed.store.submit(Listen(bed.tenant_id)).await.unwrap();
    pay_many(&bed.store, &bed, ("E", 30), 10).await;
    let mut cursor = FeedCursor::default();
    let mut seen = Vec::new();
    loop {
        let (events, next) = bed.store.feed(bed.tenant_id, &cursor, 7).await.unwrap();
        if events.is_empty() {
            break;
        }
        seen.extend(events.into_iter().map(|event| event.id));
        cursor = FeedCursor::parse(&next.to_string()).unwrap();
    }
    assert_eq!(seen.len(), 60);
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 60);
    let browse = bed.store.events(bed.tenant_id, EventFilter::default(), Page::first(100)).await.unwrap();
    assert_eq!(browse.rows.len(), 60);
    let filter = DeliveryFilter { event_id: Some(seen[0]), ..DeliveryFilter::default() };
    let deliveries = bed.store.deliveries(bed.tenant_id, filter, Page::first(10)).await.unwrap();
    assert_eq!(deliveries.rows.len(), 1);
    assert_eq!(deliveries.rows[0].status, DeliveryStatus::Pending);
    assert_eq!(FeedCursor::parse("0.x"), None);
    assert_sound(&bed).await;
}

pub async fn new_deliveries_are_handed_over_with_a_lease(bed: Bed) {
    bed.store.submit(Listen(bed.tenant_id)).await.unwrap();
    let mut fresh = bed.store.hand_over_deliveries(60_000_000);
    pay_many(&bed.store, &bed, ("H", 3), 10).await;
    let all = || bed.store.deliveries(bed.tenant_id, DeliveryFilter::default(), Page::first(100));
    let committed = all().await.unwrap().rows;
    let mut handed = BTreeSet::new();
    for _ in 0..committed.len() {
        let one = fresh.recv().await.unwrap();
        assert_eq!((one.event.id, one.endpoint.id), (one.delivery.event_id, one.delivery.endpoint_id));
        assert_eq!(committed.iter().find(|row| row.id == one.delivery.id), Some(&one.delivery));
        handed.insert(one.delivery.id);
    }
    assert_eq!((handed.len(), fresh.is_empty()), (6, true));
    let lease = |after_us: i64| Lease { now_us: START_US + after_us, for_us: 1, limit: 100 };
    assert!(bed.store.claim_deliveries(bed.tenant_id, lease(1_000_000)).await.unwrap().is_empty());
    assert_eq!(bed.store.claim_deliveries(bed.tenant_id, lease(90_000_000)).await.unwrap().len(), 6);
    drop(fresh);
    pay_many(&bed.store, &bed, ("I", 1), 10).await;
    let left = all().await.unwrap().rows.into_iter().filter(|row| !handed.contains(&row.id));
    assert_eq!(left.map(|row| row.lease_until_us).collect::<Vec<_>>(), [0, 0]);
}

pub async fn due_work_is_claimed_once(bed: Bed) {
    for index in 0..30 {
        bed.store.submit(create(&bed, &format!("C{index}"), 10)).await.unwrap();
    }
    let now_us = START_US + 3_600_000_000;
    let due = bed.store.tenants_with_due(now_us).await.unwrap();
    assert_eq!((due.len(), due[0].tenant_id), (1, bed.tenant_id));
    assert!(due[0].instructions && !due[0].deliveries && !due[0].expired_payments);
    let lease = Lease { now_us, for_us: 60_000_000, limit: 10 };
    let claims: Vec<_> = (0..6)
        .map(|_| {
            let store = bed.store.clone();
            let tenant_id = bed.tenant_id;
            tokio::spawn(async move { store.claim_instructions(tenant_id, lease).await.unwrap() })
        })
        .collect();
    let mut claimed = BTreeSet::new();
    let mut count = 0;
    for claim in claims {
        for instruction in claim.await.unwrap() {
            count += 1;
            assert_eq!((instruction.lease_until_us, instruction.version), (now_us + 60_000_000, 2));
            claimed.insert(instruction.id);
        }
    }
    assert_eq!((count, claimed.len()), (30, 30));
    let later = Lease { now_us: now_us + 60_000_001, ..lease };
    assert_eq!(bed.store.claim_instructions(bed.tenant_id, later).await.unwrap().len(), 10);
    let day_after = START_US + 2 * 86_400_000_000;
    assert_eq!(bed.store.expired_payments(bed.tenant_id, day_after, 7).await.unwrap().len(), 7);
    assert!(bed.store.prune_platform(START_US + 3 * 86_400_000_000).await.unwrap() >= 30);
    assert_eq!(bed.store.prune_tenant(bed.tenant_id, day_after).await.unwrap(), 0);
}

pub async fn tenants_see_only_their_own(bed: Bed) {
    let other = bed.store.create_tenant("life", "人寿").await.unwrap().id;
    let id = bed.store.submit(create(&bed, "A1", 100)).await.unwrap();
    assert_eq!(bed.store.get::<Payment>(&(other, id)).await.unwrap(), None);
    assert_eq!(bed.store.get::<Merchant>(&(other, bed.merchant_id)).await.unwrap(), None);
    let foreign = Collect { tenant_id: other, payment_id: id };
    assert_eq!(bed.store.submit(foreign).await, Err(Failure::Refused(Refusal::NotFound { what: "payment" })));
    let name = KeyName::scoped(other, NaturalKind::MerchantOrder, &bed.merchant_id, "A1");
    assert_eq!(bed.store.find(&name).await.unwrap(), None);
    let tenants = bed.store.tenants_after(None, 10).await.unwrap();
    assert_eq!(tenants.len(), 2);
}

pub async fn one_busy_tenant_leaves_room_for_others(bed: Bed) {
    let other = bed.store.create_tenant("life", "人寿").await.unwrap().id;
    let shop = OpenShop { tenant_id: other, code: "life".to_owned() };
    let merchant_id = bed.store.submit(shop).await.unwrap();
    let overloaded = Arc::new(AtomicBool::new(false));
    let mut answers = Vec::new();
    for index in 0..3_000 {
        answers.push(bed.store.submit(create(&bed, &format!("B{index}"), 1)));
    }
    let order = Create {
        tenant_id: other,
        merchant_id,
        order_no: "X".to_owned(),
        amount_minor: 1,
        splits: SplitTerms::default(),
    };
    let small = bed.store.submit(order);
    assert!(small.await.is_ok());
    for answer in answers {
        match answer.await {
            Ok(_) => {}
            Err(failure) => {
                assert_eq!(failure, Failure::Overloaded { retry_after_s: 1 });
                overloaded.store(true, Ordering::Relaxed);
            }
        }
    }
    assert!(overloaded.load(Ordering::Relaxed), "3,000 at once fit a quarter of the queue");
    assert_eq!(bed.store.waiting(), 0);
    assert_sound(&bed).await;
}

pub async fn an_unknown_tenant_can_write_nothing(bed: Bed) {
    let stranger = TenantId(tk_domain::id::Id128([9; 16]));
    let shop = OpenShop { tenant_id: stranger, code: "x".to_owned() };
    assert!(matches!(bed.store.submit(shop).await, Err(Failure::Fault(_))));
    assert_sound(&bed).await;
}

pub async fn every_table_has_the_columns_of_its_rows(bed: Bed) {
    macro_rules! absent {
        ($($row:ty),* $(,)?) => {$(
            let key = (bed.tenant_id, tk_domain::id::TypedId::from_id128(Id128([5; 16])));
            assert_eq!(bed.store.get::<$row>(&key).await.unwrap(), None);
        )*};
    }
    absent!(
        Merchant,
        Product,
        ChannelAccount,
        WebhookEndpoint,
        App,
        ApiKey,
        Payment,
        Attempt,
        Refund,
        Hold,
        Exception,
        Delivery,
        Account,
        Event,
        Shift,
        CounterDay,
        CounterMovement,
        CashDeposit,
        Cheque,
        Fulfilment,
        Split,
        SplitLine,
        SplitReturn,
        SplitReceiver,
    );
    assert_eq!(bed.store.get::<Seat>(&(bed.tenant_id, Id128([5; 16]))).await.unwrap(), None);
    assert_eq!(bed.store.get::<Instruction>(&(bed.tenant_id, Id128([5; 16]))).await.unwrap(), None);
    let name =
        IdempotencyName { tenant_id: bed.tenant_id, app_id: AppId(Id128([5; 16])), key: "k".to_owned() };
    assert_eq!(bed.store.get::<IdempotencyRecord>(&name).await.unwrap(), None);
    assert_eq!(bed.store.audits_of(bed.tenant_id, "nothing").await.unwrap(), []);
    let exceptions = bed.store.exceptions(bed.tenant_id, (None, None, None), Page::first(5)).await.unwrap();
    assert_eq!(exceptions.rows, []);
    let entries = bed.store.entries_of_account((bed.tenant_id, AccountId(Id128([5; 16]))), Page::first(5));
    assert_eq!(entries.await.unwrap().rows, []);
}
