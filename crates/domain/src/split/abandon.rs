//! What a channel refuses for ever: given up by two persons, and ended only by what the channel then says.

use super::create::{lines_of, want_lines};
use super::rows::{Split, SplitLine, SplitLineStatus, SplitMode};
use crate::audit::{Act, Origin};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::id::{PaymentId, SplitId, TenantId, TypedId};
use crate::instruction::{Instruction, InstructionKind, InstructionStatus};
use crate::moment::{DAY_US, HOUR_US, Moment};
use crate::person::{name_of_actor, second_person};
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use crate::transfer::Verdict;
use crate::words::words;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

/// The code of a share, or of its return, that was given up.
pub const ABANDONED: &str = "ABANDONED";

/// How long after the last saying that may still be on its way a channel's word proves that it did not arrive.
const PROVES_AFTER_US: i64 = DAY_US.saturating_add(HOUR_US);

/// So many answers in a row, an hour apart, that the channel does not know a number prove that it never will.
const UNKNOWN_PROVES: i64 = 3;

words! {
    /// Where a proposal to give something up stands.
    AbandonmentStatus {
        /// A second person has to decide.
        PendingApproval = "pending_approval",
        /// Decided: nothing more is said, and what the channel answers ends it.
        Approved = "approved",
        /// Decided against; another may be proposed.
        Rejected = "rejected",
    }
}

/// A proposal to give up what the channel refuses, with what was decided about it; kept on its row as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Abandonment {
    /// Why, in the maker's words.
    pub reason: String,
    /// What shows that the channel never will: a ticket, a letter, a screen.
    pub evidence: String,
    /// Who proposes it.
    pub maker: String,
    /// Unix microseconds.
    pub proposed_at_us: i64,
    /// Where it stands.
    pub status: AbandonmentStatus,
    /// Who decided.
    pub checker: Option<String>,
    /// Unix microseconds.
    pub decided_at_us: Option<i64>,
    /// From when the channel's word proves that nothing arrives any more, Unix microseconds.
    pub proves_from_us: i64,
    /// How often since then the channel did not know it.
    #[serde(default)]
    pub unknown_count: i64,
}

impl Abandonment {
    /// The proposal that a row carries.
    #[must_use]
    pub fn stored(text: Option<&String>) -> Option<Self> {
        serde_json::from_str(text?).ok()
    }

    /// What an approval is bound to: SHA-256 over all that was proposed, in hexadecimal digits.
    #[must_use]
    pub fn content_hash(&self, subject: &str) -> String {
        let proposed = json!([subject, self.reason, self.evidence, self.maker, self.proposed_at_us]);
        let digest = Sha256::digest(proposed.to_string().as_bytes());
        let digits = digest.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect()
    }

    /// This one, if two persons have decided for it.
    pub(super) fn approved(self) -> Option<Self> {
        (self.status == AbandonmentStatus::Approved).then_some(self)
    }

    pub(super) fn text(&self) -> Option<String> {
        serde_json::to_string(self).ok()
    }

    /// Something was still said: only what the channel says a while later proves that it did not arrive.
    pub(super) const fn said(&mut self, now_us: i64) {
        self.proves_from_us = now_us.saturating_add(PROVES_AFTER_US);
        self.unknown_count = 0;
    }

    /// The channel did not know it, and one answer may be an old one: whether that was often enough. If not, it is asked
    /// again an hour later.
    pub(super) const fn is_unknown(&mut self, now_us: i64) -> bool {
        self.unknown_count = self.unknown_count.saturating_add(1);
        self.proves_from_us = now_us.saturating_add(HOUR_US);
        self.unknown_count >= UNKNOWN_PROVES
    }
}

/// What a person proposes.
#[derive(Debug, Clone)]
pub struct AbandonmentProposed {
    /// Why.
    pub reason: String,
    /// What shows that the channel never will.
    pub evidence: String,
    /// The person's name.
    pub by: String,
}

impl AbandonmentProposed {
    pub(super) fn check(&self) -> Result<(), Refusal> {
        name_of_actor(&self.by)?;
        for (param, text) in [("reason", &self.reason), ("evidence", &self.evidence)] {
            if text.trim().is_empty() {
                return Err(Refusal::FieldInvalid { param, reason: "empty" });
            }
        }
        Ok(())
    }

    /// The proposal; nothing if it waits already. One that waits or was approved leaves no place for another.
    pub(super) fn beside(
        &self,
        known: Option<Abandonment>,
        now_us: i64,
    ) -> Result<Option<Abandonment>, Refusal> {
        match known {
            Some(known) if known.status == AbandonmentStatus::PendingApproval && self.is(&known) => Ok(None),
            Some(known) if known.status != AbandonmentStatus::Rejected => Err(Refusal::NotAbandonable),
            Some(_) | None => Ok(Some(Abandonment {
                reason: self.reason.clone(),
                evidence: self.evidence.clone(),
                maker: self.by.clone(),
                proposed_at_us: now_us,
                status: AbandonmentStatus::PendingApproval,
                checker: None,
                decided_at_us: None,
                proves_from_us: i64::MAX,
                unknown_count: 0,
            })),
        }
    }

    fn is(&self, known: &Abandonment) -> bool {
        (&self.reason, &self.evidence, &self.by) == (&known.reason, &known.evidence, &known.maker)
    }
}

/// What a second person says of a proposal.
#[derive(Debug, Clone)]
pub struct AbandonmentDecided {
    /// Yes or no.
    pub verdict: Verdict,
    /// The hash of what the person saw; see [`Abandonment::content_hash`].
    pub seen: String,
    /// The person's name.
    pub by: String,
}

impl AbandonmentDecided {
    /// The proposal as decided, once; with a yes nothing more is said, and the channel is asked when all that was said
    /// before has arrived or never will. A no may still come after the yes, where the channel's word proves nothing: then
    /// the number is said again.
    pub(super) fn on(
        &self,
        (known, subject): (Option<Abandonment>, &str),
        instruction: &mut Instruction,
        ([asks, says], origin): ([InstructionKind; 2], &Origin),
        now_us: i64,
    ) -> Result<Abandonment, Refusal> {
        let waits = |known: &Abandonment| {
            let open = match self.verdict {
                Verdict::Approve => known.status == AbandonmentStatus::PendingApproval,
                Verdict::Reject => known.status != AbandonmentStatus::Rejected,
            };
            open && known.content_hash(subject) == self.seen
        };
        let mut known = known.filter(waits).ok_or(Refusal::ApprovalConsumed)?;
        if instruction.status != InstructionStatus::Open {
            return Err(Refusal::ApprovalConsumed);
        }
        second_person(&known.maker, &self.by, origin)?;
        known.checker = Some(self.by.clone());
        known.decided_at_us = Some(now_us);
        match self.verdict {
            Verdict::Reject => {
                if known.status == AbandonmentStatus::Approved {
                    instruction.next(says, now_us);
                }
                known.status = AbandonmentStatus::Rejected;
            }
            Verdict::Approve => {
                known.status = AbandonmentStatus::Approved;
                known.said(now_us.max(instruction.lease_until_us));
                instruction.next(asks, known.proves_from_us);
            }
        }
        Ok(known)
    }
}

/// Proposes to give up a split that the channel refuses. Moves nothing.
#[derive(Debug, Clone)]
pub struct AskAbandonment {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The payment divided.
    pub payment_id: PaymentId,
    /// The split.
    pub split_id: SplitId,
    /// What is proposed, and by whom.
    pub proposed: AbandonmentProposed,
    /// Who asks.
    pub origin: Origin,
}

/// The split with its shares as they then stand.
#[derive(Debug, Clone)]
pub struct AbandonmentAsked {
    /// The split.
    pub split: Split,
    /// Its shares.
    pub lines: Vec<SplitLine>,
}

impl AskAbandonment {
    /// Only shares that the channel has not taken, and has refused or said nothing of for a day.
    fn check(split: &Split, lines: &[SplitLine]) -> Result<(), Refusal> {
        let open = split.mode == SplitMode::Channel && !split.status.terminal() && !lines.is_empty();
        let untaken = split.accepted_at_us.is_none()
            && lines.iter().all(|line| line.status == SplitLineStatus::Pending);
        let refused = split.failure_code.is_some() || split.needs_manual;
        if open && untaken && refused { Ok(()) } else { Err(Refusal::NotAbandonable) }
    }
}

impl Command for AskAbandonment {
    type Reply = AbandonmentAsked;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::Payment(self.tenant_id, self.payment_id));
        wants.add(Want::Split(self.tenant_id, self.split_id));
        if let Some(payment) = snapshot.payments.get(&(self.tenant_id, self.payment_id)) {
            want_lines(payment, wants);
        }
    }

    fn decide(
        &self,
        snapshot: &Snapshot,
        moment: &mut Moment<'_>,
    ) -> Result<Decision<AbandonmentAsked>, Refusal> {
        self.proposed.check()?;
        let missing = |what| Refusal::NotFound { what };
        let payment = snapshot.payments.get(&(self.tenant_id, self.payment_id)).ok_or(missing("payment"))?;
        let split = snapshot.splits.get(&(self.tenant_id, self.split_id));
        let mut split = split.filter(|row| row.payment_id == payment.id).ok_or(missing("split"))?.clone();
        let own = |line: &&SplitLine| line.split_id == split.id;
        let lines: Vec<SplitLine> = lines_of(payment, snapshot).into_iter().filter(own).cloned().collect();
        Self::check(&split, &lines)?;
        let mut changes = Changes::default();
        if let Some(asked) = self.proposed.beside(split.abandonment(), moment.now_us)? {
            split.abandonment = asked.text();
            split.updated_at_us = moment.now_us;
            let detail = json!({ "reason": asked.reason, "evidence": asked.evidence, "by": asked.maker });
            let who = (self.tenant_id, &self.origin);
            changes.audit(who, Act::AbandonmentAsk, &split.id, &detail, moment);
            changes.put(split.clone());
        }
        Ok(Decision::new(AbandonmentAsked { split, lines }, changes))
    }
}

/// Decides whether a split is given up, once; the second person is another, and never a key. A yes ends nothing by itself:
/// the channel is asked, and its answer does.
#[derive(Debug, Clone)]
pub struct DecideAbandonment {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The split.
    pub split_id: SplitId,
    /// What is decided, and by whom.
    pub decided: AbandonmentDecided,
    /// Who asks; never a key.
    pub origin: Origin,
}

impl Command for DecideAbandonment {
    type Reply = Split;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, _snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::Split(self.tenant_id, self.split_id));
        wants.add(Want::Instruction(self.tenant_id, self.split_id.id128()));
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<Split>, Refusal> {
        let missing = |what| Refusal::NotFound { what };
        let split = snapshot.splits.get(&(self.tenant_id, self.split_id));
        let mut split = split.cloned().ok_or(missing("split"))?;
        let said = snapshot.instructions.get(&(self.tenant_id, split.id.id128()));
        let mut said = said.cloned().ok_or(Refusal::ApprovalConsumed)?;
        if split.status.terminal() {
            return Err(Refusal::ApprovalConsumed);
        }
        // What the channel took after all goes its way.
        if self.decided.verdict == Verdict::Approve && split.accepted_at_us.is_some() {
            return Err(Refusal::NotAbandonable);
        }
        let kinds = [InstructionKind::SplitQuery, InstructionKind::Split];
        let (subject, how) = (split.id.to_string(), (kinds, &self.origin));
        let decided = self.decided.on((split.abandonment(), &subject), &mut said, how, moment.now_us)?;
        split.abandonment = decided.text();
        split.updated_at_us = moment.now_us;
        let mut changes = Changes::default();
        let detail = json!({ "verdict": self.decided.verdict, "by": self.decided.by });
        changes.audit((self.tenant_id, &self.origin), Act::AbandonmentDecide, &split.id, &detail, moment);
        changes.put(said);
        changes.put(split.clone());
        Ok(Decision::new(split, changes))
    }
}
