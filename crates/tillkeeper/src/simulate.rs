//! `tillkeeper simulate`.

use clap::Args;
use std::process::ExitCode;
use tk_sim::{Options, run as simulate};

/// Which seeds.
#[derive(Debug, Args)]
pub struct SimulateArgs {
    /// How many seeds.
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    start: u64,
    /// For this many seeds, crash after every single event.
    #[arg(long, default_value_t = 0)]
    sweep: u64,
    /// Only the last line, as JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the seeds; exit code 0 only if nothing was violated and every planted bug was caught.
pub fn run(args: &SimulateArgs) -> anyhow::Result<ExitCode> {
    let options = Options { seeds: args.seeds, start: args.start, sweep: args.sweep, planted: true };
    let summary = simulate(&options);
    if !args.json {
        for violation in &summary.violations {
            let last = violation.last_steps.join("\n  ");
            crate::output::line(&format!(
                "seed {} step {}: {}: {}\n  {last}\nreplay: {}",
                violation.seed, violation.step, violation.invariant, violation.text, violation.replay
            ));
        }
    }
    let mut line = serde_json::to_value(&summary)?;
    line["broken"] = line["violations"].take();
    line["violations"] = summary.failing_seeds.into();
    crate::output::line(&line.to_string());
    Ok(if summary.good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
