//! Instructions carried out at WeChat Pay.

use super::call::{self, Call, CallError};
use super::{Credentials, Heard, NotSent, conversation, report};
use crate::line::Line;
use crate::{PaymentRows, RefundRows};
use tk_domain::report::{PaymentReport, RefundReport};

/// Carries out an instruction about an attempt.
pub(crate) async fn say_payment(
    line: &Line<'_>,
    credentials: &Credentials,
    rows: PaymentRows<'_>,
) -> PaymentReport {
    let PaymentRows { instruction, payment, attempt } = rows;
    let kind = instruction.kind;
    let payload = instruction.payload.as_deref();
    let call = call::for_payment(kind, payment, attempt, payload, &credentials.settings);
    let mut heard = converse(line, credentials, call).await;
    if let Some(question) = report::asked_next(kind, attempt, &heard) {
        heard = converse(line, credentials, Ok(question)).await;
    }
    let finding = report::payment(kind, attempt, &heard);
    PaymentReport { source: report::source(kind), asked_at_us: line.now_us, finding }
}

/// Carries out an instruction about a refund.
pub(crate) async fn say_refund(
    line: &Line<'_>,
    credentials: &Credentials,
    rows: RefundRows<'_>,
) -> RefundReport {
    let RefundRows { instruction, refund, attempt, shares: _ } = rows;
    let kind = instruction.kind;
    let heard = converse(line, credentials, call::for_refund(kind, refund, attempt)).await;
    RefundReport { source: report::source(kind), finding: report::refund(kind, refund, attempt, &heard) }
}

async fn converse(line: &Line<'_>, credentials: &Credentials, call: Result<Call, CallError>) -> Heard {
    let call = match call {
        Ok(call) => call,
        Err(error) => return NotSent::from(error).into(),
    };
    let name = call.name();
    let heard = match line.turn().await {
        None => Heard::NotSent(NotSent::Busy),
        Some(_permit) => conversation::hold(line, credentials, call).await,
    };
    tracing::debug!(channel_account = %line.account_id, name, heard = heard.summary(), "conversation");
    heard
}
