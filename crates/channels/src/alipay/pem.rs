//! Keys as people paste them: PEM, or the bare base64 line that the platform's key tool hands out.

use tk_formats::alipay::keys::{KeyError, SigningKey, VerifyingKey};

const LINE_CHARS: usize = 64;

/// Reads a private key given as PEM, or as bare base64 of PKCS#8 or PKCS#1.
pub(super) fn signing_key(text: &str) -> Result<SigningKey, KeyError> {
    match bare(text) {
        None => SigningKey::from_pem(text),
        Some(line) => SigningKey::from_pem(&armoured("PRIVATE KEY", &line))
            .or_else(|_| SigningKey::from_pem(&armoured("RSA PRIVATE KEY", &line))),
    }
}

/// Reads a public key given as PEM, or as bare base64 of a SubjectPublicKeyInfo.
pub(super) fn public_key(text: &str) -> Result<VerifyingKey, KeyError> {
    match bare(text) {
        None => VerifyingKey::from_public_pem(text),
        Some(line) => VerifyingKey::from_public_pem(&armoured("PUBLIC KEY", &line)),
    }
}

/// The base64 without blanks, if the text has no PEM markers.
fn bare(text: &str) -> Option<String> {
    (!text.contains("-----")).then(|| text.chars().filter(|letter| !letter.is_whitespace()).collect())
}

fn armoured(label: &str, line: &str) -> String {
    let mut pem = format!("-----BEGIN {label}-----\n");
    for (at, letter) in line.chars().enumerate() {
        if at > 0 && at.is_multiple_of(LINE_CHARS) {
            pem.push('\n');
        }
        pem.push(letter);
    }
    pem + "\n-----END " + label + "-----\n"
}
