//! Closing a payment and waiting for the channel's proof.

use crate::{App, Failure};
use tk_domain::id::TypedId;
use tk_domain::payment::{ClosePayment, Payment};

impl App {
    /// Closes a payment; an open attempt is closed at the channel first, for which this waits `wait_us`
    /// microseconds at most and then answers with the payment as it stands.
    pub async fn close_payment(&self, mut command: ClosePayment, wait_us: i64) -> Result<Payment, Failure> {
        command.lease_us = self.config().workers.lease_us;
        let payment = self.submit(command).await?;
        self.follow_up(payment, wait_us).await
    }

    /// Delivers what was just committed about the open attempt and reads the payment again.
    pub(super) async fn follow_up(&self, payment: Payment, wait_us: i64) -> Result<Payment, Failure> {
        let Some(attempt_id) = payment.open_attempt_id.or(payment.latest_attempt_id) else {
            return Ok(payment);
        };
        self.deliver_now(payment.tenant_id, attempt_id.id128(), wait_us).await;
        Ok(self.reader().get::<Payment>(&(payment.tenant_id, payment.id)).await?.unwrap_or(payment))
    }
}
