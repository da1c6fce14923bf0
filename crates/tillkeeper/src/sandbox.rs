//! `tillkeeper sandbox`: the simulator alone.

use crate::ambient::SystemAmbient;
use crate::output;
use anyhow::Context;
use clap::Args;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use tk_app::Ambient as _;
use tk_simulator::bank::http::{BankConfig, BankSite};
use tk_simulator::bank::{Bank, Habits};
use tk_simulator::http::{Beside, SandboxApp, SandboxConfig, serve_beside};
use tk_simulator::journal::Journal;
use tk_simulator::keys::{self, APP_ID, KeysError, SELLER_ID, fresh, wechat};
use tk_simulator::unionpay::http::{Gateway, GatewayConfig};
use tk_simulator::unionpay::keys as unionpay;

/// What a direct link brings to the sandbox's bank; it guards nothing but made-up money.
const BANK_TOKEN: &str = "sandbox";

/// Where it listens and with which keys.
#[derive(Debug, Args)]
pub struct SandboxArgs {
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1:18080")]
    listen: SocketAddr,
    /// A folder with keys by the names of `simulator::keys`.
    #[arg(long)]
    keys: PathBuf,
    /// Makes what is missing of the keys first.
    #[arg(long)]
    make_keys: bool,
    /// Keeps the truth books of Alipay, WeChat Pay and UnionPay across restarts in this file.
    #[arg(long)]
    journal: Option<PathBuf>,
    /// Keeps the bank's books across restarts in this file.
    #[arg(long)]
    bank_journal: Option<PathBuf>,
    /// Where the bank drops statement files, in `<account>/incoming`.
    #[arg(long)]
    bank_files: Option<PathBuf>,
    /// The most notifications under way at once.
    #[arg(long, default_value_t = 16)]
    notify_parallel: usize,
}

/// Every channel whose keys are in the folder; Alipay's must be.
fn applications(keys: &Path) -> Result<Vec<SandboxApp>, KeysError> {
    let mut apps = vec![SandboxApp::from_folder(keys)?];
    if wechat::is_in(keys) {
        apps.push(SandboxApp::wechatpay_from_folder(keys)?);
    }
    Ok(apps)
}

/// UnionPay's gateway where its keys are in the folder.
fn gateway(folder: &Path, journal: Option<Arc<Journal>>) -> anyhow::Result<Option<Arc<Gateway>>> {
    if !unionpay::is_in(folder) {
        return Ok(None);
    }
    let ambient = SystemAmbient::default();
    let config = GatewayConfig::new(unionpay::load(folder)?, Arc::new(move || ambient.now_us()));
    Ok(Some(Gateway::new(GatewayConfig { journal, ..config })?))
}

fn announce(base: &str, wechatpay: bool, with_unionpay: bool) {
    let mut lines = vec![format!(
        "Alipay sandbox: {base}/gateway.do  app id {APP_ID}  seller {SELLER_ID}  control {base}/control/alipay/"
    )];
    if wechatpay {
        let (appid, mchid) = (wechat::APPID, wechat::MCHID);
        lines.push(format!(
            "WeChat Pay sandbox: {base}/v3/  appid {appid}  mchid {mchid}  control {base}/control/wechatpay/"
        ));
    }
    if with_unionpay {
        let mer_id = unionpay::MER_ID;
        lines.push(format!(
            "UnionPay sandbox: {base}/unionpay/gateway/api/  files {base}/unionpay/file/  mer id {mer_id}  control {base}/control/unionpay/"
        ));
    }
    lines.push(format!(
        "Bank sandbox: {base}/bank/accounts/  token {BANK_TOKEN}  control {base}/control/bank/"
    ));
    lines.push(format!("Lab for people 通道实验室: {base}/lab"));
    for line in lines {
        output::line(&line);
    }
}

/// A bank with no accounts yet, or those of its journal; scripts open them by its control interface.
fn bank(args: &SandboxArgs) -> anyhow::Result<Arc<BankSite>> {
    let ambient = SystemAmbient::default();
    let with_key = keys::bank_key_is_in(&args.keys);
    Ok(BankSite::open(BankConfig {
        bank: Bank::new(1, Habits::default()),
        clock: Arc::new(move || ambient.now_us()),
        token: BANK_TOKEN.to_owned(),
        key: with_key.then(|| keys::bank_key(&args.keys)).transpose()?,
        journal: args.bank_journal.clone(),
        files: args.bank_files.clone(),
    })?)
}

/// Serves the sandbox until interrupted.
pub fn run(args: &SandboxArgs) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let ambient = SystemAmbient::default();
        if args.make_keys {
            fresh::complete(&args.keys, ambient.now_us())?;
        }
        let apps = applications(&args.keys).with_context(|| format!("keys in {}", args.keys.display()))?;
        let wechatpay = apps.len() > 1;
        let mut config = SandboxConfig::new(apps, Arc::new(move || ambient.now_us()));
        let journal = args.journal.as_deref().map(Journal::open).transpose();
        let journal = journal.context("cannot open the journal")?;
        config.journal.clone_from(&journal);
        config.notify_parallel = args.notify_parallel;
        let listener = tokio::net::TcpListener::bind(args.listen)
            .await
            .with_context(|| format!("cannot listen on {}", args.listen))?;
        let gateway = gateway(&args.keys, journal)?;
        let address = listener.local_addr()?;
        announce(&format!("http://{address}"), wechatpay, gateway.is_some());
        let beside = Beside { gateway, bank: Some(bank(args)?), ..Beside::default() };
        serve_beside(listener, config, beside, crate::serve::interrupted()).await?;
        anyhow::Ok(ExitCode::SUCCESS)
    })
}
