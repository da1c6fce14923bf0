//! The configuration file of `serve`, with environment variables above it.

use anyhow::{Context, bail, ensure};
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// What may stand in the file; unknown keys are refused.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileConfig {
    /// `test` or `live`.
    pub environment: String,
    /// Address to listen on.
    pub listen: SocketAddr,
    /// Where payers and channels reach us.
    pub base_url: String,
    /// `sqlite:DIRECTORY` or a `postgres://` URL; overridden by `TILLKEEPER_DATABASE`.
    pub database: Option<String>,
    /// A file with the master key as 64 hexadecimal digits; readable by its owner only.
    pub master_key_file: PathBuf,
    /// Addresses of proxies whose `X-Forwarded-For` is believed.
    #[serde(default)]
    pub trusted_proxies: Vec<std::net::IpAddr>,
    /// Where banks put statement files, in `<tenant code>/<account number>/incoming`; none where no bank may.
    pub bank_files: Option<PathBuf>,
    /// How many seconds a process that is asked to end waits for conversations under way; 10 where it is not named.
    pub stop_wait_s: Option<u16>,
}

/// The longest that a process may be told to wait before it ends, seconds.
const STOP_WAIT_MAX_S: u16 = 300;

/// A checked configuration.
#[derive(Debug)]
pub struct Config {
    /// Whether real money moves.
    pub live: bool,
    /// Address to listen on.
    pub listen: SocketAddr,
    /// Where payers and channels reach us.
    pub base_url: String,
    /// Where the data is.
    pub database: String,
    /// The installation's master key.
    pub master_key: Vec<u8>,
    /// Proxies believed.
    pub trusted_proxies: Vec<std::net::IpAddr>,
    /// Where banks put statement files.
    pub bank_files: Option<PathBuf>,
    /// How long a process that is asked to end waits for conversations under way, seconds.
    pub stop_wait_s: u16,
}

/// Reads and checks a configuration file.
pub fn read(path: &Path) -> anyhow::Result<Config> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let file: FileConfig = toml::from_str(&text).with_context(|| format!("in {}", path.display()))?;
    let live = match file.environment.as_str() {
        "live" => true,
        "test" => false,
        other => bail!("environment must be \"test\" or \"live\", not {other:?}"),
    };
    let base_url = file.base_url.trim_end_matches('/').to_owned();
    if live {
        ensure!(base_url.starts_with("https://"), "a live installation needs an https base_url");
    }
    let database = std::env::var("TILLKEEPER_DATABASE").ok().or(file.database);
    let database = database.context("database is not set (in the file or as TILLKEEPER_DATABASE)")?;
    let key_path = path.parent().unwrap_or(Path::new(".")).join(&file.master_key_file);
    let master_key = master_key(&key_path)?;
    let stop_wait_s = file.stop_wait_s.unwrap_or(10);
    ensure!(stop_wait_s <= STOP_WAIT_MAX_S, "stop_wait_s is at most {STOP_WAIT_MAX_S}");
    Ok(Config {
        live,
        listen: file.listen,
        base_url,
        database,
        master_key,
        trusted_proxies: file.trusted_proxies,
        bank_files: file.bank_files.map(|folder| path.parent().unwrap_or(Path::new(".")).join(folder)),
        stop_wait_s,
    })
}

/// Reads a master key; refuses one that others may read or that nobody chose.
pub fn master_key(path: &Path) -> anyhow::Result<Vec<u8>> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the master key {}", path.display()))?;
    check_private(path)?;
    let key = from_hex(text.trim()).context("the master key must be 64 hexadecimal digits")?;
    ensure!(key.len() == 32, "the master key must be 64 hexadecimal digits");
    let first = key.first().copied().unwrap_or_default();
    ensure!(
        key.iter().any(|byte| *byte != first),
        "the master key is a default; make one with: openssl rand -hex 32"
    );
    Ok(key)
}

#[cfg(unix)]
fn check_private(path: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(path)?.permissions().mode();
    ensure!(mode % 0o100 == 0, "{} can be read by others; chmod 600 it", path.display());
    Ok(())
}

#[cfg(not(unix))]
fn check_private(_path: &Path) -> anyhow::Result<()> {
    Ok(())
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|digit| digit.to_digit(16).and_then(|value| u8::try_from(value).ok())).collect();
    let digits = digits?;
    let pairs = digits.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    Some(pairs.map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_only_if_private_whole_and_chosen() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("master.key");
        let write = |text: &str, mode: u32| {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        let good = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
        write(good, 0o600);
        assert_eq!(master_key(&path).unwrap().len(), 32);
        write(good, 0o644);
        assert!(master_key(&path).unwrap_err().to_string().contains("read by others"));
        for bad in ["", "xyz", &good[..62], &"00".repeat(32), &format!("{good}0")] {
            write(bad, 0o600);
            assert!(master_key(&path).is_err(), "{bad}");
        }
    }
}
