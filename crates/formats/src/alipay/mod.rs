//! Alipay OpenAPI v2 (`gateway.do`): signing, requests, responses, notifications and bills.

pub mod amount;
pub mod bill;
pub mod cert;
pub(crate) mod json;
pub mod notify;
pub mod params;
pub mod request;
pub mod response;
pub mod time;

pub use crate::charset::{self, Charset};
pub use crate::keys;

/// The only signature algorithm accepted: RSA-SHA256 with PKCS#1 v1.5 padding (alipay.md §2).
pub const SIGN_TYPE: &str = "RSA2";
