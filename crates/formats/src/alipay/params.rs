//! The parameters of Alipay messages: the charset they name and the two strings that get signed.

pub use crate::form::{BODY_MAX_BYTES, PARAMS_MAX, Params, ParamsError, encode_urlencoded, parse_urlencoded};

use crate::charset::{Charset, CharsetError};
use crate::form::{extend_urlencoded, find_encoded, sorted_pairs};

/// The charset the message names, UTF-8 when it names none.
pub fn charset_of(params: &Params) -> Result<Charset, CharsetError> {
    params.get_filled("charset").map_or(Ok(Charset::Utf8), Charset::parse)
}

/// Reads the query string and the body of one request as one set; a name in both is a duplicate (alipay.md §1).
pub fn merge(query: &[u8], body: &[u8], charset: Charset) -> Result<Params, ParamsError> {
    if query.len().saturating_add(body.len()) > BODY_MAX_BYTES {
        return Err(ParamsError::TooLarge);
    }
    let mut params = parse_urlencoded(query, charset)?;
    extend_urlencoded(&mut params, body, charset)?;
    Ok(params)
}

/// Finds the charset a still encoded message names in its `charset` pair, UTF-8 when there is none.
pub fn detect_charset(bytes: &[u8]) -> Result<Charset, ParamsError> {
    match find_encoded(bytes, "charset")? {
        None => Ok(Charset::Utf8),
        Some(name) => Ok(Charset::parse(&name)?),
    }
}

/// The string a request signs: without `sign` and empty values, with `sign_type`, sorted (alipay.md §2).
pub fn request_string(params: &Params) -> String {
    sorted_pairs(params, &["sign"])
}

/// The string a notification signs: without `sign`, `sign_type` and empty values, sorted (alipay.md §8).
pub fn notify_string(params: &Params) -> String {
    sorted_pairs(params, &["sign", "sign_type"])
}
