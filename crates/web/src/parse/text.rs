//! Texts with their bounds: length in characters, and which characters.

use crate::problem::{Code as Refused, Problem};
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::{Map, Value, json};
use std::net::IpAddr;
use tk_domain::channel_account::Method;
use tk_domain::merchant::phone;
use tk_domain::moment::shanghai_day;
use utoipa::ToSchema;

/// Members that the merchant's own data may have.
const METADATA_KEYS_MAX: usize = 50;
/// Its size as JSON, bytes.
const METADATA_BYTES_MAX: usize = 4_096;

/// A text without control characters, of `MIN` to `MAX` characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text<const MIN: usize, const MAX: usize>(pub String);

/// A name shown to people.
pub type Name = Text<1, 100>;
/// What is paid for, shown to the payer and sent to the channel.
pub type Description = Text<1, 127>;

impl<'de, const MIN: usize, const MAX: usize> Deserialize<'de> for Text<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if !(MIN..=MAX).contains(&text.chars().count()) {
            return Err(D::Error::custom(format!("field_malformed: {MIN} to {MAX} characters")));
        }
        if text.chars().any(unprintable) || text.trim() != text {
            return Err(D::Error::custom("field_malformed: control characters, or spaces at an end"));
        }
        Ok(Self(text))
    }
}

/// Control characters, and those that turn or hide the text around them (Unicode TR36).
fn unprintable(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

fn token<'de, D: Deserializer<'de>>(deserializer: D, max: usize, also: &str) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() || text.len() > max {
        return Err(D::Error::custom(format!("field_malformed: 1 to {max} characters")));
    }
    if !text.chars().all(|letter| letter.is_ascii_alphanumeric() || also.contains(letter)) {
        return Err(D::Error::custom(format!("field_malformed: only letters, digits and {also}")));
    }
    Ok(text)
}

/// A caller's own number of an order or refund.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, max_length = 64, pattern = "^[A-Za-z0-9_.:/#-]{1,64}$", example = "CAR20260827000123")]
pub struct Number(pub String);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        token(deserializer, 64, "-_.:/#").map(Self)
    }
}

/// A code that a caller gives to a merchant or product.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, max_length = 64, pattern = "^[A-Za-z0-9_.-]{1,64}$", example = "motor_commercial")]
pub struct Code(pub String);

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        token(deserializer, 64, "-_.").map(Self)
    }
}

/// A payer's address on the internet, IPv4 or IPv6, as it is written canonically.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, max_length = 45, example = "203.0.113.7")]
pub struct PayerIp(pub String);

impl<'de> Deserialize<'de> for PayerIp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let address = text.parse::<IpAddr>().map(|address| address.to_canonical());
        let one = |address: &IpAddr| !address.is_unspecified() && !address.is_multicast();
        let address = address.ok().filter(one);
        let told = address.ok_or_else(|| D::Error::custom("field_malformed: one IPv4 or IPv6 address"))?;
        Ok(Self(told.to_string()))
    }
}

/// A telephone number as it is printed: digits, and what groups them.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, max_length = 32, example = "95500")]
pub struct Phone(pub String);

impl<'de> Deserialize<'de> for Phone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Text(text) = Text::<3, 32>::deserialize(deserializer)?;
        if !phone::well_formed(&text) {
            return Err(D::Error::custom(
                "field_malformed: digits, spaces, hyphens, brackets and one leading +",
            ));
        }
        Ok(Self(text))
    }
}

/// The caller's own data: an object of at most 50 members and 4 KiB as JSON.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
#[schema(value_type = Object)]
pub struct Metadata(pub Map<String, Value>);

impl Metadata {
    /// The object as JSON.
    #[must_use]
    pub fn json(&self) -> String {
        Value::Object(self.0.clone()).to_string()
    }
}

impl<'de> Deserialize<'de> for Metadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let members = Map::<String, Value>::deserialize(deserializer)?;
        let data = Self(members);
        if data.0.len() > METADATA_KEYS_MAX || data.json().len() > METADATA_BYTES_MAX {
            return Err(D::Error::custom("field_malformed: at most 50 members and 4096 bytes"));
        }
        Ok(data)
    }
}

/// The Unix microseconds of an RFC 3339 time with offset, such as `2026-08-27T11:00:00+08:00`.
#[must_use]
pub fn rfc3339_us(text: &str) -> Option<i64> {
    let at: jiff::Timestamp = text.get(..40).unwrap_or(text).parse().ok()?;
    Some(at.as_microsecond())
}

/// The Shanghai day of a date such as `2026-08-27`, days since 1970-01-01.
#[must_use]
pub fn day_of(text: &str) -> Option<i64> {
    rfc3339_us(&format!("{text}T00:00:00+08:00")).map(shanghai_day)
}

/// Tells a field that is null (`Some(None)`) from one that is absent (`None`, by default).
pub fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

/// A request without fields.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// A list of methods and groups as it is kept; words that are neither are refused.
pub fn method_words(pointer: &str, words: &[Text<1, 32>]) -> Result<String, Problem> {
    let known = |word: &str| {
        let group = |method: &Method| method.group() == Some(word);
        Method::parse(word).is_some() || Method::ALL.iter().any(group)
    };
    let refused =
        |pointer: String, detail: &str| Err(Problem::field(Refused::FieldMalformed, pointer, detail));
    match words.iter().position(|word| !known(&word.0)) {
        Some(at) => refused(format!("{pointer}/{at}"), "neither a method nor a group"),
        None if words.is_empty() => refused(pointer.to_owned(), "empty"),
        None => Ok(json!(words.iter().map(|word| &word.0).collect::<Vec<_>>()).to_string()),
    }
}
