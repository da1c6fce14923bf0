//! What only SQLite has to show: one process, triggers, bytes changed on disk.

use crate::bed::{Bed, START_US, Steps};
use crate::cases::{assert_sound, collect, create, pay_many};
use crate::commands::Create;
use rusqlite::Connection;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tillkeeper_store::{OpenError, Source, Store, StoreConfig, migrate, verify};
use tk_domain::key::Head;

pub fn raw(bed: &Bed) -> Connection {
    let Source::Sqlite(directory) = &bed.source else { panic!("not SQLite") };
    Connection::open(directory.join("books.db")).unwrap()
}

#[tokio::test]
async fn the_clock_going_back_does_not_turn_time_back() {
    let bed = Bed::sqlite(StoreConfig::default()).await;
    bed.store.submit(create(&bed, "A1", 100)).await.unwrap();
    let lane = (bed.tenant_id, 0);
    let before = bed.store.get::<Head>(&lane).await.unwrap().unwrap();
    assert!(before.audit_seq >= 2 && before.event_seq == 1);
    let Bed { store, source, tenant_id, merchant_id, .. } = &bed;
    store.close();
    // A fresh clock begins at the start again.
    let again = Store::open(source.clone(), Steps::ambient(), StoreConfig::default()).await.unwrap();
    let order = Create {
        tenant_id: *tenant_id,
        merchant_id: *merchant_id,
        order_no: "A2".to_owned(),
        amount_minor: 1,
        splits: tk_domain::split::SplitTerms::default(),
    };
    again.submit(order).await.unwrap();
    let after = again.get::<Head>(&lane).await.unwrap().unwrap();
    assert!(after.last_at_us > before.last_at_us && after.event_seq == 2);
    assert_sound(&bed).await;
}

#[tokio::test]
async fn a_second_process_is_refused_by_name() {
    let bed = Bed::sqlite(StoreConfig::default()).await;
    let second = Store::open(bed.source.clone(), Steps::ambient(), StoreConfig::default()).await;
    let Err(OpenError::Locked(text)) = second else { panic!("opened twice") };
    assert!(text.contains(&std::process::id().to_string()), "{text}");
    assert!(matches!(migrate(&bed.source, START_US).await, Err(OpenError::Locked(_))));
    assert!(verify(&bed.source).await.unwrap().holds());
}

#[tokio::test]
async fn an_empty_directory_is_not_served() {
    let directory = tempfile::tempdir().unwrap();
    let source = Source::Sqlite(directory.path().to_owned());
    Connection::open(directory.path().join("books.db")).unwrap();
    let opened = Store::open(source, Steps::ambient(), StoreConfig::default()).await;
    assert!(matches!(opened, Err(OpenError::Schema(_))), "{opened:?}");
}

#[tokio::test]
async fn a_changed_migration_is_refused() {
    let bed = Bed::sqlite(StoreConfig::default()).await;
    bed.store.close();
    raw(&bed).execute("UPDATE platform_migrations SET sha256 = 'other'", []).unwrap();
    let opened = Store::open(bed.source.clone(), Steps::ambient(), StoreConfig::default()).await;
    assert!(matches!(opened, Err(OpenError::Schema(_))), "{opened:?}");
}

#[tokio::test]
async fn books_and_acts_are_append_only() {
    let bed = Bed::sqlite(StoreConfig::default()).await;
    pay_many(&bed.store, &bed, ("A", 2), 10).await;
    for table in ["entries", "entry_lines", "events", "audits"] {
        let changed = raw(&bed).execute(&format!("UPDATE {table} SET tenant_id = tenant_id"), []);
        assert!(changed.unwrap_err().to_string().contains("append-only"), "{table}");
        let removed = raw(&bed).execute(&format!("DELETE FROM {table}"), []);
        assert!(removed.unwrap_err().to_string().contains("append-only"), "{table}");
    }
}

/// Every kind of damage is found, and the report names the row that was damaged.
#[tokio::test]
async fn damage_is_found_and_named() {
    let damages = [
        ("inv-37", "aud", "UPDATE audits SET detail = '{\"x\":1}' WHERE id = ?1", "audits"),
        ("inv-37", "aud", "UPDATE audits SET hash = zeroblob(32) WHERE id = ?1", "audits"),
        ("inv-37", "aud", "DELETE FROM audits WHERE id = ?1", ""),
        (
            "inv-1",
            "ent",
            "UPDATE entry_lines SET amount_minor = 11 WHERE entry_id = ?1 AND line_no = 1",
            "entries",
        ),
        ("inv-6", "ent", "UPDATE entries SET kind = 'refund' WHERE id = ?1", "entries"),
        ("inv-6", "ent", "UPDATE entries SET booked_at_us = booked_at_us - 1 WHERE id = ?1", "entries"),
        ("inv-6", "ent", "UPDATE entries SET attempt_id = payment_id WHERE id = ?1", "entries"),
        ("inv-6", "ent", "UPDATE entries SET hash = zeroblob(32) WHERE id = ?1", "entries"),
        ("inv-1", "ent", "UPDATE entries SET debit_minor = 11, credit_minor = 11 WHERE id = ?1", "entries"),
        (
            "inv-3",
            "ent",
            "UPDATE entry_lines SET balance_after_minor = 7 WHERE entry_id = ?1 AND line_no = 2",
            "entries",
        ),
        ("inv-6", "ent", "UPDATE entries SET booked_at_us = 5 WHERE id = ?1", "entries"),
        ("inv-8", "", "UPDATE entries SET kind = 'collect_late' WHERE id = ?1", "entries"),
        ("inv-3", "acc", "UPDATE accounts SET balance_minor = balance_minor + 1 WHERE id = ?1", "accounts"),
        ("inv-17", "att", "UPDATE attempts SET late_refunded_minor = 1 WHERE id = ?1", "attempts"),
        ("inv-17", "pay", "UPDATE payments SET late_refunded_minor = 1 WHERE id = ?1", "payments"),
        ("inv-11", "pay", "UPDATE payments SET payer_minor = 9 WHERE id = ?1", "payments"),
        ("inv-7", "pay", "UPDATE payments SET amount_minor = 9 WHERE id = ?1", "payments"),
        ("inv-11", "pay", "UPDATE payments SET discount_minor = 1 WHERE id = ?1", "payments"),
        ("inv-7", "att", "UPDATE attempts SET amount_minor = 9 WHERE id = ?1", "attempts"),
        ("inv-23", "att", "UPDATE attempts SET discount_back_minor = 1 WHERE id = ?1", "attempts"),
        ("inv-8", "att", "UPDATE attempts SET discount_merchant_minor = 1 WHERE id = ?1", "attempts"),
        ("inv-38", "pay", "UPDATE payments SET merchant_order_no = 'other' WHERE id = ?1", "payments"),
        (
            "inv-40",
            "",
            "UPDATE attempts SET status = 'processing' WHERE payment_id = (SELECT id FROM payments WHERE id = ?1)",
            "payments",
        ),
    ];
    for (invariant, prefix, damage, table) in damages {
        let bed = Bed::sqlite(StoreConfig::default()).await;
        pay_many(&bed.store, &bed, ("A", 3), 10).await;
        assert_sound(&bed).await;
        let connection = raw(&bed);
        connection.execute_batch("PRAGMA ignore_check_constraints = ON").unwrap();
        for trigger in ["entries", "entry_lines", "events", "audits"] {
            connection
                .execute_batch(&format!("DROP TRIGGER {trigger}_no_update; DROP TRIGGER {trigger}_no_delete"))
                .unwrap();
        }
        let from = if table.is_empty() { "audits" } else { table };
        // Identifiers of one millisecond are in no order, but the second entry of the sequence has one before it.
        let order = if from == "entries" { "seq" } else { "id" };
        let chosen = format!("SELECT id FROM {from} ORDER BY {order} LIMIT 1 OFFSET 1");
        let id: Vec<u8> = connection.query_row(&chosen, [], |row| row.get(0)).unwrap();
        assert_eq!(connection.execute(damage, [&id]).unwrap(), 1, "{damage}");
        let report = verify(&bed.source).await.unwrap();
        let name = tk_domain::id::Id128(id.try_into().unwrap()).base32();
        let named = report.broken().any(|finding| {
            let offender = finding.offender.clone().unwrap_or_default();
            finding.id == invariant
                && (prefix.is_empty() || table.is_empty() || offender.contains(&format!("{prefix}_{name}")))
        });
        assert!(named, "{damage}\n{report}");
    }
}

#[tokio::test]
async fn failpoints_are_called_in_order() {
    let mid = Arc::new(AtomicUsize::new(0));
    let after = Arc::new(AtomicUsize::new(0));
    let (seen_mid, seen_after) = (mid.clone(), after.clone());
    let failpoints = Arc::new(move |name: &'static str| {
        if name == "mid_batch" {
            seen_mid.fetch_add(1, Ordering::SeqCst);
        } else {
            assert!(seen_mid.load(Ordering::SeqCst) > seen_after.fetch_add(1, Ordering::SeqCst));
        }
    });
    let bed = Bed::sqlite(StoreConfig { failpoints, ..StoreConfig::default() }).await;
    let id = bed.store.submit(create(&bed, "A", 10)).await.unwrap();
    bed.store.submit(collect(&bed, id)).await.unwrap();
    assert_eq!((mid.load(Ordering::SeqCst), after.load(Ordering::SeqCst)), (3, 3));
}
