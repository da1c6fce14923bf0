//! One batch: load what the commands want, let each decide in order, write once, commit.

use crate::batches::{BatchRow, batch_write};
use crate::config::{Ambient, Commits, StoreConfig};
use crate::failure::DbError;
use crate::hand_over::Desk;
use crate::load::loads_for;
use crate::recall::{Recall, compare};
use crate::session::Session;
use crate::write::writes_of;
use crate::writer::job::Job;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use tk_domain::command::{Want, Wants};
use tk_domain::id::{Id128, TenantId};
use tk_domain::moment::{Entropy, Moment};
use tk_domain::snapshot::Snapshot;

/// Why a batch was not committed.
#[derive(Debug)]
pub enum Trouble {
    /// The database said no before the commit was asked for.
    Database(DbError),
    /// The commit was asked for and its answer is not known.
    CommitLost(Id128, DbError),
    /// A command panicked or its decision cannot be applied.
    Defect(String),
}

impl From<DbError> for Trouble {
    fn from(error: DbError) -> Self {
        Self::Database(error)
    }
}

/// How often a batch asks its commands what else they want.
const ROUNDS_MAX: usize = 16;

/// What a batch needs besides its commands.
pub struct Surroundings<'a> {
    /// The number of the lane.
    pub lane: i64,
    /// Clock and entropy.
    pub ambient: &'a dyn Ambient,
    /// Limits and failpoints.
    pub config: &'a StoreConfig,
    /// Where new deliveries are handed over after their commit.
    pub desk: &'a Arc<Desk>,
    /// What earlier commits of this process left.
    pub recall: &'a Recall,
}

struct Bits<'a>(&'a dyn Ambient);

impl Entropy for Bits<'_> {
    fn bits(&mut self) -> u128 {
        self.0.bits()
    }
}

/// Runs commands to their commit; none has been answered when this returns.
pub async fn run(
    session: &mut Session,
    jobs: &mut [Box<dyn Job>],
    around: &Surroundings<'_>,
) -> Result<(), Trouble> {
    let mut tenants: Vec<TenantId> = jobs.iter().map(|job| job.tenant_id()).collect();
    tenants.sort_unstable();
    tenants.dedup();
    session.begin(&tenants)?;
    let mut rows = Known::default();
    let outcome = decide_and_commit(session, jobs, (&mut rows, around)).await;
    if matches!(outcome, Err(Trouble::Database(DbError::Conflict(_)))) && !rows.recalled.is_empty() {
        around.recall.rest(around.ambient.now_us());
    }
    outcome
}

/// The rows of a batch, and which of them were not read from the database.
#[derive(Default)]
struct Known {
    snapshot: Snapshot,
    recalled: Vec<Want>,
}

async fn decide_and_commit(
    session: &mut Session,
    jobs: &mut [Box<dyn Job>],
    (rows, around): (&mut Known, &Surroundings<'_>),
) -> Result<(), Trouble> {
    load_wants(session, rows, (jobs, around)).await?;
    let now_us = around.ambient.now_us();
    for index in 0..jobs.len() {
        // What earlier commands decided may lead this one to further rows.
        let Some(this) = jobs.get_mut(index..=index) else { break };
        load_wants(session, rows, (this, around)).await?;
        for job in this {
            decide(job.as_mut(), &mut rows.snapshot, (around, now_us))?;
        }
    }
    compare(session, &rows.snapshot, &rows.recalled).await?;
    commit(session, &mut rows.snapshot, (around, now_us)).await
}

async fn load_wants(
    session: &mut Session,
    rows: &mut Known,
    (jobs, around): (&[Box<dyn Job>], &Surroundings<'_>),
) -> Result<(), Trouble> {
    let Known { snapshot, recalled } = rows;
    for _ in 0..ROUNDS_MAX {
        let mut wants = Wants::default();
        for job in jobs {
            let asked = catch_unwind(AssertUnwindSafe(|| job.wants(snapshot, &mut wants)));
            asked.map_err(|panic| Trouble::Defect(panic_text(panic.as_ref())))?;
            wants.add(Want::Head(job.tenant_id(), around.lane));
            // Events fan out to endpoints when they are applied.
            wants.add(Want::WebhookEndpoints(job.tenant_id()));
        }
        let missing = wants.missing(snapshot);
        if missing.is_empty() {
            return Ok(());
        }
        if around.config.commits == Commits::Grouped {
            around.recall.recall((snapshot, &missing), around.ambient.now_us(), recalled);
        }
        let loads = loads_for(snapshot, &missing);
        if !loads.is_empty() {
            let returned = session.load(&loads).await?;
            for (load, rows) in loads.iter().zip(returned) {
                load.enter(snapshot, rows)?;
            }
        }
        for want in missing {
            snapshot.learned(want);
        }
    }
    Err(Trouble::Defect("a command wants rows without end".to_owned()))
}

fn decide(
    job: &mut dyn Job,
    snapshot: &mut Snapshot,
    (around, now_us): (&Surroundings<'_>, i64),
) -> Result<(), Trouble> {
    let mut bits = Bits(around.ambient);
    let mut moment = Moment::new(now_us, &mut bits);
    moment.live = around.config.live;
    let tenant_id = job.tenant_id();
    moment.delivery_lease_us = around.desk.lease_us(tenant_id);
    let decided = catch_unwind(AssertUnwindSafe(|| {
        let changes = job.decide(snapshot, &mut moment);
        if changes.is_empty() {
            Ok(())
        } else {
            snapshot.apply((tenant_id, around.lane), changes, &mut moment)
        }
    }));
    match decided {
        Ok(Ok(())) => Ok(()),
        Ok(Err(fault)) => Err(Trouble::Defect(fault.to_string())),
        Err(panic) => Err(Trouble::Defect(panic_text(panic.as_ref()))),
    }
}

async fn commit(
    session: &mut Session,
    snapshot: &mut Snapshot,
    (around, now_us): (&Surroundings<'_>, i64),
) -> Result<(), Trouble> {
    let fresh = Desk::gather(snapshot);
    let access = !snapshot.apps.is_unchanged() || !snapshot.api_keys.is_unchanged();
    let mut writes = writes_of(snapshot);
    if writes.is_empty() {
        session.rollback().await?;
        return Ok(());
    }
    let batch_id = Id128::v7(now_us, around.ambient.bits());
    writes.push(batch_write(&BatchRow { id: batch_id, committed_at_us: now_us }));
    session.write(&writes).await?;
    (around.config.failpoints)("mid_batch");
    let committed = session.commit().await;
    if access {
        around.desk.access_changed();
    }
    match committed {
        Ok(()) => {
            around.recall.remember(snapshot, around.ambient.now_us());
            around.desk.hand_over(fresh);
            Ok(())
        }
        Err(error @ DbError::Conflict(_)) => Err(Trouble::Database(error)),
        Err(error @ (DbError::Gone(_) | DbError::Full(_) | DbError::Other(_))) => {
            Err(Trouble::CommitLost(batch_id, error))
        }
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "panic".to_owned())
}
