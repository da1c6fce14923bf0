//! WeChat Pay APIv3: authorization, signed replies and callbacks, sealed fields, certificates and bills.

mod aead;
pub mod authorization;
pub mod bill;
pub mod callback;
pub mod certificates;
pub mod field;
pub mod order;
pub mod pay_sign;
pub mod reply;
pub mod sharing;
pub mod signature;
pub mod time;

use std::fmt::Write as _;

pub use aead::{AeadError, ApiV3Key};

/// The only signature scheme accepted: RSA-SHA256 with PKCS#1 v1.5 padding (wechatpay.md §1).
pub const SCHEME: &str = "WECHATPAY2-SHA256-RSA2048";
/// How far a signed time may be from now, microseconds (wechatpay.md §1).
pub const CLOCK_WINDOW_US: i64 = 300_000_000;

/// Lower-case hexadecimal.
fn hex_of(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
