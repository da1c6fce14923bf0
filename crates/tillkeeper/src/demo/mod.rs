//! `tillkeeper demo`: everything on one machine, with no real money.

mod bank;
mod catalog;
pub mod channels;
pub mod client;
mod hall;
mod history;
mod keep;
mod seed;
mod sink;
mod traffic;
mod ways;

use crate::ambient::SystemAmbient;
use crate::output;
use crate::serve::Server;
use anyhow::Context;
use channels::Simulated;
use clap::Args;
use client::{Api, Wallet};
use keep::Kept;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use tk_app::{App, AppConfig, WorkerLimits};
use tk_domain::moment::DAY_US;
use tk_store::Source;
use tokio::net::TcpListener;

/// Where it keeps its data and listens.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// The data directory; an existing demo goes on where it stopped.
    #[arg(long, default_value = "data/demo")]
    data: PathBuf,
    /// Address of API and cashier.
    #[arg(long, default_value = "127.0.0.1:8600")]
    listen: SocketAddr,
    /// Address of the simulated channels and their wallet pages.
    #[arg(long, default_value = "127.0.0.1:8601")]
    sandbox_listen: SocketAddr,
    /// Days of history made at the first start.
    #[arg(long, default_value_t = 30)]
    history_days: u32,
    /// No ticks, only the addresses.
    #[arg(long)]
    quiet: bool,
    /// No live traffic and no channel faults.
    #[arg(long)]
    no_traffic: bool,
    /// One line of JSON when ready, and nothing else.
    #[arg(long)]
    json: bool,
}

impl DemoArgs {
    fn tick(&self, text: &str) {
        if !self.quiet && !self.json {
            output::line(&format!("  ✓ {text}"));
        }
    }
}

/// Runs the demo until interrupted.
pub fn run(args: DemoArgs) -> anyhow::Result<ExitCode> {
    if std::env::var_os("TILLKEEPER_LOG").is_some() {
        crate::serve::start_logs();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(start(args))?;
    Ok(ExitCode::SUCCESS)
}

async fn start(args: DemoArgs) -> anyhow::Result<()> {
    if !args.quiet && !args.json {
        output::line("Tillkeeper 掌柜 demo: simulated channels, no real money 模拟环境，不会扣款");
    }
    let ambient = Arc::new(SystemAmbient::default());
    let kept = Kept::open(&args.data, ambient.as_ref())?;
    let (listener, base_url) = listen(args.listen).await?;
    let (sandbox_listener, sandbox_url) = listen(args.sandbox_listen).await?;
    let server = Server {
        source: Source::Sqlite(args.data.clone()),
        app: AppConfig {
            base_url: base_url.clone(),
            live: false,
            master_key: kept.master_key.clone(),
            workers: WorkerLimits::default(),
            bank_files: Some(args.data.join("bank-files")),
        },
        trusted_proxies: Vec::new(),
    };
    let app = server.open(ambient.clone()).await?;
    args.tick(&format!("embedded database in {}", args.data.display()));
    let simulated = Simulated::open(&kept, &args.data, &ambient, (&sandbox_url, &base_url))?;
    let routes = simulated.routes().merge(sink::router());
    tokio::spawn(async move { axum::serve(sandbox_listener, routes).await });
    args.tick(&format!("simulated Alipay, WeChat Pay, UnionPay, a bank and wallets on {sandbox_url}"));
    let wallet = Wallet { client: client::client()?, url: sandbox_url.clone() };
    let ready = prepare(&args, &app, &kept, (&ambient, &wallet)).await?;
    let api = Api {
        client: wallet.client.clone(),
        url: base_url.clone(),
        key: ready.api_key.clone(),
        ambient: ambient.clone(),
    };
    let serving = tokio::spawn({
        let app = app.clone();
        async move { server.serve(app, listener).await }
    });
    if !args.no_traffic {
        history::trouble(&wallet).await?;
        let town = traffic::Town { api: api.clone(), wallet };
        tokio::spawn(hall::run(api.clone(), ambient.clone()));
        tokio::spawn(traffic::run(town, ambient));
        args.tick("live traffic, about 3 payments a second, with lost and late answers");
        args.tick("a service hall that takes cash, cards and cheques");
    }
    announce(&args, &api, &sandbox_url, &ready).await?;
    serving.await?
}

async fn listen(address: SocketAddr) -> anyhow::Result<(TcpListener, String)> {
    let listener = TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
    let url = format!("http://{}", listener.local_addr()?);
    Ok((listener, url))
}

/// What the demo tells people and scripts.
struct Ready {
    api_key: String,
    merchant: &'static str,
    product: &'static str,
}

async fn prepare(
    args: &DemoArgs,
    app: &App,
    kept: &Kept,
    (ambient, wallet): (&Arc<SystemAmbient>, &Wallet),
) -> anyhow::Result<Ready> {
    let api_key = match app.reader().tenant_by_code(catalog::GROUP.code).await? {
        Some(_) => {
            args.tick("the demo's companies and their payments are still here");
            kept.api_key(&wallet.url)?
        }
        None => first_start(args, app, kept, (ambient, wallet)).await?,
    };
    Ok(Ready { api_key, merchant: catalog::COMPANIES[0].code, product: catalog::ARTICLES[0].code })
}

async fn first_start(
    args: &DemoArgs,
    app: &App,
    kept: &Kept,
    (ambient, wallet): (&Arc<SystemAmbient>, &Wallet),
) -> anyhow::Result<String> {
    // The contracts are as old as the history: the bank's statements are taken from that day on.
    ambient.set_offset_us(-i64::from(args.history_days) * DAY_US);
    let group = seed::group(app, kept, &wallet.url).await?;
    args.tick(&format!("group {} with {}", catalog::GROUP.name, seed::names()));
    let made = history::make(app, &group, (ambient, wallet), args.history_days).await?;
    if made > 0 {
        history::unexplained(app, &group, wallet).await?;
        args.tick(&format!("{} days of history: {made} payments by all channels", args.history_days));
    }
    kept.keep(&group.api_key, &wallet.url)?;
    ambient.set_offset_us(0);
    Ok(group.api_key)
}

async fn announce(args: &DemoArgs, api: &Api, sandbox_url: &str, ready: &Ready) -> anyhow::Result<()> {
    if args.json {
        let line = serde_json::json!({
            "ready": true, "url": api.url, "sandbox_url": sandbox_url, "api_key": ready.api_key,
            "merchant": ready.merchant, "product": ready.product, "data": args.data,
            "sandboxes": channels::paths(sandbox_url),
        });
        output::line(&line.to_string());
        return Ok(());
    }
    let order = seed::sample_order(api, ready.merchant, ready.product).await?;
    let checked = seed::checked_order(api).await?;
    for line in [
        String::new(),
        format!("  Cashier 收银台   {order}"),
        format!("  In WeChat 微信内 {sandbox_url}/wechat/open?page={order}"),
        format!("  Identity 实名核验 {checked}"),
        format!("  API             {}/v1   description: {}/openapi.json", api.url, api.url),
        format!("  Sandbox 沙箱     {sandbox_url}/lab"),
        format!("  Test key        {}", ready.api_key),
        String::new(),
        "  Try 试一试:".to_owned(),
        seed::curl(api, ready.merchant, ready.product),
        String::new(),
        "  Ctrl-C stops it; the next start goes on where it stopped.".to_owned(),
    ] {
        output::line(&line);
    }
    Ok(())
}
