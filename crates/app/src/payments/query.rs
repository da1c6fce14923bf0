//! Asking the channel about a payment and waiting for its answer.

use crate::{App, Failure};
use tk_domain::payment::{Payment, RequestQuery};

impl App {
    /// Asks the channel now and answers with the payment as it stands after the answer, or after `wait_us`
    /// microseconds.
    pub async fn query_payment(&self, mut command: RequestQuery, wait_us: i64) -> Result<Payment, Failure> {
        command.lease_us = self.config().workers.lease_us;
        let payment = self.submit(command).await?;
        self.follow_up(payment, wait_us).await
    }
}
