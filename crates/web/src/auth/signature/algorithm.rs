//! The algorithms of signatures. The key record says which one; the message cannot choose.

use super::Caller;
use aws_lc_rs::hmac;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA512,
    VerificationAlgorithm,
};
use tk_app::Seal;
use tk_domain::access::SignatureAlgorithm;
use tk_domain::id::ApiKeyId;

/// The name that an HMAC key's secret is sealed for.
#[must_use]
pub fn hmac_key_name(id: ApiKeyId) -> String {
    format!("signature/{id}")
}

/// Whether these bytes (DER, SubjectPublicKeyInfo) are a public key of the algorithm.
#[must_use]
pub fn check_public_key(algorithm: SignatureAlgorithm, der: &[u8]) -> bool {
    asymmetric(algorithm).is_some_and(|verifier| ParsedPublicKey::new(verifier, der).is_ok())
}

fn asymmetric(algorithm: SignatureAlgorithm) -> Option<&'static dyn VerificationAlgorithm> {
    match algorithm {
        SignatureAlgorithm::Ed25519 => Some(&ED25519),
        SignatureAlgorithm::EcdsaP256Sha256 => Some(&ECDSA_P256_SHA256_FIXED),
        SignatureAlgorithm::RsaPssSha512 => Some(&RSA_PSS_2048_8192_SHA512),
        SignatureAlgorithm::RsaV15Sha256 => Some(&RSA_PKCS1_2048_8192_SHA256),
        SignatureAlgorithm::HmacSha256 => None,
    }
}

pub(super) fn verifies(caller: &Caller, base: &str, signature: &[u8], seal: &Seal) -> bool {
    let key = &caller.key;
    let (Some(algorithm), Some(bytes)) = (key.signature_algorithm, key.signature_key.as_ref()) else {
        return false;
    };
    let Some(verifier) = asymmetric(algorithm) else {
        let Ok(secret) = seal.open(bytes, &hmac_key_name(key.id)) else { return false };
        let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
        return hmac::verify(&key, base.as_bytes(), signature).is_ok();
    };
    verifier.verify_sig(bytes, base.as_bytes(), signature).is_ok()
}
