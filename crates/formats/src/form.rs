//! Form and query parameters: strict percent-decoding, no duplicates, no wrong charset.

use std::borrow::Cow;

use crate::charset::{Charset, CharsetError};

/// The most parameters one message may carry.
pub const PARAMS_MAX: usize = 64;
/// The longest encoded message, in bytes.
pub const BODY_MAX_BYTES: usize = 256 * 1024;

/// Why a parameter text was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParamsError {
    /// The text is longer than [`BODY_MAX_BYTES`].
    #[error("message is larger than {BODY_MAX_BYTES} bytes")]
    TooLarge,
    /// There are more than [`PARAMS_MAX`] parameters.
    #[error("message has more than {PARAMS_MAX} parameters")]
    TooMany,
    /// A name occurs twice.
    #[error("parameter {0:?} occurs twice")]
    Duplicate(String),
    /// A pair has no name.
    #[error("parameter without a name")]
    EmptyName,
    /// A `%` is not followed by two hexadecimal digits.
    #[error("broken percent-encoding")]
    BrokenEscape,
    /// The bytes do not fit the charset, or the charset is unknown.
    #[error("parameter text: {0}")]
    Charset(#[from] CharsetError),
}

/// Decoded parameters in the order they came, each name at most once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Params {
    pairs: Vec<(String, String)>,
}

impl Params {
    /// No parameters.
    pub const fn new() -> Self {
        Self { pairs: Vec::new() }
    }

    /// The value of a name, if present (it may be empty).
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The value of a name, unless absent or empty.
    pub fn get_filled(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// Adds a parameter at the end, refusing a name already present.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<String>) -> Result<(), ParamsError> {
        let name = name.into();
        if name.is_empty() {
            return Err(ParamsError::EmptyName);
        }
        if self.get(&name).is_some() {
            return Err(ParamsError::Duplicate(name));
        }
        if self.pairs.len() >= PARAMS_MAX {
            return Err(ParamsError::TooMany);
        }
        self.pairs.push((name, value.into()));
        Ok(())
    }

    /// Takes a parameter out and returns its value.
    pub fn remove(&mut self, name: &str) -> Option<String> {
        let at = self.pairs.iter().position(|(key, _)| key == name)?;
        Some(self.pairs.remove(at).1)
    }

    /// The parameters in the order they came.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// How many parameters there are.
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Whether there is no parameter.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }
}

/// Reads `application/x-www-form-urlencoded` bytes in the charset given.
pub fn parse_urlencoded(bytes: &[u8], charset: Charset) -> Result<Params, ParamsError> {
    let mut params = Params::new();
    extend_urlencoded(&mut params, bytes, charset)?;
    Ok(params)
}

/// The text of a name in still encoded bytes, if there is one: for what must be known before the rest can be read.
pub fn find_encoded(bytes: &[u8], name: &str) -> Result<Option<String>, ParamsError> {
    let prefix = format!("{name}=");
    let found = bytes.split(|&byte| byte == b'&').find_map(|pair| pair.strip_prefix(prefix.as_bytes()));
    let Some(raw) = found.filter(|raw| !raw.is_empty()) else { return Ok(None) };
    let value = percent_decode(raw)?;
    let text = std::str::from_utf8(&value).map_err(|_| CharsetError::Unknown)?;
    Ok(Some(text.to_owned()))
}

/// Appends parameters of another part of the same message; a name in both is a duplicate.
pub fn extend_urlencoded(params: &mut Params, bytes: &[u8], charset: Charset) -> Result<(), ParamsError> {
    if bytes.len() > BODY_MAX_BYTES {
        return Err(ParamsError::TooLarge);
    }
    for pair in bytes.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty()) {
        let at = pair.iter().position(|&byte| byte == b'=').unwrap_or(pair.len());
        let (name, value) = pair.split_at(at);
        let name = decode_text(name, charset)?;
        let value = decode_text(value.strip_prefix(b"=").unwrap_or(value), charset)?;
        params.insert(name, value)?;
    }
    Ok(())
}

/// Writes the parameters as `application/x-www-form-urlencoded` in their order, a blank as `+`.
pub fn encode_urlencoded(params: &Params, charset: Charset) -> Result<String, ParamsError> {
    let mut out = String::with_capacity(params.pairs.iter().map(|(n, v)| n.len() + v.len() * 2 + 2).sum());
    for (name, value) in params.iter() {
        if !out.is_empty() {
            out.push('&');
        }
        percent_encode(&mut out, &charset.encode(name)?);
        out.push('=');
        percent_encode(&mut out, &charset.encode(value)?);
    }
    Ok(out)
}

/// The filled parameters but for the names dropped, as `name=value` sorted by name and joined by `&`.
pub fn sorted_pairs(params: &Params, dropped: &[&str]) -> String {
    let mut pairs: Vec<_> =
        params.iter().filter(|(name, value)| !value.is_empty() && !dropped.contains(name)).collect();
    pairs.sort_unstable();
    let mut out = String::with_capacity(pairs.iter().map(|(name, value)| name.len() + value.len() + 2).sum());
    for (name, value) in pairs {
        if !out.is_empty() {
            out.push('&');
        }
        out.push_str(name);
        out.push('=');
        out.push_str(value);
    }
    out
}

fn decode_text(raw: &[u8], charset: Charset) -> Result<String, ParamsError> {
    match percent_decode(raw)? {
        Cow::Borrowed(bytes) => Ok(charset.decode(bytes)?.into_owned()),
        Cow::Owned(bytes) if charset == Charset::Utf8 => {
            String::from_utf8(bytes).map_err(|_| CharsetError::Malformed.into())
        }
        Cow::Owned(bytes) => Ok(charset.decode(&bytes)?.into_owned()),
    }
}

fn percent_decode(raw: &[u8]) -> Result<Cow<'_, [u8]>, ParamsError> {
    if !raw.iter().any(|byte| matches!(byte, b'%' | b'+')) {
        return Ok(Cow::Borrowed(raw));
    }
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'%', [high, low, after @ ..]) => {
                let high = hex_value(*high).ok_or(ParamsError::BrokenEscape)?;
                let low = hex_value(*low).ok_or(ParamsError::BrokenEscape)?;
                out.push(high << 4 | low);
                rest = after;
            }
            (b'%', _) => return Err(ParamsError::BrokenEscape),
            (b'+', _) => out.push(b' '),
            (byte, _) => out.push(*byte),
        }
    }
    Ok(Cow::Owned(out))
}

const fn hex_value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// A text as part of an address: all but the unreserved characters of RFC 3986 section 2.3 are escaped.
#[must_use]
pub fn address_part(text: &str) -> String {
    let mut part = String::with_capacity(text.len());
    percent_encode(&mut part, text.as_bytes());
    // A form writes a blank as a plus, and a plus of the text is escaped already.
    part.replace('+', "%20")
}

fn percent_encode(out: &mut String, bytes: &[u8]) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for &byte in bytes {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            _ => {
                out.push('%');
                out.push(char::from(HEX[usize::from(byte >> 4)]));
                out.push(char::from(HEX[usize::from(byte & 0xf)]));
            }
        }
    }
}
