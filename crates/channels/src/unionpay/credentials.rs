//! One contract's settings and keys, parsed and checked once.

use crate::credentials::{AccountTerms, CredentialsError};
use crate::{Environment, http};
use serde::Deserialize;
use tk_domain::channel_account::{Collects, Method};
use tk_formats::cert::{self, CertError, check_chain};
use tk_formats::keys::{KeyError, SigningKey, VerifyingKey};
use tk_formats::unionpay::sensitive::{EncryptionKey, SensitiveError};
use tk_formats::unionpay::sign::{Hash, SharedKey, Signer};
use tk_formats::unionpay::trust::{Roots, Signatory, Verifier, cert_id};

/// The longest settings or secrets text, bytes.
const TEXT_MAX_BYTES: usize = 512 * 1024;
/// The digits of a merchant number (unionpay.md section 2).
const MER_ID_DIGITS: usize = 15;
/// The most digits of a token requestor's number.
const TR_ID_DIGITS_MAX: usize = 20;
/// The longest shared key, bytes.
const SHARED_KEY_MAX_BYTES: usize = 256;
const PROBE: &[u8] = b"tillkeeper key check";

/// The fields of the secrets.
pub const SECRET_FIELDS: &[&str] = &[
    "merchant_private_key",
    "merchant_certificate",
    "middle_certificate",
    "root_certificate",
    "encryption_certificate",
    "shared_key",
];

/// The settings that are no secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The gateway without a path, such as `https://gateway.95516.com`.
    pub gateway_url: String,
    /// Where settlement files come from, such as `https://filedownload.95516.com`.
    pub file_url: String,
    /// Our merchant number; of a platform, the platform's.
    pub mer_id: String,
    /// Through whom the merchant is connected.
    pub access: Access,
    /// `trId`: the number under which UnionPay gives us tokens of cards; payment by card needs one.
    pub token_requestor: Option<String>,
    /// How both sides sign.
    pub signed_by: SignedBy,
    /// Whether a whole refund on the day of the payment is sent as an undo.
    pub same_day: SameDay,
    /// Where UnionPay reports to.
    pub notify_url: Option<String>,
}

/// Through whom a merchant is connected (`accessType`, unionpay.md section 2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// By himself.
    Merchant,
    /// By an acquiring institution.
    Acquirer {
        /// `acqInsCode`.
        institution: String,
    },
    /// By a platform, which names the merchant as its sub-merchant.
    Platform {
        /// `subMerId`.
        id: String,
        /// `subMerName`.
        name: String,
        /// `subMerAbbr`.
        short_name: String,
    },
}

impl Settings {
    /// Who gets the money: the sub-merchant of a platform, or else the merchant.
    pub fn payee(&self) -> &str {
        match &self.access {
            Access::Platform { id, .. } => id,
            Access::Merchant | Access::Acquirer { .. } => &self.mer_id,
        }
    }
}

/// How both sides sign (unionpay.md section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignedBy {
    /// `signMethod` 01: RSA with certificates.
    Certificate,
    /// `signMethod` 11: SHA-256 with a shared key.
    Sha256,
    /// `signMethod` 12: SM3 with a shared key.
    Sm3,
}

/// What a whole refund on the day of the payment is sent as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SameDay {
    /// As any other refund.
    #[default]
    Refund,
    /// As an undo (`txnType` 31), which no settlement file charges for.
    Undo,
}

/// A contract's settings and parsed keys; its `Debug` shows no key.
#[derive(Debug)]
pub struct Credentials {
    /// What is no secret.
    pub settings: Settings,
    pub(super) signer: Signer,
    pub(super) verifier: Verifier,
    pub(super) encryption: Option<EncryptionKey>,
    /// When the first of its certificates expires, Unix microseconds; absent with a shared key.
    pub certificates_expire_at_us: Option<i64>,
}

impl Credentials {
    /// What the channel account's columns must say.
    pub fn terms(&self) -> AccountTerms {
        AccountTerms {
            payee_app: self.settings.mer_id.clone(),
            payee_merchant: self.settings.payee().to_owned(),
            collects: match self.settings.access {
                Access::Merchant => Collects::Own,
                Access::Acquirer { .. } | Access::Platform { .. } => Collects::SubMerchant,
            },
            without: if self.settings.token_requestor.is_some() { &[] } else { &[Method::QuickPay] },
            expires_at_us: self.certificates_expire_at_us,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSettings {
    gateway_url: String,
    file_url: String,
    mer_id: String,
    acq_ins_code: Option<String>,
    sub_mer_id: Option<String>,
    sub_mer_name: Option<String>,
    sub_mer_abbr: Option<String>,
    tr_id: Option<String>,
    signed_by: SignedBy,
    #[serde(default)]
    same_day: SameDay,
    #[serde(default)]
    signatory: RawSignatory,
    notify_url: Option<String>,
}

#[derive(Deserialize, Default, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum RawSignatory {
    #[default]
    Unionpay,
    TestGateway,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSecrets {
    merchant_private_key: Option<String>,
    merchant_certificate: Option<String>,
    middle_certificate: Option<String>,
    root_certificate: Option<String>,
    encryption_certificate: Option<String>,
    shared_key: Option<String>,
}

/// Reads settings and secrets and checks that they belong together and are valid at `now_us`.
pub fn parse(
    settings_json: &str,
    secret_json: &str,
    environment: Environment,
    now_us: i64,
) -> Result<Credentials, CredentialsError> {
    let (settings, signatory) = parse_settings(settings_json, environment)?;
    if secret_json.len() > TEXT_MAX_BYTES {
        return Err(CredentialsError::SecretsUnreadable);
    }
    let raw: RawSecrets =
        serde_json::from_str(secret_json).map_err(|_| CredentialsError::SecretsUnreadable)?;
    let encryption = encryption_key(&raw)?;
    match settings.signed_by {
        SignedBy::Certificate => {
            let (signer, expires_us) = signer(&raw, now_us)?;
            let (verifier, roots_expire_us) = verifier(&raw, signatory, now_us)?;
            let certificates_expire_at_us = Some(expires_us.min(roots_expire_us));
            Ok(Credentials { settings, signer, verifier, encryption, certificates_expire_at_us })
        }
        SignedBy::Sha256 => by_shared_key(settings, &raw, Hash::Sha256, encryption),
        SignedBy::Sm3 => by_shared_key(settings, &raw, Hash::Sm3, encryption),
    }
}

fn parse_settings(
    settings_json: &str,
    environment: Environment,
) -> Result<(Settings, Signatory), CredentialsError> {
    let unreadable = |text: String| CredentialsError::SettingsUnreadable(text);
    if settings_json.len() > TEXT_MAX_BYTES {
        return Err(unreadable("too long".to_owned()));
    }
    let raw: RawSettings =
        serde_json::from_str(settings_json).map_err(|error| unreadable(error.to_string()))?;
    let digits = raw.mer_id.bytes().all(|byte| byte.is_ascii_digit());
    if raw.mer_id.len() != MER_ID_DIGITS || !digits {
        return Err(CredentialsError::Invalid { field: "mer_id", reason: "must be 15 digits" });
    }
    let signatory = match (raw.signatory, environment) {
        (RawSignatory::Unionpay, Environment::Test | Environment::Live) => Signatory::UnionPay,
        (RawSignatory::TestGateway, Environment::Test) => Signatory::TestGateway,
        (RawSignatory::TestGateway, Environment::Live) => {
            let reason = "must be unionpay where real money moves";
            return Err(CredentialsError::Invalid { field: "signatory", reason });
        }
    };
    let access = access(&raw)?;
    let token_requestor = raw.tr_id.as_deref().map(requestor).transpose()?;
    let settings = Settings {
        access,
        token_requestor,
        gateway_url: address("gateway_url", &raw.gateway_url, environment)?,
        file_url: address("file_url", &raw.file_url, environment)?,
        mer_id: raw.mer_id,
        signed_by: raw.signed_by,
        same_day: raw.same_day,
        notify_url: raw.notify_url,
    };
    Ok((settings, signatory))
}

fn requestor(text: &str) -> Result<String, CredentialsError> {
    if (1..=TR_ID_DIGITS_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(text.to_owned());
    }
    Err(CredentialsError::Invalid { field: "tr_id", reason: "must be 1 to 20 digits" })
}

/// The fields of one way only, and all of them.
fn access(raw: &RawSettings) -> Result<Access, CredentialsError> {
    let text = |field, given: &Option<String>, max: usize| {
        let given = given.as_deref().unwrap_or_default();
        let plain = given.chars().all(|letter| !letter.is_control() && !"{}[]&=\"".contains(letter));
        match given {
            "" => Err(CredentialsError::Missing { field }),
            given if plain && given.chars().count() <= max => Ok(given.to_owned()),
            _ => Err(CredentialsError::Invalid { field, reason: "is too long or has other letters" }),
        }
    };
    let sub = [&raw.sub_mer_id, &raw.sub_mer_name, &raw.sub_mer_abbr].iter().any(|field| field.is_some());
    match (&raw.acq_ins_code, sub) {
        (None, false) => Ok(Access::Merchant),
        (Some(_), false) => {
            Ok(Access::Acquirer { institution: text("acq_ins_code", &raw.acq_ins_code, 11)? })
        }
        (None, true) => Ok(Access::Platform {
            id: text("sub_mer_id", &raw.sub_mer_id, 15)?,
            name: text("sub_mer_name", &raw.sub_mer_name, 40)?,
            short_name: text("sub_mer_abbr", &raw.sub_mer_abbr, 16)?,
        }),
        (Some(_), true) => {
            let reason = "an acquirer has merchants, a platform sub-merchants: name one";
            Err(CredentialsError::Invalid { field: "acq_ins_code", reason })
        }
    }
}

/// An address without the slash at its end.
fn address(field: &'static str, url: &str, environment: Environment) -> Result<String, CredentialsError> {
    if http::may_call(url, environment) {
        return Ok(url.trim_end_matches('/').to_owned());
    }
    let reason = "must be a public https address, no sandbox (in a test installation also others, and http on loopback)";
    Err(CredentialsError::Invalid { field, reason })
}

fn by_shared_key(
    settings: Settings,
    raw: &RawSecrets,
    hash: Hash,
    encryption: Option<EncryptionKey>,
) -> Result<Credentials, CredentialsError> {
    let field = "shared_key";
    let text = filled(field, raw.shared_key.as_ref())?;
    if text.len() > SHARED_KEY_MAX_BYTES {
        return Err(CredentialsError::Invalid { field, reason: "is longer than 256 bytes" });
    }
    let key = SharedKey::new(hash, text);
    Ok(Credentials {
        settings,
        signer: Signer::Shared(key.clone()),
        verifier: Verifier::Shared(key),
        encryption,
        certificates_expire_at_us: None,
    })
}

fn signer(raw: &RawSecrets, now_us: i64) -> Result<(Signer, i64), CredentialsError> {
    let field = "merchant_private_key";
    let text = filled(field, raw.merchant_private_key.as_ref())?;
    let key = SigningKey::from_pem(text).map_err(|source| CredentialsError::Key { field, source })?;
    let field = "merchant_certificate";
    let pem = filled(field, raw.merchant_certificate.as_ref())?;
    let public = VerifyingKey::from_certificate_pem(pem);
    let public = public.map_err(|source| CredentialsError::Key { field, source })?;
    let belongs = key.sign(PROBE).is_ok_and(|signature| public.verify(PROBE, &signature).is_ok());
    if !belongs {
        let reason = "does not belong to merchant_private_key";
        return Err(CredentialsError::Invalid { field, reason });
    }
    let expires_us = valid_until(field, pem, now_us)?;
    let cert_id = cert_id(pem).map_err(|source| CredentialsError::Certificate { field, source })?;
    Ok((Signer::Certificate { key, cert_id }, expires_us))
}

fn verifier(
    raw: &RawSecrets,
    signatory: Signatory,
    now_us: i64,
) -> Result<(Verifier, i64), CredentialsError> {
    let (middle_field, root_field) = ("middle_certificate", "root_certificate");
    let middle = filled(middle_field, raw.middle_certificate.as_ref())?;
    let root = filled(root_field, raw.root_certificate.as_ref())?;
    let expires_us = valid_until(middle_field, middle, now_us)?.min(valid_until(root_field, root, now_us)?);
    let refused = |source: CertError| CredentialsError::Certificate { field: middle_field, source };
    check_chain(middle, root, now_us).map_err(refused)?;
    let roots = Roots::new(middle, root, signatory).map_err(refused)?;
    Ok((Verifier::Certificates(roots), expires_us))
}

fn encryption_key(raw: &RawSecrets) -> Result<Option<EncryptionKey>, CredentialsError> {
    let field = "encryption_certificate";
    let Some(pem) = raw.encryption_certificate.as_ref().filter(|pem| !pem.trim().is_empty()) else {
        return Ok(None);
    };
    EncryptionKey::from_certificate_pem(pem).map(Some).map_err(|error| match error {
        SensitiveError::Certificate(source) => CredentialsError::Certificate { field, source },
        SensitiveError::Key(source) => CredentialsError::Key { field, source },
        SensitiveError::TooLong
        | SensitiveError::Failed
        | SensitiveError::Unreadable
        | SensitiveError::Unwritable => CredentialsError::Key { field, source: KeyError::NotRsa },
    })
}

fn valid_until(field: &'static str, pem: &str, now_us: i64) -> Result<i64, CredentialsError> {
    let refused = |source| CredentialsError::Certificate { field, source };
    let validity = cert::validity(pem).map_err(refused)?;
    if (validity.not_before_us..=validity.not_after_us).contains(&now_us) {
        Ok(validity.not_after_us)
    } else {
        Err(refused(CertError::OutsideValidity))
    }
}

fn filled<'a>(field: &'static str, text: Option<&'a String>) -> Result<&'a str, CredentialsError> {
    let text = text.map(|text| text.trim()).filter(|text| !text.is_empty());
    text.ok_or(CredentialsError::Missing { field })
}
