//! Callbacks: verified first, taken by the one road, and answered only after the commit.

use crate::known::AttemptFacts;
use crate::{App, Failure};
use std::borrow::Cow;
use std::sync::Arc;
use tk_channels::callback::{About, CallbackFinding, Headers, RawCallback, RefundHint, Reply};
use tk_domain::audit::Origin;
use tk_domain::channel_account::{Channel, ChannelAccount};
use tk_domain::exception::{OpenOrphan, OrphanOf};
use tk_domain::id::{AttemptId, ChannelAccountId, Id128, RefundId, SplitId, TenantId};
use tk_domain::payment::TakePaymentReport;
use tk_domain::refund::{Refund, RequestRefundQuery, TakeRefundReport};
use tk_domain::refusal::Refusal;
use tk_domain::report::{PaymentFinding, PaymentReport, RefundFinding, RefundReport, Source};
use tk_domain::split::{RequestSplitQuery, Split};

/// What the channel is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The `Content-Type`.
    pub content_type: &'static str,
    /// The body, as the channel's protocol wants it.
    pub body: Cow<'static, str>,
    /// Why it was refused, as a wire code.
    pub refusal: Option<&'static str>,
}

impl CallbackAnswer {
    fn refused(status: u16, code: &'static str) -> Self {
        Self::of(Reply::text(status, code), Some(code))
    }

    fn of(reply: Reply, refusal: Option<&'static str>) -> Self {
        let Reply { status, content_type, body } = reply;
        Self { status, content_type, body, refusal }
    }
}

/// Our numbers at channels: one letter and 26 characters of base32.
pub(crate) fn own_number(text: &str, letter: char) -> Option<Id128> {
    Id128::from_base32(&text.strip_prefix(letter)?.to_ascii_lowercase())
}

impl App {
    /// Where the channel of this account reports to.
    #[must_use]
    pub fn callback_url(&self, account: &ChannelAccount, tenant_code: &str) -> String {
        format!("{}/callbacks/{}/{tenant_code}.{}", self.base_url(), account.channel, account.id)
    }

    /// Verifies a callback's headers and raw bytes, commits what follows from it, and says what to answer; bytes that do
    /// not verify change nothing.
    pub async fn take_callback(
        &self,
        channel: Channel,
        account: &str,
        headers: &Headers,
        body: &[u8],
    ) -> CallbackAnswer {
        let raw = RawCallback { headers, body, received_at_us: self.now_us() };
        match self.callback(channel, account, raw).await {
            Ok(answer) => answer,
            Err(failure) => {
                tracing::warn!(%failure, %channel, "a callback was not committed; the channel sends it again");
                CallbackAnswer::refused(503, "storage_unavailable")
            }
        }
    }

    pub(crate) async fn callback(
        &self,
        channel: Channel,
        account: &str,
        raw: RawCallback<'_>,
    ) -> Result<CallbackAnswer, Failure> {
        let Some((tenant_id, code, id)) = self.callback_name(account).await? else {
            return Ok(CallbackAnswer::refused(404, "not_found"));
        };
        let known = self.account_of_late(tenant_id, id).await?;
        let mut heard = self.hear(channel, known.as_deref(), (&code, raw)).await;
        if heard.is_err() {
            // The account may have got other keys since it was read.
            let fresh = self.account_now(tenant_id, id).await?;
            let version = |account: &Option<Arc<ChannelAccount>>| account.as_ref().map(|row| row.version);
            if version(&fresh) != version(&known) {
                heard = self.hear(channel, fresh.as_deref(), (&code, raw)).await;
            }
        }
        match heard {
            Ok((finding, acknowledgement)) => {
                self.take_finding(tenant_id, id, finding).await?;
                Ok(CallbackAnswer::of(acknowledgement, None))
            }
            Err(refusal) => Ok(refusal),
        }
    }

    /// What a callback says once it is verified, and how the channel is told that it was taken.
    async fn hear(
        &self,
        channel: Channel,
        account: Option<&ChannelAccount>,
        (code, raw): (&str, RawCallback<'_>),
    ) -> Result<(CallbackFinding, Reply), CallbackAnswer> {
        let account = account
            .filter(|account| account.channel == channel && channel.calls_back())
            .ok_or_else(|| CallbackAnswer::refused(404, "not_found"))?;
        let contract = self.open_contract(account, code).map_err(|error| {
            tracing::error!(%error, channel_account = %account.id, "a channel account cannot be used");
            CallbackAnswer::refused(503, "channel_misconfigured")
        })?;
        self.adapters().renew_keys(&contract, raw.received_at_us).await;
        match contract.verify_callback(raw) {
            Ok(finding) => Ok((finding, contract.acknowledgement())),
            Err(refusal) => Err(CallbackAnswer::of(contract.rejection(&refusal), Some(refusal.code()))),
        }
    }

    /// Whom a callback's address names: a tenant, if it is one of ours, and the channel account.
    pub async fn callback_subject(&self, account: &str) -> (Option<TenantId>, Option<String>) {
        match self.callback_name(account).await {
            Ok(Some((tenant_id, _, id))) => (Some(tenant_id), Some(id.to_string())),
            Ok(None) | Err(_) => (None, None),
        }
    }

    /// The tenant and the channel account that the address names.
    async fn callback_name(
        &self,
        text: &str,
    ) -> Result<Option<(TenantId, String, ChannelAccountId)>, Failure> {
        let Some((code, id)) = text.split_once('.') else { return Ok(None) };
        let Some(id) = tk_domain::id::TypedId::parse(id) else { return Ok(None) };
        let tenant_id = self.tenant_id(code).await?;
        Ok(tenant_id.map(|tenant_id| (tenant_id, code.to_owned(), id)))
    }

    async fn take_finding(
        &self,
        tenant_id: TenantId,
        account_id: ChannelAccountId,
        finding: CallbackFinding,
    ) -> Result<(), Failure> {
        match finding.about {
            About::Order { out_no, payment, refund } => {
                self.take_order(tenant_id, account_id, (out_no, payment)).await?;
                match refund {
                    Some(hint) => self.take_refund(tenant_id, account_id, hint).await,
                    None => Ok(()),
                }
            }
            About::Refund { refund, .. } => self.take_refund(tenant_id, account_id, refund).await,
            About::Division { out_no } => self.ask_about_division(tenant_id, account_id, &out_no).await,
            About::Card { order_no, card } => self.take_card(tenant_id, account_id, (order_no, card)).await,
            About::Other { .. } => Ok(()),
        }
    }

    /// Money of a division moved, somebody says: a division of ours is asked about now, anybody else's is no matter of ours.
    async fn ask_about_division(
        &self,
        tenant_id: TenantId,
        account_id: ChannelAccountId,
        out_no: &str,
    ) -> Result<(), Failure> {
        let Some(split_id) = own_number(out_no, 'S').map(SplitId) else { return Ok(()) };
        let split = self.reader().get::<Split>(&(tenant_id, split_id)).await?;
        if split.is_none_or(|split| split.channel_account_id != account_id) {
            return Ok(());
        }
        self.submit(RequestSplitQuery { tenant_id, split_id }).await.map(drop)
    }

    async fn take_order(
        &self,
        tenant_id: TenantId,
        account_id: ChannelAccountId,
        (out_no, payment): (String, PaymentFinding),
    ) -> Result<(), Failure> {
        let attempt = match own_number(&out_no, 'T').map(AttemptId) {
            Some(id) => self.attempt_facts(tenant_id, id).await?,
            None => None,
        };
        match attempt.filter(|attempt| attempt.channel_account_id == account_id) {
            Some(attempt) => self.take_callback_report(&attempt, payment).await,
            None => self.open_orphan(tenant_id, account_id, out_no, &payment).await,
        }
    }

    async fn take_callback_report(
        &self,
        attempt: &AttemptFacts,
        finding: PaymentFinding,
    ) -> Result<(), Failure> {
        let command = TakePaymentReport {
            tenant_id: attempt.tenant_id,
            payment_id: attempt.payment_id,
            attempt_id: attempt.id,
            report: PaymentReport { source: Source::Callback, asked_at_us: self.now_us(), finding },
            origin: Origin::channel(attempt.channel_account_id),
        };
        self.submit(command).await.map(drop)
    }

    async fn open_orphan(
        &self,
        tenant_id: TenantId,
        channel_account_id: ChannelAccountId,
        out_no: String,
        finding: &PaymentFinding,
    ) -> Result<(), Failure> {
        let amount_minor = match finding {
            PaymentFinding::Paid(evidence) => evidence.amount.minor,
            PaymentFinding::ActionRequired(_)
            | PaymentFinding::WaitingPayer
            | PaymentFinding::InProgress
            | PaymentFinding::Failed { .. }
            | PaymentFinding::Closed
            | PaymentFinding::Undone(_)
            | PaymentFinding::CloseRefused
            | PaymentFinding::NotFound
            | PaymentFinding::Unclear(_) => 0,
        };
        let account = (tenant_id, channel_account_id);
        self.open_orphan_of(account, (OrphanOf::Order, out_no, amount_minor)).await
    }

    async fn open_orphan_of(
        &self,
        (tenant_id, channel_account_id): (TenantId, ChannelAccountId),
        (of, out_no, amount_minor): (OrphanOf, String, i64),
    ) -> Result<(), Failure> {
        self.submit(OpenOrphan { tenant_id, channel_account_id, of, out_no, amount_minor }).await.map(drop)
    }

    /// What a callback proves about a refund is taken; where it only mentions one, that is a reason to ask now.
    async fn take_refund(
        &self,
        tenant_id: TenantId,
        account_id: ChannelAccountId,
        hint: RefundHint,
    ) -> Result<(), Failure> {
        let refund = match own_number(&hint.out_no, 'R').map(RefundId) {
            Some(id) => self.reader().get::<Refund>(&(tenant_id, id)).await?,
            None => None,
        };
        let Some(refund) = refund.filter(|refund| refund.channel_account_id == account_id) else {
            // Money that left us without our word: made in the channel's own portal, say. The channel tells it once.
            // A withdrawal of an order goes by the order's own number and is proven with the order.
            if own_number(&hint.out_no, 'T').is_some() {
                return Ok(());
            }
            return self.open_orphan_of((tenant_id, account_id), (OrphanOf::Refund, hint.out_no, 0)).await;
        };
        let taken = match hint.finding {
            Some(finding) => self.take_refund_finding(&refund, finding).await,
            None => self.ask_about_refund(&refund).await,
        };
        match taken {
            Ok(()) | Err(Failure::Refused(Refusal::NotFound { .. })) => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    async fn take_refund_finding(&self, refund: &Refund, finding: RefundFinding) -> Result<(), Failure> {
        let command = TakeRefundReport {
            tenant_id: refund.tenant_id,
            payment_id: refund.payment_id,
            attempt_id: refund.attempt_id,
            refund_id: refund.id,
            report: RefundReport { source: Source::Callback, finding },
            origin: Origin::channel(refund.channel_account_id),
        };
        self.submit(command).await.map(drop)
    }

    async fn ask_about_refund(&self, refund: &Refund) -> Result<(), Failure> {
        let origin = Origin::channel(refund.channel_account_id);
        let command = RequestRefundQuery { tenant_id: refund.tenant_id, refund_id: refund.id, origin };
        self.submit(command).await.map(drop)
    }
}
