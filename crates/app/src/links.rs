//! Links that open one payment's cashier page and nothing else.

use aws_lc_rs::hmac;
use subtle::ConstantTimeEq;
use tk_domain::id::{Id128, PaymentId, TypedId};

/// The longest token read.
const TOKEN_MAX_BYTES: usize = 96;
/// A base32 identifier's length.
const ID_LENGTH: usize = 26;

/// Makes and reads the tokens of cashier links: tenant code, payment, and 128 bits of HMAC-SHA256.
#[derive(Debug)]
pub struct Links {
    key: hmac::Key,
    base_url: String,
}

impl Links {
    pub(crate) fn new(secret: &[u8], base_url: &str) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        Self { key, base_url: base_url.trim_end_matches('/').to_owned() }
    }

    /// The token of a payment of the tenant with this code.
    #[must_use]
    pub fn token(&self, tenant_code: &str, payment_id: PaymentId) -> String {
        let mac = self.mac(tenant_code, payment_id);
        format!("{tenant_code}-{}{}", payment_id.id128().base32(), mac.base32())
    }

    /// The address that opens the payment's cashier page.
    #[must_use]
    pub fn url(&self, tenant_code: &str, payment_id: PaymentId) -> String {
        format!("{}/c/{}", self.base_url, self.token(tenant_code, payment_id))
    }

    /// The tenant code and payment of a token that we made; anything else is nothing.
    #[must_use]
    pub fn read<'a>(&self, token: &'a str) -> Option<(&'a str, PaymentId)> {
        if token.len() > TOKEN_MAX_BYTES || !token.is_ascii() {
            return None;
        }
        let (code, rest) = token.split_once('-')?;
        if rest.len() != 2 * ID_LENGTH {
            return None;
        }
        let (id, mac) = rest.split_at(ID_LENGTH);
        let payment_id = PaymentId(Id128::from_base32(id)?);
        let given = Id128::from_base32(mac)?;
        let equal = given.0.ct_eq(&self.mac(code, payment_id).0);
        bool::from(equal).then_some((code, payment_id))
    }

    fn mac(&self, tenant_code: &str, payment_id: PaymentId) -> Id128 {
        let mut message = Vec::with_capacity(tenant_code.len() + 22);
        message.extend_from_slice(b"link/");
        message.extend_from_slice(tenant_code.as_bytes());
        message.push(0);
        message.extend_from_slice(&payment_id.id128().0);
        let tag = hmac::sign(&self.key, &message);
        let mut bytes = [0_u8; 16];
        for (byte, from) in bytes.iter_mut().zip(tag.as_ref()) {
            *byte = *from;
        }
        Id128(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_its_own_payment_only() {
        let links = Links::new(&[7; 32], "http://127.0.0.1:1/");
        let id = PaymentId(Id128::v7(1_700_000_000_000, 42));
        let token = links.token("hy", id);
        assert_eq!(links.read(&token), Some(("hy", id)));
        assert_eq!(links.url("hy", id), format!("http://127.0.0.1:1/c/{token}"));
        for index in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[index] = if bytes[index] == b'2' { b'3' } else { b'2' };
            assert_eq!(links.read(&String::from_utf8(bytes).unwrap()), None, "flipped {index}");
        }
        assert_eq!(Links::new(&[8; 32], "").read(&token), None);
        assert_eq!(links.read(""), None);
        assert_eq!(links.read(&"x".repeat(500)), None);
    }
}
