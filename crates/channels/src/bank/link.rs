//! The terms of a direct link, and a link that is ready to be spoken by.

use super::{BankAccount, BankAccountError, Format};
use crate::{Environment, may_call};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use tk_domain::bank_link::LinkRoad;
use tk_formats::keys::VerifyingKey;

/// The fields of a direct link's secrets, which are never shown again.
pub const SECRET_FIELDS: &[&str] = &["token"];

/// How often a bank may be asked, seconds.
const EVERY_S: std::ops::RangeInclusive<i64> = 1..=86_400;
/// How long after a day's end its final statement may be waited for, seconds.
const FINAL_AFTER_S: std::ops::RangeInclusive<i64> = 0..=43_200;
/// How long a file must be left alone before it counts as whole, seconds.
const QUIET_S: std::ops::RangeInclusive<i64> = 1..=3_600;
/// The longest address, bytes.
const URL_MAX_BYTES: usize = 512;
/// The longest token, bytes.
const TOKEN_MAX_BYTES: usize = 1_024;

/// How the statements of an account come by themselves, as its settings say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DirectLink {
    /// By HTTPS or by a folder.
    pub road: LinkRoad,
    /// What the bank's files are.
    pub format: Format,
    /// The person who is told when something is wrong.
    pub keeper: String,
    /// The bank's address, without a slash at its end; of the road `https`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// How long between two questions, seconds; 300 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every_s: Option<i64>,
    /// How long after a day's end its final statement is asked for, seconds; 1800 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub final_after_s: Option<i64>,
    /// How long a file must be left alone before it counts as whole, seconds; 60 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet_s: Option<i64>,
    /// The one authority, PEM, to which the bank's certificate must lead; those of the system if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_certificate: Option<String>,
    /// The bank's public key, PEM, with which each of its files must be signed; none where it signs nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement_key: Option<String>,
}

fn wrong(field: &'static str, reason: &str) -> BankAccountError {
    BankAccountError { field, reason: reason.to_owned() }
}

impl DirectLink {
    /// Whether the terms fit together.
    pub(super) fn check(&self) -> Result<(), BankAccountError> {
        let within = |value: Option<i64>, range: std::ops::RangeInclusive<i64>| {
            value.is_none_or(|value| range.contains(&value))
        };
        let keeper = (1..=64).contains(&self.keeper.chars().count()) && self.keeper.trim() == self.keeper;
        if !keeper || self.keeper.chars().any(char::is_control) {
            return Err(wrong("direct_link/keeper", "1 to 64 characters"));
        }
        if !within(self.every_s, EVERY_S) {
            return Err(wrong("direct_link/every_s", "1 to 86400 seconds"));
        }
        if !within(self.final_after_s, FINAL_AFTER_S) {
            return Err(wrong("direct_link/final_after_s", "0 to 43200 seconds"));
        }
        if !within(self.quiet_s, QUIET_S) {
            return Err(wrong("direct_link/quiet_s", "1 to 3600 seconds"));
        }
        self.check_road()?;
        if let Some(Err(error)) = self.statement_key.as_deref().map(VerifyingKey::from_public_pem) {
            return Err(wrong("direct_link/statement_key", &error.to_string()));
        }
        match self.ca_certificate.as_deref().map(tk_formats::cert::validity) {
            Some(Err(error)) => Err(wrong("direct_link/ca_certificate", &error.to_string())),
            Some(Ok(_)) | None => Ok(()),
        }
    }

    fn check_road(&self) -> Result<(), BankAccountError> {
        match (self.road, &self.url) {
            (LinkRoad::Https, Some(url)) => {
                let plain = url.len() <= URL_MAX_BYTES && !url.contains(['?', '#']) && !url.ends_with('/');
                if plain {
                    Ok(())
                } else {
                    Err(wrong("direct_link/url", "an address without query or slash at its end"))
                }
            }
            (LinkRoad::Https, None) => Err(wrong("direct_link/url", "missing")),
            (LinkRoad::Folder, Some(_)) => {
                Err(wrong("direct_link/url", "files come into the folder that the installation names"))
            }
            (LinkRoad::Folder, None) if self.ca_certificate.is_some() => {
                Err(wrong("direct_link/ca_certificate", "a folder has no certificate"))
            }
            (LinkRoad::Folder, None) => Ok(()),
        }
    }

    /// How long a file must be left alone before it counts as whole, microseconds.
    #[must_use]
    pub fn quiet_us(&self) -> i64 {
        self.quiet_s.unwrap_or(60).saturating_mul(1_000_000)
    }
}

/// Why a link cannot be spoken by; no secret is in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkRefused {
    /// The settings are refused.
    #[error(transparent)]
    Settings(#[from] BankAccountError),
    /// The settings have no direct link.
    #[error("the account has no direct link")]
    NoLink,
    /// The secrets are refused.
    #[error("token {0}")]
    Token(&'static str),
}

#[derive(Deserialize)]
struct Secrets {
    token: Option<String>,
}

/// A direct link that is ready to be spoken by.
#[derive(Clone)]
pub struct Link {
    /// The account.
    pub account: BankAccount,
    /// Its terms.
    pub terms: DirectLink,
    pub(super) token: String,
    pub(super) key: Option<VerifyingKey>,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Link").field("account_no", &self.account.account_no).finish_non_exhaustive()
    }
}

impl Link {
    /// Reads settings and secrets, JSON objects both, and checks that they can be used here.
    pub fn open((settings, secrets): (&str, &str), environment: Environment) -> Result<Self, LinkRefused> {
        let account = BankAccount::of_settings(settings)?;
        let terms = account.direct_link.clone().ok_or(LinkRefused::NoLink)?;
        let secrets: Secrets = serde_json::from_str(secrets)
            .map_err(|_| LinkRefused::Token("must be in a JSON object, as text"))?;
        let token = match (terms.road, secrets.token) {
            (LinkRoad::Https, None) => return Err(LinkRefused::Token("is missing")),
            (LinkRoad::Https, Some(token)) => token,
            (LinkRoad::Folder, _) => String::new(),
        };
        if token.len() > TOKEN_MAX_BYTES || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(LinkRefused::Token("must be printable ASCII without blanks"));
        }
        if terms.url.as_deref().is_some_and(|url| !may_call(url, environment)) {
            return Err(wrong("direct_link/url", "may not be called; use a public https name").into());
        }
        let key = terms.statement_key.as_deref().map(VerifyingKey::from_public_pem).transpose();
        let key = key.map_err(|error| wrong("direct_link/statement_key", &error.to_string()))?;
        Ok(Self { account, terms, token, key })
    }
}

/// Where an installation has the folders into which banks put files; settings cannot name any other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRoot(pub PathBuf);

impl FileRoot {
    /// The folder of one account: the tenant's code, then the account's number. Both are single plain names.
    #[must_use]
    pub fn folder(&self, tenant_code: &str, account_no: &str) -> Option<PathBuf> {
        let plain = |name: &str| {
            !name.is_empty()
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        };
        (plain(tenant_code) && plain(account_no))
            .then(|| Path::new(&self.0).join(tenant_code).join(account_no))
    }
}
