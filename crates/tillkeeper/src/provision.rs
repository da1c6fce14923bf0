//! Making the first tenant, its app and keys, and the demo's companies: by the same commands as the API.

use anyhow::Context;
use aws_lc_rs::digest::{SHA256, digest};
use serde_json::{Value, json};
use tk_app::App;
use tk_domain::access::{CreateApiKey, CreateApp, KeyTerms, Scope};
use tk_domain::audit::Origin;
use tk_domain::channel_account::{Channel, ChannelAccountTerms, CreateChannelAccount, Method};
use tk_domain::id::{ApiKeyId, AppId, ChannelAccountId, Id128, TenantId, TypedId, WebhookEndpointId};
use tk_domain::webhook::{CreateWebhookEndpoint, EndpointTerms};
use tk_money::Rate;
use tk_store::Tenant;

/// Requests per second of a key made here.
const KEY_RATE_PER_S: i64 = 200;

/// A new identifier outside a decision.
pub fn new_id<I: TypedId>(app: &App) -> I {
    I::from_id128(Id128::v7(app.now_us(), app.random_bits()))
}

/// A tenant with one app that may do everything for it, and the app's key, shown only here.
pub async fn tenant_with_key(app: &App, code: &str, name: &str) -> anyhow::Result<(Tenant, String)> {
    let tenant = app.reader().create_tenant(code, name).await?;
    let key = key_for(app, &tenant, Scope::ALL.to_vec(), KEY_RATE_PER_S).await?;
    Ok((tenant, key))
}

/// A key with these scopes, of a new app of the tenant.
pub async fn key_for(
    app: &App,
    tenant: &Tenant,
    scopes: Vec<Scope>,
    rate_per_s: i64,
) -> anyhow::Result<String> {
    let origin = Origin::system();
    let create = CreateApp {
        tenant_id: tenant.id,
        partner_id: None,
        name: "first app".to_owned(),
        merchant_id: None,
        requires_signature: false,
        counted: 0,
        origin: origin.clone(),
    };
    let app_id: AppId = app.submit(create).await?.id;
    let random = (app.random_bits(), app.random_bits());
    let (key, prefix) = tk_web::auth::new_key(app.live(), &tenant.code, random);
    let create = CreateApiKey {
        tenant_id: tenant.id,
        api_key_id: new_id::<ApiKeyId>(app),
        app_id,
        prefix,
        secret_hash: digest(&SHA256, key.as_bytes()).as_ref().to_vec(),
        terms: KeyTerms { scopes, ip_allow: None, signature: None, rate_per_s },
        counted: 0,
        origin,
    };
    app.submit(create).await?;
    Ok(key)
}

/// What a contract with a channel is made from.
#[derive(Debug)]
pub struct ContractTerms<'a> {
    pub name: &'a str,
    pub channel: Channel,
    pub payee_app: &'a str,
    pub payee_merchant: &'a str,
    pub methods: &'a [Method],
    pub settings: Value,
    pub secrets: Value,
    pub fee_rate: Rate,
}

/// A channel account for every merchant of the tenant.
pub async fn channel_account(
    app: &App,
    tenant_id: TenantId,
    contract: ContractTerms<'_>,
) -> anyhow::Result<ChannelAccountId> {
    let id = new_id::<ChannelAccountId>(app);
    let credentials = app
        .seal()
        .seal(contract.secrets.to_string().as_bytes(), &id.to_string(), app.random_bits())
        .context("sealing the channel's secrets")?;
    let terms = ChannelAccountTerms {
        name: Some(contract.name.to_owned()),
        methods: Some(json!(contract.methods).to_string()),
        fee_rate: Some(contract.fee_rate),
        fee_returned: Some(true),
        refund_window_days: Some(330),
        // Alipay lets three tenths of a payment go unless the contract says otherwise (商家分账).
        split_rate_max_ppm: (contract.channel == Channel::Alipay).then_some(300_000),
        settings: Some(contract.settings.to_string()),
        credentials: Some(credentials),
        ..ChannelAccountTerms::default()
    };
    let create = CreateChannelAccount {
        tenant_id,
        partner_id: None,
        channel_account_id: id,
        channel: contract.channel,
        payee_app: contract.payee_app.to_owned(),
        payee_merchant: contract.payee_merchant.to_owned(),
        collects: tk_domain::channel_account::Collects::Own,
        terms,
        origin: Origin::system(),
    };
    app.submit(create).await?;
    Ok(id)
}

/// A webhook endpoint that wants every event; its secret is shown only here.
pub async fn webhook_endpoint(app: &App, tenant_id: TenantId, url: &str) -> anyhow::Result<String> {
    let id = new_id::<WebhookEndpointId>(app);
    let secret = tk_app::webhooks::new_secret([app.random_bits(), app.random_bits()]);
    let sealed = app.seal().seal(secret.as_bytes(), &id.to_string(), app.random_bits())?;
    let create = CreateWebhookEndpoint {
        tenant_id,
        webhook_endpoint_id: id,
        url: url.to_owned(),
        terms: EndpointTerms::default(),
        secret: sealed,
        origin: Origin::system(),
    };
    app.submit(create).await?;
    Ok(secret)
}
