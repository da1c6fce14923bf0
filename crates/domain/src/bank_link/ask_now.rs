//! A person does not want to wait for the next question.

use super::{BankLink, LinkStatus};
use crate::audit::{Act, Origin};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::id::{ChannelAccountId, TenantId};
use crate::moment::Moment;
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use serde_json::json;

/// Makes the next question due now.
#[derive(Debug, Clone)]
pub struct AskBankNow {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The bank account.
    pub channel_account_id: ChannelAccountId,
    /// Who asks.
    pub origin: Origin,
}

impl Command for AskBankNow {
    type Reply = BankLink;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, _snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::BankLink(self.tenant_id, self.channel_account_id));
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<BankLink>, Refusal> {
        let stored = snapshot.bank_links.get(&(self.tenant_id, self.channel_account_id));
        let stored = stored.filter(|link| link.status == LinkStatus::Active);
        let stored = stored.ok_or(Refusal::NotFound { what: "bank_link" })?;
        if stored.due_at_us <= moment.now_us {
            return Ok(Decision::nothing(stored.clone()));
        }
        let link = BankLink { due_at_us: moment.now_us, updated_at_us: moment.now_us, ..stored.clone() };
        let mut changes = Changes::default();
        let who = (self.tenant_id, &self.origin);
        changes.audit(who, Act::BankLinkAsk, &link.id, &json!({}), moment);
        changes.put(link.clone());
        Ok(Decision::new(link, changes))
    }
}
