//! Rows of unfinished payments as this process committed them a moment ago, so that the next step of a payment need not
//! read them again.
//!
//! It only saves reading. A recalled row that a decision changes is checked by its version like any other; one that was
//! only looked at is compared with the database before the batch ends. Either difference is a conflict: the batch runs
//! again from the database, and nothing is recalled for a while, because other processes are at work on the same rows.

use crate::failure::DbError;
use crate::load::loads_for;
use crate::record::Decided;
use crate::session::Session;
use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tk_domain::command::Want;
use tk_domain::id::{Id128, TenantId};
use tk_domain::instruction::{Instruction, InstructionStatus};
use tk_domain::moment::SECOND_US;
use tk_domain::payment::{Attempt, Payment};
use tk_domain::snapshot::{Row, Rows, Slot, Snapshot};

/// The most rows of one table that are remembered; the oldest go first.
const ROWS_MAX: usize = 10_000;
/// How long nothing is recalled after a conflict.
const REST_US: i64 = 10 * SECOND_US;

/// What is remembered, shared by the lanes of a process.
#[derive(Debug, Default)]
pub struct Recall {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    resting_until_us: i64,
    payments: Recent<Payment>,
    attempts: Recent<Attempt>,
    instructions: Recent<Instruction>,
}

#[derive(Debug)]
struct Recent<R: Row> {
    rows: HashMap<R::Key, Box<Slot<R>>>,
    // May name rows that have been taken out since.
    arrivals: VecDeque<R::Key>,
}

impl<R: Row> Default for Recent<R> {
    fn default() -> Self {
        Self { rows: HashMap::new(), arrivals: VecDeque::new() }
    }
}

impl<R: Row<Key: Hash>> Recent<R> {
    fn keep(&mut self, slot: Box<Slot<R>>) {
        let key = slot.row.key();
        self.arrivals.push_back(key.clone());
        self.rows.insert(key, slot);
        while self.arrivals.len() > ROWS_MAX {
            if let Some(oldest) = self.arrivals.pop_front() {
                self.rows.remove(&oldest);
            }
        }
    }

    fn recall(&mut self, rows: &mut Rows<R>, key: &R::Key) -> bool {
        let found = self.rows.remove(key);
        found.map(|slot| rows.recall(slot)).is_some()
    }

    fn keep_changed(&mut self, rows: &mut Rows<R>, unfinished: impl Fn(&R) -> bool) {
        for slot in rows.take_changed() {
            if unfinished(&slot.row) {
                self.keep(slot);
            }
        }
    }
}

impl Recall {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves what is remembered of these wants into the snapshot and notes which they were.
    pub fn recall(&self, (snapshot, wants): (&mut Snapshot, &[Want]), now_us: i64, recalled: &mut Vec<Want>) {
        let mut state = self.state();
        if now_us < state.resting_until_us {
            return;
        }
        recalled.extend(wants.iter().filter(|want| state.find(snapshot, want)).cloned());
    }

    /// Keeps what a committed batch changed of payments that are not over.
    pub fn remember(&self, snapshot: &mut Snapshot, now_us: i64) {
        let mut state = self.state();
        if now_us < state.resting_until_us {
            return;
        }
        state.payments.keep_changed(&mut snapshot.payments, |payment| !payment.status.terminal());
        state.attempts.keep_changed(&mut snapshot.attempts, |attempt| attempt.status.open());
        state.instructions.keep_changed(&mut snapshot.instructions, |instruction| {
            instruction.status == InstructionStatus::Open
        });
    }

    /// Forgets everything and recalls nothing for a while: another writer is at work on the same rows.
    pub fn rest(&self, now_us: i64) {
        *self.state() = State { resting_until_us: now_us.saturating_add(REST_US), ..State::default() };
    }

    /// Forgets an instruction that was changed beside the commands.
    pub fn forget_instruction(&self, tenant_id: TenantId, id: Id128) {
        self.state().instructions.rows.remove(&(tenant_id, id));
    }
}

impl State {
    #[expect(clippy::wildcard_enum_match_arm, reason = "only rows of three tables are remembered")]
    fn find(&mut self, snapshot: &mut Snapshot, want: &Want) -> bool {
        match want {
            Want::Payment(tenant, id) => self.payments.recall(&mut snapshot.payments, &(*tenant, *id)),
            Want::Attempt(tenant, id) => self.attempts.recall(&mut snapshot.attempts, &(*tenant, *id)),
            Want::Instruction(tenant, id) => {
                self.instructions.recall(&mut snapshot.instructions, &(*tenant, *id))
            }
            _ => false,
        }
    }
}

/// Compares recalled rows that were only looked at with the database; a difference is a conflict.
pub async fn compare(session: &mut Session, snapshot: &Snapshot, recalled: &[Want]) -> Result<(), DbError> {
    let looked_at: Vec<Want> = recalled.iter().filter(|want| !standing(snapshot, want).1).cloned().collect();
    if looked_at.is_empty() {
        return Ok(());
    }
    let mut stored = Snapshot::default();
    let loads = loads_for(&mut stored, &looked_at);
    for (load, rows) in loads.iter().zip(session.load(&loads).await?) {
        load.enter(&mut stored, rows)?;
    }
    if looked_at.iter().all(|want| standing(&stored, want).0 == standing(snapshot, want).0) {
        Ok(())
    } else {
        Err(DbError::Conflict("a remembered row was changed by another writer".to_owned()))
    }
}

/// The version of a remembered row and whether the batch changed it, in which case its update compares versions.
#[expect(clippy::wildcard_enum_match_arm, reason = "only rows of three tables are remembered")]
fn standing(snapshot: &Snapshot, want: &Want) -> (Option<i64>, bool) {
    fn of<R: Decided>(rows: &Rows<R>, key: &R::Key) -> (Option<i64>, bool) {
        (rows.get(key).map(Row::version), rows.has_changed(key))
    }
    match want {
        Want::Payment(tenant, id) => of(&snapshot.payments, &(*tenant, *id)),
        Want::Attempt(tenant, id) => of(&snapshot.attempts, &(*tenant, *id)),
        Want::Instruction(tenant, id) => of(&snapshot.instructions, &(*tenant, *id)),
        _ => (None, false),
    }
}
