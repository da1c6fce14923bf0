//! The rows that commands decide over: an identity map that earlier decisions have already changed.
//!
//! The writer fills it from the database and writes back what changed; the simulation keeps one in memory
//! for ever. Both apply decisions by [`Snapshot::apply`].

mod apply;
mod rows;

pub use apply::ApplyFault;
pub use rows::{Appended, Row, Rows, Slot};

use crate::access::{ApiKey, App};
use crate::agreement::Agreement;
use crate::bank_link::BankLink;
use crate::channel_account::ChannelAccount;
use crate::cheque::Cheque;
use crate::command::Want;
use crate::counter::{CashDeposit, CounterDay, CounterMovement, Seat, Shift};
use crate::exception::Exception;
use crate::fulfilment::Fulfilment;
use crate::id::{IdentityPolicyId, TenantId};
use crate::identity::{IdentityCheck, IdentityPhoto, IdentityPolicy, PayerSum, PaymentIdentity};
use crate::instalment::Instalment;
use crate::instruction::Instruction;
use crate::key::{Head, IdempotencyRecord, NaturalKey};
use crate::ledger::{Account, AccountRef, Hold};
use crate::merchant::Merchant;
use crate::operating_profile::{OperatingProfile, ProfileKind, profile_id};
use crate::partner::Partner;
use crate::payment::{Attempt, Payment};
use crate::prepayment::{Draw, Prepayment};
use crate::product::Product;
use crate::refund::Refund;
use crate::split::{Split, SplitLine, SplitReceiver, SplitReturn};
use crate::transfer::{BankLine, BankStatement, TransferMatch, TransferOrder, TransferReturn};
use crate::webhook::{Delivery, Event, WebhookEndpoint};
use std::collections::HashSet;

/// The rows that commands decide over.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// Merchants.
    pub merchants: Rows<Merchant>,
    /// Partners.
    pub partners: Rows<Partner>,
    /// Products.
    pub products: Rows<Product>,
    /// Rules for identity checks.
    pub identity_policies: Rows<IdentityPolicy>,
    /// What is proven about payers of payments.
    pub payment_identities: Rows<PaymentIdentity>,
    /// What payers set out to pay on their latest days.
    pub payer_sums: Rows<PayerSum>,
    /// Cards opened for payment by token.
    pub agreements: Rows<Agreement>,
    /// What tenants are.
    pub operating_profiles: Rows<OperatingProfile>,
    /// Periods of policies and their payments.
    pub instalments: Rows<Instalment>,
    /// What was paid in advance for stays and cases.
    pub prepayments: Rows<Prepayment>,
    /// Money drawn from prepayments.
    pub draws: Rows<Draw>,
    /// Identity checks.
    pub identity_checks: Rows<IdentityCheck>,
    /// Photos of documents.
    pub identity_photos: Rows<IdentityPhoto>,
    /// Channel accounts.
    pub channel_accounts: Rows<ChannelAccount>,
    /// Webhook endpoints.
    pub webhook_endpoints: Rows<WebhookEndpoint>,
    /// Apps.
    pub apps: Rows<App>,
    /// Keys of apps.
    pub api_keys: Rows<ApiKey>,
    /// Natural keys.
    pub natural_keys: Rows<NaturalKey>,
    /// Idempotency records.
    pub idempotency: Rows<IdempotencyRecord>,
    /// Payments.
    pub payments: Rows<Payment>,
    /// Attempts.
    pub attempts: Rows<Attempt>,
    /// Refunds.
    pub refunds: Rows<Refund>,
    /// Holds.
    pub holds: Rows<Hold>,
    /// Instructions.
    pub instructions: Rows<Instruction>,
    /// Exceptions.
    pub exceptions: Rows<Exception>,
    /// Deliveries.
    pub deliveries: Rows<Delivery>,
    /// Lines of bank accounts.
    pub bank_lines: Rows<BankLine>,
    /// What attempts by bank transfer wait for.
    pub transfer_orders: Rows<TransferOrder>,
    /// Matches of lines and orders.
    pub transfer_matches: Rows<TransferMatch>,
    /// What became of the policies of payments.
    pub fulfilments: Rows<Fulfilment>,
    /// Cheques.
    pub cheques: Rows<Cheque>,
    /// Shifts.
    pub shifts: Rows<Shift>,
    /// What open shifts have.
    pub seats: Rows<Seat>,
    /// Days of counters.
    pub counter_days: Rows<CounterDay>,
    /// Money over counters.
    pub counter_movements: Rows<CounterMovement>,
    /// Cash brought to banks.
    pub cash_deposits: Rows<CashDeposit>,
    /// Money on its way back to senders.
    pub transfer_returns: Rows<TransferReturn>,
    /// Statements of banks.
    pub bank_statements: Rows<BankStatement>,
    /// Parties that get shares.
    pub split_receivers: Rows<SplitReceiver>,
    /// Divisions of payments.
    pub splits: Rows<Split>,
    /// Shares of receivers.
    pub split_lines: Rows<SplitLine>,
    /// Shares on their way back.
    pub split_returns: Rows<SplitReturn>,
    /// Direct links of bank accounts.
    pub bank_links: Rows<BankLink>,
    /// Accounts.
    pub accounts: Rows<Account>,
    /// Heads of sequences.
    pub heads: Rows<Head>,
    /// Events loaded because a command wants them.
    pub known_events: Rows<Event>,
    /// What was appended since the snapshot was made or last drained.
    pub appended: Appended,
    // Only ever asked for membership, so its order is of no consequence.
    asked: HashSet<Want>,
    complete: bool,
}

impl Snapshot {
    /// A snapshot that holds all there is: what is not in it does not exist (the simulation's store).
    #[must_use]
    pub fn complete() -> Self {
        Self { complete: true, ..Self::default() }
    }

    /// Whether a want was loaded (or found absent) already.
    #[must_use]
    pub fn knows(&self, want: &Want) -> bool {
        self.complete || self.asked.contains(want)
    }

    /// Notes that a want was loaded, or found absent.
    pub fn learned(&mut self, want: Want) {
        self.asked.insert(want);
    }

    /// The account of this name as it stands; empty if nothing was posted yet.
    #[must_use]
    pub fn account(&self, name: &AccountRef, now_us: i64) -> Account {
        self.accounts
            .get(&(name.tenant_id, name.id()))
            .cloned()
            .unwrap_or_else(|| Account::empty(name, now_us))
    }

    /// The tenant's rules for identity checks, if it has set any.
    #[must_use]
    pub fn identity_policy(&self, tenant_id: TenantId) -> Option<&IdentityPolicy> {
        self.identity_policies.get(&(tenant_id, IdentityPolicyId(tenant_id.0)))
    }

    /// What a tenant is; without a row, it collects what is its own.
    #[must_use]
    pub fn profile_of(&self, tenant_id: TenantId) -> ProfileKind {
        let row = self.operating_profiles.get(&(tenant_id, profile_id(tenant_id)));
        row.map_or(ProfileKind::OwnFunds, |row| row.kind)
    }

    /// The channel accounts of a tenant in order of id.
    pub fn channel_accounts_of(&self, tenant_id: TenantId) -> impl Iterator<Item = &ChannelAccount> {
        self.channel_accounts.iter().filter(move |row| row.tenant_id == tenant_id)
    }

    /// The webhook endpoints of a tenant in order of id.
    pub fn webhook_endpoints_of(&self, tenant_id: TenantId) -> impl Iterator<Item = &WebhookEndpoint> {
        self.webhook_endpoints.iter().filter(move |row| row.tenant_id == tenant_id)
    }
}
