//! `PATCH /v1/channel_accounts/{id}`.

use super::ChannelAccountView;
use super::view::{check_methods, checked};
use crate::api::answer::Answer;
use crate::api::once::change;
use crate::api::refer;
use crate::auth::{Caller, ConfigWrite};
use crate::parse::{Change, Metadata, MinorUnits, Name, Text, minor, present};
use crate::problem::{Code, Problem};
use crate::state::WebState;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};
use tk_domain::channel_account::{ChannelAccount, ChannelAccountTerms, Method, UpdateChannelAccount};
use tk_domain::id::ChannelAccountId;
use tk_money::Rate;
use utoipa::ToSchema;

/// Objects that a list may name.
const NAMED_MAX: usize = 1_000;

/// What changes; absent stays. Adapter, app id and seller id never change.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::option_option, reason = "null removes what absence leaves")]
pub struct ChannelAccountUpdate {
    /// For staff.
    #[schema(value_type = Option<String>, max_length = 100)]
    pub name: Option<Name>,
    /// Methods it may be used for.
    #[schema(value_type = Option<Vec<String>>)]
    pub methods: Option<Vec<Method>>,
    /// Merchants it may be used for, by identifier or code; null means all.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Vec<String>>)]
    pub merchants: Option<Option<Vec<Text<1, 64>>>>,
    /// Products it may be used for, by identifier or code; null means all.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Vec<String>>)]
    pub products: Option<Option<Vec<Text<1, 64>>>>,
    /// The least amount, minor units.
    pub amount_min: Option<MinorUnits>,
    /// The greatest amount, minor units.
    pub amount_max: Option<MinorUnits>,
    /// 0 to 1000, lower is tried first.
    pub priority: Option<i64>,
    /// What the channel charges, such as `0.0060`.
    #[schema(value_type = Option<String>)]
    pub fee_rate: Option<Text<1, 10>>,
    /// Whether the channel gives its charge back on refund.
    pub fee_returned: Option<bool>,
    /// Days after payment within which the channel refunds online.
    pub refund_window_days: Option<i64>,
    /// What the contract lets the channel pay to others of each payment, such as `0.3000`; `0` where it has no splits.
    #[schema(value_type = Option<String>)]
    pub split_rate_max: Option<Text<1, 10>>,
    /// The adapter's non-secret settings, replaced whole.
    pub settings: Option<Metadata>,
    /// The adapter's secrets, replaced whole; never shown again.
    #[schema(value_type = Option<Object>)]
    pub credentials: Option<Value>,
    /// Whether new attempts may use it.
    pub enabled: Option<bool>,
}

impl ChannelAccountUpdate {
    /// The terms with every named object found and the credentials sealed for the account.
    pub(super) async fn terms(
        self,
        state: &WebState,
        caller: &Caller,
        id: ChannelAccountId,
    ) -> Result<ChannelAccountTerms, Problem> {
        let credentials = self.credentials.as_ref().map(|secrets| sealed(state, id, secrets)).transpose()?;
        Ok(ChannelAccountTerms {
            name: self.name.map(|name| name.0),
            methods: self.methods.as_deref().map(method_list).transpose()?,
            merchants: match self.merchants {
                Some(Some(texts)) => Some(Some(merchant_ids(state, caller, &texts).await?)),
                Some(None) => Some(None),
                None => None,
            },
            products: match self.products {
                Some(Some(texts)) => Some(Some(product_ids(state, caller, &texts).await?)),
                Some(None) => Some(None),
                None => None,
            },
            amount_min_minor: minor(self.amount_min),
            amount_max_minor: minor(self.amount_max),
            priority: self.priority,
            fee_rate: self.fee_rate.map(|rate| fee_rate(&rate.0)).transpose()?,
            fee_returned: self.fee_returned,
            refund_window_days: self.refund_window_days,
            split_rate_max_ppm: split_rate(self.split_rate_max.as_ref())?,
            settings: self.settings.map(|settings| settings.json()),
            credentials,
            enabled: self.enabled,
        })
    }
}

/// Changes a channel account; attempts under way go on.
#[utoipa::path(patch, path = "/v1/channel_accounts/{id}", tag = "channel_accounts",
    params(("id" = String, Path)), request_body = ChannelAccountUpdate,
    responses((status = 200, body = ChannelAccountView)))]
pub async fn update(
    State(state): State<WebState>,
    Path(id): Path<String>,
    patch: Change<ConfigWrite, ChannelAccountUpdate>,
) -> Result<Answer, Problem> {
    let caller = &patch.caller;
    let account: ChannelAccount = refer::row(&state, &(caller.tenant_id, refer::parse_id(&id)?)).await?;
    check_together(&state, &account, &patch.body)?;
    let terms = patch.body.terms(&state, caller, account.id).await?;
    let command = UpdateChannelAccount {
        tenant_id: caller.tenant_id,
        channel_account_id: account.id,
        terms,
        origin: caller.origin(),
    };
    let account = change(&state, caller, command).await?;
    Answer::ok(&ChannelAccountView::of(&account, &state.app, &caller.tenant_code))
}

/// New settings or credentials belong together with what stays, and name the same app and seller.
fn check_together(
    state: &WebState,
    account: &ChannelAccount,
    body: &ChannelAccountUpdate,
) -> Result<(), Problem> {
    let card = body.methods.as_deref().is_some_and(|methods| methods.contains(&Method::QuickPay));
    if body.settings.is_none() && body.credentials.is_none() && !card {
        return Ok(());
    }
    let stored = serde_json::from_str(&account.settings).unwrap_or(Value::Null);
    let settings = body.settings.as_ref().map_or(stored, |settings| Value::Object(settings.0.clone()));
    let opened = state.app.seal().open(&account.credentials, &account.id.to_string());
    let stored = opened.ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or(Value::Null);
    let secrets = body.credentials.as_ref().unwrap_or(&stored);
    let read = checked(state, account.channel, (&settings, secrets))?;
    let stored: Vec<Method> = serde_json::from_str(&account.methods).unwrap_or_default();
    check_methods(&read, body.methods.as_deref().unwrap_or(&stored))?;
    if read.payee_app == account.payee_app && read.payee_merchant == account.payee_merchant {
        return Ok(());
    }
    Err(Problem::field(Code::FieldMalformed, "#/settings/app_id", "app id and seller id never change"))
}

fn sealed(state: &WebState, id: ChannelAccountId, secrets: &Value) -> Result<Vec<u8>, Problem> {
    let text = secrets.to_string();
    let sealed = state.app.seal().seal(text.as_bytes(), &id.to_string(), state.app.random_bits());
    sealed.map_err(|_| Code::Internal.into())
}

fn method_list(methods: &[Method]) -> Result<String, Problem> {
    if methods.is_empty() {
        return Err(Problem::field(Code::FieldMalformed, "#/methods", "empty"));
    }
    Ok(json!(methods).to_string())
}

fn split_rate(text: Option<&Text<1, 10>>) -> Result<Option<i64>, Problem> {
    let malformed = |_| Problem::field(Code::FieldMalformed, "#/split_rate_max", "a decimal from 0 to 1");
    text.map(|text| text.0.parse::<Rate>().map(Rate::ppm).map_err(malformed)).transpose()
}

fn fee_rate(text: &str) -> Result<Rate, Problem> {
    text.parse().map_err(|_| Problem::field(Code::FieldMalformed, "#/fee_rate", "a decimal from 0 to 1"))
}

async fn merchant_ids(state: &WebState, caller: &Caller, texts: &[Text<1, 64>]) -> Result<String, Problem> {
    check_length("#/merchants", texts)?;
    let mut ids = Vec::with_capacity(texts.len());
    for text in texts {
        ids.push(refer::merchant(state, caller, &text.0).await?.id);
    }
    Ok(json!(ids).to_string())
}

async fn product_ids(state: &WebState, caller: &Caller, texts: &[Text<1, 64>]) -> Result<String, Problem> {
    check_length("#/products", texts)?;
    let mut ids = Vec::with_capacity(texts.len());
    for text in texts {
        ids.push(refer::product(state, caller.tenant_id, &text.0).await?.id);
    }
    Ok(json!(ids).to_string())
}

fn check_length(pointer: &str, texts: &[Text<1, 64>]) -> Result<(), Problem> {
    let fits = (1..=NAMED_MAX).contains(&texts.len());
    if fits { Ok(()) } else { Err(Problem::field(Code::FieldMalformed, pointer, "1 to 1000 objects")) }
}
