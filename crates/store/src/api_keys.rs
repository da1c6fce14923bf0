//! Keys of apps.

use crate::failure::Failure;
use crate::reader::{Listed, Page, Query, records};
use crate::record::{decided, record};
use crate::store::Store;
use tk_domain::access::{ApiKey, SignatureAlgorithm};
use tk_domain::id::{ApiKeyId, AppId, TenantId};

record! {
    ApiKey in "api_keys", keys 2, Fresh, Unlocked;
    tenant_id: TenantId,
    id: ApiKeyId,
    app_id: AppId,
    prefix: String,
    secret_hash: Vec<u8>,
    scopes: String,
    ip_allow: Option<String>,
    signature_algorithm: Option<SignatureAlgorithm>,
    signature_key: Option<Vec<u8>>,
    rate_per_s: i64,
    revoked_at_us: Option<i64>,
    created_at_us: i64,
    version: i64,
}
decided!(ApiKey, api_keys);

impl Store {
    /// Keys of an app, newest first.
    pub async fn api_keys(
        &self,
        tenant_id: TenantId,
        app_id: AppId,
        page: Page,
    ) -> Result<Listed<ApiKey>, Failure> {
        self.list(Query::of(tenant_id).only("app_id =", Some(app_id)), page).await
    }

    /// The key whose secret has this SHA-256, revoked or not.
    pub async fn api_key_by_hash(
        &self,
        tenant_id: TenantId,
        secret_hash: &[u8],
    ) -> Result<Option<ApiKey>, Failure> {
        let query = Query::<ApiKey>::of(tenant_id).only("secret_hash =", Some(secret_hash.to_vec()));
        Ok(records(self.read_one(tenant_id, query.all("id", 1)).await?)?.pop())
    }
}
