//! Settling money in suspense: one person proposes, another decides, and only then anything moves.

use crate::audit::{Act, Origin};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::exception::{Exception, ExceptionKind, ExceptionStatus};
use crate::id::{AttemptId, EntryId, ExceptionId, PaymentId, TenantId, TypedId};
use crate::ledger::{AccountKind, AccountRef, Entry, EntryKind, Side};
use crate::moment::Moment;
use crate::payment::{Attempt, AttemptStatus, Disposition, Payment, conclude};
use crate::person::second_person;
use crate::refund::create::refund_stray;
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use crate::words::words;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

words! {
    /// What is to become of money in suspense.
    ResolutionKind {
        /// It goes back to the payer, the way it came.
        RefundPayer = "refund_payer",
        /// It is the merchant's, who takes it for another order.
        CreditMerchant = "credit_merchant",
        /// Nothing moves: a person has looked into the matter and says why it is over.
        Acknowledged = "acknowledged",
    }
}

words! {
    /// Where a proposal stands.
    ResolutionStatus {
        /// A second person has to decide.
        PendingApproval = "pending_approval",
        /// Decided and carried out.
        Approved = "approved",
        /// Decided against; another may be proposed.
        Rejected = "rejected",
    }
}

/// A proposal with what was decided about it, or what a person said of a matter that is over; kept on its exception as
/// JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolution {
    /// What is proposed.
    pub kind: ResolutionKind,
    /// The sum, minor units.
    pub amount: i64,
    /// The merchant's number of the other order that the money is for.
    pub merchant_order_no: Option<String>,
    /// Why, in the maker's words.
    pub reason: String,
    /// Who proposes it.
    pub maker: String,
    /// Unix microseconds.
    pub proposed_at_us: i64,
    /// Where it stands.
    pub status: ResolutionStatus,
    /// Who decided.
    pub checker: Option<String>,
    /// Unix microseconds.
    pub decided_at_us: Option<i64>,
}

impl Resolution {
    /// The resolution that an exception carries.
    #[must_use]
    pub fn of(exception: &Exception) -> Option<Self> {
        serde_json::from_str(exception.resolution.as_deref()?).ok()
    }

    /// What an approval is bound to: SHA-256 over all that was proposed, in hexadecimal digits.
    #[must_use]
    pub fn content_hash(&self, exception_id: ExceptionId) -> String {
        let proposed = json!([
            exception_id,
            self.kind,
            self.amount,
            self.merchant_order_no,
            self.reason,
            self.maker,
            self.proposed_at_us,
        ]);
        let digest = Sha256::digest(proposed.to_string().as_bytes());
        let digits = digest.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect()
    }
}

/// Proposes what is to become of an attempt's money in suspense. Moves nothing.
#[derive(Debug, Clone)]
pub struct ProposeResolution {
    /// The exception with its payment and attempt.
    pub subject: Subject,
    /// What is proposed.
    pub kind: ResolutionKind,
    /// The merchant's number of the other order; needed to credit the merchant, and only then.
    pub merchant_order_no: Option<String>,
    /// Why.
    pub reason: String,
    /// The person who proposes it.
    pub maker: String,
    /// Who asks.
    pub origin: Origin,
}

/// Decides on a proposal; an approval carries it out in the same commit.
#[derive(Debug, Clone)]
pub struct DecideResolution {
    /// The exception with its payment and attempt.
    pub subject: Subject,
    /// Approved or rejected.
    pub verdict: ResolutionStatus,
    /// The hash of the proposal that the person has seen.
    pub content_hash: String,
    /// The person who decides; never the maker.
    pub checker: String,
    /// Who asks; never a key.
    pub origin: Origin,
}

/// An exception about the money of one attempt.
#[derive(Debug, Clone, Copy)]
pub struct Subject {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The payment.
    pub payment_id: PaymentId,
    /// The attempt whose money is in suspense.
    pub attempt_id: AttemptId,
    /// The exception.
    pub exception_id: ExceptionId,
}

impl Subject {
    fn wants(&self, wants: &mut Wants) {
        wants.add(Want::Payment(self.tenant_id, self.payment_id));
        wants.add(Want::Attempt(self.tenant_id, self.attempt_id));
        wants.add(Want::Exception(self.tenant_id, self.exception_id));
    }

    /// The rows, if the matter is open and all of the attempt's money is still in suspense.
    fn open<'a>(&self, snapshot: &'a Snapshot) -> Result<(&'a Payment, &'a Attempt, &'a Exception), Refusal> {
        let missing = Refusal::NotFound { what: "exception" };
        let exception =
            snapshot.exceptions.get(&(self.tenant_id, self.exception_id)).ok_or(missing.clone())?;
        let payment = snapshot.payments.get(&(self.tenant_id, self.payment_id)).ok_or(missing.clone())?;
        let attempt = snapshot.attempts.get(&(self.tenant_id, self.attempt_id)).ok_or(missing.clone())?;
        if exception.attempt_id != Some(attempt.id) || attempt.payment_id != payment.id {
            return Err(missing);
        }
        let whole = attempt.refundable_minor() == attempt.payer_paid_minor();
        let open =
            exception.status == ExceptionStatus::Open && exception.kind == ExceptionKind::AmountMismatch;
        if open && whole && attempt.disposition == Some(Disposition::Mismatch) {
            Ok((payment, attempt, exception))
        } else {
            Err(Refusal::NotResolvable)
        }
    }
}

impl ProposeResolution {
    fn check(&self) -> Result<(), Refusal> {
        let invalid = |param, reason| Err(Refusal::FieldInvalid { param, reason });
        if self.maker.trim().is_empty() {
            return invalid("maker", "the person's name");
        }
        if self.reason.trim().is_empty() {
            return invalid("reason", "why");
        }
        match (self.kind, &self.merchant_order_no) {
            (ResolutionKind::CreditMerchant, None) => {
                invalid("merchant_order_no", "which order the money is for")
            }
            (ResolutionKind::RefundPayer, Some(_)) => {
                invalid("merchant_order_no", "only to credit the merchant")
            }
            // Money in suspense is not over because somebody says so.
            (ResolutionKind::Acknowledged, _) => Err(Refusal::NotResolvable),
            (ResolutionKind::CreditMerchant, Some(_)) | (ResolutionKind::RefundPayer, None) => Ok(()),
        }
    }
}

impl Command for ProposeResolution {
    type Reply = Exception;

    fn tenant_id(&self) -> TenantId {
        self.subject.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, _snapshot: &Snapshot, wants: &mut Wants) {
        self.subject.wants(wants);
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<Exception>, Refusal> {
        self.check()?;
        let (_, attempt, exception) = self.subject.open(snapshot)?;
        let pending = |resolution: Resolution| resolution.status == ResolutionStatus::PendingApproval;
        if Resolution::of(exception).is_some_and(pending) {
            return Err(Refusal::NotResolvable);
        }
        let resolution = Resolution {
            kind: self.kind,
            amount: attempt.settled_minor(),
            merchant_order_no: self.merchant_order_no.clone(),
            reason: self.reason.clone(),
            maker: self.maker.clone(),
            proposed_at_us: moment.now_us,
            status: ResolutionStatus::PendingApproval,
            checker: None,
            decided_at_us: None,
        };
        Ok(kept((exception, &resolution), &self.origin, Changes::default(), moment))
    }
}

/// The exception with its resolution, and the act.
fn kept(
    (exception, resolution): (&Exception, &Resolution),
    origin: &Origin,
    mut changes: Changes,
    moment: &mut Moment<'_>,
) -> Decision<Exception> {
    let done = resolution.status == ResolutionStatus::Approved;
    let mut exception = exception.clone();
    exception.resolution = serde_json::to_string(resolution).ok();
    if done {
        exception.status = ExceptionStatus::Closed;
        exception.closed_at_us = Some(moment.now_us);
    }
    let detail = json!({ "resolution": resolution });
    let act = if resolution.checker.is_some() { Act::ResolutionDecide } else { Act::ResolutionPropose };
    changes.audit((exception.tenant_id, origin), act, &exception.id, &detail, moment);
    changes.put(exception.clone());
    Decision::new(exception, changes)
}

impl DecideResolution {
    /// Another person than the maker, about exactly what was proposed, once.
    fn check(&self, resolution: &Resolution) -> Result<(), Refusal> {
        if resolution.status != ResolutionStatus::PendingApproval {
            return Err(Refusal::ApprovalConsumed);
        }
        second_person(&resolution.maker, &self.checker, &self.origin)?;
        let seen = resolution.content_hash(self.subject.exception_id) == self.content_hash;
        if seen && self.verdict != ResolutionStatus::PendingApproval {
            Ok(())
        } else {
            Err(Refusal::NotResolvable)
        }
    }
}

/// The attempt is over; the payment waits for a method again or ends, and the money goes where it was decided.
fn carry_out(
    resolution: &Resolution,
    (payment, attempt): (&Payment, &Attempt),
    moment: &mut Moment<'_>,
) -> Changes {
    let mut changes = Changes::default();
    let (mut payment, mut attempt) = (payment.clone(), attempt.clone());
    attempt.needs_manual = false;
    attempt.updated_at_us = moment.now_us;
    if attempt.status.open() {
        attempt.status = AttemptStatus::Closed;
        attempt.unknown_since_us = None;
        conclude(&mut payment, &attempt, &mut changes, moment);
    }
    match resolution.kind {
        ResolutionKind::RefundPayer => refund_stray(&mut attempt, &payment, &mut changes, moment),
        ResolutionKind::CreditMerchant => {
            attempt.credited_minor = attempt.settled_minor();
            changes.put_some(credit(&payment, &attempt, moment));
        }
        // Never proposed: see `AcknowledgeException`.
        ResolutionKind::Acknowledged => {}
    }
    changes.put(payment);
    changes.put(attempt);
    changes
}

/// Money in suspense becomes the merchant's: debit suspense, credit pending settlement. No merchant fee is charged on a
/// correction.
fn credit(payment: &Payment, attempt: &Attempt, moment: &mut Moment<'_>) -> Option<Entry> {
    let (tenant_id, currency) = (payment.tenant_id, payment.currency);
    let suspense =
        AccountRef::channel(tenant_id, attempt.channel_account_id, AccountKind::Suspense, currency);
    let pending =
        AccountRef::merchant(tenant_id, payment.merchant_id, AccountKind::PendingSettlement, currency);
    let sum = attempt.credited_minor;
    let lines = vec![(suspense, Side::Debit, sum), (pending, Side::Credit, sum)];
    let id = EntryId::new(moment);
    let mut entry = Entry::new(tenant_id, id, EntryKind::SuspenseCredit, moment.now_us, lines).ok()?;
    entry.payment_id = Some(payment.id);
    entry.attempt_id = Some(attempt.id);
    Some(entry)
}

impl Command for DecideResolution {
    type Reply = Exception;

    fn tenant_id(&self) -> TenantId {
        self.subject.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Posting
    }

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        self.subject.wants(wants);
        let (tenant_id, subject) = (self.subject.tenant_id, &self.subject);
        let payment = snapshot.payments.get(&(tenant_id, subject.payment_id));
        let attempt = snapshot.attempts.get(&(tenant_id, subject.attempt_id));
        let (Some(payment), Some(attempt)) = (payment, attempt) else { return };
        for kind in [AccountKind::Held, AccountKind::PendingSettlement] {
            let name = AccountRef::merchant(tenant_id, payment.merchant_id, kind, payment.currency);
            wants.add(Want::Account(name));
        }
        let channel = attempt.channel_account_id;
        wants.add(Want::Account(AccountRef::channel(
            tenant_id,
            channel,
            AccountKind::Suspense,
            payment.currency,
        )));
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<Exception>, Refusal> {
        let decided = snapshot.exceptions.get(&(self.subject.tenant_id, self.subject.exception_id));
        let mut resolution = decided.and_then(Resolution::of).ok_or(Refusal::NotResolvable)?;
        self.check(&resolution)?;
        let (payment, attempt, exception) = self.subject.open(snapshot)?;
        resolution.status = self.verdict;
        resolution.checker = Some(self.checker.clone());
        resolution.decided_at_us = Some(moment.now_us);
        let changes = match self.verdict {
            ResolutionStatus::Approved => carry_out(&resolution, (payment, attempt), moment),
            ResolutionStatus::Rejected | ResolutionStatus::PendingApproval => Changes::default(),
        };
        Ok(kept((exception, &resolution), &self.origin, changes, moment))
    }
}
