//! The store: all rows in memory, and one place where a command becomes a commit.

use tk_domain::command::{Command, LaneKind};
use tk_domain::decision::{Changes, Decision};
use tk_domain::id::{
    AccountId, AttemptId, DeliveryId, ExceptionId, HoldId, Id128, PaymentId, RefundId, SplitLineId, TenantId,
};
use tk_domain::key::KeyName;
use tk_domain::moment::{Entropy, Moment};
use tk_domain::refusal::Refusal;
use tk_domain::snapshot::{Appended, ApplyFault, Row, Rows, Snapshot};
use tk_simulator::core::Dice;

/// Random bits from the seed.
#[derive(Debug)]
pub(crate) struct SeededBits(pub(crate) Dice);

impl Entropy for SeededBits {
    fn bits(&mut self) -> u128 {
        (u128::from(self.0.next_u64()) << 64) | u128::from(self.0.next_u64())
    }
}

/// Keys of the rows that one commit changed, and what it appended.
#[derive(Debug, Default)]
pub(crate) struct Commit {
    pub(crate) tenant_id: TenantId,
    pub(crate) payments: Vec<(TenantId, PaymentId)>,
    pub(crate) attempts: Vec<(TenantId, AttemptId)>,
    pub(crate) refunds: Vec<(TenantId, RefundId)>,
    pub(crate) holds: Vec<(TenantId, HoldId)>,
    pub(crate) split_lines: Vec<(TenantId, SplitLineId)>,
    pub(crate) accounts: Vec<(TenantId, AccountId)>,
    pub(crate) instructions: Vec<(TenantId, Id128)>,
    pub(crate) deliveries: Vec<(TenantId, DeliveryId)>,
    pub(crate) exceptions: Vec<(TenantId, ExceptionId)>,
    pub(crate) natural_keys: Vec<KeyName>,
    pub(crate) appended: Appended,
}

impl Commit {
    /// Whether it changed nothing at all.
    pub(crate) const fn is_empty(&self) -> bool {
        self.payments.is_empty()
            && self.attempts.is_empty()
            && self.refunds.is_empty()
            && self.holds.is_empty()
            && self.split_lines.is_empty()
            && self.accounts.is_empty()
            && self.instructions.is_empty()
            && self.deliveries.is_empty()
            && self.exceptions.is_empty()
            && self.natural_keys.is_empty()
            && self.appended.entries.is_empty()
            && self.appended.events.is_empty()
            && self.appended.audits.is_empty()
    }
}

/// All rows, and the source of identifiers.
#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) rows: Snapshot,
    pub(crate) bits: SeededBits,
}

impl Store {
    pub(crate) fn new(seed: u64) -> Self {
        Self { rows: Snapshot::complete(), bits: SeededBits(Dice::new(seed ^ 0xB175)) }
    }

    /// Decides without committing anything: a batch that will be rolled back.
    pub(crate) fn decide<C: Command>(
        &mut self,
        command: &C,
        now_us: i64,
    ) -> Result<Decision<C::Reply>, Refusal> {
        command.decide(&self.rows, &mut Moment::new(now_us, &mut self.bits))
    }

    /// One transaction: all of the changes, or none.
    pub(crate) fn commit(
        &mut self,
        (tenant_id, lane): (TenantId, LaneKind),
        changes: Changes,
        now_us: i64,
    ) -> Result<Commit, ApplyFault> {
        let lane = match lane {
            LaneKind::Plain => 0,
            LaneKind::Posting => 1,
        };
        let mut moment = Moment::new(now_us, &mut self.bits);
        self.rows.apply((tenant_id, lane), changes, &mut moment)?;
        Ok(self.settle(tenant_id))
    }

    fn settle(&mut self, tenant_id: TenantId) -> Commit {
        let rows = &mut self.rows;
        let commit = Commit {
            tenant_id,
            payments: taken(&mut rows.payments),
            attempts: taken(&mut rows.attempts),
            refunds: taken(&mut rows.refunds),
            holds: taken(&mut rows.holds),
            split_lines: taken(&mut rows.split_lines),
            accounts: taken(&mut rows.accounts),
            instructions: taken(&mut rows.instructions),
            deliveries: taken(&mut rows.deliveries),
            exceptions: taken(&mut rows.exceptions),
            natural_keys: taken(&mut rows.natural_keys),
            appended: std::mem::take(&mut rows.appended),
        };
        rows.splits.settle();
        rows.split_returns.settle();
        rows.heads.settle();
        rows.idempotency.settle();
        rows.webhook_endpoints.settle();
        rows.channel_accounts.settle();
        rows.bank_lines.settle();
        rows.bank_links.settle();
        rows.bank_statements.settle();
        rows.transfer_orders.settle();
        rows.transfer_matches.settle();
        rows.prepayments.settle();
        rows.draws.settle();
        rows.shifts.settle();
        rows.seats.settle();
        rows.counter_days.settle();
        rows.counter_movements.settle();
        rows.cash_deposits.settle();
        rows.cheques.settle();
        rows.agreements.settle();
        rows.identity_checks.settle();
        rows.payment_identities.settle();
        rows.payer_sums.settle();
        commit
    }
}

fn taken<R: Row>(rows: &mut Rows<R>) -> Vec<R::Key> {
    if rows.is_unchanged() {
        return Vec::new();
    }
    let keys = rows.changed_keys().cloned().collect();
    rows.settle();
    keys
}
