//! Something that happened, where it is sent, and one such sending.

use crate::id::{DeliveryId, EventId, Id128, TenantId, TypedId, WebhookEndpointId};
use crate::words::words;

words! {
    /// What happened.
    EventKind {
        /// A payment exists.
        PaymentCreated = "payment.created",
        /// The payer has to act.
        PaymentActionRequired = "payment.action_required",
        /// The channel works on it or its outcome is unknown.
        PaymentProcessing = "payment.processing",
        /// Collected.
        PaymentSucceeded = "payment.succeeded",
        /// The one attempt failed.
        PaymentFailed = "payment.failed",
        /// Ended without collection.
        PaymentClosed = "payment.closed",
        /// Money after close, expiry or failure.
        PaymentLateSuccess = "payment.late_success",
        /// A second success of one payment.
        PaymentDuplicatePaid = "payment.duplicate_paid",
        /// The payer was given more time.
        PaymentExtended = "payment.extended",
        /// Its policy may be issued; the event says on which fact that rests.
        PaymentIssuable = "payment.issuable",
        /// A refund was held before the policy was issued: it must not be any more.
        PaymentIssueStopped = "payment.issue_stopped",
        /// A refund exists and its money is held.
        RefundCreated = "refund.created",
        /// It may be sent.
        RefundApproved = "refund.approved",
        /// It was sent.
        RefundProcessing = "refund.processing",
        /// It is done, proven.
        RefundSucceeded = "refund.succeeded",
        /// It is proven not done.
        RefundFailed = "refund.failed",
        /// It was done after all, though it had failed or been withdrawn.
        RefundLateSuccess = "refund.late_success",
        /// It was withdrawn before sending.
        RefundCancelled = "refund.cancelled",
        /// It waits for a second person.
        RefundApprovalRequired = "refund.approval_required",
        /// A second person refused it.
        RefundRejected = "refund.rejected",
        /// Money came into a bank account.
        BankTransferReceived = "bank_transfer.received",
        /// Money of a bank line was given to an order.
        BankTransferMatched = "bank_transfer.matched",
        /// A match was undone.
        BankTransferUnmatched = "bank_transfer.unmatched",
        /// A shift's cash was counted and handed over.
        ShiftClosed = "shift.closed",
        /// A counter's day was closed.
        CounterDayClosed = "counter_day.closed",
        /// Shares are set aside, and the channel is to be told.
        SplitCreated = "split.created",
        /// The channel works on it or its outcome is unknown.
        SplitProcessing = "split.processing",
        /// It is over, and at least one share is proven paid.
        SplitSucceeded = "split.succeeded",
        /// It is over, and no share was paid.
        SplitFailed = "split.failed",
        /// A cheque was received.
        ChequeReceived = "cheque.received",
        /// The bank got it.
        ChequePresented = "cheque.presented",
        /// The bank has its money.
        ChequeCleared = "cheque.cleared",
        /// The bank gave it back unpaid.
        ChequeBounced = "cheque.bounced",
        /// It went back to the payer before it was presented.
        ChequeWithdrawn = "cheque.withdrawn",
        /// The bank took back money that it had credited.
        BankTransferReversed = "bank_transfer.reversed",
        /// Money went back to its sender, as a statement proves.
        BankTransferReturned = "bank_transfer.returned",
        /// The bank took back money that a payment had been collected with.
        PaymentReversed = "payment.reversed",
        /// Money that had been sent to somebody came back.
        BankTransferBounced = "bank_transfer.bounced",
        /// A slip is in the books and no statement has proven it within its time.
        BankTransferUnproven = "bank_transfer.unproven",
        /// A bank's direct link has brought nothing for a day.
        BankLinkSilent = "bank_link.silent",
        /// A file of a bank's direct link was refused as a whole.
        BankLinkRefused = "bank_link.refused",
        /// The direct link brings statements again.
        BankLinkRecovered = "bank_link.recovered",
        /// Somebody pressed "send a test event".
        Test = "test",
    }
}

/// Something that happened to one object, with the object as it was then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Its own identifier, never changed between deliveries.
    pub id: EventId,
    /// What happened.
    pub kind: EventKind,
    /// The object's identifier as bytes.
    pub object_id: Id128,
    /// The object's identifier as text, with its prefix.
    pub object: String,
    /// Counts the events of this object from 1.
    pub object_seq: i64,
    /// The JSON body sent, fixed at the commit.
    pub body: String,
    /// Unix microseconds.
    pub created_at_us: i64,
    /// The writer lane; set when applied.
    pub lane: i64,
    /// Gapless per tenant and lane; set when applied.
    pub lane_seq: i64,
}

/// Where a tenant wants events sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookEndpoint {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Its own identifier.
    pub id: WebhookEndpointId,
    /// The address, https (http only where the installation allows it for tests).
    pub url: String,
    /// Event words wanted, a JSON array; none means all.
    pub kinds: Option<String>,
    /// The signing secret, sealed.
    pub secret: Vec<u8>,
    /// The secret before the last rotation, sealed; signs too until it is dropped.
    pub previous_secret: Option<Vec<u8>>,
    /// Whether an answer counts only if its body is the text `success`.
    pub ack_body_success: bool,
    /// Whether events are sent.
    pub enabled: bool,
    /// Since when every delivery fails, Unix microseconds.
    pub failing_since_us: Option<i64>,
    /// Unix microseconds.
    pub created_at_us: i64,
    /// Counts the commits that changed the row.
    pub version: i64,
}

impl WebhookEndpoint {
    /// Whether this endpoint wants events of this kind.
    #[must_use]
    pub fn wants(&self, kind: EventKind) -> bool {
        let listed = |kinds: &String| {
            serde_json::from_str::<Vec<String>>(kinds)
                .is_ok_and(|words| words.iter().any(|word| word == kind.word()))
        };
        self.enabled && self.kinds.as_ref().is_none_or(listed)
    }

    /// Whether this endpoint is sent this event: a test goes to the one endpoint it is about.
    #[must_use]
    pub fn takes(&self, event: &Event) -> bool {
        if event.kind == EventKind::Test {
            return self.enabled && event.object_id == self.id.id128();
        }
        self.wants(event.kind)
    }
}

words! {
    /// Where one sending stands.
    DeliveryStatus {
        /// To be sent or sent again.
        Pending = "pending",
        /// Answered with 2xx.
        Delivered = "delivered",
        /// Given up after three days, or the endpoint said 410; a person may redeliver.
        Dead = "dead",
    }
}

/// One event on its way to one endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Its own identifier.
    pub id: DeliveryId,
    /// What is sent.
    pub event_id: EventId,
    /// Where to.
    pub endpoint_id: WebhookEndpointId,
    /// Where it stands.
    pub status: DeliveryStatus,
    /// When it is next due, Unix microseconds.
    pub due_at_us: i64,
    /// Until when a worker has it, Unix microseconds; saves work only.
    pub lease_until_us: i64,
    /// Times tried.
    pub tries: i64,
    /// The last answer's HTTP status.
    pub last_status: Option<i64>,
    /// Why the last try failed.
    pub last_error: Option<String>,
    /// Unix microseconds.
    pub created_at_us: i64,
    /// When it was delivered, Unix microseconds.
    pub delivered_at_us: Option<i64>,
    /// Counts the commits that changed the row.
    pub version: i64,
}

impl Delivery {
    /// Takes the delivery for one worker until `lease_us` from now, if it is pending, due and nobody has it.
    pub const fn claim(&mut self, now_us: i64, lease_us: i64) -> bool {
        let pending = matches!(self.status, DeliveryStatus::Pending);
        let free = pending && self.due_at_us <= now_us && self.lease_until_us <= now_us;
        if free {
            self.lease_until_us = now_us.saturating_add(lease_us);
            self.tries = self.tries.saturating_add(1);
        }
        free
    }
}
