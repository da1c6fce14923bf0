//! The two character sets of the gateway: UTF-8, and GBK read as GB18030.

use std::borrow::Cow;

use encoding_rs::{GB18030, GBK};

/// The character set a message says it is written in (alipay.md §1 `charset`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Charset {
    /// `utf-8`, the normal case.
    #[default]
    Utf8,
    /// `gbk`; decoded as GB18030, which contains it.
    Gbk,
}

/// The bytes or text do not fit the character set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CharsetError {
    /// The name is neither UTF-8 nor GBK, GB2312 or GB18030.
    #[error("unknown charset")]
    Unknown,
    /// The bytes are not valid in the character set.
    #[error("bytes are not valid in the charset")]
    Malformed,
    /// The text holds a character the character set lacks.
    #[error("text has a character the charset lacks")]
    Unmappable,
}

impl Charset {
    /// Reads the value of a `charset` parameter, in any letter case.
    pub fn parse(name: &str) -> Result<Self, CharsetError> {
        const NAMES: [(&str, Charset); 5] = [
            ("utf-8", Charset::Utf8),
            ("utf8", Charset::Utf8),
            ("gbk", Charset::Gbk),
            ("gb2312", Charset::Gbk),
            ("gb18030", Charset::Gbk),
        ];
        NAMES
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|&(_, charset)| charset)
            .ok_or(CharsetError::Unknown)
    }

    /// The name as the gateway writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Gbk => "gbk",
        }
    }

    /// Decodes the bytes, refusing anything malformed; borrows where it can.
    pub fn decode(self, bytes: &[u8]) -> Result<Cow<'_, str>, CharsetError> {
        match self {
            Self::Utf8 => std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|_| CharsetError::Malformed),
            Self::Gbk => GB18030
                .decode_without_bom_handling_and_without_replacement(bytes)
                .ok_or(CharsetError::Malformed),
        }
    }

    /// Encodes the text, refusing characters the set lacks; borrows where it can.
    pub fn encode(self, text: &str) -> Result<Cow<'_, [u8]>, CharsetError> {
        match self {
            Self::Utf8 => Ok(Cow::Borrowed(text.as_bytes())),
            Self::Gbk => match GBK.encode(text) {
                (bytes, _, false) => Ok(bytes),
                (_, _, true) => Err(CharsetError::Unmappable),
            },
        }
    }

    /// How many bytes the character starting at this byte takes inside the slice (1 for UTF-8 units).
    pub(crate) fn unit_len(self, bytes: &[u8]) -> usize {
        match (self, bytes) {
            (Self::Gbk, [0x81..=0xfe, 0x30..=0x39, ..]) => 4,
            (Self::Gbk, [0x81..=0xfe, ..]) => 2,
            (Self::Utf8 | Self::Gbk, _) => 1,
        }
    }
}
