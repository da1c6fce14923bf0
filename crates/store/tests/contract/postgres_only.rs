//! What only PostgreSQL has to show: row-level security, roles, several processes, lost connections.

use crate::bed::{Bed, Steps, admin_url, connect};
use crate::cases::{assert_sound, balance, collect, create, pay_many, shift};
use crate::commands::{Collect, Create, Look, cash, pending};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tillkeeper_store::{Failure, OpenError, Source, Store, StoreConfig, verify};
use tk_domain::payment::PaymentStatus;

fn url(source: &Source) -> &str {
    let Source::Postgres(url) = source else { panic!("not PostgreSQL") };
    url
}

fn database(source: &Source) -> String {
    let config: tokio_postgres::Config = url(source).parse().unwrap();
    config.get_dbname().unwrap().to_owned()
}

#[tokio::test]
async fn without_a_tenant_nothing_is_visible() {
    let bed = Bed::postgres(StoreConfig::default()).await;
    pay_many(&bed.store, &bed, ("A", 3), 10).await;
    for source in [&bed.source, &bed.owner] {
        let client = connect(url(source)).await;
        for table in ["payments", "entries", "merchants", "natural_keys", "audits", "heads"] {
            let rows = client.query(&format!("SELECT 1 FROM {table}"), &[]).await.unwrap();
            assert!(rows.is_empty(), "{table}");
        }
    }
    let app = connect(url(&bed.source)).await;
    let tenant = uuid::Uuid::from_bytes(bed.tenant_id.0.0);
    app.execute("SELECT set_config('tk.tenants', $1, false)", &[&tenant.to_string()]).await.unwrap();
    assert_eq!(app.query("SELECT 1 FROM payments", &[]).await.unwrap().len(), 3);
    let foreign = "INSERT INTO natural_keys VALUES (gen_random_uuid(), 'nonce', 'x', gen_random_uuid())";
    assert!(
        app.execute(foreign, &[]).await.unwrap_err().to_string().contains("row-level security")
            || app.execute(foreign, &[]).await.is_err()
    );
}

#[tokio::test]
async fn the_servers_role_cannot_change_books_or_tables() {
    let bed = Bed::postgres(StoreConfig::default()).await;
    pay_many(&bed.store, &bed, ("A", 1), 10).await;
    let app = connect(url(&bed.source)).await;
    let tenant = uuid::Uuid::from_bytes(bed.tenant_id.0.0);
    app.execute("SELECT set_config('tk.tenants', $1, false)", &[&tenant.to_string()]).await.unwrap();
    for table in ["entries", "entry_lines", "events", "audits", "entry_reversals"] {
        for text in [
            format!("UPDATE {table} SET tenant_id = tenant_id"),
            format!("DELETE FROM {table}"),
            format!("TRUNCATE {table}"),
        ] {
            let error = app.execute(&text, &[]).await.unwrap_err();
            assert_eq!(
                error.code(),
                Some(&tokio_postgres::error::SqlState::INSUFFICIENT_PRIVILEGE),
                "{text}"
            );
        }
    }
    for text in [
        "DROP TABLE payments",
        "ALTER TABLE payments DISABLE ROW LEVEL SECURITY",
        "CREATE TABLE x (y int)",
        "DELETE FROM payments",
    ] {
        assert!(app.execute(text, &[]).await.is_err(), "{text}");
    }
}

#[tokio::test]
async fn only_what_is_used_once_can_be_forgotten() {
    let bed = Bed::postgres(StoreConfig::default()).await;
    pay_many(&bed.store, &bed, ("A", 2), 10).await;
    let app = connect(url(&bed.source)).await;
    let tenant = uuid::Uuid::from_bytes(bed.tenant_id.0.0);
    app.execute("SELECT set_config('tk.tenants', $1, false)", &[&tenant.to_string()]).await.unwrap();
    let nonce = "INSERT INTO natural_keys VALUES ($1, 'nonce', 'app/n-1', gen_random_uuid())";
    app.execute(nonce, &[&tenant]).await.unwrap();
    let state = "INSERT INTO natural_keys VALUES ($1, 'oauth_state', 'pay_1/s-1', gen_random_uuid())";
    app.execute(state, &[&tenant]).await.unwrap();
    let count = "SELECT count(*) FROM natural_keys WHERE kind NOT IN ('nonce', 'oauth_state')";
    let before: i64 = app.query_one(count, &[]).await.unwrap().get(0);
    assert!(before >= 2, "the order numbers are there");
    for text in ["UPDATE natural_keys SET id = gen_random_uuid()", "TRUNCATE natural_keys"] {
        let error = app.execute(text, &[]).await.unwrap_err();
        let denied = tokio_postgres::error::SqlState::INSUFFICIENT_PRIVILEGE;
        assert_eq!(error.code(), Some(&denied), "{text}");
    }
    let order_numbers = "DELETE FROM natural_keys WHERE kind = 'merchant_order'";
    assert_eq!(app.execute(order_numbers, &[]).await.unwrap(), 0, "no order number goes");
    assert_eq!(app.execute("DELETE FROM natural_keys", &[]).await.unwrap(), 2, "only what is used once goes");
    assert_eq!(app.query_one(count, &[]).await.unwrap().get::<_, i64>(0), before);
}

#[tokio::test]
async fn the_owner_and_the_administrator_may_not_serve() {
    let bed = Bed::postgres(StoreConfig::default()).await;
    let as_owner = Store::open(bed.owner.clone(), Steps::ambient(), StoreConfig::default()).await;
    assert!(matches!(as_owner, Err(OpenError::Role(_))), "{as_owner:?}");
    let admin: tokio_postgres::Config = admin_url().parse().unwrap();
    let user = admin.get_user().unwrap();
    let address = url(&bed.source).replace("tillkeeper_app", user);
    let as_admin = Store::open(Source::Postgres(address), Steps::ambient(), StoreConfig::default()).await;
    assert!(matches!(as_admin, Err(OpenError::Role(_))), "{as_admin:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_on_the_same_accounts_stay_exact() {
    let bed = Bed::postgres(StoreConfig::default()).await;
    let second = Store::open(bed.source.clone(), Steps::ambient(), StoreConfig::default()).await.unwrap();
    tokio::join!(pay_many(&bed.store, &bed, ("A", 300), 7), pay_many(&second, &bed, ("B", 300), 7),);
    assert_eq!(balance(&bed.store, pending(bed.tenant_id, bed.merchant_id)).await, 600 * 7);
    let moves: Vec<_> = (0..400)
        .map(|index| tokio::spawn(if index % 2 == 0 { &bed.store } else { &second }.submit(shift(&bed, 11))))
        .collect();
    let mut moved = 0;
    for one in moves {
        moved += i64::from(one.await.unwrap().is_ok());
    }
    assert_eq!(moved, 600 * 7 / 11);
    assert_eq!(balance(&second, cash(bed.tenant_id, bed.merchant_id)).await, moved * 11);
    assert_sound(&bed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_order_number_through_two_processes_makes_one_payment() {
    let bed = Bed::postgres(StoreConfig::default()).await;
    let second = Store::open(bed.source.clone(), Steps::ambient(), StoreConfig::default()).await.unwrap();
    for round in 0..40 {
        let order_no = format!("R{round}");
        let (one, other) = tokio::join!(
            bed.store.submit(create(&bed, &order_no, 5)),
            second.submit(create(&bed, &order_no, 5)),
        );
        assert_eq!(one.unwrap(), other.unwrap());
    }
    assert_sound(&bed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_process_remembers_gives_way_to_what_another_did() {
    let bed = Bed::postgres(StoreConfig::default()).await;
    let second = Store::open(bed.source.clone(), Steps::ambient(), StoreConfig::default()).await.unwrap();
    let id = bed.store.submit(create(&bed, "changed", 9)).await.unwrap();
    assert!(second.submit(collect(&bed, id)).await.unwrap());
    assert!(!bed.store.submit(collect(&bed, id)).await.unwrap(), "collected already");
    assert_eq!(balance(&second, pending(bed.tenant_id, bed.merchant_id)).await, 9);
    assert_sound(&bed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_only_looked_at_is_as_the_database_has_it() {
    let bed = Bed::postgres(StoreConfig::default()).await;
    let second = Store::open(bed.source.clone(), Steps::ambient(), StoreConfig::default()).await.unwrap();
    let (tenant_id, look) = (bed.tenant_id, |payment_id| Look { tenant_id: bed.tenant_id, payment_id });
    let id = bed.store.submit(create(&bed, "seen", 9)).await.unwrap();
    assert_eq!(bed.store.submit(look(id)).await.unwrap(), PaymentStatus::Processing);
    let id = bed.store.submit(create(&bed, "changed", 9)).await.unwrap();
    assert!(second.submit(Collect { tenant_id, payment_id: id }).await.unwrap());
    assert_eq!(bed.store.submit(look(id)).await.unwrap(), PaymentStatus::Succeeded);
}

/// Asks again where the database could not be reached; whatever is answered otherwise must be true.
async fn pay_through_cuts(store: &Store, create: Create) {
    let tenant_id = create.tenant_id;
    let payment_id = loop {
        match store.submit(create.clone()).await {
            Ok(id) => break id,
            Err(failure) => assert!(matches!(failure, Failure::Unavailable(_)), "{failure}"),
        }
    };
    loop {
        match store.submit(Collect { tenant_id, payment_id }).await {
            // False where the answer to an earlier asking was lost.
            Ok(_) => break,
            Err(failure) => assert!(matches!(failure, Failure::Unavailable(_)), "{failure}"),
        }
    }
}

/// Connections are cut again and again, also during commits; every answer given stays true.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cut_connections_lose_and_double_nothing() {
    let config =
        StoreConfig { batch_max: 4, reruns_max: 1_000, reconnects_max: 1_000, ..StoreConfig::default() };
    let bed = Bed::postgres(config).await;
    let (stop, cuts) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let (stopped, cut, name) = (stop.clone(), cuts.clone(), database(&bed.source));
    let cutter = tokio::spawn(async move {
        let admin = connect(admin_url()).await;
        while !stopped.load(Ordering::SeqCst) {
            let text = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1
                AND usename = 'tillkeeper_app' AND query IN ('COMMIT', 'BEGIN') AND state <> 'idle'";
            cut.fetch_add(admin.query(text, &[&name]).await.unwrap().len(), Ordering::SeqCst);
        }
    });
    let mut paid = 0;
    // As many as it takes to cut one while it commits.
    while paid < 400 || cuts.load(Ordering::SeqCst) == 0 {
        let paying = (0..100).map(|index| {
            let (store, create) = (bed.store.clone(), create(&bed, &format!("A{}", paid + index), 3));
            tokio::spawn(async move { pay_through_cuts(&store, create).await })
        });
        for one in paying.collect::<Vec<_>>() {
            one.await.unwrap();
            paid += 1;
        }
    }
    stop.store(true, Ordering::SeqCst);
    cutter.await.unwrap();
    let second = Store::open(bed.source.clone(), Steps::ambient(), StoreConfig::default()).await.unwrap();
    assert_eq!(balance(&second, pending(bed.tenant_id, bed.merchant_id)).await, paid * 3);
    assert_sound(&bed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_changed_meanwhile_makes_the_batch_run_again() {
    let bed = Bed::postgres(StoreConfig::default()).await;
    pay_many(&bed.store, &bed, ("A", 1), 100).await;
    // A foreign session holds the account while the batch waits for it, and moves its version on.
    let mut other = connect(url(&bed.source)).await;
    let tenant = uuid::Uuid::from_bytes(bed.tenant_id.0.0);
    let transaction = other.transaction().await.unwrap();
    transaction.execute("SELECT set_config('tk.tenants', $1, true)", &[&tenant.to_string()]).await.unwrap();
    transaction.execute("UPDATE accounts SET version = version + 1", &[]).await.unwrap();
    let moved = bed.store.submit(shift(&bed, 40));
    transaction.commit().await.unwrap();
    assert_eq!(moved.await.unwrap(), 60);
    assert_eq!(balance(&bed.store, cash(bed.tenant_id, bed.merchant_id)).await, 40);
    assert!(verify(&bed.source).await.unwrap().holds());
}

#[tokio::test]
async fn months_have_partitions() {
    let bed = Bed::postgres(StoreConfig::default()).await;
    pay_many(&bed.store, &bed, ("A", 2), 10).await;
    let owner = connect(url(&bed.owner)).await;
    let tenant = uuid::Uuid::from_bytes(bed.tenant_id.0.0);
    owner.execute("SELECT set_config('tk.tenants', $1, false)", &[&tenant.to_string()]).await.unwrap();
    let text = "SELECT DISTINCT tableoid::regclass::text FROM payments UNION SELECT DISTINCT tableoid::regclass::text FROM entry_lines ORDER BY 1";
    let names: Vec<String> = owner.query(text, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    assert_eq!(names, ["entry_lines_2026_11", "payments_2026_11"]);
}
