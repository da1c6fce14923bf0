//! Delivers instructions: those just committed at once, and those that are due by claim.

use crate::workers::conversation::Rows;
use crate::workers::rounds::{self, Places};
use crate::{App, Failure};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tk_domain::id::{Id128, TenantId};
use tk_domain::idempotency::{Keep, RecordedAnswer};
use tk_domain::instruction::{Instruction, InstructionKind, InstructionStatus};
use tk_domain::payment::{Attempt, Outcome, Payment, Say};

/// Works until dropped.
pub(super) async fn run(app: App) {
    let limits = app.config().workers;
    let places = Places::new(limits.conversations_max, limits.claim_max);
    loop {
        let outcome = round(&app, &places).await;
        rounds::pause(&app, outcome).await;
    }
}

async fn round(app: &App, places: &Places) -> Result<usize, Failure> {
    let mut taken = 0_usize;
    for due in app.reader().tenants_with_due(app.now_us()).await?.into_iter().filter(|due| due.instructions) {
        let free = places.free_of(due.tenant_id);
        if free == 0 {
            // Its rows wait; the next round comes as after a busy one.
            taken = taken.max(1);
            continue;
        }
        let claimed = app.reader().claim_instructions(due.tenant_id, rounds::lease(app, free)).await?;
        taken = taken.saturating_add(claimed.len());
        for instruction in claimed {
            let Some(place) = places.take(due.tenant_id).await else { return Ok(taken) };
            let (app, conversing) = (app.clone(), app.under_way().begin());
            tokio::spawn(async move {
                app.converse_noted(instruction).await;
                drop((place, conversing));
            });
        }
    }
    Ok(taken)
}

/// An attempt just begun by a commit that leased its instruction to this process.
#[derive(Debug)]
pub struct Begun {
    /// The payment as committed.
    pub payment: Payment,
    /// The attempt as committed.
    pub attempt: Attempt,
    /// What is to be said to whom.
    pub say: Say,
}

/// What came of the first conversation about an attempt, and the answer that its commit kept for the request that
/// waited for it.
pub type Told = (Outcome, Option<RecordedAnswer>);

impl App {
    /// Says what a just begun attempt asks for and waits for its outcome, `wait_us` microseconds at most; nothing where
    /// it is not known by then. The conversation goes on whether or not the caller waits, but keeps no answer for a
    /// caller that has stopped waiting.
    pub async fn begin_with(&self, begun: Begun, keep: Option<Keep<Outcome>>, wait_us: i64) -> Option<Told> {
        if !self.leased(&begun.say.instruction) {
            // The commit's answer came so late that somebody else may have it by now.
            return None;
        }
        self.learn_attempt(&begun.attempt);
        // Also a caller that goes away has stopped waiting: its request may come again and is told what is recorded.
        let waiting = Waiting(Arc::new(AtomicBool::new(true)));
        let keep = keep.map(|keep| waiting.keeping(keep));
        let Begun { payment, attempt, say: Say { instruction, account } } = begun;
        let rows = Rows { instruction, payment, attempt, account: Some(account) };
        let (id, kind) = (rows.instruction.id, rows.instruction.kind);
        let (app, conversing) = (self.clone(), self.under_way().begin());
        let conversation = tokio::spawn(async move {
            let told = app.converse_about_payment(rows, keep).await;
            drop(conversing);
            told
        });
        match tokio::time::timeout(rounds::duration(wait_us), conversation).await {
            Ok(Ok(Ok(told))) => Some(told),
            Ok(Ok(Err(failure))) => {
                tracing::warn!(%failure, instruction = ?id, %kind, "a conversation's outcome was not noted");
                None
            }
            Ok(Err(_)) | Err(_) => {
                tracing::debug!(instruction = ?id, "the caller did not wait for the channel");
                None
            }
        }
    }

    /// Delivers the instruction of an attempt that the caller has just begun with a lease, and waits for its
    /// outcome, `wait_us` microseconds at most; the conversation goes on whether or not the caller waits.
    pub async fn begin_now(&self, tenant_id: TenantId, instruction_id: Id128, wait_us: i64) {
        self.deliver_within(tenant_id, instruction_id, (wait_us, |_| true)).await;
    }

    /// Delivers a question or a close that the caller has just committed with a lease, and waits for its
    /// outcome, `wait_us` microseconds at most. Never begins a payment: whoever committed it does that.
    pub async fn deliver_now(&self, tenant_id: TenantId, instruction_id: Id128, wait_us: i64) {
        let repeatable = |kind| kind != InstructionKind::Pay;
        self.deliver_within(tenant_id, instruction_id, (wait_us, repeatable)).await;
    }

    async fn deliver_within(
        &self,
        tenant_id: TenantId,
        instruction_id: Id128,
        (wait_us, may): (i64, fn(InstructionKind) -> bool),
    ) {
        let (app, conversing) = (self.clone(), self.under_way().begin());
        let conversation = tokio::spawn(async move {
            app.deliver_leased(tenant_id, instruction_id, may).await;
            drop(conversing);
        });
        if tokio::time::timeout(rounds::duration(wait_us), conversation).await.is_err() {
            tracing::debug!(instruction = ?instruction_id, "the caller did not wait for the channel");
        }
    }

    async fn deliver_leased(
        &self,
        tenant_id: TenantId,
        instruction_id: Id128,
        may: fn(InstructionKind) -> bool,
    ) {
        match self.reader().get::<Instruction>(&(tenant_id, instruction_id)).await {
            Ok(Some(instruction)) if self.leased(&instruction) && may(instruction.kind) => {
                self.converse_noted(instruction).await;
            }
            Ok(_) => {}
            Err(failure) => tracing::warn!(%failure, "an instruction could not be read"),
        }
    }

    fn leased(&self, instruction: &Instruction) -> bool {
        instruction.status == InstructionStatus::Open && instruction.lease_until_us > self.now_us()
    }

    async fn converse_noted(&self, instruction: Instruction) {
        let (id, kind) = (instruction.id, instruction.kind);
        if let Err(failure) = self.converse(instruction).await {
            tracing::warn!(%failure, instruction = ?id, %kind, "a conversation's outcome was not noted");
        }
    }
}

/// Somebody waits for an answer, until this is dropped.
struct Waiting(Arc<AtomicBool>);

impl Waiting {
    /// Keeps an answer only while somebody waits for it: whoever stopped waiting was answered something else.
    fn keeping(&self, keep: Keep<Outcome>) -> Keep<Outcome> {
        let (render, waits) = (Arc::clone(&keep.render), Arc::clone(&self.0));
        let render = move |outcome: &Outcome, live: bool| {
            if waits.load(Ordering::SeqCst) { render(outcome, live) } else { None }
        };
        Keep { render: Arc::new(render), ..keep }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}
