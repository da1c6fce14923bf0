//! The cashier in a real browser, against the real server and the simulated channels with their wallets.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed step fails the test")]

mod cards;
mod channels;
mod checks;
mod driver;
mod identity;
mod refusals;
mod shop;
mod wechat;

use checks::audit;
use driver::{Browser, Driver, Kind};
use serde_json::json;
use shop::Shop;

const TAB: char = '\u{E004}';
const ENTER: char = '\u{E006}';
const PAID: &str = ".outcome.ok";

/// One server and one driver for all of it: starting them costs more than any of the ways.
#[tokio::test(flavor = "multi_thread")]
async fn a_payer_finds_every_way_through_the_cashier() {
    let shop = Shop::open();
    let driver = Driver::start();
    refusals::all(&shop).await;
    pc_pays_by_code(&shop, &driver).await;
    channels::all(&shop, &driver).await;
    pc_in_english_and_dark(&shop, &driver).await;
    phone_pays_in_the_wallet(&shop, &driver).await;
    phone_declines_then_cancels(&shop, &driver).await;
    phone_times_out_and_is_confirmed(&shop, &driver).await;
    another_method_closes_the_first(&shop, &driver).await;
    an_unscanned_code_blocks_but_can_still_be_paid(&shop, &driver).await;
    without_script(&shop, &driver).await;
    by_keyboard_alone(&shop, &driver).await;
    narrow_and_in_large_print(&shop, &driver).await;
}

async fn pc_pays_by_code(shop: &Shop, driver: &Driver) {
    let order = shop.order("CA1501 北京—上海 2026-08-28 航班延误险").await;
    let browser = driver.open(Kind::PC).await;
    browser.goto(&order.page).await;
    assert_eq!(browser.text("h1").await, "选择支付方式");
    assert_eq!(browser.text(".amount").await, "¥30.00");
    assert!(browser.text(".order").await.contains(&order.number));
    audit(&browser, "choose").await;
    browser.picture("cashier-choose.png").await;
    browser.click("button.main").await;
    browser.wait("svg.qr path").await;
    assert!(browser.text(".money").await.contains("尚未见到付款"));
    audit(&browser, "qr").await;
    browser.picture("cashier-qr.png").await;
    shop.wallet(&order, "pay", &json!({})).await;
    browser.wait(PAID).await;
    let receipt = browser.text(".stage").await;
    let paid = shop.payment(&order).await;
    for part in ["支付成功", "已扣款", "¥30.00", &order.number, &order.id] {
        assert!(receipt.contains(part), "{part} in {receipt}");
    }
    assert!(receipt.contains(paid["latest_attempt"]["channel_txn_no"].as_str().unwrap()), "{receipt}");
    let announced = browser.run("return document.getElementById('announce').textContent").await;
    assert!(announced.as_str().unwrap().contains("支付成功"), "{announced}");
    audit(&browser, "paid").await;
    browser.picture("cashier-result.png").await;
    browser.goto(&format!("{}/methods", order.page)).await;
    browser.wait(PAID).await;
    browser.close().await;
}

async fn pc_in_english_and_dark(shop: &Shop, driver: &Driver) {
    let order = shop.order("CA1501 PEK–SHA 2026-08-28").await;
    let browser = driver.open(Kind { dark: true, ..Kind::PC }).await;
    browser.goto(&order.page).await;
    audit(&browser, "choose dark").await;
    browser.picture("cashier-choose-dark.png").await;
    browser.click("button[name=lang]").await;
    browser.wait("html[lang=en]").await;
    assert_eq!(browser.text("h1").await, "Choose how to pay");
    audit(&browser, "choose dark english").await;
    browser.click("button.main").await;
    browser.wait("svg.qr path").await;
    audit(&browser, "qr dark english").await;
    browser.picture("cashier-qr-dark-en.png").await;
    shop.wallet(&order, "pay", &json!({})).await;
    browser.wait(PAID).await;
    audit(&browser, "paid dark english").await;
    browser.close().await;
    let browser = driver.open(Kind { language: "en", ..Kind::PC }).await;
    browser.goto(&order.page).await;
    assert_eq!(browser.text("h1").await, "Payment successful");
    browser.picture("cashier-result-en.png").await;
    let fresh = shop.order("CA1501 PEK–SHA 2026-08-28").await;
    browser.goto(&fresh.page).await;
    browser.picture("cashier-choose-en.png").await;
    browser.close().await;
}

async fn to_wallet(shop: &Shop, browser: &Browser, page: &str) {
    browser.goto(page).await;
    browser.click("button.main").await;
    browser.wait_for_address(&shop.wallet_url).await;
}

async fn phone_pays_in_the_wallet(shop: &Shop, driver: &Driver) {
    let order = shop.order("CA1501 北京—上海 2026-08-28 航班延误险").await;
    let browser = driver.open(Kind::PHONE).await;
    browser.goto(&order.page).await;
    audit(&browser, "choose on a phone").await;
    browser.picture("cashier-phone.png").await;
    to_wallet(shop, &browser, &order.page).await;
    browser.click("#pay").await;
    browser.wait_for_address(&shop.url).await;
    browser.wait(PAID).await;
    audit(&browser, "paid on a phone").await;
    browser.picture("cashier-phone-result.png").await;
    browser.close().await;
}

async fn phone_declines_then_cancels(shop: &Shop, driver: &Driver) {
    let order = shop.order("航延险").await;
    let browser = driver.open(Kind::PHONE).await;
    to_wallet(shop, &browser, &order.page).await;
    browser.click("#decline").await;
    browser.wait(".result").await;
    browser.goto(&order.page).await;
    assert!(browser.text(".money").await.contains("尚未见到付款"));
    browser.wait("a.main[href^='http']").await;
    audit(&browser, "wallet").await;
    browser.picture("cashier-phone-wallet.png").await;
    browser.click("a[href$='/cancellation']").await;
    browser.wait("form[action$='/closure']").await;
    audit(&browser, "cancellation").await;
    browser.click("form[action$='/closure'] button").await;
    browser.wait(".outcome.plain").await;
    assert!(browser.text(".stage").await.contains("本订单没有收款"));
    audit(&browser, "closed").await;
    assert_eq!(shop.payment(&order).await["status"], "closed");
    browser.close().await;
}

async fn phone_times_out_and_is_confirmed(shop: &Shop, driver: &Driver) {
    let order = shop.order("CA1501 北京—上海 2026-08-28 航班延误险").await;
    let browser = driver.open(Kind::PHONE).await;
    to_wallet(shop, &browser, &order.page).await;
    shop.wallet(&order, "time_out", &json!({ "after_us": 8_000_000 })).await;
    browser.goto(&format!("{}/return?trade_status=TRADE_SUCCESS&total_amount=0.01", order.page)).await;
    assert_eq!(browser.text("h1").await, "正在确认，请勿重复支付");
    assert!(browser.text(".money").await.contains("确认中"));
    assert_eq!(shop.payment(&order).await["succeeded_at"], json!(null));
    audit(&browser, "confirming").await;
    browser.picture("cashier-confirming.png").await;
    browser.wait(PAID).await;
    assert_eq!(shop.payment(&order).await["status"], "succeeded");
    browser.close().await;
}

async fn another_method_closes_the_first(shop: &Shop, driver: &Driver) {
    let order = shop.order("航延险").await;
    let browser = driver.open(Kind::PC).await;
    browser.goto(&order.page).await;
    browser.click("button.main").await;
    browser.wait("svg.qr path").await;
    let first = shop.payment(&order).await["latest_attempt"]["id"].clone();
    shop.wallet(&order, "open", &json!({})).await;
    browser.click("a[href$='/methods']").await;
    assert!(browser.text(".stage").await.contains("不会重复扣款"));
    audit(&browser, "other methods").await;
    browser.click("input[value=alipay_page]").await;
    browser.click("button.main").await;
    browser.wait_for_address(&shop.wallet_url).await;
    let second = shop.payment(&order).await["latest_attempt"].clone();
    assert_ne!(second["id"], first);
    assert_eq!(second["method"], "alipay_page");
    browser.click("#pay").await;
    browser.wait(PAID).await;
    browser.close().await;
}

/// A code that nobody has scanned is unknown to Alipay, so its end cannot be proven before it expires.
async fn an_unscanned_code_blocks_but_can_still_be_paid(shop: &Shop, driver: &Driver) {
    let order = shop.order("航延险").await;
    let browser = driver.open(Kind::PC).await;
    browser.goto(&order.page).await;
    browser.click("button.main").await;
    browser.wait("svg.qr path").await;
    browser.click("a[href$='/methods']").await;
    browser.click("input[value=alipay_page]").await;
    browser.click("button.main").await;
    browser.wait("a[href$='/earlier']").await;
    assert_eq!(browser.text("h1").await, "正在关闭先前的付款");
    assert!(browser.text(".stage").await.contains("最迟到"));
    audit(&browser, "closing").await;
    browser.picture("cashier-closing.png").await;
    browser.click("a[href$='/earlier']").await;
    browser.wait("svg.qr path").await;
    shop.wallet(&order, "pay", &json!({})).await;
    browser.wait(PAID).await;
    browser.close().await;
}

async fn without_script(shop: &Shop, driver: &Driver) {
    let order = shop.order("航延险").await;
    let browser = driver.open(Kind { script: false, ..Kind::PC }).await;
    browser.goto(&order.page).await;
    browser.wait("html:not(.js)").await;
    browser.click("button[name=print]").await;
    browser.wait("html.large").await;
    browser.click("button.main").await;
    browser.wait("svg.qr path").await;
    shop.wallet(&order, "pay", &json!({})).await;
    browser.wait(PAID).await;
    browser.wait("html.large:not(.js)").await;
    browser.close().await;
}

async fn by_keyboard_alone(shop: &Shop, driver: &Driver) {
    let order = shop.order("航延险").await;
    let browser = driver.open(Kind::PC).await;
    browser.goto(&order.page).await;
    let mut stops = Vec::new();
    for _ in 0..12 {
        browser.press(TAB).await;
        assert!(checks::focus_is_seen(&browser).await, "after {stops:?}");
        let at = browser
            .run("const at = document.activeElement; return at.name || at.className || at.tagName")
            .await;
        stops.push(at.as_str().unwrap().to_owned());
        if stops.last().is_some_and(|stop| stop == "main") {
            break;
        }
    }
    assert_eq!(stops, ["skip", "print", "lang", "method", "main"]);
    browser.press(ENTER).await;
    browser.wait("svg.qr path").await;
    shop.wallet(&order, "pay", &json!({})).await;
    browser.wait(PAID).await;
    browser.close().await;
}

async fn narrow_and_in_large_print(shop: &Shop, driver: &Driver) {
    let order = shop.order("CA1501 北京—上海 2026-08-28 航班延误险").await;
    let browser = driver.open(Kind { width: 320, height: 640, language: "en", ..Kind::PHONE }).await;
    browser.goto(&order.page).await;
    audit(&browser, "choose at 320 px").await;
    browser.click("button[name=print]").await;
    browser.wait("html.large").await;
    audit(&browser, "choose at 320 px in large print").await;
    browser.picture("cashier-phone-large-en.png").await;
    browser.close().await;
}
