//! Handing money back over the counter, which proves a refund done.

use crate::audit::{Act, Origin};
use crate::channel_account::Method;
use crate::command::{Command, LaneKind, Want, Wants};
use crate::counter::{CounterFlow, CounterMovement, Shift, ShiftStatus, Slip, VoidStatus, postings};
use crate::decision::{Changes, Decision};
use crate::id::{AttemptId, MovementId, PaymentId, RefundId, ShiftId, TenantId, TypedId};
use crate::key::NaturalKey;
use crate::ledger::{AccountKind, AccountRef};
use crate::moment::Moment;
use crate::payment::Attempt;
use crate::person::name_of_actor;
use crate::refund::{Refund, RefundState, TakeRefundReport};
use crate::refusal::Refusal;
use crate::report::{RefundFinding, RefundReport, Source};
use crate::snapshot::Snapshot;
use serde_json::json;
use tk_money::Amount;

/// Records that a cashier handed a refund back by the method of its payment: cash from the drawer, or by a slip.
#[derive(Debug, Clone)]
pub struct HandOverRefund {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The shift.
    pub shift_id: ShiftId,
    /// The refund's payment and attempt and the refund, named so that all rows are locked in one order.
    pub rows: (PaymentId, AttemptId, RefundId),
    /// The slip, for anything but cash.
    pub slip: Option<Slip>,
    /// The cashier's name.
    pub by: String,
    /// Who asks.
    pub origin: Origin,
}

/// The refund and the movement as they then stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandedOver {
    /// The refund.
    pub refund: Refund,
    /// The movement.
    pub movement: CounterMovement,
}

/// The rows that a hand-over is decided over.
pub(super) struct Seen<'a> {
    pub(super) shift: &'a Shift,
    pub(super) attempt: &'a Attempt,
    pub(super) refund: &'a Refund,
}

impl HandOverRefund {
    /// The report that the hand-over is.
    fn report(&self, amount: Amount) -> TakeRefundReport {
        let (payment_id, attempt_id, refund_id) = self.rows;
        TakeRefundReport {
            tenant_id: self.tenant_id,
            payment_id,
            attempt_id,
            refund_id,
            report: RefundReport {
                source: Source::Counter,
                finding: RefundFinding::Done { amount, borne: None, at_us: None },
            },
            origin: self.origin.clone(),
        }
    }

    pub(super) fn seen<'a>(&self, snapshot: &'a Snapshot) -> Result<Seen<'a>, Refusal> {
        let missing = |what| Refusal::NotFound { what };
        let (payment_id, attempt_id, refund_id) = self.rows;
        let refund = snapshot.refunds.get(&(self.tenant_id, refund_id)).ok_or(missing("refund"))?;
        let attempt = snapshot.attempts.get(&(self.tenant_id, attempt_id)).ok_or(missing("refund"))?;
        if (refund.payment_id, refund.attempt_id) != (payment_id, attempt_id) {
            return Err(missing("refund"));
        }
        let shift = snapshot.shifts.get(&(self.tenant_id, self.shift_id)).ok_or(missing("shift"))?;
        Ok(Seen { shift, attempt, refund })
    }

    fn known<'a>(&self, snapshot: &'a Snapshot) -> Option<&'a CounterMovement> {
        let id = MovementId(self.rows.2.id128());
        snapshot.counter_movements.get(&(self.tenant_id, id))
    }

    /// Cash comes from the drawer at hand; a card slip goes through the contract that took the money.
    fn check(&self, seen: &Seen<'_>, snapshot: &Snapshot) -> Result<AccountRef, Refusal> {
        name_of_actor(&self.by)?;
        if seen.shift.status != ShiftStatus::Open {
            return Err(Refusal::ShiftNotOpen);
        }
        let (counter, currency) = (seen.shift.channel_account_id, seen.refund.currency);
        if seen.attempt.method == Method::Cash {
            if self.slip.is_some() {
                return Err(Refusal::FieldInvalid { param: "slip", reason: "cash has none" });
            }
            let covered = seen.shift.expected_minor() >= seen.refund.amount_minor;
            let drawer = postings::drawer(self.tenant_id, counter, currency);
            return if covered { Ok(drawer) } else { Err(Refusal::DrawerShort) };
        }
        if !matches!(seen.attempt.method, Method::Pos | Method::Kiosk)
            || seen.attempt.channel_account_id != counter
        {
            return Err(Refusal::ChannelNotAvailable);
        }
        let slip = self.slip.as_ref().ok_or(Refusal::FieldInvalid { param: "slip", reason: "missing" })?;
        slip.check()?;
        let key = slip.key(self.tenant_id, seen.shift.business_day);
        if snapshot.natural_keys.get(&key).is_some() {
            return Err(Refusal::SlipUsed);
        }
        Ok(AccountRef::channel(self.tenant_id, counter, AccountKind::ChannelReceivable, currency))
    }

    fn movement(&self, seen: &Seen<'_>, moment: &Moment<'_>) -> CounterMovement {
        CounterMovement {
            tenant_id: self.tenant_id,
            id: MovementId(seen.refund.id.id128()),
            flow: CounterFlow::Out,
            shift_id: seen.shift.id,
            channel_account_id: seen.shift.channel_account_id,
            payment_id: seen.refund.payment_id,
            attempt_id: seen.refund.attempt_id,
            refund_id: Some(seen.refund.id),
            method: seen.attempt.method,
            amount_minor: seen.refund.amount_minor,
            currency: seen.refund.currency,
            tendered_minor: None,
            slip_terminal: self.slip.as_ref().map(|slip| slip.terminal.clone()),
            slip_no: self.slip.as_ref().map(|slip| slip.number.clone()),
            void_status: VoidStatus::None,
            void_reason: None,
            void_by: None,
            void_refund_id: None,
            decided_by: None,
            made_by: self.by.clone(),
            created_at_us: moment.now_us,
            version: 0,
        }
    }

    /// The refund done, the movement and the shift with it; the shift is left to the caller to write.
    pub(super) fn hand_over(
        &self,
        seen: &Seen<'_>,
        snapshot: &Snapshot,
        moment: &mut Moment<'_>,
    ) -> Result<(HandedOver, Shift, Changes), Refusal> {
        let from = self.check(seen, snapshot)?;
        let amount = Amount::new(seen.refund.amount_minor, seen.refund.currency);
        let Decision { reply, mut changes } = self.report(amount).handed_over(from, snapshot, moment)?;
        let movement = self.movement(seen, moment);
        if let Some(slip) = &self.slip {
            let name = slip.key(self.tenant_id, seen.shift.business_day);
            changes.put(NaturalKey { name, id: movement.id.id128() });
        }
        let shift = Shift {
            totals: seen.shift.totals.with(movement.method, CounterFlow::Out, movement.amount_minor),
            ..seen.shift.clone()
        };
        changes.put(movement.clone());
        let detail = json!({
            "refund": seen.refund.id, "shift": shift.id, "amount": movement.amount_minor, "by": self.by,
        });
        let who = (self.tenant_id, &self.origin);
        changes.audit(who, Act::RefundHandOver, &seen.refund.id, &detail, moment);
        Ok((HandedOver { refund: reply.refund, movement }, shift, changes))
    }

    pub(super) fn want(&self, snapshot: &Snapshot, wants: &mut Wants) {
        let refund = snapshot.refunds.get(&(self.tenant_id, self.rows.2));
        self.report(Amount::fen(0)).wants(snapshot, wants);
        let Some(refund) = refund else { return };
        wants.add(Want::Shift(self.tenant_id, self.shift_id));
        wants.add(Want::CounterMovement(self.tenant_id, MovementId(refund.id.id128())));
        let Some(shift) = snapshot.shifts.get(&(self.tenant_id, self.shift_id)) else { return };
        if let Some(slip) = &self.slip {
            wants.add(Want::Natural(slip.key(self.tenant_id, shift.business_day)));
        }
        let drawer = postings::drawer(self.tenant_id, shift.channel_account_id, refund.currency);
        wants.add(Want::Account(drawer));
    }
}

impl Command for HandOverRefund {
    type Reply = HandedOver;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Posting
    }

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        self.want(snapshot, wants);
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<HandedOver>, Refusal> {
        let seen = self.seen(snapshot)?;
        if let Some(movement) = self.known(snapshot) {
            let same = movement.shift_id == self.shift_id;
            let reply = HandedOver { refund: seen.refund.clone(), movement: movement.clone() };
            return if same {
                Ok(Decision::nothing(reply))
            } else {
                Err(Refusal::RefundEnded { done: true })
            };
        }
        match seen.refund.status {
            RefundState::Approved => {}
            RefundState::PendingApproval => return Err(Refusal::SecondPersonRequired),
            RefundState::Processing => return Err(Refusal::RefundInProgress),
            RefundState::Succeeded => return Err(Refusal::RefundEnded { done: true }),
            RefundState::Failed | RefundState::Rejected | RefundState::Cancelled => {
                return Err(Refusal::RefundEnded { done: false });
            }
        }
        let (reply, shift, mut changes) = self.hand_over(&seen, snapshot, moment)?;
        changes.put(shift);
        Ok(Decision::new(reply, changes))
    }
}
