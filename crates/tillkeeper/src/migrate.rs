//! `tillkeeper migrate`.

use crate::ambient::SystemAmbient;
use clap::Args;
use std::process::ExitCode;
use tk_app::Ambient as _;
use tk_store::Source;

/// Which database.
#[derive(Debug, Args)]
pub struct MigrateArgs {
    /// PostgreSQL connection string of the database's owner (role `tillkeeper_owner`).
    #[arg(long, env = "TILLKEEPER_OWNER_DATABASE")]
    database_url: String,
}

/// Brings the schema up to date.
pub fn run(args: &MigrateArgs) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let now_us = SystemAmbient::default().now_us();
    let applied =
        runtime.block_on(tk_store::migrate(&Source::Postgres(args.database_url.clone()), now_us))?;
    crate::output::line(&format!("{applied} migrations applied"));
    Ok(ExitCode::SUCCESS)
}
