use axum::http::StatusCode;
use serde_json::json;
use tk_formats::alipay::params::{notify_string, parse_urlencoded};
use tk_formats::alipay::request::Call;
use tk_formats::alipay::{Charset, params};

use super::bench::{Bench, precreate, query};

fn page_call(method: &str, number: &str) -> Call {
    let content = json!({ "out_trade_no": number, "total_amount": "5.00", "subject": "<b>tea" });
    Call { return_url: Some("http://127.0.0.1:9/back?x=1".to_owned()), ..Call::new(method, content) }
}

#[tokio::test]
async fn payer_pays_in_the_wallet_and_returns_with_a_signature() {
    let bench = Bench::start().await;
    for (method, number) in [("alipay.trade.page.pay", "P1"), ("alipay.trade.wap.pay", "W1")] {
        let redirect = bench.client.get(bench.url_of(&page_call(method, number))).send().await.unwrap();
        assert_eq!(redirect.status(), StatusCode::SEE_OTHER);
        let wallet = redirect.headers()["location"].to_str().unwrap().to_owned();
        let unopened = bench.call(&query(number)).await.unwrap();
        assert_eq!(unopened.sub_code.as_deref(), Some("ACQ.TRADE_NOT_EXIST"));

        let shown = bench.client.get(&wallet).send().await.unwrap().text().await.unwrap();
        assert!(shown.contains("模拟钱包") && shown.contains("5.00"), "{shown}");
        assert!(shown.contains("&lt;b&gt;tea") && !shown.contains("<b>tea"), "{shown}");
        assert_eq!(bench.call(&query(number)).await.unwrap().node["trade_status"], "WAIT_BUYER_PAY");

        let back = bench.client.post(format!("{wallet}/pay")).send().await.unwrap();
        assert_eq!(back.status(), StatusCode::SEE_OTHER);
        let address = back.headers()["location"].to_str().unwrap();
        let signed = address.strip_prefix("http://127.0.0.1:9/back?x=1&").unwrap();
        let signed: params::Params = parse_urlencoded(signed.as_bytes(), Charset::Utf8).unwrap();
        assert_eq!(signed.get("out_trade_no"), Some(number));
        let sign = signed.get("sign").unwrap();
        bench.platform_key().verify(notify_string(&signed).as_bytes(), sign).unwrap();
        assert_eq!(bench.call(&query(number)).await.unwrap().node["trade_status"], "TRADE_SUCCESS");

        let again = bench.client.post(format!("{wallet}/pay")).send().await.unwrap();
        assert!(again.text().await.unwrap().contains("data-refusal=\"already_paid\""));
    }
}

#[tokio::test]
async fn the_other_buttons_leave_the_money_where_it_is() {
    let bench = Bench::start().await;
    for (act, later) in
        [("decline", "WAIT_BUYER_PAY"), ("never", "WAIT_BUYER_PAY"), ("time_out", "TRADE_SUCCESS")]
    {
        let number = format!("Q{act}");
        let made = bench.call(&precreate(&number, None)).await.unwrap();
        let wallet = made.node["qr_code"].as_str().unwrap().to_owned();
        let answer = bench.client.post(format!("{wallet}/{act}?lang=en")).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        assert!(answer.text().await.unwrap().contains("class=\"result\""));
        assert_eq!(
            bench.call(&query(&number)).await.unwrap().node["trade_status"],
            "WAIT_BUYER_PAY",
            "{act}"
        );
        bench.control("clock/advance", Some(json!({ "by_us": 20_000_000 }))).await;
        let (_, order) = bench.look(&format!("orders/{number}")).await;
        assert_eq!(order["trade"]["status"], later, "{act}");
    }
}

#[tokio::test]
async fn wallet_speaks_both_languages_and_knows_its_orders() {
    let bench = Bench::start().await;
    let made = bench.call(&precreate("Q1", None)).await.unwrap();
    let wallet = made.node["qr_code"].as_str().unwrap();
    let english = bench.client.get(wallet).header("accept-language", "en-GB").send().await.unwrap();
    assert!(english.headers().contains_key("content-security-policy"));
    assert!(english.text().await.unwrap().contains("no real money"));
    let nowhere = wallet.replace(wallet.rsplit('/').next().unwrap(), "0123456789abcdef");
    assert_eq!(bench.client.get(nowhere).send().await.unwrap().status(), StatusCode::NOT_FOUND);
    let act = bench.client.post(format!("{wallet}/steal")).send().await.unwrap();
    assert_eq!(act.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn failed_page_pay_is_a_gbk_page() {
    let bench = Bench::start().await;
    let mut call = page_call("alipay.trade.page.pay", "P1");
    call.biz_content["total_amount"] = json!("0.00");
    let good = bench.url_of(&page_call("alipay.trade.page.pay", "P2"));
    for (url, expected) in
        [(bench.url_of(&call), "ACQ.INVALID_PARAMETER"), (good.replace("P2", "P3"), "isv.invalid-signature")]
    {
        let answer = bench.client.get(url).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        let bytes = answer.bytes().await.unwrap();
        assert!(std::str::from_utf8(&bytes).is_err(), "the page is not UTF-8");
        assert!(Charset::Gbk.decode(&bytes).unwrap().contains(expected));
    }
}
