//! `POST /v1/split_receivers`.

use super::ReceiverView;
use crate::api::answer::Answer;
use crate::api::once::Effect;
use crate::api::refer;
use crate::auth::ConfigWrite;
use crate::parse::{Text, Write};
use crate::problem::{Code, Problem};
use crate::state::WebState;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use tk_app::App;
use tk_domain::channel_account::ChannelAccount;
use tk_domain::split::{AddSplitReceiver, ReceiverKind, Relation};
use utoipa::ToSchema;

/// A receiver to be bound.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiverCreate {
    /// The contract whose channel is to pay it, `cha_…`.
    #[schema(value_type = String)]
    pub channel_account: Text<1, 64>,
    /// By what the channel knows it: `user_id` or `login_name` at Alipay, `merchant_no` or `open_id` at WeChat Pay.
    #[schema(value_type = String)]
    pub kind: ReceiverKind,
    /// Its account at the channel.
    #[schema(value_type = String, max_length = 64)]
    pub account: Text<1, 64>,
    /// Its name, kept sealed; required for a `login_name` and a `merchant_no`, which the channel compares it with.
    #[schema(value_type = Option<String>, max_length = 64)]
    pub name: Option<Text<1, 64>>,
    /// What it is to the merchant, at WeChat Pay: `store`, `staff`, `store_owner`, `partner`, `headquarter`, `brand`,
    /// `distributor`, `user`, `supplier` or `custom`; if absent, a custom one that says only that it gets shares.
    #[schema(value_type = Option<String>)]
    pub relation: Option<Relation>,
    /// That in words, for `custom`.
    #[schema(value_type = Option<String>, max_length = 10)]
    pub custom_relation: Option<Text<1, 10>>,
}

/// Names a party that is to get shares; the channel is asked to bind it. The same account is the same receiver.
#[utoipa::path(post, path = "/v1/split_receivers", tag = "splits", request_body = ReceiverCreate,
    responses((status = 201, body = ReceiverView)))]
pub async fn create(
    State(state): State<WebState>,
    write: Write<ConfigWrite, ReceiverCreate>,
) -> Result<Answer, Problem> {
    let (effect, body) = Effect::begin(write, &state)?;
    let id = refer::parse_id(&body.channel_account.0)?;
    let account: ChannelAccount = refer::row(&state, &(effect.caller.tenant_id, id)).await?;
    let seal = App::receiver_seal(&body.account.0);
    let sealed = |name: &Text<1, 64>| {
        let sealed = state.app.seal().seal(name.0.as_bytes(), &seal, state.app.random_bits());
        sealed.map_err(|_| Problem::from(Code::Internal))
    };
    let command = AddSplitReceiver {
        tenant_id: account.tenant_id,
        channel_account_id: account.id,
        kind: body.kind,
        name_sealed: body.name.as_ref().map(sealed).transpose()?,
        account: body.account.0,
        relation: body.relation,
        custom_relation: body.custom_relation.map(|words| words.0),
        origin: effect.caller.origin(),
    };
    effect.object(&state, command, (StatusCode::CREATED, ReceiverView::of)).await
}
