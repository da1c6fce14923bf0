use serde_json::{Map, Value};
use tk_formats::alipay::request::Call;
use tk_formats::alipay::{amount, time};

use super::alipay_words::method_of;
use crate::core::{
    BarcodePay, BillCall, BillKind, BindCall, CoreCall, Method, Order, RefundCall, RefundQueryCall,
    SettleCall, SettleQueryCall, ShareCall, TradeRef, beijing_day,
};

const MINUTE_US: i64 = 60_000_000;
const DAY_US: i64 = 24 * 60 * MINUTE_US;

/// Why a call's content does not make a core call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BadContent;

/// Types the content of a verified call.
pub(super) fn core_call(method: Method, call: &Call, now_us: i64) -> Result<CoreCall, BadContent> {
    let empty = Map::new();
    let content = Content(call.biz_content.as_object().unwrap_or(&empty));
    Ok(match method {
        Method::Create => CoreCall::Create(order(&content, call, now_us)?),
        Method::Page => CoreCall::Page(order(&content, call, now_us)?),
        Method::Wap => CoreCall::Wap(order(&content, call, now_us)?),
        Method::Precreate => CoreCall::Precreate(order(&content, call, now_us)?),
        // Nobody can ask for these: Alipay has no name for them.
        Method::Jsapi | Method::ShareBack | Method::ShareBackQuery => return Err(BadContent),
        Method::Undivided => CoreCall::Undivided(trade(&content)?),
        Method::Pay => {
            if content.text("scene")? != Some("bar_code") {
                return Err(BadContent);
            }
            let auth_code = content.text("auth_code")?.ok_or(BadContent)?.to_owned();
            CoreCall::Pay(BarcodePay { order: order(&content, call, now_us)?, auth_code })
        }
        Method::Query => CoreCall::Query(trade(&content)?),
        Method::Close => CoreCall::Close(trade(&content)?),
        Method::Cancel => CoreCall::Cancel(trade(&content)?),
        Method::Refund => CoreCall::Refund(RefundCall {
            trade: trade(&content)?,
            refund_fen: content.fen("refund_amount")?,
            out_request_no: content.owned("out_request_no")?,
            returns: content.shares("refund_royalty_parameters", "trans_out")?,
        }),
        Method::Bind => CoreCall::Bind(BindCall { account: content.receiver()?, name: None }),
        Method::Unbind => CoreCall::Unbind(BindCall { account: content.receiver()?, name: None }),
        Method::Settle => CoreCall::Settle(SettleCall {
            trade: trade(&content)?,
            out_request_no: content.owned("out_request_no")?.ok_or(BadContent)?,
            shares: content.shares("royalty_parameters", "trans_in")?,
            finish: content.extended("royalty_finish"),
        }),
        Method::SettleQuery => CoreCall::SettleQuery(SettleQueryCall {
            trade: trade(&content)?,
            out_request_no: content.owned("out_request_no")?.ok_or(BadContent)?,
        }),
        Method::RefundQuery => CoreCall::RefundQuery(RefundQueryCall {
            trade: trade(&content)?,
            out_request_no: content.owned("out_request_no")?,
        }),
        Method::Bill => CoreCall::Bill(bill(&content)?),
    })
}

/// The core call that a request's method and content make, if they make one.
pub fn typed_call(call: &Call, now_us: i64) -> Option<CoreCall> {
    core_call(method_of(&call.method)?, call, now_us).ok()
}

/// Whether a refund query asks for the time of the refund.
pub(super) fn asks_refund_time(call: &Call) -> bool {
    let options = call.biz_content.get("query_options").and_then(Value::as_array);
    options.is_some_and(|options| options.iter().any(|option| option.as_str() == Some("gmt_refund_pay")))
}

struct Content<'c>(&'c Map<String, Value>);

impl Content<'_> {
    fn text(&self, name: &str) -> Result<Option<&str>, BadContent> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => Err(BadContent),
        }
    }

    fn owned(&self, name: &str) -> Result<Option<String>, BadContent> {
        Ok(self.text(name)?.map(str::to_owned))
    }

    /// A yuan amount, which lenient clients also send as a JSON number.
    fn fen(&self, name: &str) -> Result<i64, BadContent> {
        let text = match self.0.get(name) {
            Some(Value::Number(number)) => number.to_string(),
            _ => self.text(name)?.ok_or(BadContent)?.to_owned(),
        };
        amount::parse_fen(&text).map_err(|_| BadContent)
    }

    /// Whether `extend_params` say this.
    fn extended(&self, name: &str) -> bool {
        let said = self.0.get("extend_params").and_then(|params| params.get(name));
        said.and_then(Value::as_str) == Some("true")
    }

    /// The one receiver of a `receiver_list`.
    fn receiver(&self) -> Result<String, BadContent> {
        let list = self.0.get("receiver_list").and_then(Value::as_array).ok_or(BadContent)?;
        let [one] = list.as_slice() else { return Err(BadContent) };
        let text = |name: &str| one.get(name).and_then(Value::as_str);
        if !matches!(text("type"), Some("userId" | "loginName" | "openId")) {
            return Err(BadContent);
        }
        text("account").map(str::to_owned).ok_or(BadContent)
    }

    /// Who gets or gives what, by the field that names him; nothing where the list is absent.
    fn shares(&self, name: &str, whose: &str) -> Result<Vec<ShareCall>, BadContent> {
        let Some(list) = self.0.get(name) else { return Ok(Vec::new()) };
        let share = |entry: &Value| {
            let entry = Content(entry.as_object().ok_or(BadContent)?);
            let account = entry.owned(whose)?.ok_or(BadContent)?;
            entry.text("trans_in")?.ok_or(BadContent)?;
            Ok(ShareCall { account, amount_fen: entry.fen("amount")? })
        };
        list.as_array().ok_or(BadContent)?.iter().map(share).collect()
    }

    fn span_us(&self, name: &str, now_us: i64) -> Result<Option<i64>, BadContent> {
        self.text(name)?.map(|text| span_us(text, now_us)).transpose()
    }
}

fn order(content: &Content<'_>, call: &Call, now_us: i64) -> Result<Order, BadContent> {
    let moment = content.text("time_expire")?;
    Ok(Order {
        out_trade_no: content.text("out_trade_no")?.ok_or(BadContent)?.to_owned(),
        total_fen: content.fen("total_amount")?,
        subject: content.text("subject")?.ok_or(BadContent)?.to_owned(),
        time_expire_us: moment.map(time::parse_us).transpose().map_err(|_| BadContent)?,
        timeout_us: content.span_us("timeout_express", now_us)?,
        qr_timeout_us: content.span_us("qr_code_timeout_express", now_us)?,
        notify_url: call.notify_url.clone(),
        return_url: call.return_url.clone(),
        passback_params: content.owned("passback_params")?,
        buyer: None,
        keeps: content.extended("royalty_freeze"),
    })
}

fn trade(content: &Content<'_>) -> Result<TradeRef, BadContent> {
    Ok(TradeRef { out_trade_no: content.owned("out_trade_no")?, trade_no: content.owned("trade_no")? })
}

fn bill(content: &Content<'_>) -> Result<BillCall, BadContent> {
    let kind = match content.text("bill_type")?.ok_or(BadContent)? {
        "trade" => BillKind::Trade,
        "signcustomer" => BillKind::Signcustomer,
        _ => return Err(BadContent),
    };
    let date = content.text("bill_date")?.ok_or(BadContent)?;
    let start_us = time::parse_us(&format!("{date} 00:00:00")).map_err(|_| BadContent)?;
    Ok(BillCall { kind, day: beijing_day(start_us) })
}

/// `90m`, `2h`, `1d`, or `1c` for the end of the day in Beijing.
fn span_us(text: &str, now_us: i64) -> Result<i64, BadContent> {
    if text == "1c" {
        let next_day_us = beijing_day(now_us).saturating_add(1).saturating_mul(DAY_US);
        let end_us = next_day_us.saturating_sub(8 * 60 * MINUTE_US);
        return Ok(end_us.saturating_sub(now_us).max(MINUTE_US));
    }
    let unit_us = match text.chars().last() {
        Some('m') => MINUTE_US,
        Some('h') => 60 * MINUTE_US,
        Some('d') => DAY_US,
        _ => return Err(BadContent),
    };
    let count = text.get(..text.len().saturating_sub(1)).and_then(|digits| digits.parse::<u16>().ok());
    Ok(i64::from(count.ok_or(BadContent)?).saturating_mul(unit_us))
}
