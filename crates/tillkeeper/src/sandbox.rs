//! `tillkeeper sandbox`: the simulator alone.

use crate::ambient::SystemAmbient;
use anyhow::Context;
use clap::Args;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use tk_app::Ambient as _;
use tk_simulator::http::{SandboxApp, SandboxConfig, serve};
use tk_simulator::keys::{KeysError, wechat};

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
        serve(listener, config, crate::serve::interrupted()).await?;
        anyhow::Ok(ExitCode::SUCCESS)
    })
}
