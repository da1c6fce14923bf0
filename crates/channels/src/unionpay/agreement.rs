//! Payment by token: a card is opened on UnionPay's page, a code is sent, the token can be ended.
//!
//! No card number ever passes through us.

use super::call::{Call, OpenCard, TokenOrder, Unbind};
use super::conversation::converse;
use super::{Credentials, Heard, report};
use crate::line::Line;
use std::sync::Arc;
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
    pairs.into_iter().find(|(name, value)| name == "trId" && !value.is_empty()).map(|(_, value)| value)
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
