//! Bearer keys: `tk_test_{tenant code}_{random}` and `tk_live_…`.

use axum::http::{HeaderMap, header};
use tk_domain::id::Id128;

/// Characters of the random part: two identifiers' worth of base32, 256 bits.
const RANDOM_LENGTH: usize = 52;
/// The longest tenant code.
const CODE_MAX: usize = 32;
/// Characters shown of a key to recognise it by, after its tenant code.
const SHOWN: usize = 4;

/// A well-formed key as it was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyText<'a> {
    /// The whole key.
    pub whole: &'a str,
    /// Whether it is for real money.
    pub live: bool,
    /// Tells the tenant; no secret.
    pub tenant_code: &'a str,
}

impl<'a> KeyText<'a> {
    /// The key of the one `Authorization: Bearer` header; anything else is nothing.
    #[must_use]
    pub fn of(headers: &'a HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(header::AUTHORIZATION).iter();
        let (Some(value), None) = (values.next(), values.next()) else { return None };
        let (scheme, key) = value.to_str().ok()?.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        Self::parse(key)
    }

    /// Reads a key; anything malformed is nothing.
    #[must_use]
    pub fn parse(whole: &'a str) -> Option<Self> {
        let (live, rest) = match whole.strip_prefix("tk_test_") {
            Some(rest) => (false, rest),
            None => (true, whole.strip_prefix("tk_live_")?),
        };
        let (tenant_code, random) = rest.rsplit_once('_')?;
        let code_fits = (1..=CODE_MAX).contains(&tenant_code.len())
            && tenant_code
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        let random_fits = random.len() == RANDOM_LENGTH
            && random.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        (code_fits && random_fits).then_some(Self { whole, live, tenant_code })
    }
}

/// A new key of 256 random bits, and what is shown of it afterwards.
#[must_use]
pub fn new_key(live: bool, tenant_code: &str, random: (u128, u128)) -> (String, String) {
    let environment = if live { "live" } else { "test" };
    let half = |bits: u128| Id128(bits.to_be_bytes()).base32();
    let random = format!("{}{}", half(random.0), half(random.1));
    let shown: String = random.chars().skip(1).take(SHOWN).collect();
    let head = format!("tk_{environment}_{tenant_code}_");
    (format!("{head}{random}"), format!("{head}…{shown}…"))
}
