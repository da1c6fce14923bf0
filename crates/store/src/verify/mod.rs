//! Checks a database from outside the writer: every invariant that rows alone can show.
//!
//! Each check is one statement per tenant that finds the first offending row, or a walk in pages.

mod checks;
mod counter;
mod desk_checks;
mod entry_walk;
mod item_walk;
mod part_checks;
mod part_walk;
mod prepayments;
mod splits;
mod walks;

use crate::config::Source;
use crate::dialect::Engine;
use crate::failure::Failure;
use crate::platform::Tenant;
use crate::reader::records;
use crate::readers::Readers;
use crate::record::Record;
use crate::value::{Column, Kind, Value};
use crate::verify::checks::{CHECKS, Check};
use crate::verify::desk_checks::DESK_CHECKS;
use crate::verify::part_checks::PART_CHECKS;
use crate::verify::walks::{audit_chain, order_keys};
use crate::writer::request::{Returned, Sql};
use std::fmt;
use tk_domain::id::{Id128, TenantId};

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The invariant, such as `inv-3`.
    pub id: &'static str,
    /// What must hold.
    pub says: &'static str,
    /// The first row for which it does not hold, by tenant code and identifier; none if it holds everywhere.
    pub offender: Option<String>,
}

/// What a verification found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Every check that was made.
    pub findings: Vec<Finding>,
    /// How many tenants were checked.
    pub tenants: usize,
}

impl Report {
    /// Whether every check holds.
    pub fn holds(&self) -> bool {
        self.findings.iter().all(|finding| finding.offender.is_none())
    }

    /// The checks that do not hold.
    pub fn broken(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.offender.is_some())
    }

    fn note(&mut self, id: &'static str, says: &'static str, offender: Option<String>) {
        match self.findings.iter_mut().find(|finding| finding.id == id && finding.says == says) {
            Some(finding) if finding.offender.is_none() => finding.offender = offender,
            Some(_) => {}
            None => self.findings.push(Finding { id, says, offender }),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            match &finding.offender {
                None => writeln!(f, "ok      {} {}", finding.id, finding.says)?,
                Some(row) => writeln!(f, "BROKEN  {} {}: {row}", finding.id, finding.says)?,
            }
        }
        Ok(())
    }
}

/// Checks a database, on SQLite beside a serving process; reads only.
pub async fn verify(source: &Source) -> Result<Report, Failure> {
    let readers = Readers::open(source, 1).map_err(|error| Failure::Unavailable(error.to_string()))?;
    let engine = match source {
        Source::Sqlite(_) => Engine::Sqlite,
        Source::Postgres(_) => Engine::Postgres,
    };
    let view = View { readers, engine };
    let mut report = Report::default();
    if engine == Engine::Sqlite {
        view.check_file(&mut report).await?;
        if !report.holds() {
            return Ok(report);
        }
    }
    let mut after = TenantId::default();
    loop {
        let tenants = view.tenants(after).await?;
        let Some(last) = tenants.last() else { return Ok(report) };
        after = last.id;
        for tenant in &tenants {
            report.tenants += 1;
            view.check_tenant(tenant, &mut report).await?;
        }
    }
}

/// How `verify` reads.
pub(super) struct View {
    readers: Readers,
    engine: Engine,
}

impl View {
    /// Runs one statement with the tenant's rows in view; it may take long.
    pub(super) async fn rows(&self, tenant_id: TenantId, statement: Sql) -> Result<Returned, Failure> {
        Ok(self.all(tenant_id, vec![statement]).await?.pop().unwrap_or_default())
    }

    /// Runs statements in one transaction with the tenant's rows in view.
    pub(super) async fn all(&self, tenant_id: TenantId, asked: Vec<Sql>) -> Result<Vec<Returned>, Failure> {
        let mut statements = Vec::with_capacity(asked.len() + 1);
        if self.engine == Engine::Postgres {
            let text = "SET LOCAL statement_timeout = 0".to_owned();
            statements.push(Sql { text, params: Vec::new(), returns: Vec::new() });
        }
        let before = statements.len();
        statements.extend(asked);
        Ok(self.readers.run(vec![tenant_id], statements).await?.split_off(before))
    }

    async fn tenants(&self, after: TenantId) -> Result<Vec<Tenant>, Failure> {
        let table = Tenant::table();
        let text = format!(
            "SELECT {} FROM platform_tenants WHERE id > ?1 ORDER BY id LIMIT 500",
            table.column_list()
        );
        records(
            self.rows(after, Sql { text, params: vec![after.to_value()], returns: table.kinds.clone() })
                .await?,
        )
    }

    async fn check_tenant(&self, tenant: &Tenant, report: &mut Report) -> Result<(), Failure> {
        for Check { id, says, names, text } in CHECKS
            .iter()
            .chain(DESK_CHECKS)
            .chain(counter::CHECKS)
            .chain(splits::CHECKS)
            .chain(prepayments::CHECKS)
            .chain(PART_CHECKS)
        {
            let returns = vec![names.kind()];
            let text = format!("{text} LIMIT 1");
            let rows =
                self.rows(tenant.id, Sql { text, params: vec![tenant.id.to_value()], returns }).await?;
            let offender = rows.concat().pop().map(|value| format!("{} {}", tenant.code, names.text(&value)));
            report.note(id, says, offender);
        }
        let named = |row: Option<String>| row.map(|row| format!("{} {row}", tenant.code));
        let broken = audit_chain(self, tenant.id).await?;
        report.note("inv-37", "each act is chained to the one before it by its hash", named(broken));
        let broken = entry_walk::entry_chain(self, tenant.id).await?;
        report.note("inv-6", entry_walk::SAYS, named(broken));
        let broken = part_walk::parts(self, tenant.id).await?;
        report.note("inv-23", part_walk::SAYS, named(broken));
        let broken = item_walk::items(self, tenant.id).await?;
        report.note("inv-23", item_walk::SAYS, named(broken));
        let broken = order_keys(self, tenant.id).await?;
        report.note("inv-38", "each payment owns its merchant order number", named(broken));
        Ok(())
    }

    async fn check_file(&self, report: &mut Report) -> Result<(), Failure> {
        let says = "the file is whole";
        for (text, sound) in [("PRAGMA integrity_check(1)", Some("ok")), ("PRAGMA foreign_key_check", None)] {
            let sql = Sql { text: text.to_owned(), params: Vec::new(), returns: vec![Kind::Text] };
            let found = match self.rows(TenantId::default(), sql).await {
                Ok(rows) => rows.concat().pop(),
                Err(Failure::Fault(_)) => Some(Value::Text("the file cannot be read".to_owned())),
                Err(
                    failure @ (Failure::Refused(_) | Failure::Overloaded { .. } | Failure::Unavailable(_)),
                ) => {
                    return Err(failure);
                }
            };
            let offender =
                found.map(|value| Names::Word.text(&value)).filter(|text| Some(text.as_str()) != sound);
            report.note("file", says, offender);
        }
        Ok(())
    }
}

/// How a check names the row it found.
#[derive(Debug, Clone, Copy)]
pub(super) enum Names {
    /// By an identifier with this prefix.
    Id(&'static str),
    /// By a word.
    Word,
    /// By a lane's number.
    Lane,
}

impl Names {
    const fn kind(self) -> Kind {
        match self {
            Self::Id(_) => Kind::Id,
            Self::Word => Kind::Text,
            Self::Lane => Kind::Int,
        }
    }

    fn text(self, value: &Value) -> String {
        match (self, value) {
            (Self::Id(prefix), Value::Id(bytes)) => format!("{prefix}_{}", Id128(*bytes).base32()),
            (Self::Lane, Value::Int(lane)) => format!("lane {lane}"),
            (Self::Word, Value::Text(text)) => text.clone(),
            (Self::Id(_) | Self::Lane | Self::Word, _) => "an unreadable row".to_owned(),
        }
    }
}
