//! Closing a counter's day, once none of its shifts is open.

use crate::audit::{Act, Origin};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::counter::view::day_event;
use crate::counter::{CounterDay, DayStatus};
use crate::decision::{Changes, Decision};
use crate::id::{CounterDayId, TenantId};
use crate::moment::Moment;
use crate::person::name_of_actor;
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use crate::webhook::EventKind;
use serde_json::json;

/// Closes a counter's day; it takes no shifts afterwards.
#[derive(Debug, Clone)]
pub struct CloseCounterDay {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The day.
    pub counter_day_id: CounterDayId,
    /// The actor's name.
    pub by: String,
    /// Who asks.
    pub origin: Origin,
}

impl Command for CloseCounterDay {
    type Reply = CounterDay;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, _snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::CounterDay(self.tenant_id, self.counter_day_id));
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<CounterDay>, Refusal> {
        name_of_actor(&self.by)?;
        let day = snapshot.counter_days.get(&(self.tenant_id, self.counter_day_id));
        let mut day = day.cloned().ok_or(Refusal::NotFound { what: "counter_day" })?;
        if day.status == DayStatus::Closed {
            return Ok(Decision::nothing(day));
        }
        if day.shifts_open > 0 {
            return Err(Refusal::ShiftOpen);
        }
        day.status = DayStatus::Closed;
        day.closed_by = Some(self.by.clone());
        day.closed_at_us = Some(moment.now_us);
        let mut changes = Changes::default();
        changes.put(day_event(EventKind::CounterDayClosed, &mut day, moment));
        let detail = json!({ "to_bank": day.to_bank_minor, "by": self.by });
        changes.audit((self.tenant_id, &self.origin), Act::CounterDayClose, &day.id, &detail, moment);
        changes.put(day.clone());
        Ok(Decision::new(day, changes))
    }
}
