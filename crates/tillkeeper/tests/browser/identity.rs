//! Who pays: by name, by photos and the provider's camera, by a way without the face.

use super::PAID;
use super::checks::{audit, focus_is_seen};
use super::driver::{Browser, Driver, Kind};
use super::shop::{Order, Shop, cookies_of, hidden};
use serde_json::json;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Numbers of nobody, with their check characters: the simulated records know the first as its owner's only.
const OWN: &str = "11010519491231002X";
const NOT_OWN: &str = "110101199001011069";

#[tokio::test(flavor = "multi_thread")]
async fn a_payer_proves_who_pays() {
    let shop = Shop::open();
    forms_are_held_to_the_page(&shop).await;
    let driver = Driver::start();
    by_name_on_a_pc(&shop, &driver).await;
    by_face_on_a_phone(&shop, &driver).await;
    without_the_face(&shop, &driver).await;
    without_script_and_narrow(&shop, &driver).await;
}

async fn order(shop: &Shop, amount: i64) -> Order {
    shop.order_of(("heqing_life", "annuity_single", amount), "年金趸交").await
}

async fn fill_in(browser: &Browser, number: &str) {
    browser.fill("#name", "张三丰").await;
    browser.fill("#id_number", number).await;
    browser.click("label.agree input").await;
    browser.click("button.main").await;
}

fn segment(marker: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len() + 2).unwrap().to_be_bytes();
    [&[0xFF, marker], length.as_slice(), body].concat()
}

/// A grey JPEG of 640 by 480.
fn photo(folder: &Path) -> PathBuf {
    let mut file = vec![0xFF, 0xD8];
    file.extend(segment(0xDB, &[&[0_u8][..], &[1; 64]].concat()));
    file.extend(segment(0xC0, &[8, 1, 0xE0, 2, 0x80, 1, 1, 0x11, 0]));
    for class in [0x00_u8, 0x10] {
        file.extend(segment(0xC4, &[&[class, 1][..], &[0; 15], &[0]].concat()));
    }
    file.extend(segment(0xDA, &[1, 1, 0x00, 0, 63, 0]));
    file.extend(vec![0_u8; 1_200]);
    file.extend([0xFF, 0xD9]);
    let path = folder.join("photo.jpg");
    std::fs::write(&path, file).unwrap();
    path
}

async fn forms_are_held_to_the_page(shop: &Shop) {
    let order = order(shop, 20_000_000).await;
    let opened = shop.get(&order.page, "").await;
    let cookies = cookies_of(&opened);
    let page = opened.text().await.unwrap();
    assert!(!page.contains("name=\"method\""), "nothing to choose before it is clear who pays");
    let csrf = hidden(&page, "csrf");
    let url = format!("{}/identity", order.page);
    for form in ["name=a", "csrf=AAAA&name=a"] {
        assert_eq!(shop.post(&url, &cookies, form).await.status(), 403, "{form}");
    }
    let form = format!("csrf={csrf}&name=%3Cimg+src%3Dx%3E&id_number=1&consent=yes");
    let refused = shop.post(&url, &cookies, &form).await;
    assert_eq!(refused.status(), 422);
    let body = refused.text().await.unwrap();
    assert!(!body.contains("<img") && body.contains("href=\"#id_number\""), "{body}");
    // A method chosen past the page begins nothing.
    let (attempts, form) = (format!("{}/attempts", order.page), format!("csrf={csrf}&method=alipay_qr"));
    let chosen = shop.post(&attempts, &cookies, &form);
    assert_eq!(chosen.await.status(), 303);
    assert_eq!(shop.payment(&order).await["latest_attempt"], serde_json::Value::Null);
    for path in ["identity/photos", "identity/camera", "identity/other-way"] {
        let sent = shop.post(&format!("{}/{path}", order.page), &cookies, &format!("csrf={csrf}")).await;
        assert!(
            sent.status() == 303 || sent.status() == 400 || sent.status() == 403,
            "{path}: {}",
            sent.status()
        );
    }
    assert_eq!(shop.read("/v1/identity_checks").await["data"], json!([]));
}

async fn by_name_on_a_pc(shop: &Shop, driver: &Driver) {
    let order = order(shop, 6_000_000).await;
    let browser = driver.open(Kind::PC).await;
    browser.goto(&order.page).await;
    assert_eq!(browser.text("h1").await, "先确认付款人身份");
    assert!(browser.text(".consent").await.contains("2026-11"));
    assert!(browser.text(".money").await.contains("尚未扣款"));
    audit(&browser, "identity form").await;
    browser.picture("cashier-identity-form.png").await;
    fill_in(&browser, "110105194912310021").await;
    browser.wait("[role=alert] a[href='#id_number']").await;
    audit(&browser, "identity form with errors").await;
    let kept = browser.run("return document.getElementById('name').value").await;
    assert_eq!(kept, "张三丰");
    browser.click("[role=alert] a").await;
    assert!(focus_is_seen(&browser).await, "the link leads into the field");
    browser
        .run("document.getElementById('id_number').value = ''; document.getElementById('name').value = ''")
        .await;
    fill_in(&browser, NOT_OWN).await;
    browser.wait(".notice.bad").await;
    assert!(browser.text(".notice.bad").await.contains("不一致"), "{}", browser.body().await);
    fill_in(&browser, OWN).await;
    browser.wait("input[value=alipay_qr]").await;
    assert!(browser.text(".notice.ok").await.contains("已确认"));
    let address = browser.address().await;
    assert!(address.starts_with(&order.page) && !address.contains(OWN), "{address}");
    browser.click("button.main").await;
    browser.wait("svg.qr path").await;
    shop.wallet(&order, "pay", &json!({})).await;
    browser.wait(PAID).await;
    browser.close().await;
}

async fn with_photos(browser: &Browser, order: &Order, folder: &TempDir) {
    browser.goto(&order.page).await;
    fill_in(browser, OWN).await;
    browser.wait("input#front").await;
    let photo = photo(folder.path());
    browser.fill("#front", photo.to_str().unwrap()).await;
    browser.fill("#back", photo.to_str().unwrap()).await;
    browser.click("button.main").await;
    browser.wait("form[action$='/identity/camera']").await;
}

async fn by_face_on_a_phone(shop: &Shop, driver: &Driver) {
    let folder = TempDir::new().unwrap();
    let order = order(shop, 20_000_000).await;
    let browser = driver.open(Kind::PHONE).await;
    browser.goto(&order.page).await;
    fill_in(&browser, OWN).await;
    browser.wait("input#front").await;
    audit(&browser, "identity photos").await;
    browser.picture("cashier-identity-photos.png").await;
    let text = folder.path().join("text.jpg");
    std::fs::write(&text, "no picture").unwrap();
    browser.fill("#front", photo(folder.path()).to_str().unwrap()).await;
    browser.fill("#back", text.to_str().unwrap()).await;
    browser.click("button.main").await;
    browser.wait("[role=alert] a[href='#back']").await;
    assert!(browser.body().await.contains("不是 JPEG 或 PNG"), "{}", browser.body().await);
    audit(&browser, "identity photos with errors").await;
    browser.fill("#back", photo(folder.path()).to_str().unwrap()).await;
    browser.click("button.main").await;
    browser.wait("form[action$='/identity/camera']").await;
    assert!(browser.text("dl.receipt").await.contains("110***002X"));
    assert!(!browser.body().await.contains(OWN));
    audit(&browser, "identity camera").await;
    browser.picture("cashier-identity-camera.png").await;
    browser.click("form[action$='/identity/camera'] button").await;
    browser.wait_for_address("/v1/liveness/").await;
    browser.click("#leave").await;
    browser.wait("a[href$='/identity/camera']").await;
    audit(&browser, "identity waiting").await;
    browser.click("a[href$='/identity/camera']").await;
    browser.click("#pass").await;
    browser.wait("input[value=alipay_wap]").await;
    browser.click("button.main").await;
    browser.wait_for_address(&shop.wallet_url).await;
    browser.click("#pay").await;
    browser.wait(PAID).await;
    browser.close().await;
}

async fn without_the_face(shop: &Shop, driver: &Driver) {
    let folder = TempDir::new().unwrap();
    let order = order(shop, 20_000_000).await;
    let browser = driver.open(Kind { language: "en", ..Kind::PHONE }).await;
    with_photos(&browser, &order, &folder).await;
    browser.click("form[action$='/identity/camera'] button").await;
    browser.click("#differs").await;
    browser.wait(".notice.bad").await;
    assert!(browser.text(".notice.bad").await.contains("not the one on the ID"));
    browser.click("form[action$='/other-way'] button").await;
    browser.wait("h1").await;
    assert_eq!(browser.text("h1").await, "A person is looking at your documents");
    audit(&browser, "identity review").await;
    browser.picture("cashier-identity-review-en.png").await;
    let asked = shop.read("/v1/identity_checks?other_way=asked").await;
    assert_eq!(asked["data"].as_array().map(Vec::len), Some(1), "{asked}");
    assert_eq!(asked["data"][0]["payment"], order.id.as_str());
    assert!(!asked.to_string().contains(OWN));
    browser.close().await;
}

async fn without_script_and_narrow(shop: &Shop, driver: &Driver) {
    let folder = TempDir::new().unwrap();
    let order = order(shop, 20_000_000).await;
    let browser = driver.open(Kind { width: 320, height: 640, language: "en", ..Kind::PHONE }).await;
    browser.goto(&order.page).await;
    browser.click("button[name=print]").await;
    browser.wait("html.large").await;
    audit(&browser, "identity form at 320 px in large print").await;
    browser.close().await;
    let browser = driver.open(Kind { script: false, language: "en", ..Kind::PC }).await;
    browser.goto(&order.page).await;
    browser.wait("html:not(.js)").await;
    with_photos(&browser, &order, &folder).await;
    browser.click("form[action$='/identity/camera'] button").await;
    browser.click("#pass").await;
    browser.wait("input[value=alipay_qr]").await;
    browser.close().await;
}
