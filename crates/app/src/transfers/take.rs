//! Statements and slips become commands: parties sealed, codes found, each line named by its content.

use super::blind::Blind;
use crate::{App, Failure, NotOpened};
use serde_json::{Value, json};
use tk_channels::bank::follow::Follow;
use tk_channels::bank::{Told, ToldStatement};
use tk_domain::audit::Origin;
use tk_domain::id::{BankLineId, ChannelAccountId, TenantId};
use tk_domain::transfer::{
    BankLine, Flow, LINES_MAX, LineNature, LineSource, RemittanceCode, TakeBankLines, TellLine, TellStatement,
};
use tk_money::Currency;

/// Whose lines are brought, by whom.
#[derive(Debug, Clone)]
pub struct Bring {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The bank account.
    pub channel_account_id: ChannelAccountId,
    /// The actor's name.
    pub by: String,
    /// Who asks.
    pub origin: Origin,
}

/// Whether a statement is noted as one by which the next is known to follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Noted {
    /// It is.
    AsStatement,
    /// It is not, for its day may bring more lines and it is told again.
    LinesOnly,
}

/// Why a statement could not be made into commands.
#[derive(Debug, thiserror::Error)]
pub enum StatementFailure {
    /// A line could not be sealed.
    #[error("a line could not be sealed")]
    Seal(NotOpened),
    /// Its neighbours could not be read.
    #[error(transparent)]
    Store(#[from] Failure),
}

impl From<NotOpened> for StatementFailure {
    fn from(error: NotOpened) -> Self {
        Self::Seal(error)
    }
}

/// A line entered by hand from a slip.
#[derive(Debug, Clone)]
pub struct Slip {
    /// Minor units.
    pub amount_minor: i64,
    /// The currency.
    pub currency: Currency,
    /// The day on the slip, days since 1970-01-01.
    pub booked_day: i64,
    /// The bank's number on the slip.
    pub bank_ref: String,
    /// Who paid.
    pub party_name: String,
    /// From which account.
    pub party_account: String,
    /// What the payer wrote.
    pub remark: String,
    /// The name and hash of the slip's image, JSON.
    pub document: Value,
}

impl App {
    /// The commands that bring a statement, in pieces that one commit takes each.
    pub async fn statement_commands(
        &self,
        bring: &Bring,
        statement: &ToldStatement,
    ) -> Result<Vec<TakeBankLines>, StatementFailure> {
        let follow = self.follow_file(bring, statement).await?;
        Ok(self.pieces((bring, statement), &follow, Noted::AsStatement)?)
    }

    /// The same pieces, of a statement whose neighbours were read.
    pub(crate) fn pieces(
        &self,
        (bring, statement): (&Bring, &ToldStatement),
        follow: &Follow,
        noted: Noted,
    ) -> Result<Vec<TakeBankLines>, NotOpened> {
        let blind = Blind::of(self, bring.tenant_id);
        let mut lines = Vec::with_capacity(statement.lines.len());
        for told in &statement.lines {
            lines.push(self.tell(bring, &blind, (told, follow.before(told), &Value::Null))?);
        }
        let ids: Vec<BankLineId> = lines.iter().map(|line| line.id).collect();
        let whole = match noted {
            Noted::AsStatement => follow.tell(statement, &ids),
            Noted::LinesOnly => None,
        };
        let mut pieces = Vec::new();
        while !lines.is_empty() {
            let rest = lines.split_off(lines.len().min(LINES_MAX));
            let piece = std::mem::replace(&mut lines, rest);
            let ends = lines.is_empty();
            pieces.push(TakeBankLines {
                statement: whole.clone().map(|whole| TellStatement { ends, ..whole }),
                ..command(bring, (LineSource::Statement, statement.currency), piece)
            });
        }
        Ok(pieces)
    }

    /// The command that brings a slip, which a second person has to approve.
    pub fn slip_command(&self, bring: &Bring, slip: &Slip) -> Result<TakeBankLines, NotOpened> {
        let blind = Blind::of(self, bring.tenant_id);
        let told = Told {
            flow: Flow::Credit,
            nature: LineNature::Plain,
            amount_minor: slip.amount_minor,
            booked_day: slip.booked_day,
            booked_at_us: None,
            bank_ref: slip.bank_ref.clone(),
            party_name: slip.party_name.clone(),
            party_account: slip.party_account.clone(),
            party_bank: String::new(),
            remark: slip.remark.clone(),
            end_to_end_id: String::new(),
            ordinal: 0,
        };
        let line = self.tell(bring, &blind, (&told, 0, &slip.document))?;
        Ok(command(bring, (LineSource::Manual, slip.currency), vec![line]))
    }

    fn tell(
        &self,
        bring: &Bring,
        blind: &Blind,
        (told, before, document): (&Told, usize, &Value),
    ) -> Result<TellLine, NotOpened> {
        let content = told.content(before);
        let id = BankLine::id_of(bring.tenant_id, bring.channel_account_id, told.booked_day, &content);
        let codes: Vec<String> =
            RemittanceCode::find_in(&told.remark).iter().map(RemittanceCode::to_string).collect();
        let party = json!({
            "name": told.party_name, "account": told.party_account, "bank": told.party_bank,
            "remark": told.remark, "end_to_end_id": told.end_to_end_id, "document": document,
        });
        let sealed = self.seal().seal(party.to_string().as_bytes(), &id.to_string(), self.random_bits())?;
        Ok(TellLine {
            id,
            flow: told.flow,
            nature: told.nature,
            amount_minor: told.amount_minor,
            booked_day: told.booked_day,
            booked_at_us: told.booked_at_us,
            bank_ref: told.bank_ref.clone(),
            codes: json!(codes).to_string(),
            name_index: blind.name(&told.party_name),
            account_index: blind.account(&told.party_account),
            sealed,
        })
    }
}

/// The other side and the remark of a line, opened; null where they do not open.
#[must_use]
pub fn party_of(app: &App, line: &BankLine) -> Value {
    let opened = app.seal().open(&line.sealed, &line.id.to_string()).ok();
    opened.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or(Value::Null)
}

fn command(bring: &Bring, (source, currency): (LineSource, Currency), lines: Vec<TellLine>) -> TakeBankLines {
    TakeBankLines {
        tenant_id: bring.tenant_id,
        channel_account_id: bring.channel_account_id,
        currency,
        source,
        lines,
        statement: None,
        by: bring.by.clone(),
        origin: bring.origin.clone(),
    }
}
