//! The schema: migrations in order, each applied once, none changed afterwards.

use crate::config::Source;
use crate::dialect::{Engine, render_migration};
use crate::failure::{DbError, OpenError};
use crate::lock::DirectoryLock;
use crate::postgres::{PostgresSession, Purpose};
use crate::sqlite::open_writable;
use rusqlite::Connection;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use tokio_postgres::Client;

/// Each migration: its number, its name, its text for both engines.
const MIGRATIONS: &[(i64, &str, &str)] = &[(1, "books", include_str!("../migrations/0001_books.sql"))];

/// Serialises migrations of one PostgreSQL database; an arbitrary number of ours.
const MIGRATION_LOCK: i64 = 0x7469_6c6c_6b65_6570;

const REGISTER_SQLITE: &str = "CREATE TABLE IF NOT EXISTS platform_migrations (
  number INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL) STRICT";
const REGISTER_POSTGRES: &str = "CREATE TABLE IF NOT EXISTS platform_migrations (
  number BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL)";

/// Brings the schema up to this program; on SQLite under the directory's lock,
/// on PostgreSQL as the owner's role. Answers how many migrations were applied.
///
/// `now_us` chooses the months for which PostgreSQL partitions are made.
pub async fn migrate(source: &Source, now_us: i64) -> Result<usize, OpenError> {
    match source {
        Source::Sqlite(directory) => {
            let _lock = DirectoryLock::take(directory)?;
            migrate_sqlite(&mut open_writable(directory)?)
        }
        Source::Postgres(url) => {
            let url = url.clone();
            on_own_runtime(move || async move { migrate_postgres(&url, now_us).await }).await
        }
    }
}

/// Runs on a thread and runtime of its own, so that callers need none.
pub async fn on_own_runtime<T, F>(task: impl FnOnce() -> F + Send + 'static) -> Result<T, OpenError>
where
    T: Send + 'static,
    F: Future<Output = Result<T, OpenError>>,
{
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name("schema".to_owned()).spawn(move || {
        let outcome = runtime.block_on(task());
        // A caller that went away needs no answer.
        let _ = sender.send(outcome);
    })?;
    receiver.await.unwrap_or_else(|_| Err(DbError::Gone("the schema thread ended".to_owned()).into()))
}

pub(crate) fn migrate_sqlite(connection: &mut Connection) -> Result<usize, OpenError> {
    connection.execute_batch(REGISTER_SQLITE).map_err(DbError::from)?;
    let applied = applied_sqlite(connection)?;
    let mut count = 0;
    for (number, name, text) in pending(&applied)? {
        let transaction = connection.transaction().map_err(DbError::from)?;
        transaction.execute_batch(&render_migration(Engine::Sqlite, text)).map_err(DbError::from)?;
        transaction
            .execute("INSERT INTO platform_migrations VALUES (?1, ?2, ?3)", (number, name, fingerprint(text)))
            .map_err(DbError::from)?;
        transaction.commit().map_err(DbError::from)?;
        count += 1;
    }
    Ok(count)
}

async fn migrate_postgres(url: &str, now_us: i64) -> Result<usize, OpenError> {
    let session = PostgresSession::connect(url, Purpose::Read).await?;
    let client = session.client();
    let lock =
        format!("SET lock_timeout = 0; SET statement_timeout = 0; SELECT pg_advisory_lock({MIGRATION_LOCK})");
    client.batch_execute(&lock).await.map_err(DbError::from)?;
    client.batch_execute(REGISTER_POSTGRES).await.map_err(DbError::from)?;
    let applied = applied_postgres(client).await?;
    let mut count = 0;
    for (number, name, text) in pending(&applied)? {
        let script = format!(
            "BEGIN; {} INSERT INTO platform_migrations VALUES ({number}, '{name}', '{}'); COMMIT;",
            render_migration(Engine::Postgres, text),
            fingerprint(text)
        );
        client.batch_execute(&script).await.map_err(DbError::from)?;
        count += 1;
    }
    let months = format!("SELECT platform_make_months({}, 2)", now_us.div_euclid(1_000));
    client.batch_execute(&months).await.map_err(DbError::from)?;
    Ok(count)
}

/// Checks that the schema is exactly this program's.
pub(crate) fn check_sqlite(connection: &Connection) -> Result<(), OpenError> {
    complete(&applied_sqlite(connection)?)
}

/// Checks that the schema is exactly this program's.
pub(crate) async fn check_postgres(client: &Client) -> Result<(), OpenError> {
    complete(&applied_postgres(client).await?)
}

fn complete(applied: &[(i64, String)]) -> Result<(), OpenError> {
    match pending(applied)?.first() {
        None => Ok(()),
        Some((number, name, _)) => Err(OpenError::Schema(format!(
            "migration {number} ({name}) is missing: run `tillkeeper migrate`"
        ))),
    }
}

fn applied_sqlite(connection: &Connection) -> Result<Vec<(i64, String)>, OpenError> {
    let read = || -> rusqlite::Result<Vec<(i64, String)>> {
        let mut statement =
            connection.prepare("SELECT number, sha256 FROM platform_migrations ORDER BY number")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect()
    };
    read().map_err(|error| OpenError::Schema(format!("no schema: run `tillkeeper migrate` ({error})")))
}

async fn applied_postgres(client: &Client) -> Result<Vec<(i64, String)>, OpenError> {
    let rows = client.query("SELECT number, sha256 FROM platform_migrations ORDER BY number", &[]).await;
    let rows = rows.map_err(|error| {
        OpenError::Schema(format!("no schema: run `tillkeeper migrate` ({})", DbError::from(error)))
    })?;
    let read = |row: &tokio_postgres::Row| Ok((row.try_get(0)?, row.try_get(1)?));
    rows.iter()
        .map(|row| read(row).map_err(|error: tokio_postgres::Error| DbError::from(error).into()))
        .collect()
}

/// The migrations that are not applied; an applied one whose text differs is an error, as is an unknown one.
fn pending(applied: &[(i64, String)]) -> Result<Vec<(i64, &'static str, &'static str)>, OpenError> {
    for (number, sha256) in applied {
        let ours = MIGRATIONS.iter().find(|(ours, _, _)| ours == number);
        let (_, name, text) = ours.ok_or_else(|| {
            OpenError::Schema(format!("the database has migration {number}, newer than this program"))
        })?;
        if fingerprint(text) != *sha256 {
            return Err(OpenError::Schema(format!(
                "migration {number} ({name}) was changed after it was applied"
            )));
        }
    }
    let is_applied = |number: i64| applied.iter().any(|(applied, _)| *applied == number);
    Ok(MIGRATIONS.iter().filter(|(number, _, _)| !is_applied(*number)).copied().collect())
}

fn fingerprint(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
