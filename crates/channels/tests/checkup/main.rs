//! The check-up against the simulators, with each thing that can be wrong planted.

#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

use serde_json::{Value, json};
use std::sync::Arc;
use tillkeeper_channels::Environment;
use tillkeeper_channels::checkup::{Checked, Grade, Patient, check_up};
use tk_domain::channel_account::Channel;
use tk_simulator::http::{Beside, Clock, SandboxApp, SandboxConfig, serve_beside};
use tk_simulator::keys::certificate::{Issuer, Role, Term, issue};
use tk_simulator::keys::pair::Pair;
use tk_simulator::keys::{self, fresh, wechat};
use tk_simulator::unionpay::http::{Gateway, GatewayConfig};
use tk_simulator::unionpay::keys as unionpay;
use tokio::net::TcpListener;

const HOUR_US: i64 = 3_600_000_000;
const DAY_US: i64 = 24 * HOUR_US;

#[expect(clippy::disallowed_methods, reason = "servers put the real time into their answers")]
fn real_us() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_micros()).unwrap()
}

/// All channels on one address, with fresh keys.
struct Ward {
    base: String,
    keys: tempfile::TempDir,
    now_us: i64,
}

impl Ward {
    async fn open() -> Self {
        let keys = tempfile::tempdir().unwrap();
        let now_us = real_us();
        fresh::complete(keys.path(), now_us).unwrap();
        let clock: Clock = Arc::new(real_us);
        let apps = vec![
            SandboxApp::from_folder(keys.path()).unwrap(),
            SandboxApp::wechatpay_from_folder(keys.path()).unwrap(),
        ];
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let gateway = GatewayConfig::new(unionpay::load(keys.path()).unwrap(), Arc::clone(&clock));
        let gateway = Gateway::new(gateway).unwrap();
        let others = axum::Router::new();
        let config = SandboxConfig::new(apps, clock);
        tokio::spawn(serve_beside(
            listener,
            config,
            Beside { gateway: Some(gateway), bank: None, others },
            std::future::pending(),
        ));
        Self { base, keys, now_us }
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.keys.path().join(name)).unwrap()
    }

    fn alipay(&self) -> (Value, Value) {
        let settings = json!({
            "gateway_url": format!("{}/gateway.do", self.base), "app_id": keys::APP_ID,
            "seller_id": keys::SELLER_ID, "mode": "key",
        });
        let secrets = json!({
            "app_private_key": self.text(keys::APP_PRIVATE_FILE),
            "alipay_public_key": self.text(keys::PLATFORM_PUBLIC_FILE),
        });
        (settings, secrets)
    }

    fn wechatpay(&self) -> (Value, Value) {
        let settings = json!({
            "base_url": self.base, "appid": wechat::APPID, "mchid": wechat::MCHID, "trust": "certificate",
        });
        let secrets = json!({
            "private_key": self.text(wechat::MERCHANT_PRIVATE_FILE),
            "certificate": self.text(wechat::MERCHANT_CERTIFICATE_FILE),
            "api_v3_key": wechat::API_V3_KEY,
        });
        (settings, secrets)
    }

    fn unionpay(&self) -> (Value, Value) {
        let settings = json!({
            "gateway_url": format!("{}/unionpay", self.base), "file_url": format!("{}/unionpay/file", self.base),
            "mer_id": unionpay::MER_ID, "signed_by": "certificate", "signatory": "test_gateway",
        });
        let secrets = json!({
            "merchant_private_key": self.text(unionpay::MERCHANT_PRIVATE_FILE),
            "merchant_certificate": self.text(unionpay::MERCHANT_CERTIFICATE_FILE),
            "middle_certificate": self.text(unionpay::MIDDLE_CERTIFICATE_FILE),
            "root_certificate": self.text(unionpay::ROOT_CERTIFICATE_FILE),
        });
        (settings, secrets)
    }

    async fn check(&self, channel: Channel, terms: &(Value, Value), ahead_us: i64) -> Vec<Checked> {
        let (settings, secrets) = (terms.0.to_string(), terms.1.to_string());
        let patient = Patient {
            channel,
            settings: &settings,
            secrets: &secrets,
            environment: Environment::Test,
            notify_url: Some("http://127.0.0.1:8600/callbacks/x"),
        };
        check_up(patient, self.now_us + ahead_us).await.unwrap()
    }

    /// The codes of everything that is not fine.
    async fn ails(&self, channel: Channel, terms: &(Value, Value), ahead_us: i64) -> Vec<&'static str> {
        let found = self.check(channel, terms, ahead_us).await;
        let shown = format!("{found:?}");
        assert!(!shown.contains("PRIVATE KEY") && !shown.contains(wechat::API_V3_KEY), "{shown}");
        found.iter().filter(|checked| checked.grade != Grade::Fine).map(|checked| checked.code).collect()
    }

    fn of(&self, channel: Channel) -> (Value, Value) {
        match channel {
            Channel::Alipay => self.alipay(),
            Channel::Wechatpay => self.wechatpay(),
            Channel::Unionpay | Channel::BankDirect | Channel::Counter => self.unionpay(),
        }
    }
}

const CHANNELS: [Channel; 3] = [Channel::Alipay, Channel::Wechatpay, Channel::Unionpay];

/// A key with a certificate of its own authority, valid around now plus `from_us`.
fn stranger(now_us: i64, until_us: i64) -> (String, String) {
    let pair = Pair::generate().unwrap();
    let term = Term { from_us: now_us - 100 * DAY_US, until_us };
    let issuer = Issuer { name: "stranger", key: &pair.key };
    let certificate = issue(issuer, ("stranger", &pair), Role::Signer, term).unwrap();
    (pair.private_pem.clone(), certificate)
}

/// Secrets in which our own key and certificate are another's.
fn with_own(
    channel: Channel,
    (settings, mut secrets): (Value, Value),
    own: (String, String),
) -> (Value, Value) {
    let (key, certificate) = match channel {
        Channel::Alipay => ("app_private_key", None),
        Channel::Wechatpay => ("private_key", Some("certificate")),
        Channel::Unionpay | Channel::BankDirect | Channel::Counter => {
            ("merchant_private_key", Some("merchant_certificate"))
        }
    };
    secrets[key] = Value::String(own.0);
    if let Some(field) = certificate {
        secrets[field] = Value::String(own.1);
    }
    (settings, secrets)
}

#[tokio::test]
async fn a_right_configuration_is_healthy_on_every_channel() {
    let ward = Ward::open().await;
    for channel in CHANNELS {
        let found = ward.check(channel, &ward.of(channel), 0).await;
        assert!(found.iter().all(|checked| checked.grade == Grade::Fine), "{channel}: {found:?}");
        assert_eq!(found.last().map(|checked| checked.code), Some("answered"), "{channel}");
    }
}

#[tokio::test]
async fn a_key_of_another_merchant_is_named_on_every_channel() {
    let ward = Ward::open().await;
    for channel in CHANNELS {
        let own = stranger(ward.now_us, ward.now_us + 300 * DAY_US);
        let terms = with_own(channel, ward.of(channel), own);
        assert_eq!(ward.ails(channel, &terms, 0).await, ["our_key_refused"], "{channel}");
    }
}

#[tokio::test]
async fn certificates_that_end_or_belong_to_another_key_are_named() {
    let ward = Ward::open().await;
    for channel in [Channel::Wechatpay, Channel::Unionpay] {
        let expired = stranger(ward.now_us, ward.now_us - DAY_US);
        let terms = with_own(channel, ward.of(channel), expired);
        assert_eq!(ward.ails(channel, &terms, 0).await, ["certificate_expired"], "{channel}");
        let (mine, _) = stranger(ward.now_us, ward.now_us + 300 * DAY_US);
        let (_, foreign) = stranger(ward.now_us, ward.now_us + 300 * DAY_US);
        let terms = with_own(channel, ward.of(channel), (mine, foreign));
        assert_eq!(ward.ails(channel, &terms, 0).await, ["key_mismatch"], "{channel}");
        let soon = stranger(ward.now_us, ward.now_us + 10 * DAY_US);
        let terms = with_own(channel, ward.of(channel), soon);
        assert_eq!(ward.ails(channel, &terms, 0).await, ["certificate_ends_soon", "our_key_refused"]);
    }
}

#[tokio::test]
async fn a_wrong_key_of_the_channel_is_named() {
    let ward = Ward::open().await;
    let (settings, mut secrets) = ward.alipay();
    secrets["alipay_public_key"] = json!(Pair::generate().unwrap().public_pem);
    assert_eq!(ward.ails(Channel::Alipay, &(settings, secrets), 0).await, ["answer_unverified"]);
    let (settings, mut secrets) = ward.wechatpay();
    secrets["api_v3_key"] = json!("00000000000000000000000000000000");
    assert_eq!(ward.ails(Channel::Wechatpay, &(settings, secrets), 0).await, ["certificates_refused"]);
    let (settings, mut secrets) = ward.unionpay();
    let other = Ward::open().await;
    secrets["middle_certificate"] = json!(other.text(unionpay::MIDDLE_CERTIFICATE_FILE));
    secrets["root_certificate"] = json!(other.text(unionpay::ROOT_CERTIFICATE_FILE));
    assert_eq!(ward.ails(Channel::Unionpay, &(settings, secrets), 0).await, ["answer_unverified"]);
}

#[tokio::test]
async fn a_merchant_that_shares_a_key_is_healthy_and_another_key_is_named() {
    let ward = Ward::open().await;
    for way in ["sha256", "sm3"] {
        let (mut settings, _) = ward.unionpay();
        settings["signed_by"] = json!(way);
        let secrets = json!({ "shared_key": ward.text(unionpay::SHARED_KEY_FILE) });
        let terms = (settings.clone(), secrets);
        let found = ward.check(Channel::Unionpay, &terms, 0).await;
        assert!(found.iter().all(|checked| checked.grade == Grade::Fine), "{way}: {found:?}");
        assert_eq!(found.last().map(|checked| checked.code), Some("answered"), "{way}");
        let other = (settings.clone(), json!({ "shared_key": "another key" }));
        assert_eq!(ward.ails(Channel::Unionpay, &other, 0).await, ["shared_key_refused"], "{way}");
        let certificates = (settings, ward.unionpay().1);
        assert_eq!(ward.ails(Channel::Unionpay, &certificates, 0).await, ["field_missing"], "{way}");
    }
}

#[tokio::test]
async fn a_clock_that_is_off_is_told_by_the_channels_own() {
    let ward = Ward::open().await;
    for channel in CHANNELS {
        let ails = ward.ails(channel, &ward.of(channel), HOUR_US).await;
        assert_eq!(ails.first(), Some(&"clock_off"), "{channel}: {ails:?}");
        assert_eq!(ward.ails(channel, &ward.of(channel), 60_000_000).await, ["clock_off_a_little"]);
    }
}

#[tokio::test]
async fn a_gateway_that_nobody_serves_is_named() {
    let ward = Ward::open().await;
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let address = format!("http://{free}");
    for (channel, field) in [
        (Channel::Alipay, "gateway_url"),
        (Channel::Wechatpay, "base_url"),
        (Channel::Unionpay, "gateway_url"),
    ] {
        let (mut settings, secrets) = ward.of(channel);
        settings[field] = json!(address);
        assert_eq!(ward.ails(channel, &(settings, secrets), 0).await, ["unreachable"], "{channel}");
    }
}

#[tokio::test]
async fn texts_that_are_no_configuration_are_named() {
    let ward = Ward::open().await;
    let (settings, secrets) = ward.alipay();
    let cases = [
        ((json!([]), secrets.clone()), "settings_unreadable"),
        ((settings.clone(), json!("x")), "secrets_unreadable"),
        (
            (settings.clone(), json!({ "app_private_key": ward.text(keys::APP_PRIVATE_FILE) })),
            "field_missing",
        ),
        (
            (settings.clone(), json!({ "app_private_key": "abc", "alipay_public_key": "abc" })),
            "key_unreadable",
        ),
    ];
    for (terms, code) in cases {
        assert_eq!(ward.ails(Channel::Alipay, &terms, 0).await, [code]);
    }
    let own = json!({
        "app_private_key": ward.text(keys::APP_PRIVATE_FILE), "alipay_public_key": ward.text(keys::APP_PUBLIC_FILE),
    });
    assert_eq!(ward.ails(Channel::Alipay, &(settings, own), 0).await, ["own_key"]);
    assert_eq!(ward.ails(Channel::Counter, &ward.unionpay(), 0).await, ["channel_unknown"]);
}
