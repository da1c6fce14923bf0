//! The queue of one lane: per tenant, drained round robin, bounded.

use crate::failure::Failure;
use crate::writer::job::Job;
use crate::writer::request::Request;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tk_domain::id::TenantId;
use tokio::sync::Notify;

/// What a lane does next.
pub enum Work {
    /// Statements of their own, outside command batches.
    Requests(Vec<Request>),
    /// Commands that share a commit.
    Batch(Vec<Box<dyn Job>>),
}

/// The queue of one lane.
pub struct Queue {
    state: Mutex<State>,
    notify: Notify,
    waiting_max: usize,
    share_max: usize,
}

#[derive(Default)]
struct State {
    tenants: BTreeMap<TenantId, VecDeque<Box<dyn Job>>>,
    turn: VecDeque<TenantId>,
    waiting: usize,
    requests: VecDeque<Request>,
    closed: bool,
}

const REQUESTS_MAX: usize = 1_024;
const REQUESTS_TAKEN: usize = 64;

impl Queue {
    /// A queue of at most `queue_max` commands, a quarter of them of one tenant.
    pub fn new(queue_max: usize) -> Self {
        let share_max = (queue_max / 4).max(1);
        Self { state: Mutex::default(), notify: Notify::new(), waiting_max: queue_max, share_max }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a command, or answers it at once if there is no room.
    pub fn push(&self, job: Box<dyn Job>) {
        let mut state = self.state();
        let tenant_id = job.tenant_id();
        let share = state.tenants.get(&tenant_id).map_or(0, VecDeque::len);
        if state.closed {
            drop(state);
            job.fail(Failure::Unavailable("shutting down".to_owned()));
        } else if state.waiting >= self.waiting_max || share >= self.share_max {
            drop(state);
            job.fail(Failure::Overloaded { retry_after_s: 1 });
        } else {
            if share == 0 {
                state.turn.push_back(tenant_id);
            }
            state.waiting += 1;
            state.tenants.entry(tenant_id).or_default().push_back(job);
            drop(state);
            self.notify.notify_one();
        }
    }

    /// Adds statements of their own.
    pub fn request(&self, request: Request) {
        let mut state = self.state();
        if state.closed {
            drop(state);
            request.fail(Failure::Unavailable("shutting down".to_owned()));
        } else if state.requests.len() >= REQUESTS_MAX {
            drop(state);
            request.fail(Failure::Overloaded { retry_after_s: 1 });
        } else {
            state.requests.push_back(request);
            drop(state);
            self.notify.notify_one();
        }
    }

    /// Takes no more; what waits is still done.
    pub fn close(&self) {
        self.state().closed = true;
        self.notify.notify_one();
    }

    /// Waits for work; nothing once the queue is closed and empty.
    pub async fn next(&self, batch_max: usize) -> Option<Work> {
        loop {
            {
                let mut state = self.state();
                if !state.requests.is_empty() {
                    let count = state.requests.len().min(REQUESTS_TAKEN);
                    return Some(Work::Requests(state.requests.drain(..count).collect()));
                }
                if state.waiting > 0 {
                    return Some(Work::Batch(state.take(batch_max)));
                }
                if state.closed {
                    return None;
                }
            }
            self.notify.notified().await;
        }
    }

    /// How many commands wait.
    pub fn waiting(&self) -> usize {
        self.state().waiting
    }
}

impl State {
    /// One command of each tenant in turn, until the batch is full or nothing waits.
    fn take(&mut self, batch_max: usize) -> Vec<Box<dyn Job>> {
        let mut batch = Vec::with_capacity(self.waiting.min(batch_max));
        while batch.len() < batch_max {
            let Some(tenant_id) = self.turn.pop_front() else { break };
            let Some(jobs) = self.tenants.get_mut(&tenant_id) else { continue };
            if let Some(job) = jobs.pop_front() {
                self.waiting = self.waiting.saturating_sub(1);
                batch.push(job);
            }
            if jobs.is_empty() {
                self.tenants.remove(&tenant_id);
            } else {
                self.turn.push_back(tenant_id);
            }
        }
        batch
    }
}
