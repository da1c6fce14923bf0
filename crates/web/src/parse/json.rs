//! JSON, read strictly: one object, no repeated names, no field that must never be sent, no deep nesting.

use crate::problem::{Code, Problem};
use serde::de::{DeserializeOwned, DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::cell::RefCell;
use std::fmt;

/// Objects and arrays within each other.
const DEPTH_MAX: usize = 12;
/// Names of fields that must never be sent, whatever is around them (PCI DSS 3.3: sensitive authentication data).
const FORBIDDEN: [&str; 12] = [
    "cvv",
    "cvv2",
    "cvc",
    "cvc2",
    "cvn",
    "cvn2",
    "pin",
    "pin_block",
    "pinblock",
    "track",
    "track_data",
    "magstripe",
];

/// Reads the bytes of a body as `T`.
pub fn from_slice<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    typed(value(bytes)?)
}

/// Takes a parsed object apart into `T`; unknown fields are refused by their place.
pub fn typed<T: DeserializeOwned>(value: Value) -> Result<T, Problem> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let pointer = pointer(error.path());
        translated(&pointer, &error.inner().to_string())
    })
}

fn value(bytes: &[u8]) -> Result<Value, Problem> {
    let fault = RefCell::new(None);
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let seed = Strict { fault: &fault, pointer: "#".to_owned(), depth: 0 };
    let read = seed.deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    match (read, fault.into_inner()) {
        (_, Some(problem)) => Err(problem),
        (Ok(value), None) if value.is_object() => Ok(value),
        (Ok(_), None) => Err(Problem::field(Code::BodyInvalid, "#", "not a JSON object")),
        (Err(error), None) => {
            let place = format!("not JSON at line {} column {}", error.line(), error.column());
            Err(Problem::field(Code::BodyInvalid, "#", place))
        }
    }
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut text = "#".to_owned();
    for segment in path {
        match segment {
            Segment::Seq { index } => text = format!("{text}/{index}"),
            Segment::Map { key } => text = format!("{text}/{}", escaped(key)),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    text
}

/// RFC 6901 section 3.
fn escaped(key: &str) -> String {
    key.chars().take(64).collect::<String>().replace('~', "~0").replace('/', "~1")
}

/// A type of ours says `code: detail`; serde says the rest in its own words.
fn translated(pointer: &str, message: &str) -> Problem {
    let quoted = || message.split('`').nth(1).unwrap_or_default();
    let below = |name: &str| {
        let name = escaped(name);
        if pointer.ends_with(&format!("/{name}")) { pointer.to_owned() } else { format!("{pointer}/{name}") }
    };
    if message.starts_with("unknown field") {
        return Problem::field(Code::UnknownField, below(quoted()), "not a field of this request");
    }
    if message.starts_with("missing field") {
        return Problem::field(Code::FieldMissing, below(quoted()), "required");
    }
    if message.starts_with("unknown variant") {
        return Problem::field(Code::FieldMalformed, pointer, "not one of the words of this field");
    }
    let own = message.split_once(": ").and_then(|(word, detail)| {
        let code = Code::ALL.iter().find(|code| code.word() == word)?;
        Some(Problem::field(*code, pointer, detail))
    });
    own.unwrap_or_else(|| Problem::field(Code::FieldMalformed, pointer, "another type is expected"))
}

struct Strict<'a> {
    fault: &'a RefCell<Option<Problem>>,
    pointer: String,
    depth: usize,
}

impl Strict<'_> {
    fn below(&self, name: &str) -> Self {
        Strict {
            fault: self.fault,
            pointer: format!("{}/{}", self.pointer, escaped(name)),
            depth: self.depth + 1,
        }
    }

    fn refuse<E: Error>(&self, problem: Problem) -> E {
        self.fault.borrow_mut().get_or_insert(problem);
        E::custom("refused")
    }

    fn check_depth<E: Error>(&self) -> Result<(), E> {
        if self.depth < DEPTH_MAX {
            return Ok(());
        }
        Err(self.refuse(Problem::field(Code::BodyInvalid, self.pointer.clone(), "nested too deep")))
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        self.check_depth()?;
        let mut items = Vec::new();
        while let Some(item) = access.next_element_seed(self.below(&items.len().to_string()))? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        self.check_depth()?;
        let mut members = Map::new();
        while let Some(name) = access.next_key::<String>()? {
            let below = self.below(&name);
            if forbidden(&name) {
                return Err(self.refuse(Problem::field(
                    Code::FieldForbidden,
                    below.pointer,
                    "must never be sent",
                )));
            }
            if members.contains_key(&name) {
                return Err(self.refuse(Problem::field(Code::FieldDuplicate, below.pointer, "comes twice")));
            }
            let value = access.next_value_seed(below)?;
            members.insert(name, value);
        }
        Ok(Value::Object(members))
    }
}

fn forbidden(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('-', "_");
    let numbered_track = name.strip_prefix("track").is_some_and(|rest| {
        rest.trim_start_matches('_')
            .strip_suffix("_data")
            .unwrap_or(rest)
            .trim_matches('_')
            .parse::<u8>()
            .is_ok()
    });
    FORBIDDEN.contains(&name.as_str()) || numbered_track
}
