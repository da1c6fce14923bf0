//! Secrets at rest: AES-256-GCM under the installation's master key.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hmac;
use std::fmt;

/// Seals and opens secrets; each is bound to the name of what it belongs to.
pub struct Seal {
    key: LessSafeKey,
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal")
    }
}

/// The sealed bytes were not made by this key for this name, or were changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("sealed bytes do not open")]
pub struct NotOpened;

/// A subkey for one purpose.
pub(crate) fn derive(master_key: &[u8], purpose: &str) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, master_key);
    hmac::sign(&key, purpose.as_bytes()).as_ref().to_vec()
}

impl Seal {
    pub(crate) fn new(master_key: &[u8]) -> Result<Self, NotOpened> {
        let key = UnboundKey::new(&AES_256_GCM, &derive(master_key, "seal")).map_err(|_| NotOpened)?;
        Ok(Self { key: LessSafeKey::new(key) })
    }

    /// The secret sealed for `name`, with a nonce from the given random bits in front.
    pub fn seal(&self, secret: &[u8], name: &str, random_bits: u128) -> Result<Vec<u8>, NotOpened> {
        let mut nonce = [0_u8; NONCE_LEN];
        for (byte, from) in nonce.iter_mut().zip(random_bits.to_be_bytes()) {
            *byte = from;
        }
        let mut sealed = secret.to_vec();
        self.key
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(name.as_bytes()),
                &mut sealed,
            )
            .map_err(|_| NotOpened)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// The secret that was sealed for `name`.
    pub fn open(&self, sealed: &[u8], name: &str) -> Result<Vec<u8>, NotOpened> {
        let (nonce, body) = sealed.split_at_checked(NONCE_LEN).ok_or(NotOpened)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| NotOpened)?;
        let mut opened = body.to_vec();
        let length = self
            .key
            .open_in_place(nonce, Aad::from(name.as_bytes()), &mut opened)
            .map_err(|_| NotOpened)?
            .len();
        opened.truncate(length);
        Ok(opened)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_only_for_its_name_and_unchanged() {
        let seal = Seal::new(&[1; 32]).unwrap();
        let sealed = seal.seal(b"secret", "cha_1", 99).unwrap();
        assert_eq!(seal.open(&sealed, "cha_1").unwrap(), b"secret");
        assert_eq!(seal.open(&sealed, "cha_2"), Err(NotOpened));
        assert_eq!(Seal::new(&[2; 32]).unwrap().open(&sealed, "cha_1"), Err(NotOpened));
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert_eq!(seal.open(&changed, "cha_1"), Err(NotOpened), "byte {index}");
        }
        assert_eq!(seal.open(&[], "cha_1"), Err(NotOpened));
        assert!(!sealed.windows(6).any(|window| window == b"secret"));
    }
}
