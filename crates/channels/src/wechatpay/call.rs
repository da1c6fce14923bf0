//! From an instruction to the call that carries it out (wechatpay.md section 2).

use super::Settings;
use super::parties::Parties;
use super::shares;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tk_domain::channel_account::Method;
use tk_domain::instruction::InstructionKind;
use tk_domain::payment::{Attempt, Payment};
use tk_domain::refund::Refund;
use tk_domain::split::{DividedBy, divided_by};
use tk_formats::wechatpay::time;
use tk_money::Currency;

/// The longest `description`, bytes.
const DESCRIPTION_MAX_BYTES: usize = 127;
/// The longest `reason`, bytes.
const REASON_MAX_BYTES: usize = 80;

/// One thing to say to WeChat Pay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// `POST /v3/pay/transactions/jsapi`.
    Jsapi {
        /// What is to be paid.
        order: Order,
        /// The payer as our official account knows him.
        openid: String,
    },
    /// `POST /v3/pay/transactions/h5`.
    H5 {
        /// What is to be paid.
        order: Order,
        /// The payer's address.
        client_ip: String,
        /// Where the payer's browser returns to; for display only.
        return_url: Option<String>,
    },
    /// `POST /v3/pay/transactions/native`.
    Native(Order),
    /// `POST /v3/pay/transactions/codepay` with the payer's bar code.
    Codepay {
        /// What is to be paid.
        order: Order,
        /// The digits of the payer's bar code.
        auth_code: String,
    },
    /// `GET /v3/pay/transactions/out-trade-no/{}`.
    Query {
        /// The attempt's number.
        out_trade_no: String,
    },
    /// `POST /v3/pay/transactions/out-trade-no/{}/close`.
    Close {
        /// The attempt's number.
        out_trade_no: String,
    },
    /// `POST /v3/pay/transactions/out-trade-no/{}/reverse`.
    Reverse {
        /// The attempt's number.
        out_trade_no: String,
    },
    /// `POST /v3/refund/domestic/refunds`.
    Refund {
        /// The attempt's number.
        out_trade_no: String,
        /// The refund's number.
        out_refund_no: String,
        /// Fen to give back.
        refund_fen: i64,
        /// Fen of the order.
        total_fen: i64,
        /// Why, in the merchant's words.
        reason: String,
    },
    /// `GET /v3/refund/domestic/refunds/{}`.
    RefundQuery {
        /// The refund's number.
        out_refund_no: String,
    },
    /// `GET /v3/bill/tradebill`, all trades, packed.
    TradeBill {
        /// `yyyy-MM-dd`.
        bill_date: String,
    },
    /// `GET /v3/bill/fundflowbill` of the basic account, packed.
    FundBill {
        /// `yyyy-MM-dd`.
        bill_date: String,
    },
    /// `GET /v3/certificates`.
    Certificates,
    /// Profit sharing.
    Shares(shares::Call),
}

/// What the payer is asked to pay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The attempt's number.
    pub out_trade_no: String,
    /// Fen to pay.
    pub total_fen: i64,
    /// What the payer sees.
    pub description: String,
    /// When WeChat itself stops accepting payment, Unix microseconds.
    pub expires_at_us: i64,
    /// Where WeChat reports to.
    pub notify_url: Option<String>,
    /// Whether its money is kept until it is divided (`settle_info.profit_sharing`).
    pub kept: bool,
}

/// A request as it travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wire {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Path and query.
    pub target: String,
    /// JSON; empty where there is none.
    pub body: String,
    /// The serial or identifier of the key that fields of it are sealed with.
    pub sealed_under: Option<String>,
}

/// Why rows make no call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The attempt's method is not one of WeChat's.
    #[error("method {0} is not one of WeChat Pay")]
    MethodForeign(Method),
    /// The instruction is about the other kind of row.
    #[error("instruction {0} does not fit the row")]
    KindForeign(InstructionKind),
    /// The currency is none that WeChat takes here.
    #[error("currency {0} is not CNY")]
    CurrencyForeign(Currency),
    /// The amount is outside what WeChat takes.
    #[error("amount {0} fen is outside what WeChat Pay takes")]
    AmountOutOfRange(i64),
    /// The instruction's payload cannot be read or lacks what the method needs.
    #[error("payload lacks what the method needs")]
    Payload,
    /// A time is outside the calendar.
    #[error("a time is outside the calendar")]
    Time,
    /// WeChat gives a service provider no such bill of a sub-merchant.
    #[error("a service provider has no such bill of a sub-merchant")]
    BillForeign,
    /// A bar code is not sent once its time is over: an earlier sending may have taken the money.
    #[error("the time for the bar code is over")]
    Expired,
}

#[derive(Debug, Default, Deserialize)]
struct Payload {
    auth_code: Option<String>,
    return_url: Option<String>,
    openid: Option<String>,
    client_ip: Option<String>,
}

/// The call that carries out an instruction about an attempt.
pub fn for_payment(
    kind: InstructionKind,
    payment: &Payment,
    attempt: &Attempt,
    payload: Option<&str>,
    settings: &Settings,
) -> Result<Call, CallError> {
    let out_trade_no = attempt.out_no.clone();
    match kind {
        InstructionKind::Pay => for_pay(payment, attempt, payload, settings),
        InstructionKind::Query => Ok(Call::Query { out_trade_no }),
        InstructionKind::Close => Ok(Call::Close { out_trade_no }),
        InstructionKind::Cancel => Ok(Call::Reverse { out_trade_no }),
        InstructionKind::Refund
        | InstructionKind::RefundQuery
        | InstructionKind::RefundAwait
        | InstructionKind::ReceiverBind
        | InstructionKind::ReceiverUnbind
        | InstructionKind::Split
        | InstructionKind::SplitQuery
        | InstructionKind::SplitReturn
        | InstructionKind::SplitReturnQuery => Err(CallError::KindForeign(kind)),
    }
}

/// The call that carries out an instruction about a refund of an attempt.
pub fn for_refund(kind: InstructionKind, refund: &Refund, attempt: &Attempt) -> Result<Call, CallError> {
    let out_refund_no = refund.out_no.clone();
    match kind {
        InstructionKind::Refund => Ok(Call::Refund {
            out_trade_no: attempt.out_no.clone(),
            out_refund_no,
            refund_fen: fen(refund.order_minor, refund.currency)?,
            total_fen: fen(attempt.amount_minor, attempt.currency)?,
            reason: clipped(&refund.reason, REASON_MAX_BYTES),
        }),
        InstructionKind::RefundQuery => Ok(Call::RefundQuery { out_refund_no }),
        InstructionKind::Pay
        | InstructionKind::Query
        | InstructionKind::Close
        | InstructionKind::Cancel
        | InstructionKind::RefundAwait
        | InstructionKind::ReceiverBind
        | InstructionKind::ReceiverUnbind
        | InstructionKind::Split
        | InstructionKind::SplitQuery
        | InstructionKind::SplitReturn
        | InstructionKind::SplitReturnQuery => Err(CallError::KindForeign(kind)),
    }
}

fn for_pay(
    payment: &Payment,
    attempt: &Attempt,
    payload: Option<&str>,
    settings: &Settings,
) -> Result<Call, CallError> {
    let payload: Payload = match payload {
        Some(text) => serde_json::from_str(text).map_err(|_| CallError::Payload)?,
        None => Payload::default(),
    };
    let order = Order {
        out_trade_no: attempt.out_no.clone(),
        total_fen: fen(attempt.amount_minor, attempt.currency)?,
        description: description(payment, attempt),
        expires_at_us: attempt.channel_expires_at_us,
        notify_url: settings.notify_url.clone(),
        kept: divided_by(payment) != DividedBy::Nobody,
    };
    match attempt.method {
        Method::WechatNative => Ok(Call::Native(order)),
        Method::WechatH5 => Ok(Call::H5 {
            order,
            client_ip: payload.client_ip.ok_or(CallError::Payload)?,
            return_url: payload.return_url,
        }),
        Method::WechatJsapi => Ok(Call::Jsapi { order, openid: payload.openid.ok_or(CallError::Payload)? }),
        Method::WechatBarcode => {
            Ok(Call::Codepay { order, auth_code: payload.auth_code.ok_or(CallError::Payload)? })
        }
        Method::AlipayPage
        | Method::AlipayWap
        | Method::AlipayQr
        | Method::AlipayBarcode
        | Method::QuickPay
        | Method::EbankB2c
        | Method::EbankB2b
        | Method::BankTransfer
        | Method::Cheque
        | Method::Cash
        | Method::Pos
        | Method::Kiosk => Err(CallError::MethodForeign(attempt.method)),
    }
}

pub(super) fn fen(minor: i64, currency: Currency) -> Result<i64, CallError> {
    let terms = super::CAPABILITIES;
    if !terms.currencies.contains(&currency) {
        return Err(CallError::CurrencyForeign(currency));
    }
    if !(terms.amount_min_minor..=terms.amount_max_minor).contains(&minor) {
        return Err(CallError::AmountOutOfRange(minor));
    }
    Ok(minor)
}

fn description(payment: &Payment, attempt: &Attempt) -> String {
    let text = clipped(&payment.description, DESCRIPTION_MAX_BYTES);
    if text.is_empty() { attempt.out_no.clone() } else { text }
}

/// Without control characters, clipped to whole characters within the bytes allowed.
fn clipped(text: &str, max_bytes: usize) -> String {
    let mut kept = String::new();
    for letter in text.chars().filter(|letter| !letter.is_control()) {
        if kept.len().saturating_add(letter.len_utf8()) > max_bytes {
            break;
        }
        kept.push(letter);
    }
    kept.trim().to_owned()
}

impl Call {
    /// The interface it names, for the log.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Jsapi { .. } => "jsapi",
            Self::H5 { .. } => "h5",
            Self::Native(_) => "native",
            Self::Codepay { .. } => "codepay",
            Self::Query { .. } => "query",
            Self::Close { .. } => "close",
            Self::Reverse { .. } => "reverse",
            Self::Refund { .. } => "refund",
            Self::RefundQuery { .. } => "refund_query",
            Self::TradeBill { .. } => "tradebill",
            Self::FundBill { .. } => "fundflowbill",
            Self::Certificates => "certificates",
            Self::Shares(call) => call.name(),
        }
    }

    /// The request, unsigned; `now_us` bounds what is still worth sending.
    pub fn wire(&self, settings: &Settings, now_us: i64) -> Result<Wire, CallError> {
        let parties = Parties(settings);
        Ok(match self {
            Self::Jsapi { order, openid } => {
                let payer = json!({ parties.openid(): openid });
                parties.pay("jsapi", &order.body(settings, &[("payer", payer)])?)
            }
            Self::H5 { order, client_ip, .. } => {
                let scene = json!({ "payer_client_ip": client_ip, "h5_info": { "type": "Wap" } });
                parties.pay("h5", &order.body(settings, &[("scene_info", scene)])?)
            }
            Self::Native(order) => parties.pay("native", &order.body(settings, &[])?),
            Self::Codepay { order, .. } if order.expires_at_us <= now_us => return Err(CallError::Expired),
            Self::Codepay { order, auth_code } => {
                parties.pay("codepay", &order.code_body(settings, auth_code))
            }
            Self::Query { out_trade_no } => get(parties.order(out_trade_no, &parties.query())),
            Self::Close { out_trade_no } => {
                post(parties.order(out_trade_no, "/close"), &Value::Object(parties.merchants()))
            }
            Self::Reverse { out_trade_no } => {
                post(parties.order(out_trade_no, "/reverse"), &Value::Object(parties.all()))
            }
            Self::Refund { .. } => {
                post("/v3/refund/domestic/refunds".to_owned(), &self.refund_body(settings))
            }
            Self::RefundQuery { out_refund_no } => {
                get(format!("/v3/refund/domestic/refunds/{out_refund_no}{}", parties.sub('?')))
            }
            Self::TradeBill { bill_date } => {
                let sub = parties.sub('&');
                get(format!("/v3/bill/tradebill?bill_date={bill_date}{sub}&bill_type=ALL&tar_type=GZIP"))
            }
            // A service provider's own account is not the sub-merchant's.
            Self::FundBill { .. } if settings.sub_mchid.is_some() => return Err(CallError::BillForeign),
            Self::FundBill { bill_date } => {
                get(format!("/v3/bill/fundflowbill?bill_date={bill_date}&account_type=BASIC&tar_type=GZIP"))
            }
            Self::Certificates => get("/v3/certificates".to_owned()),
            Self::Shares(call) => call.wire(&parties),
        })
    }

    fn refund_body(&self, settings: &Settings) -> Value {
        let Self::Refund { out_trade_no, out_refund_no, refund_fen, total_fen, reason } = self else {
            return Value::Null;
        };
        let amount = json!({ "refund": refund_fen, "total": total_fen, "currency": "CNY" });
        let mut body = Map::new();
        if let Some(sub_mchid) = &settings.sub_mchid {
            body.insert("sub_mchid".to_owned(), sub_mchid.as_str().into());
        }
        body.insert("out_trade_no".to_owned(), out_trade_no.as_str().into());
        body.insert("out_refund_no".to_owned(), out_refund_no.as_str().into());
        if !reason.is_empty() {
            body.insert("reason".to_owned(), reason.as_str().into());
        }
        if let Some(url) = &settings.notify_url {
            body.insert("notify_url".to_owned(), url.as_str().into());
        }
        body.insert("amount".to_owned(), amount);
        Value::Object(body)
    }
}

pub(super) fn post(target: String, body: &Value) -> Wire {
    Wire { method: "POST", target, body: body.to_string(), sealed_under: None }
}

pub(super) const fn get(target: String) -> Wire {
    Wire { method: "GET", target, body: String::new(), sealed_under: None }
}

impl Order {
    fn body(&self, settings: &Settings, more: &[(&str, Value)]) -> Result<Value, CallError> {
        let expires = time::format_us(self.expires_at_us).map_err(|_| CallError::Time)?;
        let mut body = Value::Object(Parties(settings).all());
        body["description"] = json!(self.description);
        body["out_trade_no"] = json!(self.out_trade_no);
        body["time_expire"] = json!(expires);
        body["notify_url"] = json!(self.notify_url);
        body["amount"] = json!({ "total": self.total_fen, "currency": "CNY" });
        for (name, value) in more {
            body[*name] = value.clone();
        }
        self.say_if_kept(&mut body);
        Ok(body)
    }

    /// Bar codes have neither expiry nor callback (付款码支付 v3, request parameters).
    fn code_body(&self, settings: &Settings, auth_code: &str) -> Value {
        let mut body = Value::Object(Parties(settings).all());
        body["description"] = json!(self.description);
        body["out_trade_no"] = json!(self.out_trade_no);
        body["payer"] = json!({ "auth_code": auth_code });
        body["amount"] = json!({ "total": self.total_fen, "currency": "CNY" });
        body["scene_info"] = json!({ "store_info": { "id": settings.store_id } });
        self.say_if_kept(&mut body);
        body
    }

    fn say_if_kept(&self, body: &mut Value) {
        if self.kept {
            body["settle_info"] = json!({ "profit_sharing": true });
        }
    }
}
