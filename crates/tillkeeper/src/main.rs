//! The `tillkeeper` binary: configuration and wiring only.

mod ambient;
mod bench;
mod bootstrap;
mod config;
mod demo;
mod doctor;
mod failpoints;
mod migrate;
mod output;
mod provision;
mod sandbox;
mod serve;
mod simulate;
mod verify;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// A batch makes and drops many small values; the system's allocator cost a fifth of the server's time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// An open-source payment cashier and fund-processing platform 掌柜.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// A full demo: embedded database, simulated channels, live traffic. No real money.
    Demo(demo::DemoArgs),
    /// Serves API, cashier and callbacks.
    Serve(serve::ServeArgs),
    /// Brings a PostgreSQL database to this version's schema, as its owner.
    Migrate(migrate::MigrateArgs),
    /// Makes the first tenant of an installation and prints its API key once.
    Bootstrap(bootstrap::BootstrapArgs),
    /// Checks every invariant of the books; exit code 0 only if all hold.
    Verify(verify::VerifyArgs),
    /// The channel simulator alone, for any third-party SDK.
    Sandbox(sandbox::SandboxArgs),
    /// Tests a channel configuration and says in plain words what is wrong.
    Doctor(doctor::DoctorArgs),
    /// The deterministic simulation.
    Simulate(simulate::SimulateArgs),
    /// Measures throughput and latency.
    Bench(bench::BenchArgs),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.command {
        Command::Demo(args) => demo::run(args),
        Command::Serve(args) => serve::run(&args),
        Command::Migrate(args) => migrate::run(&args),
        Command::Bootstrap(args) => bootstrap::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Sandbox(args) => sandbox::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Simulate(args) => simulate::run(&args),
        Command::Bench(args) => bench::run(args),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            output::error(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}
