//! What the channel says about an opening: only its verified word makes a card usable.

use super::{Agreement, AgreementStatus};
use crate::audit::{Act, Origin};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::id::{AgreementId, ChannelAccountId, TenantId};
use crate::moment::Moment;
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use serde_json::json;

/// A card that was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardOpened {
    /// As the channel shows it, its middle hidden.
    pub masked: String,
    /// The channel's token, sealed.
    pub sealed: Vec<u8>,
}

/// Takes what the channel said about an opening.
#[derive(Debug, Clone)]
pub struct TakeCardReport {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The agreement.
    pub agreement_id: AgreementId,
    /// The contract whose channel spoke.
    pub channel_account_id: ChannelAccountId,
    /// What it said.
    pub opened: CardOpened,
    /// Who asks.
    pub origin: Origin,
}

impl Command for TakeCardReport {
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
        let stored = stored.filter(|row| row.channel_account_id == self.channel_account_id);
        let stored = stored.ok_or(Refusal::NotFound { what: "agreement" })?;
        // The channel says it several times, and may say it after the payer has ended it.
        if stored.status != AgreementStatus::Opening {
            return Ok(Decision::nothing(stored.clone()));
        }
        let agreement = Agreement {
            status: AgreementStatus::Active,
            masked: Some(self.opened.masked.clone()),
            sealed: Some(self.opened.sealed.clone()),
            updated_at_us: moment.now_us,
            ..stored.clone()
        };
        let mut changes = Changes::default();
        let detail = json!({ "card": agreement.masked });
        changes.audit((self.tenant_id, &self.origin), Act::AgreementReport, &agreement.id, &detail, moment);
        changes.put(agreement.clone());
        Ok(Decision::new(agreement, changes))
    }
}
