//! The fields of each call on the wire (unionpay.md section 5).

use super::call::{Back, Call, CallError, OpenCard, Page, TOKEN_BIZ_TYPE, TokenOrder};
use super::credentials::{Access, Settings};
use tk_formats::unionpay::request::Endpoint;
use tk_formats::unionpay::{CNY, amount, braces, time};

/// The fields of a message, besides those every request carries.
pub type Fields = Vec<(&'static str, String)>;

impl Call {
    /// The interface, for the log.
    pub const fn method(&self) -> &'static str {
        match self {
            Self::Page(_) => "consume page",
            Self::Token(_) => "consume by token",
            Self::Query { .. } => "query",
            Self::Refund(_) => "refund",
            Self::Undo(_) => "undo",
            Self::File { .. } => "file",
            Self::OpenCard(_) => "open card",
            Self::QueryOpening(_) => "query opening",
            Self::SendCode(_) => "send code",
            Self::Unbind(_) => "unbind",
        }
    }

    /// Where it goes.
    pub const fn endpoint(&self) -> Endpoint {
        match self {
            Self::Page(_) | Self::OpenCard(_) => Endpoint::Front,
            Self::Token(_)
            | Self::Refund(_)
            | Self::Undo(_)
            | Self::QueryOpening(_)
            | Self::SendCode(_)
            | Self::Unbind(_) => Endpoint::Back,
            Self::Query { .. } => Endpoint::Query,
            Self::File { .. } => Endpoint::File,
        }
    }

    /// The address it goes to.
    pub fn url(&self, settings: &Settings) -> String {
        let endpoint = self.endpoint();
        let base = match endpoint {
            Endpoint::File => &settings.file_url,
            Endpoint::Front | Endpoint::Back | Endpoint::App | Endpoint::Query | Endpoint::Batch => {
                &settings.gateway_url
            }
        };
        format!("{base}{}", endpoint.path())
    }

    /// Its fields; customer data is packed by the conversation, which has the key.
    pub fn fields(&self, settings: &Settings, now_us: i64) -> Result<Fields, CallError> {
        let mut fields = parties(settings);
        match self {
            Self::Page(page) => page_fields(&mut fields, page, settings)?,
            Self::Token(order) => {
                if order.expires_at_us <= now_us {
                    return Err(CallError::Expired);
                }
                kind(&mut fields, ("01", "01"), TOKEN_BIZ_TYPE);
                fields.push(("payTimeout", at("payTimeout", order.expires_at_us)?));
                token_fields(&mut fields, order, settings)?;
            }
            Self::SendCode(order) => {
                kind(&mut fields, ("77", "02"), TOKEN_BIZ_TYPE);
                token_fields(&mut fields, order, settings)?;
            }
            Self::Query { order_id, txn_time_us, biz_type } => {
                kind(&mut fields, ("00", "00"), biz_type);
                key(&mut fields, order_id, *txn_time_us)?;
            }
            Self::Refund(back) => back_fields(&mut fields, "04", back, settings)?,
            Self::Undo(back) => back_fields(&mut fields, "31", back, settings)?,
            Self::File { settle_date } => {
                kind(&mut fields, ("76", "01"), "000000");
                fields.extend([("settleDate", settle_date.clone()), ("fileType", "00".to_owned())]);
                fields.push(("txnTime", at("txnTime", now_us)?));
            }
            Self::OpenCard(card) => open_fields(&mut fields, card, settings)?,
            Self::QueryOpening(opening) => {
                // By its order number, the only way that payment by token has.
                kind(&mut fields, ("78", "02"), TOKEN_BIZ_TYPE);
                key(&mut fields, &opening.order_id, opening.txn_time_us)?;
                fields.push(("channelType", "07".to_owned()));
            }
            Self::Unbind(unbind) => {
                kind(&mut fields, ("74", "01"), TOKEN_BIZ_TYPE);
                key(&mut fields, &unbind.order_id, unbind.txn_time_us)?;
                fields.push(("channelType", "07".to_owned()));
                fields.push(("tokenPayData", token_data(&unbind.token, settings)?));
            }
        }
        Ok(fields)
    }

    /// What belongs into `customerInfo`.
    pub fn customer(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::Token(order) => Some(("smsCode", &order.sms_code)),
            Self::Page(_)
            | Self::Query { .. }
            | Self::Refund(_)
            | Self::Undo(_)
            | Self::File { .. }
            | Self::OpenCard(_)
            | Self::QueryOpening(_)
            | Self::SendCode(_)
            | Self::Unbind(_) => None,
        }
    }
}

/// Who speaks, and for whom.
fn parties(settings: &Settings) -> Fields {
    let mut fields = vec![("merId", settings.mer_id.clone())];
    match &settings.access {
        Access::Merchant => fields.push(("accessType", "0".to_owned())),
        Access::Acquirer { institution } => {
            fields.extend([("accessType", "1".to_owned()), ("acqInsCode", institution.clone())]);
        }
        Access::Platform { id, name, short_name } => fields.extend([
            ("accessType", "2".to_owned()),
            ("subMerId", id.clone()),
            ("subMerName", name.clone()),
            ("subMerAbbr", short_name.clone()),
        ]),
    }
    fields
}

fn page_fields(fields: &mut Fields, page: &Page, settings: &Settings) -> Result<(), CallError> {
    kind(fields, ("01", "01"), page.biz_type);
    key(fields, &page.order_id, page.txn_time_us)?;
    money(fields, page.txn_amt_fen)?;
    fields.push(("channelType", "07".to_owned()));
    fields.push(("payTimeout", at("payTimeout", page.expires_at_us)?));
    fields.push(("frontUrl", page.return_url.clone().unwrap_or_default()));
    fields.push(("backUrl", settings.notify_url.clone().unwrap_or_default()));
    if !page.commodity.is_empty() {
        let risk = braces::write(&[("commodityName", &page.commodity)]);
        fields.push(("riskRateInfo", risk.map_err(|_| CallError::Unwritable("riskRateInfo"))?));
    }
    Ok(())
}

fn token_fields(fields: &mut Fields, order: &TokenOrder, settings: &Settings) -> Result<(), CallError> {
    key(fields, &order.order_id, order.txn_time_us)?;
    money(fields, order.txn_amt_fen)?;
    fields.push(("channelType", "07".to_owned()));
    fields.push(("backUrl", settings.notify_url.clone().unwrap_or_default()));
    fields.push(("tokenPayData", token_data(&order.token, settings)?));
    Ok(())
}

fn back_fields(
    fields: &mut Fields,
    txn_type: &'static str,
    back: &Back,
    settings: &Settings,
) -> Result<(), CallError> {
    kind(fields, (txn_type, "00"), back.biz_type);
    key(fields, &back.order_id, back.txn_time_us)?;
    fields.push(("channelType", "07".to_owned()));
    fields.push(("origQryId", back.orig_qry_id.clone()));
    fields.push(("txnAmt", digits(back.txn_amt_fen)?));
    fields.push(("backUrl", settings.notify_url.clone().unwrap_or_default()));
    Ok(())
}

fn open_fields(fields: &mut Fields, card: &OpenCard, settings: &Settings) -> Result<(), CallError> {
    kind(fields, ("79", "00"), TOKEN_BIZ_TYPE);
    key(fields, &card.order_id, card.txn_time_us)?;
    fields.push(("channelType", "07".to_owned()));
    fields.push(("payTimeout", at("payTimeout", card.expires_at_us)?));
    fields.push(("frontUrl", card.return_url.clone().unwrap_or_default()));
    fields.push(("backUrl", settings.notify_url.clone().unwrap_or_default()));
    fields.push(("tokenPayData", braced(&[("trId", requestor(settings)?), ("tokenType", "01")])?));
    Ok(())
}

fn kind(fields: &mut Fields, (txn_type, sub_type): (&'static str, &'static str), biz_type: &str) {
    fields.push(("txnType", txn_type.to_owned()));
    fields.push(("txnSubType", sub_type.to_owned()));
    fields.push(("bizType", biz_type.to_owned()));
}

fn key(fields: &mut Fields, order_id: &str, txn_time_us: i64) -> Result<(), CallError> {
    fields.push(("orderId", order_id.to_owned()));
    fields.push(("txnTime", at("txnTime", txn_time_us)?));
    Ok(())
}

fn money(fields: &mut Fields, fen: i64) -> Result<(), CallError> {
    fields.push(("txnAmt", digits(fen)?));
    fields.push(("currencyCode", CNY.to_owned()));
    Ok(())
}

fn digits(fen: i64) -> Result<String, CallError> {
    amount::format_fen(fen).map_err(|_| CallError::AmountOutOfRange(fen))
}

fn at(name: &'static str, at_us: i64) -> Result<String, CallError> {
    time::format_us(at_us).map_err(|_| CallError::Unwritable(name))
}

fn token_data(token: &str, settings: &Settings) -> Result<String, CallError> {
    braced(&[("token", token), ("trId", requestor(settings)?), ("tokenType", "01")])
}

fn requestor(settings: &Settings) -> Result<&str, CallError> {
    settings.token_requestor.as_deref().ok_or(CallError::RequestorMissing)
}

fn braced(pairs: &[(&str, &str)]) -> Result<String, CallError> {
    braces::write(pairs).map_err(|_| CallError::Unwritable("tokenPayData"))
}
