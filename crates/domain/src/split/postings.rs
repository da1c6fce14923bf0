//! How splits are booked. A share is credited to the receiving merchant's pending settlement, or to what the channel
//! still has to pay a party.

use super::rows::{Receiver, ReturnMode, Split, SplitLine, SplitLineStatus, SplitReturn};
use crate::id::{AttemptId, EntryId, PaymentId, RefundId, TenantId, TypedId};
use crate::ledger::{AccountKind, AccountRef, Entry, EntryKind, Side};
use crate::moment::Moment;
use crate::payment::Payment;
use crate::refund::Refund;

/// One line to be posted.
type Line = (AccountRef, Side, i64);

/// What an entry is about.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_field_names, reason = "identifiers carry their kind")]
pub(super) struct About {
    pub tenant_id: TenantId,
    pub payment_id: PaymentId,
    pub attempt_id: AttemptId,
    pub refund_id: Option<RefundId>,
}

impl About {
    pub(super) const fn refund(refund: &Refund) -> Self {
        Self {
            tenant_id: refund.tenant_id,
            payment_id: refund.payment_id,
            attempt_id: refund.attempt_id,
            refund_id: Some(refund.id),
        }
    }
}

/// The entry of shares set aside:
///
/// | debit | credit | amount |
/// |---|---|---|
/// | the merchant's pending settlement | | all shares |
/// | | each receiver's pending settlement, or split payable | its share |
pub(super) fn set_aside(
    payment: &Payment,
    attempt_id: AttemptId,
    lines: &[SplitLine],
    moment: &mut Moment<'_>,
) -> Option<Entry> {
    let mut posted: Vec<Line> =
        vec![(pending(payment), Side::Debit, sum(lines.iter().map(|line| line.amount_minor)))];
    posted.extend(lines.iter().filter_map(|line| Some((line.account()?, Side::Credit, line.amount_minor))));
    let about = About { tenant_id: payment.tenant_id, payment_id: payment.id, attempt_id, refund_id: None };
    entry(EntryKind::Split, about, posted, moment)
}

/// The entry of shares that a refund takes back, or gives again because it did not happen:
///
/// | debit | credit | amount |
/// |---|---|---|
/// | each receiver's pending settlement and cash, or split payable | | what comes back |
/// | | the merchant's pending settlement | together |
///
/// and the opposite where it is given again.
pub(super) fn taken_back(
    kind: EntryKind,
    refund: &Refund,
    returns: &[(SplitReturn, SplitLine)],
    moment: &mut Moment<'_>,
) -> Option<Entry> {
    let undone = kind == EntryKind::SplitReturnUndone;
    let (from, to) = if undone { (Side::Credit, Side::Debit) } else { (Side::Debit, Side::Credit) };
    let account = AccountKind::PendingSettlement;
    let merchant = AccountRef::merchant(refund.tenant_id, refund.merchant_id, account, refund.currency);
    let mut posted: Vec<Line> = Vec::new();
    for (back, line) in returns {
        posted.extend(parts(back, line).map(|(name, minor)| (name, from, minor)));
    }
    posted.push((merchant, to, sum(returns.iter().map(|(back, _)| back.amount_minor))));
    entry(kind, About::refund(refund), posted, moment)
}

/// The entry of shares that the channel proved it paid:
///
/// | debit | credit | amount |
/// |---|---|---|
/// | each receiver's split payable | | its share |
/// | | channel receivable | together |
pub(super) fn paid(
    split: &Split,
    about: About,
    lines: &[SplitLine],
    moment: &mut Moment<'_>,
) -> Option<Entry> {
    let mut posted: Vec<Line> =
        lines.iter().filter_map(|line| Some((line.account()?, Side::Debit, line.amount_minor))).collect();
    posted.push((receivable(split), Side::Credit, sum(lines.iter().map(|line| line.amount_minor))));
    entry(EntryKind::SplitPaid, about, posted, moment)
}

/// The entry of shares proven not paid:
///
/// | debit | credit | amount |
/// |---|---|---|
/// | each receiver's split payable | | its share, less what refunds have taken back of it |
/// | | the merchant's pending settlement | together |
pub(super) fn failed(
    split: &Split,
    about: About,
    lines: &[SplitLine],
    moment: &mut Moment<'_>,
) -> Option<Entry> {
    let mut posted: Vec<Line> =
        lines.iter().filter_map(|line| Some((line.account()?, Side::Debit, line.kept_minor()))).collect();
    let kind = AccountKind::PendingSettlement;
    let merchant = AccountRef::merchant(split.tenant_id, split.merchant_id, kind, split.currency);
    posted.push((merchant, Side::Credit, sum(lines.iter().map(SplitLine::kept_minor))));
    entry(EntryKind::SplitFailed, about, posted, moment)
}

/// The entry of a share that was proven not paid and then to have been paid; what follows is [`paid`]:
///
/// | debit | credit | amount |
/// |---|---|---|
/// | the accounts that bear it, and the merchant's refund receivable for what they do not cover | | as drawn |
/// | | the receiver's split payable | the share |
pub(super) fn paid_after_all(
    split: &Split,
    about: About,
    line: &SplitLine,
    (drawn, owed_minor): (Vec<(AccountRef, i64)>, i64),
    moment: &mut Moment<'_>,
) -> Option<Entry> {
    let kind = AccountKind::RefundReceivable;
    let owed = AccountRef::merchant(split.tenant_id, split.merchant_id, kind, split.currency);
    let mut posted: Vec<Line> = drawn.into_iter().map(|(name, minor)| (name, Side::Debit, minor)).collect();
    posted.push((owed, Side::Debit, owed_minor));
    posted.push((line.account()?, Side::Credit, line.amount_minor));
    entry(EntryKind::SplitFailedUndone, about, posted, moment)
}

/// The entry of a share that was proven paid and then not to be; what follows is [`failed`]:
///
/// | debit | credit | amount |
/// |---|---|---|
/// | channel receivable | | the share |
/// | | the receiver's split payable | the same |
pub(super) fn not_paid_after_all(
    split: &Split,
    about: About,
    line: &SplitLine,
    moment: &mut Moment<'_>,
) -> Option<Entry> {
    let minor = line.amount_minor;
    let posted = vec![(receivable(split), Side::Debit, minor), (line.account()?, Side::Credit, minor)];
    entry(EntryKind::SplitPaidUndone, about, posted, moment)
}

/// The entry of shares that the channel took back by a refund that is done:
///
/// | debit | credit | amount |
/// |---|---|---|
/// | channel receivable | | together |
/// | | each receiver's split payable | what came back |
pub(super) fn returned(
    refund: &Refund,
    returns: &[(SplitReturn, SplitLine)],
    moment: &mut Moment<'_>,
) -> Option<Entry> {
    let paid = |line: &SplitLine| line.status != SplitLineStatus::Failed;
    let by_channel = || returns.iter().filter(|(back, line)| back.mode != ReturnMode::Books && paid(line));
    let (channel, kind) = (refund.channel_account_id, AccountKind::ChannelReceivable);
    let receivable = AccountRef::channel(refund.tenant_id, channel, kind, refund.currency);
    let total = sum(by_channel().map(|(back, _)| back.amount_minor));
    let mut posted: Vec<Line> = vec![(receivable, Side::Debit, total)];
    posted.extend(
        by_channel().filter_map(|(back, line)| Some((line.account()?, Side::Credit, back.amount_minor))),
    );
    entry(EntryKind::SplitReturned, About::refund(refund), posted, moment)
}

/// The entry of what a receiver keeps of a share that its refund had taken back in the books:
///
/// | debit | credit | amount |
/// |---|---|---|
/// | the accounts that bear it, and the merchant's refund receivable for what they do not cover | | as drawn |
/// | | the receiver's split payable | together |
pub(super) fn kept(
    refund: &Refund,
    line: &SplitLine,
    (drawn, owed_minor): (Vec<(AccountRef, i64)>, i64),
    moment: &mut Moment<'_>,
) -> Option<Entry> {
    let total = owed_minor.saturating_add(sum(drawn.iter().map(|(_, minor)| *minor)));
    let mut posted: Vec<Line> = drawn.into_iter().map(|(name, minor)| (name, Side::Debit, minor)).collect();
    posted.push((owed(refund), Side::Debit, owed_minor));
    posted.push((line.account()?, Side::Credit, total));
    entry(EntryKind::SplitReturnUndone, About::refund(refund), posted, moment)
}

/// The entry of what the channel took back of a share beyond what its refund had taken in the books:
///
/// | debit | credit | amount |
/// |---|---|---|
/// | the receiver's split payable | | what is more |
/// | | the merchant's pending settlement | the same |
pub(super) fn taken_more(
    refund: &Refund,
    line: &SplitLine,
    minor: i64,
    moment: &mut Moment<'_>,
) -> Option<Entry> {
    let kind = AccountKind::PendingSettlement;
    let merchant = AccountRef::merchant(refund.tenant_id, refund.merchant_id, kind, refund.currency);
    let posted = vec![(line.account()?, Side::Debit, minor), (merchant, Side::Credit, minor)];
    entry(EntryKind::SplitReturn, About::refund(refund), posted, moment)
}

/// What the merchant owes beyond what its accounts cover.
pub(super) const fn owed(refund: &Refund) -> AccountRef {
    let kind = AccountKind::RefundReceivable;
    AccountRef::merchant(refund.tenant_id, refund.merchant_id, kind, refund.currency)
}

/// The account of the money that the channel pays shares out of.
pub(super) const fn receivable(split: &Split) -> AccountRef {
    let kind = AccountKind::ChannelReceivable;
    AccountRef::channel(split.tenant_id, split.channel_account_id, kind, split.currency)
}

/// From which accounts of the receiver a share comes back.
fn parts(back: &SplitReturn, line: &SplitLine) -> impl Iterator<Item = (AccountRef, i64)> {
    let cash = match line.receiver() {
        Some(Receiver::Merchant(id)) => {
            let name = AccountRef::merchant(back.tenant_id, id, AccountKind::Cash, back.currency);
            Some((name, back.cash_minor))
        }
        Some(Receiver::Party(_)) | None => None,
    };
    let first = line.account().map(|name| (name, back.amount_minor.saturating_sub(back.cash_minor)));
    first.into_iter().chain(cash)
}

fn pending(payment: &Payment) -> AccountRef {
    let kind = AccountKind::PendingSettlement;
    AccountRef::merchant(payment.tenant_id, payment.merchant_id, kind, payment.currency)
}

pub(super) fn sum(parts: impl Iterator<Item = i64>) -> i64 {
    parts.fold(0, i64::saturating_add)
}

pub(super) fn entry(
    kind: EntryKind,
    about: About,
    lines: Vec<Line>,
    moment: &mut Moment<'_>,
) -> Option<Entry> {
    let mut entry = Entry::new(about.tenant_id, EntryId::new(moment), kind, moment.now_us, lines).ok()?;
    entry.payment_id = Some(about.payment_id);
    entry.attempt_id = Some(about.attempt_id);
    entry.refund_id = about.refund_id;
    Some(entry)
}
