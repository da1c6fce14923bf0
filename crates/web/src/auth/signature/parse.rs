//! `Signature-Input` and `Signature` with exactly one signature, read strictly (RFC 9421 section 4,
//! RFC 8941 structured fields in the forms that signers produce).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The longest header read, bytes.
const HEADER_MAX: usize = 4_096;
/// Components that a signature may cover.
const COVERED_MAX: usize = 16;
/// The longest nonce and key id.
const TEXT_MAX: usize = 128;

/// One signature with what it covers and says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedSignature {
    /// Component names in order, lower case, without parameters.
    pub covered: Vec<String>,
    /// Everything after the label's `=`, as it was sent: the value of `@signature-params`.
    pub parameters: String,
    /// Unix seconds.
    pub created_s: i64,
    /// Unix seconds.
    pub expires_s: Option<i64>,
    /// Used once.
    pub nonce: Option<String>,
    /// The algorithm it claims.
    pub algorithm: Option<String>,
    /// The key it claims.
    pub key_id: String,
    /// The signature itself.
    pub signature: Vec<u8>,
}

impl ParsedSignature {
    /// Reads the two headers; anything malformed, repeated or unknown is nothing.
    #[must_use]
    pub fn read(input: &str, signature: &str) -> Option<Self> {
        if input.len() > HEADER_MAX || signature.len() > HEADER_MAX {
            return None;
        }
        let (label, parameters) = input.trim().split_once('=')?;
        let (signature_label, value) = signature.trim().split_once('=')?;
        if label != signature_label || label.is_empty() || !label.bytes().all(is_label) {
            return None;
        }
        let value = value.strip_prefix(':')?.strip_suffix(':')?;
        let (list, rest) = parameters.strip_prefix('(')?.split_once(')')?;
        let mut read = Self {
            covered: covered(list)?,
            parameters: parameters.to_owned(),
            created_s: i64::MIN,
            expires_s: None,
            nonce: None,
            algorithm: None,
            key_id: String::new(),
            signature: STANDARD.decode(value).ok()?,
        };
        read.take_parameters(rest)?;
        (read.created_s > i64::MIN && !read.key_id.is_empty()).then_some(read)
    }

    fn take_parameters(&mut self, mut rest: &str) -> Option<()> {
        let mut seen: Vec<&str> = Vec::new();
        while !rest.is_empty() {
            let (name, after) = rest.strip_prefix(';')?.split_once('=')?;
            if seen.contains(&name) {
                return None;
            }
            seen.push(name);
            rest = match name {
                "created" | "expires" => {
                    let (number, after) = number(after)?;
                    if name == "created" {
                        self.created_s = number;
                    } else {
                        self.expires_s = Some(number);
                    }
                    after
                }
                "nonce" | "alg" | "keyid" | "tag" => {
                    let (text, after) = quoted(after)?;
                    match name {
                        "nonce" => self.nonce = Some(text),
                        "alg" => self.algorithm = Some(text),
                        "keyid" => self.key_id = text,
                        _ => {}
                    }
                    after
                }
                _ => return None,
            };
        }
        Some(())
    }
}

fn is_label(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_' | b'.' | b'*')
}

fn covered(list: &str) -> Option<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    let mut rest = list.trim();
    while !rest.is_empty() {
        let (name, after) = quoted(rest)?;
        let known_form = name.bytes().all(|byte| is_label(byte) || byte == b'@');
        if !known_form || names.contains(&name) || names.len() >= COVERED_MAX {
            return None;
        }
        names.push(name);
        rest = match after.strip_prefix(' ') {
            Some(after) if !after.is_empty() => after,
            None if after.is_empty() => after,
            Some(_) | None => return None,
        };
    }
    Some(names)
}

/// A quoted string without escapes, of printable ASCII, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let (inside, after) = text.strip_prefix('"')?.split_once('"')?;
    let plain = inside.bytes().all(|byte| (0x20..0x7F).contains(&byte) && byte != b'\\');
    (plain && (1..=TEXT_MAX).contains(&inside.len())).then(|| (inside.to_owned(), after))
}

/// A whole number of at most 12 digits and what follows it.
fn number(text: &str) -> Option<(i64, &str)> {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (digits, after) = text.split_at(end);
    if digits.is_empty() || digits.len() > 12 {
        return None;
    }
    Some((digits.parse().ok()?, after))
}
