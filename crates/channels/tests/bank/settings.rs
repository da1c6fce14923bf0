//! What a link is made from, and what is refused.

use crate::{link, settings};
use serde_json::json;
use std::path::PathBuf;
use tillkeeper_channels::Environment;
use tillkeeper_channels::bank::call::statement_url;
use tillkeeper_channels::bank::{FileRoot, Link};
use tk_domain::bank_link::{Asking, StatementKind};

#[test]
fn the_address_names_account_day_format_and_reach() {
    let asking = Asking { day: 20_777, kind: StatementKind::Final };
    let url = statement_url(&link(&settings("camt053")), asking);
    assert_eq!(
        url,
        "http://127.0.0.1:1/bank/accounts/110902233410801/statements/2026-11-20?format=camt053&kind=final"
    );
}

#[test]
fn links_that_cannot_be_spoken_by_are_refused_with_their_field() {
    let with = |field: &str, value: serde_json::Value| {
        let mut changed = settings("camt053");
        changed["direct_link"][field] = value;
        Link::open((&changed.to_string(), r#"{"token":"t"}"#), Environment::Test).map(drop)
    };
    for (field, value) in [
        ("url", json!(null)),
        ("url", json!("https://bank.example/")),
        ("url", json!("https://u:p@bank.example")),
        ("url", json!("ftp://bank.example")),
        ("format", json!("pdf")),
        ("keeper", json!(" x")),
        ("every_s", json!(90_000)),
        ("final_after_s", json!(-1)),
        ("quiet_s", json!(0)),
        ("ca_certificate", json!("no certificate")),
        ("statement_key", json!("no key")),
        ("road", json!("folder")),
        ("passwd", json!("x")),
    ] {
        let refused = with(field, value.clone()).unwrap_err().to_string();
        let named = refused.contains(field) || (field == "road" && refused.contains("url"));
        assert!(named || field == "format", "{field}={value}: {refused}");
    }
    let live = settings("camt053").to_string();
    assert!(Link::open((&live, r#"{"token":"t"}"#), Environment::Live).is_err(), "loopback is no bank");
    for secrets in ["{}", "[]", r#"{"token":"a b"}"#, r#"{"token":"密"}"#] {
        let refused = Link::open((&live, secrets), Environment::Test).unwrap_err();
        assert!(refused.to_string().contains("token"), "{secrets}: {refused}");
    }
    assert!(!format!("{:?}", link(&settings("csv"))).contains("token"));
}

#[test]
fn a_folder_lies_below_the_installations_own_and_nowhere_else() {
    let root = FileRoot(PathBuf::from("/srv/files"));
    assert_eq!(root.folder("pnc", "1109"), Some(PathBuf::from("/srv/files/pnc/1109")));
    for (tenant, account) in [("..", "1109"), ("pnc", ".."), ("", "1"), ("a/b", "1"), ("pnc", "a\\b")] {
        assert_eq!(root.folder(tenant, account), None, "{tenant} {account}");
    }
}
