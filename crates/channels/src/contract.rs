//! Contracts: a channel account's settings and keys, parsed once per version.

use crate::callback::{CallbackFinding, CallbackRefusal, RawCallback, Reply};
use crate::credentials::{AccountTerms, CredentialsError};
use crate::{Environment, alipay, unionpay, wechatpay};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tk_domain::channel_account::{Channel, ChannelAccount};
use tk_domain::id::ChannelAccountId;

/// The most contracts kept parsed.
const CONTRACTS_MAX: usize = 10_000;

/// A parsed channel account, ready for conversations and callbacks.
#[derive(Debug, Clone)]
pub struct Contract {
    /// Whose it is.
    pub account_id: ChannelAccountId,
    pub(crate) adapter: Adapter,
}

/// The adapter with what it needs of the account.
#[derive(Debug, Clone)]
pub(crate) enum Adapter {
    Alipay(Arc<alipay::Credentials>),
    Wechatpay(Arc<wechatpay::Credentials>),
    Unionpay(Arc<unionpay::Credentials>),
}

/// Why a channel account cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContractError {
    /// No adapter of this build speaks with the channel.
    #[error("there is no adapter for {0}")]
    NoAdapter(Channel),
    /// Its secrets cannot be opened.
    #[error("the secrets of the channel account cannot be opened")]
    Sealed,
    /// A setting differs from the account's own column.
    #[error("the settings name another {field} than the channel account")]
    Differs {
        /// The column.
        field: &'static str,
    },
    /// Settings or secrets are refused.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
}

/// What a contract is made from: the row, its opened secrets and where the channel reports to.
#[derive(Clone, Copy)]
pub struct Opened<'a> {
    /// The row.
    pub account: &'a ChannelAccount,
    /// The opened secrets, a JSON object.
    pub secrets: &'a str,
    /// Where the channel reports to; wins over the settings.
    pub notify_url: Option<&'a str>,
}

impl std::fmt::Debug for Opened<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Opened").field("account", &self.account.id).finish_non_exhaustive()
    }
}

impl Opened<'_> {
    /// Whether the columns say the same as settings and secrets.
    fn agrees(&self, terms: &AccountTerms) -> Result<(), ContractError> {
        if terms.payee_app != self.account.payee_app {
            return Err(ContractError::Differs { field: "payee_app" });
        }
        if terms.payee_merchant != self.account.payee_merchant {
            return Err(ContractError::Differs { field: "payee_merchant" });
        }
        Ok(())
    }
}

impl Contract {
    /// Parses and checks an account, as is also done before one is saved.
    pub fn open(opened: Opened<'_>, environment: Environment, now_us: i64) -> Result<Self, ContractError> {
        let account = opened.account;
        match account.channel {
            Channel::Alipay => {
                let (settings, secrets) = (&account.settings, opened.secrets);
                let mut parsed = alipay::credentials::parse(settings, secrets, environment, now_us)?;
                opened.agrees(&parsed.terms())?;
                if let Some(url) = opened.notify_url {
                    parsed.settings.notify_url = Some(url.to_owned());
                }
                Ok(Self { account_id: account.id, adapter: Adapter::Alipay(Arc::new(parsed)) })
            }
            Channel::Wechatpay => {
                let (settings, secrets) = (&account.settings, opened.secrets);
                let mut parsed = wechatpay::credentials::parse(settings, secrets, environment, now_us)?;
                opened.agrees(&parsed.terms())?;
                if let Some(url) = opened.notify_url {
                    parsed.settings.notify_url = Some(url.to_owned());
                }
                Ok(Self { account_id: account.id, adapter: Adapter::Wechatpay(Arc::new(parsed)) })
            }
            Channel::Unionpay => {
                let (settings, secrets) = (&account.settings, opened.secrets);
                let mut parsed = unionpay::credentials::parse(settings, secrets, environment, now_us)?;
                opened.agrees(&parsed.terms())?;
                if let Some(url) = opened.notify_url {
                    parsed.settings.notify_url = Some(url.to_owned());
                }
                Ok(Self { account_id: account.id, adapter: Adapter::Unionpay(Arc::new(parsed)) })
            }
            channel @ (Channel::BankDirect | Channel::Counter) => Err(ContractError::NoAdapter(channel)),
        }
    }

    /// Verifies a callback and reads it; there is no way around the verification.
    pub fn verify_callback(&self, callback: RawCallback<'_>) -> Result<CallbackFinding, CallbackRefusal> {
        match &self.adapter {
            Adapter::Alipay(credentials) => alipay::callback::verify(callback, credentials),
            Adapter::Wechatpay(credentials) => wechatpay::callback::verify(callback, credentials),
            Adapter::Unionpay(credentials) => unionpay::callback::verify(callback, credentials),
        }
    }

    /// The answer by which the channel stops resending a callback.
    pub fn acknowledgement(&self) -> Reply {
        match &self.adapter {
            Adapter::Alipay(_) => Reply::text(200, alipay::callback::ACK),
            Adapter::Wechatpay(_) => wechatpay::callback::acknowledgement(),
            Adapter::Unionpay(_) => Reply::text(200, unionpay::callback::ACK),
        }
    }

    /// The answer to a callback that is turned away.
    pub fn rejection(&self, refusal: &CallbackRefusal) -> Reply {
        match &self.adapter {
            Adapter::Alipay(_) | Adapter::Unionpay(_) => Reply::text(refusal.status(), refusal.code()),
            Adapter::Wechatpay(_) => wechatpay::callback::rejection(refusal),
        }
    }

    /// When its first certificate expires, Unix microseconds; absent where it has none.
    pub fn expires_at_us(&self) -> Option<i64> {
        match &self.adapter {
            Adapter::Alipay(credentials) => credentials.certificates_expire_at_us,
            Adapter::Wechatpay(credentials) => Some(credentials.certificate_expires_at_us),
            Adapter::Unionpay(credentials) => credentials.certificates_expire_at_us,
        }
    }

    /// Where a payer's browser learns who he is inside the channel's app; nothing for a channel that asks nobody.
    pub fn oauth_url(&self, redirect_uri: &str, state: &str) -> Option<String> {
        match &self.adapter {
            Adapter::Alipay(_) | Adapter::Unionpay(_) => None,
            Adapter::Wechatpay(credentials) => {
                Some(wechatpay::oauth::authorize_url(&credentials.settings, redirect_uri, state))
            }
        }
    }
}

/// Contracts by channel account; a new version of the row replaces the old one.
#[derive(Debug, Default)]
pub(crate) struct Contracts {
    parsed: Mutex<BTreeMap<ChannelAccountId, (i64, Contract)>>,
}

impl Contracts {
    pub(crate) fn get(&self, account: &ChannelAccount, now_us: i64) -> Option<Contract> {
        let parsed = self.parsed.lock().unwrap_or_else(PoisonError::into_inner);
        let (version, contract) = parsed.get(&account.id)?;
        let alive = contract.expires_at_us().is_none_or(|expires_at_us| now_us <= expires_at_us);
        (*version == account.version && alive).then(|| contract.clone())
    }

    pub(crate) fn put(&self, account: &ChannelAccount, contract: &Contract) {
        let mut parsed = self.parsed.lock().unwrap_or_else(PoisonError::into_inner);
        if parsed.len() >= CONTRACTS_MAX && !parsed.contains_key(&account.id) {
            parsed.pop_first();
        }
        parsed.insert(account.id, (account.version, contract.clone()));
    }
}
