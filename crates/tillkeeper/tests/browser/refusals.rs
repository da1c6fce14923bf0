//! What the cashier refuses, over plain HTTP.

use super::shop::{Shop, cookies_of, hidden};
use serde_json::Value;

pub async fn all(shop: &Shop) {
    unknown_tokens_look_alike(shop).await;
    pages_carry_their_headers(shop).await;
    status_is_for_those_who_came_in(shop).await;
    forms_come_from_our_own_page(shop).await;
    what_is_stored_counts(shop).await;
    texts_from_outside_are_inert(shop).await;
}

async fn unknown_tokens_look_alike(shop: &Shop) {
    let order = shop.order("航延险").await;
    let mut forged = order.page.clone();
    let last = if forged.pop() == Some('0') { '1' } else { '0' };
    forged.push(last);
    let mut bodies = Vec::new();
    for page in [forged, format!("{}/c/x", shop.url), format!("{}/c/nobody-{}", shop.url, "0".repeat(52))] {
        let answer = shop.get(&page, "").await;
        assert_eq!(answer.status(), 404, "{page}");
        assert!(answer.headers().get("set-cookie").is_none());
        bodies.push(answer.text().await.unwrap());
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]));
    assert!(bodies[0].contains("not_found"));
}

async fn pages_carry_their_headers(shop: &Shop) {
    let order = shop.order("航延险").await;
    let answer = shop.get(&order.page, "").await;
    assert_eq!(answer.status(), 200);
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    let policy = header("content-security-policy");
    for part in [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "frame-ancestors 'none'",
        "form-action 'self'",
        "base-uri 'none'",
    ] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe"));
    assert_eq!(header("referrer-policy"), "no-referrer");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(header("cache-control"), "no-store");
    assert!(answer.headers().get("access-control-allow-origin").is_none());
    let cookie = header("set-cookie");
    for part in ["HttpOnly", "SameSite=Lax", "Path=/c/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let page = answer.text().await.unwrap();
    let mut bytes = page.len();
    for asset in page.split('"').filter(|value| value.starts_with("/assets/")) {
        let file = shop.get(&format!("{}{asset}", shop.url), "").await;
        assert!(file.headers()["cache-control"].to_str().unwrap().contains("immutable"), "{asset}");
        bytes += file.bytes().await.unwrap().len();
    }
    assert!(bytes <= 60_000, "{bytes} bytes");
    assert_eq!(shop.get(&format!("{}/assets/cashier.css", shop.url), "").await.status(), 404);
}

async fn status_is_for_those_who_came_in(shop: &Shop) {
    let (order, other) = (shop.order("航延险").await, shop.order("航延险").await);
    let status = format!("{}/status", order.page);
    let strange = cookies_of(&shop.get(&other.page, "").await);
    for cookies in ["", "tk_entry=AAAA", strange.as_str()] {
        let answer = shop.get(&status, cookies).await;
        assert_eq!(answer.status(), 403, "{cookies}");
        assert!(answer.text().await.unwrap().contains("payer_mismatch"));
    }
    let own = cookies_of(&shop.get(&order.page, "").await);
    let scanned = cookies_of(&shop.get(&order.page, "").await);
    assert_ne!(own, scanned);
    for cookies in [own, scanned] {
        let answer = shop.get(&status, &cookies).await;
        assert_eq!(answer.status(), 200);
        let body: Value = answer.json().await.unwrap();
        let fields: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(fields, ["status", "stage", "revision", "money_state"]);
        assert_eq!(body["status"], "requires_method");
    }
}

async fn forms_come_from_our_own_page(shop: &Shop) {
    let order = shop.order("航延险").await;
    let opened = shop.get(&order.page, "").await;
    let cookies = cookies_of(&opened);
    let csrf = hidden(&opened.text().await.unwrap(), "csrf");
    let again = shop.get(&order.page, "").await;
    let others = cookies_of(&again);
    let form = format!("csrf={csrf}&method=alipay_qr");
    for path in ["attempts", "closure", "preferences"] {
        let url = format!("{}/{path}", order.page);
        for (cookies, form) in
            [("", form.as_str()), (&cookies, "method=alipay_qr"), (&cookies, "csrf=AAAA"), (&others, &form)]
        {
            let answer = shop.post(&url, cookies, form).await;
            assert_eq!(answer.status(), 403, "{path} {form}");
            assert!(answer.text().await.unwrap().contains("csrf_failed"));
        }
        for (name, value) in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")] {
            let request = shop.client.post(&url).header("cookie", &cookies).header(name, value);
            let request = request.header("content-type", "application/x-www-form-urlencoded");
            assert_eq!(request.body(form.clone()).send().await.unwrap().status(), 403, "{path} {name}");
        }
    }
    assert_eq!(shop.payment(&order).await["latest_attempt"], Value::Null);
}

async fn what_is_stored_counts(shop: &Shop) {
    let order = shop.order("航延险").await;
    let page = format!("{}?amount=1&merchant=mch_x&channel=cha_x", order.page);
    let opened = shop.get(&page, "").await;
    let cookies = cookies_of(&opened);
    let body = opened.text().await.unwrap();
    assert!(body.contains("¥30.00"));
    let csrf = hidden(&body, "csrf");
    let url = format!("{}/attempts", order.page);
    for method in ["cash", "wechat_jsapi", "alipay_wap", "nonsense", ""] {
        let answer = shop.post(&url, &cookies, &format!("csrf={csrf}&method={method}")).await;
        assert_eq!(answer.status(), 422, "{method}");
        assert!(answer.text().await.unwrap().contains("channel_not_available"), "{method}");
    }
    assert_eq!(shop.payment(&order).await["latest_attempt"], Value::Null);
    let form = format!(
        "csrf={csrf}&method=alipay_qr&amount=1&merchant=mch_x&channel_account=cha_x&return_url=https://evil.example"
    );
    assert_eq!(shop.post(&url, &cookies, &form).await.status(), 303);
    let started = shop.payment(&order).await;
    assert_eq!((&started["amount"], &started["latest_attempt"]["amount"]), (&3_000.into(), &3_000.into()));
    shop.wallet(&order, "pay", &serde_json::json!({})).await;
}

async fn texts_from_outside_are_inert(shop: &Shop) {
    let order = shop.order("<img src=x onerror=alert(1)>").await;
    let page = shop.get(&order.page, "").await.text().await.unwrap();
    assert!(!page.contains("<img") && page.contains("&#60;img"), "{page}");
}
