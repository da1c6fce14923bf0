//! `POST /v1/channel_accounts`.

use super::ChannelAccountView;
use super::update::ChannelAccountUpdate;
use super::view::{check_methods, checked};
use crate::api::answer::{Answer, record};
use crate::api::once::{Came, Effect};
use crate::api::refer;
use crate::auth::{Caller, ConfigWrite};
use crate::parse::{Metadata, MinorUnits, Name, Text, Write};
use crate::problem::{Code, Problem};
use crate::state::WebState;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use tk_domain::channel_account::{Channel, ChannelAccount, CreateChannelAccount, Method};
use tk_domain::id::{ChannelAccountId, Id128};
use utoipa::ToSchema;

/// A channel account to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelAccountCreate {
    /// The adapter: `alipay`, `bank_direct`.
    #[schema(value_type = String)]
    pub channel: Channel,
    /// For staff.
    #[schema(value_type = String, max_length = 100)]
    pub name: Name,
    /// Methods it may be used for.
    #[schema(value_type = Vec<String>)]
    pub methods: Vec<Method>,
    /// Merchants it may be used for, by identifier or code; all by default.
    #[schema(value_type = Option<Vec<String>>)]
    pub merchants: Option<Vec<Text<1, 64>>>,
    /// Products it may be used for, by identifier or code; all by default.
    #[schema(value_type = Option<Vec<String>>)]
    pub products: Option<Vec<Text<1, 64>>>,
    /// The one partner whose payments alone it may take: `ptn_…` or its code. Never changes.
    #[schema(value_type = Option<String>)]
    pub partner: Option<Text<1, 64>>,
    /// The least amount, minor units.
    pub amount_min: Option<MinorUnits>,
    /// The greatest amount, minor units.
    pub amount_max: Option<MinorUnits>,
    /// 0 to 1000, lower is tried first; 100 by default.
    pub priority: Option<i64>,
    /// What the channel charges, such as `0.0060`; nothing by default.
    #[schema(value_type = Option<String>)]
    pub fee_rate: Option<Text<1, 10>>,
    /// Whether the channel gives its charge back on refund.
    pub fee_returned: Option<bool>,
    /// Days after payment within which the channel refunds online; 365 by default.
    pub refund_window_days: Option<i64>,
    /// What the contract lets the channel pay to others of each payment, such as `0.3000`; nothing by default.
    #[schema(value_type = Option<String>)]
    pub split_rate_max: Option<Text<1, 10>>,
    /// The adapter's non-secret settings (Alipay: gateway_url, app_id, seller_id, mode, charset; bank account:
    /// account_no, account_name, bank_name, cnaps, csv_profile, csv_mapping, direct_link; counter: place).
    pub settings: Metadata,
    /// The adapter's secrets (Alipay: app_private_key, alipay_public_key, or certificates; direct link: token); never
    /// shown again.
    #[schema(value_type = Object)]
    pub credentials: Value,
}

/// Creates a channel account; settings and credentials are checked against each other first.
#[utoipa::path(post, path = "/v1/channel_accounts", tag = "channel_accounts",
    request_body = ChannelAccountCreate, responses((status = 201, body = ChannelAccountView)))]
pub async fn create(
    State(state): State<WebState>,
    write: Write<ConfigWrite, ChannelAccountCreate>,
) -> Result<Answer, Problem> {
    let (mut effect, body) = Effect::begin(write, &state)?;
    let command = command(&state, &effect.caller, body).await?;
    let (app, code) = (state.app.clone(), effect.caller.tenant_code.clone());
    let render =
        move |row: &ChannelAccount, _| record(StatusCode::CREATED, &ChannelAccountView::of(row, &app, &code));
    match effect.submit(&state, command, render).await? {
        Came::Fresh(_, Some(answer)) | Came::Replayed(answer) => Ok(answer),
        Came::Fresh(_, None) => Err(Code::Internal.into()),
    }
}

async fn command(
    state: &WebState,
    caller: &Caller,
    body: ChannelAccountCreate,
) -> Result<CreateChannelAccount, Problem> {
    let id = ChannelAccountId(Id128::v7(state.app.now_us(), state.app.random_bits()));
    let partner = body.partner.as_ref().map(|text| text.0.as_str());
    let partner_id = refer::partner_of(state, caller, partner).await?;
    let settings = Value::Object(body.settings.0.clone());
    let read = checked(state, body.channel, (&settings, &body.credentials))?;
    check_methods(&read, &body.methods)?;
    let terms = ChannelAccountUpdate {
        name: Some(body.name),
        methods: Some(body.methods),
        merchants: body.merchants.map(Some),
        products: body.products.map(Some),
        amount_min: body.amount_min,
        amount_max: body.amount_max,
        priority: body.priority,
        fee_rate: body.fee_rate,
        fee_returned: body.fee_returned,
        refund_window_days: body.refund_window_days,
        split_rate_max: body.split_rate_max,
        settings: Some(body.settings),
        credentials: Some(body.credentials),
        enabled: None,
    };
    Ok(CreateChannelAccount {
        tenant_id: caller.tenant_id,
        channel_account_id: id,
        channel: body.channel,
        partner_id,
        payee_app: read.payee_app,
        payee_merchant: read.payee_merchant,
        collects: read.collects,
        terms: terms.terms(state, caller, id).await?,
        origin: caller.origin(),
    })
}
