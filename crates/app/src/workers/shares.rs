//! Conversations about shares: binding receivers, dividing, and what refunds take back.

use crate::{App, Failure};
use tk_channels::{ReceiverRows, ReturnRows, SplitRows};
use tk_domain::audit::Origin;
use tk_domain::channel_account::ChannelAccount;
use tk_domain::id::{RefundId, SplitId, SplitReceiverId, SplitReturnId};
use tk_domain::instruction::Instruction;
use tk_domain::payment::Attempt;
use tk_domain::refund::Refund;
use tk_domain::report::Source;
use tk_domain::split::{
    ContinueRefund, ReceiverFinding, ReturnFinding, ReturnMode, ReturnReport, ReturnStatus, Split,
    SplitFinding, SplitLine, SplitReceiver, SplitReport, SplitReturn, TakeReceiverReport, TakeReturnReport,
    TakeSplitReport, withheld,
};

/// The rows around a share on its way back.
struct About {
    split: Split,
    refund: Refund,
    attempt: Attempt,
    receiver: SplitReceiver,
    beside: Vec<SplitReturn>,
}

impl App {
    /// What the name of a receiver is sealed with, so that it opens only where it belongs.
    #[must_use]
    pub fn receiver_seal(account: &str) -> String {
        format!("split_receiver/{account}")
    }

    pub(super) async fn about_receiver(&self, instruction: Instruction) -> Result<(), Failure> {
        let tenant_id = instruction.tenant_id;
        let receiver_id = SplitReceiverId(instruction.id);
        let keys = (&(tenant_id, receiver_id), &(tenant_id, instruction.channel_account_id));
        let (receiver, account) = self.reader().get_two::<SplitReceiver, ChannelAccount>(keys).await?;
        let Some(receiver) = receiver else { return Ok(()) };
        let opened = receiver
            .name_sealed
            .as_deref()
            .and_then(|sealed| self.seal().open(sealed, &Self::receiver_seal(&receiver.account)).ok());
        let name = opened.and_then(|bytes| String::from_utf8(bytes).ok());
        let finding = match self.contract(tenant_id, account).await? {
            Ok(contract) => {
                let rows =
                    ReceiverRows { instruction: &instruction, receiver: &receiver, name: name.as_deref() };
                self.reader().pass("after_commit_before_channel");
                let finding = self.adapters().say_receiver(&contract, rows, self.now_us()).await;
                self.reader().pass("after_channel_before_commit");
                finding
            }
            Err(error) => {
                tracing::error!(%error, channel_account = %receiver.channel_account_id, "a channel account cannot be used");
                None
            }
        };
        let finding = finding.unwrap_or(ReceiverFinding::Unclear);
        let origin = Origin::channel(receiver.channel_account_id);
        self.submit(TakeReceiverReport { tenant_id, receiver_id, finding, origin }).await.map(drop)
    }

    pub(super) async fn about_split(&self, instruction: Instruction) -> Result<(), Failure> {
        let tenant_id = instruction.tenant_id;
        let split_id = SplitId(instruction.id);
        let keys = (&(tenant_id, split_id), &(tenant_id, instruction.channel_account_id));
        let (split, account) = self.reader().get_two::<Split, ChannelAccount>(keys).await?;
        let Some(split) = split else { return Ok(()) };
        let attempt = self.reader().get::<Attempt>(&(tenant_id, split.attempt_id)).await?;
        let Some(attempt) = attempt else { return Ok(()) };
        let shares = self.shares_of(&split).await?;
        let withheld = withheld(&instruction, &split, &shares);
        let report = match self.contract(tenant_id, account).await? {
            _ if withheld.is_some() => withheld,
            Ok(contract) => {
                let rows = SplitRows {
                    instruction: &instruction,
                    split: &split,
                    attempt: &attempt,
                    shares: &shares,
                };
                self.reader().pass("after_commit_before_channel");
                let report = self.adapters().say_split(&contract, rows, self.now_us()).await;
                self.reader().pass("after_channel_before_commit");
                report
            }
            Err(error) => {
                tracing::error!(%error, channel_account = %split.channel_account_id, "a channel account cannot be used");
                None
            }
        };
        // Nobody was spoken to.
        let nothing = SplitReport { source: Source::Reply, finding: SplitFinding::NotSent };
        let report = report.unwrap_or(nothing);
        let (payment_id, origin) = (split.payment_id, Origin::channel(split.channel_account_id));
        self.submit(TakeSplitReport { tenant_id, payment_id, split_id, report, origin }).await.map(drop)
    }

    pub(super) async fn about_return(&self, instruction: Instruction) -> Result<(), Failure> {
        let tenant_id = instruction.tenant_id;
        let return_id = SplitReturnId(instruction.id);
        let keys = (&(tenant_id, return_id), &(tenant_id, instruction.channel_account_id));
        let (back, account) = self.reader().get_two::<SplitReturn, ChannelAccount>(keys).await?;
        let Some(back) = back else { return Ok(()) };
        let Some(about) = self.about_of(&back).await? else { return Ok(()) };
        let split = &about.split;
        let report = match self.contract(tenant_id, account).await? {
            Ok(contract) => {
                let About { split, refund, attempt, receiver, beside } = &about;
                let (instruction, back) = (&instruction, &back);
                let rows = ReturnRows { instruction, back, beside, split, refund, attempt, receiver };
                self.reader().pass("after_commit_before_channel");
                let report = self.adapters().say_return(&contract, rows, self.now_us()).await;
                self.reader().pass("after_channel_before_commit");
                report
            }
            Err(error) => {
                tracing::error!(%error, channel_account = %split.channel_account_id, "a channel account cannot be used");
                None
            }
        };
        // Nobody was spoken to.
        let nothing = ReturnReport { source: Source::Reply, finding: ReturnFinding::NotSent };
        let (payment_id, refund_id) = (back.payment_id, back.refund_id);
        let (report, origin) = (report.unwrap_or(nothing), Origin::channel(split.channel_account_id));
        let command = TakeReturnReport { tenant_id, payment_id, refund_id, return_id, report, origin };
        self.submit(command).await.map(drop)
    }

    async fn about_of(&self, back: &SplitReturn) -> Result<Option<About>, Failure> {
        let tenant_id = back.tenant_id;
        let keys = (&(tenant_id, back.split_id), &(tenant_id, back.line_id));
        let (split, line) = self.reader().get_two::<Split, SplitLine>(keys).await?;
        let Some((split, receiver_id)) = split.zip(line.and_then(|line| line.to_receiver_id)) else {
            return Ok(None);
        };
        let keys = (&(tenant_id, receiver_id), &(tenant_id, split.attempt_id));
        let (receiver, attempt) = self.reader().get_two::<SplitReceiver, Attempt>(keys).await?;
        let refund = self.reader().get::<Refund>(&(tenant_id, back.refund_id)).await?;
        let Some(((receiver, attempt), refund)) = receiver.zip(attempt).zip(refund) else { return Ok(None) };
        let beside = self.beside(back).await?;
        Ok(Some(About { split, refund, attempt, receiver, beside }))
    }

    /// What else its receiver gives back with the same refund; nothing of what comes back by a call of its own.
    async fn beside(&self, back: &SplitReturn) -> Result<Vec<SplitReturn>, Failure> {
        if !back.mode.with_refund() {
            return Ok(Vec::new());
        }
        let lines = self.reader().split_lines_of(back.tenant_id, back.payment_id).await?;
        let mut backs = self.reader().split_returns_of(back.tenant_id, back.refund_id).await?;
        backs.retain(|other| back.is_beside(other, &lines));
        Ok(backs)
    }

    /// Looks whether a refund may be sent; nobody is spoken to.
    pub(super) async fn continue_refund(&self, instruction: &Instruction) -> Result<(), Failure> {
        let (tenant_id, payment_id) = (instruction.tenant_id, instruction.payment_id);
        let (refund_id, origin) = (RefundId(instruction.id), Origin::system());
        self.submit(ContinueRefund { tenant_id, payment_id, refund_id, origin }).await.map(drop)
    }

    async fn shares_of(&self, split: &Split) -> Result<Vec<(SplitLine, SplitReceiver)>, Failure> {
        let mut shares = Vec::new();
        for line in self.reader().split_lines_of(split.tenant_id, split.payment_id).await? {
            let Some(id) = line.to_receiver_id.filter(|_| line.split_id == split.id) else { continue };
            if let Some(receiver) = self.reader().get::<SplitReceiver>(&(split.tenant_id, id)).await? {
                shares.push((line, receiver));
            }
        }
        Ok(shares)
    }

    /// What a refund takes back of shares by its own call; whatever became of it, the same every time it is sent.
    pub(super) async fn shares_of_refund(
        &self,
        refund: &Refund,
    ) -> Result<Vec<(SplitReturn, SplitReceiver)>, Failure> {
        let tenant_id = refund.tenant_id;
        let mut backs = self.reader().split_returns_of(tenant_id, refund.id).await?;
        backs.retain(|back| back.mode == ReturnMode::Along && back.status == ReturnStatus::Waiting);
        let mut shares = Vec::with_capacity(backs.len());
        for back in backs {
            let line = self.reader().get::<SplitLine>(&(tenant_id, back.line_id)).await?;
            let Some(id) = line.and_then(|line| line.to_receiver_id) else { continue };
            if let Some(receiver) = self.reader().get::<SplitReceiver>(&(tenant_id, id)).await? {
                shares.push((back, receiver));
            }
        }
        Ok(shares)
    }
}
