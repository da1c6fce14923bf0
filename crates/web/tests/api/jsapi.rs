//! One payment link, two persons inside WeChat: an order made for one is never shown to the other as his.

use crate::bed::{Setup, TestApp, order};
use crate::channel_callbacks::Channels;
use serde_json::{Value, json};

/// How WeChat's browser names itself.
const INSIDE: &str = "Mozilla/5.0 (Linux; Android 14) Mobile Safari/537.36 MicroMessenger/8.0.49";

/// A browser inside WeChat, of one user, at a payment's page.
struct Visitor<'a> {
    app: &'a TestApp,
    page: String,
    user: &'static str,
    cookies: Vec<String>,
}

impl<'a> Visitor<'a> {
    async fn come(app: &'a TestApp, page: &str, user: &'static str) -> Self {
        let mut visitor = Self { app, page: page.to_owned(), user, cookies: Vec::new() };
        visitor.get(page).await;
        visitor
    }

    async fn sent(&mut self, request: reqwest::RequestBuilder) -> reqwest::Response {
        let request = request.header("user-agent", INSIDE).header("x-simulated-user", self.user);
        let answer = request.header("cookie", self.cookies.join("; ")).send().await.unwrap();
        let set = answer.headers().get_all("set-cookie").iter();
        let set: Vec<String> =
            set.map(|line| line.to_str().unwrap().split(';').next().unwrap().to_owned()).collect();
        self.cookies.extend(set);
        answer
    }

    async fn get(&mut self, url: &str) -> reqwest::Response {
        let request = self.app.client.get(url);
        self.sent(request).await
    }

    async fn shown(&mut self) -> String {
        let page = self.page.clone();
        self.get(&page).await.text().await.unwrap()
    }

    /// Presses the button that stands for WeChat Pay on the page, and goes to the sign-in and back if sent there.
    async fn pays(&mut self) {
        let page = self.shown().await;
        let csrf = page.split_once("name=\"csrf\" value=\"").unwrap().1.split('"').next().unwrap().to_owned();
        let request = self.app.client.post(format!("{}/attempts", self.page));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = self.sent(request.body(format!("csrf={csrf}&method=wechat_jsapi"))).await;
        assert_eq!(answer.status(), 303);
        if !answer.headers()["location"].to_str().unwrap().ends_with("/sign-in") {
            return;
        }
        let url = format!("{}/sign-in", self.page);
        let page = self.get(&url).await.text().await.unwrap();
        let address = page.split_once("content=\"0;url=").unwrap().1.split('"').next().unwrap();
        let address = address.replace("&#38;", "&").replace("&amp;", "&");
        let back = self.get(&address).await.headers()["location"].to_str().unwrap().to_owned();
        assert_eq!(self.get(&back).await.status(), 303);
    }
}

/// A shop paid inside WeChat, and the link of a payment.
async fn shop(app: &TestApp, channels: &Channels, number: &str) -> (Value, String) {
    app.shop().await;
    let mut contract = channels.wechatpay();
    contract["methods"] = json!(["wechat_jsapi"]);
    contract["settings"]["oauth_authorize_url"] =
        json!(format!("{}/connect/oauth2/authorize", channels.base));
    contract["settings"]["oauth_base_url"] = json!(channels.base);
    contract["credentials"]["app_secret"] = json!(tk_simulator::keys::wechat::APP_SECRET);
    app.post("/v1/channel_accounts", &contract).await.expect(201);
    let made = app.post("/v1/payments", &order(number, 10_000)).await.expect(201);
    let page = made["cashier_url"].as_str().unwrap().to_owned();
    (made, page)
}

async fn attempts(app: &TestApp, payment: &Value) -> Vec<Value> {
    let path = format!("/v1/payments/{}/attempts", payment["id"].as_str().unwrap());
    let mut rows = app.get(&path).await.expect(200)["data"].as_array().unwrap().clone();
    rows.sort_by_key(|row| row["id"].as_str().unwrap().to_owned());
    rows
}

async fn control(app: &TestApp, channels: &Channels, out_no: &Value) -> u16 {
    let url = format!("{}/control/wechatpay/orders/{}/pay", channels.base, out_no.as_str().unwrap());
    app.client.post(url).json(&json!({})).send().await.unwrap().status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_person_is_never_shown_the_first_ones_order_and_gets_an_own_one() {
    for app in TestApp::each(Setup { workers: true, ..Setup::default() }).await {
        let channels = Channels::beside(&app).await;
        let (payment, page) = shop(&app, &channels, "W-1").await;
        let mut first = Visitor::come(&app, &page, "1").await;
        first.pays().await;
        assert!(first.shown().await.contains("data-bridge=\"{"), "the first one's own order");
        let mut second = Visitor::come(&app, &page, "2").await;
        let shown = second.shown().await;
        assert!(!shown.contains("prepay_id") && shown.contains("value=\"wechat_jsapi\""), "{shown}");
        // The same person in another browser signs in and goes on with the same order.
        let mut again = Visitor::come(&app, &page, "1").await;
        assert!(!again.shown().await.contains("prepay_id"));
        again.pays().await;
        assert!(again.shown().await.contains("data-bridge=\"{"));
        assert_eq!(attempts(&app, &payment).await.len(), 1);
        second.pays().await;
        let rows = attempts(&app, &payment).await;
        assert_eq!(
            rows.iter().map(|row| row["status"].as_str().unwrap()).collect::<Vec<_>>(),
            ["closed", "requires_action"]
        );
        assert!(second.shown().await.contains("data-bridge=\"{"));
        assert!(!first.shown().await.contains("prepay_id"), "the first one is told the same now");
        assert_ne!(control(&app, &channels, &rows[0]["out_no"]).await, 200, "closed at WeChat itself");
        assert!((200..300).contains(&control(&app, &channels, &rows[1]["out_no"]).await));
        let path = format!("/v1/payments/{}", payment["id"].as_str().unwrap());
        app.until(&path, "status", "succeeded").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_first_one_paid_meanwhile_counts_and_the_second_is_asked_for_nothing() {
    for app in TestApp::each(Setup { workers: true, ..Setup::default() }).await {
        let channels = Channels::beside(&app).await;
        let (payment, _) = shop(&app, &channels, "W-2").await;
        let path = format!("/v1/payments/{}/attempts", payment["id"].as_str().unwrap());
        let by = |openid: &str| json!({ "method": "wechat_jsapi", "payer": { "openid": openid } });
        let made = app.post(&path, &by("oFirst00000000000000000000001")).await.expect(201);
        let same = app.post(&path, &by("oFirst00000000000000000000001")).await.expect(200);
        assert_eq!(made["id"], same["id"]);
        assert!(!made.to_string().contains("oFirst000"), "{made}");
        assert!((200..300).contains(&control(&app, &channels, &made["out_no"]).await));
        let second = app.post(&path, &by("oSecond0000000000000000000002")).await;
        assert_eq!(second.status.as_u16(), 409, "paid, or being closed: {second:?}");
        let path = format!("/v1/payments/{}", payment["id"].as_str().unwrap());
        app.until(&path, "status", "succeeded").await;
        assert_eq!(attempts(&app, &payment).await.len(), 1, "nothing was asked for twice");
    }
}
