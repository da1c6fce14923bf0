//! Receivers as published: accounts with their middles hidden.

use crate::api::payments::parts::hidden;
use serde::Serialize;
use serde_json::{Value, json};
use tk_domain::moment::time_text;
use tk_domain::split::SplitReceiver;
use utoipa::ToSchema;

/// A receiver as published.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SplitReceiver)]
pub struct ReceiverView {
    /// `spr_…`
    pub id: String,
    /// Always `split_receiver`.
    pub object: &'static str,
    /// Whether real money is concerned.
    pub livemode: bool,
    /// `cha_…`, the contract that it is bound to.
    pub channel_account: String,
    /// By what the channel knows it.
    pub kind: &'static str,
    /// Its account, the middle hidden.
    pub account: String,
    /// What it is to the merchant, where that was named.
    pub relation: Option<&'static str>,
    /// That in words, for a `custom` one.
    pub custom_relation: Option<String>,
    /// `pending` until the channel has said that it is `bound`, or has `refused`; `unbinding` until it is `unbound`.
    pub status: &'static str,
    /// Since when that is not known, RFC 3339.
    pub outcome_unknown_since: Option<String>,
    /// The channel's refusal: `{"code", "message"}`.
    #[schema(value_type = Option<Object>)]
    pub failure: Option<Value>,
    /// RFC 3339.
    pub created: String,
}

impl ReceiverView {
    /// The published form.
    #[must_use]
    pub fn of(receiver: &SplitReceiver, live: bool) -> Self {
        let code = receiver.failure_code.as_ref();
        Self {
            id: receiver.id.to_string(),
            object: "split_receiver",
            livemode: live,
            channel_account: receiver.channel_account_id.to_string(),
            kind: receiver.kind.word(),
            account: hidden(&receiver.account, 4, 4),
            relation: receiver.relation.map(tk_domain::split::Relation::word),
            custom_relation: receiver.custom_relation.clone(),
            status: receiver.status.word(),
            outcome_unknown_since: receiver.unknown_since_us.map(time_text),
            failure: code.map(|code| json!({ "code": code, "message": receiver.failure_message })),
            created: time_text(receiver.created_at_us),
        }
    }
}
