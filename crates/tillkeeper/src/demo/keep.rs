//! What the demo keeps in its data directory beside the database: keys that exist nowhere else.

use anyhow::Context;
use serde_json::{Value, json};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use tk_app::Ambient;
use tk_simulator::core::CoreConfig;
use tk_simulator::http::SandboxApp;
use tk_simulator::keys;
use tk_simulator::unionpay::keys::GatewayKeys;

/// What the simulated Alipay charges, parts per million.
pub const ALIPAY_FEE_PPM: u32 = 3_800;
/// What the simulated WeChat Pay charges, parts per million.
pub const WECHATPAY_FEE_PPM: u32 = 6_000;

/// The demo's files.
#[derive(Debug)]
pub struct Kept {
    directory: PathBuf,
    /// The installation's master key.
    pub master_key: Vec<u8>,
}

impl Kept {
    /// Opens the directory, making master key and channel keys at the first start.
    pub fn open(directory: &Path, ambient: &dyn Ambient) -> anyhow::Result<Self> {
        fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))?;
        let path = directory.join("master.key");
        if !path.exists() {
            write_private(&path, &format!("{:032x}{:032x}\n", ambient.bits(), ambient.bits()))?;
        }
        keys::fresh::complete(&directory.join("keys"), ambient.now_us())?;
        Ok(Self { directory: directory.to_owned(), master_key: crate::config::master_key(&path)? })
    }

    /// The halves of the keys that the simulated Alipay and WeChat Pay hold, with their contracts.
    pub fn sandbox_apps(&self) -> anyhow::Result<Vec<SandboxApp>> {
        let folder = self.keys();
        let mut alipay = SandboxApp::from_folder(&folder)?;
        alipay.core = CoreConfig { fee_rate_ppm: ALIPAY_FEE_PPM, keeps_events: true, ..alipay.core };
        let mut wechatpay = SandboxApp::wechatpay_from_folder(&folder)?;
        wechatpay.core = CoreConfig { fee_rate_ppm: WECHATPAY_FEE_PPM, keeps_events: true, ..wechatpay.core };
        Ok(vec![alipay, wechatpay])
    }

    /// The half that the simulated UnionPay holds.
    pub fn gateway_keys(&self) -> anyhow::Result<GatewayKeys> {
        Ok(tk_simulator::unionpay::keys::load(&self.keys())?)
    }

    /// Where the keys of both sides are.
    pub fn keys(&self) -> PathBuf {
        self.directory.join("keys")
    }

    /// Keeps what a restart has to know: the API key, which only a demo keeps, and the sandbox's address.
    pub fn keep(&self, api_key: &str, sandbox_url: &str) -> anyhow::Result<()> {
        let kept = json!({ "api_key": api_key, "sandbox_url": sandbox_url });
        write_private(&self.directory.join("demo.json"), &kept.to_string())
    }

    /// The API key of the first start; the sandbox must be where the channel account expects it.
    pub fn api_key(&self, sandbox_url: &str) -> anyhow::Result<String> {
        let path = self.directory.join("demo.json");
        let text = fs::read_to_string(&path).with_context(|| {
            format!(
                "{} is missing: the first start did not finish; remove the data directory",
                path.display()
            )
        })?;
        let kept: Value = serde_json::from_str(&text)?;
        let before = kept["sandbox_url"].as_str().unwrap_or_default();
        anyhow::ensure!(
            before == sandbox_url,
            "this demo was made with its sandbox on {before}; start it with that --sandbox-listen"
        );
        Ok(kept["api_key"].as_str().context("demo.json has no api_key")?.to_owned())
    }
}

fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    Ok(file.sync_all()?)
}
