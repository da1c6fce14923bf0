//! From an instruction to the call that carries it out (alipay.md section 4).

use super::{Settings, shares};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tk_domain::channel_account::Method;
use tk_domain::instruction::InstructionKind;
use tk_domain::payment::{Attempt, Payment};
use tk_domain::refund::Refund;
use tk_domain::split::{DividedBy, SplitReceiver, SplitReturn, divided_by};
use tk_formats::alipay::{Charset, amount, request, time};
use tk_money::Currency;

/// The longest `subject` and `refund_reason`, characters.
const TEXT_MAX_CHARS: usize = 256;
const MINUTE_US: i64 = 60_000_000;
/// The longest `qr_code_timeout_express`, minutes (15 days).
const QR_MAX_MINUTES: i64 = 15 * 24 * 60;

/// One thing to say to Alipay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// `alipay.trade.page.pay`: a signed address, nothing is sent.
    Page(Order),
    /// `alipay.trade.wap.pay`: a signed address, nothing is sent.
    Wap(Order),
    /// `alipay.trade.precreate`.
    Precreate(Order),
    /// `alipay.trade.pay` with the payer's bar code.
    Barcode {
        /// What is to be paid.
        order: Order,
        /// The digits of the payer's bar code.
        auth_code: String,
    },
    /// `alipay.trade.query`.
    Query {
        /// The attempt's number.
        out_trade_no: String,
    },
    /// `alipay.trade.close`.
    Close {
        /// The attempt's number.
        out_trade_no: String,
    },
    /// `alipay.trade.cancel`.
    Cancel {
        /// The attempt's number.
        out_trade_no: String,
    },
    /// `alipay.trade.refund`.
    Refund {
        /// The attempt's number.
        out_trade_no: String,
        /// The refund's number.
        out_request_no: String,
        /// Fen to give back.
        amount_fen: i64,
        /// Why, in the merchant's words.
        reason: String,
        /// What it takes back of those who got shares.
        shares: Vec<shares::Royalty>,
    },
    /// Binding a receiver of shares, dividing and asking about it.
    Shares(shares::Call),
    /// `alipay.trade.fastpay.refund.query`.
    RefundQuery {
        /// The attempt's number.
        out_trade_no: String,
        /// The refund's number.
        out_request_no: String,
    },
    /// `alipay.data.dataservice.bill.downloadurl.query`.
    BillUrl {
        /// `bill_type`.
        bill_type: &'static str,
        /// `bill_date`, `yyyy-MM-dd`.
        bill_date: String,
    },
}

/// What the payer is asked to pay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The attempt's number.
    pub out_trade_no: String,
    /// Fen to pay.
    pub total_fen: i64,
    /// What the payer sees.
    pub subject: String,
    /// When Alipay itself stops accepting payment, Unix microseconds.
    pub expires_at_us: i64,
    /// Where Alipay reports to.
    pub notify_url: Option<String>,
    /// Where the payer's browser returns to; for display only.
    pub return_url: Option<String>,
    /// Whether the money stays frozen until it is divided.
    pub royalty_freeze: bool,
}

/// How a call travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Road {
    /// By the payer's browser, as a signed address.
    Browser,
    /// By us, to the gateway.
    Gateway,
}

/// Why rows make no call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The attempt's method is not one of Alipay's.
    #[error("method {0} is not one of Alipay")]
    MethodForeign(Method),
    /// The instruction is about the other kind of row.
    #[error("instruction {0} does not fit the row")]
    KindForeign(InstructionKind),
    /// Alipay settles in renminbi only.
    #[error("currency {0} is not CNY")]
    CurrencyForeign(Currency),
    /// The amount is outside what Alipay takes.
    #[error("amount {0} fen is outside what Alipay takes")]
    AmountOutOfRange(i64),
    /// The instruction's payload cannot be read or lacks the bar code.
    #[error("payload lacks what the method needs")]
    Payload,
    /// A time is outside the calendar.
    #[error("a time is outside the calendar")]
    Time,
    /// A bar code is not sent once its time is over: an earlier sending may have taken the money.
    #[error("the time for the bar code is over")]
    Expired,
}

#[derive(Debug, Default, Deserialize)]
struct Payload {
    auth_code: Option<String>,
    return_url: Option<String>,
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
        InstructionKind::Cancel => Ok(Call::Cancel { out_trade_no }),
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
pub fn for_refund(
    kind: InstructionKind,
    refund: &Refund,
    attempt: &Attempt,
    shares: &[(SplitReturn, SplitReceiver)],
    seller_id: &str,
) -> Result<Call, CallError> {
    let (out_trade_no, out_request_no) = (attempt.out_no.clone(), refund.out_no.clone());
    match kind {
        InstructionKind::Refund => Ok(Call::Refund {
            out_trade_no,
            out_request_no,
            amount_fen: fen(refund.order_minor, refund.currency)?,
            reason: cleaned(&refund.reason, Charset::Utf8),
            shares: shares::returned(shares, seller_id)?,
        }),
        InstructionKind::RefundQuery => Ok(Call::RefundQuery { out_trade_no, out_request_no }),
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
        subject: subject(payment, attempt, settings.charset),
        expires_at_us: attempt.channel_expires_at_us,
        notify_url: settings.notify_url.clone(),
        return_url: payload.return_url,
        royalty_freeze: divided_by(payment) != DividedBy::Nobody,
    };
    match attempt.method {
        Method::AlipayPage => Ok(Call::Page(order)),
        Method::AlipayWap => Ok(Call::Wap(order)),
        Method::AlipayQr => Ok(Call::Precreate(Order { return_url: None, ..order })),
        Method::AlipayBarcode => {
            let auth_code = payload.auth_code.ok_or(CallError::Payload)?;
            Ok(Call::Barcode { order: Order { return_url: None, ..order }, auth_code })
        }
        Method::WechatJsapi
        | Method::WechatH5
        | Method::WechatNative
        | Method::WechatBarcode
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

fn subject(payment: &Payment, attempt: &Attempt, charset: Charset) -> String {
    let text = cleaned(&payment.description, charset);
    if text.is_empty() { attempt.out_no.clone() } else { text }
}

/// Without `/`, `=`, `&` and control characters, with `?` for what the charset lacks, clipped to 256 characters.
fn cleaned(text: &str, charset: Charset) -> String {
    let kept = text.chars().filter(|letter| !matches!(letter, '/' | '=' | '&') && !letter.is_control());
    let fits = |letter: char| charset.encode(letter.encode_utf8(&mut [0; 4])).is_ok();
    let written = kept.map(|letter| if fits(letter) { letter } else { '?' });
    written.take(TEXT_MAX_CHARS).collect::<String>().trim().to_owned()
}

impl Call {
    /// The interface it names.
    pub const fn method(&self) -> &'static str {
        match self {
            Self::Page(_) => "alipay.trade.page.pay",
            Self::Wap(_) => "alipay.trade.wap.pay",
            Self::Precreate(_) => "alipay.trade.precreate",
            Self::Barcode { .. } => "alipay.trade.pay",
            Self::Query { .. } => "alipay.trade.query",
            Self::Close { .. } => "alipay.trade.close",
            Self::Cancel { .. } => "alipay.trade.cancel",
            Self::Refund { .. } => "alipay.trade.refund",
            Self::RefundQuery { .. } => "alipay.trade.fastpay.refund.query",
            Self::Shares(call) => call.method(),
            Self::BillUrl { .. } => "alipay.data.dataservice.bill.downloadurl.query",
        }
    }

    /// How it travels.
    pub const fn road(&self) -> Road {
        match self {
            Self::Page(_) | Self::Wap(_) => Road::Browser,
            Self::Precreate(_)
            | Self::Barcode { .. }
            | Self::Query { .. }
            | Self::Close { .. }
            | Self::Cancel { .. }
            | Self::Refund { .. }
            | Self::RefundQuery { .. }
            | Self::Shares(_)
            | Self::BillUrl { .. } => Road::Gateway,
        }
    }

    /// The request as the wire format wants it; `now_us` bounds what is still worth sending.
    pub fn wire(&self, now_us: i64) -> Result<request::Call, CallError> {
        let content = self.content(now_us)?;
        let mut wire = request::Call::new(self.method(), content);
        if let Some(order) = self.order() {
            wire.notify_url.clone_from(&order.notify_url);
            wire.return_url.clone_from(&order.return_url);
        }
        Ok(wire)
    }

    const fn order(&self) -> Option<&Order> {
        match self {
            Self::Page(order) | Self::Wap(order) | Self::Precreate(order) | Self::Barcode { order, .. } => {
                Some(order)
            }
            Self::Query { .. }
            | Self::Close { .. }
            | Self::Cancel { .. }
            | Self::Refund { .. }
            | Self::RefundQuery { .. }
            | Self::Shares(_)
            | Self::BillUrl { .. } => None,
        }
    }

    fn content(&self, now_us: i64) -> Result<Value, CallError> {
        match self {
            Self::Page(order) => order.content("FAST_INSTANT_TRADE_PAY", &[]),
            Self::Wap(order) => match &order.return_url {
                Some(url) => order.content("QUICK_WAP_WAY", &[("quit_url", url)]),
                None => order.content("QUICK_WAP_WAY", &[]),
            },
            Self::Precreate(order) => {
                let validity = order.qr_validity(now_us);
                order.content("QR_CODE_OFFLINE", &[("qr_code_timeout_express", &validity)])
            }
            Self::Barcode { order, .. } if order.expires_at_us <= now_us => Err(CallError::Expired),
            Self::Barcode { order, auth_code } => {
                order.content("FACE_TO_FACE_PAYMENT", &[("scene", "bar_code"), ("auth_code", auth_code)])
            }
            Self::Query { out_trade_no } | Self::Close { out_trade_no } | Self::Cancel { out_trade_no } => {
                Ok(json!({ "out_trade_no": out_trade_no }))
            }
            Self::Refund { out_trade_no, out_request_no, amount_fen, reason, shares } => {
                let mut content = json!({
                    "out_trade_no": out_trade_no,
                    "out_request_no": out_request_no,
                    "refund_amount": amount::format_fen(*amount_fen),
                    "refund_reason": if reason.is_empty() { out_request_no } else { reason },
                });
                if !shares.is_empty() {
                    let shares: Vec<Value> = shares.iter().map(shares::Royalty::content).collect();
                    content["refund_royalty_parameters"] = Value::Array(shares);
                }
                Ok(content)
            }
            Self::Shares(call) => Ok(call.content()),
            Self::RefundQuery { out_trade_no, out_request_no } => Ok(json!({
                "out_trade_no": out_trade_no,
                "out_request_no": out_request_no,
                "query_options": ["gmt_refund_pay"],
            })),
            Self::BillUrl { bill_type, bill_date } => {
                Ok(json!({ "bill_type": bill_type, "bill_date": bill_date }))
            }
        }
    }
}

impl Order {
    fn content(&self, product_code: &str, more: &[(&str, &str)]) -> Result<Value, CallError> {
        let expires = time::format_us(self.expires_at_us).map_err(|_| CallError::Time)?;
        let mut content = Map::new();
        for (name, value) in [
            ("out_trade_no", self.out_trade_no.as_str()),
            ("total_amount", &amount::format_fen(self.total_fen)),
            ("subject", &self.subject),
            ("product_code", product_code),
            ("time_expire", &expires),
        ]
        .iter()
        .chain(more)
        {
            content.insert((*name).to_owned(), Value::from(*value));
        }
        if self.royalty_freeze {
            content.insert("extend_params".to_owned(), json!({ "royalty_freeze": "true" }));
        }
        Ok(Value::Object(content))
    }

    /// Whole minutes left, at least one; `time_expire` bounds the rest.
    fn qr_validity(&self, now_us: i64) -> String {
        let minutes = self.expires_at_us.saturating_sub(now_us).div_euclid(MINUTE_US);
        format!("{}m", minutes.clamp(1, QR_MAX_MINUTES))
    }
}
