//! Connections for reading, and on PostgreSQL for claims: each request is one transaction of one tenant's view.

use crate::config::Source;
use crate::failure::{DbError, Failure, OpenError};
use crate::postgres::{PostgresSession, Purpose};
use crate::sqlite::{open_readable, run};
use crate::writer::request::{Request, Returned, Sql};
use rusqlite::Connection;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use tk_domain::id::TenantId;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Requests that may wait for a connection.
const WAITING_MAX: usize = 4_096;

/// PostgreSQL connections kept for look-ups by key and claims, so that no list of one tenant is in everybody's way.
const QUICK: usize = 4;

/// A pool of connections on threads of its own; clones share it.
#[derive(Debug, Clone)]
pub struct Readers {
    requests: Sender<Request>,
    /// For what is over in a moment.
    quick: Sender<Request>,
    by_key: Arc<Mutex<Vec<Connection>>>,
}

impl Readers {
    /// Opens `count` connections.
    pub fn open(source: &Source, count: usize) -> Result<Self, OpenError> {
        let (requests, receiver) = channel(WAITING_MAX);
        let mut by_key = Vec::new();
        let mut quick = requests.clone();
        match source {
            Source::Sqlite(directory) => {
                read_sqlite(directory, count, receiver)?;
                for _ in 0..count.max(1) {
                    by_key.push(open_readable(directory)?);
                }
            }
            Source::Postgres(url) => {
                read_postgres(url.clone(), count, receiver)?;
                let (sender, receiver) = channel(WAITING_MAX);
                read_postgres(url.clone(), QUICK, receiver)?;
                quick = sender;
            }
        }
        Ok(Self { requests, quick, by_key: Arc::new(Mutex::new(by_key)) })
    }

    /// Looks rows up by their keys. SQLite needs some microseconds for that, less than waking a thread, so it runs
    /// in the caller's own where a connection is free.
    pub async fn run_by_key(
        &self,
        tenants: Vec<TenantId>,
        statements: Vec<Sql>,
    ) -> Result<Vec<Returned>, Failure> {
        let idle = || self.by_key.lock().unwrap_or_else(PoisonError::into_inner);
        let free = idle().pop();
        let Some(connection) = free else { return self.run_quick(tenants, statements).await };
        let returned = run_all(&connection, &statements);
        idle().push(connection);
        returned.map_err(Failure::from)
    }

    /// Runs statements that are over in a moment, as [`Self::run`] does.
    pub async fn run_quick(
        &self,
        tenants: Vec<TenantId>,
        statements: Vec<Sql>,
    ) -> Result<Vec<Returned>, Failure> {
        ask(&self.quick, tenants, statements).await
    }

    /// Runs statements in one transaction that sees the rows of these tenants.
    pub async fn run(&self, tenants: Vec<TenantId>, statements: Vec<Sql>) -> Result<Vec<Returned>, Failure> {
        ask(&self.requests, tenants, statements).await
    }
}

async fn ask(
    requests: &Sender<Request>,
    tenants: Vec<TenantId>,
    statements: Vec<Sql>,
) -> Result<Vec<Returned>, Failure> {
    let (request, answer) = Request::new(tenants, statements);
    match requests.try_send(request) {
        Ok(()) => {}
        Err(TrySendError::Full(request)) => request.fail(Failure::Overloaded { retry_after_s: 1 }),
        Err(TrySendError::Closed(request)) => {
            request.fail(Failure::Unavailable("shutting down".to_owned()));
        }
    }
    answer.await.unwrap_or_else(|_| Err(Failure::Unavailable("the reader ended".to_owned())))
}

fn read_sqlite(directory: &Path, count: usize, receiver: Receiver<Request>) -> Result<(), OpenError> {
    let receiver = Arc::new(Mutex::new(receiver));
    for index in 0..count.max(1) {
        let connection = open_readable(directory)?;
        let receiver = receiver.clone();
        std::thread::Builder::new().name(format!("read-{index}")).spawn(move || {
            loop {
                let next = receiver.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
                let Some(request) = next else { break };
                match run_all(&connection, &request.statements) {
                    Ok(returned) => request.answer(returned),
                    Err(error) => request.fail(error.into()),
                }
            }
        })?;
    }
    Ok(())
}

/// One statement needs no transaction; several see one state of the database.
fn run_all(connection: &Connection, statements: &[Sql]) -> Result<Vec<Returned>, DbError> {
    let several = statements.len() > 1;
    if several {
        connection.prepare_cached("BEGIN")?.execute([])?;
    }
    let returned = statements.iter().map(|sql| run(connection, sql)).collect();
    if several {
        connection.prepare_cached("COMMIT")?.execute([])?;
    }
    returned
}

fn read_postgres(url: String, count: usize, receiver: Receiver<Request>) -> Result<(), OpenError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name("read-pg".to_owned()).spawn(move || {
        runtime.block_on(async move {
            let receiver = Arc::new(tokio::sync::Mutex::new(receiver));
            let workers = (0..count.max(1)).map(|_| tokio::spawn(serve(url.clone(), receiver.clone())));
            for worker in workers.collect::<Vec<_>>() {
                // A worker ends only when the pool is dropped.
                let _ = worker.await;
            }
        });
    })?;
    Ok(())
}

async fn serve(url: String, receiver: Arc<tokio::sync::Mutex<Receiver<Request>>>) {
    let mut session: Option<PostgresSession> = None;
    loop {
        let next = receiver.lock().await.recv().await;
        let Some(request) = next else { break };
        let open = match session.take() {
            Some(open) if !open.client().is_closed() => Ok(open),
            Some(_) | None => PostgresSession::connect(&url, Purpose::Read).await,
        };
        let mut open = match open {
            Ok(open) => open,
            Err(error) => {
                request.fail(error.into());
                continue;
            }
        };
        match open.run(&request.tenants, &request.statements).await {
            Ok(returned) => request.answer(returned),
            Err(error) => request.fail(error.into()),
        }
        session = Some(open);
    }
}
