//! Bank lines become rows and are booked, each once, whatever file tells of it and however often.

use crate::audit::{Act, Origin};
use crate::channel_account::Channel;
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::exception::{Exception, ExceptionKind};
use crate::id::{BankLineId, ChannelAccountId, TenantId};
use crate::ledger::{AccountKind, AccountRef};
use crate::moment::Moment;
use crate::person::name_of_actor;
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use crate::transfer::slip::{matter, unproven_matter};
use crate::transfer::statement::TellStatement;
use crate::transfer::view::bank_line_event;
use crate::transfer::{BankLine, Flow, LineNature, LineSource, LineStatus, ReturnStatus, postings};
use crate::webhook::EventKind;
use serde_json::json;
use tk_money::Currency;

/// Lines that one command may bring.
pub const LINES_MAX: usize = 500;

/// One line as a bank or a slip tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TellLine {
    /// Derived from its content; see [`BankLine::id_of`].
    pub id: BankLineId,
    /// Whether money came or went.
    pub flow: Flow,
    /// Whether it stands for itself.
    pub nature: LineNature,
    /// How much, minor units.
    pub amount_minor: i64,
    /// The bank's day, days since 1970-01-01.
    pub booked_day: i64,
    /// The bank's time, Unix microseconds.
    pub booked_at_us: Option<i64>,
    /// The bank's own number.
    pub bank_ref: String,
    /// The sound remittance codes of its remark, a JSON array.
    pub codes: String,
    /// The blind index of the other side's name.
    pub name_index: Option<String>,
    /// The blind index of the other side's account.
    pub account_index: Option<String>,
    /// The other side and the remark, sealed.
    pub sealed: Vec<u8>,
}

/// Takes lines of one bank account, from a statement or from a slip.
#[derive(Debug, Clone)]
pub struct TakeBankLines {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The bank account.
    pub channel_account_id: ChannelAccountId,
    /// The lines' currency.
    pub currency: Currency,
    /// A statement is booked at once; a slip waits for a second person.
    pub source: LineSource,
    /// The lines, at most [`LINES_MAX`].
    pub lines: Vec<TellLine>,
    /// The statement that ends with these lines.
    pub statement: Option<TellStatement>,
    /// The actor's name.
    pub by: String,
    /// Who asks.
    pub origin: Origin,
}

/// What became of the lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinesTaken {
    /// Those not known before, in the order given.
    pub new: Vec<BankLine>,
    /// How many were known before.
    pub known: usize,
}

impl TakeBankLines {
    fn row(&self, told: &TellLine, moment: &Moment<'_>) -> BankLine {
        BankLine {
            tenant_id: self.tenant_id,
            id: told.id,
            channel_account_id: self.channel_account_id,
            source: self.source,
            status: match self.source {
                LineSource::Statement => LineStatus::Booked,
                LineSource::Manual => LineStatus::PendingApproval,
            },
            flow: told.flow,
            nature: told.nature,
            amount_minor: told.amount_minor,
            currency: self.currency,
            matched_minor: 0,
            return_minor: 0,
            return_status: ReturnStatus::None,
            linked_minor: 0,
            link: None,
            link_id: None,
            booked_day: told.booked_day,
            booked_at_us: told.booked_at_us,
            bank_ref: told.bank_ref.clone(),
            codes: told.codes.clone(),
            name_index: told.name_index.clone(),
            account_index: told.account_index.clone(),
            sealed: told.sealed.clone(),
            entry_id: None,
            made_by: self.by.clone(),
            decided_by: None,
            event_seq: 0,
            created_at_us: moment.now_us,
            updated_at_us: moment.now_us,
            version: 0,
        }
    }

    fn check(&self, snapshot: &Snapshot) -> Result<(), Refusal> {
        let account = snapshot
            .channel_accounts
            .get(&(self.tenant_id, self.channel_account_id))
            .ok_or(Refusal::NotFound { what: "channel_account" })?;
        if account.channel != Channel::BankDirect {
            return Err(Refusal::FieldInvalid { param: "channel_account", reason: "not a bank account" });
        }
        if account.currency != self.currency {
            return Err(Refusal::CurrencyNotSupported);
        }
        if self.lines.is_empty() || self.lines.len() > LINES_MAX {
            return Err(Refusal::FieldInvalid { param: "lines", reason: "1 to 500 lines" });
        }
        if self.lines.iter().any(|line| line.amount_minor <= 0) {
            return Err(Refusal::FieldInvalid { param: "amount", reason: "not above zero" });
        }
        name_of_actor(&self.by)
    }

    /// A line entered by hand that the bank now tells of is proven; it is booked unless a person approved it before.
    /// From then on the bank's words count, for nobody else looked at those typed.
    fn proven(
        &self,
        (told, known): (&TellLine, &BankLine),
        snapshot: &Snapshot,
        changes: &mut Changes,
        moment: &mut Moment<'_>,
    ) {
        if self.source != LineSource::Statement || known.source != LineSource::Manual {
            return;
        }
        if known.status == LineStatus::Booked && known.link.is_some() {
            // Another line was taken for the slip's: one of the two stands for money that is not in the books.
            let id = overlap_matter(known);
            let detail = json!({ "bank_transfer": known.id, "proven_by": known.link_id.map(BankLineId) });
            let raised = matter((known, id), ExceptionKind::StatementOverlap, &detail, moment);
            changes.put_some(raised.unless_open(snapshot));
            return;
        }
        let mut line = known.clone();
        line.source = LineSource::Statement;
        line.nature = told.nature;
        line.link = None;
        line.link_id = None;
        line.booked_at_us = told.booked_at_us;
        line.codes.clone_from(&told.codes);
        line.name_index.clone_from(&told.name_index);
        line.account_index.clone_from(&told.account_index);
        line.sealed.clone_from(&told.sealed);
        line.updated_at_us = moment.now_us;
        if line.status == LineStatus::Booked {
            changes.put_some(postings::proven(&line, AccountKind::BankAccount, moment));
        } else {
            book(&mut line, changes, moment);
        }
        let matter = (self.tenant_id, unproven_matter(self.tenant_id, line.id));
        changes.put_some(Exception::settled(matter, snapshot, moment.now_us));
        changes.put(line);
    }

    /// A line that takes another back, or brings money back, waits for a person until it is linked.
    fn show(line: &mut BankLine, snapshot: &Snapshot, changes: &mut Changes, moment: &mut Moment<'_>) {
        let Some(kind) = shown_as(line.flow, line.nature) else { return };
        let detail = json!({ "bank_transfer": line.id, "booked_day": line.booked_day });
        let id = Exception::id_of(line.tenant_id, kind, &line.id.to_string());
        changes.put_some(matter((line, id), kind, &detail, moment).unless_open(snapshot));
        if kind == ExceptionKind::ReturnBounced {
            changes.put(bank_line_event(EventKind::BankTransferBounced, line, moment));
        }
    }
}

/// As what matter a line is shown to a person when it is booked.
pub(super) const fn shown_as(flow: Flow, nature: LineNature) -> Option<ExceptionKind> {
    match (flow, nature) {
        (Flow::Debit, LineNature::Reversal) => Some(ExceptionKind::ReversalUnlinked),
        (Flow::Credit, LineNature::Returned | LineNature::Reversal) => Some(ExceptionKind::ReturnBounced),
        (Flow::Credit | Flow::Debit, LineNature::Plain) | (Flow::Debit, LineNature::Returned) => None,
    }
}

/// The matter of a slip that the bank tells of although another line was taken for it.
fn overlap_matter(line: &BankLine) -> crate::id::ExceptionId {
    Exception::id_of(line.tenant_id, ExceptionKind::StatementOverlap, &line.id.to_string())
}

/// Books a line and tells of the money that came.
pub(super) fn book(line: &mut BankLine, changes: &mut Changes, moment: &mut Moment<'_>) {
    let entry = postings::line(line, moment);
    line.status = LineStatus::Booked;
    line.entry_id = entry.as_ref().map(|entry| entry.id);
    changes.put_some(entry);
    if line.flow == Flow::Credit {
        let event = bank_line_event(EventKind::BankTransferReceived, line, moment);
        changes.put(event);
    }
}

/// The accounts that booking a line of a bank account posts to.
pub(super) fn want_accounts(
    (tenant_id, channel_account_id, currency): (TenantId, ChannelAccountId, Currency),
    wants: &mut Wants,
) {
    let kinds = [
        AccountKind::BankAccount,
        AccountKind::Suspense,
        AccountKind::UnprovenSlip,
        AccountKind::UnexplainedDebit,
        AccountKind::TransferReturn,
    ];
    for kind in kinds {
        wants.add(Want::Account(AccountRef::channel(tenant_id, channel_account_id, kind, currency)));
    }
}

impl Command for TakeBankLines {
    type Reply = LinesTaken;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Posting
    }

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::ChannelAccount(self.tenant_id, self.channel_account_id));
        for line in self.lines.iter().take(LINES_MAX) {
            wants.add(Want::BankLine(self.tenant_id, line.id));
            let subject = line.id.to_string();
            let known = snapshot.bank_lines.get(&(self.tenant_id, line.id));
            let slip = known.is_some_and(|row| row.source == LineSource::Manual);
            let of_slip = [ExceptionKind::StatementOverlap, ExceptionKind::SlipUnproven];
            let kinds = of_slip.into_iter().filter(|_| slip).chain(shown_as(line.flow, line.nature));
            for kind in kinds {
                wants.add(Want::Exception(self.tenant_id, Exception::id_of(self.tenant_id, kind, &subject)));
            }
        }
        if let Some(statement) = &self.statement {
            statement.wants(self.tenant_id, wants);
        }
        want_accounts((self.tenant_id, self.channel_account_id, self.currency), wants);
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<LinesTaken>, Refusal> {
        self.check(snapshot)?;
        let mut changes = Changes::default();
        let mut taken = LinesTaken { new: Vec::new(), known: 0 };
        let mut equal = 0_i64;
        for told in &self.lines {
            let known = snapshot.bank_lines.get(&(self.tenant_id, told.id));
            if let Some(known) = known {
                self.proven((told, known), snapshot, &mut changes, moment);
                equal = equal.saturating_add(i64::from(told.bank_ref.is_empty()));
                taken.known = taken.known.saturating_add(1);
            } else if taken.new.iter().any(|line| line.id == told.id) {
                taken.known = taken.known.saturating_add(1);
            } else {
                let mut line = self.row(told, moment);
                if self.source == LineSource::Statement {
                    book(&mut line, &mut changes, moment);
                    Self::show(&mut line, snapshot, &mut changes, moment);
                }
                changes.put(line.clone());
                taken.new.push(line);
            }
        }
        if let Some(statement) = &self.statement {
            statement.note((self, equal), snapshot, &mut changes, moment);
        }
        if changes.is_empty() {
            return Ok(Decision::nothing(taken));
        }
        let detail =
            json!({ "new": taken.new.len(), "known": taken.known, "source": self.source, "by": self.by });
        let who = (self.tenant_id, &self.origin);
        changes.audit(who, Act::BankLinesTake, &self.channel_account_id, &detail, moment);
        Ok(Decision::new(taken, changes))
    }
}
