//! Instructions carried out at UnionPay.

use super::conversation::converse;
use super::{Credentials, call, report};
use crate::line::Line;
use crate::{PaymentRows, RefundRows};
use std::sync::Arc;
use tk_domain::report::{PaymentReport, RefundReport};

/// Carries out an instruction about an attempt.
pub(crate) async fn say_payment(
    line: &Line<'_>,
    credentials: &Arc<Credentials>,
    rows: PaymentRows<'_>,
) -> PaymentReport {
    let PaymentRows { instruction, payment, attempt } = rows;
    let kind = instruction.kind;
    let call = call::for_payment(kind, payment, attempt, instruction.payload.as_deref());
    let heard = converse(line, credentials, call).await;
    let finding = report::payment(kind, attempt, &heard);
    PaymentReport { source: report::source(kind), finding, asked_at_us: line.now_us }
}

/// Carries out an instruction about a refund.
pub(crate) async fn say_refund(
    line: &Line<'_>,
    credentials: &Arc<Credentials>,
    rows: RefundRows<'_>,
) -> RefundReport {
    let RefundRows { instruction, refund, attempt, shares: _ } = rows;
    let kind = instruction.kind;
    let call = call::for_refund(kind, refund, attempt, &credentials.settings);
    let heard = converse(line, credentials, call).await;
    RefundReport { source: report::source(kind), finding: report::refund(kind, refund, &heard) }
}
