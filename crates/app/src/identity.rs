//! Identity checks: the payer's blind index, sealed elements and photos, and the conversation with the provider.

use crate::{App, Failure, seal};
use aws_lc_rs::hmac;
use tk_channels::Environment;
pub use tk_channels::identity::Claimed;
use tk_channels::identity::{IdentityProvider, ProviderSettingsError, Stamp, Verification, packed, provider};
use tk_channels::photo::{PhotoError, PhotoFormat, stripped};
use tk_domain::id::{Id128, IdentityCheckId, IdentityPhotoId, IdentityPolicyId, PayerId, TenantId};
use tk_domain::identity::{
    CHECKS_MAX, Gate, IdentityCheck, IdentityFinding, IdentityLevel, IdentityPhoto, IdentityPolicy, PayerSum,
    PaymentIdentity, PhotoKind, TakeIdentityReport, required,
};
use tk_domain::payment::Payment;
use tk_domain::product::Product;
use tk_domain::refusal::Refusal;
use tk_domain::snapshot::Snapshot;

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

/// What stands between a payment and its payer's choice of a method.
#[derive(Debug, Clone)]
pub struct Standing {
    /// What has still to be proven; none lets the payer choose.
    pub missing: Option<IdentityLevel>,
    /// The check begun last.
    pub check: Option<IdentityCheck>,
    /// Whether a provider is set up and another check may begin.
    pub more: bool,
    /// The version of the consent text in force.
    pub consent_version: String,
}

/// Where a check's face comes from.
#[derive(Debug, Clone, Copy)]
pub enum Face<'a> {
    /// Nothing but the elements is compared.
    None,
    /// It was brought to us, and goes no further than to the provider.
    Brought(&'a [u8]),
    /// The payer shows it on the provider's own page.
    Hosted,
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

/// The ASCII character that stands in a cell of twice the width, U+FF01 to U+FF5E; any other as it is.
fn half_width(letter: char) -> char {
    let code = u32::from(letter);
    if (0xFF01..=0xFF5E).contains(&code) { char::from_u32(code - 0xFEE0).unwrap_or(letter) } else { letter }
}

/// Blanks, brackets, every kind of dash (U+2010 to U+2015, U+2212) and characters that nobody sees.
fn passed_over(letter: char) -> bool {
    letter.is_whitespace()
        || matches!(letter, '-' | '(' | ')' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE63}')
        || matches!(letter, '\u{00AD}' | '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}')
}

/// What document numbers are made of: ASCII letters and digits, and Han characters (U+4E00 to U+9FFF) of some documents.
/// Letters of other scripts look like those and would make another payer.
const fn of_number(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '\u{4E00}'..='\u{9FFF}')
}

impl App {
    /// The payer of a document number: a keyed hash by which equal numbers of one tenant find each other and nobody
    /// reads them. Blanks, dashes and brackets do not matter, nor whether characters are full width; none where nothing
    /// else is there, or what is no part of a number.
    #[must_use]
    pub fn payer_id(&self, tenant_id: TenantId, id_number: &str) -> Option<PayerId> {
        let told = id_number.chars().map(half_width).filter(|letter| !passed_over(*letter));
        let plain: String = told.map(|letter| letter.to_ascii_uppercase()).collect();
        if plain.is_empty() || !plain.chars().all(of_number) {
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
        face: Face<'_>,
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

    /// What has to be proven before a payment may begin to be paid; nothing where no threshold is set.
    pub async fn identity_standing(
        &self,
        payment: &Payment,
        product: &Product,
    ) -> Result<Option<Standing>, Failure> {
        let tenant_id = payment.tenant_id;
        let key = (tenant_id, IdentityPolicyId(tenant_id.0));
        let policy = self.reader().get::<IdentityPolicy>(&key).await?;
        if required(product, policy.as_ref(), i64::MAX).is_none() {
            return Ok(None);
        }
        let identity = self.reader().get::<PaymentIdentity>(&(tenant_id, payment.id)).await?;
        let payer_id = identity.as_ref().and_then(|identity| identity.payer_id).or(payment.payer_id);
        let mut snapshot = Snapshot::default();
        if let Some(payer_id) = payer_id
            && let Some(sum) = self.reader().get::<PayerSum>(&(tenant_id, payer_id)).await?
        {
            snapshot.payer_sums.load(sum);
        }
        let check_id = identity.as_ref().and_then(|identity| identity.check_id);
        let check = match check_id {
            Some(id) => self.reader().get::<IdentityCheck>(&(tenant_id, id)).await?,
            None => None,
        };
        let begun = identity.as_ref().map_or(0, |identity| identity.checks_count);
        let provided = policy.as_ref().is_some_and(|policy| policy.provider.is_some());
        let consent_version = policy.as_ref().map(|policy| policy.consent_version.clone());
        if let Some(row) = policy {
            snapshot.identity_policies.load(row);
        }
        if let Some(row) = identity {
            snapshot.payment_identities.load(row);
        }
        let missing = match Gate::of(payment, product, &snapshot, self.now_us()).check() {
            Err(Refusal::IdentityRequired { level }) => Some(level),
            Ok(()) | Err(_) => None,
        };
        let more = provided && begun < CHECKS_MAX;
        Ok(Some(Standing { missing, check, more, consent_version: consent_version.unwrap_or_default() }))
    }

    /// The provider's own page on which the payer shows his face for a check, and is sent `back` afterwards.
    pub async fn liveness_url(&self, check: &IdentityCheck, back: &str) -> Result<Option<String>, Failure> {
        let provider = self.provider_of(check.tenant_id).await?;
        Ok(provider.and_then(|provider| provider.liveness_url(&check.id.to_string(), back, self.stamp())))
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
        face: Face<'_>,
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
            face: if let Face::Brought(bytes) = face { Some(packed(bytes)) } else { None },
            hosted: matches!(face, Face::Hosted),
        };
        Ok(Some((provider, verification)))
    }
}
