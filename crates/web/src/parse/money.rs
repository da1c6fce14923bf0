//! Amounts: whole minor units as a JSON number, nothing else.

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;
use utoipa::ToSchema;

/// A whole number of minor units (fen), positive or not; whether it is in range is for the decision to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(value_type = i64, example = 428_640)]
pub struct MinorUnits(pub i64);

/// The number inside, for optional fields.
#[must_use]
pub fn minor(amount: Option<MinorUnits>) -> Option<i64> {
    amount.map(|amount| amount.0)
}

/// From here on every number that the parser tells is whole, and none is an amount.
const WHOLE_FROM: f64 = 9_223_372_036_854_775_808.0;

struct Amount;

impl<'de> Visitor<'de> for Amount {
    type Value = MinorUnits;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number of minor units")
    }

    fn visit_i64<E>(self, value: i64) -> Result<MinorUnits, E> {
        Ok(MinorUnits(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<MinorUnits, E> {
        // Beyond 64 bits is beyond every product's bounds, and is refused as such by the decision.
        Ok(MinorUnits(i64::try_from(value).unwrap_or(i64::MAX)))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<MinorUnits, E> {
        // So the parser tells whole numbers beyond 64 bits.
        if value.abs() >= WHOLE_FROM {
            return Ok(MinorUnits(if value > 0.0 { i64::MAX } else { i64::MIN }));
        }
        Err(E::custom("amount_not_integer: a whole number of minor units, without fraction or exponent"))
    }

    fn visit_str<E: Error>(self, _value: &str) -> Result<MinorUnits, E> {
        Err(invalid())
    }

    fn visit_bool<E: Error>(self, _value: bool) -> Result<MinorUnits, E> {
        Err(invalid())
    }

    fn visit_unit<E: Error>(self) -> Result<MinorUnits, E> {
        Err(invalid())
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, _access: A) -> Result<MinorUnits, A::Error> {
        Err(invalid())
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, _access: A) -> Result<MinorUnits, A::Error> {
        Err(invalid())
    }
}

fn invalid<E: Error>() -> E {
    E::custom("amount_invalid: a JSON number of minor units")
}

impl<'de> Deserialize<'de> for MinorUnits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Amount)
    }
}
