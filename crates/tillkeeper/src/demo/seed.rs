//! The demo's companies, products, contracts, key and webhook endpoint.

use super::bank::Account;
use super::catalog::{ARTICLES, CHECKED, CHECKED_FROM_FEN, COMPANIES, GROUP};
use super::client::Api;
use super::keep::Kept;
use crate::provision::{tenant_with_key, webhook_endpoint};
use anyhow::Context;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tk_app::App;
use tk_domain::audit::Origin;
use tk_domain::id::{MerchantId, ProductId, TenantId};
use tk_domain::merchant::CreateMerchant;
use tk_domain::payment::FeeSnapshot;
use tk_domain::product::{CreateProduct, ProductTerms};
use tk_money::Rate;

/// The seeded group.
#[derive(Debug)]
pub struct Group {
    pub tenant_id: TenantId,
    pub api_key: String,
    pub merchants: BTreeMap<&'static str, MerchantId>,
    pub products: BTreeMap<&'static str, ProductId>,
    pub account: Account,
}

/// The companies' names in one line.
pub fn names() -> String {
    COMPANIES.map(|company| company.name).join("、")
}

/// Makes the group.
pub async fn group(app: &App, kept: &Kept, sandbox_url: &str) -> anyhow::Result<Group> {
    let (tenant, api_key) = tenant_with_key(app, GROUP.code, GROUP.name).await?;
    let mut merchants = BTreeMap::new();
    for company in COMPANIES {
        let fee = FeeSnapshot { rate: Rate::from_ppm(6_000)?, returned: true, ..FeeSnapshot::default() };
        let create = CreateMerchant {
            tenant_id: tenant.id,
            code: company.code.to_owned(),
            name: company.name.to_owned(),
            fee,
            counted: 0,
            legal_entity: None,
            phone: Some("400-000-0000".to_owned()),
            origin: Origin::system(),
        };
        merchants.insert(company.code, app.submit(create).await?.id);
    }
    let mut products = BTreeMap::new();
    for article in ARTICLES.into_iter().chain([CHECKED]) {
        let checked = article.code == CHECKED.code;
        let (name_from, face_from) = CHECKED_FROM_FEN;
        let terms = ProductTerms {
            name: Some(article.name.to_owned()),
            identity_name_from_minor: checked.then_some(Some(name_from)),
            identity_face_from_minor: checked.then_some(Some(face_from)),
            ..ProductTerms::default()
        };
        let create = CreateProduct {
            tenant_id: tenant.id,
            partner_id: None,
            code: article.code.to_owned(),
            terms,
            counted: 0,
            origin: Origin::system(),
        };
        products.insert(article.code, app.submit(create).await?.id);
    }
    super::channels::identity_policy(app, tenant.id, sandbox_url).await?;
    let bank_id = super::channels::contracts(app, tenant.id, kept, sandbox_url).await?;
    webhook_endpoint(app, tenant.id, &format!("{sandbox_url}{}", super::sink::PATH)).await?;
    Ok(Group {
        tenant_id: tenant.id,
        api_key,
        merchants,
        products,
        account: Account { tenant_id: tenant.id, id: bank_id },
    })
}

/// Makes one open payment by the API and answers its cashier link.
pub async fn sample_order(api: &Api, merchant: &str, product: &str) -> anyhow::Result<String> {
    open_order(api, (merchant, product, 3_000), "航延险 上海—成都 MU5401").await
}

/// Makes one whose payer has to be known, and answers its cashier link.
pub async fn checked_order(api: &Api) -> anyhow::Result<String> {
    open_order(api, (CHECKED.merchant, CHECKED.code, CHECKED.amount_fen), CHECKED.name).await
}

async fn open_order(
    api: &Api,
    (merchant, product, amount): (&str, &str, i64),
    description: &str,
) -> anyhow::Result<String> {
    let number = format!("HELLO{:08x}", api.ambient.bits() & 0xFFFF_FFFF);
    let order: Value = json!({
        "merchant": merchant, "product": product, "merchant_order_no": number, "amount": amount,
        "currency": "CNY", "description": description,
    });
    let payment = super::history::patiently(|| api.create("/v1/payments", &order)).await?;
    Ok(payment["cashier_url"].as_str().context("no cashier_url in the answer")?.to_owned())
}

/// A command that a reader can paste.
pub fn curl(api: &Api, merchant: &str, product: &str) -> String {
    let order = json!({
        "merchant": merchant, "product": product, "merchant_order_no": "CURL0001", "amount": 3_000,
        "currency": "CNY", "description": "航延险",
    });
    format!(
        "  curl -s {}/v1/payments -H 'Authorization: Bearer {}' \\\n    -H 'Idempotency-Key: curl-0001' -H 'Content-Type: application/json' \\\n    -d '{order}'",
        api.url, api.key
    )
}
