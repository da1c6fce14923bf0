//! Who calls: bearer key, address, rate, signature, scope. What was read of a key is remembered for half a second, and
//! forgotten as soon as this process commits a change of any: a revoked key stops working at once, and within a second
//! in other processes.

pub mod address;
mod bearer;
mod gate;
mod permission;
mod signature;
#[cfg(test)]
mod tests;

pub use address::{Block, peer};
pub use bearer::{KeyText, new_key};
use gate::ReadAt;
pub use gate::{Gate, InFlight};
pub use permission::{
    BankTransfersRead, BankTransfersWrite, BooksRead, ConfigRead, ConfigWrite, CounterRead, CounterWrite,
    EventsRead, EventsWrite, ExceptionsWrite, IdentityRead, IdentityWrite, PaymentsRead, PaymentsWrite,
    Permission, RefundsRead, RefundsWrite, SplitsRead, SplitsWrite,
};
pub use signature::{ParsedSignature, check_public_key, hmac_key_name};

use crate::problem::{Code, Problem};
use crate::state::WebState;
use aws_lc_rs::digest::{SHA256, digest};
use axum::http::request::Parts;
use std::net::IpAddr;
use std::sync::Arc;
use subtle::ConstantTimeEq;
use tk_app::TurnedAway;
use tk_domain::access::{ApiKey, App, Scope};
use tk_domain::audit::{Actor, Origin};
use tk_domain::id::{MerchantId, PartnerId, RequestId, TenantId};
use tk_domain::idempotency::SignatureNonce;
use tk_domain::payment::Payment;

/// The version of the API that this program speaks.
pub const API_VERSION: &str = "2026-09-01";

/// A known app with a key that works, and the request it makes.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The tenant, the boundary of everything it sees.
    pub tenant_id: TenantId,
    /// The tenant's code, part of links.
    pub tenant_code: String,
    /// The app.
    pub app: Arc<App>,
    /// Its key.
    pub key: Arc<ApiKey>,
    /// This request.
    pub request_id: RequestId,
    /// Where it comes from.
    pub ip: IpAddr,
    /// The nonce of its signature, used up by the commit of a write.
    pub nonce: Option<SignatureNonce>,
}

impl Caller {
    /// Who asks, for the audit log.
    #[must_use]
    pub fn origin(&self) -> Origin {
        Origin {
            actor: Actor::ApiKey(self.key.id),
            request_id: Some(self.request_id),
            ip: Some(self.ip.to_string()),
        }
    }

    /// Whether its app may see this merchant.
    #[must_use]
    pub fn sees(&self, merchant_id: MerchantId) -> bool {
        self.app.merchant_id.is_none_or(|only| only == merchant_id)
    }

    /// Whether its app may see every merchant and partner of the tenant.
    #[must_use]
    pub fn sees_all(&self) -> bool {
        self.app.merchant_id.is_none() && self.app.partner_id.is_none()
    }

    /// Refuses, as if it did not exist, a payment of a merchant or partner out of sight.
    pub fn check_payment(&self, payment: &Payment) -> Result<(), Problem> {
        let of_partner = self.app.partner_id.is_none() || self.app.partner_id == payment.partner_id;
        if of_partner { self.check_sight(payment.merchant_id) } else { Err(Problem::not_found()) }
    }

    /// The partner that a request is about: the one of the app, or else the one named.
    pub fn partner(&self, named: Option<PartnerId>) -> Result<Option<PartnerId>, Problem> {
        match (self.app.partner_id, named) {
            (Some(only), Some(named)) if only != named => Err(Problem::not_found()),
            (only, named) => Ok(only.or(named)),
        }
    }

    /// Refuses, as if it did not exist, what belongs to a merchant out of sight.
    pub fn check_sight(&self, merchant_id: MerchantId) -> Result<(), Problem> {
        if self.sees(merchant_id) { Ok(()) } else { Err(Problem::not_found()) }
    }

    /// Refuses an app that may act for one merchant or partner only.
    pub fn check_whole_tenant(&self) -> Result<(), Problem> {
        if self.sees_all() { Ok(()) } else { Err(Code::ScopeMissing.into()) }
    }

    /// Whether its key has a scope.
    #[must_use]
    pub fn has(&self, scope: Scope) -> bool {
        let scopes: Vec<Scope> = serde_json::from_str(&self.key.scopes).unwrap_or_default();
        scopes.contains(&scope)
    }

    /// Refuses a key that lacks a scope.
    pub fn check_scope(&self, scope: Scope) -> Result<(), Problem> {
        if self.has(scope) { Ok(()) } else { Err(Problem::field(Code::ScopeMissing, "#", scope.word())) }
    }
}

/// Identifies the caller: key, environment, revocation, address, rate.
pub async fn identify(parts: &Parts, state: &WebState) -> Result<Caller, Problem> {
    let request_id = parts.extensions.get::<RequestId>().copied().unwrap_or_default();
    let ip = peer(parts, &state.config.trusted_proxies);
    let found = find(parts, state, ip, request_id).await;
    if let Err(problem) = &found {
        // Whoever names a tenant is that tenant's matter, whether or not the key is one of its own.
        let named = KeyText::of(&parts.headers);
        let tenant_id = named.and_then(|text| state.app.known_tenant_id(text.tenant_code));
        state.app.turned_away(&TurnedAway { tenant_id, code: problem.code(), ip, subject: None });
    }
    found
}

async fn find(parts: &Parts, state: &WebState, ip: IpAddr, request_id: RequestId) -> Result<Caller, Problem> {
    let text = KeyText::of(&parts.headers).ok_or(Code::TokenInvalid)?;
    if text.live != state.live() {
        return Err(Code::WrongEnvironment.into());
    }
    let tenant_id = state.app.tenant_id(text.tenant_code).await?.ok_or(Code::TokenInvalid)?;
    let (key, app) = known(state, tenant_id, text.whole).await?;
    if key.revoked_at_us.is_some() || !app.enabled {
        return Err(Code::KeyRevoked.into());
    }
    if !address::allowed(key.ip_allow.as_deref(), ip) {
        return Err(Code::IpNotAllowed.into());
    }
    if let Some(retry_after_s) = state.gate.over_rate(key.id, key.rate_per_s, state.app.now_us()) {
        return Err(Problem::new(Code::RateLimited).retry_after(retry_after_s));
    }
    let tenant_code = text.tenant_code.to_owned();
    Ok(Caller { tenant_id, tenant_code, app, key, request_id, ip, nonce: None })
}

/// The key of this text and its app, as read within the last half second.
async fn known(
    state: &WebState,
    tenant_id: TenantId,
    text: &str,
) -> Result<(Arc<ApiKey>, Arc<App>), Problem> {
    let hash = digest(&SHA256, text.as_bytes());
    let now = ReadAt { now_us: state.app.now_us(), changes: state.app.reader().access_changes() };
    if let Some(known) = state.gate.key((tenant_id, hash.as_ref()), now) {
        return Ok(known);
    }
    let found = state.app.reader().api_key_and_app(tenant_id, hash.as_ref()).await?;
    let (key, app) = found.ok_or(Code::TokenInvalid)?;
    if !bool::from(key.secret_hash.as_slice().ct_eq(hash.as_ref())) {
        return Err(Code::TokenInvalid.into());
    }
    let (key, app) = (Arc::new(key), Arc::new(app));
    state.gate.learn_key((Arc::clone(&key), Arc::clone(&app)), now);
    Ok((key, app))
}

/// Verifies the signature of a request if it carries one or its app must sign it.
pub fn check_signature(
    caller: &mut Caller,
    parts: &Parts,
    body: Option<&[u8]>,
    state: &WebState,
) -> Result<(), Problem> {
    let verified = signature::verify(caller, parts, body, state);
    match verified {
        Ok(nonce) => {
            caller.nonce = nonce;
            Ok(())
        }
        Err(code) => {
            let subject = caller.key.id.to_string();
            state.app.turned_away(&TurnedAway {
                tenant_id: Some(caller.tenant_id),
                code: code.word(),
                ip: caller.ip,
                subject: Some(&subject),
            });
            Err(code.into())
        }
    }
}

/// Refuses a write that sends real money back, or to others, without a signature, whatever its app may leave unsigned.
pub fn check_signed<P: Permission>(caller: &Caller, state: &WebState) -> Result<(), Problem> {
    // A verified signature of a write always has a nonce.
    let must = state.live() && matches!(P::SCOPE, Scope::RefundsWrite | Scope::SplitsWrite);
    if must && caller.nonce.is_none() { Err(Code::SignatureMissing.into()) } else { Ok(()) }
}

/// Checks the scope that a handler's first argument names, and the API version asked for.
pub fn check_scope<P: Permission>(caller: &Caller, parts: &Parts) -> Result<(), Problem> {
    caller.check_scope(P::SCOPE)?;
    if matches!(
        P::SCOPE,
        Scope::ConfigWrite
            | Scope::EventsWrite
            | Scope::EventsRead
            | Scope::BankTransfersRead
            | Scope::BankTransfersWrite
            | Scope::CounterRead
            | Scope::CounterWrite
    ) {
        caller.check_whole_tenant()?;
    }
    match parts.headers.get("api-version").map(|value| value.to_str().unwrap_or_default()) {
        None | Some(API_VERSION) => Ok(()),
        Some(_) => Err(Problem::field(Code::VersionUnsupported, "#", API_VERSION)),
    }
}
