//! What a batch changed, as rows per table in an order that foreign keys allow.

use crate::entries::{EntryRow, line_rows};
use crate::record::{Decided, Record, Table};
use crate::value::{Kind, Value};
use tk_domain::access::{ApiKey, App};
use tk_domain::agreement::Agreement;
use tk_domain::bank_link::BankLink;
use tk_domain::channel_account::ChannelAccount;
use tk_domain::cheque::Cheque;
use tk_domain::counter::{CashDeposit, CounterDay, CounterMovement, Seat, Shift};
use tk_domain::exception::Exception;
use tk_domain::fulfilment::Fulfilment;
use tk_domain::identity::{IdentityCheck, IdentityPhoto, IdentityPolicy, PayerSum, PaymentIdentity};
use tk_domain::instalment::Instalment;
use tk_domain::instruction::Instruction;
use tk_domain::key::{Head, IdempotencyRecord, NaturalKey};
use tk_domain::ledger::{Account, Hold};
use tk_domain::merchant::Merchant;
use tk_domain::operating_profile::OperatingProfile;
use tk_domain::partner::Partner;
use tk_domain::payment::{Attempt, Payment};
use tk_domain::prepayment::{Draw, Prepayment};
use tk_domain::product::Product;
use tk_domain::refund::Refund;
use tk_domain::snapshot::Snapshot;
use tk_domain::split::{Split, SplitLine, SplitReceiver, SplitReturn};
use tk_domain::transfer::{BankLine, BankStatement, TransferMatch, TransferOrder, TransferReturn};
use tk_domain::webhook::{Delivery, WebhookEndpoint};

/// New and changed rows of one table, cell after cell.
pub struct Write {
    /// The table.
    pub table: &'static Table,
    /// New rows.
    pub inserted: Vec<Value>,
    /// Changed rows, of the columns that take part in an update.
    pub updated: Vec<Value>,
}

impl Write {
    /// Each statement's cells with the storage classes of their columns.
    pub fn parts(&self) -> [(&[Value], &[Kind]); 2] {
        [(&self.inserted, &self.table.kinds), (&self.updated, &self.table.updating_kinds)]
    }

    const fn to(table: &'static Table) -> Self {
        Self { table, inserted: Vec::new(), updated: Vec::new() }
    }
}

/// All that the snapshot holds beyond the database.
pub fn writes_of(snapshot: &mut Snapshot) -> Vec<Write> {
    let mut writes = Vec::with_capacity(31);
    changed::<NaturalKey>(&mut writes, snapshot);
    changed::<IdempotencyRecord>(&mut writes, snapshot);
    changed::<Merchant>(&mut writes, snapshot);
    changed::<Partner>(&mut writes, snapshot);
    changed::<Product>(&mut writes, snapshot);
    changed::<IdentityPolicy>(&mut writes, snapshot);
    changed::<PaymentIdentity>(&mut writes, snapshot);
    changed::<PayerSum>(&mut writes, snapshot);
    changed::<Agreement>(&mut writes, snapshot);
    changed::<IdentityCheck>(&mut writes, snapshot);
    changed::<IdentityPhoto>(&mut writes, snapshot);
    changed::<ChannelAccount>(&mut writes, snapshot);
    changed::<WebhookEndpoint>(&mut writes, snapshot);
    changed::<App>(&mut writes, snapshot);
    changed::<ApiKey>(&mut writes, snapshot);
    changed::<Payment>(&mut writes, snapshot);
    changed::<OperatingProfile>(&mut writes, snapshot);
    changed::<Instalment>(&mut writes, snapshot);
    changed::<Prepayment>(&mut writes, snapshot);
    changed::<Draw>(&mut writes, snapshot);
    changed::<Attempt>(&mut writes, snapshot);
    changed::<Refund>(&mut writes, snapshot);
    changed::<Hold>(&mut writes, snapshot);
    changed::<Instruction>(&mut writes, snapshot);
    changed::<Exception>(&mut writes, snapshot);
    let events = std::mem::take(&mut snapshot.appended.events);
    appended(&mut writes, events.iter());
    changed::<Delivery>(&mut writes, snapshot);
    changed::<BankLine>(&mut writes, snapshot);
    changed::<TransferOrder>(&mut writes, snapshot);
    changed::<TransferMatch>(&mut writes, snapshot);
    changed::<Fulfilment>(&mut writes, snapshot);
    changed::<Cheque>(&mut writes, snapshot);
    changed::<Shift>(&mut writes, snapshot);
    changed::<Seat>(&mut writes, snapshot);
    changed::<CounterDay>(&mut writes, snapshot);
    changed::<CounterMovement>(&mut writes, snapshot);
    changed::<CashDeposit>(&mut writes, snapshot);
    changed::<TransferReturn>(&mut writes, snapshot);
    changed::<BankStatement>(&mut writes, snapshot);
    changed::<SplitReceiver>(&mut writes, snapshot);
    changed::<Split>(&mut writes, snapshot);
    changed::<SplitLine>(&mut writes, snapshot);
    changed::<SplitReturn>(&mut writes, snapshot);
    changed::<BankLink>(&mut writes, snapshot);
    changed::<Account>(&mut writes, snapshot);
    entries(&mut writes, snapshot);
    let audits = std::mem::take(&mut snapshot.appended.audits);
    appended(&mut writes, audits.iter());
    changed::<Head>(&mut writes, snapshot);
    writes
}

fn changed<R: Decided>(writes: &mut Vec<Write>, snapshot: &mut Snapshot) {
    let rows = R::rows(snapshot);
    if rows.is_unchanged() {
        return;
    }
    let table = R::table();
    let mut write = Write::to(table);
    let mut whole = Vec::with_capacity(table.columns.len());
    for slot in rows.changed() {
        if slot.stored_version.is_none() {
            slot.row.put(&mut write.inserted);
            continue;
        }
        slot.row.put(&mut whole);
        let taking_part = whole.drain(..).zip(&table.updating).filter(|(_, takes_part)| **takes_part);
        write.updated.extend(taking_part.map(|(cell, _)| cell));
    }
    writes.push(write);
}

fn appended<'a, R: Record>(writes: &mut Vec<Write>, rows: impl Iterator<Item = &'a R>) {
    let mut write = Write::to(R::table());
    for row in rows {
        row.put(&mut write.inserted);
    }
    if !write.inserted.is_empty() {
        writes.push(write);
    }
}

fn entries(writes: &mut Vec<Write>, snapshot: &mut Snapshot) {
    let entries = std::mem::take(&mut snapshot.appended.entries);
    let headers: Vec<EntryRow> = entries.iter().map(EntryRow::of).collect();
    let lines: Vec<_> = entries.iter().flat_map(line_rows).collect();
    let reversals: Vec<_> = headers.iter().filter_map(EntryRow::reversal).collect();
    appended(writes, headers.iter());
    appended(writes, lines.iter());
    appended(writes, reversals.iter());
}
