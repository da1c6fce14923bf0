//! Wants as loads: one per table and tenant, in lock order, each knowing how its rows enter the snapshot.

use crate::failure::DbError;
use crate::record::{Decided, Table};
use crate::value::{Cells, Columns, Value};
use tk_domain::access::{ApiKey, App};
use tk_domain::agreement::Agreement;
use tk_domain::bank_link::BankLink;
use tk_domain::channel_account::ChannelAccount;
use tk_domain::cheque::Cheque;
use tk_domain::command::Want;
use tk_domain::counter::{CashDeposit, CounterDay, CounterMovement, Seat, Shift};
use tk_domain::exception::Exception;
use tk_domain::fulfilment::Fulfilment;
use tk_domain::id::{IdentityPolicyId, TenantId};
use tk_domain::identity::{IdentityCheck, IdentityPhoto, IdentityPolicy, PayerSum, PaymentIdentity};
use tk_domain::instalment::Instalment;
use tk_domain::instruction::Instruction;
use tk_domain::key::{Head, IdempotencyRecord, NaturalKey};
use tk_domain::ledger::{Account, Hold};
use tk_domain::merchant::Merchant;
use tk_domain::operating_profile::{OperatingProfile, profile_id};
use tk_domain::partner::Partner;
use tk_domain::payment::{Attempt, Payment};
use tk_domain::prepayment::{Draw, Prepayment};
use tk_domain::product::Product;
use tk_domain::refund::Refund;
use tk_domain::snapshot::{Row, Snapshot};
use tk_domain::split::{Split, SplitLine, SplitReceiver, SplitReturn};
use tk_domain::transfer::{BankLine, BankStatement, TransferMatch, TransferOrder, TransferReturn};
use tk_domain::webhook::{Delivery, Event, WebhookEndpoint};

/// Which rows of a tenant a load reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Those with the given keys.
    Keys,
    /// All, up to a limit.
    Whole(i64),
}

/// Rows of one table and tenant to be read.
pub struct Load {
    /// The table.
    pub table: &'static Table,
    /// The tenant.
    pub tenant_id: TenantId,
    /// Which rows.
    pub shape: Shape,
    /// The keys without the tenant, one after the other.
    pub keys: Vec<Value>,
    fill: fn(&mut Snapshot, Vec<Value>) -> Result<(), DbError>,
}

/// The most channel accounts of one tenant.
const CHANNEL_ACCOUNTS_MAX: i64 = 200;
/// The most webhook endpoints of one tenant.
const WEBHOOK_ENDPOINTS_MAX: i64 = 50;

impl Load {
    /// Puts the rows read into the snapshot.
    pub fn enter(&self, snapshot: &mut Snapshot, rows: Vec<Vec<Value>>) -> Result<(), DbError> {
        rows.into_iter().try_for_each(|row| (self.fill)(snapshot, row))
    }
}

fn fill<R: Decided>(snapshot: &mut Snapshot, row: Vec<Value>) -> Result<(), DbError> {
    let row = R::take(&mut Cells::new(row))?;
    R::rows(snapshot).load(row);
    Ok(())
}

/// Loads for wants that are in lock order; rows that the batch itself made are not asked for.
pub fn loads_for(snapshot: &mut Snapshot, wants: &[Want]) -> Vec<Load> {
    let mut loads = Vec::new();
    for want in wants {
        add(&mut loads, snapshot, want);
    }
    loads
}

#[expect(clippy::too_many_lines, reason = "one line for each want")]
fn add(loads: &mut Vec<Load>, snapshot: &mut Snapshot, want: &Want) {
    match want {
        Want::Merchant(tenant, id) => by_key::<Merchant>(loads, snapshot, (*tenant, (*tenant, *id))),
        Want::Partner(tenant, id) => by_key::<Partner>(loads, snapshot, (*tenant, (*tenant, *id))),
        Want::IdentityPolicy(tenant) => {
            by_key::<IdentityPolicy>(loads, snapshot, (*tenant, (*tenant, IdentityPolicyId(tenant.0))));
        }
        Want::PaymentIdentity(tenant, id) => {
            by_key::<PaymentIdentity>(loads, snapshot, (*tenant, (*tenant, *id)));
        }
        Want::PayerSum(tenant, id) => by_key::<PayerSum>(loads, snapshot, (*tenant, (*tenant, *id))),
        Want::Agreement(tenant, id) => by_key::<Agreement>(loads, snapshot, (*tenant, (*tenant, *id))),
        Want::OperatingProfile(tenant) => {
            by_key::<OperatingProfile>(loads, snapshot, (*tenant, (*tenant, profile_id(*tenant))));
        }
        Want::Instalment(tenant, id) => by_key::<Instalment>(loads, snapshot, (*tenant, (*tenant, *id))),
        Want::Prepayment(tenant, id) => by_key::<Prepayment>(loads, snapshot, (*tenant, (*tenant, *id))),
        Want::Draw(tenant, id) => by_key::<Draw>(loads, snapshot, (*tenant, (*tenant, *id))),
        Want::IdentityCheck(tenant, id) => {
            by_key::<IdentityCheck>(loads, snapshot, (*tenant, (*tenant, *id)));
        }
        Want::IdentityPhoto(tenant, id) => {
            by_key::<IdentityPhoto>(loads, snapshot, (*tenant, (*tenant, *id)));
        }
        Want::Product(tenant, id) => by_key::<Product>(loads, snapshot, (*tenant, (*tenant, *id))),
        Want::ChannelAccount(tenant, id) => {
            by_key::<ChannelAccount>(loads, snapshot, (*tenant, (*tenant, *id)));
        }
        Want::ChannelAccounts(tenant) => whole::<ChannelAccount>(loads, *tenant, CHANNEL_ACCOUNTS_MAX),
        Want::WebhookEndpoints(tenant) => whole::<WebhookEndpoint>(loads, *tenant, WEBHOOK_ENDPOINTS_MAX),
        Want::App(tenant, id) => by_key::<App>(loads, snapshot, (*tenant, (*tenant, *id))),
        Want::ApiKey(tenant, id) => by_key::<ApiKey>(loads, snapshot, (*tenant, (*tenant, *id))),
        Want::Event(tenant, id) => by_key::<Event>(loads, snapshot, (*tenant, (*tenant, *id))),
        Want::Natural(name) => by_key::<NaturalKey>(loads, snapshot, (name.tenant_id, name.clone())),
        Want::Idempotency(name) => {
            by_key::<IdempotencyRecord>(loads, snapshot, (name.tenant_id, name.clone()));
        }
        Want::Payment(tenant, id) => by_key::<Payment>(loads, snapshot, (*tenant, (*tenant, *id))),
        Want::Attempt(tenant, id) => by_key::<Attempt>(loads, snapshot, (*tenant, (*tenant, *id))),
        Want::Refund(tenant, id) => by_key::<Refund>(loads, snapshot, (*tenant, (*tenant, *id))),
        Want::Hold(tenant, id) => by_key::<Hold>(loads, snapshot, (*tenant, (*tenant, *id))),
        Want::Instruction(tenant, id) => by_key::<Instruction>(loads, snapshot, (*tenant, (*tenant, *id))),
        Want::Exception(tenant, id) => by_key::<Exception>(loads, snapshot, (*tenant, (*tenant, *id))),
        Want::Delivery(tenant, id) => by_key::<Delivery>(loads, snapshot, (*tenant, (*tenant, *id))),
        Want::BankLine(tenant, id) => by_key::<BankLine>(loads, snapshot, (*tenant, (*tenant, *id))),
        Want::TransferOrder(tenant, id) => {
            by_key::<TransferOrder>(loads, snapshot, (*tenant, (*tenant, *id)));
        }
        Want::TransferMatch(tenant, id) => {
            by_key::<TransferMatch>(loads, snapshot, (*tenant, (*tenant, *id)));
        }
        Want::Fulfilment(tenant, id) => by_key::<Fulfilment>(loads, snapshot, (*tenant, (*tenant, *id))),
        Want::Cheque(tenant, id) => by_key::<Cheque>(loads, snapshot, (*tenant, (*tenant, *id))),
        Want::Shift(tenant, id) => by_key::<Shift>(loads, snapshot, (*tenant, (*tenant, *id))),
        Want::Seat(tenant, id) => by_key::<Seat>(loads, snapshot, (*tenant, (*tenant, *id))),
        Want::CounterDay(tenant, id) => by_key::<CounterDay>(loads, snapshot, (*tenant, (*tenant, *id))),
        Want::CounterMovement(tenant, id) => {
            by_key::<CounterMovement>(loads, snapshot, (*tenant, (*tenant, *id)));
        }
        Want::CashDeposit(tenant, id) => by_key::<CashDeposit>(loads, snapshot, (*tenant, (*tenant, *id))),
        Want::TransferReturn(tenant, id) => {
            by_key::<TransferReturn>(loads, snapshot, (*tenant, (*tenant, *id)));
        }
        Want::BankStatement(tenant, id) => {
            by_key::<BankStatement>(loads, snapshot, (*tenant, (*tenant, *id)));
        }
        Want::SplitReceiver(tenant, id) => {
            by_key::<SplitReceiver>(loads, snapshot, (*tenant, (*tenant, *id)));
        }
        Want::Split(tenant, id) => by_key::<Split>(loads, snapshot, (*tenant, (*tenant, *id))),
        Want::SplitLine(tenant, id) => by_key::<SplitLine>(loads, snapshot, (*tenant, (*tenant, *id))),
        Want::SplitReturn(tenant, id) => by_key::<SplitReturn>(loads, snapshot, (*tenant, (*tenant, *id))),
        Want::BankLink(tenant, id) => by_key::<BankLink>(loads, snapshot, (*tenant, (*tenant, *id))),
        Want::Account(name) => {
            by_key::<Account>(loads, snapshot, (name.tenant_id, (name.tenant_id, name.id())));
        }
        Want::Head(tenant, lane) => by_key::<Head>(loads, snapshot, (*tenant, (*tenant, *lane))),
    }
}

/// Wants come sorted, so keys of one table and tenant are neighbours.
fn by_key<R: Decided>(
    loads: &mut Vec<Load>,
    snapshot: &mut Snapshot,
    (tenant_id, key): (TenantId, <R as Row>::Key),
) {
    if R::rows(snapshot).get(&key).is_some() {
        return;
    }
    let table = R::table();
    let mut cells = Vec::with_capacity(table.keys);
    key.put(&mut cells);
    let rest = cells.into_iter().skip(1);
    match loads.last_mut() {
        Some(last)
            if last.table.name == table.name && last.tenant_id == tenant_id && last.shape == Shape::Keys =>
        {
            last.keys.extend(rest);
        }
        Some(_) | None => {
            let keys = rest.collect();
            loads.push(Load { table, tenant_id, shape: Shape::Keys, keys, fill: fill::<R> });
        }
    }
}

fn whole<R: Decided>(loads: &mut Vec<Load>, tenant_id: TenantId, limit: i64) {
    let shape = Shape::Whole(limit);
    loads.push(Load { table: R::table(), tenant_id, shape, keys: Vec::new(), fill: fill::<R> });
}
