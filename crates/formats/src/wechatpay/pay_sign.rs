//! The signature by which the payer's own app starts a payment (wechatpay.md §1).

use serde_json::{Value, json};

use crate::keys::{SignatureError, SigningKey};

/// What the WeChat browser or a mini program needs to open the payment.
pub fn jsapi(
    appid: &str,
    prepay_id: &str,
    key: &SigningKey,
    at_s: i64,
    nonce: &str,
) -> Result<Value, SignatureError> {
    let package = format!("prepay_id={prepay_id}");
    let sign = key.sign(string_to_sign(appid, at_s, nonce, &package).as_bytes())?;
    Ok(json!({
        "appId": appid,
        "timeStamp": at_s.to_string(),
        "nonceStr": nonce,
        "package": package,
        "signType": "RSA",
        "paySign": sign,
    }))
}

/// What the merchant's own app needs to open the payment.
pub fn app(
    (appid, mchid): (&str, &str),
    prepay_id: &str,
    key: &SigningKey,
    at_s: i64,
    nonce: &str,
) -> Result<Value, SignatureError> {
    let sign = key.sign(string_to_sign(appid, at_s, nonce, prepay_id).as_bytes())?;
    Ok(json!({
        "appid": appid,
        "partnerid": mchid,
        "prepayid": prepay_id,
        "package": "Sign=WXPay",
        "noncestr": nonce,
        "timestamp": at_s.to_string(),
        "sign": sign,
    }))
}

/// The four lines that are signed.
pub fn string_to_sign(appid: &str, at_s: i64, nonce: &str, last: &str) -> String {
    format!("{appid}\n{at_s}\n{nonce}\n{last}\n")
}
