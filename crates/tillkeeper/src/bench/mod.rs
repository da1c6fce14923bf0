//! Throughput and latency, as ratios of runs on one machine. Figures: docs/performance.md.

mod clients;
mod fairness;
mod http;
mod pay;

use clap::{Args, Subcommand, ValueEnum};
use std::process::ExitCode;

/// What is measured.
#[derive(Debug, Args)]
pub struct BenchArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Create, attempt, success report with postings and outbox, in process.
    Pay(PayArgs),
    /// One tenant floods the writer; how much does another tenant's latency rise?
    Fairness(PayArgs),
    /// Whole payments through the real server, with signed channel traffic and webhooks.
    Http(http::HttpArgs),
}

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EngineArg {
    /// Embedded, in a temporary directory, `synchronous=FULL`.
    Sqlite,
    /// PostgreSQL at `--database-url`.
    Postgres,
}

/// How the writer is loaded.
#[derive(Debug, Clone, Args)]
pub struct PayArgs {
    /// Which database.
    #[arg(long, value_enum, default_value = "sqlite")]
    pub engine: EngineArg,
    /// PostgreSQL connection string of the serving role, of a database that `migrate` brought up to date.
    #[arg(long)]
    pub database_url: Option<String>,
    /// Concurrent clients, each waiting for its own answers.
    #[arg(long, default_value_t = 512)]
    pub clients: usize,
    /// How long to measure, after a warm-up of a second.
    #[arg(long, default_value_t = 10)]
    pub seconds: u64,
    /// Merchants that the payments are spread over; 1 is one hot merchant.
    #[arg(long, default_value_t = 1)]
    pub merchants: usize,
    /// Commit each command alone: the conventional way, for comparison.
    #[arg(long)]
    pub per_step_commit: bool,
    /// One line of JSON.
    #[arg(long)]
    pub json: bool,
}

/// Runs a measurement.
pub fn run(args: BenchArgs) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (json, report) = match args.what {
        What::Pay(args) => (args.json, runtime.block_on(pay::run(&args))?),
        What::Fairness(args) => (args.json, runtime.block_on(fairness::run(&args))?),
        What::Http(args) => (args.json, runtime.block_on(http::run(&args))?),
    };
    let text = if json { serde_json::to_string(&report)? } else { serde_json::to_string_pretty(&report)? };
    crate::output::line(&text);
    Ok(ExitCode::SUCCESS)
}
