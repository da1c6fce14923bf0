//! Sandbox and server as processes of their own, an order system's key, and a receiver of webhooks.

use super::{ChannelArg, HttpArgs};
use crate::ambient::SystemAmbient;
use crate::bench::EngineArg;
use crate::demo::channels::terms;
use crate::demo::client::{Api, client};
use anyhow::{Context, ensure};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tk_app::Ambient as _;
use tk_simulator::keys::fresh;

/// How often and how many times the server is asked whether it is ready (half a minute).
const LOOK_EVERY: Duration = Duration::from_millis(50);
const LOOKS_MAX: u32 = 600;

/// A process of ours; ended with us, by its own pid.
#[derive(Debug)]
pub struct Process(pub Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Everything that takes part but the payers.
#[derive(Debug)]
pub struct Town {
    pub server: Process,
    pub api: Api,
    pub sandbox_url: String,
    pub hooks: Option<tokio::net::TcpListener>,
    _sandbox: Process,
    directory: TempDir,
}

impl Town {
    /// Starts the processes and provisions a tenant by `bootstrap` and the API.
    pub async fn found(args: &HttpArgs) -> anyhow::Result<Self> {
        let directory = tempfile::tempdir()?;
        let ambient = Arc::new(SystemAmbient::default());
        fresh::complete(directory.path(), ambient.now_us())?;
        let (sandbox, sandbox_url) = start_sandbox(directory.path())?;
        let listen = format!("127.0.0.1:{}", free_port()?);
        let config = configure(args, directory.path(), (&listen, ambient.bits()))?;
        let code = format!("h{:07x}", ambient.bits() & 0x0FFF_FFFF);
        let key = bootstrap(&config, &code)?;
        let server = start_server(&config, directory.path())?;
        let hooks = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let hooks_url = format!("http://{}/hooks", hooks.local_addr()?);
        let api = Api { client: client()?, url: format!("http://{listen}"), key, ambient };
        let mut town = Self { server, api, sandbox_url, hooks: Some(hooks), _sandbox: sandbox, directory };
        town.until_ready().await?;
        let contract = contract(args.channel, town.directory.path(), &town.sandbox_url)?;
        town.provision(&contract, &hooks_url).await?;
        Ok(town)
    }

    async fn until_ready(&mut self) -> anyhow::Result<()> {
        let ready = format!("{}/readyz", self.api.url);
        for _ in 0..LOOKS_MAX {
            if self.api.client.get(&ready).send().await.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            ensure!(self.server.0.try_wait()?.is_none(), "the server ended");
            tokio::time::sleep(LOOK_EVERY).await;
        }
        anyhow::bail!("the server is not ready")
    }

    async fn provision(&mut self, contract: &Value, hooks_url: &str) -> anyhow::Result<()> {
        let fee = json!({ "rate": "0.0060", "returned": true });
        self.api.create("/v1/merchants", &json!({ "code": "shop", "name": "Shop", "fee": fee })).await?;
        self.api.create("/v1/products", &json!({ "code": "delay", "name": "Travel delay" })).await?;
        self.api.create("/v1/channel_accounts", contract).await?;
        let endpoint = json!({ "url": hooks_url, "events": ["payment.succeeded"] });
        self.api.create("/v1/webhook_endpoints", &endpoint).await?;
        let app = self.api.create("/v1/apps", &json!({ "name": "order system" })).await?;
        let terms = json!({ "scopes": ["payments:read", "payments:write"], "rate_per_s": 10_000 });
        let key = self.api.create(&format!("/v1/apps/{}/keys", Api::text(&app, "id")?), &terms).await?;
        Api::text(&key, "secret")?.clone_into(&mut self.api.key);
        Ok(())
    }
}

fn free_port() -> anyhow::Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn start_sandbox(keys: &Path) -> anyhow::Result<(Process, String)> {
    let mut sandbox = Process(
        Command::new(std::env::current_exe()?)
            .args(["sandbox", "--notify-parallel", "512", "--listen", "127.0.0.1:0", "--keys"])
            .arg(keys)
            .stdout(Stdio::piped())
            .spawn()?,
    );
    let mut line = String::new();
    BufReader::new(sandbox.0.stdout.take().context("no output")?).read_line(&mut line)?;
    let (_, rest) = line.split_once("http://").context("the sandbox names no address")?;
    let (address, _) = rest.split_once("/gateway.do").context("the sandbox names no gateway")?;
    let url = format!("http://{address}");
    Ok((sandbox, url))
}

/// Logs as it does by default, into a file.
fn start_server(config: &Path, root: &Path) -> anyhow::Result<Process> {
    let log = std::fs::File::create(root.join("serve.log"))?;
    let mut command = Command::new(std::env::current_exe()?);
    Ok(Process(command.arg("serve").arg("--config").arg(config).stderr(log).spawn()?))
}

fn configure(args: &HttpArgs, root: &Path, (listen, bits): (&str, u128)) -> anyhow::Result<PathBuf> {
    let database = match args.engine {
        EngineArg::Sqlite => format!("sqlite:{}", root.join("data").display()),
        EngineArg::Postgres => args.database_url.clone().context("--database-url is needed for postgres")?,
    };
    let mut key =
        std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(root.join("master.key"))?;
    key.write_all(format!("{bits:032x}{:032x}", !bits).as_bytes())?;
    let path = root.join("serve.toml");
    let text = format!(
        "environment = \"test\"\nlisten = \"{listen}\"\nbase_url = \"http://{listen}\"\n\
         database = \"{database}\"\nmaster_key_file = \"master.key\"\n"
    );
    std::fs::write(&path, text)?;
    Ok(path)
}

fn bootstrap(config: &Path, code: &str) -> anyhow::Result<String> {
    let said = Command::new(std::env::current_exe()?)
        .arg("bootstrap")
        .arg("--config")
        .arg(config)
        .args(["--code", code, "--name", "Bench"])
        .stderr(Stdio::inherit())
        .output()?;
    ensure!(said.status.success(), "bootstrap failed");
    let line: Value = serde_json::from_slice(&said.stdout)?;
    Ok(Api::text(&line, "api_key")?.to_owned())
}

fn contract(channel: ChannelArg, keys: &Path, sandbox_url: &str) -> anyhow::Result<Value> {
    let terms = terms(channel.channel(), keys, sandbox_url)?;
    Ok(json!({
        "channel": terms.channel, "name": terms.name, "methods": terms.methods, "fee_rate": "0.0060",
        "fee_returned": true, "settings": terms.settings, "credentials": terms.secrets,
    }))
}
