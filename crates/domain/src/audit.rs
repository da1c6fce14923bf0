//! The audit log: who did what to which object, chained by hashes.

use crate::id::{ApiKeyId, AuditId, ChannelAccountId, RequestId, TenantId, TypedId};
use crate::words::words;
use sha2::{Digest, Sha256};

words! {
    /// What was done.
    Act {
        /// A payment was created.
        PaymentCreate = "payment.create",
        /// An attempt was started.
        AttemptStart = "attempt.start",
        /// A channel's report changed a payment.
        PaymentReport = "payment.report",
        /// A payment was asked to close.
        PaymentClose = "payment.close",
        /// The merchant's own data of a payment changed.
        PaymentUpdate = "payment.update",
        /// A payer asked for more time and was given it.
        PaymentExtend = "payment.extend",
        /// A query was asked for.
        PaymentQuery = "payment.query",
        /// A refund was created.
        RefundCreate = "refund.create",
        /// A refund was withdrawn.
        RefundCancel = "refund.cancel",
        /// A channel's report changed a refund.
        RefundReport = "refund.report",
        /// The rules for identity checks changed.
        IdentityPolicyWrite = "identity_policy.write",
        /// What a tenant is was set.
        OperatingProfileWrite = "operating_profile.write",
        /// An identity check began.
        IdentityOpen = "identity.open",
        /// A photo was added to it.
        IdentityPhotoAdd = "identity.photo_add",
        /// A photo of a document was read.
        IdentityPhotoRead = "identity.photo_read",
        /// It was sent to the provider.
        IdentitySend = "identity.send",
        /// The provider's word changed it.
        IdentityReport = "identity.report",
        /// A person asked another to decide about it.
        IdentityReviewAsk = "identity.review_ask",
        /// The payer asked for a way other than the face.
        IdentityOtherWay = "identity.other_way",
        /// That was decided.
        IdentityReviewDecide = "identity.review_decide",
        /// A payer began to open a card.
        AgreementOpen = "agreement.open",
        /// The channel said that it is open.
        AgreementReport = "agreement.report",
        /// A code was asked for.
        AgreementCode = "agreement.code",
        /// The card is not to be used any more.
        AgreementEnd = "agreement.end",
        /// Money was drawn from a prepayment.
        PrepaymentDraw = "prepayment.draw",
        /// A draw was put back.
        PrepaymentDrawUndo = "prepayment.draw_undo",
        /// A merchant was created or changed.
        MerchantWrite = "merchant.write",
        /// A partner was created or changed.
        PartnerWrite = "partner.write",
        /// A product was created or changed.
        ProductWrite = "product.write",
        /// A channel account was created or changed.
        ChannelAccountWrite = "channel_account.write",
        /// An app was created or changed.
        AppWrite = "app.write",
        /// A key was created.
        ApiKeyCreate = "api_key.create",
        /// A key was revoked.
        ApiKeyRevoke = "api_key.revoke",
        /// A webhook endpoint was created or changed.
        WebhookEndpointWrite = "webhook_endpoint.write",
        /// A matter for a person was opened.
        ExceptionOpen = "exception.open",
        /// A matter was ended by a person; nothing moved.
        ExceptionAcknowledge = "exception.acknowledge",
        /// A resolution about money in suspense was proposed.
        ResolutionPropose = "resolution.propose",
        /// It was decided.
        ResolutionDecide = "resolution.decide",
        /// Lines of a bank account were taken.
        BankLinesTake = "bank_lines.take",
        /// Money of a bank line was given to an order.
        BankLineMatch = "bank_line.match",
        /// A match was undone.
        BankLineUnmatch = "bank_line.unmatch",
        /// Money of a bank line is asked to go back.
        BankLineReturn = "bank_line.return",
        /// A second person decided about a bank line.
        BankLineDecide = "bank_line.decide",
        /// A refund that waited was refused by a second person.
        RefundReject = "refund.reject",
        /// A refund was handed back over a counter.
        RefundHandOver = "refund.hand_over",
        /// A shift was opened.
        ShiftOpen = "shift.open",
        /// A shift was closed.
        ShiftClose = "shift.close",
        /// Money was taken over a counter.
        TakingRecord = "taking.record",
        /// Undoing a taking was asked for.
        TakingVoid = "taking.void",
        /// A second person decided about it.
        VoidDecide = "void.decide",
        /// A cheque was received.
        ChequeReceive = "cheque.receive",
        /// A cheque was moved on.
        ChequeAdvance = "cheque.advance",
        /// A counter's day was closed.
        CounterDayClose = "counter_day.close",
        /// Cash was brought to a bank.
        CashDeposit = "cash.deposit",
        /// The order system reported about a policy.
        FulfilmentReport = "fulfilment.report",
        /// A split was made.
        SplitCreate = "split.create",
        /// A merchant lets a receiver keep its share whatever is refunded.
        ShareWaive = "split.share_waive",
        /// Giving up what a channel refuses was proposed.
        AbandonmentAsk = "split.abandonment_ask",
        /// It was decided.
        AbandonmentDecide = "split.abandonment_decide",
        /// A channel reported about a split.
        SplitReport = "split.report",
        /// A channel said something about a share on its way back.
        SplitReturnReport = "split_return.report",
        /// A party was named as a receiver of shares.
        SplitReceiverAdd = "split_receiver.add",
        /// A party is to get no more shares.
        SplitReceiverRemove = "split_receiver.remove",
        /// A channel bound a party, or refused to.
        SplitReceiverReport = "split_receiver.report",
        /// Money that a policy waits for was confirmed.
        MoneyConfirm = "money.confirm",
        /// A bank line was linked with what explains it.
        BankLineLink = "bank_line.link",
        /// A bank line was shown to a person.
        BankLineFlag = "bank_line.flag",
        /// A person was told about a bank's direct link.
        BankLinkTell = "bank_link.tell",
        /// A bank was asked to be asked now.
        BankLinkAsk = "bank_link.ask",
        /// An event was sent again by hand.
        EventRedeliver = "event.redeliver",
    }
}

/// Who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// A worker of ours.
    System,
    /// An app by its key.
    ApiKey(ApiKeyId),
    /// A channel by a verified message.
    Channel(ChannelAccountId),
    /// The payer on a cashier page.
    Payer,
}

impl Actor {
    /// The actor as text: `system`, `payer`, or the identifier.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::System => "system".to_owned(),
            Self::Payer => "payer".to_owned(),
            Self::ApiKey(id) => id.to_string(),
            Self::Channel(id) => id.to_string(),
        }
    }
}

/// Who asks, by which request and from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Who.
    pub actor: Actor,
    /// The API request.
    pub request_id: Option<RequestId>,
    /// The peer's address.
    pub ip: Option<String>,
}

impl Origin {
    /// A worker of ours.
    #[must_use]
    pub const fn system() -> Self {
        Self { actor: Actor::System, request_id: None, ip: None }
    }

    /// A channel account, by a verified message or an answer to our call.
    #[must_use]
    pub const fn channel(id: ChannelAccountId) -> Self {
        Self { actor: Actor::Channel(id), request_id: None, ip: None }
    }
}

/// One act, chained to the one before it in its tenant and lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The writer lane; set when applied.
    pub lane: i64,
    /// Gapless per tenant and lane from 1; set when applied.
    pub seq: i64,
    /// Its own identifier.
    pub id: AuditId,
    /// Unix microseconds; never before the act ahead of it.
    pub at_us: i64,
    /// Who.
    pub actor: String,
    /// What.
    pub act: Act,
    /// The object's identifier as text.
    pub object: String,
    /// What changed, without personal data or secrets, JSON.
    pub detail: String,
    /// The API request.
    pub request_id: Option<RequestId>,
    /// The peer's address.
    pub ip: Option<String>,
    /// The hash of the act ahead of it; 32 zero bytes before the first.
    pub prev_hash: Vec<u8>,
    /// SHA-256 over the previous hash and every field, each with its length before it.
    pub hash: Vec<u8>,
}

impl Audit {
    /// The hash that this row must carry.
    #[must_use]
    pub fn computed_hash(&self) -> Vec<u8> {
        let mut hash = Sha256::new();
        let mut feed = |field: &[u8]| {
            hash.update(u64::try_from(field.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(field);
        };
        feed(&self.prev_hash);
        feed(&self.tenant_id.id128().0);
        feed(&self.lane.to_be_bytes());
        feed(&self.seq.to_be_bytes());
        feed(&self.id.id128().0);
        feed(&self.at_us.to_be_bytes());
        feed(self.actor.as_bytes());
        feed(self.act.word().as_bytes());
        feed(self.object.as_bytes());
        feed(self.detail.as_bytes());
        feed(self.request_id.map(|id| id.to_string()).unwrap_or_default().as_bytes());
        feed(self.ip.as_deref().unwrap_or_default().as_bytes());
        hash.finalize().to_vec()
    }
}
