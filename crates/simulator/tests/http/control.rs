use std::sync::Arc;

use axum::http::StatusCode;
use serde_json::json;
use tillkeeper_simulator::core::{CoreConfig, FaultPlan};
use tillkeeper_simulator::http::{Clock, Sandbox, SandboxApp, SandboxConfig, SandboxError};
use tillkeeper_simulator::journal::Journal;
use tillkeeper_simulator::keys::{self, FreshKeys};
use tk_formats::alipay::Charset;
use tk_formats::alipay::response::{PlatformKeys, decode};

use super::bench::{Bench, START_US, key_folder, precreate, query, refund};

#[tokio::test]
async fn refusals_are_json_with_code_and_text() {
    let bench = Bench::start().await;
    bench.call(&precreate("T1", None)).await.unwrap();
    bench.control("orders/T1/pay", None).await;
    let cases = [
        ("orders/NOBODY/pay", None, StatusCode::NOT_FOUND, "not_found"),
        ("orders/T1/pay", None, StatusCode::CONFLICT, "already_paid"),
        ("orders/T1/explode", None, StatusCode::NOT_FOUND, "act_unknown"),
        ("orders/T1/pay?app_id=1", None, StatusCode::NOT_FOUND, "app_not_found"),
        ("faults", Some(json!({ "nonsense": 1 })), StatusCode::BAD_REQUEST, "body_invalid"),
        (
            "clock/advance",
            Some(json!({ "by_us": -1 })),
            StatusCode::UNPROCESSABLE_ENTITY,
            "step_out_of_range",
        ),
    ];
    for (path, body, status, code) in cases {
        let (got, refusal) = bench.control(path, body).await;
        assert_eq!((got, refusal["code"].as_str()), (status, Some(code)), "{path}");
        assert!(refusal["text"].as_str().is_some_and(|text| !text.is_empty()), "{path}");
    }
    assert_eq!(bench.look("orders/NOBODY").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_truth_survives_a_restart_and_a_torn_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("truth.jsonl");
    let first = Bench::start_with(|config| config.journal = Some(Journal::open(&path).unwrap())).await;
    first.call(&precreate("T1", None)).await.unwrap();
    first.control("orders/T1/pay", None).await;
    first.call(&refund("T1", "8.88", "R1")).await.unwrap();
    let (_, truth) = first.look("truth").await;
    drop(first);

    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, [&whole[..], b"{\"app_id\":"].concat()).unwrap();
    let second = Bench::start_with(|config| config.journal = Some(Journal::open(&path).unwrap())).await;
    assert_eq!(second.look("truth").await.1, truth);
    assert_eq!(std::fs::read(&path).unwrap(), whole);
    assert_eq!(second.call(&query("T1")).await.unwrap().node["trade_status"], "TRADE_SUCCESS");
    assert_eq!(second.call(&refund("T1", "8.88", "R1")).await.unwrap().node["fund_change"], "N");
}

#[tokio::test]
async fn fresh_keys_serve_a_demo() {
    let folder = tempfile::tempdir().unwrap();
    let fresh = keys::generate(folder.path()).unwrap();
    let mut bench = Bench::start_with(|config| {
        config.apps[0].keys = keys::DeskKeys::Alipay(fresh.platform_half().unwrap());
    })
    .await;
    bench.keys = folder.path().to_owned();
    assert_eq!(bench.call(&precreate("T1", None)).await.unwrap().code, "10000");
    #[cfg(unix)]
    for file in std::fs::read_dir(folder.path()).unwrap() {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(file.unwrap().metadata().unwrap().permissions().mode() & 0o077, 0);
    }
    let loaded = keys::load(folder.path()).unwrap();
    assert!(loaded.certificates.is_none());
    let other = FreshKeys::generate().unwrap();
    assert_ne!(other.app_private_pem, fresh.app_private_pem);
}

fn second_app(app_id: &str, seller_id: &str) -> SandboxApp {
    let core =
        CoreConfig { app_id: app_id.to_owned(), seller_id: seller_id.to_owned(), ..CoreConfig::default() };
    SandboxApp {
        core,
        keys: keys::DeskKeys::Alipay(keys::load(&key_folder()).unwrap()),
        faults: FaultPlan::default(),
    }
}

#[tokio::test]
async fn sellers_share_a_gateway_but_no_trades() {
    let other = "2021000000000002";
    let bench = Bench::start_with(|config| config.apps.push(second_app(other, "2088101117950002"))).await;
    bench.call(&precreate("T1", None)).await.unwrap();
    bench.control("orders/T1/pay", None).await;
    let mut envelope = bench.envelope();
    envelope.app_id = other.to_owned();
    let call = query("T1");
    let body = bench.raw(&envelope, &call).await.unwrap();
    let keys = PlatformKeys::PublicKey(bench.platform_key());
    let answer = decode(&call.method, &body, Charset::Utf8, &keys).unwrap();
    assert_eq!(answer.sub_code.as_deref(), Some("ACQ.TRADE_NOT_EXIST"));
    assert_eq!(bench.look("truth").await.1["paid_fen"], 8_888);
    assert_eq!(bench.look(&format!("truth?app_id={other}")).await.1["paid_fen"], 0);
}

#[test]
fn sandboxes_without_or_with_clashing_applications_do_not_start() {
    let clock: Clock = Arc::new(|| START_US);
    let start = |apps| Sandbox::new(SandboxConfig::new(apps, Arc::clone(&clock)), "http://127.0.0.1");
    assert!(matches!(start(vec![]), Err(SandboxError::NoApp)));
    let apps = vec![second_app("1", "2088"), second_app("2", "2088")];
    assert!(matches!(start(apps), Err(SandboxError::Duplicate(_))));
    assert!(start(vec![second_app("1", "2088"), second_app("2", "2089")]).is_ok());
}
