//! Creating a refund: the money is held in the same commit, and never more than was received.

mod by_item;
mod funding;
mod unasked;

pub(crate) use unasked::{ask_void, refund_stray};

use self::funding::Funding;
use crate::audit::{Act, Origin};
use crate::channel_account::{ChannelAccount, Method};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::fulfilment;
use crate::id::{AppId, AttemptId, HoldId, PaymentId, RefundId, TenantId, TypedId};
use crate::instruction::{Instruction, InstructionKind, InstructionStatus};
use crate::key::{KeyName, NaturalKey, NaturalKind};
use crate::ledger::{AccountKind, AccountRef, EntryKind, Hold, HoldStatus};
use crate::moment::{DAY_US, Moment};
use crate::payment::{Attempt, Counted, Disposition, ItemRefund, Payment, out_no, want_fulfilment};
use crate::refund::limits::{refund_limits, route_of};
use crate::refund::shares;
use crate::refund::{Line, Refund, RefundOrigin, RefundRoute, RefundState, Shares, postings};
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use crate::split::{Undoing, want_undoing};
use crate::view::refund_event;
use crate::webhook::EventKind;
use serde_json::json;
use tk_money::{Amount, Currency};

/// Creates a refund, or finds the one that the merchant's refund number already has.
#[derive(Debug, Clone)]
pub struct CreateRefund {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The calling app.
    pub app_id: Option<AppId>,
    /// The payment.
    pub payment_id: PaymentId,
    /// The attempt whose money goes back; by default the one that counts.
    pub attempt_id: Option<AttemptId>,
    /// The merchant's own number.
    pub merchant_refund_no: String,
    /// Minor units.
    pub amount_minor: i64,
    /// What of it goes back of which items; in proportion to what is left of each if empty.
    pub items: Vec<ItemRefund>,
    /// The currency, if the caller names it.
    pub currency: Option<Currency>,
    /// Why.
    pub reason: String,
    /// Who asks.
    pub origin: Origin,
}

/// The refund, and whether it existed before.
#[derive(Debug, Clone)]
pub struct RefundCreated {
    /// The refund.
    pub refund: Refund,
    /// Its hold.
    pub hold: Hold,
    /// Whether the refund number had it already.
    pub existing: bool,
}

impl CreateRefund {
    fn key(&self, payment: &Payment) -> KeyName {
        KeyName::scoped(
            self.tenant_id,
            NaturalKind::MerchantRefund,
            &payment.merchant_id,
            &self.merchant_refund_no,
        )
    }

    fn existing_id(&self, payment: &Payment, snapshot: &Snapshot) -> Option<RefundId> {
        snapshot.natural_keys.get(&self.key(payment)).map(|key| RefundId(key.id))
    }

    fn repeat(&self, id: RefundId, snapshot: &Snapshot) -> Result<Decision<RefundCreated>, Refusal> {
        let refund = snapshot.refunds.get(&(self.tenant_id, id)).ok_or(Refusal::RefundConflict)?;
        let hold = snapshot.holds.get(&(self.tenant_id, refund.hold_id)).ok_or(Refusal::RefundConflict)?;
        let same = refund.payment_id == self.payment_id
            && refund.amount_minor == self.amount_minor
            && self.names_items_of(refund);
        if !same {
            return Err(Refusal::RefundConflict);
        }
        Ok(Decision::nothing(RefundCreated { refund: refund.clone(), hold: hold.clone(), existing: true }))
    }

    fn attempt<'a>(&self, payment: &Payment, snapshot: &'a Snapshot) -> Result<&'a Attempt, Refusal> {
        let id = self.attempt_id.or(payment.effective_attempt_id).ok_or(Refusal::PaymentNotRefundable)?;
        let attempt = snapshot.attempts.get(&(self.tenant_id, id)).ok_or(Refusal::AttemptNotOfPayment)?;
        if attempt.payment_id != payment.id {
            return Err(Refusal::AttemptNotOfPayment);
        }
        match attempt.disposition {
            Some(Disposition::Effective | Disposition::Duplicate | Disposition::Late) => Ok(attempt),
            Some(Disposition::Mismatch) | None => Err(Refusal::PaymentNotRefundable),
        }
    }

    fn check(
        &self,
        payment: &Payment,
        attempt: &Attempt,
        account: &ChannelAccount,
        now_us: i64,
    ) -> Result<(), Refusal> {
        if self.currency.is_some_and(|currency| currency != payment.currency) {
            return Err(Refusal::RefundCurrencyMismatch);
        }
        let amount = |minor| Amount::new(minor, payment.currency);
        if self.amount_minor < 1 {
            return Err(Refusal::AmountOutOfRange {
                min: amount(1),
                max: amount(attempt.refundable_minor().max(1)),
            });
        }
        if self.amount_minor > attempt.refundable_minor() {
            return Err(Refusal::RefundExceedsRefundable {
                refundable: amount(attempt.refundable_minor()),
                requested: amount(self.amount_minor),
            });
        }
        let count_max = refund_limits(attempt.channel).count_max;
        if attempt.refunds_count >= count_max {
            return Err(Refusal::TooManyRefunds { max: count_max });
        }
        // A cheque's bank sends nothing back, and its payer's account is not known.
        if attempt.method == Method::Cheque {
            return Err(Refusal::RefundWindowClosed);
        }
        // Staff send it back at the bank; no channel's window shuts.
        if route_of(attempt) != RefundRoute::OriginalOnline {
            return Ok(());
        }
        let window_us = account.refund_window_days.saturating_mul(DAY_US);
        if attempt.paid_at_us.unwrap_or(attempt.created_at_us).saturating_add(window_us) <= now_us {
            return Err(Refusal::RefundWindowClosed);
        }
        Ok(())
    }
}

/// What is asked, by whom.
struct Asked {
    origin: RefundOrigin,
    merchant_refund_no: Option<String>,
    amount_minor: i64,
    by_item: Vec<i64>,
    reason: String,
    status: RefundState,
    shares: Undoing,
}

/// Writes the refund with its hold, entry and instruction; the attempt counts it at once.
fn make(
    mut asked: Asked,
    funding: Funding,
    (payment, attempt): (&Payment, &mut Attempt),
    changes: &mut Changes,
    moment: &mut Moment<'_>,
) -> (Refund, Hold) {
    let (id, hold_id) = (RefundId::new(moment), HoldId::new(moment));
    let plan = shares::plan(payment, attempt, asked.amount_minor, &asked.by_item);
    let hold = Hold {
        tenant_id: payment.tenant_id,
        id: hold_id,
        merchant_id: payment.merchant_id,
        refund_id: id,
        currency: payment.currency,
        pending_settlement_minor: funding.pending_settlement_minor,
        collected_for_others_minor: funding.collected_for_others_minor,
        cash_minor: funding.cash_minor,
        prepayment_id: payment.prepayment_id,
        prepaid_minor: funding.prepaid_minor,
        duplicate_minor: funding.duplicate_minor,
        late_success_minor: funding.late_success_minor,
        suspense_minor: funding.suspense_minor,
        status: HoldStatus::Open,
        created_at_us: moment.now_us,
        ended_at_us: None,
        version: 0,
    };
    let undoing = std::mem::take(&mut asked.shares);
    let mut refund = new_refund((id, hold_id), (asked, plan.shares), (payment, attempt), moment);
    refund.keep_shares(&plan);
    shares::take(attempt, refund.shares);
    // One that waits for shares takes its turn at the channel when it is said.
    let waits = undoing.waits();
    let turn_us = attempt.next_refund_at_us.max(moment.now_us);
    attempt.refunding_minor = attempt.refunding_minor.saturating_add(refund.amount_minor);
    attempt.refunds_count = attempt.refunds_count.saturating_add(1);
    if !waits {
        attempt.next_refund_at_us = turn_us.saturating_add(refund_limits(attempt.channel).spacing_us);
    }
    attempt.updated_at_us = moment.now_us;
    if attempt.method.told_to_channel() {
        let (kind, due_at_us) = if waits {
            (InstructionKind::RefundAwait, moment.now_us)
        } else {
            (InstructionKind::Refund, turn_us)
        };
        changes.put(instruction(&refund, kind, due_at_us));
    }
    undoing.take_back(&refund, changes, moment);
    changes.put_some(postings::hold(EntryKind::Hold, &hold, &refund, moment));
    changes.put(refund_event(EventKind::RefundCreated, &mut refund, moment));
    changes.put(hold.clone());
    (refund, hold)
}

fn new_refund(
    (id, hold_id): (RefundId, HoldId),
    (asked, shares): (Asked, Shares),
    (payment, attempt): (&Payment, &Attempt),
    moment: &Moment<'_>,
) -> Refund {
    let route = route_of(attempt);
    Refund {
        tenant_id: payment.tenant_id,
        id,
        payment_id: payment.id,
        attempt_id: attempt.id,
        merchant_id: payment.merchant_id,
        channel_account_id: attempt.channel_account_id,
        merchant_refund_no: asked.merchant_refund_no,
        origin: asked.origin,
        out_no: out_no('R', id.id128()),
        amount_minor: asked.amount_minor,
        order_minor: shares::order_minor(asked.amount_minor, shares),
        shares,
        parts: None,
        items: None,
        payer_back_minor: None,
        settled_back_minor: None,
        currency: payment.currency,
        reason: asked.reason,
        status: match route {
            RefundRoute::OriginalOnline => asked.status,
            RefundRoute::OriginalOffline | RefundRoute::Payout => RefundState::PendingApproval,
        },
        route,
        line: Line::Collection,
        hold_id,
        fee_refund_minor: 0,
        channel_fee_refund_minor: 0,
        accepted_at_us: None,
        unknown_since_us: None,
        queries_count: 0,
        needs_manual: false,
        failure_code: None,
        failure_message: None,
        succeeded_at_us: None,
        ended_at_us: None,
        late_succeeded_at_us: None,
        event_seq: 0,
        created_at_us: moment.now_us,
        updated_at_us: moment.now_us,
        version: 0,
    }
}

fn instruction(refund: &Refund, kind: InstructionKind, due_at_us: i64) -> Instruction {
    Instruction {
        tenant_id: refund.tenant_id,
        id: refund.id.id128(),
        kind,
        payment_id: refund.payment_id,
        channel_account_id: refund.channel_account_id,
        status: InstructionStatus::Open,
        due_at_us,
        lease_until_us: 0,
        tries: 0,
        payload: None,
        version: 0,
    }
}

impl Command for CreateRefund {
    type Reply = RefundCreated;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Posting
    }

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::Payment(self.tenant_id, self.payment_id));
        let Some(payment) = snapshot.payments.get(&(self.tenant_id, self.payment_id)) else { return };
        wants.add(Want::Natural(self.key(payment)));
        if let Some(id) = self.existing_id(payment, snapshot) {
            wants.add(Want::Refund(self.tenant_id, id));
            if let Some(refund) = snapshot.refunds.get(&(self.tenant_id, id)) {
                wants.add(Want::Hold(self.tenant_id, refund.hold_id));
            }
            return;
        }
        self.want_rows(snapshot, wants);
    }

    fn decide(
        &self,
        snapshot: &Snapshot,
        moment: &mut Moment<'_>,
    ) -> Result<Decision<RefundCreated>, Refusal> {
        let payment = snapshot
            .payments
            .get(&(self.tenant_id, self.payment_id))
            .ok_or(Refusal::NotFound { what: "payment" })?;
        if let Some(id) = self.existing_id(payment, snapshot) {
            return self.repeat(id, snapshot);
        }
        let attempt = self.attempt(payment, snapshot)?;
        let account = snapshot
            .channel_accounts
            .get(&(self.tenant_id, attempt.channel_account_id))
            .ok_or(Refusal::NotFound { what: "channel_account" })?;
        self.check(payment, attempt, account, moment.now_us)?;
        self.check_items(payment, attempt)?;
        let shares = Undoing::of(payment, attempt.id, (self.amount_minor, moment.now_us), snapshot)?;
        let funding = self.funding((payment, attempt), &shares, snapshot)?;
        let (mut payment, mut attempt) = (payment.clone(), attempt.clone());
        let mut changes = Changes::default();
        let asked = Asked {
            origin: RefundOrigin::Api,
            merchant_refund_no: Some(self.merchant_refund_no.clone()),
            amount_minor: self.amount_minor,
            by_item: self.by_item(),
            reason: self.reason.clone(),
            status: RefundState::Approved,
            shares,
        };
        let (refund, hold) = make(asked, funding, (&payment, &mut attempt), &mut changes, moment);
        if payment.effective_attempt_id == Some(attempt.id) {
            fulfilment::stop((&mut payment, &refund), snapshot, &mut changes, moment)?;
            payment.refunding_minor = payment.refunding_minor.saturating_add(self.amount_minor);
            payment.count_shares(&refund, Counted::Back);
            payment.updated_at_us = moment.now_us;
        }
        changes.put(NaturalKey { name: self.key(&payment), id: refund.id.id128() });
        let detail = json!({ "payment": payment.id, "attempt": attempt.id, "amount": self.amount_minor });
        changes.audit((self.tenant_id, &self.origin), Act::RefundCreate, &refund.id, &detail, moment);
        changes.put(payment);
        changes.put(attempt);
        changes.put(refund.clone());
        Ok(Decision::new(RefundCreated { refund, hold, existing: false }, changes))
    }
}

impl CreateRefund {
    /// Payment, attempt, contract and the accounts that the hold is drawn from.
    pub(crate) fn want_rows(&self, snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::Payment(self.tenant_id, self.payment_id));
        let Some(payment) = snapshot.payments.get(&(self.tenant_id, self.payment_id)) else { return };
        want_fulfilment(payment, wants);
        let Some(attempt_id) = self.attempt_id.or(payment.effective_attempt_id) else { return };
        wants.add(Want::Attempt(self.tenant_id, attempt_id));
        want_undoing(payment, None, snapshot, wants);
        let Some(attempt) = snapshot.attempts.get(&(self.tenant_id, attempt_id)) else { return };
        wants.add(Want::ChannelAccount(self.tenant_id, attempt.channel_account_id));
        let kinds: &[AccountKind] = match attempt.disposition {
            Some(Disposition::Duplicate) => &[AccountKind::Duplicate, AccountKind::Held],
            Some(Disposition::Late) => &[AccountKind::LateSuccess, AccountKind::Held],
            Some(Disposition::Effective) | None if payment.prepayment_id.is_some() => {
                wants.add(Want::Account(payment.credited_account()));
                &[AccountKind::Held]
            }
            Some(Disposition::Effective | Disposition::Mismatch) | None => {
                payment.want_others(wants);
                &[AccountKind::PendingSettlement, AccountKind::Cash, AccountKind::Held]
            }
        };
        for kind in kinds {
            wants.add(Want::Account(AccountRef::merchant(
                self.tenant_id,
                payment.merchant_id,
                *kind,
                payment.currency,
            )));
        }
    }
}
