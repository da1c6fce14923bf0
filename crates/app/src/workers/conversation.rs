//! One conversation with a channel: rows, words, report.

use crate::workers::deliver::Told;
use crate::{App, Failure};
use tk_channels::{Contract, ContractError, PaymentRows, RefundRows};
use tk_domain::audit::Origin;
use tk_domain::channel_account::ChannelAccount;
use tk_domain::id::{AttemptId, RefundId, TenantId};
use tk_domain::idempotency::{Keep, Keeping};
use tk_domain::instruction::{Instruction, InstructionKind};
use tk_domain::payment::{Attempt, Outcome, Payment, TakePaymentReport};
use tk_domain::refund::{Refund, TakeRefundReport};
use tk_domain::report::{PaymentFinding, PaymentReport, RefundFinding, RefundReport, Source, Unclear};

/// What a conversation about an attempt is held over.
pub(super) struct Rows {
    pub instruction: Instruction,
    pub payment: Payment,
    pub attempt: Attempt,
    pub account: Option<ChannelAccount>,
}

impl App {
    /// Says what a claimed instruction asks for and takes what the channel answers.
    pub(super) async fn converse(&self, instruction: Instruction) -> Result<(), Failure> {
        match instruction.kind {
            InstructionKind::Pay
            | InstructionKind::Query
            | InstructionKind::Close
            | InstructionKind::Cancel => self.about_payment(instruction).await,
            InstructionKind::Refund | InstructionKind::RefundQuery => self.about_refund(instruction).await,
            InstructionKind::RefundAwait => self.continue_refund(&instruction).await,
            InstructionKind::ReceiverBind | InstructionKind::ReceiverUnbind => {
                self.about_receiver(instruction).await
            }
            InstructionKind::Split | InstructionKind::SplitQuery => self.about_split(instruction).await,
            InstructionKind::SplitReturn | InstructionKind::SplitReturnQuery => {
                self.about_return(instruction).await
            }
        }
    }

    async fn about_payment(&self, mut instruction: Instruction) -> Result<(), Failure> {
        let tenant_id = instruction.tenant_id;
        let keys = (
            &(tenant_id, instruction.payment_id),
            &(tenant_id, AttemptId(instruction.id)),
            &(tenant_id, instruction.channel_account_id),
        );
        let (payment, attempt, account) =
            self.reader().get_three::<Payment, Attempt, ChannelAccount>(keys).await?;
        let (Some(payment), Some(attempt)) = (payment, attempt) else { return Ok(()) };
        instruction.kind = attempt.kind_to_say(&instruction, self.now_us());
        let rows = Rows { instruction, payment, attempt, account };
        self.converse_about_payment(rows, None).await.map(drop)
    }

    /// Says what an instruction about an attempt asks for, takes what the channel answers, and keeps in the same commit
    /// the answer to the request that waits for it.
    pub(super) async fn converse_about_payment(
        &self,
        rows: Rows,
        keep: Option<Keep<Outcome>>,
    ) -> Result<Told, Failure> {
        let Rows { instruction, payment, attempt, account } = rows;
        let tenant_id = instruction.tenant_id;
        let report = match self.contract(tenant_id, account).await? {
            Ok(contract) => {
                let instruction = self.opened(instruction);
                let rows = PaymentRows { instruction: &instruction, payment: &payment, attempt: &attempt };
                self.reader().pass("after_commit_before_channel");
                let report = self.adapters().say_payment(&contract, rows, self.now_us()).await;
                self.reader().pass("after_channel_before_commit");
                report
            }
            Err(error) => {
                tracing::error!(%error, channel_account = %attempt.channel_account_id, "a channel account cannot be used");
                PaymentReport {
                    source: Source::Reply,
                    asked_at_us: self.now_us(),
                    finding: PaymentFinding::Unclear(Unclear::Misconfigured),
                }
            }
        };
        let origin = Origin::channel(attempt.channel_account_id);
        let (payment_id, attempt_id) = (payment.id, attempt.id);
        let command = TakePaymentReport { tenant_id, payment_id, attempt_id, report, origin };
        self.submit(Keeping { command, keep }).await
    }

    async fn about_refund(&self, instruction: Instruction) -> Result<(), Failure> {
        let tenant_id = instruction.tenant_id;
        let refund_id = RefundId(instruction.id);
        let keys = (&(tenant_id, refund_id), &(tenant_id, instruction.channel_account_id));
        let (refund, account) = self.reader().get_two::<Refund, ChannelAccount>(keys).await?;
        let Some(refund) = refund else { return Ok(()) };
        let attempt = self.reader().get::<Attempt>(&(tenant_id, refund.attempt_id)).await?;
        let Some(attempt) = attempt else { return Ok(()) };
        let shares = self.shares_of_refund(&refund).await?;
        let report = match self.contract(tenant_id, account).await? {
            Ok(contract) => {
                let (instruction, refund, attempt) = (&instruction, &refund, &attempt);
                let rows = RefundRows { instruction, refund, attempt, shares: &shares };
                self.reader().pass("after_commit_before_channel");
                let report = self.adapters().say_refund(&contract, rows, self.now_us()).await;
                self.reader().pass("after_channel_before_commit");
                report
            }
            Err(error) => {
                tracing::error!(%error, channel_account = %refund.channel_account_id, "a channel account cannot be used");
                RefundReport {
                    source: Source::Reply,
                    finding: RefundFinding::Unclear(Unclear::Misconfigured),
                }
            }
        };
        let (payment_id, attempt_id) = (refund.payment_id, refund.attempt_id);
        let origin = Origin::channel(refund.channel_account_id);
        self.submit(TakeRefundReport { tenant_id, payment_id, attempt_id, refund_id, report, origin })
            .await
            .map(drop)
    }

    pub(super) async fn contract(
        &self,
        tenant_id: TenantId,
        account: Option<ChannelAccount>,
    ) -> Result<Result<Contract, ContractError>, Failure> {
        let Some(account) = account else { return Ok(Err(ContractError::Sealed)) };
        let code = self.tenant_code(tenant_id).await?.unwrap_or_default();
        Ok(self.open_contract(&account, &code))
    }

    /// The parsed contract of a channel account, with the address that its channel reports to.
    pub(crate) fn open_contract(
        &self,
        account: &ChannelAccount,
        tenant_code: &str,
    ) -> Result<Contract, ContractError> {
        let notify_url = self.callback_url(account, tenant_code);
        self.adapters().contract(account, Some(&notify_url), self.now_us(), |account| {
            let secrets = self.seal().open(&account.credentials, &account.id.to_string()).ok()?;
            String::from_utf8(secrets).ok()
        })
    }
}
