//! Closing a shift: the cash is counted and handed over, and the difference is the cashier's.

use crate::audit::{Act, Origin};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::counter::view::shift_event;
use crate::counter::{CounterDay, Seat, Shift, ShiftStatus, postings};
use crate::decision::{Changes, Decision};
use crate::id::{ShiftId, TenantId};
use crate::moment::Moment;
use crate::person::name_of_actor;
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use crate::webhook::EventKind;
use serde_json::json;

/// The most cash that a drawer may be counted to hold, minor units: one hundred million yuan.
const COUNTED_MAX_MINOR: i64 = 10_000_000_000;

/// Closes a shift with the cash counted.
#[derive(Debug, Clone)]
pub struct CloseShift {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The shift.
    pub shift_id: ShiftId,
    /// The cash counted, minor units.
    pub counted_minor: i64,
    /// The name of who takes the cash over.
    pub by: String,
    /// Who asks.
    pub origin: Origin,
}

impl CloseShift {
    fn close(&self, shift: &mut Shift, snapshot: &Snapshot, changes: &mut Changes, moment: &mut Moment<'_>) {
        changes.put_some(postings::close(shift, self.counted_minor, moment));
        shift.over_short_minor = self.counted_minor.saturating_sub(shift.expected_minor());
        shift.counted_minor = Some(self.counted_minor);
        shift.status = ShiftStatus::Closed;
        shift.received_by = Some(self.by.clone());
        shift.closed_at_us = Some(moment.now_us);
        for id in Seat::ids_of(self.tenant_id, shift.channel_account_id, &shift.cashier) {
            changes.put(Seat { tenant_id: self.tenant_id, id, shift_id: None, version: 0 });
        }
        let id = CounterDay::id_of(self.tenant_id, shift.channel_account_id, shift.business_day);
        if let Some(day) = snapshot.counter_days.get(&(self.tenant_id, id)) {
            let beyond_float = self.counted_minor.saturating_sub(shift.float_minor);
            changes.put(CounterDay {
                shifts_open: day.shifts_open.saturating_sub(1),
                totals: day.totals.plus(shift.totals),
                over_short_minor: day.over_short_minor.saturating_add(shift.over_short_minor),
                to_bank_minor: day.to_bank_minor.saturating_add(beyond_float),
                ..day.clone()
            });
        }
    }
}

impl Command for CloseShift {
    type Reply = Shift;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Posting
    }

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::Shift(self.tenant_id, self.shift_id));
        let Some(shift) = snapshot.shifts.get(&(self.tenant_id, self.shift_id)) else { return };
        let (counter, currency) = (shift.channel_account_id, shift.currency);
        for id in Seat::ids_of(self.tenant_id, counter, &shift.cashier) {
            wants.add(Want::Seat(self.tenant_id, id));
        }
        let day = CounterDay::id_of(self.tenant_id, counter, shift.business_day);
        wants.add(Want::CounterDay(self.tenant_id, day));
        wants.add(Want::Account(postings::drawer(self.tenant_id, counter, currency)));
        wants.add(Want::Account(postings::vault(self.tenant_id, currency)));
        wants.add(Want::Account(postings::over_short(shift)));
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<Shift>, Refusal> {
        name_of_actor(&self.by)?;
        let shift = snapshot.shifts.get(&(self.tenant_id, self.shift_id));
        let mut shift = shift.cloned().ok_or(Refusal::NotFound { what: "shift" })?;
        if shift.status == ShiftStatus::Closed {
            let same = shift.counted_minor == Some(self.counted_minor);
            return if same { Ok(Decision::nothing(shift)) } else { Err(Refusal::ShiftNotOpen) };
        }
        if shift.voids_pending > 0 {
            return Err(Refusal::VoidsPending);
        }
        if !(0..=COUNTED_MAX_MINOR).contains(&self.counted_minor) {
            return Err(Refusal::FieldInvalid { param: "counted", reason: "outside 0 to 10000000000" });
        }
        let mut changes = Changes::default();
        self.close(&mut shift, snapshot, &mut changes, moment);
        changes.put(shift_event(EventKind::ShiftClosed, &mut shift, moment));
        let detail = json!({
            "counted": self.counted_minor, "expected": shift.expected_minor(),
            "over_short": shift.over_short_minor, "by": self.by,
        });
        changes.audit((self.tenant_id, &self.origin), Act::ShiftClose, &shift.id, &detail, moment);
        changes.put(shift.clone());
        Ok(Decision::new(shift, changes))
    }
}
