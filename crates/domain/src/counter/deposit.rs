//! Cash brought to a bank by slip, and the line of the bank account that it turns out to be.

use crate::audit::{Act, Origin};
use crate::channel_account::Channel;
use crate::command::{Command, LaneKind, Want, Wants};
use crate::counter::{CashDeposit, CounterDay, DepositStatus, postings};
use crate::decision::{Changes, Decision};
use crate::id::{BankLineId, CashDepositId, ChannelAccountId, CounterDayId, TenantId, TypedId};
use crate::key::{KeyName, NaturalKey, NaturalKind};
use crate::ledger::{AccountKind, AccountRef};
use crate::moment::Moment;
use crate::person::name_of_actor;
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use serde_json::json;

/// Brings cash of a counter's day to a bank account.
#[derive(Debug, Clone)]
pub struct DepositCash {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The counter's day.
    pub counter_day_id: CounterDayId,
    /// The bank account.
    pub bank_account_id: ChannelAccountId,
    /// How much, minor units.
    pub amount_minor: i64,
    /// The number of the bank's slip, unique per bank account.
    pub slip_no: String,
    /// The actor's name.
    pub by: String,
    /// Who asks.
    pub origin: Origin,
}

impl DepositCash {
    fn key(&self) -> KeyName {
        KeyName::scoped(self.tenant_id, NaturalKind::DepositSlip, &self.bank_account_id, &self.slip_no)
    }

    fn known<'a>(&self, snapshot: &'a Snapshot) -> Option<&'a CashDeposit> {
        let key = snapshot.natural_keys.get(&self.key())?;
        snapshot.cash_deposits.get(&(self.tenant_id, CashDepositId(key.id)))
    }

    fn check(&self, day: &CounterDay, snapshot: &Snapshot) -> Result<(), Refusal> {
        let bank = snapshot.channel_accounts.get(&(self.tenant_id, self.bank_account_id));
        let bank = bank.ok_or(Refusal::NotFound { what: "channel_account" })?;
        if bank.channel != Channel::BankDirect {
            return Err(Refusal::FieldInvalid { param: "bank_account", reason: "not a bank account" });
        }
        if bank.currency != day.currency {
            return Err(Refusal::CurrencyNotSupported);
        }
        let fits = (1..=day.left_minor()).contains(&self.amount_minor);
        if fits { Ok(()) } else { Err(Refusal::DepositExceedsTakings) }
    }
}

impl Command for DepositCash {
    type Reply = CashDeposit;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Posting
    }

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::CounterDay(self.tenant_id, self.counter_day_id));
        wants.add(Want::ChannelAccount(self.tenant_id, self.bank_account_id));
        wants.add(Want::Natural(self.key()));
        if let Some(key) = snapshot.natural_keys.get(&self.key()) {
            wants.add(Want::CashDeposit(self.tenant_id, CashDepositId(key.id)));
        }
        let Some(day) = snapshot.counter_days.get(&(self.tenant_id, self.counter_day_id)) else { return };
        let transit = postings::in_transit(self.tenant_id, self.bank_account_id, day.currency);
        wants.add(Want::Account(transit));
        wants.add(Want::Account(postings::vault(self.tenant_id, day.currency)));
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<CashDeposit>, Refusal> {
        name_of_actor(&self.by)?;
        let day = snapshot.counter_days.get(&(self.tenant_id, self.counter_day_id));
        let mut day = day.cloned().ok_or(Refusal::NotFound { what: "counter_day" })?;
        if snapshot.natural_keys.get(&self.key()).is_some() {
            let terms = |row: &CashDeposit| (row.counter_day_id, row.amount_minor);
            let same = (self.counter_day_id, self.amount_minor);
            let known = self.known(snapshot).filter(|known| terms(known) == same);
            return known.map(|known| Decision::nothing(known.clone())).ok_or(Refusal::SlipUsed);
        }
        self.check(&day, snapshot)?;
        let deposit = CashDeposit {
            tenant_id: self.tenant_id,
            id: CashDepositId::new(moment),
            counter_day_id: day.id,
            channel_account_id: self.bank_account_id,
            amount_minor: self.amount_minor,
            currency: day.currency,
            slip_no: self.slip_no.clone(),
            status: DepositStatus::InTransit,
            bank_line_id: None,
            made_by: self.by.clone(),
            matched_by: None,
            created_at_us: moment.now_us,
            version: 0,
        };
        day.deposited_minor = day.deposited_minor.saturating_add(self.amount_minor);
        let mut changes = Changes::default();
        changes.put(NaturalKey { name: self.key(), id: deposit.id.id128() });
        changes.put_some(postings::deposit(&deposit, moment));
        let detail =
            json!({ "day": day.id, "amount": deposit.amount_minor, "slip": self.slip_no, "by": self.by });
        changes.audit((self.tenant_id, &self.origin), Act::CashDeposit, &deposit.id, &detail, moment);
        changes.put(day);
        changes.put(deposit.clone());
        Ok(Decision::new(deposit, changes))
    }
}

/// Says which line of the bank account a deposit is: the same amount, in full.
#[derive(Debug, Clone)]
pub struct MatchDeposit {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The deposit.
    pub cash_deposit_id: CashDepositId,
    /// The line.
    pub bank_line_id: BankLineId,
    /// The actor's name.
    pub by: String,
    /// Who asks.
    pub origin: Origin,
}

impl Command for MatchDeposit {
    type Reply = CashDeposit;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Posting
    }

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::BankLine(self.tenant_id, self.bank_line_id));
        wants.add(Want::CashDeposit(self.tenant_id, self.cash_deposit_id));
        let deposit = snapshot.cash_deposits.get(&(self.tenant_id, self.cash_deposit_id));
        let Some(deposit) = deposit else { return };
        let (bank, currency) = (deposit.channel_account_id, deposit.currency);
        wants.add(Want::Account(postings::in_transit(self.tenant_id, bank, currency)));
        let suspense = AccountRef::channel(self.tenant_id, bank, AccountKind::Suspense, currency);
        wants.add(Want::Account(suspense));
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<CashDeposit>, Refusal> {
        name_of_actor(&self.by)?;
        let deposit = snapshot.cash_deposits.get(&(self.tenant_id, self.cash_deposit_id));
        let mut deposit = deposit.cloned().ok_or(Refusal::NotFound { what: "cash_deposit" })?;
        if deposit.status == DepositStatus::Matched {
            let same = deposit.bank_line_id == Some(self.bank_line_id);
            return if same { Ok(Decision::nothing(deposit)) } else { Err(Refusal::MatchFinal) };
        }
        let line = snapshot.bank_lines.get(&(self.tenant_id, self.bank_line_id));
        let mut line = line.cloned().ok_or(Refusal::NotFound { what: "bank_transfer" })?;
        if line.channel_account_id != deposit.channel_account_id || line.left_minor() == 0 {
            return Err(Refusal::BankLineNotOpen);
        }
        if line.left_minor() != deposit.amount_minor {
            return Err(Refusal::MatchExceedsOpen);
        }
        line.matched_minor = line.matched_minor.saturating_add(deposit.amount_minor);
        line.updated_at_us = moment.now_us;
        deposit.status = DepositStatus::Matched;
        deposit.bank_line_id = Some(line.id);
        deposit.matched_by = Some(self.by.clone());
        let mut changes = Changes::default();
        changes.put_some(postings::matched(&deposit, moment));
        let detail = json!({ "deposit": deposit.id, "amount": deposit.amount_minor, "by": self.by });
        changes.audit((self.tenant_id, &self.origin), Act::BankLineMatch, &line.id, &detail, moment);
        changes.put(line);
        changes.put(deposit.clone());
        Ok(Decision::new(deposit, changes))
    }
}
