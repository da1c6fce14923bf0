//! Whether a command names every row it reads or writes: it must decide the same over those rows alone.

use crate::checker::Checker;
use crate::store::Store;
use std::collections::BTreeSet;
use tk_domain::command::{Command, Want, Wants};
use tk_domain::decision::Change;
use tk_domain::moment::Moment;
use tk_domain::operating_profile::profile_id;
use tk_domain::snapshot::{Row, Rows, Snapshot};
use tk_simulator::core::Dice;

/// One command in so many is decided twice.
const ONE_IN: u64 = 16;
/// More rounds of loading than any command needs.
const ROUNDS_MAX: usize = 8;

/// Counts commands, so that the sample does not disturb the story's dice.
#[derive(Debug, Default)]
pub(crate) struct Sampler {
    commands: u64,
}

impl Checker {
    /// The writer loads only what a command wants; deciding over that must come to the same.
    pub(crate) fn declared_wants<C: Command>(&mut self, store: &Store, command: &C, now_us: i64) {
        self.wants.commands = self.wants.commands.wrapping_add(1);
        if !self.wants.commands.is_multiple_of(ONE_IN) {
            return;
        }
        let mut partial = Snapshot::default();
        let mut wanted = BTreeSet::new();
        for _ in 0..ROUNDS_MAX {
            let mut wants = Wants::default();
            command.wants(&partial, &mut wants);
            let missing = wants.missing(&partial);
            if missing.is_empty() {
                break;
            }
            for want in missing {
                load(&store.rows, &want, &mut partial);
                wanted.insert(want.clone());
                partial.learned(want);
            }
        }
        let seed = self.wants.commands;
        let mut bits = crate::store::SeededBits(Dice::new(seed));
        let alone = command.decide(&partial, &mut Moment::new(now_us, &mut bits));
        let mut bits = crate::store::SeededBits(Dice::new(seed));
        let whole = command.decide(&store.rows, &mut Moment::new(now_us, &mut bits));
        match (alone, whole) {
            (Ok(alone), Ok(whole)) => {
                let same = alone.changes == whole.changes;
                self.require(same, "wants", || format!("{} decides otherwise", std::any::type_name::<C>()));
                for change in whole.changes.as_slice() {
                    self.written_was_wanted(change, &store.rows, &partial, &wanted);
                }
            }
            (Err(alone), Err(whole)) if alone == whole => {}
            (alone, whole) => {
                let text =
                    format!("{}: {:?} against {:?}", std::any::type_name::<C>(), alone.err(), whole.err());
                self.violation("wants", text);
            }
        }
    }

    fn written_was_wanted(
        &mut self,
        change: &Change,
        rows: &Snapshot,
        partial: &Snapshot,
        wanted: &BTreeSet<Want>,
    ) {
        let holds = match change {
            Change::Payment(row) => known(&rows.payments, &partial.payments, row.as_ref()),
            Change::Attempt(row) => known(&rows.attempts, &partial.attempts, row.as_ref()),
            Change::Refund(row) => known(&rows.refunds, &partial.refunds, row.as_ref()),
            Change::Hold(row) => known(&rows.holds, &partial.holds, row.as_ref()),
            Change::Instruction(row) => known(&rows.instructions, &partial.instructions, row.as_ref()),
            Change::Exception(row) => wanted.contains(&Want::Exception(row.tenant_id, row.id)),
            Change::Delivery(row) => known(&rows.deliveries, &partial.deliveries, row.as_ref()),
            Change::BankLine(row) => known(&rows.bank_lines, &partial.bank_lines, row.as_ref()),
            Change::TransferOrder(row) => {
                known(&rows.transfer_orders, &partial.transfer_orders, row.as_ref())
            }
            Change::TransferMatch(row) => {
                known(&rows.transfer_matches, &partial.transfer_matches, row.as_ref())
            }
            Change::Fulfilment(row) => known(&rows.fulfilments, &partial.fulfilments, row.as_ref()),
            Change::Cheque(row) => known(&rows.cheques, &partial.cheques, row.as_ref()),
            Change::Shift(row) => known(&rows.shifts, &partial.shifts, row.as_ref()),
            Change::Seat(row) => known(&rows.seats, &partial.seats, row.as_ref()),
            Change::CounterDay(row) => known(&rows.counter_days, &partial.counter_days, row.as_ref()),
            Change::CounterMovement(row) => {
                known(&rows.counter_movements, &partial.counter_movements, row.as_ref())
            }
            Change::CashDeposit(row) => known(&rows.cash_deposits, &partial.cash_deposits, row.as_ref()),
            Change::TransferReturn(row) => {
                known(&rows.transfer_returns, &partial.transfer_returns, row.as_ref())
            }
            Change::SplitReceiver(row) => {
                known(&rows.split_receivers, &partial.split_receivers, row.as_ref())
            }
            Change::Split(row) => known(&rows.splits, &partial.splits, row.as_ref()),
            Change::SplitLine(row) => known(&rows.split_lines, &partial.split_lines, row.as_ref()),
            Change::SplitReturn(row) => known(&rows.split_returns, &partial.split_returns, row.as_ref()),
            Change::BankStatement(row) => {
                known(&rows.bank_statements, &partial.bank_statements, row.as_ref())
            }
            Change::BankLink(row) => known(&rows.bank_links, &partial.bank_links, row.as_ref()),
            Change::PaymentIdentity(row) => {
                known(&rows.payment_identities, &partial.payment_identities, row.as_ref())
            }
            Change::Instalment(row) => known(&rows.instalments, &partial.instalments, row.as_ref()),
            Change::Prepayment(row) => known(&rows.prepayments, &partial.prepayments, row.as_ref()),
            Change::Draw(row) => known(&rows.draws, &partial.draws, row.as_ref()),
            Change::PayerSum(row) => known(&rows.payer_sums, &partial.payer_sums, row.as_ref()),
            Change::Agreement(row) => known(&rows.agreements, &partial.agreements, row.as_ref()),
            Change::IdentityCheck(row) => {
                known(&rows.identity_checks, &partial.identity_checks, row.as_ref())
            }
            Change::IdentityPhoto(row) => {
                known(&rows.identity_photos, &partial.identity_photos, row.as_ref())
            }
            Change::NaturalKey(row) => wanted.contains(&Want::Natural(row.name.clone())),
            Change::Idempotency(row) => wanted.contains(&Want::Idempotency(row.name.clone())),
            Change::Entry(entry) => {
                entry.lines().iter().all(|line| wanted.contains(&Want::Account(line.account)))
            }
            Change::Merchant(_)
            | Change::Partner(_)
            | Change::IdentityPolicy(_)
            | Change::OperatingProfile(_)
            | Change::Product(_)
            | Change::ChannelAccount(_)
            | Change::WebhookEndpoint(_)
            | Change::App(_)
            | Change::ApiKey(_)
            | Change::AccountTerms(_)
            | Change::Event(_)
            | Change::Audit(_) => true,
        };
        self.require(holds, "wants", || format!("written and not wanted: {change:?}"));
    }
}

fn known<R: Row>(whole: &Rows<R>, partial: &Rows<R>, row: &R) -> bool {
    let key = row.key();
    whole.get(&key).is_none() || partial.get(&key).is_some()
}

fn copy<R: Row>(whole: &Rows<R>, partial: &mut Rows<R>, key: &R::Key) {
    if let Some(row) = whole.get(key) {
        partial.load(row.clone());
    }
}

#[expect(clippy::too_many_lines, reason = "one arm for each kind of row")]
fn load(rows: &Snapshot, want: &Want, partial: &mut Snapshot) {
    match want {
        Want::Merchant(tenant, id) => copy(&rows.merchants, &mut partial.merchants, &(*tenant, *id)),
        Want::Partner(tenant, id) => copy(&rows.partners, &mut partial.partners, &(*tenant, *id)),
        Want::OperatingProfile(tenant) => {
            let key = (*tenant, profile_id(*tenant));
            copy(&rows.operating_profiles, &mut partial.operating_profiles, &key);
        }
        Want::IdentityPolicy(tenant) => {
            let key = (*tenant, tk_domain::id::IdentityPolicyId(tenant.0));
            copy(&rows.identity_policies, &mut partial.identity_policies, &key);
        }
        Want::PaymentIdentity(tenant, id) => {
            copy(&rows.payment_identities, &mut partial.payment_identities, &(*tenant, *id));
        }
        Want::Instalment(tenant, id) => copy(&rows.instalments, &mut partial.instalments, &(*tenant, *id)),
        Want::Prepayment(tenant, id) => copy(&rows.prepayments, &mut partial.prepayments, &(*tenant, *id)),
        Want::Draw(tenant, id) => copy(&rows.draws, &mut partial.draws, &(*tenant, *id)),
        Want::PayerSum(tenant, id) => copy(&rows.payer_sums, &mut partial.payer_sums, &(*tenant, *id)),
        Want::Agreement(tenant, id) => copy(&rows.agreements, &mut partial.agreements, &(*tenant, *id)),
        Want::IdentityCheck(tenant, id) => {
            copy(&rows.identity_checks, &mut partial.identity_checks, &(*tenant, *id));
        }
        Want::IdentityPhoto(tenant, id) => {
            copy(&rows.identity_photos, &mut partial.identity_photos, &(*tenant, *id));
        }
        Want::Product(tenant, id) => copy(&rows.products, &mut partial.products, &(*tenant, *id)),
        Want::ChannelAccount(tenant, id) => {
            copy(&rows.channel_accounts, &mut partial.channel_accounts, &(*tenant, *id));
        }
        Want::ChannelAccounts(tenant) => {
            for row in rows.channel_accounts_of(*tenant) {
                partial.channel_accounts.load(row.clone());
            }
        }
        Want::WebhookEndpoints(tenant) => {
            for row in rows.webhook_endpoints_of(*tenant) {
                partial.webhook_endpoints.load(row.clone());
            }
        }
        Want::App(tenant, id) => copy(&rows.apps, &mut partial.apps, &(*tenant, *id)),
        Want::ApiKey(tenant, id) => copy(&rows.api_keys, &mut partial.api_keys, &(*tenant, *id)),
        Want::Event(tenant, id) => copy(&rows.known_events, &mut partial.known_events, &(*tenant, *id)),
        Want::Natural(name) => copy(&rows.natural_keys, &mut partial.natural_keys, name),
        Want::Idempotency(name) => copy(&rows.idempotency, &mut partial.idempotency, name),
        Want::Payment(tenant, id) => copy(&rows.payments, &mut partial.payments, &(*tenant, *id)),
        Want::Attempt(tenant, id) => copy(&rows.attempts, &mut partial.attempts, &(*tenant, *id)),
        Want::Refund(tenant, id) => copy(&rows.refunds, &mut partial.refunds, &(*tenant, *id)),
        Want::Hold(tenant, id) => copy(&rows.holds, &mut partial.holds, &(*tenant, *id)),
        Want::Instruction(tenant, id) => copy(&rows.instructions, &mut partial.instructions, &(*tenant, *id)),
        Want::Exception(tenant, id) => copy(&rows.exceptions, &mut partial.exceptions, &(*tenant, *id)),
        Want::Delivery(tenant, id) => copy(&rows.deliveries, &mut partial.deliveries, &(*tenant, *id)),
        Want::BankLine(tenant, id) => copy(&rows.bank_lines, &mut partial.bank_lines, &(*tenant, *id)),
        Want::TransferOrder(tenant, id) => {
            copy(&rows.transfer_orders, &mut partial.transfer_orders, &(*tenant, *id));
        }
        Want::TransferMatch(tenant, id) => {
            copy(&rows.transfer_matches, &mut partial.transfer_matches, &(*tenant, *id));
        }
        Want::Fulfilment(tenant, id) => copy(&rows.fulfilments, &mut partial.fulfilments, &(*tenant, *id)),
        Want::Cheque(tenant, id) => copy(&rows.cheques, &mut partial.cheques, &(*tenant, *id)),
        Want::Shift(tenant, id) => copy(&rows.shifts, &mut partial.shifts, &(*tenant, *id)),
        Want::Seat(tenant, id) => copy(&rows.seats, &mut partial.seats, &(*tenant, *id)),
        Want::CounterDay(tenant, id) => copy(&rows.counter_days, &mut partial.counter_days, &(*tenant, *id)),
        Want::CounterMovement(tenant, id) => {
            copy(&rows.counter_movements, &mut partial.counter_movements, &(*tenant, *id));
        }
        Want::CashDeposit(tenant, id) => {
            copy(&rows.cash_deposits, &mut partial.cash_deposits, &(*tenant, *id));
        }
        Want::TransferReturn(tenant, id) => {
            copy(&rows.transfer_returns, &mut partial.transfer_returns, &(*tenant, *id));
        }
        Want::BankLink(tenant, id) => copy(&rows.bank_links, &mut partial.bank_links, &(*tenant, *id)),
        Want::BankStatement(tenant, id) => {
            copy(&rows.bank_statements, &mut partial.bank_statements, &(*tenant, *id));
        }
        Want::SplitReceiver(tenant, id) => {
            copy(&rows.split_receivers, &mut partial.split_receivers, &(*tenant, *id));
        }
        Want::Split(tenant, id) => copy(&rows.splits, &mut partial.splits, &(*tenant, *id)),
        Want::SplitLine(tenant, id) => copy(&rows.split_lines, &mut partial.split_lines, &(*tenant, *id)),
        Want::SplitReturn(tenant, id) => {
            copy(&rows.split_returns, &mut partial.split_returns, &(*tenant, *id));
        }
        Want::Account(name) => copy(&rows.accounts, &mut partial.accounts, &(name.tenant_id, name.id())),
        Want::Head(tenant, lane) => copy(&rows.heads, &mut partial.heads, &(*tenant, *lane)),
    }
}
