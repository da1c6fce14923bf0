use std::borrow::Cow;

use serde_json::{Map, Value};
use tk_formats::wechatpay::time;

use crate::core::{
    BarcodePay, BillCall, BillKind, BindCall, CoreCall, Order, RefundCall, RefundQueryCall, SettleCall,
    SettleQueryCall, ShareBackCall, ShareBackQueryCall, ShareCall, TradeRef, beijing_day,
};

const PAY: &str = "/v3/pay/transactions/";
const PARTNER_PAY: &str = "/v3/pay/partner/transactions/";
const REFUNDS: &str = "/v3/refund/domestic/refunds";
const DIVISIONS: &str = "/v3/profitsharing/orders";
const TRANSACTIONS: &str = "/v3/profitsharing/transactions";
const RETURNS: &str = "/v3/profitsharing/return-orders";
/// The longest description of a division, characters.
const DESCRIPTION_MAX_CHARS: usize = 80;

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// Something of the core.
    Core {
        call: Box<CoreCall>,
        named: Named,
        /// Whether a bill is to come packed.
        packed: bool,
    },
    /// The platform's certificates.
    Certificates,
}

/// Whom a request names, where it names them: `appid` and `mchid`, of a service provider `sp_appid`, `sp_mchid` and
/// `sub_mchid`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    pub appid: Option<String>,
    pub mchid: Option<String>,
    pub sub_mchid: Option<String>,
}

/// Who speaks, by the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Speaker {
    Merchant,
    Provider,
}

/// Why a request makes no call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadRequest {
    /// There is no such interface.
    NoInterface,
    /// A parameter is absent or wrong.
    Parameter,
}

/// Types a request; `target` is path and query.
pub fn typed_call(method: &str, target: &str, body: &str) -> Result<Asked, BadRequest> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let query = Query(query);
    match (method, path) {
        ("GET", "/v3/certificates") => Ok(Asked::Certificates),
        ("GET", "/v3/bill/tradebill") => bill(&query, BillKind::Trade, "bill_type", "ALL"),
        ("GET", "/v3/bill/fundflowbill") => bill(&query, BillKind::Signcustomer, "account_type", "BASIC"),
        ("POST", "/v3/profitsharing/receivers/add") => bind(&Content::parse(body)?),
        ("POST", "/v3/profitsharing/receivers/delete") => unbind(&Content::parse(body)?),
        ("POST", DIVISIONS) => divide(&Content::parse(body)?),
        ("POST", "/v3/profitsharing/orders/unfreeze") => release(&Content::parse(body)?),
        ("POST", RETURNS) => share_back(&Content::parse(body)?),
        ("GET", _) if path.starts_with(DIVISIONS) => division_query(path, &query),
        ("GET", _) if path.starts_with(TRANSACTIONS) => undivided_query(path, &query),
        ("GET", _) if path.starts_with(RETURNS) => share_back_query(path, &query),
        ("POST", REFUNDS) => refund(&Content::parse(body)?),
        ("GET", _) if path.starts_with(REFUNDS) => refund_query(path, &query),
        (_, _) => match (path.strip_prefix(PAY), path.strip_prefix(PARTNER_PAY)) {
            (Some(rest), _) => by(Speaker::Merchant, transaction(method, rest, &query, body)?),
            (None, Some(rest)) => by(Speaker::Provider, transaction(method, rest, &query, body)?),
            (None, None) => Err(BadRequest::NoInterface),
        },
    }
}

/// A merchant names no sub-merchant, a provider always does.
fn by(speaker: Speaker, asked: Asked) -> Result<Asked, BadRequest> {
    let fits = match &asked {
        Asked::Core { named, .. } => named.sub_mchid.is_some() == (speaker == Speaker::Provider),
        Asked::Certificates => true,
    };
    if fits { Ok(asked) } else { Err(BadRequest::Parameter) }
}

fn transaction(method: &str, rest: &str, query: &Query<'_>, body: &str) -> Result<Asked, BadRequest> {
    let parts: Vec<&str> = rest.split('/').collect();
    match (method, parts.as_slice()) {
        ("POST", [product]) => pay(product, &Content::parse(body)?),
        ("GET", ["out-trade-no", number]) => {
            asked_about(CoreCall::Query(TradeRef::out(&number_of(number)?)), query)
        }
        ("GET", ["id", number]) => {
            let trade = TradeRef { out_trade_no: None, trade_no: Some(number_of(number)?) };
            asked_about(CoreCall::Query(trade), query)
        }
        ("POST", ["out-trade-no", number, act]) => {
            let (trade, content) = (TradeRef::out(&number_of(number)?), Content::parse(body)?);
            match *act {
                "close" => content.asks(CoreCall::Close(trade)),
                "reverse" => content.asks(CoreCall::Cancel(trade)),
                _ => Err(BadRequest::NoInterface),
            }
        }
        _ => Err(BadRequest::NoInterface),
    }
}

fn asked_about(call: CoreCall, query: &Query<'_>) -> Result<Asked, BadRequest> {
    let owned = |name| query.get(name).map(Cow::into_owned);
    let mchid = Some(owned("mchid").or_else(|| owned("sp_mchid")).ok_or(BadRequest::Parameter)?);
    let named = Named { appid: None, mchid, sub_mchid: owned("sub_mchid") };
    Ok(Asked::Core { call: Box::new(call), named, packed: false })
}

fn pay(product: &str, content: &Content) -> Result<Asked, BadRequest> {
    let order = order(content, product != "codepay")?;
    let call = match product {
        "native" => CoreCall::Precreate(order),
        "h5" => {
            let scene = content.part("scene_info")?;
            scene.text("payer_client_ip")?.ok_or(BadRequest::Parameter)?;
            scene.part("h5_info")?.text("type")?.ok_or(BadRequest::Parameter)?;
            CoreCall::Wap(order)
        }
        "jsapi" => {
            let payer = content.part("payer")?;
            let openid = payer.either("openid", "sp_openid")?.ok_or(BadRequest::Parameter)?.to_owned();
            CoreCall::Jsapi(Order { buyer: Some(openid), ..order })
        }
        "codepay" => {
            content.part("scene_info")?.part("store_info")?;
            let code = content.part("payer")?.text("auth_code")?.ok_or(BadRequest::Parameter)?.to_owned();
            CoreCall::Pay(BarcodePay { order, auth_code: code })
        }
        _ => return Err(BadRequest::NoInterface),
    };
    content.either("appid", "sp_appid")?.ok_or(BadRequest::Parameter)?;
    content.asks(call)
}

fn order(content: &Content, is_notified: bool) -> Result<Order, BadRequest> {
    let amount = content.part("amount")?;
    if amount.text("currency")?.unwrap_or("CNY") != "CNY" {
        return Err(BadRequest::Parameter);
    }
    let notify_url = content.text("notify_url")?.map(str::to_owned);
    if is_notified && notify_url.is_none() {
        return Err(BadRequest::Parameter);
    }
    let expires = content.text("time_expire")?.map(time::parse_us).transpose();
    Ok(Order {
        out_trade_no: content.text("out_trade_no")?.ok_or(BadRequest::Parameter)?.to_owned(),
        total_fen: amount.fen("total")?,
        subject: content.text("description")?.ok_or(BadRequest::Parameter)?.to_owned(),
        time_expire_us: expires.map_err(|_| BadRequest::Parameter)?,
        notify_url: notify_url.filter(|_| is_notified),
        passback_params: content.text("attach")?.map(str::to_owned),
        keeps: content.part("settle_info").is_ok_and(|info| info.is_true("profit_sharing")),
        ..Order::default()
    })
}

fn bind(content: &Content) -> Result<Asked, BadRequest> {
    let kind = content.text("type")?.ok_or(BadRequest::Parameter)?;
    let name = content.text("name")?.map(str::to_owned);
    let related = match content.text("relation_type")? {
        Some("CUSTOM") => {
            content.text("custom_relation")?.is_some_and(|words| (1..=10).contains(&words.chars().count()))
        }
        other => other.is_some(),
    };
    let named = match kind {
        "MERCHANT_ID" => name.is_some(),
        "PERSONAL_OPENID" | "PERSONAL_SUB_OPENID" => true,
        _ => false,
    };
    if !related || !named {
        return Err(BadRequest::Parameter);
    }
    let account = content.text("account")?.ok_or(BadRequest::Parameter)?.to_owned();
    content.asks(CoreCall::Bind(BindCall { account, name }))
}

fn unbind(content: &Content) -> Result<Asked, BadRequest> {
    if !matches!(content.text("type")?, Some("MERCHANT_ID" | "PERSONAL_OPENID" | "PERSONAL_SUB_OPENID")) {
        return Err(BadRequest::Parameter);
    }
    let account = content.text("account")?.ok_or(BadRequest::Parameter)?.to_owned();
    content.asks(CoreCall::Unbind(BindCall { account, name: None }))
}

fn divide(content: &Content) -> Result<Asked, BadRequest> {
    let receivers = content.list("receivers")?;
    let shares = receivers.iter().map(|one| {
        one.described()?;
        one.text("type")?.ok_or(BadRequest::Parameter)?;
        let account = one.text("account")?.ok_or(BadRequest::Parameter)?.to_owned();
        Ok(ShareCall { account, amount_fen: one.fen("amount")? })
    });
    let finish = content.0.get("unfreeze_unsplit").and_then(Value::as_bool).ok_or(BadRequest::Parameter)?;
    content.settles(shares.collect::<Result<_, _>>()?, finish)
}

fn release(content: &Content) -> Result<Asked, BadRequest> {
    content.described()?;
    content.settles(Vec::new(), true)
}

fn share_back(content: &Content) -> Result<Asked, BadRequest> {
    content.described()?;
    let owned = |name| Ok(content.text(name)?.ok_or(BadRequest::Parameter)?.to_owned());
    content.asks(CoreCall::ShareBack(ShareBackCall {
        trade: TradeRef::default(),
        out_request_no: number_of(&owned("out_order_no")?)?,
        out_return_no: number_of(&owned("out_return_no")?)?,
        account: owned("return_mchid")?,
        amount_fen: content.fen("amount")?,
    }))
}

fn last_part(path: &str, before: &str) -> Result<String, BadRequest> {
    let number = path.strip_prefix(before).and_then(|rest| rest.strip_prefix('/'));
    number_of(number.filter(|rest| !rest.contains('/')).ok_or(BadRequest::NoInterface)?)
}

fn division_query(path: &str, query: &Query<'_>) -> Result<Asked, BadRequest> {
    let trade_no = query.get("transaction_id").ok_or(BadRequest::Parameter)?.into_owned();
    let call = CoreCall::SettleQuery(SettleQueryCall {
        trade: TradeRef { out_trade_no: None, trade_no: Some(trade_no) },
        out_request_no: last_part(path, DIVISIONS)?,
    });
    Ok(of_sub(call, query))
}

fn undivided_query(path: &str, query: &Query<'_>) -> Result<Asked, BadRequest> {
    let order = path.strip_suffix("/amounts").ok_or(BadRequest::NoInterface)?;
    let trade = TradeRef { out_trade_no: None, trade_no: Some(last_part(order, TRANSACTIONS)?) };
    Ok(of_sub(CoreCall::Undivided(trade), query))
}

/// A return is asked about by its own number and that of the split; which order it is of, the core finds.
fn share_back_query(path: &str, query: &Query<'_>) -> Result<Asked, BadRequest> {
    let call = CoreCall::ShareBackQuery(ShareBackQueryCall {
        trade: TradeRef::default(),
        out_request_no: query.get("out_order_no").ok_or(BadRequest::Parameter)?.into_owned(),
        out_return_no: last_part(path, RETURNS)?,
    });
    Ok(of_sub(call, query))
}

fn of_sub(call: CoreCall, query: &Query<'_>) -> Asked {
    let named = Named { sub_mchid: query.get("sub_mchid").map(Cow::into_owned), ..Named::default() };
    Asked::Core { call: Box::new(call), named, packed: false }
}

fn refund(content: &Content) -> Result<Asked, BadRequest> {
    let amount = content.part("amount")?;
    let owned = |name| Ok(content.text(name)?.map(str::to_owned));
    amount.fen("total")?;
    content.asks(CoreCall::Refund(RefundCall {
        trade: TradeRef { out_trade_no: owned("out_trade_no")?, trade_no: owned("transaction_id")? },
        refund_fen: amount.fen("refund")?,
        out_request_no: Some(content.text("out_refund_no")?.ok_or(BadRequest::Parameter)?.to_owned()),
        returns: Vec::new(),
    }))
}

/// A refund is asked about by its own number; which order it is of, the core finds.
fn refund_query(path: &str, query: &Query<'_>) -> Result<Asked, BadRequest> {
    let call = CoreCall::RefundQuery(RefundQueryCall {
        trade: TradeRef::default(),
        out_request_no: Some(last_part(path, REFUNDS)?),
    });
    Ok(of_sub(call, query))
}

fn bill(query: &Query<'_>, kind: BillKind, which: &str, only: &str) -> Result<Asked, BadRequest> {
    if query.get(which).is_some_and(|value| value != only) {
        return Err(BadRequest::Parameter);
    }
    let packed = match query.get("tar_type").as_deref() {
        None => false,
        Some("GZIP") => true,
        Some(_) => return Err(BadRequest::Parameter),
    };
    let date = query.get("bill_date").ok_or(BadRequest::Parameter)?;
    let start_us = time::parse_us(&format!("{date}T00:00:00+08:00")).map_err(|_| BadRequest::Parameter)?;
    let call = Box::new(CoreCall::Bill(BillCall { kind, day: beijing_day(start_us) }));
    let named = Named { sub_mchid: query.get("sub_mchid").map(Cow::into_owned), ..Named::default() };
    Ok(Asked::Core { call, named, packed })
}

fn number_of(text: &str) -> Result<String, BadRequest> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'|' | b'*' | b'@');
    let decoded = decoded(text).ok_or(BadRequest::Parameter)?;
    if (1..=64).contains(&decoded.len()) && decoded.bytes().all(plain) {
        Ok(decoded.into_owned())
    } else {
        Err(BadRequest::Parameter)
    }
}

struct Query<'q>(&'q str);

impl Query<'_> {
    fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        let mut pairs = self.0.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| *key == name).and_then(|(_, value)| decoded(value))
    }
}

fn decoded(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains(['%', '+']) {
        return Some(Cow::from(text));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                let hex = std::str::from_utf8(&digits).ok()?;
                bytes.push(u8::from_str_radix(hex, 16).ok()?);
            }
            b'+' => bytes.push(b' '),
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).ok().map(Cow::from)
}

struct Content(Map<String, Value>);

impl Content {
    fn parse(body: &str) -> Result<Self, BadRequest> {
        match serde_json::from_str(body) {
            Ok(Value::Object(map)) => Ok(Self(map)),
            Ok(_) | Err(_) => Err(BadRequest::Parameter),
        }
    }

    fn text(&self, name: &str) -> Result<Option<&str>, BadRequest> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(BadRequest::Parameter),
        }
    }

    fn part(&self, name: &str) -> Result<Self, BadRequest> {
        let part = self.0.get(name).and_then(Value::as_object).cloned();
        part.map(Self).ok_or(BadRequest::Parameter)
    }

    fn fen(&self, name: &str) -> Result<i64, BadRequest> {
        self.0.get(name).and_then(Value::as_i64).ok_or(BadRequest::Parameter)
    }

    fn is_true(&self, name: &str) -> bool {
        self.0.get(name).and_then(Value::as_bool) == Some(true)
    }

    /// Objects, one at least and as many as a division may name.
    fn list(&self, name: &str) -> Result<Vec<Self>, BadRequest> {
        let list = self.0.get(name).and_then(Value::as_array).ok_or(BadRequest::Parameter)?;
        if !(1..=50).contains(&list.len()) {
            return Err(BadRequest::Parameter);
        }
        list.iter().map(|one| one.as_object().cloned().map(Self).ok_or(BadRequest::Parameter)).collect()
    }

    fn described(&self) -> Result<(), BadRequest> {
        let words = self.text("description")?.ok_or(BadRequest::Parameter)?;
        if words.chars().count() <= DESCRIPTION_MAX_CHARS { Ok(()) } else { Err(BadRequest::Parameter) }
    }

    fn settles(&self, shares: Vec<ShareCall>, finish: bool) -> Result<Asked, BadRequest> {
        let owned = |name| Ok(self.text(name)?.ok_or(BadRequest::Parameter)?.to_owned());
        let trade = TradeRef { out_trade_no: None, trade_no: Some(owned("transaction_id")?) };
        let out_request_no = number_of(&owned("out_order_no")?)?;
        self.asks(CoreCall::Settle(SettleCall { trade, out_request_no, shares, finish }))
    }

    /// What merchants and service providers write under different names.
    fn either(&self, direct: &str, provider: &str) -> Result<Option<&str>, BadRequest> {
        Ok(self.text(direct)?.or(self.text(provider)?))
    }

    fn asks(&self, call: CoreCall) -> Result<Asked, BadRequest> {
        let named = Named {
            appid: self.either("appid", "sp_appid")?.map(str::to_owned),
            mchid: self.either("mchid", "sp_mchid")?.map(str::to_owned),
            sub_mchid: self.text("sub_mchid")?.map(str::to_owned),
        };
        Ok(Asked::Core { call: Box::new(call), named, packed: false })
    }
}
