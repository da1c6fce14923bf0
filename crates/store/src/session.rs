//! A writer's connection on either engine.

use crate::batches::{BatchRow, batch_write};
use crate::config::Source;
use crate::failure::DbError;
use crate::load::Load;
use crate::postgres::{PostgresSession, Purpose};
use crate::sqlite::SqliteSession;
use crate::value::{Kind, Value};
use crate::write::Write;
use crate::writer::request::{Returned, Sql};
use tk_domain::id::{Id128, TenantId};

/// The time on a row that only takes the id of a batch that was not committed, so that it never will be.
const NEVER_COMMITTED_US: i64 = 0;

/// A writer's connection.
pub enum Session {
    /// SQLite.
    Sqlite(SqliteSession),
    /// PostgreSQL.
    Postgres(Box<PostgresSession>),
}

impl Session {
    /// Opens a connection for writing.
    pub async fn open(source: &Source) -> Result<Self, DbError> {
        match source {
            Source::Sqlite(directory) => SqliteSession::open(directory).map(Self::Sqlite),
            Source::Postgres(url) => PostgresSession::connect(url, Purpose::Write)
                .await
                .map(|session| Self::Postgres(Box::new(session))),
        }
    }

    /// Begins a transaction that sees the rows of these tenants.
    pub fn begin(&mut self, tenants: &[TenantId]) -> Result<(), DbError> {
        match self {
            Self::Sqlite(session) => session.begin(),
            Self::Postgres(session) => {
                session.begin(tenants);
                Ok(())
            }
        }
    }

    /// Rows of each load.
    pub async fn load(&mut self, loads: &[Load]) -> Result<Vec<Returned>, DbError> {
        match self {
            Self::Sqlite(session) => session.load(loads),
            Self::Postgres(session) => session.load(loads).await,
        }
    }

    /// Writes rows; a row that another writer changed or made before is a conflict.
    pub async fn write(&mut self, writes: &[Write]) -> Result<(), DbError> {
        match self {
            Self::Sqlite(session) => session.write(writes),
            Self::Postgres(session) => session.write(writes).await,
        }
    }

    /// Commits; durable when it returns.
    pub async fn commit(&mut self) -> Result<(), DbError> {
        match self {
            Self::Sqlite(session) => session.commit(),
            Self::Postgres(session) => session.commit().await,
        }
    }

    /// Rolls back if a transaction is open.
    pub async fn rollback(&mut self) -> Result<(), DbError> {
        match self {
            Self::Sqlite(session) => session.rollback(),
            Self::Postgres(session) => session.rollback().await,
        }
    }

    /// Runs statements in a transaction of their own.
    pub async fn run(&mut self, tenants: &[TenantId], statements: &[Sql]) -> Result<Vec<Returned>, DbError> {
        match self {
            Self::Postgres(session) => session.run(tenants, statements).await,
            Self::Sqlite(session) => {
                session.begin()?;
                let ran: Result<Vec<Returned>, DbError> =
                    statements.iter().map(|sql| session.run(sql)).collect();
                match ran {
                    Ok(returned) => session.commit().map(|()| returned),
                    Err(error) => session.rollback().and(Err(error)),
                }
            }
        }
    }

    /// Whether the batch of this id was committed; if it was not, it never will be, because its id is taken.
    /// A conflict while the old transaction is still open, which may yet end either way.
    pub async fn settle_lost_commit(&mut self, batch_id: Id128) -> Result<bool, DbError> {
        self.begin(&[])?;
        self.load(&[]).await?;
        let row = BatchRow { id: batch_id, committed_at_us: NEVER_COMMITTED_US };
        match self.write(&[batch_write(&row)]).await {
            Ok(()) => self.commit().await.map(|()| false),
            Err(conflict @ DbError::Conflict(_)) => {
                self.rollback().await?;
                // Waiting too long for the old transaction is a conflict, too: only the row itself proves it.
                self.batch_committed(batch_id).await?.ok_or(conflict)
            }
            Err(error @ (DbError::Gone(_) | DbError::Full(_) | DbError::Other(_))) => Err(error),
        }
    }

    /// What the row of a batch says: committed, or its id taken by an earlier settling; nothing without a row.
    async fn batch_committed(&mut self, batch_id: Id128) -> Result<Option<bool>, DbError> {
        let sql = Sql {
            text: "SELECT committed_at_us FROM platform_batches WHERE id = ?1".to_owned(),
            params: vec![Value::Id(batch_id.0)],
            returns: vec![Kind::Int],
        };
        let found = self.run(&[], &[sql]).await?;
        let at_us = found.first().and_then(|rows| rows.first()).and_then(|row| row.first());
        Ok(at_us.map(|at_us| *at_us != Value::Int(NEVER_COMMITTED_US)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrate::migrate_sqlite;
    use crate::sqlite::open_writable;

    #[tokio::test]
    async fn a_lost_commit_is_settled_by_its_own_row_and_never_by_that_of_a_settling() {
        let directory = tempfile::tempdir().unwrap();
        migrate_sqlite(&mut open_writable(directory.path()).unwrap()).unwrap();
        let mut session = Session::open(&Source::Sqlite(directory.path().to_owned())).await.unwrap();
        let [committed, lost] = [Id128([1; 16]), Id128([2; 16])];
        session.begin(&[]).unwrap();
        let row = BatchRow { id: committed, committed_at_us: 1_700_000_000_000_000 };
        session.write(&[batch_write(&row)]).await.unwrap();
        session.commit().await.unwrap();
        // The answer to the settling's own commit may be lost, too: asked again, it says the same.
        for _ in 0..2 {
            assert!(session.settle_lost_commit(committed).await.unwrap());
            assert!(!session.settle_lost_commit(lost).await.unwrap());
        }
    }
}
