//! The real server on a free port: a database of its own, the workers, and Alipay's sandbox beside it.

use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tillkeeper_web::{Environment, Limits, WebConfig, WebState, serve};
use tk_app::store::{Ambient, Source, Store, StoreConfig, migrate};
use tk_app::{App, AppConfig, WorkerLimits};
use tk_domain::access::{CreateApiKey, CreateApp, KeyTerms, Scope, SignatureAlgorithm};
use tk_domain::audit::Origin;
use tk_domain::id::{ApiKeyId, Id128, MerchantId, PartnerId, TenantId};
use tk_simulator::http::{Clock, SandboxApp, SandboxConfig};
use tokio::net::TcpListener;
use tokio_postgres::NoTls;

pub const MASTER_KEY: [u8; 32] = [9; 32];
const APP_ID: &str = "2021000000000001";
const HOUR_US: i64 = 3_600_000_000;
const DAY_US: i64 = 24 * HOUR_US;

/// The real time, moved by tests, and the operating system's random bits.
pub struct Host {
    moved_us: AtomicI64,
}

#[expect(clippy::disallowed_methods, reason = "tests run on the real clock")]
fn real_us() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros()).unwrap()
}

impl Ambient for Host {
    fn now_us(&self) -> i64 {
        real_us() + self.moved_us.load(Ordering::SeqCst)
    }

    fn bits(&self) -> u128 {
        let mut bytes = [0_u8; 16];
        aws_lc_rs::rand::fill(&mut bytes).unwrap();
        u128::from_be_bytes(bytes)
    }
}

/// How a server of a test differs from the usual.
#[derive(Clone)]
pub struct Setup {
    pub environment: Environment,
    pub limits: Limits,
    pub sandbox: bool,
    pub workers: bool,
}

impl Default for Setup {
    fn default() -> Self {
        let limits = Limits { channel_wait_us: 20_000_000, body_timeout_ms: 700, ..Limits::default() };
        Self { environment: Environment::Test, limits, sandbox: false, workers: false }
    }
}

/// A server with a tenant whose first app may do everything.
pub struct TestApp {
    pub app: App,
    pub base: String,
    pub sandbox: String,
    pub host: Arc<Host>,
    pub tenant_id: TenantId,
    pub key: String,
    pub client: reqwest::Client,
    /// Into which banks put files, by tenant and account.
    pub files: tempfile::TempDir,
    tasks: Vec<tokio::task::JoinHandle<()>>,
    directory: Option<tempfile::TempDir>,
}

impl Drop for TestApp {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// An answer as a caller sees it.
#[derive(Debug, Clone)]
pub struct Got {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Got {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self.json()
    }

    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) {
        assert_eq!((self.status.as_u16(), self.code().as_str()), (status, code), "{}", self.text);
        let body = self.json();
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert!(body["request_id"].as_str().unwrap().starts_with("req_"), "{body}");
        assert!(body["retryable"].is_boolean() && body["money_state"].is_string(), "{body}");
        assert_eq!(self.headers["request-id"], body["request_id"].as_str().unwrap());
        assert_eq!(self.headers["cache-control"], "no-store");
    }
}

pub fn fresh_key() -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    format!("k-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed))
}

pub fn key_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../simulator/tests/keys")
}

fn text_of(name: &str) -> String {
    std::fs::read_to_string(key_folder().join(name)).unwrap()
}

/// The engines of this run: SQLite always, PostgreSQL where a server is given.
pub async fn sources() -> Vec<(Source, Source, Option<tempfile::TempDir>)> {
    let directory = tempfile::tempdir().unwrap();
    let sqlite = Source::Sqlite(directory.path().to_owned());
    let mut sources = vec![(sqlite.clone(), sqlite, Some(directory))];
    if let Ok(admin) = std::env::var("TILLKEEPER_TEST_PG_ADMIN_URL") {
        let (owner, app) = fresh_database(&admin).await;
        sources.push((Source::Postgres(owner), Source::Postgres(app), None));
    }
    sources
}

async fn fresh_database(admin_url: &str) -> (String, String) {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let name = format!("web{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    let (admin, connection) = tokio_postgres::connect(admin_url, NoTls).await.unwrap();
    tokio::spawn(connection);
    for role in ["tillkeeper_owner", "tillkeeper_app"] {
        let text = format!(
            "DO $$ BEGIN CREATE ROLE {role} LOGIN PASSWORD '{role}';
             EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
        );
        admin.batch_execute(&text).await.unwrap();
    }
    admin.batch_execute(&format!("CREATE DATABASE {name} OWNER tillkeeper_owner")).await.unwrap();
    let config: tokio_postgres::Config = admin_url.parse().unwrap();
    let host = match config.get_hosts().first() {
        Some(tokio_postgres::config::Host::Unix(path)) => path.display().to_string(),
        Some(tokio_postgres::config::Host::Tcp(host)) => host.clone(),
        None => "localhost".to_owned(),
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let address = |role: &str| {
        let password = password_of(role);
        format!("host={host} port={port} user={role} password={password} dbname={name}")
    };
    (address("tillkeeper_owner"), address("tillkeeper_app"))
}

/// The role's password on the server that the environment names; else the role's name.
fn password_of(role: &str) -> String {
    let variable = match role {
        "tillkeeper_owner" => "TILLKEEPER_TEST_PG_OWNER_URL",
        _ => "TILLKEEPER_TEST_PG_APP_URL",
    };
    let Ok(url) = std::env::var(variable) else { return role.to_owned() };
    let config: tokio_postgres::Config = url.parse().unwrap();
    String::from_utf8(config.get_password().unwrap_or_default().to_vec()).unwrap()
}

impl TestApp {
    /// A server on SQLite.
    pub async fn start() -> Self {
        Self::start_with(Setup::default()).await
    }

    /// A server on SQLite that differs.
    pub async fn start_with(setup: Setup) -> Self {
        Self::on(sources().await.remove(0), setup).await
    }

    /// One server per engine.
    pub async fn each(setup: Setup) -> Vec<Self> {
        let mut apps = Vec::new();
        for source in sources().await {
            apps.push(Self::on(source, setup.clone()).await);
        }
        apps
    }

    async fn on(
        (owner, source, directory): (Source, Source, Option<tempfile::TempDir>),
        setup: Setup,
    ) -> Self {
        let files = tempfile::tempdir().unwrap();
        let host = Arc::new(Host { moved_us: AtomicI64::new(0) });
        migrate(&owner, host.now_us()).await.unwrap();
        let ambient: Arc<dyn Ambient> = host.clone();
        let store = Store::open(source, ambient.clone(), StoreConfig::default()).await.unwrap();
        let tenant_id = store.create_tenant("pnc", "财险").await.unwrap().id;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let config = AppConfig {
            bank_files: Some(files.path().to_owned()),
            base_url: base.clone(),
            live: setup.environment == Environment::Live,
            master_key: MASTER_KEY.to_vec(),
            workers: WorkerLimits::default(),
        };
        let app = App::new(store, ambient, config).unwrap();
        let config = WebConfig {
            environment: setup.environment,
            base_url: base.clone(),
            trusted_proxies: Vec::new(),
            limits: setup.limits,
        };
        let state = WebState::new(app.clone(), config);
        let served = serve(listener, state, std::future::pending());
        let mut tasks = vec![tokio::spawn(async move { served.await.unwrap() })];
        let mut sandbox = String::new();
        if setup.sandbox {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            sandbox = format!("http://{}", listener.local_addr().unwrap());
            tasks.push(play_alipay(listener, host.clone()));
        }
        if setup.workers {
            let mut workers = app.run_workers().unwrap();
            tasks.push(tokio::spawn(async move { while workers.join_next().await.is_some() {} }));
        }
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        let mut made =
            Self { app, base, sandbox, host, tenant_id, key: String::new(), client, files, tasks, directory };
        made.key = made.new_key(tenant_id, &KeyPlan::default()).await.1;
        made
    }

    /// Where its SQLite database is; none on PostgreSQL.
    pub fn directory(&self) -> Option<&Path> {
        self.directory.as_ref().map(tempfile::TempDir::path)
    }

    /// Moves the clock to the next noon in Shanghai: what a bank has of a day hangs on the hour.
    pub fn advance_to_noon(&self) {
        let since_noon = (self.host.now_us() + 8 * HOUR_US - 12 * HOUR_US).rem_euclid(DAY_US);
        self.advance(DAY_US - since_noon);
    }

    /// Moves the server's clock.
    pub fn advance(&self, by_us: i64) {
        self.host.moved_us.fetch_add(by_us, Ordering::SeqCst);
    }

    /// Another tenant with a key that may do everything.
    pub async fn other_tenant(&self, code: &str) -> (TenantId, String) {
        let tenant_id = self.app.reader().create_tenant(code, "另一家").await.unwrap().id;
        let key = self.new_key(tenant_id, &KeyPlan { code: code.to_owned(), ..KeyPlan::default() }).await;
        (tenant_id, key.1)
    }

    /// An app with one key.
    pub async fn new_key(&self, tenant_id: TenantId, plan: &KeyPlan) -> (ApiKeyId, String) {
        let command = CreateApp {
            tenant_id,
            name: "test".to_owned(),
            merchant_id: plan.merchant_id,
            partner_id: plan.partner_id,
            requires_signature: plan.requires_signature,
            counted: 0,
            origin: Origin::system(),
        };
        let app = self.app.submit(command).await.unwrap();
        let random = (self.host.bits(), self.host.bits());
        let (secret, prefix) = tillkeeper_web::auth::new_key(self.app.live(), &plan.code, random);
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, secret.as_bytes());
        let id = ApiKeyId(Id128::v7(self.host.now_us(), self.host.bits()));
        let signature = plan.signature.clone().map(|(algorithm, key)| match algorithm {
            SignatureAlgorithm::HmacSha256 => {
                let name = tillkeeper_web::auth::hmac_key_name(id);
                (algorithm, self.app.seal().seal(&key, &name, self.host.bits()).unwrap())
            }
            SignatureAlgorithm::Ed25519
            | SignatureAlgorithm::EcdsaP256Sha256
            | SignatureAlgorithm::RsaPssSha512
            | SignatureAlgorithm::RsaV15Sha256 => (algorithm, key),
        });
        let command = CreateApiKey {
            tenant_id,
            api_key_id: id,
            app_id: app.id,
            prefix,
            secret_hash: hash.as_ref().to_vec(),
            terms: KeyTerms {
                scopes: plan.scopes.clone(),
                ip_allow: plan.ip_allow.clone(),
                signature,
                rate_per_s: plan.rate_per_s,
            },
            counted: 0,
            origin: Origin::system(),
        };
        self.app.submit(command).await.unwrap();
        (id, secret)
    }

    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        self.client.request(method, format!("{}{path}", self.base)).bearer_auth(&self.key)
    }

    pub async fn get(&self, path: &str) -> Got {
        got(self.request("GET", path)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Got {
        got(self.request("POST", path).header("idempotency-key", fresh_key()).json(body)).await
    }

    pub async fn post_as(&self, key: &str, path: &str, body: &Value) -> Got {
        got(self
            .client
            .post(format!("{}{path}", self.base))
            .bearer_auth(key)
            .header("idempotency-key", fresh_key())
            .json(body))
        .await
    }

    pub async fn get_as(&self, key: &str, path: &str) -> Got {
        got(self.client.get(format!("{}{path}", self.base)).bearer_auth(key)).await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> Got {
        got(self.request("PATCH", path).json(body)).await
    }

    /// A merchant and a product.
    pub async fn shop(&self) {
        self.post(
            "/v1/merchants",
            &json!({ "code": "pnc", "name": "华元财险", "fee": { "rate": "0.0060", "returned": true } }),
        )
        .await
        .expect(201);
        self.post("/v1/products", &json!({ "code": "motor", "name": "商业车险", "amount_max": 10_000_000 }))
            .await
            .expect(201);
    }

    /// A channel account on the sandbox.
    pub async fn contract(&self) -> Value {
        self.post("/v1/channel_accounts", &self.contract_body("支付宝")).await.expect(201)
    }

    /// What a channel account on the sandbox is made from.
    pub fn contract_body(&self, name: &str) -> Value {
        json!({
            "channel": "alipay", "name": name, "fee_rate": "0.0060",
            "methods": ["alipay_page", "alipay_wap", "alipay_qr", "alipay_barcode"],
            "settings": {
                "gateway_url": format!("{}/gateway.do", self.sandbox), "app_id": APP_ID,
                "seller_id": tk_simulator::keys::SELLER_ID, "mode": "key",
            },
            "credentials": {
                "app_private_key": text_of("alipay_app.pkcs8.pem"),
                "alipay_public_key": text_of("alipay_platform.pub.pem"),
            },
        })
    }

    /// The payer's side of an order in the sandbox.
    pub async fn control(&self, out_no: &str, act: &str) {
        self.control_with(out_no, act, &json!({})).await;
    }

    /// The same with what the act needs.
    pub async fn control_with(&self, out_no: &str, act: &str, body: &Value) {
        let url = format!("{}/control/alipay/orders/{out_no}/{act}", self.sandbox);
        let answer = self.client.post(url).json(body).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    /// What Alipay really holds.
    pub async fn truth(&self) -> Value {
        let url = format!("{}/control/alipay/truth", self.sandbox);
        self.client.get(url).send().await.unwrap().json().await.unwrap()
    }

    /// A payment paid through the sandbox.
    pub async fn paid(&self, order_no: &str, amount: i64) -> Value {
        let payment = self.post("/v1/payments", &order(order_no, amount)).await.expect(201);
        let id = payment["id"].as_str().unwrap();
        let path = format!("/v1/payments/{id}/attempts");
        let attempt = self.post(&path, &json!({ "method": "alipay_qr" })).await.expect(201);
        self.control(attempt["out_no"].as_str().unwrap(), "pay").await;
        self.until(&format!("/v1/payments/{id}"), "status", "succeeded").await
    }

    /// Reads until a field has a value; the harness's own limit ends a test that waits in vain.
    pub async fn until(&self, path: &str, field: &str, value: &str) -> Value {
        loop {
            let object = self.get(path).await.expect(200);
            if object[field] == value {
                return object;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// What a key of a test may do.
#[derive(Clone)]
pub struct KeyPlan {
    pub code: String,
    pub merchant_id: Option<MerchantId>,
    pub partner_id: Option<PartnerId>,
    pub requires_signature: bool,
    pub scopes: Vec<Scope>,
    pub ip_allow: Option<String>,
    pub signature: Option<(SignatureAlgorithm, Vec<u8>)>,
    pub rate_per_s: i64,
}

impl Default for KeyPlan {
    fn default() -> Self {
        Self {
            code: "pnc".to_owned(),
            merchant_id: None,
            partner_id: None,
            requires_signature: false,
            scopes: Scope::ALL.to_vec(),
            ip_allow: None,
            signature: None,
            rate_per_s: 10_000,
        }
    }
}

fn play_alipay(listener: TcpListener, host: Arc<Host>) -> tokio::task::JoinHandle<()> {
    let clock: Clock = Arc::new(move || host.now_us());
    let mut app = SandboxApp::from_folder(&key_folder()).unwrap();
    app.core.opening_balance_fen = 100_000_000;
    let config = SandboxConfig::new(vec![app], clock);
    tokio::spawn(async move {
        tk_simulator::http::serve(listener, config, std::future::pending()).await.unwrap();
    })
}

pub async fn got(request: reqwest::RequestBuilder) -> Got {
    let answer = request.send().await.unwrap();
    let (status, headers) = (answer.status(), answer.headers().clone());
    Got { status, headers, text: answer.text().await.unwrap() }
}

pub fn order(order_no: &str, amount: i64) -> Value {
    json!({ "merchant": "pnc", "product": "motor", "merchant_order_no": order_no, "amount": amount, "currency": "CNY" })
}
