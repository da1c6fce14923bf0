//! Providers of identity checks: what they must do, and the adapter of the protocol in `formats::identity`.
//!
//! Only a verified answer about our own number proves anything. Whatever else comes back, or nothing, is unclear; and an
//! unclear check lets nobody through.

use crate::callback::Headers;
use crate::http::{Exchange, HttpTrouble};
use crate::{Adapters, Environment, may_call};
use serde::{Deserialize, Serialize};
use std::fmt;
use tk_domain::identity::IdentityFinding;
use tk_formats::identity::{IdentityKey, Outcome, Stamped, Verdict, Way};

use tk_formats::identity::liveness_path;
pub use tk_formats::identity::{Verification, packed};

/// The shortest shared secret taken, bytes.
const SECRET_MIN_BYTES: usize = 16;
/// The longest reason kept, letters.
const REASON_MAX: usize = 64;

/// What the payer says of himself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claimed {
    /// The name.
    pub name: String,
    /// The number of the identity document.
    pub id_number: String,
    /// The bank card, if it is compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card: Option<String>,
    /// The telephone, if it is compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

/// A message to a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderCall {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Where it goes.
    pub url: String,
    /// What signs it.
    pub headers: Vec<(&'static str, String)>,
    /// JSON; empty for a question.
    pub body: String,
}

/// What came back, unverified.
#[derive(Debug, Clone, Copy)]
pub struct ProviderAnswer<'a> {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: &'a Headers,
    /// The body.
    pub body: &'a [u8],
}

/// When and with which number used once a message is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Unix microseconds.
    pub now_us: i64,
    /// Random bits.
    pub nonce: u128,
}

/// What an adapter of a provider does: messages out, findings in, nothing else.
pub trait IdentityProvider: fmt::Debug + Send + Sync {
    /// The message that begins a check; the same again begins no other.
    fn ask(&self, verification: &Verification, stamp: Stamp) -> ProviderCall;
    /// The message that asks about a check begun before.
    fn question(&self, request_no: &str, stamp: Stamp) -> ProviderCall;
    /// The provider's own page on which the payer shows his face for a check begun before; signed, so that the provider
    /// sends nobody elsewhere than `back`. Nothing where the provider has none.
    fn liveness_url(&self, request_no: &str, back: &str, stamp: Stamp) -> Option<String>;
    /// What an answer about this check proves.
    fn read(&self, request_no: &str, answer: &ProviderAnswer<'_>, now_us: i64) -> IdentityFinding;
}

/// A provider's settings or secrets that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {reason}")]
pub struct ProviderSettingsError {
    /// Which field.
    pub field: &'static str,
    /// What is wrong with it.
    pub reason: &'static str,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    base_url: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Secrets {
    secret: String,
}

/// The provider of these settings (`base_url`) and secrets (`secret`).
pub fn provider(
    settings: &str,
    secrets: &str,
    environment: Environment,
) -> Result<Box<dyn IdentityProvider>, ProviderSettingsError> {
    let wrong = |field, reason| ProviderSettingsError { field, reason };
    let settings: Settings = serde_json::from_str(settings)
        .map_err(|_| wrong("settings", "must have base_url and nothing else"))?;
    let secrets: Secrets = serde_json::from_str(secrets)
        .map_err(|_| wrong("credentials", "must have secret and nothing else"))?;
    if !may_call(&settings.base_url, environment) {
        return Err(wrong(
            "base_url",
            "must be a public https address (in a test installation also loopback)",
        ));
    }
    if secrets.secret.len() < SECRET_MIN_BYTES {
        return Err(wrong("secret", "must have 16 characters at least"));
    }
    let base_url = settings.base_url.trim_end_matches('/').to_owned();
    Ok(Box::new(SignedJson { base_url, key: IdentityKey::new(&secrets.secret) }))
}

/// The protocol of `formats::identity`.
#[derive(Debug)]
struct SignedJson {
    base_url: String,
    key: IdentityKey,
}

impl SignedJson {
    fn call(&self, method: &'static str, path: &str, body: String, stamp: Stamp) -> ProviderCall {
        let (at_s, nonce) = (stamp.now_us.div_euclid(1_000_000), format!("{:032x}", stamp.nonce));
        let signed = Stamped { way: Way::Request(method, path), at_s, nonce: &nonce, body: body.as_bytes() };
        let signature = self.key.sign(&signed);
        let mut headers =
            vec![("x-timestamp", at_s.to_string()), ("x-nonce", nonce), ("x-signature", signature)];
        if !body.is_empty() {
            headers.push(("content-type", "application/json".to_owned()));
        }
        ProviderCall { method, url: format!("{}{path}", self.base_url), headers, body }
    }

    fn verdict(&self, request_no: &str, answer: &ProviderAnswer<'_>, now_us: i64) -> Option<Verdict> {
        let header = |name| answer.headers.get(name);
        let at_s = header("x-timestamp")?.parse().ok()?;
        let signed = Stamped {
            way: Way::Answer(request_no, answer.status),
            at_s,
            nonce: header("x-nonce")?,
            body: answer.body,
        };
        self.key.verify(&signed, header("x-signature")?, now_us.div_euclid(1_000_000)).ok()?;
        let verdict: Verdict = serde_json::from_slice(answer.body).ok()?;
        (verdict.request_no == request_no).then_some(verdict)
    }
}

impl IdentityProvider for SignedJson {
    fn ask(&self, verification: &Verification, stamp: Stamp) -> ProviderCall {
        let body = serde_json::to_string(verification).unwrap_or_default();
        self.call("POST", "/v1/verifications", body, stamp)
    }

    fn question(&self, request_no: &str, stamp: Stamp) -> ProviderCall {
        self.call("GET", &format!("/v1/verifications/{request_no}"), String::new(), stamp)
    }

    fn liveness_url(&self, request_no: &str, back: &str, stamp: Stamp) -> Option<String> {
        let path = liveness_path(request_no, back);
        let (at_s, nonce) = (stamp.now_us.div_euclid(1_000_000), format!("{:032x}", stamp.nonce));
        let signed = Stamped { way: Way::Request("GET", &path), at_s, nonce: &nonce, body: b"" };
        let signature = self.key.sign(&signed);
        Some(format!("{}{path}&at={at_s}&nonce={nonce}&signature={signature}", self.base_url))
    }

    fn read(&self, request_no: &str, answer: &ProviderAnswer<'_>, now_us: i64) -> IdentityFinding {
        let Some(verdict) = self.verdict(request_no, answer, now_us) else { return IdentityFinding::Unclear };
        match verdict.result {
            Outcome::Pass => IdentityFinding::Passed,
            Outcome::Fail => {
                let reason = verdict.reason.unwrap_or_else(|| "refused".to_owned());
                let word = |letter: &char| letter.is_ascii_alphanumeric() || *letter == '_';
                IdentityFinding::Failed { code: reason.chars().filter(word).take(REASON_MAX).collect() }
            }
            Outcome::Pending => IdentityFinding::Unclear,
            Outcome::NotFound => IdentityFinding::NotFound,
        }
    }
}

impl Adapters {
    /// Says one thing to a provider and hears what it proves about this check.
    pub async fn say_identity(
        &self,
        provider: &dyn IdentityProvider,
        (request_no, call): (&str, ProviderCall),
        now_us: i64,
    ) -> IdentityFinding {
        let exchange =
            Exchange { method: call.method, url: &call.url, headers: &call.headers, body: call.body };
        match self.http.exchange(exchange).await {
            Ok(heard) => {
                let answer =
                    ProviderAnswer { status: heard.status, headers: &heard.headers, body: &heard.body };
                provider.read(request_no, &answer, now_us)
            }
            Err(
                HttpTrouble::Timeout
                | HttpTrouble::Connection
                | HttpTrouble::Certificate
                | HttpTrouble::Status(_)
                | HttpTrouble::TooLarge
                | HttpTrouble::AddressRefused,
            ) => IdentityFinding::Unclear,
        }
    }
}
