//! Certificates made fresh: X.509 v3, RSA with SHA-256, written as DER by hand.

use aws_lc_rs::rand::{self, SystemRandom};
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::KeysError;
use super::pair::Pair;

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const INTEGER: u8 = 0x02;
const BOOLEAN: u8 = 0x01;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const UTF8_STRING: u8 = 0x0C;
const UTC_TIME: u8 = 0x17;
/// `[0]`, the version, and `[3]`, the extensions.
const VERSION: u8 = 0xA0;
const EXTENSIONS: u8 = 0xA3;
/// sha256WithRSAEncryption with its absent parameters.
const RSA_SHA256: &[u8] =
    &[0x30, 0x0D, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0B, 0x05, 0x00];
const COMMON_NAME: &[u8] = &[0x06, 0x03, 0x55, 0x04, 0x03];
const BASIC_CONSTRAINTS: &[u8] = &[0x06, 0x03, 0x55, 0x1D, 0x13];
const TRUE: &[u8] = &[BOOLEAN, 0x01, 0xFF];

/// What a certificate's holder may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Issue others.
    Authority,
    /// Sign messages.
    Signer,
}

/// From when to when a certificate counts, Unix microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    pub from_us: i64,
    pub until_us: i64,
}

/// Who issues: its common name and key.
#[derive(Clone, Copy)]
pub struct Issuer<'k> {
    pub name: &'k str,
    pub key: &'k KeyPair,
}

impl std::fmt::Debug for Issuer<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Issuer").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A certificate of `holder`'s key under a common name, as PEM.
pub fn issue(
    issuer: Issuer<'_>,
    (name, holder): (&str, &Pair),
    role: Role,
    term: Term,
) -> Result<String, KeysError> {
    let mut serial = [0_u8; 16];
    rand::fill(&mut serial).map_err(|_| KeysError::Generation)?;
    // Positive, and without a zero in front, so that every way of writing it agrees.
    serial[0] = serial[0] & 0x3F | 0x40;
    let signed = joined(&[
        &tagged(VERSION, &[INTEGER, 0x01, 0x02]),
        &tagged(INTEGER, &serial),
        RSA_SHA256,
        &named(issuer.name),
        &tagged(SEQUENCE, &joined(&[&moment(term.from_us)?, &moment(term.until_us)?])),
        &named(name),
        &holder.public_der,
        &tagged(EXTENSIONS, &tagged(SEQUENCE, &constraints(role))),
    ]);
    let signed = tagged(SEQUENCE, &signed);
    let mut signature = vec![0; issuer.key.public_modulus_len()];
    issuer
        .key
        .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &signed, &mut signature)
        .map_err(|_| KeysError::Generation)?;
    let bits = joined(&[&[0], &signature]);
    let whole = tagged(SEQUENCE, &joined(&[&signed, RSA_SHA256, &tagged(BIT_STRING, &bits)]));
    Ok(pem::encode(&pem::Pem::new("CERTIFICATE", whole)))
}

fn constraints(role: Role) -> Vec<u8> {
    let inner = match role {
        Role::Authority => tagged(SEQUENCE, TRUE),
        Role::Signer => tagged(SEQUENCE, &[]),
    };
    tagged(SEQUENCE, &joined(&[BASIC_CONSTRAINTS, TRUE, &tagged(OCTET_STRING, &inner)]))
}

fn named(name: &str) -> Vec<u8> {
    let part = tagged(SEQUENCE, &joined(&[COMMON_NAME, &tagged(UTF8_STRING, name.as_bytes())]));
    tagged(SEQUENCE, &tagged(SET, &part))
}

/// Two digits of the year: until 2049, which is long enough for fresh keys.
fn moment(at_us: i64) -> Result<Vec<u8>, KeysError> {
    let at = Timestamp::from_microsecond(at_us).map_err(|_| KeysError::Generation)?;
    let text = at.to_zoned(TimeZone::UTC).strftime("%y%m%d%H%M%SZ").to_string();
    Ok(tagged(UTC_TIME, text.as_bytes()))
}

fn joined(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut whole = vec![tag];
    let digits: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
    match digits.as_slice() {
        [] => whole.push(0),
        [short] if *short < 0x80 => whole.push(*short),
        long => {
            whole.push(0x80 | u8::try_from(long.len()).unwrap_or(0));
            whole.extend_from_slice(long);
        }
    }
    whole.extend_from_slice(content);
    whole
}

#[cfg(test)]
mod tests {
    use super::*;
    use tk_formats::alipay::keys::{SigningKey, VerifyingKey};
    use tk_formats::cert::{check_chain, validity};

    const TERM: Term = Term { from_us: 1_700_000_000_000_000, until_us: 1_800_000_000_000_000 };
    const NOW_US: i64 = 1_750_000_000_000_000;

    #[test]
    fn an_authority_s_certificate_is_believed_and_a_signer_issues_nothing() {
        let (root, middle, holder) =
            (Pair::generate().unwrap(), Pair::generate().unwrap(), Pair::generate().unwrap());
        let top = Issuer { name: "root", key: &root.key };
        let root_pem = issue(top, ("root", &root), Role::Authority, TERM).unwrap();
        let issued = |role| {
            let between = issue(top, ("中间", &middle), role, TERM).unwrap();
            let below = Issuer { name: "中间", key: &middle.key };
            let leaf = issue(below, ("041@1@00040000:SIGN@2", &holder), Role::Signer, TERM).unwrap();
            (format!("{leaf}{between}"), leaf)
        };
        let (chain, leaf) = issued(Role::Authority);
        assert_eq!(check_chain(&chain, &root_pem, NOW_US), Ok(()));
        assert!(check_chain(&chain, &root_pem, TERM.until_us + 1_000_000).is_err());
        assert!(check_chain(&issued(Role::Signer).0, &root_pem, NOW_US).is_err());
        let term = validity(&leaf).unwrap();
        assert_eq!((term.not_before_us, term.not_after_us), (TERM.from_us, TERM.until_us));
        let key = SigningKey::from_pem(&holder.private_pem).unwrap();
        let signature = key.sign(b"word").unwrap();
        assert!(VerifyingKey::from_certificate_pem(&leaf).unwrap().verify(b"word", &signature).is_ok());
    }
}
