//! Payment by a card opened at UnionPay: its page, the code by SMS, and what a wrong or old code does.

use super::PAID;
use super::checks::audit;
use super::driver::{Browser, Driver, Kind};
use super::shop::{Order, Shop, cookies_of, hidden};
use serde_json::Value;

#[tokio::test(flavor = "multi_thread")]
async fn a_payer_pays_by_an_opened_card() {
    let shop = Shop::open();
    nothing_begins_without_a_card(&shop).await;
    let driver = Driver::start();
    opened_paid_and_removed(&shop, &driver).await;
    a_wrong_code_is_the_channel_s_word(&shop, &driver).await;
}

async fn nothing_begins_without_a_card(shop: &Shop) {
    let order = shop.order("航延险").await;
    let opened = shop.get(&order.page, "").await;
    let cookies = cookies_of(&opened);
    let csrf = hidden(&opened.text().await.unwrap(), "csrf");
    for (path, fields) in [
        ("card/opening", ""),
        ("card/code", "&card=agr_01"),
        ("card/payment", "&card=agr_01&code=123456"),
        ("card/removal", "&card=agr_01"),
    ] {
        let url = format!("{}/{path}", order.page);
        assert_eq!(shop.post(&url, &cookies, fields).await.status(), 403, "{path}");
        if path != "card/opening" {
            let sent = shop.post(&url, &cookies, &format!("csrf={csrf}{fields}")).await;
            assert_eq!(sent.status(), 303, "{path}");
        }
    }
    // What a browser brings back counts only if UnionPay signed it.
    let forged = "orderId=A00000000000000000000000000&txnType=79&respCode=00&tokenPayData=%7BtrId%3D1%7D";
    assert_eq!(shop.post(&format!("{}/card/return", order.page), "", forged).await.status(), 303);
    assert_eq!(shop.payment(&order).await["latest_attempt"], Value::Null);
}

/// The code that the payer's phone shows last.
async fn code(shop: &Shop) -> String {
    let phone = shop.get(&format!("{}/unionpay/phone", shop.wallet_url), "").await.text().await.unwrap();
    let last = phone.rsplit_once("class=\"amount\">").unwrap_or_else(|| panic!("{phone}")).1;
    last.split('<').next().unwrap().to_owned()
}

async fn open_a_card(shop: &Shop, browser: &Browser, order: &Order) {
    browser.goto(&order.page).await;
    browser.click("input[value=quick_pay]").await;
    browser.click("button.main").await;
    browser.wait("form[action$='/card/opening']").await;
    browser.click("form[action$='/card/opening'] button").await;
    browser.wait("form[action*='/unionpay/'] button").await;
    browser.click("form[action*='/unionpay/'] button").await;
    browser.wait_for_address(&shop.wallet_url).await;
    browser.click("#pay").await;
    browser.wait("#back").await;
    browser.click("#back").await;
    browser.wait("form[action$='/card/code']").await;
}

async fn opened_paid_and_removed(shop: &Shop, driver: &Driver) {
    let order = shop.order("航延险").await;
    let browser = driver.open(Kind::PHONE).await;
    open_a_card(shop, &browser, &order).await;
    assert!(browser.text(".card-row").await.contains("**** 0018"));
    audit(&browser, "cards").await;
    browser.click("form[action$='/card/code'] button").await;
    browser.wait("input#code").await;
    audit(&browser, "card code").await;
    browser.picture("cashier-card-code.png").await;
    browser.click("form[action$='/card/code'] button").await;
    browser.wait("[role=alert]").await;
    assert!(browser.text("[role=alert]").await.contains("一分钟"), "another code comes after a minute");
    browser.fill("#code", &code(shop).await).await;
    browser.click("form[action$='/card/payment'] button").await;
    browser.wait(PAID).await;
    let attempt = shop.payment(&order).await["latest_attempt"].clone();
    assert_eq!((&attempt["method"], &attempt["payer"]["card"]), (&"quick_pay".into(), &"**** 0018".into()));
    browser.close().await;

    let order = shop.order("航延险").await;
    let browser = driver.open(Kind { language: "en", ..Kind::PC }).await;
    open_a_card(shop, &browser, &order).await;
    browser.click("form[action$='/card/removal'] button").await;
    browser.wait("form[action$='/card/opening'] button.main").await;
    audit(&browser, "no card left").await;
    browser.close().await;
}

async fn a_wrong_code_is_the_channel_s_word(shop: &Shop, driver: &Driver) {
    let order = shop.order("航延险").await;
    let browser = driver.open(Kind { script: false, language: "en", ..Kind::PC }).await;
    open_a_card(shop, &browser, &order).await;
    browser.click("form[action$='/card/code'] button").await;
    browser.fill("#code", "12").await;
    browser.click("form[action$='/card/payment'] button").await;
    browser.wait("[role=alert]").await;
    browser.fill("#code", "000000").await;
    browser.click("form[action$='/card/payment'] button").await;
    browser.wait(".notice.bad").await;
    assert!(browser.text(".notice.bad").await.contains("nothing was taken"), "{}", browser.body().await);
    assert_eq!(shop.payment(&order).await["status"], "requires_method");
    browser.close().await;
}
