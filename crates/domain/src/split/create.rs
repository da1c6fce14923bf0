//! Dividing a payment after it was collected.

use super::begin::{Division, divide, whole_of};
use super::limits::split_limits;
use super::rows::{SPLITS_ASKED_MAX, Split, SplitLine, SplitLineStatus, SplitMode, SplitState};
use super::terms::{self, Cut, SplitTerms, Whole, accounts, legal_entity, want_terms};
use crate::audit::{Act, Origin};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::id::{PaymentId, SplitId, TenantId, TypedId};
use crate::key::{KeyName, NaturalKey, NaturalKind};
use crate::ledger::{AccountKind, AccountRef};
use crate::moment::Moment;
use crate::payment::{Attempt, Payment, PaymentStatus};
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use serde_json::json;
use tk_money::Amount;

/// Divides what is left of a collected payment, or finds the split that the merchant's number already has.
#[derive(Debug, Clone)]
pub struct CreateSplit {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The payment.
    pub payment_id: PaymentId,
    /// The merchant's own number.
    pub merchant_split_no: String,
    /// Who gets what.
    pub terms: SplitTerms,
    /// Whether the channel releases to the merchant what it does not divide; it may then be all that is asked.
    pub last: bool,
    /// Who asks.
    pub origin: Origin,
}

/// The split, and whether it existed before.
#[derive(Debug, Clone)]
pub struct SplitCreated {
    /// The split.
    pub split: Split,
    /// Its shares.
    pub lines: Vec<SplitLine>,
    /// Whether the number had it already.
    pub existing: bool,
}

impl CreateSplit {
    fn key(&self, payment: &Payment) -> KeyName {
        let kind = NaturalKind::MerchantSplit;
        KeyName::scoped(self.tenant_id, kind, &payment.merchant_id, &self.merchant_split_no)
    }

    fn payment<'a>(&self, snapshot: &'a Snapshot) -> Option<&'a Payment> {
        snapshot.payments.get(&(self.tenant_id, self.payment_id))
    }

    fn existing_id(&self, payment: &Payment, snapshot: &Snapshot) -> Option<SplitId> {
        snapshot.natural_keys.get(&self.key(payment)).map(|key| SplitId(key.id))
    }

    /// The same number names the same split, whatever became of the payment since.
    fn repeat(&self, id: SplitId, payment: &Payment, snapshot: &Snapshot) -> Result<SplitCreated, Refusal> {
        let of_payment = |split: &&Split| split.payment_id == payment.id;
        let split = snapshot.splits.get(&(self.tenant_id, id)).filter(of_payment);
        let split = split.ok_or(Refusal::SplitConflict)?;
        let lines: Vec<SplitLine> = lines_of(payment, snapshot).into_iter().cloned().collect();
        let lines: Vec<SplitLine> = lines.into_iter().filter(|line| line.split_id == split.id).collect();
        let items = payment.items();
        let (amount, left_minor) = (payment.payer_amount(), i64::MAX);
        let whole = Whole { amount, items: &items, left_minor, shared_minor: 0 };
        let asked = self.terms.cuts(whole).map_err(|_| Refusal::SplitConflict)?;
        let asked = asked.iter().map(|cut| (Some(cut.receiver), cut.amount_minor, cut.item));
        let same = asked.eq(lines.iter().map(|line| (line.receiver(), line.amount_minor, line.item)));
        if !same || split.last != self.last {
            return Err(Refusal::SplitConflict);
        }
        Ok(SplitCreated { split: split.clone(), lines, existing: true })
    }

    fn cuts(&self, payment: &Payment, attempt: &Attempt, snapshot: &Snapshot) -> Result<Vec<Cut>, Refusal> {
        if payment.splits_count >= SPLITS_ASKED_MAX {
            return Err(Refusal::LimitReached { what: "splits", max: SPLITS_ASKED_MAX });
        }
        let items = payment.items();
        let lines = lines_of(payment, snapshot);
        let cuts = self.terms.cuts(whole_of((payment, attempt), &items, &lines))?;
        terms::room(payment.split_lines_count, &cuts)?;
        if cuts.is_empty() && !self.last {
            return Err(Refusal::FieldInvalid { param: "splits", reason: "at least one" });
        }
        Ok(cuts)
    }

    /// Merchants are credited in the books and parties by the channel: one split is of one kind.
    fn mode(&self, cuts: &[Cut]) -> Result<SplitMode, Refusal> {
        let invalid = |param, reason| Err(Refusal::FieldInvalid { param, reason });
        let parties = cuts.iter().filter(|cut| cut.mode() == SplitMode::Channel).count();
        match (parties, self.last) {
            (0, false) => Ok(SplitMode::Books),
            (0, true) if !cuts.is_empty() => invalid("last", "only what a channel divides is released"),
            (some, _) if some == cuts.len() => Ok(SplitMode::Channel),
            _ => invalid("splits", "merchants and receivers are divided separately"),
        }
    }

    /// The channel divides only what its order said would be, until it was told to release the rest.
    fn divisible(
        &self,
        (payment, attempt): (&Payment, &Attempt),
        cuts: &[Cut],
        (snapshot, now_us): (&Snapshot, i64),
    ) -> Result<(), Refusal> {
        let told = SplitTerms::stored(payment.splits.as_ref()).is_some_and(|terms| terms.divided_by(attempt));
        let over = splits_of(payment, snapshot).any(|split| {
            split.mode == SplitMode::Channel && split.last && split.status != SplitState::Failed
        });
        // What it no longer keeps it does not divide; a release asks for nothing more.
        let kept_us = split_limits(attempt.channel).map_or(0, |limits| limits.kept_within_us);
        let since_us = payment.succeeded_at_us.unwrap_or(payment.created_at_us);
        let late = !cuts.is_empty() && now_us.saturating_sub(since_us) >= kept_us;
        if !told || over || late {
            return Err(Refusal::NotSplittable);
        }
        // Released before it, an earlier split would find nothing left.
        let mut others = splits_of(payment, snapshot).filter(|split| split.mode == SplitMode::Channel);
        if self.last && others.any(|split| !split.status.terminal()) {
            return Err(Refusal::SplitConflict);
        }
        let by_channel =
            |line: &&&SplitLine| line.to_receiver_id.is_some() && line.status != SplitLineStatus::Failed;
        let lines = lines_of(payment, snapshot);
        let earlier = super::postings::sum(lines.iter().filter(by_channel).map(|line| line.amount_minor));
        let contract = terms::parties(cuts, (self.tenant_id, payment.payer_amount(), earlier), snapshot)?;
        if contract.is_some_and(|id| id != attempt.channel_account_id) {
            return Err(Refusal::ReceiverNotBound);
        }
        Ok(())
    }

    /// The shares come out of what is still pending settlement: what was settled or refunded is gone.
    fn covered(&self, payment: &Payment, cuts: &[Cut], snapshot: &Snapshot) -> Result<(), Refusal> {
        let kind = AccountKind::PendingSettlement;
        let name = AccountRef::merchant(self.tenant_id, payment.merchant_id, kind, payment.currency);
        let available = snapshot.account(&name, 0).available_minor().max(0);
        let wanted = super::postings::sum(cuts.iter().map(|cut| cut.amount_minor));
        if wanted <= available {
            return Ok(());
        }
        let amount = |minor| Amount::new(minor, payment.currency);
        let short = amount(wanted.saturating_sub(available));
        Err(Refusal::InsufficientBalance { available: amount(available), short })
    }
}

/// The splits of a payment so far.
fn splits_of<'a>(payment: &Payment, snapshot: &'a Snapshot) -> impl Iterator<Item = &'a Split> {
    let (tenant_id, payment_id) = (payment.tenant_id, payment.id);
    let ids = (0..payment.splits_count).map(move |n| Split::id_of(payment_id, n));
    ids.filter_map(move |id| snapshot.splits.get(&(tenant_id, id)))
}

/// The shares of a payment so far, by their places.
pub(super) fn lines_of<'a>(payment: &Payment, snapshot: &'a Snapshot) -> Vec<&'a SplitLine> {
    let ids = (0..payment.split_lines_count).map(|n| SplitLine::id_of(payment.id, n));
    ids.filter_map(|id| snapshot.split_lines.get(&(payment.tenant_id, id))).collect()
}

/// All shares of a payment.
pub(super) fn want_lines(payment: &Payment, wants: &mut Wants) {
    for n in 0..payment.split_lines_count {
        wants.add(Want::SplitLine(payment.tenant_id, SplitLine::id_of(payment.id, n)));
    }
}

impl Command for CreateSplit {
    type Reply = SplitCreated;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Posting
    }

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::Payment(self.tenant_id, self.payment_id));
        let Some(payment) = self.payment(snapshot) else { return };
        wants.add(Want::Natural(self.key(payment)));
        want_lines(payment, wants);
        if let Some(id) = self.existing_id(payment, snapshot) {
            wants.add(Want::Split(self.tenant_id, id));
            return;
        }
        wants.add(Want::Merchant(self.tenant_id, payment.merchant_id));
        if let Some(id) = payment.effective_attempt_id {
            wants.add(Want::Attempt(self.tenant_id, id));
        }
        want_terms(self.tenant_id, &self.terms, snapshot, wants);
        for n in 0..payment.splits_count {
            wants.add(Want::Split(self.tenant_id, Split::id_of(payment.id, n)));
        }
        let receivers = self.terms.receivers();
        let own = super::Receiver::Merchant(payment.merchant_id);
        let names = accounts(receivers.iter().chain([&own]), (self.tenant_id, payment.currency));
        for name in names {
            wants.add(Want::Account(name));
        }
    }

    fn decide(
        &self,
        snapshot: &Snapshot,
        moment: &mut Moment<'_>,
    ) -> Result<Decision<SplitCreated>, Refusal> {
        let payment = self.payment(snapshot).ok_or(Refusal::NotFound { what: "payment" })?;
        if let Some(id) = self.existing_id(payment, snapshot) {
            return self.repeat(id, payment, snapshot).map(Decision::nothing);
        }
        let attempt =
            payment.effective_attempt_id.and_then(|id| snapshot.attempts.get(&(self.tenant_id, id)));
        // A deposit is nobody's to give away: it belongs to its stay or case until it is drawn.
        let own = payment.status == PaymentStatus::Succeeded && payment.prepayment_id.is_none();
        let attempt = attempt.filter(|_| own);
        let attempt = attempt.ok_or(Refusal::NotSplittable)?;
        let missing = Refusal::NotFound { what: "merchant" };
        let giver = snapshot.merchants.get(&(self.tenant_id, payment.merchant_id)).ok_or(missing)?;
        let legal_entity = legal_entity(&self.terms.receivers(), giver, snapshot)?;
        let cuts = self.cuts(payment, attempt, snapshot)?;
        let mode = self.mode(&cuts)?;
        if mode == SplitMode::Channel {
            self.divisible((payment, attempt), &cuts, (snapshot, moment.now_us))?;
        }
        self.covered(payment, &cuts, snapshot)?;
        let mut payment = payment.clone();
        let mut changes = Changes::default();
        let number = Some(self.merchant_split_no.clone());
        let division = Division {
            mode,
            cuts: &cuts,
            legal_entity: legal_entity.filter(|_| mode == SplitMode::Books),
            merchant_split_no: number,
            last: self.last,
            snapshot,
        };
        let (split, lines) = divide(&division, (&mut payment, attempt), &mut changes, moment);
        payment.updated_at_us = moment.now_us;
        changes.put(NaturalKey { name: self.key(&payment), id: split.id.id128() });
        let detail =
            json!({ "payment": payment.id, "amount": split.amount_minor, "shares": split.lines_count });
        changes.audit((self.tenant_id, &self.origin), Act::SplitCreate, &split.id, &detail, moment);
        changes.put(payment);
        Ok(Decision::new(SplitCreated { split, lines, existing: false }, changes))
    }
}
