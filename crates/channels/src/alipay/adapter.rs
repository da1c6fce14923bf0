//! Instructions carried out at Alipay.

use super::call::{self, Call, CallError};
use super::{Credentials, Heard, NotSent, conversation, report, returned, shares};
use crate::line::Line;
use crate::{PaymentRows, ReceiverRows, RefundRows, ReturnRows, SplitRows};
use tk_domain::report::{PaymentReport, RefundReport};
use tk_domain::split::{ReceiverFinding, ReturnReport, SplitReport};

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
    let heard = converse(line, credentials, call).await;
    let finding = report::payment(kind, attempt, &heard);
    PaymentReport { source: report::source(kind), asked_at_us: line.now_us, finding }
}

/// Carries out an instruction about a refund.
pub(crate) async fn say_refund(
    line: &Line<'_>,
    credentials: &Credentials,
    rows: RefundRows<'_>,
) -> RefundReport {
    let RefundRows { instruction, refund, attempt, shares } = rows;
    let kind = instruction.kind;
    let call = call::for_refund(kind, refund, attempt, shares, &credentials.settings.seller_id);
    let heard = converse(line, credentials, call).await;
    RefundReport { source: report::source(kind), finding: report::refund(kind, refund, attempt, &heard) }
}

/// Has a receiver bound or unbound.
pub(crate) async fn say_receiver(
    line: &Line<'_>,
    credentials: &Credentials,
    rows: ReceiverRows<'_>,
) -> ReceiverFinding {
    let kind = rows.instruction.kind;
    let call = shares::for_receiver(kind, rows.receiver, rows.name).map(Call::Shares);
    shares::receiver(kind, &converse(line, credentials, call).await)
}

/// Carries out an instruction about a split.
pub(crate) async fn say_split(
    line: &Line<'_>,
    credentials: &Credentials,
    rows: SplitRows<'_>,
) -> SplitReport {
    let SplitRows { instruction, split, attempt, shares: given } = rows;
    let kind = instruction.kind;
    let call = shares::for_split(kind, split, attempt, given).map(Call::Shares);
    let mut heard = converse(line, credentials, call).await;
    if let Some(question) = shares::asked_next(kind, (split, attempt), &heard) {
        heard = converse(line, credentials, Ok(Call::Shares(question))).await;
    }
    SplitReport {
        source: report::source(kind),
        finding: shares::split(kind, (split, attempt), given, &heard),
    }
}

/// Asks about a share that comes back with a refund.
pub(crate) async fn say_return(
    line: &Line<'_>,
    credentials: &Credentials,
    rows: ReturnRows<'_>,
) -> ReturnReport {
    let ReturnRows { instruction, back, beside, refund, attempt, receiver, split: _ } = rows;
    let kind = instruction.kind;
    let heard = converse(line, credentials, shares::for_return(kind, back, (refund, attempt))).await;
    let asked = returned::Asked { back, beside, receiver };
    let finding = returned::returned(asked, (refund, attempt), &heard);
    ReturnReport { source: report::source(kind), finding }
}

async fn converse(line: &Line<'_>, credentials: &Credentials, call: Result<Call, CallError>) -> Heard {
    let call = match call {
        Ok(call) => call,
        Err(error) => return NotSent::from(error).into(),
    };
    let method = call.method();
    let heard = match line.turn().await {
        None => Heard::NotSent(NotSent::Busy),
        Some(_permit) => conversation::hold(line, credentials, call).await,
    };
    tracing::debug!(channel_account = %line.account_id, method, heard = heard.summary(), "conversation");
    heard
}
