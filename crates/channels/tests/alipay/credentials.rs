use crate::rows::{APP_ID, DAY_US, SELLER_ID, START_US, account, key_text};
use serde_json::{Value, json};
use tillkeeper_channels::CredentialsError;
use tillkeeper_channels::alipay::credentials::{Credentials, parse, parse_settings};
use tillkeeper_channels::{Adapters, Contract, ContractError, Environment, Limits, Opened};
use tk_domain::channel_account::Channel;

pub fn settings(mode: &str) -> Value {
    json!({
        "gateway_url": "https://gateway.example/gateway.do", "app_id": APP_ID, "seller_id": SELLER_ID, "mode": mode,
    })
}

pub fn keys() -> Value {
    json!({
        "app_private_key": key_text("alipay_app.pkcs8.pem"),
        "alipay_public_key": key_text("alipay_platform.pub.pem"),
    })
}

pub fn certificates() -> Value {
    json!({
        "app_private_key": key_text("alipay_app.pkcs1.pem"),
        "app_certificate": key_text("alipay_app.cer.pem"),
        "alipay_certificate": key_text("alipay_platform.cer.pem") + &key_text("alipay_ca.cer.pem"),
        "alipay_root_certificate": key_text("alipay_root.cer.pem"),
    })
}

fn parsed(settings: &Value, secrets: &Value) -> Result<Credentials, CredentialsError> {
    parse(&settings.to_string(), &secrets.to_string(), Environment::Live, START_US)
}

fn bare(pem: &str) -> String {
    pem.lines().filter(|line| !line.contains("-----")).collect()
}

fn refusal(name: &str, value: Value, mode: &str) -> String {
    let mut secrets = if mode == "key" { keys() } else { certificates() };
    secrets[name] = value;
    parsed(&settings(mode), &secrets).unwrap_err().to_string()
}

#[test]
fn keys_are_taken_as_pem_and_as_the_bare_line_of_the_key_tool() {
    assert_eq!(parsed(&settings("key"), &keys()).unwrap().certificates_expire_at_us, None);
    for private in ["alipay_app.pkcs8.pem", "alipay_app.pkcs1.pem"] {
        let secrets = json!({
            "app_private_key": bare(&key_text(private)),
            "alipay_public_key": bare(&key_text("alipay_platform.pub.pem")),
        });
        parsed(&settings("key"), &secrets).unwrap();
    }
}

#[test]
fn wrong_keys_are_named_by_field_and_no_secret_is_told() {
    let own = key_text("alipay_app.pub.pem");
    let rows = [
        ("alipay_public_key", json!(own), "alipay_public_key is the application's own public key"),
        (
            "alipay_public_key",
            json!(key_text("alipay_app.pkcs8.pem")),
            "alipay_public_key: PEM block \"PRIVATE KEY\"",
        ),
        ("alipay_public_key", Value::Null, "alipay_public_key is missing"),
        ("app_private_key", json!(" "), "app_private_key is missing"),
        ("app_private_key", json!("canary"), "app_private_key: key is not valid"),
        ("app_private_key", json!(own), "app_private_key: PEM block \"PUBLIC KEY\""),
        ("app_private_key", json!(["canary"]), "secrets cannot be read"),
        ("password", json!("canary"), "secrets cannot be read"),
    ];
    for (name, value, expected) in rows {
        let text = refusal(name, value, "key");
        assert!(text.starts_with(expected), "{name}: {text}");
        assert!(!text.contains("canary"), "{text}");
    }
    let shown = format!("{:?}", parsed(&settings("key"), &keys()).unwrap());
    assert!(!shown.contains(&bare(&key_text("alipay_app.pkcs8.pem"))[..40]), "{shown}");
}

#[test]
fn certificates_must_be_valid_trusted_and_our_own() {
    let contract = parsed(&settings("certificate"), &certificates()).unwrap();
    let expires_at_us = contract.certificates_expire_at_us.unwrap();
    assert!(expires_at_us > START_US);
    let mut issuer_first = certificates();
    issuer_first["alipay_certificate"] =
        json!(key_text("alipay_ca.cer.pem") + &key_text("alipay_platform.cer.pem"));
    parsed(&settings("certificate"), &issuer_first).unwrap();
    let rows = [
        (
            "app_certificate",
            key_text("alipay_platform.cer.pem"),
            "app_certificate does not belong to app_private_key",
        ),
        (
            "alipay_certificate",
            key_text("alipay_platform.cer.pem"),
            "alipay_certificate: certificate is not issued",
        ),
        (
            "alipay_certificate",
            key_text("alipay_forged.cer.pem"),
            "alipay_certificate: certificate is not issued",
        ),
        (
            "alipay_certificate",
            key_text("alipay_expired.cer.pem"),
            "alipay_certificate: certificate is outside",
        ),
        (
            "alipay_root_certificate",
            key_text("alipay_app.cer.pem"),
            "alipay_certificate: certificate is not issued",
        ),
        (
            "alipay_certificate",
            key_text("alipay_app.pub.pem"),
            "alipay_certificate: text is not PEM of certificates",
        ),
    ];
    for (name, value, expected) in rows {
        let text = refusal(name, json!(value), "certificate");
        assert!(text.starts_with(expected), "{name}: {text}");
    }
    let (settings, secrets) = (settings("certificate").to_string(), certificates().to_string());
    for now_us in [expires_at_us + 1, 0] {
        let error = parse(&settings, &secrets, Environment::Live, now_us).unwrap_err();
        assert!(error.to_string().ends_with("certificate is outside its validity"), "{error}");
    }
}

#[test]
fn settings_are_refused_field_by_field() {
    let rows = [
        ("gateway_url", json!("http://openapi.alipay.com/gateway.do"), Some("gateway_url")),
        ("gateway_url", json!("http://127.0.0.1:1/gateway.do"), Some("gateway_url")),
        ("gateway_url", json!("https://user:x@gateway.example"), Some("gateway_url")),
        ("gateway_url", json!("file:///etc/passwd"), Some("gateway_url")),
        ("gateway_url", json!("https://openapi-sandbox.dl.alipaydev.com/gateway.do"), Some("gateway_url")),
        ("gateway_url", json!("https://169.254.169.254/gateway.do"), Some("gateway_url")),
        ("gateway_url", json!("https://[::1]/gateway.do"), Some("gateway_url")),
        ("gateway_url", json!("https://localhost/gateway.do"), Some("gateway_url")),
        ("app_id", json!(""), Some("app_id")),
        ("seller_id", json!("2088x"), Some("seller_id")),
        ("charset", json!("latin1"), Some("charset")),
        ("mode", json!("none"), None),
        ("verify", json!(false), None),
    ];
    for (name, value, field) in rows {
        let mut settings = settings("key");
        settings[name] = value;
        let error = parse_settings(&settings.to_string(), Environment::Live).unwrap_err();
        assert_eq!(error.field(), field, "{name}: {error}");
    }
    let mut loopback = settings("key");
    loopback["gateway_url"] = json!("http://127.0.0.1:1/gateway.do");
    parse_settings(&loopback.to_string(), Environment::Test).unwrap();
    loopback["gateway_url"] = json!("http://127.0.0.1.evil.example/gateway.do");
    parse_settings(&loopback.to_string(), Environment::Test).unwrap_err();
}

#[test]
fn a_contract_is_parsed_once_per_version_and_again_when_it_expires() {
    let adapters = Adapters::new(Environment::Live, Limits::default()).unwrap();
    let mut row = account(settings("certificate").to_string());
    let secrets = certificates().to_string();
    let opened = std::cell::Cell::new(0);
    let open = |row: &_, now_us| {
        adapters.contract(row, None, now_us, |_| {
            opened.set(opened.get() + 1);
            Some(secrets.clone())
        })
    };
    let contract = open(&row, START_US).unwrap();
    open(&row, START_US).unwrap();
    assert_eq!(opened.get(), 1);
    row.version += 1;
    open(&row, START_US).unwrap();
    assert_eq!(opened.get(), 2);
    let expired_us = contract.expires_at_us().unwrap() + DAY_US;
    assert!(matches!(open(&row, expired_us), Err(ContractError::Credentials(_))));
    let sealed = adapters.contract(&account(String::new()), None, START_US, |_| None).unwrap_err();
    assert_eq!(sealed, ContractError::Sealed);
}

#[test]
fn an_account_and_its_settings_must_name_the_same_payee() {
    let secrets = keys().to_string();
    let open = |account: &_| {
        Contract::open(Opened { account, secrets: &secrets, notify_url: None }, Environment::Live, START_US)
    };
    let mut row = account(settings("key").to_string());
    open(&row).unwrap();
    row.payee_app = "2021000000000002".to_owned();
    assert_eq!(open(&row).unwrap_err(), ContractError::Differs { field: "payee_app" });
    row.payee_app = APP_ID.to_owned();
    row.payee_merchant = "2088000000000000".to_owned();
    assert_eq!(open(&row).unwrap_err(), ContractError::Differs { field: "payee_merchant" });
    row.channel = Channel::BankDirect;
    assert_eq!(open(&row).unwrap_err(), ContractError::NoAdapter(Channel::BankDirect));
}
