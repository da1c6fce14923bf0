//! `tillkeeper sandbox`: the simulator alone.

use crate::ambient::SystemAmbient;
use anyhow::Context;
use clap::Args;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use tk_app::Ambient as _;
use tk_simulator::http::{SandboxApp, SandboxConfig, serve_beside};
use tk_simulator::keys::{KeysError, wechat};
use tk_simulator::unionpay::http::{Gateway, GatewayConfig, notify_forever, router};
use tk_simulator::unionpay::keys as unionpay;

/// Where it listens and with which keys.
#[derive(Debug, Args)]
pub struct SandboxArgs {
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1:18080")]
    listen: SocketAddr,
    /// A folder with keys by the names of `simulator::keys`.
    #[arg(long)]
    keys: PathBuf,
    /// Keeps the truth books across restarts in this file.
    #[arg(long)]
    journal: Option<PathBuf>,
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

/// UnionPay's gateway where its keys are in the folder, and no routes where they are not.
fn unionpay_routes(folder: &Path, address: &str) -> anyhow::Result<axum::Router> {
    if !unionpay::is_in(folder) {
        return Ok(axum::Router::new());
    }
    let ambient = SystemAmbient::default();
    let gateway =
        Gateway::new(GatewayConfig::new(unionpay::load(folder)?, Arc::new(move || ambient.now_us())))?;
    tokio::spawn(notify_forever(Arc::clone(&gateway)));
    crate::output::line(&format!(
        "UnionPay sandbox: http://{address}/unionpay/gateway/api/  files http://{address}/unionpay/file/  mer id {}  \
         control http://{address}/control/unionpay/",
        unionpay::MER_ID,
    ));
    Ok(router(gateway))
}

/// Serves the sandbox until interrupted.
pub fn run(args: SandboxArgs) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let apps = applications(&args.keys).with_context(|| format!("keys in {}", args.keys.display()))?;
        let wechatpay = apps.len() > 1;
        let ambient = SystemAmbient::default();
        let mut config = SandboxConfig::new(apps, Arc::new(move || ambient.now_us()));
        config.journal = args.journal;
        config.notify_parallel = args.notify_parallel;
        let listener = tokio::net::TcpListener::bind(args.listen)
            .await
            .with_context(|| format!("cannot listen on {}", args.listen))?;
        let address = listener.local_addr()?;
        crate::output::line(&format!(
            "Alipay sandbox: http://{address}/gateway.do  app id {}  seller {}  control http://{address}/control/alipay/",
            tk_simulator::keys::APP_ID,
            tk_simulator::keys::SELLER_ID,
        ));
        if wechatpay {
            crate::output::line(&format!(
                "WeChat Pay sandbox: http://{address}/v3/  appid {}  mchid {}  control http://{address}/control/wechatpay/",
                wechat::APPID,
                wechat::MCHID,
            ));
        }
        let beside = unionpay_routes(&args.keys, &address.to_string())?;
        serve_beside(listener, config, beside, crate::serve::interrupted()).await?;
        anyhow::Ok(ExitCode::SUCCESS)
    })
}
