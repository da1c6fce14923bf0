//! One contract's settings and keys, parsed and checked once.

use super::platform::{Platform, Sealer};
use crate::Environment;
use crate::credentials::{AccountTerms, CredentialsError};
use crate::http;
use serde::Deserialize;
use tk_domain::channel_account::Collects;
use tk_formats::alipay::keys::{SigningKey, VerifyingKey};
use tk_formats::wechatpay::ApiV3Key;
use tk_formats::wechatpay::certificates;
use tk_formats::wechatpay::signature::{PlatformKey, PlatformKeys};

/// The longest settings or secrets text, bytes.
const TEXT_MAX_BYTES: usize = 512 * 1024;
/// The longest identifier, bytes.
const ID_MAX_BYTES: usize = 64;
const PROBE: &[u8] = b"tillkeeper key check";
const PUBLIC_KEY_ID_PREFIX: &str = "PUB_KEY_ID_";
/// The fields of the secrets.
pub const SECRET_FIELDS: &[&str] = &[
    "private_key",
    "certificate",
    "api_v3_key",
    "platform_certificates",
    "platform_public_key",
    "app_secret",
];

/// The settings that are no secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where the interfaces are, such as `https://api.mch.weixin.qq.com`.
    pub base_url: String,
    /// Our application.
    pub appid: String,
    /// Our merchant number.
    pub mchid: String,
    /// The sub-merchant that gets the money, if we are a service provider; then `appid` and `mchid` are the
    /// provider's.
    pub sub_mchid: Option<String>,
    /// The sub-merchant's application, if it has one.
    pub sub_appid: Option<String>,
    /// By what the platform's signatures are known.
    pub trust: Trust,
    /// The identifier of the platform's public key, where it is used.
    pub public_key_id: Option<String>,
    /// The shop that bar-code payments name.
    pub store_id: String,
    /// Where WeChat reports to.
    pub notify_url: Option<String>,
    /// Where the payer's WeChat is asked who he is.
    pub oauth_authorize_url: String,
    /// Where the answer is exchanged for his openid.
    pub oauth_base_url: String,
}

/// By what the platform's signatures are known (wechatpay.md section 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// Platform certificates, downloaded and renewed.
    Certificate,
    /// The platform's public key, named by `PUB_KEY_ID_…`.
    PublicKey,
    /// Both count, while WeChat moves from one to the other.
    Both,
}

/// A contract's settings and parsed keys; its `Debug` shows no key.
pub struct Credentials {
    /// What is no secret.
    pub settings: Settings,
    pub(super) signing: SigningKey,
    pub(super) serial_no: String,
    pub(super) api_v3_key: ApiV3Key,
    pub(super) platform: Platform,
    pub(super) app_secret: Option<String>,
    /// When our certificate expires, Unix microseconds.
    pub certificate_expires_at_us: i64,
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
            payee_app: self.settings.appid.clone(),
            payee_merchant: self.settings.payee().to_owned(),
            collects: match self.settings.sub_mchid {
                Some(_) => Collects::SubMerchant,
                None => Collects::Own,
            },
            without: &[],
            expires_at_us: Some(self.certificate_expires_at_us),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSettings {
    base_url: Option<String>,
    appid: String,
    mchid: String,
    sub_mchid: Option<String>,
    sub_appid: Option<String>,
    trust: Trust,
    public_key_id: Option<String>,
    store_id: Option<String>,
    notify_url: Option<String>,
    oauth_authorize_url: Option<String>,
    oauth_base_url: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSecrets {
    private_key: Option<String>,
    certificate: Option<String>,
    api_v3_key: Option<String>,
    platform_certificates: Option<String>,
    platform_public_key: Option<String>,
    app_secret: Option<String>,
}

impl Settings {
    /// Who gets the money: the sub-merchant of a service provider, or else the merchant.
    pub fn payee(&self) -> &str {
        self.sub_mchid.as_deref().unwrap_or(&self.mchid)
    }
}

/// An application of a sub-merchant needs a sub-merchant.
fn sub_appid(sub_mchid: Option<&str>, id: Option<String>) -> Result<Option<String>, CredentialsError> {
    if id.is_some() && sub_mchid.is_none() {
        return Err(CredentialsError::Missing { field: "sub_mchid" });
    }
    id.map(|id| identifier("sub_appid", id)).transpose()
}

/// Reads the settings alone, as the simulation needs them.
pub fn parse_settings(settings_json: &str, environment: Environment) -> Result<Settings, CredentialsError> {
    if settings_json.len() > TEXT_MAX_BYTES {
        return Err(CredentialsError::SettingsUnreadable("too long".to_owned()));
    }
    let raw: RawSettings = serde_json::from_str(settings_json)
        .map_err(|error| CredentialsError::SettingsUnreadable(error.to_string()))?;
    let address = |field, text: Option<String>, usual: &str| {
        let text = text.unwrap_or_else(|| usual.to_owned()).trim_end_matches('/').to_owned();
        let reason =
            "must be a public https address (in a test installation also others, and http on loopback)";
        if http::may_call(&text, environment) {
            Ok(text)
        } else {
            Err(CredentialsError::Invalid { field, reason })
        }
    };
    let public_key_id = match (raw.trust, raw.public_key_id) {
        (Trust::Certificate, _) => None,
        (Trust::PublicKey | Trust::Both, Some(id)) if id.starts_with(PUBLIC_KEY_ID_PREFIX) => {
            Some(identifier("public_key_id", id)?)
        }
        (Trust::PublicKey | Trust::Both, Some(_)) => {
            let reason = "must begin with PUB_KEY_ID_";
            return Err(CredentialsError::Invalid { field: "public_key_id", reason });
        }
        (Trust::PublicKey | Trust::Both, None) => {
            return Err(CredentialsError::Missing { field: "public_key_id" });
        }
    };
    Ok(Settings {
        base_url: address("base_url", raw.base_url, "https://api.mch.weixin.qq.com")?,
        appid: identifier("appid", raw.appid)?,
        mchid: identifier("mchid", raw.mchid)?,
        sub_appid: sub_appid(raw.sub_mchid.as_deref(), raw.sub_appid)?,
        sub_mchid: raw.sub_mchid.map(|id| identifier("sub_mchid", id)).transpose()?,
        trust: raw.trust,
        public_key_id,
        store_id: identifier("store_id", raw.store_id.unwrap_or_else(|| "1".to_owned()))?,
        notify_url: raw.notify_url,
        oauth_authorize_url: address(
            "oauth_authorize_url",
            raw.oauth_authorize_url,
            "https://open.weixin.qq.com/connect/oauth2/authorize",
        )?,
        oauth_base_url: address("oauth_base_url", raw.oauth_base_url, "https://api.weixin.qq.com")?,
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
    let field = "private_key";
    let signing = SigningKey::from_pem(filled(field, raw.private_key.as_ref())?)
        .map_err(|source| CredentialsError::Key { field, source })?;
    let (serial_no, certificate_expires_at_us) = own_certificate(&raw, &signing, now_us)?;
    let field = "api_v3_key";
    let api_v3_key = ApiV3Key::new(filled(field, raw.api_v3_key.as_ref())?)
        .map_err(|_| CredentialsError::Invalid { field, reason: "must have 32 characters" })?;
    let keys = platform_keys(&settings, &raw, &signing, now_us)?;
    let platform = Platform::new(settings.trust, keys, first_sealer(&settings, &raw));
    let app_secret = raw.app_secret.filter(|text| !text.trim().is_empty());
    Ok(Credentials {
        settings,
        signing,
        serial_no,
        api_v3_key,
        platform,
        app_secret,
        certificate_expires_at_us,
    })
}

/// The serial and expiry of our certificate, which must belong to our key.
fn own_certificate(
    raw: &RawSecrets,
    signing: &SigningKey,
    now_us: i64,
) -> Result<(String, i64), CredentialsError> {
    let field = "certificate";
    let text = filled(field, raw.certificate.as_ref())?;
    let read = certificates::read_pem(text);
    let read = read.map_err(|_| CredentialsError::Invalid { field, reason: "is not a certificate" })?;
    let key =
        VerifyingKey::from_certificate_pem(text).map_err(|source| CredentialsError::Key { field, source })?;
    if !belongs(signing, &key) {
        return Err(CredentialsError::Invalid { field, reason: "does not belong to private_key" });
    }
    if !(read.validity.not_before_us..=read.validity.not_after_us).contains(&now_us) {
        return Err(CredentialsError::Invalid { field, reason: "is outside its validity" });
    }
    Ok((read.serial_no, read.validity.not_after_us))
}

/// The platform's keys as configured; certificates may be absent, as they are downloaded.
fn platform_keys(
    settings: &Settings,
    raw: &RawSecrets,
    signing: &SigningKey,
    now_us: i64,
) -> Result<PlatformKeys, CredentialsError> {
    let mut keys = PlatformKeys::default();
    if let Some(id) = &settings.public_key_id {
        let field = "platform_public_key";
        let text = filled(field, raw.platform_public_key.as_ref())?;
        let key =
            VerifyingKey::from_public_pem(text).map_err(|source| CredentialsError::Key { field, source })?;
        if belongs(signing, &key) {
            return Err(CredentialsError::Invalid {
                field,
                reason: "is our own key; WeChat Pay's belongs here",
            });
        }
        keys.insert(id.clone(), PlatformKey { key, validity: None });
    }
    let certificates = raw.platform_certificates.as_deref().unwrap_or_default();
    if settings.trust != Trust::PublicKey {
        for text in pem_blocks(certificates) {
            insert_certificate(&mut keys, text, signing, now_us)?;
        }
    }
    Ok(keys)
}

/// The key that sensitive fields are sealed with until certificates are downloaded: the public key, or else the
/// certificate that lasts longest.
fn first_sealer(settings: &Settings, raw: &RawSecrets) -> Option<Sealer> {
    if let Some((id, text)) = settings.public_key_id.as_ref().zip(raw.platform_public_key.as_ref()) {
        return Sealer::of_public_key(id, text.trim());
    }
    let blocks = pem_blocks(raw.platform_certificates.as_deref().unwrap_or_default());
    let read = blocks.filter_map(|text| certificates::read_pem(text).ok());
    read.max_by_key(|read| read.validity.not_after_us).as_ref().and_then(Sealer::of_certificate)
}

fn insert_certificate(
    keys: &mut PlatformKeys,
    text: &str,
    signing: &SigningKey,
    now_us: i64,
) -> Result<(), CredentialsError> {
    let field = "platform_certificates";
    let invalid = |reason| CredentialsError::Invalid { field, reason };
    let read = certificates::read_pem(text).map_err(|_| invalid("is not a certificate"))?;
    if read.validity.not_after_us < now_us {
        return Err(invalid("is outside its validity"));
    }
    let platform = read.platform_key().map_err(|source| CredentialsError::Key { field, source })?;
    if belongs(signing, &platform.key) {
        return Err(invalid("is our own certificate; WeChat Pay's belongs here"));
    }
    keys.insert(read.serial_no, platform);
    Ok(())
}

fn pem_blocks(text: &str) -> impl Iterator<Item = &str> {
    const END: &str = "-----END CERTIFICATE-----";
    text.split_inclusive(END).filter(|block| block.contains(END))
}

fn filled<'a>(field: &'static str, text: Option<&'a String>) -> Result<&'a str, CredentialsError> {
    let text = text.map(|text| text.trim()).filter(|text| !text.is_empty());
    text.ok_or(CredentialsError::Missing { field })
}

fn belongs(signing: &SigningKey, public: &VerifyingKey) -> bool {
    signing.sign(PROBE).is_ok_and(|signature| public.verify(PROBE, &signature).is_ok())
}

/// It goes into addresses and signed headers, so that nothing but letters, digits and `_-` may be in it.
fn identifier(field: &'static str, text: String) -> Result<String, CredentialsError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if (1..=ID_MAX_BYTES).contains(&text.len()) && text.bytes().all(plain) {
        Ok(text)
    } else {
        Err(CredentialsError::Invalid { field, reason: "must be letters and digits" })
    }
}
