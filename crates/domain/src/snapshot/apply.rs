//! Applying a decision: all of it or none of it.

use crate::audit::Audit;
use crate::decision::{Change, Changes};
use crate::id::{AccountId, DeliveryId, TenantId, TypedId};
use crate::key::Head;
use crate::ledger::{Account, Entry};
use crate::moment::Moment;
use crate::snapshot::Snapshot;
use crate::webhook::{Delivery, DeliveryStatus, Event};
use std::collections::BTreeMap;
use std::fmt;

/// A decision that cannot be applied: a defect of the decision, never of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApplyFault {
    /// A balance does not fit into 64 bits.
    BalanceOverflow(AccountId),
    /// A guarded account would fall below minus its credit limit.
    BelowLimit(AccountId),
    /// A row of a tenant that the command does not act for.
    ForeignTenant(TenantId),
}

impl fmt::Display for ApplyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BalanceOverflow(id) => write!(f, "balance of {id} overflows"),
            Self::BelowLimit(id) => write!(f, "{id} would fall below its limit"),
            Self::ForeignTenant(id) => write!(f, "a row of {id} in another tenant's decision"),
        }
    }
}

impl std::error::Error for ApplyFault {}

impl Snapshot {
    /// Applies a decision made for one tenant in one lane: gives sequences, times, hashes and balances,
    /// and makes a delivery of each event for each endpoint that wants it.
    pub fn apply(
        &mut self,
        (tenant_id, lane): (TenantId, i64),
        changes: Changes,
        moment: &mut Moment<'_>,
    ) -> Result<(), ApplyFault> {
        self.check(tenant_id, &changes, moment.now_us)?;
        let mut head =
            self.heads.get(&(tenant_id, lane)).cloned().unwrap_or_else(|| Head::start(tenant_id, lane));
        let before = head.clone();
        for change in changes.into_vec() {
            self.put_change(change, &mut head, moment);
        }
        if head != before {
            self.heads.put(head);
        }
        Ok(())
    }

    fn check(&self, tenant_id: TenantId, changes: &Changes, now_us: i64) -> Result<(), ApplyFault> {
        let mut accounts: BTreeMap<AccountId, Account> = BTreeMap::new();
        for change in changes.as_slice() {
            let owner = owner_of(change);
            if owner != tenant_id {
                return Err(ApplyFault::ForeignTenant(owner));
            }
            let Change::Entry(entry) = change else { continue };
            for line in entry.lines() {
                let id = line.account.id();
                let account = accounts.entry(id).or_insert_with(|| self.account(&line.account, now_us));
                account.balance_minor = account
                    .balance_minor
                    .checked_add(line.signed_minor())
                    .ok_or(ApplyFault::BalanceOverflow(id))?;
            }
        }
        let below = accounts.values().find(|account| {
            let before =
                self.accounts.get(&(account.tenant_id, account.id)).map_or(0, |row| row.balance_minor);
            let drawn = account.balance_minor < before;
            account.kind.guarded() && drawn && account.available_minor() < 0
        });
        below.map_or(Ok(()), |account| Err(ApplyFault::BelowLimit(account.id)))
    }

    fn put_change(&mut self, change: Change, head: &mut Head, moment: &mut Moment<'_>) {
        match change {
            Change::Merchant(row) => self.merchants.put(*row),
            Change::Partner(row) => self.partners.put(*row),
            Change::Product(row) => self.products.put(*row),
            Change::OperatingProfile(row) => self.operating_profiles.put(*row),
            Change::Instalment(row) => self.instalments.put(*row),
            Change::Prepayment(row) => self.prepayments.put(*row),
            Change::Draw(row) => self.draws.put(*row),
            Change::IdentityPolicy(row) => self.identity_policies.put(*row),
            Change::PaymentIdentity(row) => self.payment_identities.put(*row),
            Change::PayerSum(row) => self.payer_sums.put(*row),
            Change::Agreement(row) => self.agreements.put(*row),
            Change::IdentityCheck(row) => self.identity_checks.put(*row),
            Change::IdentityPhoto(row) => self.identity_photos.put(*row),
            Change::ChannelAccount(row) => self.channel_accounts.put(*row),
            Change::WebhookEndpoint(row) => self.webhook_endpoints.put(*row),
            Change::App(row) => self.apps.put(*row),
            Change::ApiKey(row) => self.api_keys.put(*row),
            Change::NaturalKey(row) => self.natural_keys.put(*row),
            Change::Idempotency(row) => self.idempotency.put(*row),
            Change::Payment(row) => self.payments.put(*row),
            Change::Attempt(row) => self.attempts.put(*row),
            Change::Refund(row) => self.refunds.put(*row),
            Change::Hold(row) => self.holds.put(*row),
            Change::Instruction(row) => self.instructions.put(*row),
            Change::Exception(row) => self.exceptions.put(*row),
            Change::Delivery(row) => self.deliveries.put(*row),
            Change::BankLine(row) => self.bank_lines.put(*row),
            Change::TransferOrder(row) => self.transfer_orders.put(*row),
            Change::TransferMatch(row) => self.transfer_matches.put(*row),
            Change::Fulfilment(row) => self.fulfilments.put(*row),
            Change::Cheque(row) => self.cheques.put(*row),
            Change::Shift(row) => self.shifts.put(*row),
            Change::Seat(row) => self.seats.put(*row),
            Change::CounterDay(row) => self.counter_days.put(*row),
            Change::CounterMovement(row) => self.counter_movements.put(*row),
            Change::CashDeposit(row) => self.cash_deposits.put(*row),
            Change::TransferReturn(row) => self.transfer_returns.put(*row),
            Change::BankStatement(row) => self.bank_statements.put(*row),
            Change::SplitReceiver(row) => self.split_receivers.put(*row),
            Change::Split(row) => self.splits.put(*row),
            Change::SplitLine(row) => self.split_lines.put(*row),
            Change::SplitReturn(row) => self.split_returns.put(*row),
            Change::BankLink(row) => self.bank_links.put(*row),
            Change::AccountTerms(row) => self.accounts.put(*row),
            Change::Entry(entry) => self.append_entry(*entry, head, moment),
            Change::Event(event) => self.append_event(*event, head, moment),
            Change::Audit(audit) => self.append_audit(*audit, head, moment),
        }
    }

    fn append_entry(&mut self, mut entry: Entry, head: &mut Head, moment: &Moment<'_>) {
        entry.lane = head.lane;
        head.entry_seq = head.entry_seq.saturating_add(1);
        entry.seq = head.entry_seq;
        entry.booked_at_us = head.next_time_us(moment.now_us);
        for line in entry.lines_mut() {
            let mut account = self.account(&line.account, moment.now_us);
            account.balance_minor = account.balance_minor.saturating_add(line.signed_minor());
            line.balance_after_minor = account.balance_minor;
            self.accounts.put(account);
        }
        entry.hash = entry.computed_hash(&head.entry_hash);
        head.entry_hash.clone_from(&entry.hash);
        self.appended.entries.push(entry);
    }

    fn append_event(&mut self, mut event: Event, head: &mut Head, moment: &mut Moment<'_>) {
        event.lane = head.lane;
        head.event_seq = head.event_seq.saturating_add(1);
        event.lane_seq = head.event_seq;
        event.created_at_us = head.next_time_us(moment.now_us);
        let endpoints: Vec<_> = self
            .webhook_endpoints_of(event.tenant_id)
            .filter(|endpoint| endpoint.takes(&event))
            .map(|endpoint| endpoint.id)
            .collect();
        let leased = moment.delivery_lease_us > 0;
        for endpoint_id in endpoints {
            self.deliveries.put(Delivery {
                tenant_id: event.tenant_id,
                id: DeliveryId::new(moment),
                event_id: event.id,
                endpoint_id,
                status: DeliveryStatus::Pending,
                due_at_us: moment.now_us,
                lease_until_us: if leased { moment.after(moment.delivery_lease_us) } else { 0 },
                tries: i64::from(leased),
                last_status: None,
                last_error: None,
                created_at_us: moment.now_us,
                delivered_at_us: None,
                version: 0,
            });
        }
        self.appended.events.push(event);
    }

    fn append_audit(&mut self, mut audit: Audit, head: &mut Head, moment: &Moment<'_>) {
        audit.lane = head.lane;
        head.audit_seq = head.audit_seq.saturating_add(1);
        audit.seq = head.audit_seq;
        audit.at_us = head.next_time_us(moment.now_us);
        audit.prev_hash.clone_from(&head.audit_hash);
        audit.hash = audit.computed_hash();
        head.audit_hash.clone_from(&audit.hash);
        self.appended.audits.push(audit);
    }
}

fn owner_of(change: &Change) -> TenantId {
    match change {
        Change::Merchant(row) => row.tenant_id,
        Change::Partner(row) => row.tenant_id,
        Change::Product(row) => row.tenant_id,
        Change::IdentityPolicy(row) => row.tenant_id,
        Change::PaymentIdentity(row) => row.tenant_id,
        Change::PayerSum(row) => row.tenant_id,
        Change::Agreement(row) => row.tenant_id,
        Change::Instalment(row) => row.tenant_id,
        Change::Prepayment(row) => row.tenant_id,
        Change::Draw(row) => row.tenant_id,
        Change::OperatingProfile(row) => row.tenant_id,
        Change::IdentityCheck(row) => row.tenant_id,
        Change::IdentityPhoto(row) => row.tenant_id,
        Change::ChannelAccount(row) => row.tenant_id,
        Change::WebhookEndpoint(row) => row.tenant_id,
        Change::App(row) => row.tenant_id,
        Change::ApiKey(row) => row.tenant_id,
        Change::NaturalKey(row) => row.name.tenant_id,
        Change::Idempotency(row) => row.name.tenant_id,
        Change::Payment(row) => row.tenant_id,
        Change::Attempt(row) => row.tenant_id,
        Change::Refund(row) => row.tenant_id,
        Change::Hold(row) => row.tenant_id,
        Change::Instruction(row) => row.tenant_id,
        Change::Exception(row) => row.tenant_id,
        Change::Delivery(row) => row.tenant_id,
        Change::BankLine(row) => row.tenant_id,
        Change::TransferOrder(row) => row.tenant_id,
        Change::TransferMatch(row) => row.tenant_id,
        Change::Fulfilment(row) => row.tenant_id,
        Change::Cheque(row) => row.tenant_id,
        Change::Shift(row) => row.tenant_id,
        Change::Seat(row) => row.tenant_id,
        Change::CounterDay(row) => row.tenant_id,
        Change::CounterMovement(row) => row.tenant_id,
        Change::CashDeposit(row) => row.tenant_id,
        Change::TransferReturn(row) => row.tenant_id,
        Change::BankStatement(row) => row.tenant_id,
        Change::SplitReceiver(row) => row.tenant_id,
        Change::Split(row) => row.tenant_id,
        Change::SplitLine(row) => row.tenant_id,
        Change::SplitReturn(row) => row.tenant_id,
        Change::BankLink(row) => row.tenant_id,
        Change::AccountTerms(row) => row.tenant_id,
        Change::Entry(row) => row.tenant_id,
        Change::Event(row) => row.tenant_id,
        Change::Audit(row) => row.tenant_id,
    }
}
