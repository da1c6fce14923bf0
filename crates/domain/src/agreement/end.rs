//! Ending a card: unusable here with the first commit, ended when the channel has taken it.

use super::{Agreement, AgreementStatus};
use crate::audit::{Act, Origin};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::id::{AgreementId, TenantId};
use crate::moment::Moment;
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use serde_json::json;

/// Takes an agreement one step towards its end.
#[derive(Debug, Clone)]
pub struct EndAgreement {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The agreement.
    pub agreement_id: AgreementId,
    /// [`AgreementStatus::Ending`] for whoever wants it, [`AgreementStatus::Ended`] once the channel has taken it.
    pub to: AgreementStatus,
    /// Who asks.
    pub origin: Origin,
}

impl Command for EndAgreement {
    type Reply = Agreement;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, _snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::Agreement(self.tenant_id, self.agreement_id));
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<Agreement>, Refusal> {
        let stored = snapshot.agreements.get(&(self.tenant_id, self.agreement_id));
        let mut agreement = stored.ok_or(Refusal::NotFound { what: "agreement" })?.clone();
        let step = matches!(
            (agreement.status, self.to),
            (AgreementStatus::Active, AgreementStatus::Ending)
                | (AgreementStatus::Ending, AgreementStatus::Ended)
        );
        if !step {
            return Ok(Decision::nothing(agreement));
        }
        agreement.status = self.to;
        agreement.updated_at_us = moment.now_us;
        (agreement.code_payment_id, agreement.code_attempt_id, agreement.code_at_us) = (None, None, None);
        if self.to == AgreementStatus::Ended {
            agreement.sealed = None;
        }
        let mut changes = Changes::default();
        let detail = json!({ "status": agreement.status });
        changes.audit((self.tenant_id, &self.origin), Act::AgreementEnd, &agreement.id, &detail, moment);
        changes.put(agreement.clone());
        Ok(Decision::new(agreement, changes))
    }
}
