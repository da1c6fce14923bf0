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
    pub async fn settle_lost_commit(&mut self, batch_id: Id128, now_us: i64) -> Result<bool, DbError> {
        self.begin(&[])?;
        self.load(&[]).await?;
        let taken = self.write(&[batch_write(&BatchRow { id: batch_id, committed_at_us: now_us })]).await;
        match taken {
            Ok(()) => self.commit().await.map(|()| false),
            Err(conflict @ DbError::Conflict(_)) => {
                self.rollback().await?;
                // Waiting too long for the old transaction is a conflict, too: only the row itself proves it.
                if self.holds_batch(batch_id).await? { Ok(true) } else { Err(conflict) }
            }
            Err(error @ (DbError::Gone(_) | DbError::Full(_) | DbError::Other(_))) => Err(error),
        }
    }

    async fn holds_batch(&mut self, batch_id: Id128) -> Result<bool, DbError> {
        let sql = Sql {
            text: "SELECT committed_at_us FROM platform_batches WHERE id = ?1".to_owned(),
            params: vec![Value::Id(batch_id.0)],
            returns: vec![Kind::Int],
        };
        let found = self.run(&[], &[sql]).await?;
        Ok(found.first().is_some_and(|rows| !rows.is_empty()))
    }
}
