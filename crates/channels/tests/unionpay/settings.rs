use crate::bench::{account, secrets, settings};
use crate::rows::{START_US, key_text};
use serde_json::{Value, json};
use tillkeeper_channels::unionpay::credentials::parse;
use tillkeeper_channels::{Contract, ContractError, CredentialsError, Environment, Opened};

const BASE: &str = "http://127.0.0.1:1";

fn field(settings: &Value, secrets: &Value, environment: Environment, now_us: i64) -> Option<&'static str> {
    let parsed = parse(&settings.to_string(), &secrets.to_string(), environment, now_us);
    parsed.err().map(|error| error.field().unwrap_or("unreadable"))
}

fn with(mut object: Value, name: &str, value: &Value) -> Value {
    object[name] = value.clone();
    object
}

#[test]
fn settings_and_keys_must_belong_together_and_be_valid() {
    let (good, keys) = (settings(BASE), secrets());
    let test = |settings: &Value, secrets: &Value| field(settings, secrets, Environment::Test, START_US);
    assert_eq!(test(&good, &keys), None);
    for (name, value, wrong) in [
        ("gateway_url", json!("http://203.0.113.1/"), "gateway_url"),
        ("file_url", json!("ftp://127.0.0.1/"), "file_url"),
        ("mer_id", json!("77729005811004"), "mer_id"),
        ("mer_id", json!("77729005811004x"), "mer_id"),
        ("tr_id", json!("6200000000x"), "tr_id"),
        ("tr_id", json!(""), "tr_id"),
        ("signed_by", json!("sha1"), "unreadable"),
        ("surprise", json!("1"), "unreadable"),
        ("signed_by", json!("sm3"), "shared_key"),
    ] {
        assert_eq!(test(&with(good.clone(), name, &value), &keys), Some(wrong), "{name} {value}");
    }
    for (name, file, wrong) in [
        ("merchant_private_key", "unionpay_gateway.pkcs8.pem", "merchant_certificate"),
        ("merchant_private_key", "unionpay_merchant.cer.pem", "merchant_private_key"),
        ("merchant_certificate", "unionpay_merchant.pkcs8.pem", "merchant_certificate"),
        ("middle_certificate", "alipay_ca.cer.pem", "middle_certificate"),
        ("root_certificate", "alipay_root.cer.pem", "middle_certificate"),
        ("encryption_certificate", "unionpay_merchant.pub.pem", "encryption_certificate"),
    ] {
        assert_eq!(
            test(&good, &with(keys.clone(), name, &json!(key_text(file)))),
            Some(wrong),
            "{name} {file}"
        );
        assert_eq!(
            test(&good, &with(keys.clone(), "root_certificate", &json!(" "))),
            Some("root_certificate")
        );
    }
    let years_us = 18 * 365 * 86_400_000_000;
    assert_eq!(field(&good, &keys, Environment::Test, START_US + years_us), Some("merchant_certificate"));
}

#[test]
fn where_real_money_moves_only_unionpay_itself_is_believed() {
    let live = json!({
        "gateway_url": "https://gateway.95516.com", "file_url": "https://filedownload.95516.com",
        "mer_id": "777290058110048", "signed_by": "certificate",
    });
    let check = |settings: &Value| field(settings, &secrets(), Environment::Live, START_US);
    assert_eq!(check(&live), None);
    assert_eq!(check(&with(live.clone(), "signatory", &json!("test_gateway"))), Some("signatory"));
    let sandbox = json!("https://gateway.test.95516.com");
    assert_eq!(check(&with(live, "gateway_url", &sandbox)), Some("gateway_url"));
}

#[test]
fn a_shared_key_needs_nothing_else_and_the_account_must_name_the_merchant() {
    for signed_by in ["sha256", "sm3"] {
        let settings = with(settings(BASE), "signed_by", &json!(signed_by));
        let secrets = json!({ "shared_key": "979da4cfccbae7923641daa5dd7047c2" });
        let parsed = parse(&settings.to_string(), &secrets.to_string(), Environment::Test, START_US).unwrap();
        assert_eq!(parsed.certificates_expire_at_us, None);
        assert!(!format!("{parsed:?}").contains("979d"));
        let mut row = account(&settings);
        row.payee_merchant = "777290058110097".to_owned();
        let opened = Opened { account: &row, secrets: &secrets.to_string(), notify_url: None };
        let error = Contract::open(opened, Environment::Test, START_US).unwrap_err();
        assert_eq!(error, ContractError::Differs { field: "payee_merchant" });
    }
    let error = parse("{}", "{}", Environment::Test, START_US).unwrap_err();
    assert!(matches!(error, CredentialsError::SettingsUnreadable(_)));
}
