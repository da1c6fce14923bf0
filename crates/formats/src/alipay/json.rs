//! JSON read strictly: no duplicate keys anywhere, and the exact bytes of top-level members.

use std::fmt;
use std::ops::Range;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::charset::Charset;

/// The most members the top-level object may have.
const MEMBERS_MAX: usize = 16;

/// The text is not one JSON object, or a key occurs twice in some object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a JSON object with unique keys")]
pub(crate) struct JsonError;

/// One member of the top-level object, as byte ranges of the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member<'a> {
    /// The key without its quotes; it holds no escapes.
    pub key: &'a [u8],
    /// Where the value stands, without surrounding white space.
    pub value: Range<usize>,
}

/// Reads one JSON object, refusing duplicate keys at every depth.
pub(crate) fn parse_object(text: &str) -> Result<Map<String, Value>, JsonError> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Unique.deserialize(&mut reader).map_err(|_| JsonError)?;
    reader.end().map_err(|_| JsonError)?;
    match value {
        Value::Object(map) => Ok(map),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Err(JsonError)
        }
    }
}

/// Finds the members of the top-level object without changing a byte; duplicate or escaped keys are refused.
pub(crate) fn top_members(body: &[u8], charset: Charset) -> Result<Vec<Member<'_>>, JsonError> {
    let mut scan = Scan { body, at: 0, charset };
    let mut members: Vec<Member<'_>> = Vec::new();
    scan.expect(b'{')?;
    loop {
        let key = scan.key()?;
        scan.expect(b':')?;
        let value = scan.value()?;
        if members.len() >= MEMBERS_MAX || members.iter().any(|member| member.key == key) {
            return Err(JsonError);
        }
        members.push(Member { key, value });
        match scan.next_mark()? {
            b',' => {}
            b'}' => break,
            _ => return Err(JsonError),
        }
    }
    scan.skip_blanks();
    if scan.at == body.len() { Ok(members) } else { Err(JsonError) }
}

struct Scan<'a> {
    body: &'a [u8],
    at: usize,
    charset: Charset,
}

impl<'a> Scan<'a> {
    fn peek(&self) -> Option<u8> {
        self.body.get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn next_mark(&mut self) -> Result<u8, JsonError> {
        self.skip_blanks();
        let mark = self.peek().ok_or(JsonError)?;
        self.at += 1;
        Ok(mark)
    }

    fn expect(&mut self, want: u8) -> Result<(), JsonError> {
        if self.next_mark()? == want { Ok(()) } else { Err(JsonError) }
    }

    fn key(&mut self) -> Result<&'a [u8], JsonError> {
        self.skip_blanks();
        let start = self.at;
        self.string()?;
        let key = self.body.get(start + 1..self.at - 1).ok_or(JsonError)?;
        if key.contains(&b'\\') { Err(JsonError) } else { Ok(key) }
    }

    fn string(&mut self) -> Result<(), JsonError> {
        if self.peek() != Some(b'"') {
            return Err(JsonError);
        }
        self.at += 1;
        loop {
            match self.peek().ok_or(JsonError)? {
                b'"' => {
                    self.at += 1;
                    return Ok(());
                }
                b'\\' => self.at += 2,
                _ => self.at += self.charset.unit_len(self.body.get(self.at..).unwrap_or_default()),
            }
        }
    }

    fn value(&mut self) -> Result<Range<usize>, JsonError> {
        self.skip_blanks();
        let start = self.at;
        let mut depth = 0_usize;
        loop {
            match self.peek().ok_or(JsonError)? {
                b'"' => self.string()?,
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' if depth > 0 => {
                    depth -= 1;
                    self.at += 1;
                }
                b',' | b'}' | b']' if depth == 0 => break,
                _ => self.at += 1,
            }
            if depth == 0 && matches!(self.body.get(start), Some(b'"' | b'{' | b'[')) {
                break;
            }
        }
        if self.at == start { Err(JsonError) } else { Ok(start..self.at) }
    }
}

struct Unique;

impl<'de> DeserializeSeed<'de> for Unique {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unique {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON value with unique keys")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(Unique)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let value = entries.next_value_seed(Unique)?;
            if map.insert(key, value).is_some() {
                return Err(A::Error::custom("duplicate key"));
            }
        }
        Ok(Value::Object(map))
    }
}
