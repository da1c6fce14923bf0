//! `tillkeeper bootstrap`: the first tenant of an installation and its first key.

use crate::ambient::SystemAmbient;
use crate::config;
use crate::provision;
use crate::serve::Server;
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// Which tenant of which installation.
#[derive(Debug, Args)]
pub struct BootstrapArgs {
    /// The configuration file of `serve`.
    #[arg(long)]
    config: PathBuf,
    /// The tenant's short code: 2 to 12 lower-case letters and digits, never changed.
    #[arg(long)]
    code: String,
    /// The tenant's name.
    #[arg(long)]
    name: String,
}

/// Makes the tenant and prints its key once.
pub fn run(args: &BootstrapArgs) -> anyhow::Result<ExitCode> {
    let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    anyhow::ensure!(
        (2..=12).contains(&args.code.len()) && args.code.chars().all(plain),
        "the code must be 2 to 12 lower-case letters and digits"
    );
    let server = Server::from_config(config::read(&args.config)?)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let app = server.open(Arc::new(SystemAmbient::default())).await?;
        let (tenant, key) = provision::tenant_with_key(&app, &args.code, &args.name).await?;
        app.reader().close();
        let line = serde_json::json!({ "tenant": tenant.code, "id": tenant.id, "api_key": key });
        crate::output::line(&line.to_string());
        anyhow::Ok(ExitCode::SUCCESS)
    })
}
