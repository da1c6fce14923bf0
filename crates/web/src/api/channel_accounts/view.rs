//! Channel accounts as published: of the credentials a fingerprint and an expiry only.

use crate::parse::Text;
use crate::problem::{Code, Problem};
use crate::state::WebState;
use aws_lc_rs::digest::{SHA256, digest};
use serde::Serialize;
use serde_json::Value;
use tk_app::App;
use tk_app::channels::bank::{BankAccount, BankAccountError, Link, LinkRefused};
use tk_app::channels::credentials::{read_terms, secret_fields};
use tk_app::channels::{AccountTerms, CredentialsError, Environment};
use tk_domain::channel_account::{Channel, ChannelAccount, Collects, Method};
use tk_domain::moment::time_text;
use tk_money::Rate;
use utoipa::ToSchema;

/// A channel account as published.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChannelAccount)]
pub struct ChannelAccountView {
    /// `cha_…`
    pub id: String,
    /// Always `channel_account`.
    pub object: &'static str,
    /// Whether real money is concerned.
    pub livemode: bool,
    /// The adapter.
    pub channel: &'static str,
    /// For staff.
    pub name: String,
    /// ISO 4217.
    pub currency: &'static str,
    /// Methods it may be used for.
    pub methods: Value,
    /// Merchants it may be used for, `mch_…`; null means all.
    pub merchants: Value,
    /// Products it may be used for, `prd_…`; null means all.
    pub products: Value,
    /// The one partner whose payments alone it may take, `ptn_…`.
    pub partner: Option<String>,
    /// Whose account the money reaches: `own` or `sub_merchant`.
    pub collects: &'static str,
    /// The least amount, minor units.
    pub amount_min: i64,
    /// The greatest amount, minor units.
    pub amount_max: i64,
    /// Lower is tried first.
    pub priority: i64,
    /// What the channel charges, such as `0.0060`.
    pub fee_rate: String,
    /// Whether the channel gives its charge back on refund.
    pub fee_returned: bool,
    /// Days after payment within which the channel refunds online.
    pub refund_window_days: i64,
    /// What the contract lets the channel pay to others of each payment, such as `0.3000`.
    pub split_rate_max: String,
    /// The adapter's non-secret settings.
    pub settings: Value,
    /// Of the credentials: a fingerprint and when the first certificate expires.
    pub credentials: CredentialsView,
    /// Where the channel has to report to.
    pub callback_url: String,
    /// Whether new attempts may use it.
    pub enabled: bool,
    /// RFC 3339.
    pub created: String,
}

/// What is told of credentials.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CredentialsInfo)]
pub struct CredentialsView {
    /// The first 16 hexadecimal digits of SHA-256 over the secrets; null if they cannot be opened.
    pub fingerprint: Option<String>,
    /// RFC 3339; null in key mode.
    pub certificates_expire_at: Option<String>,
}

impl ChannelAccountView {
    /// The published form.
    #[must_use]
    pub fn of(account: &ChannelAccount, app: &App, tenant_code: &str) -> Self {
        let list = |text: &str| serde_json::from_str(text).unwrap_or(Value::Null);
        Self {
            id: account.id.to_string(),
            object: "channel_account",
            livemode: app.live(),
            channel: account.channel.word(),
            name: account.name.clone(),
            currency: account.currency.code(),
            methods: list(&account.methods),
            merchants: account.merchants.as_deref().map_or(Value::Null, list),
            products: account.products.as_deref().map_or(Value::Null, list),
            partner: account.partner_id.map(|id| id.to_string()),
            collects: account.collects.word(),
            amount_min: account.amount_min_minor,
            amount_max: account.amount_max_minor,
            priority: account.priority,
            fee_rate: account.fee_rate.to_string(),
            fee_returned: account.fee_returned,
            refund_window_days: account.refund_window_days,
            split_rate_max: Rate::from_ppm(account.split_rate_max_ppm).unwrap_or_default().to_string(),
            settings: list(&account.settings),
            credentials: credentials(account, app),
            callback_url: app.callback_url(account, tenant_code),
            enabled: account.enabled,
            created: time_text(account.created_at_us),
        }
    }
}

fn credentials(account: &ChannelAccount, app: &App) -> CredentialsView {
    let Ok(opened) = app.seal().open(&account.credentials, &account.id.to_string()) else {
        return CredentialsView { fingerprint: None, certificates_expire_at: None };
    };
    let hash = digest(&SHA256, &opened);
    let head = hash.as_ref().iter().take(8).fold(0_u64, |head, byte| (head << 8) | u64::from(*byte));
    let fingerprint = format!("{head:016x}");
    let text = String::from_utf8_lossy(&opened);
    let texts = (account.settings.as_str(), &*text);
    let read = read_terms(account.channel, texts, environment(app), app.now_us());
    let expires_us = read.and_then(Result::ok).and_then(|terms| terms.expires_at_us);
    CredentialsView { fingerprint: Some(fingerprint), certificates_expire_at: expires_us.map(time_text) }
}

fn environment(app: &App) -> Environment {
    if app.live() { Environment::Live } else { Environment::Test }
}

/// What the adapter reads in settings and credentials, if they belong together.
pub fn checked(
    state: &WebState,
    channel: Channel,
    (settings, credentials): (&Value, &Value),
) -> Result<AccountTerms, Problem> {
    if channel == Channel::BankDirect {
        let payee_merchant = bank_account(state, (settings, credentials))?.account_no;
        let (payee_app, collects) = (String::new(), Collects::Own);
        return Ok(AccountTerms { payee_app, payee_merchant, collects, without: &[], expires_at_us: None });
    }
    if channel == Channel::Counter {
        let _: Counter = serde_json::from_value(settings.clone())
            .map_err(|error| Problem::field(Code::FieldMalformed, "#/settings", error.to_string()))?;
        let (payee_app, payee_merchant) = (String::new(), String::new());
        return Ok(AccountTerms {
            payee_app,
            payee_merchant,
            collects: Collects::Own,
            without: &[],
            expires_at_us: None,
        });
    }
    let (settings, credentials) = (settings.to_string(), credentials.to_string());
    let texts = (settings.as_str(), credentials.as_str());
    read_terms(channel, texts, environment(&state.app), state.app.now_us())
        .ok_or_else(|| Problem::field(Code::FieldMalformed, "#/channel", "no adapter for this channel"))?
        .map_err(|error| refused(channel, &error))
}

/// Settings have what each method needs.
pub fn check_methods(read: &AccountTerms, methods: &[Method]) -> Result<(), Problem> {
    match methods.iter().find(|method| read.without.contains(method)) {
        None => Ok(()),
        // Payment by card is the one method that needs more than its channel does.
        Some(method) => {
            Err(Problem::field(Code::FieldMalformed, "#/settings/tr_id", format!("{method} needs it")))
        }
    }
}

/// Settings of a counter.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Counter {
    /// Where it stands, for staff.
    #[serde(default)]
    #[expect(dead_code, reason = "read only to be checked")]
    place: Option<Text<1, 100>>,
}

/// Settings of a bank account that payers transfer to, and of its direct link where it has one.
fn bank_account(state: &WebState, (settings, credentials): (&Value, &Value)) -> Result<BankAccount, Problem> {
    let settings = settings.to_string();
    let account = BankAccount::of_settings(&settings).map_err(|error| refused_settings(&error))?;
    if account.direct_link.is_some() {
        let texts = (settings.as_str(), &*credentials.to_string());
        Link::open(texts, environment(&state.app)).map_err(|error| match error {
            LinkRefused::Settings(error) => refused_settings(&error),
            LinkRefused::NoLink | LinkRefused::Token(_) => {
                Problem::field(Code::FieldMalformed, "#/credentials/token", error.to_string())
            }
        })?;
    }
    Ok(account)
}

fn refused_settings(error: &BankAccountError) -> Problem {
    let pointer = match error.field {
        "settings" => "#/settings".to_owned(),
        field => format!("#/settings/{field}"),
    };
    Problem::field(Code::FieldMalformed, pointer, error.reason.clone())
}

fn refused(channel: Channel, error: &CredentialsError) -> Problem {
    let pointer = match error.field() {
        Some(field) if secret_fields(channel).contains(&field) => format!("#/credentials/{field}"),
        Some(field) => format!("#/settings/{field}"),
        None if matches!(error, CredentialsError::SettingsUnreadable(_)) => "#/settings".to_owned(),
        None => "#/credentials".to_owned(),
    };
    Problem::field(Code::FieldMalformed, pointer, error.to_string())
}
