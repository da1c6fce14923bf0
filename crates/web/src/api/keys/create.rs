//! `POST /v1/apps/{id}/keys`.

use super::KeyView;
use crate::api::answer::{Answer, record};
use crate::api::once::{Came, Effect};
use crate::api::refer;
use crate::auth::{Block, Caller, ConfigWrite, check_public_key, hmac_key_name, new_key};
use crate::parse::{Text, Write};
use crate::problem::{Code, Problem};
use crate::state::WebState;
use aws_lc_rs::digest::{SHA256, digest};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::json;
use tk_app::store::Page;
use tk_domain::access::{ApiKey, CreateApiKey, KeyTerms, Scope, SignatureAlgorithm};
use tk_domain::id::{ApiKeyId, AppId, Id128, TenantId};
use utoipa::ToSchema;

/// Blocks that a list of addresses may have.
const BLOCKS_MAX: usize = 50;
/// Requests per second where the caller does not say.
const RATE_DEFAULT_PER_S: i64 = 100;

/// A key to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyCreate {
    /// What it may do; never more than the key that makes it.
    #[schema(value_type = Vec<String>)]
    pub scopes: Vec<Scope>,
    /// Addresses or CIDR blocks it may be used from; any by default.
    #[schema(value_type = Option<Vec<String>>)]
    pub ip_allow: Option<Vec<Text<1, 64>>>,
    /// Requests per second, 1 to 10000; 100 by default.
    pub rate_per_s: Option<i64>,
    /// How its requests are signed, if they are to be.
    pub signature: Option<SignatureTerms>,
}

/// How requests are signed (RFC 9421).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignatureTerms {
    /// `ed25519`, `ecdsa-p256-sha256`, `rsa-pss-sha512`, `rsa-v1_5-sha256` or `hmac-sha256`.
    #[schema(value_type = String)]
    pub algorithm: SignatureAlgorithm,
    /// The public key as PEM or base64 of its DER; for `hmac-sha256` base64 of at least 32 secret bytes.
    #[schema(value_type = String)]
    pub key: PemText,
}

/// PEM or base64 text.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct PemText(String);

impl PemText {
    fn bytes(&self) -> Option<Vec<u8>> {
        if self.0.len() > 8_192 {
            return None;
        }
        let lines = self.0.lines().map(str::trim).filter(|line| !line.starts_with("-----"));
        STANDARD.decode(lines.collect::<String>()).ok()
    }
}

/// Creates a key; its secret is in this answer only.
#[utoipa::path(post, path = "/v1/apps/{id}/keys", tag = "apps", params(("id" = String, Path)),
    request_body = KeyCreate, responses((status = 201, body = KeyView)))]
pub async fn create(
    State(state): State<WebState>,
    Path(id): Path<String>,
    write: Write<ConfigWrite, KeyCreate>,
) -> Result<Answer, Problem> {
    let (mut effect, body) = Effect::begin(write, &state)?;
    let app_id = refer::parse_id(&id)?;
    let (command, secret) = command(&state, &effect.caller, app_id, body).await?;
    let render = |key: &ApiKey, live: bool| record(StatusCode::CREATED, &KeyView::of(key, live));
    match effect.submit(&state, command, render).await? {
        Came::Replayed(answer) => Ok(answer),
        Came::Fresh(key, _) => {
            let view = KeyView { secret: Some(secret), ..KeyView::of(&key, state.live()) };
            Answer::new(StatusCode::CREATED, &view)
        }
    }
}

async fn command(
    state: &WebState,
    caller: &Caller,
    app_id: AppId,
    body: KeyCreate,
) -> Result<(CreateApiKey, String), Problem> {
    if let Some(scope) = body.scopes.iter().find(|scope| !caller.has(**scope)) {
        return Err(Problem::field(Code::ScopeMissing, "#/scopes", scope.word()));
    }
    let random = || state.app.random_bits();
    let id = ApiKeyId(Id128::v7(state.app.now_us(), random()));
    let (secret, prefix) = new_key(state.live(), &caller.tenant_code, (random(), random()));
    let terms = KeyTerms {
        scopes: body.scopes,
        ip_allow: body.ip_allow.as_deref().map(blocks).transpose()?,
        signature: body.signature.as_ref().map(|terms| signature(state, id, terms)).transpose()?,
        rate_per_s: body.rate_per_s.unwrap_or(RATE_DEFAULT_PER_S),
    };
    let command = CreateApiKey {
        tenant_id: caller.tenant_id,
        api_key_id: id,
        app_id,
        prefix,
        secret_hash: digest(&SHA256, secret.as_bytes()).as_ref().to_vec(),
        terms,
        counted: counted(state, caller.tenant_id, app_id).await?,
        origin: caller.origin(),
    };
    Ok((command, secret))
}

async fn counted(state: &WebState, tenant_id: TenantId, app_id: AppId) -> Result<i64, Problem> {
    let listed = state.app.reader().api_keys(tenant_id, app_id, Page::first(100)).await?;
    let open = listed.rows.iter().filter(|key| key.revoked_at_us.is_none()).count();
    Ok(i64::try_from(open).unwrap_or(i64::MAX))
}

fn blocks(texts: &[Text<1, 64>]) -> Result<String, Problem> {
    let malformed = |at: usize| {
        Problem::field(
            Code::FieldMalformed,
            format!("#/ip_allow/{at}"),
            "neither an address nor a CIDR block",
        )
    };
    if texts.is_empty() || texts.len() > BLOCKS_MAX {
        return Err(Problem::field(Code::FieldMalformed, "#/ip_allow", "1 to 50 blocks"));
    }
    match texts.iter().position(|text| Block::parse(&text.0).is_none()) {
        Some(at) => Err(malformed(at)),
        None => Ok(json!(texts.iter().map(|text| &text.0).collect::<Vec<_>>()).to_string()),
    }
}

fn signature(
    state: &WebState,
    id: ApiKeyId,
    terms: &SignatureTerms,
) -> Result<(SignatureAlgorithm, Vec<u8>), Problem> {
    let malformed = || Problem::field(Code::FieldMalformed, "#/signature/key", "not a key of this algorithm");
    let bytes = terms.key.bytes().ok_or_else(malformed)?;
    if terms.algorithm != SignatureAlgorithm::HmacSha256 {
        return if check_public_key(terms.algorithm, &bytes) {
            Ok((terms.algorithm, bytes))
        } else {
            Err(malformed())
        };
    }
    if !(32..=1_024).contains(&bytes.len()) {
        return Err(malformed());
    }
    let sealed = state.app.seal().seal(&bytes, &hmac_key_name(id), state.app.random_bits());
    Ok((terms.algorithm, sealed.map_err(|_| Code::Internal)?))
}
