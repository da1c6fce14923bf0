//! What came of asking a bank: how far its statements were taken, or what is wrong and who has to know.

use super::view::bank_link_event;
use super::{Asking, BankLink, LinkStatus, PullTrouble, StatementKind};
use crate::audit::{Act, Origin};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::exception::{Exception, ExceptionKind, ExceptionStatus};
use crate::id::{ChannelAccountId, ExceptionId, TenantId};
use crate::moment::{DAY_US, HOUR_US, Moment, SECOND_US};
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use crate::webhook::EventKind;
use serde_json::json;

/// How long a bank may be silent before a person is told.
const SILENT_US: i64 = DAY_US;
/// The first pause after trouble; it doubles each time.
const PAUSE_US: i64 = 30 * SECOND_US;
/// The longest pause.
const PAUSE_MAX_US: i64 = HOUR_US;
/// The longest detail kept, characters.
const DETAIL_MAX_CHARS: usize = 300;

/// What came of asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PullOutcome {
    /// A statement was taken, with all its lines.
    Taken {
        /// Which.
        asking: Asking,
        /// The file's hash, hexadecimal.
        hash: String,
    },
    /// A file of the folder was taken, with all its lines.
    Filed,
    /// The folder has nothing new.
    Nothing,
    /// A statement came that does not begin where the one before it ended; nothing of it was taken.
    Broken {
        /// What was asked for.
        asking: Asking,
        /// The last day of the one before it, days since 1970-01-01: one of the days from there on is wrong.
        ended_day: i64,
        /// The same in words, without personal data.
        detail: String,
    },
    /// No statement could be taken.
    Troubled {
        /// What is wrong.
        trouble: PullTrouble,
        /// The same in words, without personal data.
        detail: String,
    },
}

/// Notes what came of asking a bank.
#[derive(Debug, Clone)]
pub struct NotePull {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The bank account.
    pub channel_account_id: ChannelAccountId,
    /// What came of it.
    pub outcome: PullOutcome,
}

impl NotePull {
    fn matter(&self, kind: ExceptionKind) -> ExceptionId {
        Exception::id_of(self.tenant_id, kind, &self.channel_account_id.to_string())
    }

    fn raised(&self, kind: ExceptionKind, link: &BankLink, moment: &Moment<'_>) -> Exception {
        let detail = json!({
            "channel_account": link.id, "keeper": link.keeper, "trouble": link.trouble,
            "detail": link.trouble_detail,
        });
        Exception {
            tenant_id: self.tenant_id,
            id: self.matter(kind),
            kind,
            payment_id: None,
            attempt_id: None,
            refund_id: None,
            amount_minor: 0,
            detail: detail.to_string(),
            resolution: None,
            status: ExceptionStatus::Open,
            opened_at_us: moment.now_us,
            closed_at_us: None,
            version: 0,
        }
    }

    /// Opens a matter once, and tells the person whose link it is.
    fn tell(
        &self,
        link: &mut BankLink,
        (kind, event): (ExceptionKind, EventKind),
        snapshot: &Snapshot,
        (changes, moment): (&mut Changes, &mut Moment<'_>),
    ) {
        let Some(exception) = self.raised(kind, link, moment).unless_open(snapshot) else { return };
        let detail = json!({ "trouble": link.trouble, "detail": link.trouble_detail, "told": link.keeper });
        let who = (self.tenant_id, &Origin::system());
        changes.audit(who, Act::BankLinkTell, &link.id, &detail, moment);
        changes.put(exception);
        changes.put(bank_link_event(event, link, moment));
    }

    /// What was wrong is over.
    fn heal(
        &self,
        link: &mut BankLink,
        snapshot: &Snapshot,
        (changes, moment): (&mut Changes, &mut Moment<'_>),
    ) {
        link.failures = 0;
        link.gap_day = None;
        link.trouble = None;
        link.trouble_detail = None;
        let mut settled = false;
        for kind in [ExceptionKind::BankLinkSilent, ExceptionKind::StatementRefused] {
            let closed = Exception::settled((self.tenant_id, self.matter(kind)), snapshot, moment.now_us);
            settled |= closed.is_some();
            changes.put_some(closed);
        }
        if settled {
            changes.put(bank_link_event(EventKind::BankLinkRecovered, link, moment));
        }
    }

    fn taken(
        &self,
        link: &mut BankLink,
        (asking, hash): (Asking, &str),
        snapshot: &Snapshot,
        (changes, moment): (&mut Changes, &mut Moment<'_>),
    ) {
        link.heard_at_us = moment.now_us;
        link.last_hash = Some(hash.to_owned());
        if asking.kind == StatementKind::Final && asking.day == link.final_day.saturating_add(1) {
            link.final_day = asking.day;
        }
        // The statement before a gap was brought again; only the one after it shows whether that helped.
        let before_gap = link.gap_day.is_some_and(|gap_day| asking.day < gap_day);
        if !before_gap {
            self.heal(link, snapshot, (changes, moment));
        }
        let more = link.asking(moment.now_us).is_some_and(|next| next.kind == StatementKind::Final);
        link.due_at_us = if more || before_gap { moment.now_us } else { moment.after(link.every_us) };
    }

    fn troubled(
        &self,
        link: &mut BankLink,
        (trouble, detail): (PullTrouble, &str),
        snapshot: &Snapshot,
        (changes, moment): (&mut Changes, &mut Moment<'_>),
    ) {
        let doubled =
            PAUSE_US.saturating_mul(1_i64.wrapping_shl(u32::try_from(link.failures.min(8)).unwrap_or(8)));
        link.failures = link.failures.saturating_add(1);
        link.trouble = Some(trouble);
        link.trouble_detail = Some(detail.chars().take(DETAIL_MAX_CHARS).collect());
        link.due_at_us = moment.after(doubled.min(PAUSE_MAX_US));
        if trouble.refuses_file() {
            let what = (ExceptionKind::StatementRefused, EventKind::BankLinkRefused);
            self.tell(link, what, snapshot, (changes, moment));
        }
    }
}

impl Command for NotePull {
    type Reply = BankLink;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, _snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::BankLink(self.tenant_id, self.channel_account_id));
        for kind in [ExceptionKind::BankLinkSilent, ExceptionKind::StatementRefused] {
            wants.add(Want::Exception(self.tenant_id, self.matter(kind)));
        }
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<BankLink>, Refusal> {
        let stored = snapshot.bank_links.get(&(self.tenant_id, self.channel_account_id));
        let stored = stored.ok_or(Refusal::NotFound { what: "bank_link" })?;
        if stored.status == LinkStatus::Stopped {
            return Ok(Decision::nothing(stored.clone()));
        }
        let mut link = stored.clone();
        let mut changes = Changes::default();
        link.lease_until_us = 0;
        link.updated_at_us = moment.now_us;
        match &self.outcome {
            PullOutcome::Taken { asking, hash } => {
                self.taken(&mut link, (*asking, hash), snapshot, (&mut changes, moment));
            }
            PullOutcome::Filed => {
                link.heard_at_us = moment.now_us;
                link.due_at_us = moment.now_us;
                self.heal(&mut link, snapshot, (&mut changes, moment));
            }
            PullOutcome::Nothing => link.due_at_us = moment.after(link.every_us),
            PullOutcome::Broken { asking, ended_day, detail } => {
                link.gap_day = Some(asking.day);
                link.final_day = asking.day.saturating_sub(1).min(*ended_day).saturating_sub(1);
                self.troubled(&mut link, (PullTrouble::Gap, detail), snapshot, (&mut changes, moment));
            }
            PullOutcome::Troubled { trouble, detail } => {
                self.troubled(&mut link, (*trouble, detail), snapshot, (&mut changes, moment));
            }
        }
        if moment.now_us.saturating_sub(link.heard_at_us) >= SILENT_US {
            let what = (ExceptionKind::BankLinkSilent, EventKind::BankLinkSilent);
            self.tell(&mut link, what, snapshot, (&mut changes, moment));
        }
        changes.put(link.clone());
        Ok(Decision::new(link, changes))
    }
}
