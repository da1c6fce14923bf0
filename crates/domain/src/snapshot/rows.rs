//! One table of the identity map.

use crate::access::{ApiKey, App};
use crate::agreement::Agreement;
use crate::audit::Audit;
use crate::bank_link::BankLink;
use crate::channel_account::ChannelAccount;
use crate::cheque::Cheque;
use crate::counter::{CashDeposit, CounterDay, CounterMovement, Seat, Shift};
use crate::exception::Exception;
use crate::fulfilment::Fulfilment;
use crate::id::{
    AccountId, AgreementId, ApiKeyId, AppId, AttemptId, BankLineId, CashDepositId, ChannelAccountId,
    ChequeId, CounterDayId, DeliveryId, DrawId, EventId, ExceptionId, HoldId, Id128, IdentityCheckId,
    IdentityPhotoId, IdentityPolicyId, InstalmentId, MatchId, MerchantId, MovementId, OperatingProfileId,
    PartnerId, PayerId, PaymentId, PrepaymentId, ProductId, RefundId, ReturnId, ShiftId, SplitId,
    SplitLineId, SplitReceiverId, SplitReturnId, StatementId, TenantId, WebhookEndpointId,
};
use crate::identity::{IdentityCheck, IdentityPhoto, IdentityPolicy, PayerSum, PaymentIdentity};
use crate::instalment::Instalment;
use crate::instruction::Instruction;
use crate::key::{Head, IdempotencyName, IdempotencyRecord, KeyName, NaturalKey};
use crate::ledger::{self, Account, Hold};
use crate::merchant::Merchant;
use crate::operating_profile::OperatingProfile;
use crate::partner::Partner;
use crate::payment::{Attempt, Payment};
use crate::prepayment::{Draw, Prepayment};
use crate::product::Product;
use crate::refund::Refund;
use crate::split::{Split, SplitLine, SplitReceiver, SplitReturn};
use crate::transfer::{BankLine, BankStatement, TransferMatch, TransferOrder, TransferReturn};
use crate::webhook::{Delivery, Event, WebhookEndpoint};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// A row with a key and a version.
pub trait Row: Clone + std::fmt::Debug + Send + 'static {
    /// The primary key, tenant first.
    type Key: Ord + Clone + std::fmt::Debug + Send;
    /// This row's key.
    fn key(&self) -> Self::Key;
    /// Commits that changed it so far; rows that never change answer 1.
    fn version(&self) -> i64;
    /// Sets the version.
    fn set_version(&mut self, version: i64);
}

macro_rules! rows {
    ($($row:ident: $id:ident),* $(,)?) => {$(
        impl Row for $row {
            type Key = (TenantId, $id);
            fn key(&self) -> Self::Key { (self.tenant_id, self.id) }
            fn version(&self) -> i64 { self.version }
            fn set_version(&mut self, version: i64) { self.version = version; }
        }
    )*};
}

rows! {
    IdentityPolicy: IdentityPolicyId, PaymentIdentity: PaymentId, PayerSum: PayerId, Agreement: AgreementId,
    IdentityCheck: IdentityCheckId, IdentityPhoto: IdentityPhotoId, Merchant: MerchantId, Partner: PartnerId, Product: ProductId, Instalment: InstalmentId, Prepayment: PrepaymentId, Draw: DrawId, OperatingProfile: OperatingProfileId, ChannelAccount: ChannelAccountId,
    WebhookEndpoint: WebhookEndpointId, App: AppId, ApiKey: ApiKeyId, Payment: PaymentId, Attempt: AttemptId,
    Refund: RefundId, Hold: HoldId, Instruction: Id128, Exception: ExceptionId, Delivery: DeliveryId,
    Account: AccountId, BankLine: BankLineId, TransferOrder: AttemptId, TransferMatch: MatchId,
    Fulfilment: PaymentId, Cheque: ChequeId, Shift: ShiftId, Seat: Id128, CounterDay: CounterDayId,
    CounterMovement: MovementId, CashDeposit: CashDepositId, TransferReturn: ReturnId, BankStatement: StatementId,
    Split: SplitId, SplitLine: SplitLineId, SplitReturn: SplitReturnId, SplitReceiver: SplitReceiverId,
    BankLink: ChannelAccountId,
}

impl Row for Head {
    type Key = (TenantId, i64);
    fn key(&self) -> Self::Key {
        (self.tenant_id, self.lane)
    }
    fn version(&self) -> i64 {
        self.version
    }
    fn set_version(&mut self, version: i64) {
        self.version = version;
    }
}

impl Row for NaturalKey {
    type Key = KeyName;
    fn key(&self) -> Self::Key {
        self.name.clone()
    }
    fn version(&self) -> i64 {
        1
    }
    fn set_version(&mut self, _version: i64) {}
}

impl Row for IdempotencyRecord {
    type Key = IdempotencyName;
    fn key(&self) -> Self::Key {
        self.name.clone()
    }
    fn version(&self) -> i64 {
        self.version
    }
    fn set_version(&mut self, version: i64) {
        self.version = version;
    }
}

impl Row for Event {
    type Key = (TenantId, EventId);
    fn key(&self) -> Self::Key {
        (self.tenant_id, self.id)
    }
    fn version(&self) -> i64 {
        1
    }
    fn set_version(&mut self, _version: i64) {}
}

/// A row as it stands and as the database has it.
#[derive(Debug, Clone)]
pub struct Slot<R> {
    /// The row as it stands.
    pub row: R,
    /// The version that the database has; none if it has no such row.
    pub stored_version: Option<i64>,
}

/// One table of the identity map.
#[derive(Debug)]
pub struct Rows<R: Row> {
    // Boxed, so that adding a key moves pointers and not rows.
    slots: BTreeMap<R::Key, Box<Slot<R>>>,
    changed: BTreeSet<R::Key>,
}

impl<R: Row> Default for Rows<R> {
    fn default() -> Self {
        Self { slots: BTreeMap::new(), changed: BTreeSet::new() }
    }
}

impl<R: Row> Rows<R> {
    /// The row with this key, if it exists.
    pub fn get(&self, key: &R::Key) -> Option<&R> {
        self.slots.get(key).map(|slot| &slot.row)
    }

    /// All rows in key order.
    pub fn iter(&self) -> impl Iterator<Item = &R> {
        self.slots.values().map(|slot| &slot.row)
    }

    /// Takes a row as the database has it; a row already here stays.
    pub fn load(&mut self, row: R) {
        let stored_version = Some(row.version());
        self.slots.entry(row.key()).or_insert_with(|| Box::new(Slot { row, stored_version }));
    }

    /// Takes a row of an earlier commit as the database has it; a row already here stays.
    pub fn recall(&mut self, slot: Box<Slot<R>>) {
        self.slots.entry(slot.row.key()).or_insert(slot);
    }

    /// Replaces or adds a row; its version is one above the stored one however often it changes.
    pub fn put(&mut self, mut row: R) {
        let key = row.key();
        self.changed.insert(key.clone());
        match self.slots.entry(key) {
            Entry::Occupied(mut known) => {
                row.set_version(known.get().stored_version.unwrap_or(0).saturating_add(1));
                known.get_mut().row = row;
            }
            Entry::Vacant(free) => {
                row.set_version(1);
                free.insert(Box::new(Slot { row, stored_version: None }));
            }
        }
    }

    /// Rows that differ from the database, in key order.
    pub fn changed(&self) -> impl Iterator<Item = &Slot<R>> {
        self.changed.iter().filter_map(|key| self.slots.get(key).map(AsRef::as_ref))
    }

    /// Whether nothing differs from the database.
    pub fn is_unchanged(&self) -> bool {
        self.changed.is_empty()
    }

    /// Whether the row with this key differs from the database.
    pub fn has_changed(&self, key: &R::Key) -> bool {
        self.changed.contains(key)
    }

    /// Takes out the rows that differed from the database, as stored.
    pub fn take_changed(&mut self) -> Vec<Box<Slot<R>>> {
        let changed = std::mem::take(&mut self.changed);
        let mut taken: Vec<Box<Slot<R>>> = changed.iter().filter_map(|key| self.slots.remove(key)).collect();
        for slot in &mut taken {
            slot.stored_version = Some(slot.row.version());
        }
        taken
    }

    /// Keys changed since the last settling, in key order.
    pub fn changed_keys(&self) -> impl Iterator<Item = &R::Key> {
        self.changed.iter()
    }

    /// Takes all rows as stored: called when an in-memory store commits.
    pub fn settle(&mut self) {
        for key in std::mem::take(&mut self.changed) {
            if let Some(slot) = self.slots.get_mut(&key) {
                slot.stored_version = Some(slot.row.version());
            }
        }
    }
}

/// Rows that are only ever appended.
#[derive(Debug, Default)]
pub struct Appended {
    /// Entries with their lines.
    pub entries: Vec<ledger::Entry>,
    /// Events.
    pub events: Vec<Event>,
    /// Acts.
    pub audits: Vec<Audit>,
}
