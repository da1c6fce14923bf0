//! A slip and the bank's own line about the same money: counted once, whichever of the two came first.

use crate::audit::{Act, Origin};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::exception::{Exception, ExceptionKind, ExceptionStatus};
use crate::id::{BankLineId, ExceptionId, TenantId, TypedId};
use crate::ledger::AccountKind;
use crate::moment::{Moment, shanghai_day};
use crate::person::name_of_actor;
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use crate::transfer::approve::{find, want};
use crate::transfer::view::bank_line_event;
use crate::transfer::{BankLine, Flow, LineLink, LineNature, LineSource, LineStatus, postings};
use crate::webhook::EventKind;
use serde_json::json;

/// How many days a slip's day and the bank's may lie apart.
pub const SLIP_DAYS: i64 = 7;
/// After how many days a slip that no statement has proven is shown to a person.
pub const UNPROVEN_DAYS: i64 = 5;

/// Whether a line of the bank may be about the money of a slip, as far as both can tell without their texts.
#[must_use]
pub fn may_be_slip(line: &BankLine, slip: &BankLine) -> bool {
    let waits = slip.unproven() || slip.status == LineStatus::PendingApproval;
    let of_bank = line.source == LineSource::Statement && line.flow == Flow::Credit;
    let same = line.amount_minor == slip.amount_minor
        && line.channel_account_id == slip.channel_account_id
        && line.currency == slip.currency;
    waits
        && of_bank
        && same
        && slip.link.is_none()
        && line.nature == LineNature::Plain
        && line.booked_day.saturating_sub(slip.booked_day).saturating_abs() <= SLIP_DAYS
}

/// Takes a line of the bank as proof of a slip. What the slip brought into the books stays where it is; of the bank's
/// line nothing is left to be matched. A slip that waits for a second person needs none any more.
#[derive(Debug, Clone)]
pub struct ProveSlip {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The slip.
    pub slip_id: BankLineId,
    /// The bank's line.
    pub bank_line_id: BankLineId,
    /// The actor's name.
    pub by: String,
    /// Who asks.
    pub origin: Origin,
}

pub(super) fn unproven_matter(tenant_id: TenantId, slip_id: BankLineId) -> ExceptionId {
    Exception::id_of(tenant_id, ExceptionKind::SlipUnproven, &slip_id.to_string())
}

impl Command for ProveSlip {
    type Reply = BankLine;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Posting
    }

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::BankLine(self.tenant_id, self.bank_line_id));
        wants.add(Want::Exception(self.tenant_id, unproven_matter(self.tenant_id, self.slip_id)));
        want(self.tenant_id, self.slip_id, snapshot, wants);
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<BankLine>, Refusal> {
        name_of_actor(&self.by)?;
        let mut slip = find(self.tenant_id, self.slip_id, snapshot)?;
        let mut line = find(self.tenant_id, self.bank_line_id, snapshot)?;
        if slip.link_id == Some(line.id.id128()) {
            return Ok(Decision::nothing(slip));
        }
        if !may_be_slip(&line, &slip) || line.left_minor() != line.amount_minor {
            return Err(Refusal::BankLineNotOpen);
        }
        let mut changes = Changes::default();
        slip.link = Some(LineLink::Proof);
        slip.link_id = Some(line.id.id128());
        slip.updated_at_us = moment.now_us;
        if slip.status == LineStatus::Booked {
            changes.put_some(postings::proven(&slip, AccountKind::Suspense, moment));
            line.link = Some(LineLink::Slip);
            line.link_id = Some(slip.id.id128());
            line.linked_minor = line.amount_minor;
            line.updated_at_us = moment.now_us;
        } else {
            slip.status = LineStatus::Superseded;
        }
        let matter = (self.tenant_id, unproven_matter(self.tenant_id, slip.id));
        changes.put_some(Exception::settled(matter, snapshot, moment.now_us));
        let detail = json!({ "line": line.id, "by": self.by });
        changes.audit((self.tenant_id, &self.origin), Act::BankLineLink, &slip.id, &detail, moment);
        changes.put(line);
        changes.put(slip.clone());
        Ok(Decision::new(slip, changes))
    }
}

/// Shows a person a slip that is in the books and that no statement has proven within [`UNPROVEN_DAYS`].
#[derive(Debug, Clone)]
pub struct FlagSlip {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The slip.
    pub slip_id: BankLineId,
}

impl Command for FlagSlip {
    type Reply = bool;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, _snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::BankLine(self.tenant_id, self.slip_id));
        wants.add(Want::Exception(self.tenant_id, unproven_matter(self.tenant_id, self.slip_id)));
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<bool>, Refusal> {
        let mut slip = find(self.tenant_id, self.slip_id, snapshot)?;
        let id = unproven_matter(self.tenant_id, slip.id);
        let age_days = shanghai_day(moment.now_us).saturating_sub(slip.booked_day);
        let known = snapshot.exceptions.get(&(self.tenant_id, id)).is_some();
        if known || !slip.unproven() || age_days <= UNPROVEN_DAYS {
            return Ok(Decision::nothing(false));
        }
        let mut changes = Changes::default();
        let detail = json!({ "bank_transfer": slip.id, "days": age_days, "matched": slip.matched_minor });
        changes.audit((self.tenant_id, &Origin::system()), Act::BankLineFlag, &slip.id, &detail, moment);
        changes.put(matter((&slip, id), ExceptionKind::SlipUnproven, &detail, moment));
        changes.put(bank_line_event(EventKind::BankTransferUnproven, &mut slip, moment));
        changes.put(slip);
        Ok(Decision::new(true, changes))
    }
}

/// The matter of a line that a person has to look at.
pub(super) fn matter(
    (line, id): (&BankLine, ExceptionId),
    kind: ExceptionKind,
    detail: &serde_json::Value,
    moment: &Moment<'_>,
) -> Exception {
    Exception {
        tenant_id: line.tenant_id,
        id,
        kind,
        payment_id: None,
        attempt_id: None,
        refund_id: None,
        amount_minor: line.amount_minor,
        detail: detail.to_string(),
        status: ExceptionStatus::Open,
        opened_at_us: moment.now_us,
        closed_at_us: None,
        resolution: None,
        version: 0,
    }
}
