//! Keys of apps.

use crate::failure::Failure;
use crate::reader::{Listed, Page, Query, first};
use crate::record::{decided, record};
use crate::store::Store;
use tk_domain::access::{ApiKey, App, SignatureAlgorithm};
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

    /// The key whose secret has this SHA-256, revoked or not, and the app whose it is.
    pub async fn api_key_and_app(
        &self,
        tenant_id: TenantId,
        secret_hash: &[u8],
    ) -> Result<Option<(ApiKey, App)>, Failure> {
        let key = Query::<ApiKey>::of(tenant_id).only("secret_hash =", Some(secret_hash.to_vec()));
        let app = Query::<App>::of(tenant_id).only_under(
            "id = (SELECT app_id FROM api_keys WHERE tenant_id = ?1 AND secret_hash =",
            secret_hash.to_vec(),
        );
        let statements = vec![key.all("id", 1), app.all("id", 1)];
        let mut found = self.look_up(vec![tenant_id], statements).await?.into_iter();
        let found = (first(found.next())?, first(found.next())?);
        Ok(found.0.zip(found.1))
    }
}
