//! Runs the sandbox on an address with a key folder: `sandbox ADDR KEYS`.

use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use tillkeeper_simulator::http::{Clock, SandboxApp, SandboxConfig, serve};
use tillkeeper_simulator::keys::wechat;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(address), Some(keys)) = (arguments.next(), arguments.next()) else {
        return Err("usage: sandbox ADDR KEYS".into());
    };
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let mut apps = vec![SandboxApp::from_folder(Path::new(&keys))?];
    if wechat::is_in(Path::new(&keys)) {
        apps.push(SandboxApp::wechatpay_from_folder(Path::new(&keys))?);
    }
    let listener = TcpListener::bind(&address).await?;
    tracing::info!(address = %listener.local_addr()?, "sandbox listens");
    serve(listener, SandboxConfig::new(apps, clock()), std::future::pending()).await?;
    Ok(())
}

fn clock() -> Clock {
    Arc::new(|| {
        #[expect(clippy::disallowed_methods, reason = "an example is its own ambient")]
        let now = SystemTime::now();
        let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
    })
}
