//! Inside WeChat: the official account's sign-in, the bridge, and what a state or code that is not good does.

use super::PAID;
use super::checks::audit;
use super::driver::{Driver, Kind, wechat};
use super::shop::{Order, Shop, cookies_of, hidden};
use reqwest::Response;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_payer_pays_inside_wechat() {
    let shop = Shop::open();
    a_state_is_good_once_for_its_own(&shop).await;
    an_exchange_that_fails_changes_nothing(&shop).await;
    let driver = Driver::start();
    the_app_proves_nothing_and_the_channel_everything(&shop, &driver).await;
    a_claim_of_success_is_asked_about(&shop, &driver).await;
    without_the_bridge_or_scripts_the_page_says_so(&shop, &driver).await;
    the_lab_shows_what_wechat_holds(&shop, &driver).await;
    an_old_state_is_not_good(&shop).await;
}

/// A browser of WeChat's at an order's page, over plain HTTP.
struct Visitor<'s> {
    shop: &'s Shop,
    page: String,
    cookies: String,
}

impl<'s> Visitor<'s> {
    async fn come(shop: &'s Shop, order: &Order) -> Self {
        let mut visitor = Self { shop, page: order.page.clone(), cookies: String::new() };
        visitor.cookies = cookies_of(&visitor.get(&order.page).await);
        visitor
    }

    async fn get(&self, url: &str) -> Response {
        let request = self.shop.client.get(url).header("user-agent", wechat());
        request.header("cookie", &self.cookies).send().await.unwrap()
    }

    /// Chooses WeChat Pay and is sent to the sign-in, whose address this is.
    async fn signs_in(&self) -> String {
        let page = self.get(&self.page).await.text().await.unwrap();
        assert!(page.contains("value=\"wechat_jsapi\""), "{page}");
        let form = format!("csrf={}&method=wechat_jsapi", hidden(&page, "csrf"));
        let request = self.shop.client.post(format!("{}/attempts", self.page)).header("user-agent", wechat());
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let sent = request.header("cookie", &self.cookies).body(form).send().await.unwrap();
        assert_eq!(sent.status(), 303);
        let onward = sent.headers()["location"].to_str().unwrap().to_owned();
        assert!(onward.ends_with("/sign-in"), "{onward}");
        let page = self.get(&format!("{}{onward}", self.shop.url)).await;
        assert_eq!(page.status(), 200);
        let page = page.text().await.unwrap();
        let address = page.split_once("content=\"0;url=").unwrap().1.split('"').next().unwrap();
        address.replace("&#38;", "&").replace("&amp;", "&")
    }

    /// Where the sign-in sends the browser back to.
    async fn back(&self) -> String {
        let answer = self.get(&self.signs_in().await).await;
        answer.headers()["location"].to_str().unwrap().to_owned()
    }

    async fn refused(&self, url: &str, status: u16, code: &str) {
        let answer = self.get(url).await;
        assert_eq!(answer.status(), status, "{url}");
        let page = answer.text().await.unwrap();
        assert!(page.contains(code) && page.contains("class=\"money "), "{page}");
    }
}

fn parts(back: &str) -> (String, String) {
    let value = |name: &str| back.split(name).nth(1).unwrap().split('&').next().unwrap().to_owned();
    (value("code="), value("state="))
}

async fn a_state_is_good_once_for_its_own(shop: &Shop) {
    let (order, other) = (shop.order("航延险").await, shop.order("航延险").await);
    let (payer, stranger) = (Visitor::come(shop, &order).await, Visitor::come(shop, &order).await);
    let elsewhere = Visitor::come(shop, &other).await;
    let sign_in = payer.signs_in().await;
    for part in ["appid=wx", "scope=snsapi_base", "response_type=code", "#wechat_redirect"] {
        assert!(sign_in.contains(part), "{sign_in}");
    }
    let back = payer.back().await;
    let (code, state) = parts(&back);
    let flipped = format!("{}{}", &state[..state.len() - 1], if state.ends_with('0') { '1' } else { '0' });
    for url in [
        format!("{}/payer", order.page),
        format!("{}/payer?code={code}", order.page),
        format!("{}/payer?code={code}&state={flipped}", order.page),
        format!("{}/payer?code={code}&state={state}&state={state}", order.page),
        format!("{}/payer?code={code}&state=", order.page),
    ] {
        payer.refused(&url, 403, "oauth_state_invalid").await;
    }
    stranger.refused(&back, 403, "oauth_state_invalid").await;
    elsewhere.refused(&back.replace(&order.page, &other.page), 403, "oauth_state_invalid").await;
    for order in [&order, &other] {
        assert_eq!(shop.payment(order).await["latest_attempt"], Value::Null);
    }

    let begun = payer.get(&back).await;
    assert_eq!(begun.status(), 303);
    let attempt = shop.payment(&order).await["latest_attempt"].clone();
    assert_eq!((&attempt["method"], &attempt["action"]["kind"]), (&"wechat_jsapi".into(), &"bridge".into()));
    assert_eq!(attempt["payer"], json!({ "openid": "oSi***" }));
    assert!(!attempt.to_string().contains("oSimulated"), "{attempt}");
    payer.refused(&back, 403, "oauth_state_invalid").await;

    // A code is good once, whatever state it comes with.
    let again = Visitor::come(shop, &other).await;
    let (_, fresh) = parts(&again.back().await);
    again.refused(&format!("{}/payer?code={code}&state={fresh}", other.page), 502, "payer_unknown").await;
    assert_eq!(shop.payment(&other).await["latest_attempt"], Value::Null);
}

async fn an_exchange_that_fails_changes_nothing(shop: &Shop) {
    for fault in ["lost", "busy", "garbage"] {
        let order = shop.order("航延险").await;
        let payer = Visitor::come(shop, &order).await;
        let url = format!("{}/control/wechatpay/sign_in_faults", shop.wallet_url);
        let told = shop.client.post(url).json(&json!([fault])).send().await.unwrap();
        assert_eq!(told.status(), 204);
        payer.refused(&payer.back().await, 502, "payer_unknown").await;
        assert_eq!(shop.payment(&order).await["latest_attempt"], Value::Null, "{fault}");
        // The next try is a new one and goes through.
        assert_eq!(payer.get(&payer.back().await).await.status(), 303, "{fault}");
        assert_eq!(shop.payment(&order).await["latest_attempt"]["status"], "requires_action", "{fault}");
    }
}

async fn the_app_proves_nothing_and_the_channel_everything(shop: &Shop, driver: &Driver) {
    let order = shop.order("航延险").await;
    let browser = driver.open(Kind::PHONE).await;
    browser.goto(&format!("{}/wechat/open?page={}", shop.wallet_url, order.page)).await;
    browser.wait("input[value=wechat_jsapi]").await;
    let offered =
        browser.run("return [...document.querySelectorAll('input[name=method]')].map(i => i.value)").await;
    assert!(!offered.to_string().contains("alipay") && !offered.to_string().contains("h5"), "{offered}");
    audit(&browser, "choose inside wechat").await;
    browser.click("input[value=wechat_jsapi]").await;
    browser.click("button.main").await;
    browser.wait("#wechat-sheet").await;
    assert!(browser.address().await.starts_with(&shop.wallet_url), "the page stayed inside WeChat");
    assert!(browser.text("#wechat-sheet").await.contains("¥30.00"));
    browser.picture("cashier-wechat-bridge.png").await;
    browser.click("#wechat-cancel").await;
    browser.wait_for_address("/confirming").await;
    assert!(browser.text(".money").await.contains("确认中"), "{}", browser.body().await);
    audit(&browser, "confirming after the app").await;
    browser.click("a[href$='/wallet']").await;
    browser.click("#wechat-pay").await;
    browser.wait(PAID).await;
    assert_eq!(shop.payment(&order).await["latest_attempt"]["method"], "wechat_jsapi");
    browser.close().await;
}

async fn a_claim_of_success_is_asked_about(shop: &Shop, driver: &Driver) {
    let order = shop.order("航延险").await;
    let browser = driver.open(Kind { language: "en", ..Kind::PHONE }).await;
    browser.goto(&format!("{}/wechat/open?page={}", shop.wallet_url, order.page)).await;
    browser.click("input[value=wechat_jsapi]").await;
    browser.click("button.main").await;
    browser.click("#wechat-lie").await;
    browser.wait_for_address("/confirming").await;
    assert_eq!(browser.text("h1").await, "Confirming, do not pay again");
    let payment = shop.payment(&order).await;
    assert_eq!(payment["status"], "requires_action", "nothing was paid, whatever the app said");
    browser.close().await;
}

async fn without_the_bridge_or_scripts_the_page_says_so(shop: &Shop, driver: &Driver) {
    let order = shop.order("航延险").await;
    let browser = driver.open(Kind { language: "en", ..Kind::WECHAT }).await;
    browser.goto(&order.page).await;
    browser.click("input[value=wechat_jsapi]").await;
    browser.click("button.main").await;
    browser.wait("[data-no-bridge]:not([hidden])").await;
    audit(&browser, "bridge that is missing").await;
    browser.picture("cashier-wechat-bridge-en.png").await;
    browser.close().await;

    let elsewhere = driver.open(Kind::PC).await;
    elsewhere.goto(&order.page).await;
    assert!(elsewhere.text(".notice").await.contains("在微信里"));
    audit(&elsewhere, "bridge outside wechat").await;
    elsewhere.close().await;

    let order = shop.order("航延险").await;
    let browser = driver.open(Kind { script: false, wechat: true, ..Kind::PC }).await;
    browser.goto(&order.page).await;
    browser.click("input[value=wechat_jsapi]").await;
    browser.click("button.main").await;
    browser.wait("noscript .notice, .stage .notice").await;
    assert!(browser.body().await.contains("需要 JavaScript"), "{}", browser.body().await);
    browser.wait("a[href$='/methods']").await;
    browser.close().await;
}

async fn the_lab_shows_what_wechat_holds(shop: &Shop, driver: &Driver) {
    let browser = driver.open(Kind::PC).await;
    browser.goto(&format!("{}/lab/wechatpay", shop.wallet_url)).await;
    assert!(browser.body().await.contains("¥30.00"), "{}", browser.body().await);
    browser.picture("lab-wechatpay.png").await;
    browser.goto(&format!("{}/lab", shop.wallet_url)).await;
    browser.wait("h1").await;
    browser.picture("lab.png").await;
    browser.close().await;
}

async fn an_old_state_is_not_good(shop: &Shop) {
    let order = shop.order("航延险").await;
    let payer = Visitor::come(shop, &order).await;
    let back = payer.back().await;
    let clock = shop.client.post(format!("{}/lab/clock", shop.wallet_url));
    let moved = clock.header("content-type", "application/x-www-form-urlencoded").body("by_s=600");
    assert!(moved.send().await.unwrap().status().is_redirection());
    payer.refused(&back, 403, "oauth_state_invalid").await;
    assert_eq!(shop.payment(&order).await["latest_attempt"], Value::Null);
}
