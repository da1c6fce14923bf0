//! A product's own fields on its payments: named, typed, and versioned as a whole.

use crate::moment::is_date;
use crate::refusal::Refusal;
use crate::words::words;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Fields that one version may have.
pub const EXT_FIELDS_MAX: usize = 32;
/// The longest name of a field, bytes.
const NAME_MAX: usize = 40;
/// The longest text that a field may hold, characters.
const TEXT_MAX: usize = 200;
/// Words that a text field may be limited to.
const VALUES_MAX: usize = 50;
/// All versions of one product together, bytes of JSON.
const SCHEMAS_MAX_BYTES: usize = 65_536;

words! {
    /// What a field holds.
    ExtKind {
        /// Characters, or one of the words it is limited to.
        Text = "text",
        /// A whole number of 64 bits.
        Integer = "integer",
        /// Minor units of the payment's currency, not below zero.
        Amount = "amount",
        /// Yes or no.
        Boolean = "boolean",
        /// A day, `YYYY-MM-DD`.
        Date = "date",
    }
}

/// One field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExtField {
    /// What it is called: lower-case letters, digits and underscores.
    pub name: String,
    /// What it holds, in every version the same.
    pub kind: ExtKind,
    /// Whether each payment must have it.
    #[serde(default)]
    pub required: bool,
    /// The words that a text is limited to; none allows any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

impl ExtField {
    fn check(&self) -> Result<(), Refusal> {
        let refused = |reason| Err(Refusal::ExtInvalid { field: self.name.clone(), reason });
        let sound = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let named = self.name.as_bytes().first().is_some_and(u8::is_ascii_lowercase);
        if !named || self.name.len() > NAME_MAX || !self.name.bytes().all(sound) {
            return refused("a name has 1 to 40 lower-case letters, digits and underscores");
        }
        let rest = self.name.strip_prefix("attribute").or_else(|| self.name.strip_prefix("ext"));
        if rest.is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')) {
            return refused("a name says what the field holds");
        }
        let fits = |word: &String| (1..=TEXT_MAX).contains(&word.chars().count());
        if self.values.len() > VALUES_MAX || !self.values.iter().all(fits) {
            return refused("at most 50 words of 1 to 200 characters");
        }
        if self.kind != ExtKind::Text && !self.values.is_empty() {
            return refused("only a text is limited to words");
        }
        Ok(())
    }

    /// What is wrong with a value of this field.
    fn fault(&self, value: &Value) -> Option<&'static str> {
        let (fits, wanted) = match self.kind {
            ExtKind::Text if !self.values.is_empty() => {
                let known = value.as_str().is_some_and(|text| self.values.iter().any(|word| word == text));
                (known, "none of its words")
            }
            ExtKind::Text => (value.as_str().is_some_and(sound_text), "no text of 1 to 200 characters"),
            ExtKind::Integer => (value.is_i64(), "no whole number of 64 bits"),
            ExtKind::Amount => (value.as_i64().is_some_and(|minor| minor >= 0), "no amount in minor units"),
            ExtKind::Boolean => (value.is_boolean(), "neither true nor false"),
            ExtKind::Date => (value.as_str().is_some_and(is_date), "no day YYYY-MM-DD"),
        };
        (!fits).then_some(wanted)
    }
}

fn sound_text(text: &str) -> bool {
    (1..=TEXT_MAX).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

/// All fields of one version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtSchema {
    /// Counts from 1; the highest is the current one.
    pub version: i64,
    /// The fields.
    pub fields: Vec<ExtField>,
}

impl ExtSchema {
    fn check(&self) -> Result<(), Refusal> {
        if self.fields.len() > EXT_FIELDS_MAX {
            let max = i64::try_from(EXT_FIELDS_MAX).unwrap_or(i64::MAX);
            return Err(Refusal::LimitReached { what: "ext_fields", max });
        }
        for (index, field) in self.fields.iter().enumerate() {
            field.check()?;
            if self.fields.iter().take(index).any(|earlier| earlier.name == field.name) {
                return Err(Refusal::ExtInvalid { field: field.name.clone(), reason: "named twice" });
            }
        }
        Ok(())
    }

    fn check_values(&self, values: &Map<String, Value>) -> Result<(), Refusal> {
        let refused = |field: &str, reason| Err(Refusal::ExtInvalid { field: field.to_owned(), reason });
        for (name, value) in values {
            let Some(field) = self.fields.iter().find(|field| field.name == *name) else {
                return refused(name, "not a field of this version");
            };
            if let Some(reason) = field.fault(value) {
                return refused(name, reason);
            }
        }
        let missing = self.fields.iter().find(|field| field.required && !values.contains_key(&field.name));
        missing.map_or(Ok(()), |field| refused(&field.name, "required"))
    }
}

/// All versions that a product has had, the oldest first, as they are stored.
fn schemas(stored: Option<&str>) -> Vec<ExtSchema> {
    stored.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

/// The versions with these fields as the current one; a field keeps its kind through all of them.
pub(super) fn declared(stored: Option<&str>, fields: &[ExtField]) -> Result<Option<String>, Refusal> {
    let mut versions = schemas(stored);
    let current = versions.last();
    if current.map_or(&[][..], |current| &current.fields) == fields {
        return Ok(stored.map(str::to_owned));
    }
    for field in fields {
        let earlier = versions.iter().flat_map(|version| &version.fields);
        if earlier.filter(|known| known.name == field.name).any(|known| known.kind != field.kind) {
            let reason = "held something else in an earlier version; take another name";
            return Err(Refusal::ExtInvalid { field: field.name.clone(), reason });
        }
    }
    let version = current.map_or(0, |current| current.version).saturating_add(1);
    let next = ExtSchema { version, fields: fields.to_vec() };
    next.check()?;
    versions.push(next);
    let text = serde_json::to_string(&versions).unwrap_or_default();
    if text.len() > SCHEMAS_MAX_BYTES {
        let max = i64::try_from(SCHEMAS_MAX_BYTES).unwrap_or(i64::MAX);
        return Err(Refusal::LimitReached { what: "ext_schemas", max });
    }
    Ok(Some(text))
}

/// A payment's own fields as the caller writes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtValues {
    /// The version they were written for; the current one by default.
    pub version: Option<i64>,
    /// The fields by name.
    pub values: Map<String, Value>,
}

/// The fields as they are frozen on a payment, with the version they were checked against; a caller who wrote for an
/// earlier version is held to that one.
pub(crate) fn frozen(stored: Option<&str>, ext: Option<&ExtValues>) -> Result<Option<String>, Refusal> {
    let versions = schemas(stored);
    let asked = ext.and_then(|ext| ext.version);
    let schema = match asked {
        Some(asked) => versions.iter().find(|schema| schema.version == asked),
        None => versions.last(),
    };
    let none = Map::new();
    let values = ext.map_or(&none, |ext| &ext.values);
    let Some(schema) = schema else {
        let refused = |reason| Err(Refusal::FieldInvalid { param: "ext", reason });
        return match (asked, values.is_empty()) {
            (Some(_), _) => refused("the product has no such version"),
            (None, false) => refused("the product has no fields of its own"),
            (None, true) => Ok(None),
        };
    };
    schema.check_values(values)?;
    let empty = values.is_empty();
    Ok((!empty).then(|| json!({ "version": schema.version, "values": values }).to_string()))
}
