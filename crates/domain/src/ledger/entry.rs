//! A double entry: balanced when it exists, never changed after.

use crate::id::{AttemptId, EntryId, PaymentId, RefundId, TenantId, TypedId};
use crate::ledger::{AccountRef, EntryLink, LinkLine};
use crate::words::words;
use std::fmt;
use tk_money::Currency;

words! {
    /// Which business event an entry books.
    EntryKind {
        /// The one collection that makes a payment succeeded.
        Collect = "collect",
        /// A success that does not count for the payment: a duplicate.
        CollectDuplicate = "collect_duplicate",
        /// A success after close, expiry or failure.
        CollectLate = "collect_late",
        /// A success whose amount is not the order's.
        CollectSuspense = "collect_suspense",
        /// Money that the channel took and gave back by a cancel.
        Undone = "undone",
        /// Money reserved.
        Hold = "hold",
        /// A hold given back.
        Release = "release",
        /// A hold taken: the refund is done at the channel.
        Refund = "refund",
        /// A refund done at the channel although its hold was released before.
        RefundLate = "refund_late",
        /// Money in suspense that is found to be the merchant's.
        SuspenseCredit = "suspense_credit",
        /// Money that came into a bank account.
        BankCredit = "bank_credit",
        /// Money that left a bank account.
        BankDebit = "bank_debit",
        /// Money of a bank line given to an order.
        TransferMatch = "transfer_match",
        /// Money of a bank line set aside for its sender.
        TransferReturn = "transfer_return",
        /// A float put into a drawer.
        ShiftOpen = "shift_open",
        /// The cash of a drawer counted and handed over.
        ShiftClose = "shift_close",
        /// Cash brought to a bank.
        CashDeposit = "cash_deposit",
        /// Cash brought to a bank that the bank now shows.
        DepositMatch = "deposit_match",
        /// The bank's line of a cheque that it paid.
        ChequeLine = "cheque_line",
        /// A cheque brought to a bank.
        ChequePresent = "cheque_present",
        /// Money that a slip shows; no statement has told of it yet.
        SlipCredit = "slip_credit",
        /// A statement proves a slip.
        SlipProven = "slip_proven",
        /// The bank took money back that it had credited.
        TransferReversed = "transfer_reversed",
        /// Money set aside for its sender has left the bank account.
        ReturnSent = "return_sent",
        /// Shares of a collection set aside for their receivers.
        Split = "split",
        /// A share that the channel proved it paid.
        SplitPaid = "split_paid",
        /// A share that is proven not paid, back with the merchant.
        SplitFailed = "split_failed",
        /// A share proven not paid was paid after all.
        SplitFailedUndone = "split_failed_undone",
        /// A share proven paid came back without a refund.
        SplitPaidUndone = "split_paid_undone",
        /// Shares that a refund takes back.
        SplitReturn = "split_return",
        /// Shares given again because their refund did not happen.
        SplitReturnUndone = "split_return_undone",
        /// A share that the channel proved it took back.
        SplitReturned = "split_returned",
        /// Money paid in advance that the merchant has earned.
        PrepaymentDraw = "prepayment_draw",
        /// Such money put back.
        PrepaymentDrawUndone = "prepayment_draw_undone",
        /// A correction that undoes one named entry.
        Reversal = "reversal",
    }
}

words! {
    /// A side of an entry.
    Side {
        /// Left.
        Debit = "debit",
        /// Right.
        Credit = "credit",
    }
}

/// One line of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryLine {
    /// The account posted to.
    pub account: AccountRef,
    /// On which side.
    pub side: Side,
    /// Minor units, above zero.
    pub amount_minor: i64,
    /// The account's balance after this line; set when the entry is applied.
    pub balance_after_minor: i64,
}

impl EntryLine {
    /// The change of the credit-positive balance.
    #[must_use]
    pub const fn signed_minor(&self) -> i64 {
        match self.side {
            Side::Debit => self.amount_minor.saturating_neg(),
            Side::Credit => self.amount_minor,
        }
    }
}

/// A balanced entry of at least two lines in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The tenant whose books these are.
    pub tenant_id: TenantId,
    /// Its own identifier.
    pub id: EntryId,
    /// The business event.
    pub kind: EntryKind,
    /// The payment it belongs to.
    pub payment_id: Option<PaymentId>,
    /// The attempt it belongs to.
    pub attempt_id: Option<AttemptId>,
    /// The refund it belongs to.
    pub refund_id: Option<RefundId>,
    /// The entry it reverses, at most one reversal each.
    pub reverses: Option<EntryId>,
    /// Its one currency.
    pub currency: Currency,
    /// When it was booked, Unix microseconds; never before the entry ahead of it in its lane.
    pub booked_at_us: i64,
    /// The writer lane that booked it; set when applied.
    pub lane: i64,
    /// Gapless per tenant and lane; set when applied.
    pub seq: i64,
    /// The link of its lane's chain; see [`EntryLink`]; set when applied.
    pub hash: Vec<u8>,
    lines: Vec<EntryLine>,
}

/// The lines are fewer than two, not positive, or their sides differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unbalanced;

impl fmt::Display for Unbalanced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("entry lines do not balance")
    }
}

impl std::error::Error for Unbalanced {}

impl Entry {
    /// An entry of these lines, if they balance; lines of zero are left out.
    pub fn new(
        tenant_id: TenantId,
        id: EntryId,
        kind: EntryKind,
        now_us: i64,
        lines: Vec<(AccountRef, Side, i64)>,
    ) -> Result<Self, Unbalanced> {
        let lines: Vec<EntryLine> = lines
            .into_iter()
            .filter(|(_, _, amount_minor)| *amount_minor != 0)
            .map(|(account, side, amount_minor)| EntryLine {
                account,
                side,
                amount_minor,
                balance_after_minor: 0,
            })
            .collect();
        let currency = lines.first().ok_or(Unbalanced)?.account.currency;
        check(tenant_id, currency, &lines)?;
        Ok(Self {
            tenant_id,
            id,
            kind,
            payment_id: None,
            attempt_id: None,
            refund_id: None,
            reverses: None,
            currency,
            booked_at_us: now_us,
            lane: 0,
            seq: 0,
            hash: Vec::new(),
            lines,
        })
    }

    /// The lines, at least two.
    #[must_use]
    pub fn lines(&self) -> &[EntryLine] {
        &self.lines
    }

    /// The hash that it must carry behind the entry whose hash this is.
    #[must_use]
    pub fn computed_hash(&self, prev_hash: &[u8]) -> Vec<u8> {
        let link = EntryLink {
            prev_hash,
            tenant_id: self.tenant_id,
            id: self.id,
            kind: self.kind,
            subjects: [
                self.payment_id.map(TypedId::id128),
                self.attempt_id.map(TypedId::id128),
                self.refund_id.map(TypedId::id128),
                self.reverses.map(TypedId::id128),
            ],
            currency: self.currency,
            booked_at_us: self.booked_at_us,
            lane: self.lane,
            seq: self.seq,
        };
        link.hash(self.lines.iter().map(|line| LinkLine {
            account_id: line.account.id(),
            side: line.side,
            amount_minor: line.amount_minor,
            balance_after_minor: line.balance_after_minor,
        }))
    }

    pub(crate) fn lines_mut(&mut self) -> &mut [EntryLine] {
        &mut self.lines
    }

    /// The sum of one side, equal to that of the other.
    #[must_use]
    pub fn total_minor(&self) -> i64 {
        self.lines
            .iter()
            .filter(|line| line.side == Side::Debit)
            .fold(0_i64, |sum, line| sum.saturating_add(line.amount_minor))
    }
}

fn check(tenant_id: TenantId, currency: Currency, lines: &[EntryLine]) -> Result<(), Unbalanced> {
    let mut difference = 0_i64;
    for line in lines {
        let fits = line.account.currency == currency && line.account.tenant_id == tenant_id;
        if line.amount_minor <= 0 || !fits {
            return Err(Unbalanced);
        }
        difference = difference.checked_add(line.signed_minor()).ok_or(Unbalanced)?;
    }
    if difference == 0 && lines.len() >= 2 { Ok(()) } else { Err(Unbalanced) }
}
