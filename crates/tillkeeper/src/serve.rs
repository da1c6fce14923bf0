//! `tillkeeper serve`.

use crate::ambient::SystemAmbient;
use crate::config::{self, Config};
use anyhow::{Context, bail, ensure};
use clap::Args;
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tk_app::{Ambient as _, App, AppConfig, WorkerLimits};
use tk_store::{Source, Store, StoreConfig, migrate};
use tk_web::{Environment, Limits, WebConfig, WebState};
use tokio::net::TcpListener;

/// A second, in microseconds.
const SECOND_US: i64 = 1_000_000;

/// Which configuration.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// The configuration file (TOML).
    #[arg(long)]
    config: PathBuf,
}

/// Serves until interrupted.
pub fn run(args: &ServeArgs) -> anyhow::Result<ExitCode> {
    let config = config::read(&args.config)?;
    start_logs();
    let listen = config.listen;
    let ambient = Arc::new(SystemAmbient::from_environment(config.live)?);
    let server = Server::from_config(config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener =
            TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
        let app = server.open(ambient).await?;
        tracing::info!(%listen, base_url = %server.app.base_url, live = server.app.live, "ready");
        server.serve(app, listener).await?;
        anyhow::Ok(ExitCode::SUCCESS)
    })
}

/// What a server is put together from, for `serve`, `demo` and the benches.
#[derive(Debug)]
pub struct Server {
    pub source: Source,
    pub app: AppConfig,
    pub trusted_proxies: Vec<IpAddr>,
}

impl Server {
    /// The server that a configuration file describes.
    pub fn from_config(config: Config) -> anyhow::Result<Self> {
        Ok(Self {
            source: source(&config.database)?,
            app: AppConfig {
                base_url: config.base_url,
                live: config.live,
                master_key: config.master_key,
                workers: WorkerLimits {
                    stop_us: i64::from(config.stop_wait_s).saturating_mul(SECOND_US),
                    ..WorkerLimits::default()
                },
                bank_files: config.bank_files,
            },
            trusted_proxies: config.trusted_proxies,
        })
    }

    /// Opens the store and the application over it; an embedded database is brought up to date first, and
    /// a database of the other environment is refused.
    pub async fn open(&self, ambient: Arc<SystemAmbient>) -> anyhow::Result<App> {
        if let Source::Sqlite(directory) = &self.source {
            std::fs::create_dir_all(directory)
                .with_context(|| format!("cannot make {}", directory.display()))?;
            migrate(&self.source, ambient.now_us()).await?;
        }
        let config = StoreConfig {
            live: self.app.live,
            failpoints: crate::failpoints::from_environment(self.app.live)?,
            ..StoreConfig::default()
        };
        let store = Store::open(self.source.clone(), ambient.clone(), config).await?;
        let environment = if self.app.live { "live" } else { "test" };
        let settled = store.settle_setting("environment", environment).await?;
        ensure!(settled == environment, "this database is of environment {settled}, not {environment}");
        Ok(App::new(store, ambient, self.app.clone())?)
    }

    /// Runs workers and listener until interrupted, then lets what was taken finish, and what is said to channels.
    pub async fn serve(&self, app: App, listener: TcpListener) -> anyhow::Result<()> {
        let environment = if self.app.live { Environment::Live } else { Environment::Test };
        let config = WebConfig {
            environment,
            base_url: self.app.base_url.clone(),
            trusted_proxies: self.trusted_proxies.clone(),
            limits: Limits::default(),
        };
        let mut workers = app.run_workers()?;
        let state = WebState::new(app.clone(), config);
        let (fell, fallen) = tokio::sync::oneshot::channel();
        let lost = Arc::new(AtomicBool::new(false));
        let noted = Arc::clone(&lost);
        // Workers go on for as long as the process does: without one of them money would wait with nobody to ask.
        let watch = tokio::spawn(async move {
            let ended = workers.join_next().await;
            tracing::error!(?ended, "a worker ended; the process stops, so that another takes over");
            noted.store(true, Ordering::SeqCst);
            let _ = fell.send(());
        });
        let stop = async {
            tokio::select! {
                () = interrupted() => {}
                Ok(()) = fallen => {}
            }
        };
        let served = tk_web::serve(listener, state, stop).await;
        watch.abort();
        let _ended = watch.await;
        let left = app.finish_conversations().await;
        if left > 0 {
            tracing::warn!(left, "conversations were cut off; they are held again when their leases end");
        }
        app.reader().close();
        ensure!(!lost.load(Ordering::SeqCst), "a worker ended");
        Ok(served?)
    }
}

/// Where the data is, from `sqlite:DIRECTORY` or a PostgreSQL URL.
pub fn source(text: &str) -> anyhow::Result<Source> {
    if let Some(directory) = text.strip_prefix("sqlite:") {
        return Ok(Source::Sqlite(PathBuf::from(directory)));
    }
    if text.starts_with("postgres://") || text.starts_with("postgresql://") || text.contains("host=") {
        return Ok(Source::Postgres(text.to_owned()));
    }
    bail!("database must be sqlite:DIRECTORY or a postgres:// URL")
}

/// Resolves when the process is asked to end.
pub async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

/// JSON lines on standard error, by `TILLKEEPER_LOG` (default `info`); no personal data is ever logged.
pub fn start_logs() {
    let filter = std::env::var("TILLKEEPER_LOG").unwrap_or_else(|_| "info".to_owned());
    let _ = tracing_subscriber::fmt()
        .json()
        .with_env_filter(tracing_subscriber::EnvFilter::new(filter))
        .with_writer(std::io::stderr)
        .try_init();
}
