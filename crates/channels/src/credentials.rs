//! Settings and secrets of any channel: how they are read, and why they are refused.

use crate::{Environment, alipay, unionpay, wechatpay};
use tk_domain::channel_account::{Channel, Collects, Method};
use tk_formats::alipay::cert::CertError;
use tk_formats::alipay::keys::KeyError;

/// What settings and secrets say of a channel account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountTerms {
    /// Our identity at the channel that a success must name (Alipay: app id, WeChat Pay: appid).
    pub payee_app: String,
    /// Our merchant identity at the channel that a success must name (Alipay: seller id, WeChat Pay: mchid).
    pub payee_merchant: String,
    /// Whose account the money reaches.
    pub collects: Collects,
    /// Methods for which these settings are not enough.
    pub without: &'static [Method],
    /// When the first of its certificates expires, Unix microseconds; absent where it has none.
    pub expires_at_us: Option<i64>,
}

/// The fields of a channel's secrets, which are never shown again; all others are settings.
pub const fn secret_fields(channel: Channel) -> &'static [&'static str] {
    match channel {
        Channel::Alipay => alipay::credentials::SECRET_FIELDS,
        Channel::Wechatpay => wechatpay::credentials::SECRET_FIELDS,
        Channel::Unionpay => unionpay::credentials::SECRET_FIELDS,
        Channel::BankDirect => crate::bank::SECRET_FIELDS,
        Channel::Counter => &[],
    }
}

/// Reads settings and secrets of a channel, and checks that they belong together and are valid at `now_us`;
/// nothing for a channel without an adapter.
pub fn read_terms(
    channel: Channel,
    (settings, secrets): (&str, &str),
    environment: Environment,
    now_us: i64,
) -> Option<Result<AccountTerms, CredentialsError>> {
    match channel {
        Channel::Alipay => {
            let read = alipay::credentials::parse(settings, secrets, environment, now_us);
            Some(read.map(|credentials| credentials.terms()))
        }
        Channel::Wechatpay => {
            let read = wechatpay::credentials::parse(settings, secrets, environment, now_us);
            Some(read.map(|credentials| credentials.terms()))
        }
        Channel::Unionpay => {
            let read = unionpay::credentials::parse(settings, secrets, environment, now_us);
            Some(read.map(|credentials| credentials.terms()))
        }
        Channel::BankDirect | Channel::Counter => None,
    }
}

/// Why settings or secrets are refused; the text never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CredentialsError {
    /// The settings are not the JSON object they should be.
    #[error("settings cannot be read: {0}")]
    SettingsUnreadable(String),
    /// The secrets are not the JSON object they should be.
    #[error("secrets cannot be read: they must be a JSON object with the fields of this mode, as text")]
    SecretsUnreadable,
    /// A field is absent or empty.
    #[error("{field} is missing")]
    Missing {
        /// The field.
        field: &'static str,
    },
    /// A field has a value that is not allowed.
    #[error("{field} {reason}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A key is refused.
    #[error("{field}: {source}")]
    Key {
        /// The field.
        field: &'static str,
        /// Why.
        source: KeyError,
    },
    /// A certificate is refused.
    #[error("{field}: {source}")]
    Certificate {
        /// The field.
        field: &'static str,
        /// Why.
        source: CertError,
    },
}

impl CredentialsError {
    /// The field it is about, if it is about one.
    pub const fn field(&self) -> Option<&'static str> {
        match self {
            Self::SettingsUnreadable(_) | Self::SecretsUnreadable => None,
            Self::Missing { field }
            | Self::Invalid { field, .. }
            | Self::Key { field, .. }
            | Self::Certificate { field, .. } => Some(field),
        }
    }
}
