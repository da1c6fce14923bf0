//! SQLite connections: one that writes, several that read, one that checkpoints.

use crate::dialect::Engine;
use crate::failure::DbError;
use crate::load::{Load, Shape};
use crate::value::{Kind, Value};
use crate::write::Write;
use crate::writer::request::{Returned, Sql};
use rusqlite::config::DbConfig;
use rusqlite::hooks::Wal;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags, Row, ToSql, params_from_iter};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;
use tk_domain::id::TypedId;

/// The file of the books within a data directory.
pub const FILE: &str = "books.db";

const STATEMENTS_KEPT: usize = 256;
const READER_WAIT: Duration = Duration::from_secs(5);
/// Pages in the log from which the checkpointer copies them back (32 MiB): a page written often meanwhile is copied once.
pub const CHECKPOINT_PAGES: i32 = 8_000;
/// Pages in the log from which the writer itself copies the rest, so that the log starts anew (128 MiB).
const RESTART_PAGES: i32 = 32_000;

/// The connection that writes.
#[derive(Debug)]
pub struct SqliteSession {
    connection: Connection,
    log_pages: Arc<AtomicI32>,
}

/// Opens the file for writing: WAL, every commit on disk before it is answered.
pub fn open_writable(directory: &Path) -> Result<Connection, DbError> {
    let connection = Connection::open(directory.join(FILE))?;
    connection.busy_timeout(READER_WAIT)?;
    keep_plans(&connection)?;
    connection.execute_batch(
        "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
         PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;",
    )?;
    Ok(connection)
}

/// Opens the file for reading only.
pub fn open_readable(directory: &Path) -> Result<Connection, DbError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(directory.join(FILE), flags)?;
    connection.busy_timeout(READER_WAIT)?;
    keep_plans(&connection)?;
    connection
        .execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -16384; PRAGMA trusted_schema = OFF;")?;
    Ok(connection)
}

/// Statements are planned once: without this SQLite plans anew, at each use, those whose parameters a partial index
/// might look at.
fn keep_plans(connection: &Connection) -> Result<(), DbError> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

impl SqliteSession {
    /// Opens the writer's connection; the log is checkpointed by another thread.
    pub fn open(directory: &Path) -> Result<Self, DbError> {
        let mut connection = open_writable(directory)?;
        let log_pages = Arc::new(AtomicI32::new(0));
        let noted = log_pages.clone();
        // A hook of our own also switches the automatic checkpoint off.
        connection.wal_hook(Some(move |_: &mut Wal, pages: i32| {
            noted.store(pages, Ordering::Relaxed);
            Ok(())
        }))?;
        Ok(Self { connection, log_pages })
    }

    /// Begins, as the one writer.
    pub fn begin(&self) -> Result<(), DbError> {
        self.simple("BEGIN IMMEDIATE")
    }

    /// Commits; durable when it returns.
    pub fn commit(&self) -> Result<(), DbError> {
        self.simple("COMMIT")
    }

    /// Rolls back if a transaction is open.
    pub fn rollback(&self) -> Result<(), DbError> {
        if self.connection.is_autocommit() { Ok(()) } else { self.simple("ROLLBACK") }
    }

    /// Pages in the log after the last commit.
    pub fn log_pages(&self) -> i32 {
        self.log_pages.load(Ordering::Relaxed)
    }

    /// Copies what the checkpointer left, if the log has grown long; never waits for readers.
    pub fn restart_log(&self) {
        if self.log_pages() > RESTART_PAGES {
            checkpoint(&self.connection);
        }
    }

    fn simple(&self, text: &str) -> Result<(), DbError> {
        self.connection.prepare_cached(text)?.execute([])?;
        Ok(())
    }

    /// Rows of each load.
    pub fn load(&self, loads: &[Load]) -> Result<Vec<Returned>, DbError> {
        loads.iter().map(|load| self.load_one(load)).collect()
    }

    fn load_one(&self, load: &Load) -> Result<Returned, DbError> {
        let statements = load.table.statements(Engine::Sqlite);
        let tenant = Value::Id(load.tenant_id.id128().0);
        let kinds = &load.table.kinds;
        let mut returned = Vec::new();
        match load.shape {
            Shape::Whole(limit) => {
                let mut statement = self.connection.prepare_cached(&statements.select_whole)?;
                let mut rows = statement.query(params_from_iter([&tenant, &Value::Int(limit)]))?;
                while let Some(row) = rows.next()? {
                    returned.push(read_row(row, kinds)?);
                }
            }
            Shape::Keys => {
                let mut statement = self.connection.prepare_cached(&statements.select)?;
                for key in load.keys.chunks(load.table.keys.saturating_sub(1).max(1)) {
                    let mut rows = statement.query(params_from_iter(std::iter::once(&tenant).chain(key)))?;
                    while let Some(row) = rows.next()? {
                        returned.push(read_row(row, kinds)?);
                    }
                }
            }
        }
        Ok(returned)
    }

    /// Writes rows; a row that another writer changed or made before is a conflict.
    pub fn write(&self, writes: &[Write]) -> Result<(), DbError> {
        for write in writes {
            let statements = write.table.statements(Engine::Sqlite);
            for (text, (cells, kinds)) in
                [&statements.insert, &statements.update].into_iter().zip(write.parts())
            {
                if cells.is_empty() {
                    continue;
                }
                let mut statement = self.connection.prepare_cached(text)?;
                for row in cells.chunks(kinds.len()) {
                    let written = statement.execute(params_from_iter(row));
                    if written.map_err(|error| DbError::of_write(error, write.table))? != 1 {
                        return Err(DbError::changed(write.table));
                    }
                }
            }
        }
        Ok(())
    }

    /// Runs a statement of its own.
    pub fn run(&self, sql: &Sql) -> Result<Returned, DbError> {
        run(&self.connection, sql)
    }
}

/// Runs a statement and reads what it returns.
pub fn run(connection: &Connection, sql: &Sql) -> Result<Returned, DbError> {
    let mut statement = connection.prepare_cached(&sql.text)?;
    let mut returned = Vec::new();
    let mut rows = statement.query(params_from_iter(&sql.params))?;
    while let Some(row) = rows.next()? {
        returned.push(read_row(row, &sql.returns)?);
    }
    Ok(returned)
}

/// Copies pages from the log back into the file, as far as no reader stands in the way.
pub fn checkpoint(connection: &Connection) {
    let copied = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
    if let Err(error) = copied {
        tracing::warn!(%error, "checkpoint postponed");
    }
}

fn read_row(row: &Row<'_>, kinds: &[Kind]) -> Result<Vec<Value>, DbError> {
    let mut cells = Vec::with_capacity(kinds.len());
    for (index, kind) in kinds.iter().enumerate() {
        cells.push(read_cell(row.get_ref(index)?, *kind)?);
    }
    Ok(cells)
}

fn read_cell(cell: ValueRef<'_>, kind: Kind) -> Result<Value, DbError> {
    let wrong = || DbError::Other(format!("a stored cell is not {kind:?}"));
    match (kind, cell) {
        (_, ValueRef::Null) => Ok(Value::Null),
        (Kind::Int, ValueRef::Integer(number)) => Ok(Value::Int(number)),
        (Kind::Text, ValueRef::Text(text)) => {
            String::from_utf8(text.to_vec()).map(Value::Text).map_err(|_| wrong())
        }
        (Kind::Bytes, ValueRef::Blob(bytes)) => Ok(Value::Bytes(bytes.to_vec())),
        (Kind::Id, ValueRef::Blob(bytes)) => bytes.try_into().map(Value::Id).map_err(|_| wrong()),
        (Kind::Int | Kind::Text | Kind::Bytes | Kind::Id, _) => Err(wrong()),
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Word(word) => ValueRef::Text(word.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
            Self::Id(bytes) => ValueRef::Blob(bytes),
        }))
    }
}
