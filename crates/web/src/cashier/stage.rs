//! Which page a payment is on, derived from its rows alone, and where its money is.

use super::arrivals::Arrivals;
use tk_app::identity::Standing;
use tk_domain::channel_account::{ChannelAccount, Method};
use tk_domain::fulfilment::Fulfilment;
use tk_domain::id::AttemptId;
use tk_domain::identity::IdentityLevel;
use tk_domain::moment::MINUTE_US;
use tk_domain::payment::{
    ActionKind, Attempt, AttemptStatus, Disposition, Payment, PaymentStatus, RefundStatus,
};
use tk_domain::product::Product;

/// Below this much time left the payer is offered more, microseconds.
const EXTEND_BELOW_US: i64 = 30 * MINUTE_US;

/// The rows that a page is made from.
#[derive(Debug, Clone)]
pub struct Rows {
    /// What is to be paid.
    pub payment: Payment,
    /// The payee's name.
    pub payee: String,
    /// Where the payee can be called, if it says so.
    pub phone: Option<String>,
    /// What is paid for.
    pub product: Product,
    /// Every attempt of the payment, the oldest first.
    pub attempts: Vec<Attempt>,
    /// The tenant's channel accounts.
    pub accounts: Vec<ChannelAccount>,
    /// What has to be proven of the payer, where anything has.
    pub identity: Option<Standing>,
    /// What bank transfers brought that did not collect it.
    pub arrivals: Arrivals,
    /// What became of its policy, where it pays for one.
    pub fulfilment: Option<Fulfilment>,
    /// What of the refunds of an attempt waits for a second person, who may refuse it, minor units.
    pub undecided: Vec<(AttemptId, i64)>,
}

impl Rows {
    /// The one attempt that may still change.
    pub fn open(&self) -> Option<&Attempt> {
        self.by_id(self.payment.open_attempt_id)
    }

    /// The attempt whose success counts.
    pub fn effective(&self) -> Option<&Attempt> {
        self.by_id(self.payment.effective_attempt_id)
    }

    /// Whether a cheque was handed in that the bank has not paid yet.
    pub fn by_cheque(&self) -> bool {
        self.open().is_some_and(|attempt| attempt.method == Method::Cheque)
    }

    /// The attempt started last.
    pub fn latest(&self) -> Option<&Attempt> {
        self.by_id(self.payment.latest_attempt_id)
    }

    /// Attempts whose money is not this payment's collection. Of another amount on the open attempt the waiting page speaks.
    pub fn strays(&self) -> impl Iterator<Item = &Attempt> {
        self.attempts.iter().filter(|attempt| match attempt.disposition {
            Some(Disposition::Duplicate | Disposition::Late) => true,
            Some(Disposition::Mismatch) => Some(attempt.id) != self.payment.open_attempt_id,
            Some(Disposition::Effective) | None => false,
        })
    }

    /// Whether all that came beside the collection was of another amount than the order's.
    pub fn other_amounts_only(&self) -> bool {
        self.strays().all(|attempt| attempt.disposition == Some(Disposition::Mismatch))
    }

    /// What is on its way back to the payer, minor units.
    pub fn refunding_minor(&self) -> i64 {
        let undecided = self.payment.effective_attempt_id.map_or(0, |id| self.undecided_of(id));
        self.payment.refunding_minor.saturating_sub(undecided).max(0)
    }

    fn undecided_of(&self, id: AttemptId) -> i64 {
        self.undecided.iter().filter(|(of, _)| *of == id).map(|(_, minor)| *minor).sum()
    }

    /// What of an attempt's money is on its way back, minor units.
    pub fn going_back_minor(&self, attempt: &Attempt) -> i64 {
        attempt.refunding_minor.saturating_sub(self.undecided_of(attempt.id)).max(0)
    }

    /// What has still to be proven of the payer before he may choose a method.
    pub fn unproven(&self) -> Option<(&Standing, IdentityLevel)> {
        let standing = self.identity.as_ref()?;
        standing.missing.map(|level| (standing, level))
    }

    /// Whether part of a transfer has arrived, so that the order can neither be cancelled nor paid in another way.
    pub fn bound_by_part(&self) -> bool {
        self.arrivals.part_minor > 0 && !self.payment.status.terminal()
    }

    /// Whether the payer is offered more time: it runs short, and no transfer is awaited, whose code was given until then.
    pub fn extendable(&self, now_us: i64) -> bool {
        let short = self.payment.expires_at_us.saturating_sub(now_us) < EXTEND_BELOW_US;
        let transfer = self.open().is_some_and(|attempt| attempt.method == Method::BankTransfer);
        short && !transfer && self.payment.extendable(now_us)
    }

    /// Whether the channel says that the payer has scanned the code.
    pub fn scanned(&self) -> bool {
        self.open().is_some_and(|attempt| attempt.scanned_at_us.is_some())
    }

    /// What the bank took back of the collection, minor units.
    pub fn taken_back_minor(&self) -> i64 {
        self.effective().map_or(0, |attempt| attempt.reversed_minor)
    }

    /// Whether the bank took all of the collection back.
    pub fn all_taken_back(&self) -> bool {
        self.taken_back_minor() > 0 && self.taken_back_minor() >= self.payment.refund_base_minor()
    }

    /// The method by which the payer's money came: of the success that counts, else of the first stray sum.
    pub fn paid_by(&self) -> Option<Method> {
        self.effective().or_else(|| self.strays().next()).map(|attempt| attempt.method)
    }

    fn by_id(&self, id: Option<tk_domain::id::AttemptId>) -> Option<&Attempt> {
        self.attempts.iter().find(|attempt| Some(attempt.id) == id)
    }
}

/// Where a payment is on its way past the payer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Who pays has to be proven first.
    Identity,
    /// A method is to be chosen.
    Choose,
    /// The channel has not yet given what the payer needs; nothing can have been paid.
    Preparing,
    /// A code is shown.
    Qr,
    /// The payer is sent to a wallet.
    Wallet,
    /// A bank transfer is awaited.
    Transfer,
    /// The code or wallet order can no longer be paid; the channel is asked whether it was.
    CodeExpired,
    /// The channel may have taken the money.
    Confirming,
    /// Money arrived that is not the order's amount; a person looks.
    Checking,
    /// The open attempt is being closed at the channel.
    Closing,
    /// Collected.
    Paid,
    /// Ended, and money arrived afterwards.
    Late,
    /// Ended by the payer or the order system.
    Closed,
    /// Its one attempt failed.
    Failed,
    /// Its time is up.
    Expired,
}

impl Stage {
    /// The stage that the rows show at `now_us`.
    pub fn of(rows: &Rows, now_us: i64) -> Self {
        let payment = &rows.payment;
        match payment.status {
            PaymentStatus::Succeeded => Self::Paid,
            PaymentStatus::Closed | PaymentStatus::Failed => Self::ended(rows),
            PaymentStatus::RequiresMethod
            | PaymentStatus::RequiresAction
            | PaymentStatus::AwaitingTransfer
            | PaymentStatus::IdentityReview
            | PaymentStatus::Processing => match rows.open() {
                Some(attempt) => Self::of_open(payment, attempt, now_us),
                None if payment.expires_at_us <= now_us => Self::Expired,
                None if rows.unproven().is_some() => Self::Identity,
                None => Self::Choose,
            },
        }
    }

    fn ended(rows: &Rows) -> Self {
        let payment = &rows.payment;
        if rows.strays().next().is_some() {
            Self::Late
        } else if payment.status == PaymentStatus::Failed {
            Self::Failed
        } else if payment.ended_at_us.is_some_and(|ended| ended >= payment.expires_at_us) {
            Self::Expired
        } else {
            Self::Closed
        }
    }

    fn of_open(payment: &Payment, attempt: &Attempt, now_us: i64) -> Self {
        if attempt.disposition == Some(Disposition::Mismatch) {
            return Self::Checking;
        }
        if payment.close_requested_at_us.is_some() || attempt.close_requested_at_us.is_some() {
            return Self::Closing;
        }
        match (attempt.status, &attempt.action) {
            // No channel has to be asked whether a transfer was made: it is in the statement or not.
            (AttemptStatus::RequiresAction, Some(action)) if action.kind == ActionKind::Transfer => {
                Self::Transfer
            }
            (AttemptStatus::RequiresAction, Some(_)) if attempt.channel_expires_at_us <= now_us => {
                Self::CodeExpired
            }
            (AttemptStatus::RequiresAction, Some(action)) => match action.kind {
                ActionKind::Qr => Self::Qr,
                ActionKind::Redirect | ActionKind::Form | ActionKind::Bridge => Self::Wallet,
                ActionKind::Transfer => Self::Transfer,
            },
            (_, None) if !payable_unseen(attempt.method) => Self::Preparing,
            (
                AttemptStatus::Created
                | AttemptStatus::RequiresAction
                | AttemptStatus::Processing
                | AttemptStatus::Unknown
                | AttemptStatus::Succeeded
                | AttemptStatus::Failed
                | AttemptStatus::Closed,
                _,
            ) => Self::Confirming,
        }
    }

    /// The word in the status answer.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Choose => "choose",
            Self::Preparing => "preparing",
            Self::Qr => "qr",
            Self::Wallet => "wallet",
            Self::Transfer => "transfer",
            Self::CodeExpired => "code_expired",
            Self::Confirming => "confirming",
            Self::Checking => "checking",
            Self::Closing => "closing",
            Self::Paid => "paid",
            Self::Late => "late",
            Self::Closed => "closed",
            Self::Failed => "failed",
            Self::Expired => "expired",
        }
    }

    /// Whether the page may still change by itself.
    pub const fn moving(self) -> bool {
        match self {
            Self::Identity
            | Self::Choose
            | Self::Preparing
            | Self::Qr
            | Self::Wallet
            | Self::Transfer
            | Self::CodeExpired
            | Self::Confirming
            | Self::Checking
            | Self::Closing => true,
            Self::Paid | Self::Late | Self::Closed | Self::Failed | Self::Expired => false,
        }
    }
}

/// Changes exactly when the page for the payment would: stage, attempt, money gone back.
pub fn revision(rows: &Rows, now_us: i64) -> String {
    let stage = Stage::of(rows, now_us);
    let strays = rows.strays().count();
    let payment = &rows.payment;
    let arrived = rows.arrivals.part_minor;
    let refunded = payment.refund_status.word();
    let proven = if stage == Stage::Identity { proven(rows) } else { String::new() };
    let back = rows.taken_back_minor();
    let (attempts, given) = (payment.attempts_count, payment.extensions_left);
    let stray: i64 = rows.strays().map(|row| rows.going_back_minor(row)).sum();
    let kept: i64 = rows.strays().map(Attempt::not_refunded_minor).sum();
    let going = stray.saturating_add(rows.refunding_minor());
    let policy = rows.fulfilment.as_ref().map_or("", |row| row.status.word());
    let time = if rows.extendable(now_us) { format!("+{given}") } else { String::new() };
    let scanned = if stage == Stage::Qr && rows.scanned() { "-scanned" } else { "" };
    let moved = format!("{refunded}-{going}-{kept}-{strays}-{arrived}-{back}-{policy}");
    format!("{}-{attempts}-{moved}{proven}{scanned}{time}", stage.word())
}

/// Where the check of the payer stands, for the revision.
fn proven(rows: &Rows) -> String {
    let check = rows.identity.as_ref().and_then(|standing| standing.check.as_ref());
    check.map_or_else(String::new, |check| {
        let other_way = i64::from(check.other_way_at_us.is_some());
        format!("-{}-{}-{other_way}", check.status.word(), check.photos_count)
    })
}

/// Whether the channel can take money before our page has shown anything: only by the payer's own bar code.
const fn payable_unseen(method: Method) -> bool {
    match method {
        Method::AlipayBarcode
        | Method::WechatBarcode
        | Method::QuickPay
        | Method::Cash
        | Method::Pos
        | Method::Kiosk
        | Method::Cheque
        | Method::BankTransfer => true,
        Method::AlipayPage
        | Method::AlipayWap
        | Method::AlipayQr
        | Method::WechatJsapi
        | Method::WechatH5
        | Method::WechatNative
        | Method::EbankB2c
        | Method::EbankB2b => false,
    }
}

/// Where the payer's money is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Money {
    /// Nothing was taken.
    NotTaken,
    /// It may have been taken; the channel is being asked.
    Confirming,
    /// It was taken.
    Taken,
    /// Part of it, or all, is on the way back.
    Returning,
    /// Part of it has gone back, and nothing more is on the way.
    PartReturned,
    /// All of it has gone back.
    Returned,
    /// The bank took it back from the payee after it had been collected.
    TakenBack,
    /// Part of it had come and was taken off this order; only the payee can say which way it went.
    Elsewhere,
}

impl Money {
    /// Where the money is at a stage.
    pub fn at(stage: Stage, rows: &Rows) -> Self {
        match stage {
            Stage::Transfer | Stage::Closed | Stage::Failed | Stage::Expired
                if rows.arrivals.part_minor > 0 =>
            {
                Self::Taken
            }
            Stage::Closed | Stage::Failed | Stage::Expired if rows.arrivals.part_gone_minor > 0 => {
                Self::Elsewhere
            }
            Stage::Identity | Stage::Choose if !strays_returned(rows) => Self::of_strays(rows),
            Stage::Transfer
            | Stage::Identity
            | Stage::Choose
            | Stage::Preparing
            | Stage::Qr
            | Stage::Wallet
            | Stage::Closed
            | Stage::Failed
            | Stage::Expired => Self::NotTaken,
            Stage::CodeExpired | Stage::Confirming | Stage::Closing => Self::Confirming,
            Stage::Checking => Self::Taken,
            Stage::Paid if rows.taken_back_minor() > 0 => Self::TakenBack,
            Stage::Paid => Self::of_paid(rows),
            Stage::Late if strays_returned(rows) => Self::Returned,
            Stage::Late => Self::of_strays(rows),
        }
    }

    /// Money beyond the success that counts: on its way back, or kept until a person decides.
    fn of_strays(rows: &Rows) -> Self {
        let going = rows.strays().any(|attempt| rows.going_back_minor(attempt) > 0);
        if going { Self::Returning } else { Self::Taken }
    }

    fn of_paid(rows: &Rows) -> Self {
        match rows.payment.refund_status {
            RefundStatus::Full => Self::Returned,
            RefundStatus::Partial | RefundStatus::None if rows.refunding_minor() > 0 => Self::Returning,
            RefundStatus::Partial => Self::PartReturned,
            RefundStatus::None => Self::Taken,
        }
    }
}

fn strays_returned(rows: &Rows) -> bool {
    rows.strays().all(|attempt| attempt.not_refunded_minor() == 0)
}
