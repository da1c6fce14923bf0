//! Who speaks to WeChat Pay, and for whom: a merchant for himself, or a provider for a sub-merchant.

use super::Settings;
use super::call::{Wire, post};
use serde_json::{Map, Value};

/// Under which names and paths merchant and service provider speak (直连模式, 服务商模式).
pub(super) struct Parties<'s>(pub(super) &'s Settings);

impl Parties<'_> {
    pub(super) const fn root(&self) -> &'static str {
        if self.0.sub_mchid.is_some() { "/v3/pay/partner/transactions" } else { "/v3/pay/transactions" }
    }

    pub(super) fn order(&self, out_trade_no: &str, rest: &str) -> String {
        format!("{}/out-trade-no/{out_trade_no}{rest}", self.root())
    }

    pub(super) fn pay(&self, product: &str, body: &Value) -> Wire {
        post(format!("{}/{product}", self.root()), body)
    }

    /// Whom the money is for.
    pub(super) fn merchants(&self) -> Map<String, Value> {
        let Settings { mchid, sub_mchid, .. } = self.0;
        let names = match sub_mchid {
            Some(sub_mchid) => vec![("sp_mchid", mchid), ("sub_mchid", sub_mchid)],
            None => vec![("mchid", mchid)],
        };
        names.into_iter().map(|(name, id)| (name.to_owned(), id.as_str().into())).collect()
    }

    /// Applications and merchants.
    pub(super) fn all(&self) -> Map<String, Value> {
        let Settings { appid, sub_mchid, sub_appid, .. } = self.0;
        let mut fields = self.merchants();
        let name = if sub_mchid.is_some() { "sp_appid" } else { "appid" };
        fields.insert(name.to_owned(), appid.as_str().into());
        if let Some(sub_appid) = sub_appid {
            fields.insert("sub_appid".to_owned(), sub_appid.as_str().into());
        }
        fields
    }

    pub(super) fn query(&self) -> String {
        let Settings { mchid, sub_mchid, .. } = self.0;
        match sub_mchid {
            Some(sub_mchid) => format!("?sp_mchid={mchid}&sub_mchid={sub_mchid}"),
            None => format!("?mchid={mchid}"),
        }
    }

    /// The sub-merchant as a parameter behind this character; nothing for a merchant of his own.
    pub(super) fn sub(&self, before: char) -> String {
        self.0.sub_mchid.as_ref().map(|id| format!("{before}sub_mchid={id}")).unwrap_or_default()
    }

    /// The sub-merchant alone, if there is one.
    pub(super) fn for_sub(&self) -> Map<String, Value> {
        let sub = self.0.sub_mchid.as_ref().map(|id| ("sub_mchid".to_owned(), id.as_str().into()));
        sub.into_iter().collect()
    }

    /// Applications and the sub-merchant, as profit sharing names them for both.
    pub(super) fn sharing(&self) -> Map<String, Value> {
        let Settings { appid, sub_appid, .. } = self.0;
        let mut fields = self.for_sub();
        fields.insert("appid".to_owned(), appid.as_str().into());
        if let Some(sub_appid) = sub_appid {
            fields.insert("sub_appid".to_owned(), sub_appid.as_str().into());
        }
        fields
    }

    /// The payer is known to the official account of whoever speaks.
    pub(super) const fn openid(&self) -> &'static str {
        if self.0.sub_mchid.is_some() { "sp_openid" } else { "openid" }
    }
}
