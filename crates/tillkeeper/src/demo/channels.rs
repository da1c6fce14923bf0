//! The demo's simulated channels and its contracts with them.

use super::keep::{ALIPAY_FEE_PPM, Kept, WECHATPAY_FEE_PPM};
use crate::ambient::SystemAmbient;
use crate::provision::{ContractTerms, channel_account};
use anyhow::{Context as _, bail};
use axum::Router;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use tk_app::{Ambient as _, App};
use tk_domain::audit::Origin;
use tk_domain::channel_account::{Channel, Method};
use tk_domain::id::{ChannelAccountId, TenantId};
use tk_domain::identity::{IdentityPolicyTerms, SaveIdentityPolicy};
use tk_money::Rate;
use tk_simulator::bank::http::{BankConfig, BankSite};
use tk_simulator::bank::{Bank, Habits};
use tk_simulator::http::{Sandbox, SandboxConfig, lab};
use tk_simulator::identity::{self, IdentityHouse};
use tk_simulator::journal::Journal;
use tk_simulator::keys::{self as names, wechat};
use tk_simulator::unionpay::http::{Gateway, GatewayConfig};
use tk_simulator::unionpay::keys as unionpay;

/// What the simulated identity provider shares with the demo; it guards nothing but made-up people.
const IDENTITY_SECRET: &str = "sandbox-identity-secret";
/// What the simulated UnionPay charges, parts per million.
const UNIONPAY_FEE_PPM: u32 = 6_000;
/// What the acquirer of card slips charges, parts per million.
const COUNTER_FEE_PPM: u32 = 3_800;
/// The group's account at a bank that does not exist.
pub const BANK_ACCOUNT_NO: &str = "110902233410801";
/// Whose it is.
const BANK_ACCOUNT_NAME: &str = "海晏河清（演示）集团有限公司";
/// What the direct link brings to the simulated bank; it guards nothing but made-up money.
const BANK_TOKEN: &str = "sandbox";

/// The channels played on this machine, with their books.
#[derive(Debug)]
pub struct Simulated {
    sandbox: Arc<Sandbox>,
    gateway: Arc<Gateway>,
    ambient: Arc<SystemAmbient>,
    bank: Arc<BankSite>,
}

impl Simulated {
    /// Opens them; payers reach them at `url`, and the seller's pages at `seller_base`.
    pub fn open(
        kept: &Kept,
        data: &Path,
        ambient: &Arc<SystemAmbient>,
        (url, seller_base): (&str, &str),
    ) -> anyhow::Result<Self> {
        let clock = || {
            let ambient = Arc::clone(ambient);
            Arc::new(move || ambient.now_us())
        };
        let mut config = SandboxConfig::new(kept.sandbox_apps()?, clock());
        config.public_base = Some(url.to_owned());
        let journal = Journal::open(&data.join("sandbox.journal")).context("cannot open the journal")?;
        config.journal = Some(Arc::clone(&journal));
        config.seller_base = Some(seller_base.to_owned());
        let gateway = GatewayConfig::new(kept.gateway_keys()?, clock());
        let gateway = Gateway::new(GatewayConfig { journal: Some(journal), ..gateway })?;
        let bank = BankSite::open(BankConfig {
            bank: Bank::new(11, Habits::default()),
            clock: clock(),
            token: BANK_TOKEN.to_owned(),
            key: Some(tk_simulator::keys::bank_key(&kept.keys())?),
            journal: Some(data.join("bank.journal")),
            files: None,
        })?;
        bank.with(|bank, _| bank.open(BANK_ACCOUNT_NO, BANK_ACCOUNT_NAME))?;
        Ok(Self { sandbox: Sandbox::new(config, url)?, gateway, bank, ambient: Arc::clone(ambient) })
    }

    /// Sends their notifications from now on, and gives their routes.
    pub fn routes(&self) -> Router {
        tokio::spawn(tk_simulator::http::notify_forever(Arc::clone(&self.sandbox)));
        tokio::spawn(tk_simulator::unionpay::http::notify_forever(Arc::clone(&self.gateway)));
        let gateway = tk_simulator::unionpay::http::router(Arc::clone(&self.gateway));
        let hand = Arc::clone(&self.ambient);
        let lab = lab::router(lab::Lab {
            sandbox: Arc::clone(&self.sandbox),
            gateway: Some(Arc::clone(&self.gateway)),
            bank: Some(Arc::clone(&self.bank)),
            hand: Some(Arc::new(move |by_us| hand.advance(by_us))),
        });
        let clock = Arc::clone(&self.ambient);
        let house = IdentityHouse::new(IDENTITY_SECRET, Arc::new(move || clock.now_us()));
        let bank = tk_simulator::bank::http::router(Arc::clone(&self.bank));
        let beside = gateway.merge(bank).merge(lab).merge(identity::router(house));
        tk_simulator::http::router(Arc::clone(&self.sandbox)).merge(beside)
    }
}

/// Where each simulated channel is spoken with, and where it is controlled.
pub fn paths(url: &str) -> Value {
    json!({
        "alipay": { "gateway": format!("{url}/gateway.do"), "control": format!("{url}/control/alipay") },
        "wechatpay": { "gateway": url, "control": format!("{url}/control/wechatpay") },
        "unionpay": { "gateway": format!("{url}/unionpay"), "control": format!("{url}/control/unionpay") },
        "bank": { "gateway": format!("{url}/bank"), "control": format!("{url}/control/bank") },
    })
}

/// Makes the group's contracts with all of them; the bank account's identifier.
pub async fn contracts(
    app: &App,
    tenant_id: TenantId,
    kept: &Kept,
    url: &str,
) -> anyhow::Result<ChannelAccountId> {
    let keys = kept.keys();
    for channel in [Channel::Alipay, Channel::Wechatpay, Channel::Unionpay] {
        channel_account(app, tenant_id, terms(channel, &keys, url)?).await?;
    }
    channel_account(app, tenant_id, counter()?).await?;
    channel_account(app, tenant_id, bank(&keys, url)?).await
}

/// A counter in a hall.
fn counter() -> anyhow::Result<ContractTerms<'static>> {
    Ok(ContractTerms {
        name: super::hall::PLACE,
        channel: Channel::Counter,
        payee_app: "",
        payee_merchant: "",
        methods: &[Method::Cash, Method::Pos, Method::Kiosk, Method::Cheque],
        settings: json!({ "place": super::hall::PLACE }),
        secrets: json!({}),
        fee_rate: Rate::from_ppm(COUNTER_FEE_PPM.into())?,
    })
}

/// Makes known who compares payers with official records.
pub async fn identity_policy(app: &App, tenant_id: TenantId, url: &str) -> anyhow::Result<()> {
    let (settings, secrets) = (json!({ "base_url": url }), json!({ "secret": IDENTITY_SECRET }));
    let (settings, secrets) = (settings.to_string(), secrets.to_string());
    let sealed = app.seal_provider(tenant_id, (&settings, &secrets))?.context("the secret was not sealed")?;
    let terms = IdentityPolicyTerms {
        consent_version: Some("2026-11".to_owned()),
        provider: Some((settings, sealed)),
        ..IdentityPolicyTerms::default()
    };
    let by = "demo".to_owned();
    app.submit(SaveIdentityPolicy { tenant_id, terms, by, origin: Origin::system() }).await?;
    Ok(())
}

/// The contract with a simulated channel at `url`, by the keys of a folder.
pub fn terms(channel: Channel, keys: &Path, url: &str) -> anyhow::Result<ContractTerms<'static>> {
    match channel {
        Channel::Alipay => alipay(keys, url),
        Channel::Wechatpay => wechatpay(keys, url),
        Channel::Unionpay => of_unionpay(keys, url),
        Channel::BankDirect => bank(keys, url),
        Channel::Counter => bail!("{channel} is not simulated by its keys"),
    }
}

/// A key file as text.
fn pem(folder: &Path, name: &str) -> anyhow::Result<String> {
    let path = folder.join(name);
    fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
}

fn alipay(keys: &Path, url: &str) -> anyhow::Result<ContractTerms<'static>> {
    Ok(ContractTerms {
        name: "支付宝 Alipay (simulated)",
        channel: Channel::Alipay,
        payee_app: names::APP_ID,
        payee_merchant: names::SELLER_ID,
        methods: &[Method::AlipayPage, Method::AlipayWap, Method::AlipayQr, Method::AlipayBarcode],
        settings: json!({
            "gateway_url": format!("{url}/gateway.do"), "app_id": names::APP_ID, "seller_id": names::SELLER_ID,
            "mode": "key",
        }),
        secrets: json!({
            "app_private_key": pem(keys, names::APP_PRIVATE_FILE)?,
            "alipay_public_key": pem(keys, names::PLATFORM_PUBLIC_FILE)?,
        }),
        fee_rate: Rate::from_ppm(ALIPAY_FEE_PPM.into())?,
    })
}

fn wechatpay(keys: &Path, url: &str) -> anyhow::Result<ContractTerms<'static>> {
    Ok(ContractTerms {
        name: "微信支付 WeChat Pay (simulated)",
        channel: Channel::Wechatpay,
        payee_app: wechat::APPID,
        payee_merchant: wechat::MCHID,
        methods: &[Method::WechatNative, Method::WechatH5, Method::WechatJsapi, Method::WechatBarcode],
        settings: json!({
            "base_url": url, "appid": wechat::APPID, "mchid": wechat::MCHID, "trust": "certificate",
            "oauth_authorize_url": format!("{url}/connect/oauth2/authorize"), "oauth_base_url": url,
        }),
        secrets: json!({
            "private_key": pem(keys, wechat::MERCHANT_PRIVATE_FILE)?,
            "certificate": pem(keys, wechat::MERCHANT_CERTIFICATE_FILE)?,
            "api_v3_key": wechat::API_V3_KEY,
            "app_secret": wechat::APP_SECRET,
        }),
        fee_rate: Rate::from_ppm(WECHATPAY_FEE_PPM.into())?,
    })
}

fn of_unionpay(keys: &Path, url: &str) -> anyhow::Result<ContractTerms<'static>> {
    Ok(ContractTerms {
        name: "银联 UnionPay (simulated)",
        channel: Channel::Unionpay,
        payee_app: unionpay::MER_ID,
        payee_merchant: unionpay::MER_ID,
        methods: &[Method::EbankB2c, Method::EbankB2b, Method::QuickPay],
        settings: json!({
            "gateway_url": format!("{url}/unionpay"), "file_url": format!("{url}/unionpay/file"),
            "mer_id": unionpay::MER_ID, "tr_id": unionpay::TOKEN_REQUESTOR, "signed_by": "certificate", "signatory": "test_gateway",
        }),
        secrets: json!({
            "merchant_private_key": pem(keys, unionpay::MERCHANT_PRIVATE_FILE)?,
            "merchant_certificate": pem(keys, unionpay::MERCHANT_CERTIFICATE_FILE)?,
            "middle_certificate": pem(keys, unionpay::MIDDLE_CERTIFICATE_FILE)?,
            "root_certificate": pem(keys, unionpay::ROOT_CERTIFICATE_FILE)?,
            "encryption_certificate": pem(keys, unionpay::ENCRYPTION_CERTIFICATE_FILE)?,
        }),
        fee_rate: Rate::from_ppm(UNIONPAY_FEE_PPM.into())?,
    })
}

fn bank(keys: &Path, url: &str) -> anyhow::Result<ContractTerms<'static>> {
    Ok(ContractTerms {
        name: "基本户 Bank account (simulated)",
        channel: Channel::BankDirect,
        payee_app: "",
        payee_merchant: BANK_ACCOUNT_NO,
        methods: &[Method::BankTransfer],
        settings: json!({
            "account_no": BANK_ACCOUNT_NO, "account_name": BANK_ACCOUNT_NAME,
            "bank_name": "演示银行上海分行营业部",
            "direct_link": {
                "road": "https", "url": format!("{url}/bank"), "format": "camt053", "keeper": "出纳 王小明",
                "every_s": 5, "statement_key": pem(keys, names::BANK_PUBLIC_FILE)?,
            },
        }),
        secrets: json!({ "token": BANK_TOKEN }),
        fee_rate: Rate::from_ppm(0)?,
    })
}
