//! How the parts of an amount are booked.

use crate::command::{Want, Wants};
use crate::id::ChannelAccountId;
use crate::ledger::{AccountKind, AccountRef, Owner, Side};
use crate::payment::{Part, PartDebtor, PartFunder, PartKind, Payment};

/// Account, side and minor units.
type Line = (AccountRef, Side, i64);

/// The accounts of one part: from whom its money comes, and for an advance who owes it to whom.
struct Accounts {
    from: AccountRef,
    debt: Option<(AccountRef, AccountRef)>,
}

/// Nothing for a part without money, or of a partner that the payment does not have.
fn accounts(payment: &Payment, part: &Part, channel: ChannelAccountId) -> Option<Accounts> {
    let (tenant_id, currency) = (payment.tenant_id, payment.currency);
    let of = |owner, kind| AccountRef { tenant_id, owner, kind, currency };
    let partner = payment.partner_id.map(Owner::Partner);
    let funder = match part.funder {
        PartFunder::Merchant => return None,
        PartFunder::Tenant => Owner::Tenant,
        PartFunder::Partner => partner?,
        PartFunder::Channel => Owner::ChannelAccount(channel),
    };
    match part.kind {
        PartKind::Coupon => Some(Accounts { from: of(funder, AccountKind::CouponReceivable), debt: None }),
        PartKind::Advance => {
            // Payers have no accounts of their own: what they owe in all is one account of the tenant.
            let debtor = match part.debtor? {
                PartDebtor::Merchant => Owner::Merchant(payment.merchant_id),
                PartDebtor::Partner => partner?,
                PartDebtor::Payer => Owner::Tenant,
            };
            let owed = (of(debtor, AccountKind::AdvanceReceivable), of(funder, AccountKind::AdvancePayable));
            Some(Accounts { from: of(funder, AccountKind::AdvanceFunding), debt: Some(owed) })
        }
    }
}

/// What a collection debits for the parts, and what more the merchant is credited for them:
///
/// | part | debit | credit |
/// |---|---|---|
/// | coupon of tenant or partner | the funder's coupon receivable | pending settlement |
/// | advance | the advancer's funding on its way | pending settlement |
/// | | the debtor's advance receivable | the advancer's advance payable |
///
/// A coupon of the merchant's own moves nothing: it is credited that much less.
pub(crate) fn collected(payment: &Payment, channel: ChannelAccountId) -> (Vec<Line>, i64) {
    let (mut lines, mut sum) = (Vec::new(), 0_i64);
    for part in payment.parts() {
        let Some(accounts) = accounts(payment, &part, channel) else { continue };
        sum = sum.saturating_add(part.amount);
        lines.push((accounts.from, Side::Debit, part.amount));
        if let Some((receivable, payable)) = accounts.debt {
            lines.push((receivable, Side::Debit, part.amount));
            lines.push((payable, Side::Credit, part.amount));
        }
    }
    (lines, sum)
}

/// What a refund gives back of the parts, beside the debit of what was held for it: the opposite of the collection.
pub(crate) fn returned(payment: &Payment, channel: ChannelAccountId, shares: &[i64]) -> Vec<Line> {
    let mut lines = Vec::new();
    for (part, share) in payment.parts().iter().zip(shares) {
        let Some(accounts) = accounts(payment, part, channel) else { continue };
        lines.push((accounts.from, Side::Credit, *share));
        if let Some((receivable, payable)) = accounts.debt {
            lines.push((payable, Side::Debit, *share));
            lines.push((receivable, Side::Credit, *share));
        }
    }
    lines
}

/// The accounts that both post to.
pub(crate) fn want(payment: &Payment, channel: ChannelAccountId, wants: &mut Wants) {
    for part in payment.parts() {
        let Some(accounts) = accounts(payment, &part, channel) else { continue };
        wants.add(Want::Account(accounts.from));
        if let Some((receivable, payable)) = accounts.debt {
            wants.add(Want::Account(receivable));
            wants.add(Want::Account(payable));
        }
    }
}
