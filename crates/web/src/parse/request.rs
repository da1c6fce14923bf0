//! The first argument of a handler: who calls, allowed to do what, sending what.

use crate::auth::{Caller, Permission, check_scope, check_signature, check_signed, identify};
use crate::parse::{Params, from_slice, read_body};
use crate::problem::{Code, Problem};
use crate::state::WebState;
use aws_lc_rs::digest::{Context, SHA256};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use serde::de::DeserializeOwned;
use std::marker::PhantomData;
use tk_domain::key::IdempotencyName;

/// A request that changes nothing, by a caller with the permission `P`.
#[derive(Debug)]
pub struct Read<P> {
    /// Who asks.
    pub caller: Caller,
    /// The query parameters.
    pub params: Params,
    permission: PhantomData<P>,
}

impl<P: Permission> FromRequestParts<WebState> for Read<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Self, Problem> {
        let mut caller = identify(parts, state).await?;
        check_signature(&mut caller, parts, None, state)?;
        check_scope::<P>(&caller, parts)?;
        Ok(Self { caller, params: Params::of(&parts.uri)?, permission: PhantomData })
    }
}

/// A PATCH or DELETE: the same again changes nothing more, so it needs no key.
#[derive(Debug)]
pub struct Change<P, B> {
    /// Who asks.
    pub caller: Caller,
    /// What was sent.
    pub body: B,
    permission: PhantomData<P>,
}

impl<P: Permission, B: DeserializeOwned> FromRequest<WebState> for Change<P, B> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &WebState) -> Result<Self, Problem> {
        let received = Received::of::<P>(request, state).await?;
        Ok(Self { body: received.parse()?, caller: received.caller, permission: PhantomData })
    }
}

/// A POST: it has one effect per idempotency key.
#[derive(Debug)]
pub struct Write<P, B> {
    /// Who asks.
    pub caller: Caller,
    /// What was sent.
    pub body: B,
    /// The caller's name for this one effect.
    pub name: IdempotencyName,
    /// SHA-256 over method, path and body.
    pub fingerprint: Vec<u8>,
    permission: PhantomData<P>,
}

impl<P: Permission, B: DeserializeOwned> FromRequest<WebState> for Write<P, B> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &WebState) -> Result<Self, Problem> {
        let received = Received::of::<P>(request, state).await?;
        let key = idempotency_key(&received.parts.headers)?;
        let caller = &received.caller;
        let name = IdempotencyName { tenant_id: caller.tenant_id, app_id: caller.app.id, key };
        let fingerprint = received.fingerprint();
        let body = received.parse()?;
        Ok(Self { caller: received.caller, body, name, fingerprint, permission: PhantomData })
    }
}

/// A POST of a file as it is, with what is said about it in the query.
#[derive(Debug)]
pub struct Upload<P> {
    /// The effect, with the file's bytes.
    pub write: Write<P, axum::body::Bytes>,
    /// The query parameters.
    pub params: Params,
}

impl<P: Permission> FromRequest<WebState> for Upload<P> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &WebState) -> Result<Self, Problem> {
        let limits = &state.config.limits;
        let sizes = (limits.file_max, limits.file_timeout_ms);
        let received = Received::within::<P>(request, state, sizes).await.map_err(|problem| {
            if problem.code() == Code::BodyTooLarge.word() { Code::FileTooLarge.into() } else { problem }
        })?;
        let key = idempotency_key(&received.parts.headers)?;
        let params = Params::of(&received.parts.uri)?;
        let caller = &received.caller;
        let name = IdempotencyName { tenant_id: caller.tenant_id, app_id: caller.app.id, key };
        let fingerprint = received.fingerprint();
        let (caller, body) = (received.caller, received.bytes);
        Ok(Self { write: Write { caller, body, name, fingerprint, permission: PhantomData }, params })
    }
}

/// A request whose caller is known and allowed, and whose body is here.
struct Received {
    caller: Caller,
    parts: Parts,
    bytes: axum::body::Bytes,
}

impl Received {
    async fn of<P: Permission>(request: Request, state: &WebState) -> Result<Self, Problem> {
        let limits = &state.config.limits;
        let received =
            Self::within::<P>(request, state, (limits.api_body_max, limits.body_timeout_ms)).await?;
        Params::of(&received.parts.uri)?.finish()?;
        Ok(received)
    }

    async fn within<P: Permission>(
        request: Request,
        state: &WebState,
        (body_max, timeout_ms): (usize, u64),
    ) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let mut caller = identify(&parts, state).await?;
        let bytes = read_body(body, body_max, timeout_ms).await?;
        check_signature(&mut caller, &parts, Some(&bytes), state)?;
        check_scope::<P>(&caller, &parts)?;
        check_signed::<P>(&caller, state)?;
        Ok(Self { caller, parts, bytes })
    }

    fn parse<B: DeserializeOwned>(&self) -> Result<B, Problem> {
        let empty = self.bytes.iter().all(u8::is_ascii_whitespace);
        if empty && self.parts.method != Method::PATCH {
            return from_slice(b"{}");
        }
        check_media_type(&self.parts.headers)?;
        from_slice(&self.bytes)
    }

    fn fingerprint(&self) -> Vec<u8> {
        let mut hash = Context::new(&SHA256);
        hash.update(self.parts.method.as_str().as_bytes());
        hash.update(&[0]);
        hash.update(self.parts.uri.path().as_bytes());
        hash.update(self.parts.uri.query().unwrap_or_default().as_bytes());
        hash.update(&[0]);
        hash.update(&self.bytes);
        hash.finish().as_ref().to_vec()
    }
}

fn check_media_type(headers: &HeaderMap) -> Result<(), Problem> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return Ok(()) };
    let kind = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let json = kind.eq_ignore_ascii_case("application/json");
    if json { Ok(()) } else { Err(Code::MediaTypeUnsupported.into()) }
}

/// The key as a quoted string (RFC 8941 section 3.3.3) or bare: 1 to 255 printable ASCII characters.
fn idempotency_key(headers: &HeaderMap) -> Result<String, Problem> {
    let mut values = headers.get_all("idempotency-key").iter();
    let (value, more) = (values.next(), values.next());
    let value = value.ok_or(Code::IdempotencyKeyRequired)?;
    let text = value.to_str().map_err(|_| Code::IdempotencyKeyInvalid)?.trim();
    let inside = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
    let printable = inside.bytes().all(|byte| (0x21..0x7F).contains(&byte) && byte != b'"' && byte != b'\\');
    if inside.is_empty() || inside.len() > 255 || !printable || more.is_some() {
        return Err(Code::IdempotencyKeyInvalid.into());
    }
    Ok(inside.to_owned())
}
