//! One writer lane: a thread with its own connection that commits batch after batch.

use crate::config::{Ambient, Source, StoreConfig};
use crate::failure::{DbError, Failure};
use crate::hand_over::Desk;
use crate::recall::Recall;
use crate::session::Session;
use crate::sqlite::CHECKPOINT_PAGES;
use crate::writer::batch::{Surroundings, Trouble, run};
use crate::writer::job::Job;
use crate::writer::queue::{Queue, Work};
use crate::writer::request::Request;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::Duration;
use tk_domain::id::Id128;

/// One writer lane.
pub struct Lane {
    /// Its number: sequences are per tenant and lane.
    pub number: i64,
    /// Where its commands wait.
    pub queue: Arc<Queue>,
    /// Where the data is.
    pub source: Source,
    /// Clock and entropy.
    pub ambient: Arc<dyn Ambient>,
    /// Limits and failpoints.
    pub config: StoreConfig,
    /// Where new deliveries are handed over after their commit.
    pub desk: Arc<Desk>,
    /// What earlier commits of this process left.
    pub recall: Arc<Recall>,
    /// Its connection; none while the database is gone.
    pub session: Option<Session>,
    /// Wakes the checkpointer (SQLite).
    pub checkpoint: Option<SyncSender<()>>,
}

/// What becomes of a batch after trouble.
enum Next {
    /// It stands committed.
    Answer,
    /// It runs again.
    Again,
    /// Its commands run one by one; a single one gets the fault.
    Apart(String),
    /// All its commands fail.
    Fail(Failure),
}

/// Commands in one batch from which a lane is busy.
const BUSY_FROM: usize = 4;
const RECONNECT_FIRST: Duration = Duration::from_millis(25);
const RECONNECT_DOUBLINGS: u32 = 6;

impl Lane {
    /// Works until the queue is closed and empty.
    pub async fn work(mut self) {
        let queue = self.queue.clone();
        while let Some(work) = queue.next(self.config.batch_max).await {
            match work {
                Work::Batch(jobs) => {
                    let (count, begun_us) = (jobs.len(), self.ambient.now_us());
                    self.commit_all(jobs).await;
                    self.tend_log();
                    self.gather(count, begun_us).await;
                }
                Work::Requests(requests) => {
                    for request in requests {
                        self.run_request(request).await;
                    }
                    self.tend_log();
                }
            }
        }
    }

    /// After a batch of several commands, lets others gather until the next one is due.
    async fn gather(&self, count: usize, begun_us: i64) {
        let gather_us = self.config.gather_us;
        let rest_us = begun_us.saturating_add(gather_us).saturating_sub(self.ambient.now_us());
        if count < BUSY_FROM || self.queue.waiting() >= self.config.batch_max {
            return;
        }
        // A clock that was set back must not keep anybody waiting.
        let rest_us = u64::try_from(rest_us.clamp(0, gather_us.max(0))).unwrap_or(0);
        if rest_us > 0 {
            tokio::time::sleep(Duration::from_micros(rest_us)).await;
        }
    }

    fn tend_log(&self) {
        let (Some(checkpoint), Some(Session::Sqlite(session))) = (&self.checkpoint, &self.session) else {
            return;
        };
        if session.log_pages() > CHECKPOINT_PAGES {
            // Full means that a wake-up is already under way.
            let _ = checkpoint.try_send(());
            session.restart_log();
        }
    }

    async fn commit_all(&mut self, mut jobs: Vec<Box<dyn Job>>) {
        match self.commit(&mut jobs).await {
            Ok(()) => {
                for job in jobs {
                    job.answer();
                }
            }
            Err(Next::Fail(failure)) => {
                for job in jobs {
                    job.fail(failure.clone());
                }
            }
            Err(Next::Apart(_) | Next::Answer | Next::Again) => self.commit_apart(jobs).await,
        }
    }

    /// One command per transaction; only one that fails alone is told of a fault.
    async fn commit_apart(&mut self, jobs: Vec<Box<dyn Job>>) {
        for job in jobs {
            let mut alone = vec![job];
            let outcome = self.commit(&mut alone).await;
            for job in alone {
                match &outcome {
                    Ok(()) => job.answer(),
                    Err(Next::Fail(failure)) => job.fail(failure.clone()),
                    Err(Next::Apart(text)) => job.fail(self.fault(text)),
                    Err(Next::Answer | Next::Again) => {
                        job.fail(Failure::Unavailable("too many reruns".to_owned()));
                    }
                }
            }
        }
    }

    fn fault(&self, text: &str) -> Failure {
        let id = format!("flt_{}", Id128::v7(self.ambient.now_us(), self.ambient.bits()).base32());
        tracing::error!(%id, lane = self.number, error = text, "a command failed");
        Failure::Fault(id)
    }

    /// Runs a batch, again where other writers were in the way, until it is committed or cannot be.
    async fn commit(&mut self, jobs: &mut [Box<dyn Job>]) -> Result<(), Next> {
        for rerun in 0..=self.config.reruns_max {
            let around = Surroundings {
                lane: self.number,
                ambient: self.ambient.as_ref(),
                config: &self.config,
                desk: &self.desk,
                recall: &self.recall,
            };
            if self.session.is_none() {
                self.session = Some(
                    connect(&self.source, &self.config, self.queue.waiting())
                        .await
                        .map_err(|error| gone(&error))?,
                );
            }
            let Some(session) = self.session.as_mut() else { continue };
            let trouble = match run(session, jobs, &around).await {
                Ok(()) => {
                    (self.config.failpoints)("after_commit_before_reply");
                    return Ok(());
                }
                Err(trouble) => trouble,
            };
            tracing::debug!(lane = self.number, rerun, ?trouble, "batch not committed");
            match self.after(trouble).await {
                Next::Answer => return Ok(()),
                Next::Again => {}
                next @ (Next::Apart(_) | Next::Fail(_)) => return Err(next),
            }
        }
        Err(Next::Again)
    }

    async fn after(&mut self, trouble: Trouble) -> Next {
        match trouble {
            Trouble::CommitLost(batch_id, error) => self.after_lost_commit(batch_id, error).await,
            Trouble::Defect(text) | Trouble::Database(DbError::Other(text)) => {
                self.roll_back(Next::Apart(text)).await
            }
            Trouble::Database(DbError::Conflict(_)) => self.roll_back(Next::Again).await,
            Trouble::Database(DbError::Full(text)) => {
                self.roll_back(Next::Fail(Failure::Unavailable(text))).await
            }
            Trouble::Database(DbError::Gone(_)) => {
                self.session = None;
                Next::Again
            }
        }
    }

    async fn roll_back(&mut self, next: Next) -> Next {
        if let Some(session) = &mut self.session
            && session.rollback().await.is_err()
        {
            self.session = None;
        }
        next
    }

    /// The batch's own row tells: there means committed; taking its id means that it never will be.
    async fn after_lost_commit(&mut self, batch_id: Id128, error: DbError) -> Next {
        self.session = None;
        for _ in 0..3 {
            let Ok(mut session) = connect(&self.source, &self.config, 0).await else { break };
            match session.settle_lost_commit(batch_id).await {
                Ok(committed) => {
                    self.session = Some(session);
                    return if committed { Next::Answer } else { not_committed(error) };
                }
                Err(DbError::Full(text)) => return Next::Fail(Failure::Unavailable(text)),
                Err(DbError::Gone(_) | DbError::Conflict(_) | DbError::Other(_)) => {}
            }
        }
        tracing::error!(%error, "the outcome of a commit is unknown");
        Next::Fail(Failure::Unavailable("the outcome of the commit is unknown".to_owned()))
    }

    async fn run_request(&mut self, request: Request) {
        if self.session.is_none() {
            match connect(&self.source, &self.config, 0).await {
                Ok(session) => self.session = Some(session),
                Err(error) => return request.fail(error.into()),
            }
        }
        let Some(session) = self.session.as_mut() else { return };
        match session.run(&request.tenants, &request.statements).await {
            Ok(returned) => request.answer(returned),
            Err(error) => {
                if matches!(error, DbError::Gone(_)) || session.rollback().await.is_err() {
                    self.session = None;
                }
                request.fail(error.into());
            }
        }
    }
}

fn not_committed(error: DbError) -> Next {
    match error {
        DbError::Full(text) => Next::Fail(Failure::Unavailable(text)),
        DbError::Other(text) => Next::Apart(text),
        DbError::Gone(_) | DbError::Conflict(_) => Next::Again,
    }
}

fn gone(error: &DbError) -> Next {
    Next::Fail(Failure::Unavailable(error.to_string()))
}

/// Connects, with growing pauses; gives up sooner while more commands wait for an answer.
async fn connect(source: &Source, config: &StoreConfig, waiting: usize) -> Result<Session, DbError> {
    let tries = if waiting > config.batch_max { 1 } else { config.reconnects_max.max(1) };
    let mut last = DbError::Gone("not tried".to_owned());
    for attempt in 0..tries {
        match Session::open(source).await {
            Ok(session) => return Ok(session),
            Err(error) => last = error,
        }
        let doublings = u32::try_from(attempt).unwrap_or(u32::MAX).min(RECONNECT_DOUBLINGS);
        tokio::time::sleep(RECONNECT_FIRST * 2_u32.pow(doublings)).await;
    }
    tracing::warn!(error = %last, "database unreachable");
    Err(last)
}
