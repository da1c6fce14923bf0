//! The processes of a town: the sandbox that survives, servers that are killed, and what they work on.

use crate::channel::Channel;
use crate::database::Database;
use serde_json::Value;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tempfile::TempDir;

pub const BINARY: &str = env!("CARGO_BIN_EXE_tillkeeper");
/// How often a condition is looked at.
pub const LOOK_EVERY: Duration = Duration::from_millis(25);
/// How many times at most (two minutes).
pub const LOOKS_MAX: u32 = 4_800;

/// A process of ours, ended by its own pid at the latest when it is dropped.
pub struct Process(pub Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Process {
    /// SIGKILL.
    pub fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    pub fn exited(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().unwrap()
    }

    /// Waits until it ends by itself.
    pub async fn end(mut self) -> ExitStatus {
        until("the process ends by itself", async || self.exited()).await
    }
}

/// Looks until something is there; the only way anything here waits.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..LOOKS_MAX {
        if let Some(found) = look().await {
            return found;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    panic!("never happened: {what}")
}

/// What all servers of a test share.
pub struct Town {
    pub directory: TempDir,
    pub database: Database,
    pub channel: Channel,
    pub urls: Vec<String>,
    ahead_s: AtomicU32,
    _sandbox: Process,
}

impl Town {
    /// A sandbox and a migrated database, with room for so many servers; none runs yet.
    pub fn found(database: Database, servers: usize) -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(directory.path().join("data")).unwrap();
        let (sandbox, channel) = open_sandbox(directory.path());
        let urls: Vec<String> = (0..servers).map(|_| format!("http://127.0.0.1:{}", free_port())).collect();
        let town = Self { directory, database, channel, urls, ahead_s: AtomicU32::new(0), _sandbox: sandbox };
        town.write_configurations();
        town
    }

    fn write_configurations(&self) {
        let root = self.directory.path();
        let mut key = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(root.join("master.key"))
            .unwrap();
        std::io::Write::write_all(
            &mut key,
            b"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
        )
        .unwrap();
        for (number, url) in self.urls.iter().enumerate() {
            let listen = url.trim_start_matches("http://");
            // Callbacks come to the first server; what it misses the channel sends again.
            let text = format!(
                "environment = \"test\"\nlisten = \"{listen}\"\nbase_url = \"{}\"\ndatabase = \"{}\"\n\
                 master_key_file = \"master.key\"\n",
                self.urls[0],
                self.database.address(&root.join("data")),
            );
            std::fs::write(self.configuration(number), text).unwrap();
        }
    }

    pub fn configuration(&self, number: usize) -> PathBuf {
        self.directory.path().join(format!("serve-{number}.toml"))
    }

    /// The command that serves, not yet started.
    pub fn serve(&self, number: usize) -> Command {
        let mut command = Command::new(BINARY);
        command.arg("serve").arg("--config").arg(self.configuration(number));
        command
    }

    /// Starts a server and waits until it serves; with a failpoint it may end before that.
    pub async fn start(&self, number: usize, failpoint: Option<&str>) -> Process {
        let mut command = self.serve(number);
        if let Some(point) = failpoint {
            command.env("TILLKEEPER_FAILPOINT", point);
        }
        self.ready(number, (command, failpoint.is_some())).await
    }

    /// Starts a server by a command of one's own and waits until it serves.
    pub async fn start_with(&self, number: usize, command: Command) -> Process {
        self.ready(number, (command, false)).await
    }

    async fn ready(&self, number: usize, (command, may_end): (Command, bool)) -> Process {
        let mut process = self.spawn(command);
        let client = client();
        let ready = format!("{}/readyz", self.urls[number]);
        until("the server is ready", async || {
            let answer = client.get(&ready).send().await;
            let serves = answer.is_ok_and(|answer| answer.status().is_success());
            let ended = process.exited();
            assert!(ended.is_none() || may_end, "the server ended: {ended:?}\n{}", self.log_tail());
            (serves || ended.is_some()).then_some(())
        })
        .await;
        process
    }

    fn spawn(&self, mut command: Command) -> Process {
        let log = self.log();
        let child = command
            .env("TILLKEEPER_CLOCK_AHEAD_S", self.ahead_s.load(Ordering::SeqCst).to_string())
            .env("TILLKEEPER_LOG", "warn")
            .env_remove("TILLKEEPER_DATABASE")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        Process(child)
    }

    fn log(&self) -> File {
        OpenOptions::new().create(true).append(true).open(self.directory.path().join("serve.log")).unwrap()
    }

    pub fn log_tail(&self) -> String {
        let text = std::fs::read_to_string(self.directory.path().join("serve.log")).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }

    /// Moves the clocks of the channel and of every server started from now on.
    pub async fn advance(&self, seconds: u32) {
        self.ahead_s.fetch_add(seconds, Ordering::SeqCst);
        self.channel.advance(seconds).await;
    }

    /// `tillkeeper verify` has to find that every invariant holds.
    pub fn verify(&self) {
        let output = run(|command| {
            command.arg("verify").arg("--json");
            self.database.name_to_verify(command, &self.directory.path().join("data"));
        });
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "verify: {said} {}", String::from_utf8_lossy(&output.stderr));
        assert!(said.contains("\"holds\":true"), "verify: {said}");
    }

    /// The first tenant's key, by `tillkeeper bootstrap`.
    pub fn bootstrap(&self) -> String {
        let output = run(|command| {
            command.arg("bootstrap").arg("--config").arg(self.configuration(0));
            command.args(["--code", "crash", "--name", "Crash test"]);
        });
        assert!(output.status.success(), "bootstrap: {}", String::from_utf8_lossy(&output.stderr));
        let line: Value = serde_json::from_slice(&output.stdout).unwrap();
        line["api_key"].as_str().unwrap().to_owned()
    }
}

/// Runs the binary to its end.
fn run(arguments: impl FnOnce(&mut Command)) -> Output {
    let mut command = Command::new(BINARY);
    arguments(&mut command);
    command.env_remove("TILLKEEPER_DATABASE").output().unwrap()
}

/// A client that waits for nobody longer than half a minute.
pub fn client() -> reqwest::Client {
    let redirects = reqwest::redirect::Policy::none();
    reqwest::Client::builder()
        .no_proxy()
        .redirect(redirects)
        .timeout(Duration::from_secs(30))
        .build()
        .unwrap()
}

/// A port that nobody listens on now; servers come back to it after each kill.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

pub fn keys() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../simulator/tests/keys")
}

fn open_sandbox(root: &Path) -> (Process, Channel) {
    let mut child = Command::new(BINARY)
        .args(["sandbox", "--listen", "127.0.0.1:0", "--keys"])
        .arg(keys())
        .arg("--journal")
        .arg(root.join("channel.journal"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.split_once("http://").and_then(|(_, rest)| rest.split_once("/gateway.do"));
    let url = format!("http://{}", url.unwrap_or_else(|| panic!("the sandbox says {line:?}")).0);
    (Process(child), Channel::new(url))
}
