//! One contract's settings and keys, parsed and checked once.

use super::pem;
use crate::Environment;
use crate::credentials::{AccountTerms, CredentialsError};
use crate::http;
use serde::Deserialize;
use std::collections::BTreeMap;
use tk_domain::channel_account::Collects;
use tk_formats::alipay::Charset;
use tk_formats::alipay::cert::{self, CertError};
use tk_formats::alipay::keys::{SigningKey, VerifyingKey};
use tk_formats::alipay::request::CertSerials;
use tk_formats::alipay::response::PlatformKeys;

/// The longest settings or secrets text, bytes.
const TEXT_MAX_BYTES: usize = 512 * 1024;
/// The longest `app_id` or `seller_id`, bytes.
const ID_MAX_BYTES: usize = 64;
/// The fields of the secrets.
pub const SECRET_FIELDS: &[&str] = &[
    "app_private_key",
    "alipay_public_key",
    "app_certificate",
    "alipay_certificate",
    "alipay_root_certificate",
    "app_auth_token",
];
const PROBE: &[u8] = b"tillkeeper key check";

/// The settings that are no secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The gateway, such as `https://openapi.alipay.com/gateway.do`.
    pub gateway_url: String,
    /// Our application at Alipay.
    pub app_id: String,
    /// Our merchant number (PID) at Alipay.
    pub seller_id: String,
    /// The merchant's application that authorised ours, if we are a service provider; then `app_id` is ours and
    /// `seller_id` the merchant's.
    pub auth_app_id: Option<String>,
    /// How both sides know each other's keys.
    pub mode: Mode,
    /// The charset of requests and answers.
    pub charset: Charset,
    /// Where Alipay reports to.
    pub notify_url: Option<String>,
}

/// How both sides know each other's keys (alipay.md section 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Bare public keys, exchanged by hand.
    Key,
    /// Certificates, named by serial in every message.
    Certificate,
}

/// A contract's settings and parsed keys; its `Debug` shows no key.
pub struct Credentials {
    /// What is no secret.
    pub settings: Settings,
    pub(super) signing: SigningKey,
    pub(super) platform: PlatformKeys,
    pub(super) serials: Option<CertSerials>,
    pub(super) app_auth_token: Option<String>,
    /// When the first of its certificates expires, Unix microseconds; absent in key mode.
    pub certificates_expire_at_us: Option<i64>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Credentials").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Credentials {
    /// What the account's own columns say of it.
    pub fn terms(&self) -> AccountTerms {
        AccountTerms {
            payee_app: self.settings.app_id.clone(),
            payee_merchant: self.settings.seller_id.clone(),
            collects: match self.settings.auth_app_id {
                Some(_) => Collects::SubMerchant,
                None => Collects::Own,
            },
            without: &[],
            expires_at_us: self.certificates_expire_at_us,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSettings {
    gateway_url: String,
    app_id: String,
    seller_id: String,
    auth_app_id: Option<String>,
    mode: Mode,
    charset: Option<String>,
    notify_url: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSecrets {
    app_private_key: Option<String>,
    alipay_public_key: Option<String>,
    app_certificate: Option<String>,
    alipay_certificate: Option<String>,
    alipay_root_certificate: Option<String>,
    app_auth_token: Option<String>,
}

/// Reads the settings alone, as the simulation needs them.
pub fn parse_settings(settings_json: &str, environment: Environment) -> Result<Settings, CredentialsError> {
    let unreadable = |text: String| CredentialsError::SettingsUnreadable(text);
    if settings_json.len() > TEXT_MAX_BYTES {
        return Err(unreadable("too long".to_owned()));
    }
    let raw: RawSettings =
        serde_json::from_str(settings_json).map_err(|error| unreadable(error.to_string()))?;
    let charset = match raw.charset.as_deref() {
        None => Charset::Utf8,
        Some(name) => Charset::parse(name)
            .map_err(|_| CredentialsError::Invalid { field: "charset", reason: "must be utf-8 or gbk" })?,
    };
    if !http::may_call(&raw.gateway_url, environment) {
        let reason = "must be a public https address, no sandbox (in a test installation also others, and http on loopback)";
        return Err(CredentialsError::Invalid { field: "gateway_url", reason });
    }
    Ok(Settings {
        gateway_url: raw.gateway_url,
        app_id: digits("app_id", raw.app_id)?,
        seller_id: digits("seller_id", raw.seller_id)?,
        auth_app_id: raw.auth_app_id.map(|id| digits("auth_app_id", id)).transpose()?,
        mode: raw.mode,
        charset,
        notify_url: raw.notify_url,
    })
}

/// Reads settings and secrets and checks that they belong together and are valid at `now_us`.
pub fn parse(
    settings_json: &str,
    secret_json: &str,
    environment: Environment,
    now_us: i64,
) -> Result<Credentials, CredentialsError> {
    let settings = parse_settings(settings_json, environment)?;
    if secret_json.len() > TEXT_MAX_BYTES {
        return Err(CredentialsError::SecretsUnreadable);
    }
    let raw: RawSecrets =
        serde_json::from_str(secret_json).map_err(|_| CredentialsError::SecretsUnreadable)?;
    let app_auth_token = app_auth_token(&settings, &raw)?;
    let credentials = match settings.mode {
        Mode::Key => by_keys(settings, &raw),
        Mode::Certificate => by_certificates(settings, &raw, now_us),
    }?;
    Ok(Credentials { app_auth_token, ..credentials })
}

/// A service provider acts for a merchant by his token, anybody else for himself.
fn app_auth_token(settings: &Settings, raw: &RawSecrets) -> Result<Option<String>, CredentialsError> {
    let field = "app_auth_token";
    match (&settings.auth_app_id, filled(field, raw.app_auth_token.as_ref())) {
        (Some(_), token) => Ok(Some(token?.to_owned())),
        (None, Ok(_)) => Err(CredentialsError::Missing { field: "auth_app_id" }),
        (None, Err(_)) => Ok(None),
    }
}

fn by_keys(settings: Settings, raw: &RawSecrets) -> Result<Credentials, CredentialsError> {
    let signing = private_key(raw)?;
    let field = "alipay_public_key";
    let text = filled(field, raw.alipay_public_key.as_ref())?;
    let key = pem::public_key(text).map_err(|source| CredentialsError::Key { field, source })?;
    // The usual mistake: the application's own public key pasted where Alipay's belongs.
    if belongs(&signing, &key) {
        let reason = "is the application's own public key; Alipay's is shown after ours was uploaded there";
        return Err(CredentialsError::Invalid { field, reason });
    }
    let platform = PlatformKeys::PublicKey(key);
    Ok(Credentials {
        settings,
        signing,
        platform,
        serials: None,
        app_auth_token: None,
        certificates_expire_at_us: None,
    })
}

fn by_certificates(
    settings: Settings,
    raw: &RawSecrets,
    now_us: i64,
) -> Result<Credentials, CredentialsError> {
    let signing = private_key(raw)?;
    let roots = Certificate::of("alipay_root_certificate", raw.alipay_root_certificate.as_ref())?;
    let app = Certificate::of("app_certificate", raw.app_certificate.as_ref())?;
    let platform = Certificate::of("alipay_certificate", raw.alipay_certificate.as_ref())?;
    if !belongs(&signing, &app.key()?) {
        let reason = "does not belong to app_private_key";
        return Err(CredentialsError::Invalid { field: "app_certificate", reason });
    }
    let app_expires_us = app.valid_until(now_us)?;
    let (keys, platform_expires_us) = platform_keys(&platform, &roots, now_us)?;
    let serials = CertSerials {
        app_cert_sn: app.refuse(cert::serial_number(app.text))?,
        alipay_root_cert_sn: roots.refuse(cert::root_serial_number(roots.text))?,
    };
    Ok(Credentials {
        settings,
        signing,
        platform: PlatformKeys::Certificates(keys),
        serials: Some(serials),
        app_auth_token: None,
        certificates_expire_at_us: Some(app_expires_us.min(platform_expires_us)),
    })
}

/// The keys of Alipay's certificates by serial, each led back to a configured root, and the last expiry.
fn platform_keys(
    platform: &Certificate<'_>,
    roots: &Certificate<'_>,
    now_us: i64,
) -> Result<(BTreeMap<String, VerifyingKey>, i64), CredentialsError> {
    let mut keys = BTreeMap::new();
    let mut expires_us = i64::MIN;
    for chain in chains(platform.text) {
        let one = Certificate { field: platform.field, text: &chain };
        one.refuse(cert::check_chain(&chain, roots.text, now_us))?;
        expires_us = expires_us.max(one.valid_until(now_us)?);
        keys.insert(one.refuse(cert::serial_number(&chain))?, one.key()?);
    }
    if keys.is_empty() {
        Err(CredentialsError::Missing { field: platform.field })
    } else {
        Ok((keys, expires_us))
    }
}

/// A text may hold several certificates: each is tried as the first of a chain made of the rest.
fn chains(text: &str) -> Vec<String> {
    const END: &str = "-----END CERTIFICATE-----";
    let blocks: Vec<&str> = text.split_inclusive(END).filter(|block| block.contains(END)).collect();
    if blocks.len() < 2 {
        return vec![text.to_owned()];
    }
    (0..blocks.len())
        .filter(|first| !is_authority(blocks.get(*first).copied().unwrap_or_default(), text))
        .map(|first| {
            let rest = blocks.iter().enumerate().filter(|(at, _)| *at != first).map(|(_, block)| *block);
            blocks.get(first).copied().into_iter().chain(rest).collect::<Vec<_>>().join("\n")
        })
        .collect()
}

/// Whether a certificate of the text issued another one of it, so that it is no end of a chain.
fn is_authority(block: &str, text: &str) -> bool {
    const END: &str = "-----END CERTIFICATE-----";
    let others =
        text.split_inclusive(END).filter(|other| other.contains(END) && other.trim() != block.trim());
    let at_us = cert::validity(block).map_or(0, |validity| validity.not_before_us);
    others.into_iter().any(|other| {
        let at_us = cert::validity(other).map_or(at_us, |validity| validity.not_before_us.max(at_us));
        cert::check_chain(other, block, at_us).is_ok()
    })
}

struct Certificate<'a> {
    field: &'static str,
    text: &'a str,
}

impl<'a> Certificate<'a> {
    fn of(field: &'static str, text: Option<&'a String>) -> Result<Self, CredentialsError> {
        Ok(Self { field, text: filled(field, text)? })
    }

    fn refuse<T>(&self, read: Result<T, CertError>) -> Result<T, CredentialsError> {
        read.map_err(|source| CredentialsError::Certificate { field: self.field, source })
    }

    fn key(&self) -> Result<VerifyingKey, CredentialsError> {
        let key = VerifyingKey::from_certificate_pem(self.text);
        key.map_err(|source| CredentialsError::Key { field: self.field, source })
    }

    fn valid_until(&self, now_us: i64) -> Result<i64, CredentialsError> {
        let validity = self.refuse(cert::validity(self.text))?;
        if (validity.not_before_us..=validity.not_after_us).contains(&now_us) {
            Ok(validity.not_after_us)
        } else {
            self.refuse(Err(CertError::OutsideValidity))
        }
    }
}

fn private_key(raw: &RawSecrets) -> Result<SigningKey, CredentialsError> {
    let field = "app_private_key";
    let text = filled(field, raw.app_private_key.as_ref())?;
    pem::signing_key(text).map_err(|source| CredentialsError::Key { field, source })
}

fn filled<'a>(field: &'static str, text: Option<&'a String>) -> Result<&'a str, CredentialsError> {
    let text = text.map(|text| text.trim()).filter(|text| !text.is_empty());
    text.ok_or(CredentialsError::Missing { field })
}

fn belongs(signing: &SigningKey, public: &VerifyingKey) -> bool {
    signing.sign(PROBE).is_ok_and(|signature| public.verify(PROBE, &signature).is_ok())
}

fn digits(field: &'static str, text: String) -> Result<String, CredentialsError> {
    let fits = (1..=ID_MAX_BYTES).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if fits { Ok(text) } else { Err(CredentialsError::Invalid { field, reason: "must be digits" }) }
}
