//! The ways besides Alipay: WeChat's code and wallet, UnionPay's page by a form, the transfer page.

use super::PAID;
use super::checks::audit;
use super::driver::{Driver, Kind};
use super::shop::Shop;

pub async fn all(shop: &Shop, driver: &Driver) {
    pc_pays_by_wechat_code(shop, driver).await;
    phone_pays_in_wechat(shop, driver).await;
    pc_pays_on_unionpays_page(shop, driver).await;
    pc_is_told_how_to_transfer(shop, driver).await;
}

async fn pc_pays_by_wechat_code(shop: &Shop, driver: &Driver) {
    let order = shop.order("航延险").await;
    let browser = driver.open(Kind::PC).await;
    browser.goto(&order.page).await;
    browser.click("input[value=wechat_native]").await;
    browser.click("button.main").await;
    browser.wait("svg.qr path").await;
    assert!(browser.text("figcaption").await.contains("微信扫码"));
    audit(&browser, "wechat code").await;
    browser.picture("cashier-wechat-qr.png").await;
    shop.act("wechatpay", &order, "pay", &serde_json::json!({})).await;
    browser.wait(PAID).await;
    assert_eq!(shop.payment(&order).await["latest_attempt"]["channel"], "wechatpay");
    browser.close().await;
}

async fn phone_pays_in_wechat(shop: &Shop, driver: &Driver) {
    let order = shop.order("航延险").await;
    let browser = driver.open(Kind::PHONE).await;
    browser.goto(&order.page).await;
    browser.click("input[value=wechat_h5]").await;
    browser.click("button.main").await;
    browser.wait_for_address(&shop.wallet_url).await;
    browser.click("#pay").await;
    browser.wait_for_address(&shop.url).await;
    browser.wait(PAID).await;
    browser.close().await;
}

async fn pc_pays_on_unionpays_page(shop: &Shop, driver: &Driver) {
    let order = shop.order("航延险").await;
    let browser = driver.open(Kind { language: "en", ..Kind::PC }).await;
    browser.goto(&order.page).await;
    browser.click("input[value=ebank_b2c]").await;
    browser.click("button.main").await;
    browser.wait("form[action*='/unionpay/'] button").await;
    audit(&browser, "form to unionpay").await;
    browser.picture("cashier-unionpay-en.png").await;
    browser.click("form[action*='/unionpay/'] button").await;
    browser.wait_for_address(&shop.wallet_url).await;
    browser.click("#pay").await;
    browser.wait("#back").await;
    browser.click("#back").await;
    browser.wait_for_address(&shop.url).await;
    browser.wait(PAID).await;
    assert_eq!(shop.payment(&order).await["latest_attempt"]["method"], "ebank_b2c");
    browser.close().await;
}

async fn pc_is_told_how_to_transfer(shop: &Shop, driver: &Driver) {
    let order = shop.order("企财险 2026").await;
    let browser = driver.open(Kind::PC).await;
    browser.goto(&order.page).await;
    browser.click("input[value=bank_transfer]").await;
    browser.click("button.main").await;
    browser.wait("dl.receipt").await;
    let facts = browser.text("dl.receipt").await;
    let code = shop.payment(&order).await["latest_attempt"]["action"]["value"].as_str().unwrap().to_owned();
    let spaced = format!("{} {}", &code[..4], &code[4..]);
    for part in ["¥30.00", "1109 0223 3410 801", spaced.as_str()] {
        assert!(facts.contains(part), "{part} in {facts}");
    }
    audit(&browser, "transfer").await;
    browser.picture("cashier-transfer.png").await;
    browser.close().await;
}
