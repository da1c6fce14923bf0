//! Payment by token: a card is opened on UnionPay's page, asked about, a code is sent, the token can be ended.
//!
//! No card number ever passes through us.

use super::call::{Call, OpenCard, Opening, TokenOrder, Unbind};
use super::conversation::converse;
use super::{CAPABILITIES, Credentials, Heard, Message, Settings, report};
use crate::callback::CardTold;
use crate::capabilities::Verdict;
use crate::line::Line;
use std::sync::Arc;
use tk_domain::instruction::InstructionKind;
use tk_domain::payment::BrowserForm;
use tk_domain::report::Unclear;
use tk_formats::unionpay::braces;

/// Why a step of an agreement was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AgreementError {
    /// UnionPay refused with this code.
    #[error("UnionPay refused: {code}")]
    Refused {
        /// `respCode`.
        code: String,
    },
    /// Nothing is proven; the step may be tried again.
    #[error("the step was not answered: {0}")]
    Unclear(Unclear),
}

/// The form that brings the payer to UnionPay's page for opening a card.
pub(crate) async fn open_card(
    line: &Line<'_>,
    credentials: &Arc<Credentials>,
    card: OpenCard,
) -> Result<BrowserForm, AgreementError> {
    let heard = converse(line, credentials, Ok(Call::OpenCard(card))).await;
    if let Heard::Form(form) = heard {
        Ok(form)
    } else {
        Err(AgreementError::Unclear(report::unheard(&heard)))
    }
}

/// What UnionPay's answer proves about an opening.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OpeningFinding {
    /// The card is open.
    Opened(CardTold),
    /// UnionPay knows of no card that was opened by this number.
    NotOpened,
    /// Nothing.
    Unclear(Unclear),
}

/// Asks what became of an opening.
pub(crate) async fn ask_opening(
    line: &Line<'_>,
    credentials: &Arc<Credentials>,
    opening: Opening,
) -> OpeningFinding {
    let heard = converse(line, credentials, Ok(Call::QueryOpening(opening.clone()))).await;
    opening_finding(&opening, &heard, &credentials.settings)
}

/// What was heard about an opening; a card counts only if it was opened for us, by this number and time.
pub fn opening_finding(opening: &Opening, heard: &Heard, settings: &Settings) -> OpeningFinding {
    let Heard::Answered(message) = heard else {
        return OpeningFinding::Unclear(report::unheard(heard));
    };
    if message.resp_code != "00" {
        return match CAPABILITIES.verdict(InstructionKind::Query, &message.resp_code) {
            Some(Verdict::NotFound) => OpeningFinding::NotOpened,
            Some(Verdict::Unclear(why)) => OpeningFinding::Unclear(why),
            Some(Verdict::Failed | Verdict::Waiting | Verdict::NotYet | Verdict::CloseRefused) | None => {
                OpeningFinding::Unclear(Unclear::UnknownCode)
            }
        };
    }
    let ours = message.mer_id.as_deref() == Some(settings.mer_id.as_str())
        && message.payee().map(String::as_str) == Some(settings.payee())
        && report::is_about(message, &opening.order_id, opening.txn_time_us);
    match card_of(message).filter(|_| ours) {
        Some(card) => OpeningFinding::Opened(card),
        None => OpeningFinding::Unclear(Unclear::Unreadable),
    }
}

/// The longest card shown, its middle hidden.
const MASKED_MAX: usize = 24;

/// The token of an opened card, and as much of its number as UnionPay shows.
pub(super) fn card_of(message: &Message) -> Option<CardTold> {
    let token = token_of(message.params.get_filled("tokenPayData")?)?;
    let shown = message.acc_no.as_deref().unwrap_or_default();
    let digits: Vec<char> = shown.chars().filter(char::is_ascii_digit).collect();
    // However much of it comes, no more than four are kept.
    let tail: String = digits.iter().skip(digits.len().saturating_sub(4)).collect();
    let masked: String = format!("**** {tail}").chars().take(MASKED_MAX).collect();
    (message.resp_code == "00").then_some(CardTold { token, masked })
}

/// Has UnionPay send the payer the code for an order to come.
pub(crate) async fn send_code(
    line: &Line<'_>,
    credentials: &Arc<Credentials>,
    order: TokenOrder,
) -> Result<(), AgreementError> {
    done(&converse(line, credentials, Ok(Call::SendCode(order))).await)
}

/// Ends a token.
pub(crate) async fn unbind(
    line: &Line<'_>,
    credentials: &Arc<Credentials>,
    token: Unbind,
) -> Result<(), AgreementError> {
    done(&converse(line, credentials, Ok(Call::Unbind(token))).await)
}

/// The token that a `tokenPayData` value names.
pub fn token_of(token_pay_data: &str) -> Option<String> {
    let pairs = braces::read(token_pay_data).ok()?;
    pairs.into_iter().find(|(name, value)| name == "token" && !value.is_empty()).map(|(_, value)| value)
}

fn done(heard: &Heard) -> Result<(), AgreementError> {
    let Heard::Answered(message) = heard else {
        return Err(AgreementError::Unclear(report::unheard(heard)));
    };
    match message.resp_code.as_str() {
        "00" => Ok(()),
        code => Err(AgreementError::Refused { code: code.to_owned() }),
    }
}
