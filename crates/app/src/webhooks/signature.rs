//! Standard Webhooks signatures: `v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What a secret begins with (Standard Webhooks, "Signature scheme").
pub const SECRET_PREFIX: &str = "whsec_";

/// A new secret of 32 bytes from 256 random bits.
#[must_use]
pub fn new_secret(random_bits: [u128; 2]) -> String {
    let [high, low] = random_bits;
    let bytes = [high.to_be_bytes(), low.to_be_bytes()].concat();
    format!("{SECRET_PREFIX}{}", STANDARD.encode(bytes))
}

/// The value of `webhook-signature` for one or, during rotation, two secrets; a secret that is not
/// `whsec_` and base64 signs nothing.
#[must_use]
pub fn signature_header(secrets: &[&str], id: &str, timestamp_s: i64, body: &str) -> String {
    let signed = format!("{id}.{timestamp_s}.{body}");
    let signatures: Vec<String> = secrets
        .iter()
        .filter_map(|secret| STANDARD.decode(secret.strip_prefix(SECRET_PREFIX)?).ok())
        .map(|key| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), signed.as_bytes()))
        .map(|tag| format!("v1,{}", STANDARD.encode(tag)))
        .collect();
    signatures.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Standard Webhooks specification, "Verifying signatures".
    #[test]
    fn the_published_example_verifies() {
        let header = signature_header(
            &["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#,
        );
        assert_eq!(header, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn two_secrets_sign_both_and_a_bad_one_signs_nothing() {
        let good = new_secret([1, 2]);
        let header = signature_header(&[&good, "whsec_!!", &new_secret([3, 4])], "evt", 1, "{}");
        assert_eq!(header.matches("v1,").count(), 2);
    }
}
