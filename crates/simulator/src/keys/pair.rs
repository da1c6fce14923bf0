//! A fresh RSA key in every form that files and certificates want.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;

use super::KeysError;

/// A key pair of 2048 bits.
pub struct Pair {
    pub key: KeyPair,
    /// `PRIVATE KEY`.
    pub private_pem: String,
    /// `PUBLIC KEY`.
    pub public_pem: String,
    /// The public half as certificates carry it.
    pub public_der: Vec<u8>,
}

impl std::fmt::Debug for Pair {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Pair").finish_non_exhaustive()
    }
}

impl Pair {
    /// Makes a new one.
    pub fn generate() -> Result<Self, KeysError> {
        let key = KeyPair::generate(KeySize::Rsa2048).map_err(|_| KeysError::Generation)?;
        let private: Pkcs8V1Der<'_> = key.as_der().map_err(|_| KeysError::Generation)?;
        let private_pem = pem::encode(&pem::Pem::new("PRIVATE KEY", private.as_ref().to_vec()));
        drop(private);
        let public: PublicKeyX509Der<'_> = key.public_key().as_der().map_err(|_| KeysError::Generation)?;
        let public_der = public.as_ref().to_vec();
        let public_pem = pem::encode(&pem::Pem::new("PUBLIC KEY", public_der.clone()));
        Ok(Self { key, private_pem, public_pem, public_der })
    }
}
