//! Drawing from a prepayment, and putting a draw back.

use crate::audit::{Act, Origin};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::id::{DrawId, EntryId, PrepaymentId, TenantId, TypedId};
use crate::key::{KeyName, NaturalKey, NaturalKind};
use crate::ledger::{AccountKind, AccountRef, Entry, EntryKind, Side};
use crate::moment::Moment;
use crate::person::name_of_actor;
use crate::prepayment::{Draw, DrawStatus, Prepayment};
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use serde_json::json;
use tk_money::Amount;

/// Draws that one prepayment may have.
pub const DRAWS_MAX: i64 = 10_000;

/// Draws what was used: the money is the merchant's from then on.
#[derive(Debug, Clone)]
pub struct DrawPrepayment {
    /// The tenant.
    pub tenant_id: TenantId,
    /// From which prepayment.
    pub prepayment_id: PrepaymentId,
    /// The merchant's own number; the same number and amount is the same draw. 1 to 64 bytes.
    pub draw_no: String,
    /// Minor units.
    pub amount_minor: i64,
    /// The person who draws.
    pub by: String,
    /// Who asks.
    pub origin: Origin,
}

impl DrawPrepayment {
    fn key(&self) -> KeyName {
        KeyName::scoped(self.tenant_id, NaturalKind::PrepaymentDraw, &self.prepayment_id, &self.draw_no)
    }

    fn check(&self, prepayment: &Prepayment, snapshot: &Snapshot) -> Result<(), Refusal> {
        name_of_actor(&self.by)?;
        if self.draw_no.is_empty() || self.draw_no.len() > 64 {
            return Err(Refusal::FieldInvalid { param: "draw_no", reason: "1 to 64 bytes" });
        }
        if self.amount_minor < 1 {
            return Err(Refusal::FieldInvalid { param: "amount", reason: "below 1" });
        }
        if prepayment.draws_count >= DRAWS_MAX {
            return Err(Refusal::LimitReached { what: "draws", max: DRAWS_MAX });
        }
        covered(&prepayment.account(), self.amount_minor, snapshot)
    }
}

/// Refuses what an account does not hold.
fn covered(account: &AccountRef, wanted_minor: i64, snapshot: &Snapshot) -> Result<(), Refusal> {
    let available_minor = snapshot.account(account, 0).available_minor().max(0);
    if available_minor >= wanted_minor {
        return Ok(());
    }
    let amount = |minor| Amount::new(minor, account.currency);
    let short = wanted_minor.saturating_sub(available_minor);
    Err(Refusal::InsufficientBalance { available: amount(available_minor), short: amount(short) })
}

fn merchants(prepayment: &Prepayment) -> AccountRef {
    let kind = AccountKind::PendingSettlement;
    AccountRef::merchant(prepayment.tenant_id, prepayment.merchant_id, kind, prepayment.currency)
}

/// A draw debits what is prepaid and credits pending settlement; undoing it is the opposite.
fn entry(
    kind: EntryKind,
    prepayment: &Prepayment,
    amount_minor: i64,
    moment: &mut Moment<'_>,
) -> Option<Entry> {
    let (prepaid, merchants) = (prepayment.account(), merchants(prepayment));
    let draws = kind == EntryKind::PrepaymentDraw;
    let (from, to) = if draws { (prepaid, merchants) } else { (merchants, prepaid) };
    let lines = vec![(from, Side::Debit, amount_minor), (to, Side::Credit, amount_minor)];
    Entry::new(prepayment.tenant_id, EntryId::new(moment), kind, moment.now_us, lines).ok()
}

impl Command for DrawPrepayment {
    type Reply = Draw;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Posting
    }

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::Prepayment(self.tenant_id, self.prepayment_id));
        wants.add(Want::Natural(self.key()));
        if let Some(known) = snapshot.natural_keys.get(&self.key()) {
            wants.add(Want::Draw(self.tenant_id, DrawId(known.id)));
        }
        if let Some(prepayment) = snapshot.prepayments.get(&(self.tenant_id, self.prepayment_id)) {
            wants.add(Want::Account(prepayment.account()));
            wants.add(Want::Account(merchants(prepayment)));
        }
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<Draw>, Refusal> {
        let prepayment = snapshot.prepayments.get(&(self.tenant_id, self.prepayment_id));
        let prepayment = prepayment.ok_or(Refusal::NotFound { what: "prepayment" })?;
        if let Some(known) = snapshot.natural_keys.get(&self.key()) {
            let draw = snapshot.draws.get(&(self.tenant_id, DrawId(known.id)));
            let same = draw.filter(|draw| draw.amount_minor == self.amount_minor);
            let same = same.ok_or(Refusal::CodeTaken { param: "draw_no" })?;
            return Ok(Decision::nothing(same.clone()));
        }
        self.check(prepayment, snapshot)?;
        let draw = Draw {
            tenant_id: self.tenant_id,
            id: DrawId::new(moment),
            prepayment_id: prepayment.id,
            draw_no: self.draw_no.clone(),
            amount_minor: self.amount_minor,
            currency: prepayment.currency,
            status: DrawStatus::Done,
            made_by: self.by.clone(),
            undone_by: None,
            reason: None,
            created_at_us: moment.now_us,
            undone_at_us: None,
            version: 0,
        };
        let mut row = prepayment.clone();
        row.drawn_minor = row.drawn_minor.saturating_add(self.amount_minor);
        row.draws_count = row.draws_count.saturating_add(1);
        let mut changes = Changes::default();
        changes.put(NaturalKey { name: self.key(), id: draw.id.id128() });
        changes.put_some(entry(EntryKind::PrepaymentDraw, prepayment, self.amount_minor, moment));
        let detail = json!({ "prepayment": prepayment.id, "draw_no": self.draw_no, "amount": self.amount_minor,
            "by": self.by });
        changes.audit((self.tenant_id, &self.origin), Act::PrepaymentDraw, &draw.id, &detail, moment);
        changes.put(row);
        changes.put(draw.clone());
        Ok(Decision::new(draw, changes))
    }
}

/// Puts back what was drawn by mistake, while the merchant still has it.
#[derive(Debug, Clone)]
pub struct UndoDraw {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The draw and its prepayment.
    pub rows: (PrepaymentId, DrawId),
    /// Why: 1 to 200 characters.
    pub reason: String,
    /// The person who puts it back.
    pub by: String,
    /// Who asks.
    pub origin: Origin,
}

impl Command for UndoDraw {
    type Reply = Draw;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Posting
    }

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        let (prepayment_id, draw_id) = self.rows;
        wants.add(Want::Prepayment(self.tenant_id, prepayment_id));
        wants.add(Want::Draw(self.tenant_id, draw_id));
        if let Some(prepayment) = snapshot.prepayments.get(&(self.tenant_id, prepayment_id)) {
            wants.add(Want::Account(prepayment.account()));
            wants.add(Want::Account(merchants(prepayment)));
        }
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<Draw>, Refusal> {
        let (prepayment_id, draw_id) = self.rows;
        let missing = |what| Refusal::NotFound { what };
        let prepayment = snapshot.prepayments.get(&(self.tenant_id, prepayment_id));
        let prepayment = prepayment.ok_or(missing("prepayment"))?;
        let stored = snapshot.draws.get(&(self.tenant_id, draw_id));
        let stored = stored.filter(|draw| draw.prepayment_id == prepayment_id).ok_or(missing("draw"))?;
        name_of_actor(&self.by)?;
        if !(1..=200).contains(&self.reason.chars().count()) {
            return Err(Refusal::FieldInvalid { param: "reason", reason: "1 to 200 characters" });
        }
        if stored.status == DrawStatus::Undone {
            return Ok(Decision::nothing(stored.clone()));
        }
        covered(&merchants(prepayment), stored.amount_minor, snapshot)?;
        let mut draw = stored.clone();
        draw.status = DrawStatus::Undone;
        draw.undone_by = Some(self.by.clone());
        draw.reason = Some(self.reason.clone());
        draw.undone_at_us = Some(moment.now_us);
        let mut row = prepayment.clone();
        row.drawn_minor = row.drawn_minor.saturating_sub(draw.amount_minor);
        let mut changes = Changes::default();
        changes.put_some(entry(EntryKind::PrepaymentDrawUndone, prepayment, draw.amount_minor, moment));
        let detail = json!({ "prepayment": prepayment.id, "draw_no": draw.draw_no, "reason": self.reason,
            "by": self.by });
        changes.audit((self.tenant_id, &self.origin), Act::PrepaymentDrawUndo, &draw.id, &detail, moment);
        changes.put(row);
        changes.put(draw.clone());
        Ok(Decision::new(draw, changes))
    }
}
