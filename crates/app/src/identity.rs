//! Identity checks: the payer's blind index, sealed elements and photos, and the conversation with the provider.

use crate::{App, Failure, seal};
use aws_lc_rs::hmac;
use tk_channels::Environment;
pub use tk_channels::identity::Claimed;
use tk_channels::identity::{IdentityProvider, ProviderSettingsError, Stamp, Verification, packed, provider};
use tk_channels::photo::{PhotoError, PhotoFormat, stripped};
use tk_domain::id::{Id128, IdentityCheckId, IdentityPhotoId, IdentityPolicyId, PayerId, TenantId};
use tk_domain::identity::{
    IdentityCheck, IdentityFinding, IdentityLevel, IdentityPhoto, IdentityPolicy, PhotoKind,
    TakeIdentityReport,
};

/// A photo without metadata, sealed for its identifier.
#[derive(Debug, Clone)]
pub struct SealedPhoto {
    /// What it is.
    pub kind: PhotoKind,
    /// The picture, sealed.
    pub sealed: Vec<u8>,
    /// Its size before sealing, bytes.
    pub size_bytes: i64,
}

fn check_name(id: IdentityCheckId) -> String {
    format!("identity/{id}")
}

fn photo_name(id: IdentityPhotoId) -> String {
    format!("identity_photo/{id}")
}

fn policy_name(id: IdentityPolicyId) -> String {
    format!("identity_policy/{id}")
}

impl App {
    /// The payer of a document number: a keyed hash by which equal numbers of one tenant find each other and nobody
    /// reads them. Only letters and digits matter.
    #[must_use]
    pub fn payer_id(&self, tenant_id: TenantId, id_number: &str) -> Option<PayerId> {
        let plain: String = id_number
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|letter| letter.to_ascii_uppercase())
            .collect();
        if plain.is_empty() {
            return None;
        }
        let key = seal::derive(&self.config().master_key, "blind index");
        let mut signed = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &key));
        signed.update(&tenant_id.0.0);
        signed.update(b"id_number\0");
        signed.update(plain.as_bytes());
        let mut index = [0_u8; 16];
        for (byte, from) in index.iter_mut().zip(signed.sign().as_ref()) {
            *byte = *from;
        }
        Some(PayerId(Id128(index)))
    }

    /// What the payer says of himself, sealed for a check.
    pub fn seal_claimed(&self, id: IdentityCheckId, claimed: &Claimed) -> Option<Vec<u8>> {
        let text = serde_json::to_vec(claimed).ok()?;
        self.seal().seal(&text, &check_name(id), self.random_bits()).ok()
    }

    /// A photo as it is kept: told by its content, without metadata, sealed for its identifier.
    pub fn seal_photo(&self, id: IdentityPhotoId, bytes: &[u8]) -> Result<Option<SealedPhoto>, PhotoError> {
        let photo = stripped(bytes)?;
        let kind = match photo.format {
            PhotoFormat::Jpeg => PhotoKind::Jpeg,
            PhotoFormat::Png => PhotoKind::Png,
        };
        let size_bytes = i64::try_from(photo.bytes.len()).unwrap_or(i64::MAX);
        let sealed = self.seal().seal(&photo.bytes, &photo_name(id), self.random_bits());
        Ok(sealed.ok().map(|sealed| SealedPhoto { kind, sealed, size_bytes }))
    }

    /// The picture of a photo; whoever asks has written down why.
    #[must_use]
    pub fn open_photo(&self, photo: &IdentityPhoto) -> Option<Vec<u8>> {
        self.seal().open(&photo.sealed, &photo_name(photo.id)).ok()
    }

    /// A provider's settings and secrets, checked and the secrets sealed.
    pub fn seal_provider(
        &self,
        tenant_id: TenantId,
        (settings, secrets): (&str, &str),
    ) -> Result<Option<Vec<u8>>, ProviderSettingsError> {
        provider(settings, secrets, self.environment())?;
        let name = policy_name(IdentityPolicyId(tenant_id.0));
        Ok(self.seal().seal(secrets.as_bytes(), &name, self.random_bits()).ok())
    }

    /// Sends a check to the tenant's provider and takes what he says; the face goes along and is kept nowhere.
    pub async fn verify_identity(
        &self,
        check: &IdentityCheck,
        face: Option<&[u8]>,
    ) -> Result<IdentityCheck, Failure> {
        let asked_at_us = self.now_us();
        let finding = match self.verification(check, face).await? {
            Some((provider, verification)) => {
                let call = provider.ask(&verification, self.stamp());
                let about = (verification.request_no.as_str(), call);
                self.adapters().say_identity(provider.as_ref(), about, asked_at_us).await
            }
            None => IdentityFinding::Unclear,
        };
        self.take_identity(check, finding, asked_at_us).await
    }

    /// Asks the provider about a check whose outcome is not known.
    pub async fn ask_identity(&self, check: &IdentityCheck) -> Result<IdentityCheck, Failure> {
        let asked_at_us = self.now_us();
        let finding = match self.provider_of(check.tenant_id).await? {
            Some(provider) => {
                let request_no = check.id.to_string();
                let call = provider.question(&request_no, self.stamp());
                self.adapters().say_identity(provider.as_ref(), (&request_no, call), asked_at_us).await
            }
            None => IdentityFinding::Unclear,
        };
        self.take_identity(check, finding, asked_at_us).await
    }

    async fn take_identity(
        &self,
        check: &IdentityCheck,
        finding: IdentityFinding,
        asked_at_us: i64,
    ) -> Result<IdentityCheck, Failure> {
        let (tenant_id, check_id, payment_id) = (check.tenant_id, check.id, check.payment_id);
        self.submit(TakeIdentityReport { tenant_id, check_id, payment_id, finding, asked_at_us }).await
    }

    fn environment(&self) -> Environment {
        if self.live() { Environment::Live } else { Environment::Test }
    }

    fn stamp(&self) -> Stamp {
        Stamp { now_us: self.now_us(), nonce: self.random_bits() }
    }

    async fn provider_of(&self, tenant_id: TenantId) -> Result<Option<Box<dyn IdentityProvider>>, Failure> {
        let id = IdentityPolicyId(tenant_id.0);
        let policy = self.reader().get::<IdentityPolicy>(&(tenant_id, id)).await?;
        let Some((settings, sealed)) = policy.and_then(|policy| policy.provider.zip(policy.credentials))
        else {
            return Ok(None);
        };
        let opened = self.seal().open(&sealed, &policy_name(id)).ok();
        let secrets = opened.and_then(|bytes| String::from_utf8(bytes).ok());
        Ok(secrets.and_then(|secrets| provider(&settings, &secrets, self.environment()).ok()))
    }

    async fn verification(
        &self,
        check: &IdentityCheck,
        face: Option<&[u8]>,
    ) -> Result<Option<(Box<dyn IdentityProvider>, Verification)>, Failure> {
        let provider = self.provider_of(check.tenant_id).await?;
        let opened = self.seal().open(&check.sealed, &check_name(check.id)).ok();
        let claimed = opened.and_then(|bytes| serde_json::from_slice::<Claimed>(&bytes).ok());
        let Some((provider, claimed)) = provider.zip(claimed) else { return Ok(None) };
        let photos = match check.level {
            IdentityLevel::RealName => Vec::new(),
            IdentityLevel::Face => self.reader().identity_photos_of(check.tenant_id, check.id).await?,
        };
        let photos = photos.iter().filter_map(|photo| self.open_photo(photo)).map(|bytes| packed(&bytes));
        let verification = Verification {
            request_no: check.id.to_string(),
            level: check.level.word().to_owned(),
            name: claimed.name,
            id_number: claimed.id_number,
            card: claimed.card,
            phone: claimed.phone,
            photos: photos.collect(),
            face: face.map(packed),
        };
        Ok(Some((provider, verification)))
    }
}
