//! An attempt by bank transfer: nothing is said to any channel; the payer gets a code and time.

use crate::channel_account::ChannelAccount;
use crate::command::{Want, Wants};
use crate::decision::Changes;
use crate::exception::{Exception, ExceptionKind, ExceptionStatus};
use crate::id::{ChannelAccountId, ExceptionId, TypedId};
use crate::key::{KeyName, NaturalKey, NaturalKind};
use crate::moment::{DAY_US, Moment, date_text, shanghai_day};
use crate::payment::{Action, ActionKind, Attempt, AttemptStatus, Payment, PaymentStatus};
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use crate::transfer::{OrderStatus, RemittanceCode, TransferOrder};
use serde_json::json;

/// Who is expected to pay, as blind indexes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExpectedPayer {
    /// Of the name, hexadecimal.
    pub name_index: Option<String>,
    /// Of the account, hexadecimal.
    pub account_index: Option<String>,
}

/// A code belongs to a bank account and to the year of its payment. It is free if no payment of that year or the one
/// before has it, so that codes can be given again and yet no two that may still be open are the same.
fn keys(payment: &Payment, account: ChannelAccountId, code: RemittanceCode) -> [KeyName; 2] {
    let year = |at_us| date_text(shanghai_day(at_us)).chars().take(4).collect::<String>();
    let name = |year: String| {
        KeyName::scoped(payment.tenant_id, NaturalKind::TransferCode, &account, &format!("{year}/{code}"))
    };
    let before_us = payment.created_at_us.saturating_sub(366 * DAY_US);
    [name(year(payment.created_at_us)), name(year(before_us))]
}

/// The keys that must be seen before a code can be given.
pub(crate) fn want_codes(payment: &Payment, account: ChannelAccountId, wants: &mut Wants) {
    for code in RemittanceCode::candidates(payment.id, payment.attempts_count) {
        for key in keys(payment, account, code) {
            wants.add(Want::Natural(key));
        }
    }
}

/// Makes an attempt wait for a transfer: its code, its order and what the payer is told.
pub(crate) fn begin(
    (payment, attempt): (&mut Payment, &mut Attempt),
    (account, payer): (&ChannelAccount, &ExpectedPayer),
    snapshot: &Snapshot,
    changes: &mut Changes,
    moment: &Moment<'_>,
) -> Result<(), Refusal> {
    let free = |code: &RemittanceCode| {
        keys(payment, account.id, *code).iter().all(|key| snapshot.natural_keys.get(key).is_none())
    };
    let attempts_before = payment.attempts_count;
    let code = RemittanceCode::candidates(payment.id, attempts_before).find(free);
    let code = code.ok_or(Refusal::LimitReached { what: "transfer_codes", max: 9_000_000 })?;
    let [name, _] = keys(payment, account.id, code);
    changes.put(NaturalKey { name, id: attempt.id.id128() });
    changes.put(TransferOrder {
        tenant_id: payment.tenant_id,
        id: attempt.id,
        payment_id: payment.id,
        merchant_id: payment.merchant_id,
        channel_account_id: account.id,
        code: code.to_string(),
        amount_minor: payment.payer_minor,
        currency: payment.currency,
        received_minor: 0,
        name_index: payer.name_index.clone(),
        account_index: payer.account_index.clone(),
        status: OrderStatus::Open,
        created_at_us: moment.now_us,
        version: 0,
    });
    attempt.status = AttemptStatus::RequiresAction;
    attempt.action = Some(Action { kind: ActionKind::Transfer, value: code.to_string() });
    attempt.channel_expires_at_us = payment.expires_at_us;
    payment.status = PaymentStatus::AwaitingTransfer;
    Ok(())
}

/// What becomes of an attempt's end where part of the transfer has arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// The payer or the order system wants it over: refused, as money was received.
    Refuse,
    /// Its time is up: it ends, and a person undoes the match or has the rest sent.
    Leave,
}

/// The matter that a person is told of where part of a transfer was left.
pub(crate) fn incomplete(attempt: &Attempt) -> ExceptionId {
    Exception::id_of(attempt.tenant_id, ExceptionKind::TransferIncomplete, &attempt.id.to_string())
}

/// Ends the wait of an attempt for a transfer; one that comes later stays in suspense until a person matches or
/// returns it.
pub(crate) fn end(
    (attempt, part): (&mut Attempt, Part),
    snapshot: &Snapshot,
    changes: &mut Changes,
    moment: &Moment<'_>,
) -> Result<(), Refusal> {
    let order = snapshot.transfer_orders.get(&(attempt.tenant_id, attempt.id));
    if let Some(order) = order {
        match part {
            Part::Refuse if order.received_minor > 0 => return Err(Refusal::TransferPartReceived),
            Part::Leave if order.received_minor > 0 => {
                changes.put_some(left(attempt, order, moment).unless_open(snapshot));
            }
            Part::Refuse | Part::Leave => {}
        }
        changes.put(TransferOrder { status: OrderStatus::Ended, ..order.clone() });
    }
    attempt.status = AttemptStatus::Closed;
    attempt.updated_at_us = moment.now_us;
    Ok(())
}

fn left(attempt: &Attempt, order: &TransferOrder, moment: &Moment<'_>) -> Exception {
    Exception {
        tenant_id: attempt.tenant_id,
        id: incomplete(attempt),
        kind: ExceptionKind::TransferIncomplete,
        payment_id: Some(attempt.payment_id),
        attempt_id: Some(attempt.id),
        refund_id: None,
        amount_minor: order.received_minor,
        detail: json!({ "received": order.received_minor, "awaited": order.amount_minor }).to_string(),
        status: ExceptionStatus::Open,
        opened_at_us: moment.now_us,
        closed_at_us: None,
        resolution: None,
        version: 0,
    }
}
