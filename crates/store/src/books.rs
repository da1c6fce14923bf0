//! Entries with their lines and the names of the accounts they post to.

use crate::entries::{EntryRow, LineRow};
use crate::failure::{DbError, Failure};
use crate::reader::{Listed, Page, records};
use crate::record::Record;
use crate::store::Store;
use crate::value::{Cells, Column, Columns, Kind, Unreadable, Value};
use crate::writer::request::Sql;
use std::collections::BTreeMap;
use tk_domain::id::{AccountId, EntryId, PaymentId, TenantId, TypedId};
use tk_domain::ledger::AccountRef;

/// One line with the name of its account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookedLine {
    /// The line.
    pub line: LineRow,
    /// The account posted to.
    pub account: AccountRef,
}

/// An entry with all its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booked {
    /// The header.
    pub entry: EntryRow,
    /// The lines in order.
    pub lines: Vec<BookedLine>,
}

/// The most entries read of one payment.
const ENTRIES_MAX: i64 = 1_000;

impl Store {
    /// Entries that post to an account, newest first.
    pub async fn entries_of_account(
        &self,
        (tenant_id, account_id): (TenantId, AccountId),
        page: Page,
    ) -> Result<Listed<Booked>, Failure> {
        let mut params = vec![tenant_id.to_value(), account_id.to_value()];
        let mut text =
            "SELECT DISTINCT entry_id FROM entry_lines WHERE tenant_id = ?1 AND account_id = ?2".to_owned();
        for (comparison, cursor) in [("<", page.starting_after), (">", page.ending_before)] {
            if let Some(id) = cursor {
                params.push(Value::Id(id.0));
                text.extend([" AND entry_id ", comparison, " ?", &params.len().to_string()]);
            }
        }
        let order = if page.ending_before.is_some() { "ASC" } else { "DESC" };
        text.extend([" ORDER BY entry_id ", order, " LIMIT ", &(page.rows() + 1).to_string()]);
        let entries = self.booked(tenant_id, (&text, order), params).await?;
        Ok(Listed::cut(entries, page))
    }

    /// Entries that belong to a payment, oldest first.
    pub async fn entries_of_payment(
        &self,
        tenant_id: TenantId,
        payment_id: PaymentId,
    ) -> Result<Vec<Booked>, Failure> {
        let text = format!(
            "SELECT id FROM entries WHERE tenant_id = ?1 AND payment_id = ?2 ORDER BY id LIMIT {ENTRIES_MAX}"
        );
        self.booked(tenant_id, (&text, "ASC"), vec![tenant_id.to_value(), payment_id.to_value()]).await
    }

    /// The entry with its lines.
    pub async fn entry(&self, tenant_id: TenantId, id: EntryId) -> Result<Option<Booked>, Failure> {
        let text = "SELECT id FROM entries WHERE tenant_id = ?1 AND id = ?2";
        Ok(self.booked(tenant_id, (text, "ASC"), vec![tenant_id.to_value(), id.to_value()]).await?.pop())
    }

    async fn booked(
        &self,
        tenant_id: TenantId,
        (chosen, order): (&str, &str),
        params: Vec<Value>,
    ) -> Result<Vec<Booked>, Failure> {
        let (header, line) = (EntryRow::table(), LineRow::table());
        let headers = Sql {
            text: format!(
                "SELECT {} FROM entries e WHERE e.tenant_id = ?1 AND e.id IN ({chosen}) ORDER BY e.id {order}",
                header.columns_of("e")
            ),
            params: params.clone(),
            returns: header.kinds.clone(),
        };
        let mut returns = line.kinds.clone();
        returns.extend(NAME_KINDS);
        let lines = Sql {
            text: format!(
                "SELECT {}, a.owner_kind, a.owner_id, a.kind, a.currency FROM entry_lines l
                 JOIN accounts a ON a.tenant_id = l.tenant_id AND a.id = l.account_id
                 WHERE l.tenant_id = ?1 AND l.entry_id IN ({chosen}) ORDER BY l.entry_id, l.line_no",
                line.columns_of("l")
            ),
            params,
            returns,
        };
        let mut returned = self.read(vec![tenant_id], vec![headers, lines]).await?;
        let lines = returned.pop().unwrap_or_default();
        let entries: Vec<EntryRow> = records(returned.pop().unwrap_or_default())?;
        join(entries, lines).map_err(|error| DbError::from(error).into())
    }
}

const NAME_KINDS: [Kind; 4] = [Kind::Text, Kind::Id, Kind::Text, Kind::Text];

fn join(entries: Vec<EntryRow>, lines: Vec<Vec<Value>>) -> Result<Vec<Booked>, Unreadable> {
    let mut by_entry: BTreeMap<EntryId, Vec<BookedLine>> = BTreeMap::new();
    for row in lines {
        let mut cells = Cells::new(row);
        let line = LineRow::take(&mut cells)?;
        let account = AccountRef {
            tenant_id: line.tenant_id,
            owner: Columns::take(&mut cells)?,
            kind: cells.take()?,
            currency: cells.take()?,
        };
        by_entry.entry(line.entry_id).or_default().push(BookedLine { line, account });
    }
    let with_lines = |entry: EntryRow| {
        let lines = by_entry.remove(&EntryId::from_id128(entry.id.id128())).unwrap_or_default();
        Booked { entry, lines }
    };
    Ok(entries.into_iter().map(with_lines).collect())
}
