//! Moving a cheque on: to the bank, and what the bank then says, which is a report about the attempt.

use crate::audit::{Act, Origin};
use crate::cheque::view::cheque_event;
use crate::cheque::{Cheque, ChequeStatus, postings};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::id::{AttemptId, ChequeId, PaymentId, TenantId, TypedId};
use crate::moment::{Moment, shanghai_day};
use crate::payment::TakePaymentReport;
use crate::person::name_of_actor;
use crate::refusal::Refusal;
use crate::report::{PaymentFinding, PaymentReport, Source};
use crate::snapshot::Snapshot;
use crate::webhook::EventKind;
use serde_json::json;

/// What happened to a cheque.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChequeStep {
    /// The bank got it on this day, days since 1970-01-01.
    Present { day: i64 },
    /// The bank gave it back unpaid.
    Bounce { reason: String },
    /// It went back to the payer before it was presented.
    Withdraw { reason: String },
}

impl ChequeStep {
    const fn to(&self) -> ChequeStatus {
        match self {
            Self::Present { .. } => ChequeStatus::Presented,
            Self::Bounce { .. } => ChequeStatus::Bounced,
            Self::Withdraw { .. } => ChequeStatus::Withdrawn,
        }
    }

    fn fits(&self, status: ChequeStatus) -> bool {
        match self {
            Self::Present { .. } | Self::Withdraw { .. } => status == ChequeStatus::Received,
            Self::Bounce { .. } => status.at_bank(),
        }
    }

    const fn event(&self) -> EventKind {
        match self {
            Self::Present { .. } => EventKind::ChequePresented,
            Self::Bounce { .. } => EventKind::ChequeBounced,
            Self::Withdraw { .. } => EventKind::ChequeWithdrawn,
        }
    }
}

/// Moves a cheque on, short of its money: see [`super::ClearCheque`] for that. Only a cleared one is money; a bounced
/// one gives back what its presentation booked.
#[derive(Debug, Clone)]
pub struct AdvanceCheque {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The cheque's payment and the cheque, named so that all rows are locked in one order.
    pub rows: (PaymentId, ChequeId),
    /// What happened.
    pub step: ChequeStep,
    /// The actor's name.
    pub by: String,
    /// Who asks.
    pub origin: Origin,
}

impl AdvanceCheque {
    fn stored<'a>(&self, snapshot: &'a Snapshot) -> Option<&'a Cheque> {
        let cheque = snapshot.cheques.get(&(self.tenant_id, self.rows.1));
        cheque.filter(|cheque| cheque.payment_id == self.rows.0)
    }

    /// What the step says about the attempt; nothing for a presentation.
    fn report(&self, now_us: i64) -> Option<TakePaymentReport> {
        let failed = |reason: &str| PaymentFinding::Failed {
            code: "cheque_bounced".to_owned(),
            message: reason.to_owned(),
        };
        let finding = match &self.step {
            ChequeStep::Present { .. } => return None,
            ChequeStep::Bounce { reason } => failed(reason),
            ChequeStep::Withdraw { .. } => PaymentFinding::Closed,
        };
        Some(TakePaymentReport {
            tenant_id: self.tenant_id,
            payment_id: self.rows.0,
            attempt_id: AttemptId(self.rows.1.id128()),
            report: PaymentReport { source: Source::Counter, asked_at_us: now_us, finding },
            origin: self.origin.clone(),
        })
    }

    fn check(&self, cheque: &Cheque, now_us: i64) -> Result<(), Refusal> {
        if !self.step.fits(cheque.status) {
            return Err(Refusal::ChequeStepUnfit);
        }
        let ChequeStep::Present { day } = &self.step else { return Ok(()) };
        let today = shanghai_day(now_us);
        if *day > today || *day < shanghai_day(cheque.created_at_us) {
            let reason = "before it was received, or in the future";
            return Err(Refusal::FieldInvalid { param: "presented_on", reason });
        }
        if Cheque::valid_on(cheque.issued_day, *day) { Ok(()) } else { Err(Refusal::ChequeExpired) }
    }

    fn book(&self, cheque: &mut Cheque, changes: &mut Changes, moment: &mut Moment<'_>) {
        match &self.step {
            ChequeStep::Present { day } => {
                let entry = postings::present(cheque, moment);
                cheque.presented_day = Some(*day);
                cheque.entry_id = entry.as_ref().map(|entry| entry.id);
                changes.put_some(entry);
            }
            ChequeStep::Bounce { reason } => {
                cheque.reason = Some(reason.clone());
                cheque.clearing_asked_by = None;
                changes.put_some(postings::settle(cheque, moment));
            }
            ChequeStep::Withdraw { reason } => cheque.reason = Some(reason.clone()),
        }
    }
}

impl Command for AdvanceCheque {
    type Reply = Cheque;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Posting
    }

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::Payment(self.tenant_id, self.rows.0));
        wants.add(Want::Attempt(self.tenant_id, AttemptId(self.rows.1.id128())));
        wants.add(Want::Cheque(self.tenant_id, self.rows.1));
        let Some(cheque) = self.stored(snapshot) else { return };
        wants.add(Want::Account(postings::in_collection(cheque)));
        wants.add(Want::Account(postings::uncleared(cheque)));
        if let Some(report) = self.report(0) {
            report.wants(snapshot, wants);
        }
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<Cheque>, Refusal> {
        name_of_actor(&self.by)?;
        let mut cheque = self.stored(snapshot).cloned().ok_or(Refusal::NotFound { what: "cheque" })?;
        let to = self.step.to();
        if cheque.status == to {
            return Ok(Decision::nothing(cheque));
        }
        self.check(&cheque, moment.now_us)?;
        let mut changes = match self.report(moment.now_us) {
            Some(report) => report.decide(snapshot, moment)?.changes,
            None => Changes::default(),
        };
        self.book(&mut cheque, &mut changes, moment);
        cheque.status = to;
        cheque.changed_by = Some(self.by.clone());
        cheque.updated_at_us = moment.now_us;
        changes.put(cheque_event(self.step.event(), &mut cheque, moment));
        let detail = json!({ "status": to, "reason": cheque.reason, "by": self.by });
        changes.audit((self.tenant_id, &self.origin), Act::ChequeAdvance, &cheque.id, &detail, moment);
        changes.put(cheque.clone());
        Ok(Decision::new(cheque, changes))
    }
}
