//! What the payer's pages and the API say of where the money is, and where the payer is.

use crate::bed::{Setup, TestApp, order};
use crate::channel_callbacks::Channels;
use crate::transfers::{Desk, decide_return, sound};
use serde_json::{Value, json};
use tk_app::store::Ambient;
use tk_domain::audit::Origin;
use tk_domain::id::{PaymentId, TypedId};
use tk_domain::moment::{DAY_US, MINUTE_US};
use tk_domain::payment::{ClosePayment, CloseReason};

/// A payer's browser at a payment's page, over plain HTTP.
pub struct Browser<'a> {
    app: &'a TestApp,
    page: String,
    cookies: String,
    csrf: String,
}

impl<'a> Browser<'a> {
    pub async fn at(app: &'a TestApp, payment: &str) -> Self {
        let made = app.get(&format!("/v1/payments/{payment}")).await.expect(200);
        let page = made["cashier_url"].as_str().unwrap().to_owned();
        let opened = app.client.get(&page).header("accept-language", "en").send().await.unwrap();
        let cookie = opened.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        let body = opened.text().await.unwrap();
        let csrf = body.split_once("name=\"csrf\" value=\"").unwrap().1.split('"').next().unwrap().to_owned();
        Self { app, page, cookies: cookie, csrf }
    }

    pub async fn see(&self, path: &str) -> (u16, String) {
        let request = self.app.client.get(format!("{}{path}", self.page)).header("cookie", &self.cookies);
        let answer = request.header("accept-language", "en").send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    pub async fn send(&self, path: &str, fields: &str) -> (u16, String) {
        let request = self.app.client.post(format!("{}{path}", self.page)).header("cookie", &self.cookies);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let form = format!("csrf={}&{fields}", self.csrf);
        let answer = request.header("accept-language", "en").body(form).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }
}

async fn money_state(app: &TestApp, payment: &str) -> Value {
    app.get(&format!("/v1/payments/{payment}")).await.expect(200)["money_state"].clone()
}

/// What the worker does when a payment's time is up.
async fn time_is_up(app: &TestApp, payment: &str) {
    app.advance(2 * DAY_US);
    let payment_id = PaymentId::parse(payment).unwrap();
    let (reason, origin) = (CloseReason::Expired, Origin::system());
    let command = ClosePayment { tenant_id: app.tenant_id, payment_id, reason, lease_us: 0, origin };
    app.app.submit(command).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn part_of_a_transfer_binds_the_order_and_is_never_called_nothing() {
    for desk in Desk::each().await {
        let app = &desk.app;
        let (payment, code) = desk.awaiting("T-1", 10_000).await;
        let payer = Browser::at(app, &payment).await;
        let (status, page) = payer.see("/arrival").await;
        assert!(status == 200 && page.contains("nothing has arrived"), "{page}");
        assert!(payer.see("").await.1.contains("/cancellation\""));
        assert_eq!(money_state(app, &payment).await, "not_moved");
        desk.statement(&[(4_000, "张三", &code, "N1")]).await;
        desk.match_all().await;
        assert_eq!(money_state(app, &payment).await, "moved");
        let (_, page) = payer.see("/arrival").await;
        assert!(page.contains("only the part below has arrived") && page.contains("¥40.00"), "{page}");
        for path in ["/methods", "/cancellation"] {
            let (status, page) = payer.see(path).await;
            assert!(status == 200 && page.contains("Nothing was changed: ¥40.00"), "{path}: {page}");
        }
        let (status, page) = payer.send("/closure", "").await;
        assert!(status == 409 && page.contains("Nothing was changed: ¥40.00"), "{status} {page}");
        assert!(page.contains("¥60.00"), "what is left to send: {page}");
        let status = app.get(&format!("/v1/payments/{payment}")).await.expect(200)["status"].clone();
        assert_eq!(status, "awaiting_transfer");
        time_is_up(app, &payment).await;
        let (_, page) = payer.see("").await;
        assert!(page.contains("¥40.00 of your bank transfer has arrived and is kept"), "{page}");
        assert!(!page.contains("Nothing was collected") && !page.contains("Not taken"), "{page}");
        assert_eq!(money_state(app, &payment).await, "moved");
        let polled: Value = serde_json::from_str(&payer.see("/status").await.1).unwrap();
        assert_eq!((&polled["stage"], &polled["money_state"]), (&json!("expired"), &json!("moved")));
        let line = desk.line("N1").await;
        let path = format!("/v1/bank_transfers/{}/matches", line["id"].as_str().unwrap());
        let made = app.get(&path).await.expect(200)["data"][0]["id"].as_str().unwrap().to_owned();
        let body = json!({ "reason": "goes back", "actor": "jingban" });
        app.post(&format!("{path}/{made}/cancellation"), &body).await.expect(200);
        let (_, page) = payer.see("").await;
        assert!(page.contains("¥40.00 of your bank transfer had arrived"), "{page}");
        assert!(!page.contains("Nothing was collected"), "{page}");
        assert_eq!(money_state(app, &payment).await, "not_moved");
        sound(app).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_bank_took_back_is_neither_paid_nor_here() {
    for desk in Desk::each().await {
        let (payment, code) = desk.awaiting("T-1", 10_000).await;
        desk.day(0, &[(10_000, "张三", &code, "N1")]).await;
        assert_eq!(desk.match_all().await["matched"], 1);
        let payer = Browser::at(&desk.app, &payment).await;
        assert!(payer.see("").await.1.contains("Payment successful"));
        assert_eq!(money_state(&desk.app, &payment).await, "moved");
        desk.day(10_000, &[(-10_000, "张三", "错账冲正", "N2")]).await;
        let (_, page) = payer.see("").await;
        assert!(page.contains("The bank took your payment back"), "{page}");
        assert!(!page.contains("Payment successful") && !page.contains("<strong>Taken</strong>"), "{page}");
        assert_eq!(money_state(&desk.app, &payment).await, "not_moved");
        let polled: Value = serde_json::from_str(&payer.see("/status").await.1).unwrap();
        assert_eq!((&polled["stage"], &polled["money_state"]), (&json!("paid"), &json!("not_moved")));
        sound(&desk.app).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_payer_is_told_what_becomes_of_money_beyond_the_order() {
    for desk in Desk::each().await {
        let app = &desk.app;
        let (payment, code) = desk.awaiting("T-1", 10_000).await;
        desk.statement(&[(10_500, "张三", &code, "N1")]).await;
        desk.match_all().await;
        let payer = Browser::at(app, &payment).await;
        let (_, page) = payer.see("").await;
        assert!(page.contains("You transferred ¥5.00 more than was owed"), "{page}");
        let line = desk.line("N1").await;
        let path = format!("/v1/bank_transfers/{}/returns", line["id"].as_str().unwrap());
        let asked = json!({ "reason": "too much", "actor": "经办" });
        let asked = app.post(&path, &asked).await.expect(202);
        decide_return(app, &asked).await;
        let (_, page) = payer.see("").await;
        assert!(page.contains("The ¥5.00 that you transferred beyond what was owed is on its way"), "{page}");
        assert!(!page.contains("more than was owed"), "{page}");
        sound(app).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phones_browser_is_named_by_its_own_address() {
    for app in TestApp::each(Setup::default()).await {
        let channels = Channels::beside(&app).await;
        app.shop().await;
        let mut contract = channels.wechatpay();
        contract["methods"] = json!(["wechat_native", "wechat_h5"]);
        app.post("/v1/channel_accounts", &contract).await.expect(201);
        let payment = app.post("/v1/payments", &order("H5-1", 10_000)).await.expect(201);
        let path = format!("/v1/payments/{}/attempts", payment["id"].as_str().unwrap());
        let refused = app.post(&path, &json!({ "method": "wechat_h5" })).await;
        refused.refused(400, "field_missing");
        assert_eq!(refused.json()["errors"][0]["pointer"], "#/payer_ip");
        for wrong in [
            "",
            "203.0.113",
            "203.0.113.7:80",
            "0.0.0.0",
            "::",
            "224.0.0.1",
            "example.com",
            "1.2.3.4, 5.6.7.8",
        ] {
            let body = json!({ "method": "wechat_h5", "payer_ip": wrong });
            app.post(&path, &body).await.refused(400, "field_malformed");
        }
        let body = json!({ "method": "wechat_h5", "payer_ip": "2001:db8::7" });
        assert_eq!(app.post(&path, &body).await.expect(201)["action"]["kind"], "redirect");
        let mut at_once = order("H5-2", 10_000);
        at_once["method"] = json!("wechat_h5");
        at_once["confirm"] = json!(true);
        let refused = app.post("/v1/payments", &at_once).await;
        refused.refused(400, "field_missing");
        assert_eq!(refused.json()["errors"][0]["pointer"], "#/payer_ip");
        at_once["payer_ip"] = json!("203.0.113.7");
        let made = app.post("/v1/payments", &at_once).await;
        assert!(made.status.is_success(), "{}", made.text);
        let other = app.post("/v1/payments", &order("H5-3", 10_000)).await.expect(201);
        let path = format!("/v1/payments/{}/attempts", other["id"].as_str().unwrap());
        app.post(&path, &json!({ "method": "wechat_native" })).await.expect(201);
        let payer = app.post("/v1/payments", &order("H5-4", 10_000)).await.expect(201);
        let browser = Browser::at(&app, payer["id"].as_str().unwrap()).await;
        let (status, page) = browser.send("/attempts", "method=wechat_native").await;
        assert_eq!(status, 303, "the pages know where the payer is: {page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payer_asks_for_more_time_by_a_plain_form() {
    for app in TestApp::each(Setup::default()).await {
        app.shop().await;
        app.patch("/v1/products/motor", &json!({ "extensions_max": 11 })).await.refused(422, "field_invalid");
        let product = app.patch("/v1/products/motor", &json!({ "extensions_max": 1 })).await.expect(200);
        assert_eq!(product["extensions_max"], 1);
        let payment = app.post("/v1/payments", &order("E-1", 10_000)).await.expect(201);
        let path = format!("/v1/payments/{}", payment["id"].as_str().unwrap());
        assert_eq!(payment["extensions_left"], 1);
        let payer = Browser::at(&app, payment["id"].as_str().unwrap()).await;
        assert!(!payer.see("").await.1.contains("/extension\""), "two hours are time enough");
        let before: Value = serde_json::from_str(&payer.see("/status").await.1).unwrap();
        app.advance(119 * MINUTE_US);
        let after: Value = serde_json::from_str(&payer.see("/status").await.1).unwrap();
        assert_ne!(before["revision"], after["revision"], "an open page learns that more time can be had");
        let (_, page) = payer.see("").await;
        assert!(page.contains("/extension\"") && page.contains("Time is nearly up"), "{page}");
        let until =
            page.split_once("name=\"until\" value=\"").unwrap().1.split('"').next().unwrap().to_owned();
        let forged = app.client.post(format!("{}/extension", payment["cashier_url"].as_str().unwrap()));
        assert_eq!(forged.send().await.unwrap().status().as_u16(), 403);
        assert_eq!(app.get(&path).await.expect(200)["extensions_left"], 1);
        for _ in 0..2 {
            assert_eq!(payer.send("/extension", &format!("until={until}")).await.0, 303, "twice is once");
        }
        let extended = app.get(&path).await.expect(200);
        assert_eq!(extended["extensions_left"], 0);
        assert_ne!(extended["expires_at"], payment["expires_at"]);
        let (_, page) = payer.see("").await;
        assert!(!page.contains("/extension\"") && page.contains("15 min"), "{page}");
        app.advance(2 * MINUTE_US);
        assert!(
            payer.see("").await.1.contains("Choose how to pay")
                || !payer.see("").await.1.contains("has expired")
        );
        let mut own = order("E-2", 10_000);
        own["expires_at"] = json!(tk_domain::moment::time_text(app.host.now_us() + 5 * MINUTE_US));
        let fixed = app.post("/v1/payments", &own).await.expect(201);
        assert_eq!(fixed["extensions_left"], 0, "who says until when means it");
        sound(&app).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scanned_code_is_told_when_the_channel_says_so() {
    for app in TestApp::each(Setup { sandbox: true, ..Setup::default() }).await {
        app.shop().await;
        app.contract().await;
        let mut body = order("S-1", 10_000);
        body["insured"] = json!({ "name": "张三丰" });
        let payment = app.post("/v1/payments", &body).await.expect(201);
        assert_eq!(payment["insured"], json!({ "name": "张***" }));
        let path = format!("/v1/payments/{}", payment["id"].as_str().unwrap());
        let attempt =
            app.post(&format!("{path}/attempts"), &json!({ "method": "alipay_qr" })).await.expect(201);
        let payer = Browser::at(&app, payment["id"].as_str().unwrap()).await;
        let query = || async { app.post(&format!("{path}/queries"), &json!({})).await.expect(200) };
        query().await;
        let (_, page) = payer.see("").await;
        assert!(page.contains("<dt>Insured</dt><dd>张***</dd>") && !page.contains("三丰"), "{page}");
        assert!(page.contains("Scan to pay") && !page.contains("Scanned."), "nobody has scanned it: {page}");
        app.control(attempt["out_no"].as_str().unwrap(), "open").await;
        query().await;
        let (_, page) = payer.see("").await;
        assert!(page.contains("Scanned. Please check payee and amount"), "{page}");
        assert_eq!(app.get(&path).await.expect(200)["money_state"], "not_moved");
        sound(&app).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merchants_phone_is_kept_changed_and_shown() {
    for app in TestApp::each(Setup::default()).await {
        app.shop().await;
        app.post("/v1/merchants", &json!({ "code": "m2", "name": "乙", "phone": "call us" }))
            .await
            .refused(400, "field_malformed");
        let path = "/v1/merchants/pnc";
        assert_eq!(app.get(path).await.expect(200)["phone"], Value::Null);
        let told = app.patch(path, &json!({ "phone": "400-000-0000" })).await.expect(200);
        assert_eq!(told["phone"], "400-000-0000");
        let payment = app.post("/v1/payments", &order("P-1", 10_000)).await.expect(201);
        let payer = Browser::at(&app, payment["id"].as_str().unwrap()).await;
        let (_, page) = payer.see("").await;
        assert_eq!(
            page.matches("tel:4000000000").count(),
            2,
            "no method is there, and help is below: {page}"
        );
        assert_eq!(app.patch(path, &json!({ "name": "新" })).await.expect(200)["phone"], "400-000-0000");
        assert_eq!(app.patch(path, &json!({ "phone": null })).await.expect(200)["phone"], Value::Null);
        assert!(!payer.see("").await.1.contains("tel:"));
    }
}
