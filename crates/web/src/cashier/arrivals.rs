//! What bank transfers brought that is not the payment's collection: a part, or more than was owed.

use super::entry::Entry;
use tk_app::Failure;
use tk_domain::channel_account::Method;
use tk_domain::exception::{Exception, ExceptionKind};
use tk_domain::id::BankLineId;
use tk_domain::payment::{Attempt, Payment, PaymentStatus};
use tk_domain::transfer::{BankLine, MatchStatus, OrderStatus, ReturnStatus, TransferMatch, TransferOrder};

/// Sums that bank transfers brought to a payment besides what collected it, minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_field_names, reason = "a unit stands last in each name")]
pub struct Arrivals {
    /// Arrived for an order that was not paid in full, and kept for it.
    pub part_minor: i64,
    /// Had arrived in part when the order ended, and was taken off it since.
    pub part_gone_minor: i64,
    /// Sent beyond what was owed, and kept apart.
    pub over_minor: i64,
    /// Sent beyond what was owed, and on its way back.
    pub over_returning_minor: i64,
    /// Sent beyond what was owed, and gone back.
    pub over_returned_minor: i64,
}

impl Arrivals {
    /// What the payment's transfers brought, as the books stand.
    pub async fn of(entry: &Entry, payment: &Payment, attempts: &[Attempt]) -> Result<Self, Failure> {
        let mut arrivals = Self::default();
        for attempt in attempts.iter().filter(|attempt| attempt.method == Method::BankTransfer) {
            let key = (attempt.tenant_id, attempt.id);
            let Some(order) = entry.state.app.reader().get::<TransferOrder>(&key).await? else { continue };
            match order.status {
                OrderStatus::Open => arrivals.keep(&order),
                OrderStatus::Ended => {
                    arrivals.keep(&order);
                    arrivals.taken_off(entry, &order).await?;
                }
                OrderStatus::Paid if payment.status == PaymentStatus::Succeeded => {
                    arrivals.beyond(entry, &order).await?;
                }
                OrderStatus::Paid => {}
            }
        }
        Ok(arrivals)
    }

    fn keep(&mut self, order: &TransferOrder) {
        self.part_minor = self.part_minor.saturating_add(order.received_minor);
    }

    /// The matter that was opened when the order ended says how much there was then.
    async fn taken_off(&mut self, entry: &Entry, order: &TransferOrder) -> Result<(), Failure> {
        let subject = order.id.to_string();
        let id = Exception::id_of(order.tenant_id, ExceptionKind::TransferIncomplete, &subject);
        let matter = entry.state.app.reader().get::<Exception>(&(order.tenant_id, id)).await?;
        let gone = matter.map_or(0, |matter| matter.amount_minor.saturating_sub(order.received_minor));
        self.part_gone_minor = self.part_gone_minor.saturating_add(gone.max(0));
        Ok(())
    }

    /// What is left of the lines that paid this order and no other: a sum for several orders is nobody's surplus.
    async fn beyond(&mut self, entry: &Entry, order: &TransferOrder) -> Result<(), Failure> {
        let reader = entry.state.app.reader();
        let mut matches = reader.matches_of_order(order.tenant_id, order.id).await?;
        matches.retain(|made| made.status == MatchStatus::Active);
        let mut lines: Vec<BankLineId> = matches.iter().map(|made| made.bank_line_id).collect();
        lines.sort();
        lines.dedup();
        for id in lines {
            let line = reader.get::<BankLine>(&(order.tenant_id, id)).await?;
            if let Some(line) = line.filter(|line| line.matched_minor == given(&matches, line)) {
                self.add(&line);
            }
        }
        Ok(())
    }

    fn add(&mut self, line: &BankLine) {
        self.over_minor = self.over_minor.saturating_add(line.left_minor());
        let back = match line.return_status {
            ReturnStatus::None => return,
            ReturnStatus::PendingApproval | ReturnStatus::Approved => &mut self.over_returning_minor,
            ReturnStatus::Sent => &mut self.over_returned_minor,
        };
        *back = back.saturating_add(line.return_minor);
    }
}

/// What a line gave by these matches, minor units.
fn given(matches: &[TransferMatch], line: &BankLine) -> i64 {
    matches.iter().filter(|made| made.bank_line_id == line.id).map(|made| made.amount_minor).sum()
}
