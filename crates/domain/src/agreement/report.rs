//! What the channel says about an opening: only its verified word makes a card usable.
//!
//! It speaks by itself once the payer has typed his card. Where it does not, it is asked: after one minute, then less and
//! less often, for the last time some hours after its page has closed, or for a day where its answers prove nothing.

use super::{Agreement, AgreementStatus};
use crate::ask::{EXPIRY_GRACE_US, MANUAL_AFTER_US};
use crate::audit::{Act, Origin};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::id::{AgreementId, ChannelAccountId, TenantId};
use crate::moment::{HOUR_US, MINUTE_US, Moment};
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use serde_json::json;

/// How long the channel's own word about an opening is awaited before it is asked.
pub(super) const ASK_AFTER_US: i64 = MINUTE_US;

/// How long after an opening can have happened the channel is still asked although it knows of none.
const NOT_OPENED_AFTER_US: i64 = 2 * HOUR_US;

/// A card that was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardOpened {
    /// As the channel shows it, its middle hidden.
    pub masked: String,
    /// The channel's token, sealed.
    pub sealed: Vec<u8>,
}

/// What the channel's word about an opening proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CardFinding {
    /// The card is open.
    Opened(CardOpened),
    /// The channel knows of no card that was opened so.
    NotOpened,
    /// Nothing.
    Unclear,
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
    pub finding: CardFinding,
    /// When it was asked, Unix microseconds; of its own notification, when that came.
    pub asked_at_us: i64,
    /// Who asks.
    pub origin: Origin,
}

impl TakeCardReport {
    /// When to ask again about a card that is not open; nothing once asking is over.
    fn next_ask(&self, stored: &Agreement, now_us: i64) -> Option<i64> {
        // Until then the payer may still be typing, or may have done so at the last moment.
        let sure_at_us = stored.expires_at_us.saturating_add(EXPIRY_GRACE_US);
        let over = match self.finding {
            CardFinding::Opened(_) => true,
            // One old answer proves nothing: it is asked for hours after the payer could still have typed.
            CardFinding::NotOpened => self.asked_at_us >= sure_at_us.saturating_add(NOT_OPENED_AFTER_US),
            CardFinding::Unclear => now_us >= sure_at_us.saturating_add(MANUAL_AFTER_US),
        };
        let doubled = 1_i64.checked_shl(u32::try_from(stored.asks_count.clamp(0, 6)).unwrap_or(6));
        let wait_us = MINUTE_US.saturating_mul(doubled.unwrap_or(1)).min(HOUR_US);
        let next_us = now_us.saturating_add(wait_us);
        let next_us = if now_us < sure_at_us { next_us.min(sure_at_us) } else { next_us };
        (!over).then_some(next_us)
    }
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
        let mut agreement = Agreement {
            ask_due_at_us: self.next_ask(stored, moment.now_us),
            updated_at_us: moment.now_us,
            ..stored.clone()
        };
        let mut changes = Changes::default();
        match &self.finding {
            CardFinding::Opened(opened) => {
                agreement.status = AgreementStatus::Active;
                agreement.masked = Some(opened.masked.clone());
                agreement.sealed = Some(opened.sealed.clone());
                let who = (self.tenant_id, &self.origin);
                let detail = json!({ "card": agreement.masked });
                changes.audit(who, Act::AgreementReport, &agreement.id, &detail, moment);
            }
            CardFinding::NotOpened | CardFinding::Unclear => {
                agreement.asks_count = agreement.asks_count.saturating_add(1);
            }
        }
        changes.put(agreement.clone());
        Ok(Decision::new(agreement, changes))
    }
}
