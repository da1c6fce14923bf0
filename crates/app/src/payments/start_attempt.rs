//! Starting an attempt and waiting for what the payer has to do.

use crate::workers::Begun;
use crate::{App, Failure};
use tk_domain::id::{AttemptId, PaymentId, TenantId, TypedId};
use tk_domain::payment::{Attempt, Payment, Say, StartAttempt, Started};
use tk_domain::refusal::Refusal;

impl App {
    /// Starts an attempt, delivers its instruction at once and answers with the rows as they then stand,
    /// after `wait_us` microseconds at most; what is not known by then goes on by itself.
    ///
    /// An open attempt of another method is closed at the channel first; if that cannot be proven in time
    /// the answer is [`Refusal::AttemptInProgress`].
    pub async fn start_attempt(
        &self,
        mut command: StartAttempt,
        wait_us: i64,
    ) -> Result<(Payment, Attempt), Failure> {
        command.lease_us = self.config().workers.lease_us;
        let (tenant_id, payment_id) = (command.tenant_id, command.payment_id);
        let attempt_id = match self.submit(command.clone()).await? {
            Started::New { payment, attempt, say } => {
                return self.begin((*payment, *attempt), say, wait_us).await;
            }
            Started::Existing { attempt, .. } => attempt.id,
            Started::ClosingEarlier { attempt, .. } => {
                self.deliver_now(tenant_id, attempt.id.id128(), wait_us).await;
                return self.start_after_closing(command, wait_us).await;
            }
        };
        self.payment_and_attempt(tenant_id, payment_id, attempt_id).await
    }

    async fn begin(
        &self,
        (payment, attempt): (Payment, Attempt),
        say: Option<Box<Say>>,
        wait_us: i64,
    ) -> Result<(Payment, Attempt), Failure> {
        let Some(say) = say else { return Ok((payment, attempt)) };
        let (tenant_id, payment_id, attempt_id) = (attempt.tenant_id, payment.id, attempt.id);
        match self.begin_with(Begun { payment, attempt, say: *say }, None, wait_us).await {
            Some((outcome, _)) => Ok((outcome.payment, outcome.attempt)),
            None => self.payment_and_attempt(tenant_id, payment_id, attempt_id).await,
        }
    }

    async fn start_after_closing(
        &self,
        command: StartAttempt,
        wait_us: i64,
    ) -> Result<(Payment, Attempt), Failure> {
        match self.submit(command).await? {
            Started::New { payment, attempt, say } => self.begin((*payment, *attempt), say, wait_us).await,
            Started::Existing { payment, attempt } => Ok((*payment, *attempt)),
            Started::ClosingEarlier { .. } => {
                Err(Failure::Refused(Refusal::AttemptInProgress { outcome_unknown: true }))
            }
        }
    }

    async fn payment_and_attempt(
        &self,
        tenant_id: TenantId,
        payment_id: PaymentId,
        attempt_id: AttemptId,
    ) -> Result<(Payment, Attempt), Failure> {
        let missing = |what| Failure::Refused(Refusal::NotFound { what });
        let payment =
            self.reader().get::<Payment>(&(tenant_id, payment_id)).await?.ok_or(missing("payment"))?;
        let attempt =
            self.reader().get::<Attempt>(&(tenant_id, attempt_id)).await?.ok_or(missing("attempt"))?;
        Ok((payment, attempt))
    }
}
