//! Who may call the API: apps and their keys.

mod key;
mod save;
#[cfg(test)]
mod tests;

pub use key::{API_KEYS_MAX, CreateApiKey, KeyTerms, RevokeApiKey};
pub use save::{APPS_MAX, AppTerms, CreateApp, UpdateApp};

use crate::id::{ApiKeyId, AppId, MerchantId, PartnerId, TenantId};
use crate::words::words;

words! {
    /// What a key may do.
    Scope {
        /// Read payments.
        PaymentsRead = "payments:read",
        /// Create, attempt, close and query payments.
        PaymentsWrite = "payments:write",
        /// Say that the tenant, a partner or the channel pays a part of an amount.
        PartsWrite = "parts:write",
        /// Read who pays in full.
        PiiRead = "pii:read",
        /// Read refunds.
        RefundsRead = "refunds:read",
        /// Create and cancel refunds.
        RefundsWrite = "refunds:write",
        /// Read splits.
        SplitsRead = "splits:read",
        /// Divide payments.
        SplitsWrite = "splits:write",
        /// Read bank transfers and their matches.
        BankTransfersRead = "bank_transfers:read",
        /// Bring bank lines, match them, ask for returns.
        BankTransfersWrite = "bank_transfers:write",
        /// Read shifts, movements over counters, their days and deposits.
        CounterRead = "counter:read",
        /// Open and close shifts, take money over counters, hand it back, deposit it.
        CounterWrite = "counter:write",
        /// Read identity checks and, for a reason that is logged, their photos.
        IdentityRead = "identity:read",
        /// Begin identity checks and ask for their review.
        IdentityWrite = "identity:write",
        /// Read accounts and entries.
        BooksRead = "books:read",
        /// Propose what becomes of money in suspense.
        ExceptionsWrite = "exceptions:write",
        /// Read events and webhook endpoints.
        EventsRead = "events:read",
        /// Change webhook endpoints, redeliver.
        EventsWrite = "events:write",
        /// Read merchants, products, channel accounts, apps.
        ConfigRead = "config:read",
        /// Change merchants, products, channel accounts, apps and keys.
        ConfigWrite = "config:write",
    }
}

words! {
    /// How a request may be signed (RFC 9421 section 3.3 and registry names).
    SignatureAlgorithm {
        /// Ed25519.
        Ed25519 = "ed25519",
        /// ECDSA on P-256 with SHA-256.
        EcdsaP256Sha256 = "ecdsa-p256-sha256",
        /// RSA-PSS with SHA-512.
        RsaPssSha512 = "rsa-pss-sha512",
        /// RSA PKCS#1 v1.5 with SHA-256.
        RsaV15Sha256 = "rsa-v1_5-sha256",
        /// HMAC with SHA-256.
        HmacSha256 = "hmac-sha256",
    }
}

/// A program that calls the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Its own identifier.
    pub id: AppId,
    /// For people.
    pub name: String,
    /// The one merchant it may act for; none means all of the tenant.
    pub merchant_id: Option<MerchantId>,
    /// The one partner whose payments it makes and sees; none means all of the tenant. Frozen.
    pub partner_id: Option<PartnerId>,
    /// Whether every write must carry a signature.
    pub requires_signature: bool,
    /// Whether its keys work.
    pub enabled: bool,
    /// Unix microseconds.
    pub created_at_us: i64,
    /// Counts the commits that changed the row.
    pub version: i64,
}

/// A secret of an app; only its hash is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Its own identifier.
    pub id: ApiKeyId,
    /// The app it speaks for.
    pub app_id: AppId,
    /// The first characters, to recognise it by.
    pub prefix: String,
    /// SHA-256 of the whole key.
    pub secret_hash: Vec<u8>,
    /// What it may do, a JSON array of scope words.
    pub scopes: String,
    /// Addresses it may be used from, a JSON array of CIDR blocks; none means any.
    pub ip_allow: Option<String>,
    /// How its requests are signed, where they are.
    pub signature_algorithm: Option<SignatureAlgorithm>,
    /// The public key (DER, or the sealed shared secret for HMAC) that verifies its signatures.
    pub signature_key: Option<Vec<u8>>,
    /// Requests allowed per second.
    pub rate_per_s: i64,
    /// When it stopped working, Unix microseconds.
    pub revoked_at_us: Option<i64>,
    /// Unix microseconds.
    pub created_at_us: i64,
    /// Counts the commits that changed the row.
    pub version: i64,
}
