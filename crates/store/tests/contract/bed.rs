//! A migrated database of its own for each test, on either engine.

use crate::commands::OpenShop;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use tillkeeper_store::{Ambient, Source, Store, StoreConfig, migrate};
use tk_domain::id::{MerchantId, TenantId};
use tokio_postgres::NoTls;

/// A clock that moves a little at each reading, and seeded bits.
pub struct Steps {
    now_us: AtomicU64,
    bits: AtomicU64,
}

pub const START_US: i64 = 1_795_000_000_000_000;

static SEEDS: AtomicU64 = AtomicU64::new(1);

impl Steps {
    pub fn ambient() -> Arc<dyn Ambient> {
        let seed = SEEDS.fetch_add(1, Ordering::Relaxed);
        Arc::new(Self { now_us: AtomicU64::new(START_US as u64), bits: AtomicU64::new(seed << 40) })
    }
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Ambient for Steps {
    fn now_us(&self) -> i64 {
        self.now_us.fetch_add(7, Ordering::Relaxed) as i64
    }
    fn bits(&self) -> u128 {
        let n = self.bits.fetch_add(1, Ordering::Relaxed);
        (u128::from(mix(n.wrapping_mul(2).wrapping_add(0x9E37_79B9_7F4A_7C15))) << 64)
            | u128::from(mix(n.wrapping_mul(2).wrapping_add(0x1234_5678_9ABC_DEF1)))
    }
}

/// A database, a store on it, a tenant and its merchant.
pub struct Bed {
    pub store: Store,
    pub source: Source,
    pub owner: Source,
    pub tenant_id: TenantId,
    pub merchant_id: MerchantId,
    pub _directory: Option<tempfile::TempDir>,
}

impl Bed {
    pub async fn sqlite(config: StoreConfig) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let source = Source::Sqlite(directory.path().to_owned());
        Self::open((source.clone(), source), config, Some(directory)).await
    }

    pub async fn postgres(config: StoreConfig) -> Self {
        let (owner, app) = fresh_database().await;
        Self::open((Source::Postgres(owner), Source::Postgres(app)), config, None).await
    }

    async fn open(
        (owner, source): (Source, Source),
        config: StoreConfig,
        directory: Option<tempfile::TempDir>,
    ) -> Self {
        assert_eq!(migrate(&owner, START_US).await.unwrap(), 1);
        assert_eq!(migrate(&owner, START_US).await.unwrap(), 0);
        let store = Store::open(source.clone(), Steps::ambient(), config).await.unwrap();
        let tenant_id = store.create_tenant("pnc", "财险").await.unwrap().id;
        let shop = OpenShop { tenant_id, code: "car".to_owned() };
        let merchant_id = store.submit(shop).await.unwrap();
        Self { store, source, owner, tenant_id, merchant_id, _directory: directory }
    }
}

/// The administrator's address of a throw-away server, started on first use.
pub fn admin_url() -> &'static str {
    static URL: OnceLock<String> = OnceLock::new();
    URL.get_or_init(|| std::env::var("TILLKEEPER_TEST_PG_ADMIN_URL").unwrap_or_else(|_| start_server()))
}

fn run(program: &str, arguments: &[&str]) {
    let (program, arguments) = if is_root() {
        let mut all = vec!["-u", "postgres", "--", program];
        all.extend(arguments);
        ("runuser", all)
    } else {
        (program, arguments.to_vec())
    };
    let output = Command::new(program).args(&arguments).stdout(std::process::Stdio::null()).status().unwrap();
    assert!(output.success(), "{program} {arguments:?}");
}

fn is_root() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().any(|line| line.starts_with("Uid:\t0\t"))
}

/// PostgreSQL refuses to run as root, so it runs as its own user, in a directory that ends with the machine.
fn start_server() -> String {
    let root = std::env::temp_dir().join(format!("tillkeeper-test-pg-{}", std::process::id()));
    std::fs::create_dir_all(&root).unwrap();
    if is_root() {
        let owned = Command::new("chown").args(["postgres", root.to_str().unwrap()]).status().unwrap();
        assert!(owned.success());
    }
    let data: PathBuf = root.join("data");
    let (data, root) = (data.to_str().unwrap(), root.to_str().unwrap());
    run("initdb", &["-D", data, "-U", "admin", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]);
    let options = format!(
        "-c listen_addresses='' -c unix_socket_directories={root} -c fsync=off -c max_connections=300"
    );
    run("pg_ctl", &["-D", data, "-w", "-t", "60", "-l", &format!("{root}/log"), "-o", &options, "start"]);
    // The watcher stops the server when this process is gone.
    let stop = format!(
        "while [ -d /proc/{} ]; do sleep 0.2; done; pg_ctl -D {data} -m immediate stop; rm -rf {root}",
        std::process::id()
    );
    let mut watcher = if is_root() { Command::new("runuser") } else { Command::new("sh") };
    if is_root() {
        watcher.args(["-u", "postgres", "--", "sh"]);
    }
    let null = std::process::Stdio::null;
    let watching = watcher.args(["-c", &stop]).stdout(null()).stderr(null()).stdin(null()).spawn().unwrap();
    // It outlives this process on purpose.
    std::mem::forget(watching);
    format!("host={root} user=admin dbname=postgres")
}

pub async fn connect(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// An empty database: its address for the owner and for the server's role.
async fn fresh_database() -> (String, String) {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let name = format!("t{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    let admin = connect(admin_url()).await;
    for role in ["tillkeeper_owner", "tillkeeper_app"] {
        let text = format!(
            "DO $$ BEGIN CREATE ROLE {role} LOGIN PASSWORD '{role}';
             EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
        );
        admin.batch_execute(&text).await.unwrap();
    }
    admin.batch_execute(&format!("CREATE DATABASE {name} OWNER tillkeeper_owner")).await.unwrap();
    let config: tokio_postgres::Config = admin_url().parse().unwrap();
    let address = |role: &str| {
        let host = match config.get_hosts().first() {
            Some(tokio_postgres::config::Host::Unix(path)) => path.display().to_string(),
            Some(tokio_postgres::config::Host::Tcp(host)) => host.clone(),
            None => "localhost".to_owned(),
        };
        let port = config.get_ports().first().copied().unwrap_or(5432);
        let password = password_of(role);
        format!("host={host} port={port} user={role} password={password} dbname={name}")
    };
    (address("tillkeeper_owner"), address("tillkeeper_app"))
}

/// The role's password on the server that the environment names; on one of our own it is the role's name.
fn password_of(role: &str) -> String {
    let variable = match role {
        "tillkeeper_owner" => "TILLKEEPER_TEST_PG_OWNER_URL",
        _ => "TILLKEEPER_TEST_PG_APP_URL",
    };
    let Ok(url) = std::env::var(variable) else { return role.to_owned() };
    let config: tokio_postgres::Config = url.parse().unwrap();
    String::from_utf8(config.get_password().unwrap_or_default().to_vec()).unwrap()
}
