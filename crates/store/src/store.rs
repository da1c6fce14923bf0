//! The store: one writer per lane, readers beside it.

use crate::config::{Ambient, Failpoints, Source, StoreConfig};
use crate::dialect::Engine;
use crate::failure::{DbError, Failure, OpenError};
use crate::hand_over::Desk;
use crate::lanes::{LaneClaim, claim_lanes};
use crate::lock::DirectoryLock;
use crate::migrate::check_sqlite;
use crate::readers::Readers;
use crate::recall::Recall;
use crate::sqlite::{checkpoint, open_readable, open_writable};
use crate::writer::Lane;
use crate::writer::job::job;
use crate::writer::queue::Queue;
use crate::writer::request::{Request, Returned, Sql};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use tk_domain::command::{Command, LaneKind};
use tk_domain::id::TenantId;

/// The one way to the database; clones share it. It closes when the last clone is dropped.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Engine,
    queues: Vec<Arc<Queue>>,
    readers: Readers,
    ambient: Arc<dyn Ambient>,
    failpoints: Failpoints,
    desk: Arc<Desk>,
    recall: Arc<Recall>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    held: Mutex<(Option<DirectoryLock>, Option<LaneClaim>)>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("engine", &self.inner.engine).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens a migrated database; on SQLite takes the data directory's lock, on PostgreSQL claims lanes
    /// and refuses a role that could pass over row-level security.
    pub async fn open(
        source: Source,
        ambient: Arc<dyn Ambient>,
        config: StoreConfig,
    ) -> Result<Self, OpenError> {
        let mut config = config;
        if config.commits == crate::config::Commits::PerStep {
            config.batch_max = 1;
        }
        let lock = match &source {
            Source::Sqlite(directory) => Some(DirectoryLock::take(directory)?),
            Source::Postgres(_) => None,
        };
        let mut threads = Vec::new();
        let (engine, checkpoint, claim) = match &source {
            Source::Sqlite(directory) => {
                check_sqlite(&open_readable(directory)?)?;
                let (checkpoint, thread) = checkpointer(directory)?;
                threads.push(thread);
                (Engine::Sqlite, Some(checkpoint), None)
            }
            Source::Postgres(url) => {
                (Engine::Postgres, None, Some(claim_lanes(url, config.lanes, &ambient).await?))
            }
        };
        let lanes = claim.as_ref().map_or_else(|| vec![0], |claim| claim.lanes.clone());
        let queues: Vec<Arc<Queue>> = lanes.iter().map(|_| Arc::new(Queue::new(config.queue_max))).collect();
        let readers = Readers::open(&source, config.readers)?;
        let desk = Arc::<Desk>::default();
        let recall = Arc::<Recall>::default();
        for (number, queue) in lanes.into_iter().zip(&queues) {
            let lane = Lane {
                number,
                queue: queue.clone(),
                source: source.clone(),
                ambient: ambient.clone(),
                config: config.clone(),
                session: None,
                desk: desk.clone(),
                recall: recall.clone(),
                checkpoint: checkpoint.clone(),
            };
            threads.push(start(lane)?);
        }
        let inner = Inner {
            engine,
            queues,
            readers,
            ambient,
            failpoints: config.failpoints,
            desk,
            recall,
            threads: Mutex::new(threads),
            held: Mutex::new((lock, claim)),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Queues a command at once and answers after its commit; dropping the answer changes nothing.
    pub fn submit<C: Command>(
        &self,
        command: C,
    ) -> impl Future<Output = Result<C::Reply, Failure>> + Send + use<C> {
        let (job, answer) = job(command);
        self.inner.queue_for(job.tenant_id(), job.lane()).push(job);
        async move { answer.await.unwrap_or_else(|_| Err(Failure::Unavailable("the writer ended".to_owned()))) }
    }

    /// Which engine it runs on.
    pub fn engine(&self) -> Engine {
        self.inner.engine
    }

    /// The clock and entropy it was opened with.
    pub fn ambient(&self) -> &Arc<dyn Ambient> {
        &self.inner.ambient
    }

    /// Tells the failpoint hook that a named point is passed; nothing outside crash tests listens.
    pub fn pass(&self, point: &'static str) {
        (self.inner.failpoints)(point);
    }

    /// Where commits hand over the deliveries they made.
    pub(crate) fn desk(&self) -> &Arc<Desk> {
        &self.inner.desk
    }

    /// What the lanes remember of their commits.
    pub(crate) fn recall(&self) -> &Recall {
        &self.inner.recall
    }

    /// Commands that wait for a commit now.
    pub fn waiting(&self) -> usize {
        self.inner.queues.iter().map(|queue| queue.waiting()).sum()
    }

    /// Takes no more commands, waits until those taken are answered, and lets go of the data directory.
    pub fn close(&self) {
        self.inner.close();
    }

    /// Reads in one transaction that sees the rows of these tenants.
    pub(crate) async fn read(
        &self,
        tenants: Vec<TenantId>,
        statements: Vec<Sql>,
    ) -> Result<Vec<Returned>, Failure> {
        self.inner.readers.run(tenants, statements).await
    }

    /// Reads what is over in a moment, past the lists of others that wait for a connection.
    pub(crate) async fn glance(&self, tenants: Vec<TenantId>, statement: Sql) -> Result<Returned, Failure> {
        let returned = self.inner.readers.run_quick(tenants, vec![statement]).await?.pop();
        Ok(returned.unwrap_or_default())
    }

    /// Looks rows up by whole keys in one transaction that sees the rows of these tenants.
    pub(crate) async fn look_up(
        &self,
        tenants: Vec<TenantId>,
        statements: Vec<Sql>,
    ) -> Result<Vec<Returned>, Failure> {
        self.inner.readers.run_by_key(tenants, statements).await
    }

    /// Removes what has served its time: as [`Self::change`] does, on PostgreSQL among the lists, for it may take a while.
    pub(crate) async fn clear(
        &self,
        tenants: Vec<TenantId>,
        statements: Vec<Sql>,
    ) -> Result<Vec<Returned>, Failure> {
        match self.inner.engine {
            Engine::Sqlite => self.change(tenants, statements).await,
            Engine::Postgres => self.inner.readers.run(tenants, statements).await,
        }
    }

    /// Changes rows outside commands, as claims do: through the writer on SQLite, beside it on PostgreSQL.
    pub(crate) async fn change(
        &self,
        tenants: Vec<TenantId>,
        statements: Vec<Sql>,
    ) -> Result<Vec<Returned>, Failure> {
        let (Engine::Sqlite, Some(queue)) = (self.inner.engine, self.inner.queues.first()) else {
            return self.inner.readers.run_quick(tenants, statements).await;
        };
        let (request, answer) = Request::new(tenants, statements);
        queue.request(request);
        answer.await.unwrap_or_else(|_| Err(Failure::Unavailable("the writer ended".to_owned())))
    }
}

impl Inner {
    /// Plain commands share lane 0; posting ones are spread over the others by tenant.
    fn queue_for(&self, tenant_id: TenantId, lane: LaneKind) -> &Queue {
        let posting = self.queues.len().saturating_sub(1);
        let index = match lane {
            LaneKind::Posting if posting > 0 => {
                let mut hasher = DefaultHasher::new();
                tenant_id.hash(&mut hasher);
                1 + usize::try_from(hasher.finish() % (posting as u64)).unwrap_or(0)
            }
            LaneKind::Plain | LaneKind::Posting => 0,
        };
        &self.queues[index]
    }

    fn close(&self) {
        self.queues.iter().for_each(|queue| queue.close());
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            if thread.thread().id() != std::thread::current().id() && thread.join().is_err() {
                tracing::error!("a writer thread panicked");
            }
        }
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = (None, None);
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.close();
    }
}

fn start(lane: Lane) -> Result<JoinHandle<()>, OpenError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let name = format!("write-{}", lane.number);
    Ok(std::thread::Builder::new().name(name).spawn(move || runtime.block_on(lane.work()))?)
}

/// Copies the log back beside the writer, whenever the writer says that it has grown.
fn checkpointer(directory: &Path) -> Result<(SyncSender<()>, JoinHandle<()>), OpenError> {
    let connection = open_writable(directory)?;
    connection.pragma_update(None, "wal_autocheckpoint", 0).map_err(DbError::from)?;
    let (sender, receiver) = sync_channel(1);
    let thread = std::thread::Builder::new().name("checkpoint".to_owned()).spawn(move || {
        while receiver.recv().is_ok() {
            checkpoint(&connection);
        }
    })?;
    Ok((sender, thread))
}
