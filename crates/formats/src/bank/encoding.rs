//! The character sets that banks write: UTF-8 with or without a mark, GBK and GB18030.

use std::borrow::Cow;

use encoding_rs::{DecoderResult, GB18030};

use super::{BankError, FILE_MAX_BYTES};

/// The encoding that a file is declared to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// UTF-8 where the bytes are valid UTF-8, else GB18030.
    #[default]
    Auto,
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// GBK, read as GB18030, which contains it.
    Gbk,
    /// GB18030.
    Gb18030,
}

impl Encoding {
    /// Reads the name of an XML declaration or a setting, in any letter case.
    pub fn of_name(name: &str) -> Option<Self> {
        const NAMES: [(&str, Encoding); 6] = [
            ("utf-8", Encoding::Utf8),
            ("utf8", Encoding::Utf8),
            ("us-ascii", Encoding::Utf8),
            ("gbk", Encoding::Gbk),
            ("gb2312", Encoding::Gbk),
            ("gb18030", Encoding::Gb18030),
        ];
        NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|&(_, encoding)| encoding)
    }
}

/// Decodes a whole file, refusing bytes that are no text or not valid in the encoding.
pub fn decode_text(bytes: &[u8], encoding: Encoding) -> Result<Cow<'_, str>, BankError> {
    const MARK: &[u8] = b"\xEF\xBB\xBF";
    if bytes.len() > FILE_MAX_BYTES {
        return Err(BankError::TooLarge);
    }
    if let Some(at) = bytes.iter().position(|&byte| byte < 0x20 && !matches!(byte, b'\t' | b'\r' | b'\n')) {
        return Err(BankError::NotText { line: line_at(bytes, at) });
    }
    let marked = bytes.strip_prefix(MARK);
    match (encoding, marked) {
        (Encoding::Auto | Encoding::Utf8, Some(rest)) => utf8(rest),
        (Encoding::Utf8, None) => utf8(bytes),
        (Encoding::Auto, None) => utf8(bytes).or_else(|_| gb18030(bytes)),
        (Encoding::Gbk | Encoding::Gb18030, _) => gb18030(bytes),
    }
}

/// The number of the line that the byte at this place is on, from 1.
pub(super) fn line_at(bytes: &[u8], at: usize) -> usize {
    bytes.iter().take(at).filter(|&&byte| byte == b'\n').count() + 1
}

fn utf8(bytes: &[u8]) -> Result<Cow<'_, str>, BankError> {
    std::str::from_utf8(bytes)
        .map(Cow::Borrowed)
        .map_err(|error| BankError::Charset { line: line_at(bytes, error.valid_up_to()) })
}

fn gb18030(bytes: &[u8]) -> Result<Cow<'_, str>, BankError> {
    if bytes.is_ascii() {
        return utf8(bytes);
    }
    let mut decoder = GB18030.new_decoder_without_bom_handling();
    let room = decoder.max_utf8_buffer_length_without_replacement(bytes.len()).ok_or(BankError::TooLarge)?;
    let mut text = String::with_capacity(room);
    match decoder.decode_to_string_without_replacement(bytes, &mut text, true) {
        (DecoderResult::InputEmpty, _) => Ok(Cow::Owned(text)),
        (DecoderResult::Malformed(..) | DecoderResult::OutputFull, read) => {
            Err(BankError::Charset { line: line_at(bytes, read.saturating_sub(1)) })
        }
    }
}
