//! Whether what the payer brought fits the method: a bar code, who he is, where he is.

use super::StartAttempt;
use crate::channel_account::Method;
use crate::refusal::Refusal;

/// Inside WeChat the payer must be known (JSAPI下单, `payer.openid`), and in a phone's browser his address
/// (H5下单, `payer_client_ip`).
pub(super) fn check_payer(start: &StartAttempt) -> Result<(), Refusal> {
    let known = match start.method {
        Method::WechatJsapi => start.known_as.is_some(),
        Method::QuickPay => start.known_as.is_some() && start.card.is_some(),
        method if method.asks_payer_ip() && start.payer_ip.is_none() => {
            let reason = "the channel asks where the payer is";
            return Err(Refusal::FieldInvalid { param: "payer_ip", reason });
        }
        Method::WechatH5
        | Method::AlipayPage
        | Method::AlipayWap
        | Method::AlipayQr
        | Method::AlipayBarcode
        | Method::WechatNative
        | Method::WechatBarcode
        | Method::EbankB2c
        | Method::EbankB2b
        | Method::BankTransfer
        | Method::Cheque
        | Method::Cash
        | Method::Pos
        | Method::Kiosk => true,
    };
    if known { Ok(()) } else { Err(Refusal::ChannelNotAvailable) }
}

/// Alipay bar codes begin with 25 to 30 and have 16 to 24 digits (alipay.trade.pay, `auth_code`), those
/// of WeChat with 10 to 15 and have 18 (pay/micropay, `auth_code`); other methods have none.
pub(super) fn check_auth_code(start: &StartAttempt) -> Result<(), Refusal> {
    let code = start.auth_code.as_deref().unwrap_or_default();
    let (prefixes, lengths) = match start.method {
        Method::AlipayBarcode => (25..=30, 16..=24),
        Method::WechatBarcode => (10..=15, 18..=18),
        Method::AlipayPage
        | Method::AlipayWap
        | Method::AlipayQr
        | Method::WechatJsapi
        | Method::WechatH5
        | Method::WechatNative
        | Method::QuickPay
        | Method::EbankB2c
        | Method::EbankB2b
        | Method::BankTransfer
        | Method::Cheque
        | Method::Cash
        | Method::Pos
        | Method::Kiosk => {
            return if code.is_empty() { Ok(()) } else { Err(Refusal::AuthCodeInvalid) };
        }
    };
    let digits = code.bytes().all(|byte| byte.is_ascii_digit());
    let prefix = code.get(..2).and_then(|prefix| prefix.parse::<u8>().ok());
    let begins = prefix.is_some_and(|prefix| prefixes.contains(&prefix));
    if digits && begins && lengths.contains(&code.len()) { Ok(()) } else { Err(Refusal::AuthCodeInvalid) }
}
