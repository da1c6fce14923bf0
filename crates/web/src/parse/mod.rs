//! Parsing what callers send: nothing unparsed gets further than this.

mod body;
mod json;
mod money;
mod query;
mod request;
#[cfg(test)]
mod tests;
mod text;

pub use body::read_body;
pub use json::{from_slice, typed};
pub use money::{MinorUnits, minor};
pub use query::Params;
pub use request::{Change, Read, Upload, Write};
pub use text::{
    Code as CodeText, Description, Metadata, Name, Nothing, Number, PayerIp, Phone, Text, day_of,
    method_words, present, rfc3339_us,
};
