//! `tillkeeper verify`.

use crate::serve::source;
use anyhow::{Context, ensure};
use clap::Args;
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;
use tk_store::{Source, verify};

/// Which database.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// A data directory with an embedded database.
    #[arg(long, conflicts_with = "database_url")]
    data: Option<PathBuf>,
    /// A PostgreSQL connection string.
    #[arg(long)]
    database_url: Option<String>,
    /// One line of JSON.
    #[arg(long)]
    json: bool,
}

/// Checks every invariant; exit code 0 only if all hold.
pub fn run(args: &VerifyArgs) -> anyhow::Result<ExitCode> {
    let source = match (&args.data, &args.database_url) {
        (Some(directory), _) => Source::Sqlite(directory.clone()),
        (None, url) => source(url.as_deref().context("--data or --database-url is needed")?)?,
    };
    if let Source::Sqlite(directory) = &source {
        ensure!(directory.is_dir(), "there is no data folder {}", directory.display());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = runtime.block_on(verify(&source))?;
    if args.json {
        let broken: Vec<_> = report
            .broken()
            .map(|finding| json!({ "id": finding.id, "says": finding.says, "row": finding.offender }))
            .collect();
        let line = json!({
            "holds": report.holds(), "checks": report.findings.len(), "tenants": report.tenants,
            "broken": broken,
        });
        crate::output::line(&line.to_string());
    } else {
        crate::output::line(report.to_string().trim_end());
    }
    Ok(if report.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
