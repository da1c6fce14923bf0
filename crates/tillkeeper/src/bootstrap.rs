//! `tillkeeper bootstrap`: the first tenant of an installation and its first key.

use crate::ambient::SystemAmbient;
use crate::config;
use crate::provision;
use crate::serve::Server;
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use tk_domain::audit::Origin;
use tk_domain::operating_profile::{ProfileKind, SetOperatingProfile};

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
    /// What the company is: `own_funds`, `service_provider` or `licensed_institution`.
    #[arg(long, default_value = "own_funds", value_parser = profile)]
    profile: ProfileKind,
    /// The number of its licence, for a licensed institution.
    #[arg(long)]
    licence_no: Option<String>,
}

fn profile(word: &str) -> Result<ProfileKind, String> {
    ProfileKind::parse(word)
        .ok_or_else(|| "one of own_funds, service_provider, licensed_institution".to_owned())
}

/// Makes the tenant and prints its key once.
pub fn run(args: &BootstrapArgs) -> anyhow::Result<ExitCode> {
    let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    anyhow::ensure!(
        (2..=12).contains(&args.code.len()) && args.code.chars().all(plain),
        "the code must be 2 to 12 lower-case letters and digits"
    );
    let licensed = args.profile == ProfileKind::LicensedInstitution;
    anyhow::ensure!(
        licensed == args.licence_no.as_ref().is_some_and(|number| (1..=64).contains(&number.len())),
        "a licensed institution, and no other, has a licence number of 1 to 64 bytes"
    );
    let server = Server::from_config(config::read(&args.config)?)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let app = server.open(Arc::new(SystemAmbient::default())).await?;
        let (tenant, key) = provision::tenant_with_key(&app, &args.code, &args.name).await?;
        let profile = SetOperatingProfile {
            tenant_id: tenant.id,
            kind: args.profile,
            licence_no: args.licence_no.clone(),
            origin: Origin::system(),
        };
        app.submit(profile).await?;
        app.reader().close();
        let line = serde_json::json!({ "tenant": tenant.code, "id": tenant.id, "api_key": key });
        crate::output::line(&line.to_string());
        anyhow::Ok(ExitCode::SUCCESS)
    })
}
