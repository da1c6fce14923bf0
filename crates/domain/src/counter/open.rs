//! Opening a shift: a cashier takes a drawer with a float.

use crate::audit::{Act, Origin};
use crate::channel_account::{Channel, ChannelAccount};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::counter::{CounterDay, DayStatus, Seat, Shift, ShiftStatus, Totals, postings};
use crate::decision::{Changes, Decision};
use crate::id::{ChannelAccountId, ShiftId, TenantId, TypedId};
use crate::moment::{Moment, shanghai_day};
use crate::person::name_of_actor;
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use serde_json::json;
use tk_money::Currency;

/// The greatest float, minor units: one million yuan.
const FLOAT_MAX_MINOR: i64 = 100_000_000;

/// Opens a shift of a cashier at a counter; each of both has at most one.
#[derive(Debug, Clone)]
pub struct OpenShift {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The counter.
    pub channel_account_id: ChannelAccountId,
    /// The cashier's name.
    pub cashier: String,
    /// The cash that it begins with, minor units.
    pub float_minor: i64,
    /// The day it belongs to: today in Shanghai, or yesterday for a night that goes on.
    pub business_day: i64,
    /// Who asks.
    pub origin: Origin,
}

impl OpenShift {
    fn check(&self, snapshot: &Snapshot, moment: &Moment<'_>) -> Result<Currency, Refusal> {
        name_of_actor(&self.cashier)?;
        let account = counter(self.tenant_id, self.channel_account_id, snapshot)?;
        if !account.enabled {
            return Err(Refusal::ChannelNotAvailable);
        }
        if !(0..=FLOAT_MAX_MINOR).contains(&self.float_minor) {
            return Err(Refusal::FieldInvalid { param: "float", reason: "outside 0 to 100000000" });
        }
        let today = shanghai_day(moment.now_us);
        if !(today.saturating_sub(1)..=today).contains(&self.business_day) {
            return Err(Refusal::FieldInvalid {
                param: "business_date",
                reason: "neither today nor yesterday",
            });
        }
        for id in Seat::ids_of(self.tenant_id, self.channel_account_id, &self.cashier) {
            let seat = snapshot.seats.get(&(self.tenant_id, id));
            if seat.is_some_and(|seat| seat.shift_id.is_some()) {
                return Err(Refusal::ShiftOpen);
            }
        }
        Ok(account.currency)
    }

    fn day(
        &self,
        currency: Currency,
        snapshot: &Snapshot,
        moment: &Moment<'_>,
    ) -> Result<CounterDay, Refusal> {
        let id = CounterDay::id_of(self.tenant_id, self.channel_account_id, self.business_day);
        let known = snapshot.counter_days.get(&(self.tenant_id, id)).cloned();
        let day = known.unwrap_or_else(|| CounterDay {
            tenant_id: self.tenant_id,
            id,
            channel_account_id: self.channel_account_id,
            business_day: self.business_day,
            currency,
            shifts_count: 0,
            shifts_open: 0,
            totals: Totals::default(),
            over_short_minor: 0,
            to_bank_minor: 0,
            deposited_minor: 0,
            status: DayStatus::Open,
            closed_by: None,
            closed_at_us: None,
            event_seq: 0,
            created_at_us: moment.now_us,
            version: 0,
        });
        if day.status == DayStatus::Closed { Err(Refusal::CounterDayClosed) } else { Ok(day) }
    }

    fn row(&self, currency: Currency, moment: &mut Moment<'_>) -> Shift {
        Shift {
            tenant_id: self.tenant_id,
            id: ShiftId::new(moment),
            channel_account_id: self.channel_account_id,
            cashier: self.cashier.clone(),
            business_day: self.business_day,
            currency,
            float_minor: self.float_minor,
            totals: Totals::default(),
            voids_pending: 0,
            status: ShiftStatus::Open,
            counted_minor: None,
            over_short_minor: 0,
            received_by: None,
            event_seq: 0,
            opened_at_us: moment.now_us,
            closed_at_us: None,
            version: 0,
        }
    }
}

/// The counter of this identifier.
pub(crate) fn counter(
    tenant_id: TenantId,
    id: ChannelAccountId,
    snapshot: &Snapshot,
) -> Result<&ChannelAccount, Refusal> {
    let account = snapshot.channel_accounts.get(&(tenant_id, id));
    account.filter(|account| account.channel == Channel::Counter).ok_or(Refusal::NotFound { what: "counter" })
}

impl Command for OpenShift {
    type Reply = Shift;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Posting
    }

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::ChannelAccount(self.tenant_id, self.channel_account_id));
        let id = CounterDay::id_of(self.tenant_id, self.channel_account_id, self.business_day);
        let account = snapshot.channel_accounts.get(&(self.tenant_id, self.channel_account_id));
        let Some(account) = account else { return };
        wants.add(Want::CounterDay(self.tenant_id, id));
        for id in Seat::ids_of(self.tenant_id, self.channel_account_id, &self.cashier) {
            wants.add(Want::Seat(self.tenant_id, id));
        }
        wants.add(Want::Account(postings::drawer(self.tenant_id, account.id, account.currency)));
        wants.add(Want::Account(postings::vault(self.tenant_id, account.currency)));
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<Shift>, Refusal> {
        let currency = self.check(snapshot, moment)?;
        let mut day = self.day(currency, snapshot, moment)?;
        let shift = self.row(currency, moment);
        day.shifts_count = day.shifts_count.saturating_add(1);
        day.shifts_open = day.shifts_open.saturating_add(1);
        let mut changes = Changes::default();
        for id in Seat::ids_of(self.tenant_id, self.channel_account_id, &self.cashier) {
            changes.put(Seat { tenant_id: self.tenant_id, id, shift_id: Some(shift.id), version: 0 });
        }
        changes.put_some(postings::open(&shift, moment));
        let detail = json!({
            "counter": shift.channel_account_id, "float": shift.float_minor, "by": shift.cashier,
        });
        changes.audit((self.tenant_id, &self.origin), Act::ShiftOpen, &shift.id, &detail, moment);
        changes.put(day);
        changes.put(shift.clone());
        Ok(Decision::new(shift, changes))
    }
}
