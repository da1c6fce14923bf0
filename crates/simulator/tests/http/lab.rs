//! The lab as a person uses it, by plain pages and forms.

use axum::http::StatusCode;
use serde_json::json;
use std::sync::atomic::Ordering;
use tk_formats::alipay::request::Call;

use super::bench::{Bench, DAY_US, precreate, query};

async fn page(bench: &Bench, path: &str) -> String {
    let answer = bench.client.get(format!("{}{path}", bench.base)).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    let text = answer.text().await.unwrap();
    assert!(!text.contains("<script") && !text.contains(" style=") && !text.contains("onclick"), "{path}");
    text
}

async fn press(bench: &Bench, path: &str, form: &str) -> StatusCode {
    let request = bench.client.post(format!("{}{path}", bench.base));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    request.body(form.to_owned()).send().await.unwrap().status()
}

#[tokio::test]
async fn every_page_speaks_both_languages() {
    let bench = Bench::start().await;
    bench.call(&precreate("L1", None)).await.unwrap();
    let pages = [
        ("/lab", "通道实验室", "Sandbox lab"),
        ("/lab/alipay", "账本", "Truth book"),
        ("/lab/alipay/orders/L1", "尚未打开", "not opened"),
        ("/lab/alipay/scripts", "下一次的差错", "The next fault"),
        ("/lab/alipay/bills", "交易账单", "Trades"),
        ("/lab/clock", "时钟", "Clock"),
    ];
    for (path, chinese, english) in pages {
        assert!(page(&bench, path).await.contains(chinese), "{path}");
        assert!(page(&bench, &format!("{path}?lang=en")).await.contains(english), "{path}");
    }
    for path in ["/lab/unionpay", "/lab/alipay/orders/none", "/lab/%3Cb%3E/scripts"] {
        let answer = bench.client.get(format!("{}{path}", bench.base)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn a_planned_fault_strikes_its_order_once() {
    let bench = Bench::start().await;
    let planned = press(&bench, "/lab/alipay/scripts", "fault=system_error&order=L2&times=1").await;
    assert_eq!(planned, StatusCode::SEE_OTHER);
    assert!(page(&bench, "/lab/alipay/scripts?lang=en").await.contains("<td>L2</td>"));
    assert_eq!(bench.call(&precreate("L1", None)).await.unwrap().code, "10000");
    let struck = bench.call(&precreate("L2", None)).await.unwrap();
    assert_ne!(struck.code, "10000");
    assert!(page(&bench, "/lab/alipay/scripts?lang=en").await.contains("No fault is waiting"));
    assert_eq!(bench.call(&precreate("L2", None)).await.unwrap().code, "10000");
    for form in ["fault=nonsense&order=&times=1", "fault=slow&order=&times=many"] {
        assert_eq!(press(&bench, "/lab/alipay/scripts", form).await, StatusCode::UNPROCESSABLE_ENTITY);
    }
    press(&bench, "/lab/alipay/scripts", "fault=slow&order=L9&times=").await;
    press(&bench, "/lab/alipay/scripts/clear", "").await;
    assert!(page(&bench, "/lab/alipay/scripts?lang=en").await.contains("No fault is waiting"));
}

#[tokio::test]
async fn a_payer_acts_by_the_lab_and_other_sites_do_not() {
    let bench = Bench::start().await;
    bench.call(&precreate("L3", None)).await.unwrap();
    let url = format!("{}/lab/alipay/orders/L3/pay", bench.base);
    for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")] {
        let refused = bench.client.post(&url).header(name, value).send().await.unwrap();
        assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{name}");
    }
    assert!(page(&bench, "/lab/alipay/orders/L3?lang=en").await.contains("not opened"));
    assert_eq!(press(&bench, "/lab/alipay/orders/L3/pay", "").await, StatusCode::SEE_OTHER);
    let shown = page(&bench, "/lab/alipay/orders/L3?lang=en").await;
    assert!(shown.contains("done") && shown.contains("¥88.88"), "{shown}");
    assert_eq!(bench.call(&query("L3")).await.unwrap().node["trade_status"], "TRADE_SUCCESS");
    assert!(page(&bench, "/lab?lang=en").await.contains("¥88.88"));
}

#[tokio::test]
async fn a_bill_is_the_channels_file_and_today_has_none() {
    let bench = Bench::start().await;
    bench.call(&precreate("L4", None)).await.unwrap();
    press(&bench, "/lab/alipay/orders/L4/pay", "").await;
    let path = "/lab/alipay/bill?day=2026-11-21&kind=trade";
    let early = bench.client.get(format!("{}{path}", bench.base)).send().await.unwrap();
    assert_eq!(early.status(), StatusCode::NOT_FOUND);
    // Merchant and channel read the same clock.
    bench.now_us.fetch_add(DAY_US, Ordering::SeqCst);
    let file = bench.client.get(format!("{}{path}", bench.base)).send().await.unwrap();
    assert_eq!(file.headers()["content-type"], "application/zip");
    let ours = file.bytes().await.unwrap();
    let content = json!({ "bill_type": "trade", "bill_date": "2026-11-21" });
    let call = Call::new("alipay.data.dataservice.bill.downloadurl.query", content);
    let told = bench.call(&call).await.unwrap();
    let url = told.node["bill_download_url"].as_str().unwrap();
    let theirs = bench.client.get(url).send().await.unwrap().bytes().await.unwrap();
    assert_eq!(ours, theirs);
}

#[tokio::test]
async fn the_clock_goes_forward_by_the_steps_offered() {
    let bench = Bench::start().await;
    for (form, shown) in [
        ("by_s=86400", "2026-11-22 12:10:00"),
        ("by_s=-60", "2026-11-22 12:10:00"),
        ("by_s=61", "2026-11-22 12:10:00"),
    ] {
        assert_eq!(press(&bench, "/lab/clock", form).await, StatusCode::SEE_OTHER);
        assert!(page(&bench, "/lab/clock").await.contains(shown), "{form}");
    }
}
