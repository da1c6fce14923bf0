//! What is agreed about dividing a payment, frozen when it is created.

use super::limits::split_limits;
use super::receiver::Binding;
use super::rows::{LINES_MAX, Receiver, SplitMode};
use crate::command::{Want, Wants};
use crate::id::{ChannelAccountId, MerchantId, SplitReceiverId, TenantId};
use crate::merchant::Merchant;
use crate::payment::{Attempt, FeeSnapshot, Item, Payment, for_others};
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use tk_money::{Amount, Currency, Rounding, proportion, split_by_weights};

/// Shares that one request may name.
pub const TERMS_MAX: usize = 20;
/// The whole, in millionths.
const WHOLE_PPM: i64 = 1_000_000;

/// One receiver's share: by amount, or by rate of the payment or of one of its items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// A merchant of the same legal entity; or `receiver`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merchant: Option<MerchantId>,
    /// A party that the channel pays; or `merchant`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receiver: Option<SplitReceiverId>,
    /// Minor units; or `rate_ppm`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
    /// Millionths; or `amount`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_ppm: Option<i64>,
    /// The place of the item whose money it is, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<i64>,
}

/// All shares of one division, and who may have them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplitTerms {
    /// The shares, in the caller's order.
    pub shares: Vec<Share>,
    /// Whether the channel is to keep the money undivided for splits that come later.
    #[serde(default)]
    pub later: bool,
    /// The contract whose channel pays the parties named, frozen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel_account: Option<ChannelAccountId>,
    /// The legal entity of the merchants, frozen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_entity: Option<String>,
}

/// A share with its amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cut {
    pub receiver: Receiver,
    pub amount_minor: i64,
    pub item: Option<i64>,
}

impl Cut {
    pub(super) const fn mode(&self) -> SplitMode {
        match self.receiver {
            Receiver::Merchant(_) => SplitMode::Books,
            Receiver::Party(_) => SplitMode::Channel,
        }
    }
}

/// What is divided: the payment's amount, its items, and how much of it may be given away.
#[derive(Debug, Clone, Copy)]
pub(super) struct Whole<'a> {
    pub amount: Amount,
    pub items: &'a [Item],
    /// What remains to the merchant after its fee and earlier shares, minor units.
    pub left_minor: i64,
    /// What of the items that are not premium was shared before, minor units.
    pub shared_minor: i64,
}

fn invalid(reason: &'static str) -> Refusal {
    Refusal::FieldInvalid { param: "splits", reason }
}

impl Share {
    /// The one receiver it names.
    pub(super) fn receiver(&self) -> Result<Receiver, Refusal> {
        match (self.merchant, self.receiver) {
            (Some(id), None) => Ok(Receiver::Merchant(id)),
            (None, Some(id)) => Ok(Receiver::Party(id)),
            (Some(_), Some(_)) | (None, None) => Err(invalid("each names a merchant or a receiver")),
        }
    }
}

impl SplitTerms {
    /// The terms kept with a payment; none for text that is none.
    #[must_use]
    pub fn stored(text: Option<&String>) -> Option<Self> {
        text.and_then(|text| serde_json::from_str(text).ok())
    }

    /// Whether the terms kept with a payment are these.
    pub(crate) fn agrees(&self, kept: Option<&String>) -> bool {
        let kept = Self::stored(kept).unwrap_or_default();
        kept.shares == self.shares && kept.later == self.later
    }

    /// Whether the order of this attempt told its channel that the payment is to be divided.
    pub(super) fn divided_by(&self, attempt: &Attempt) -> bool {
        let agreed = self.channel_account == Some(attempt.channel_account_id);
        agreed || (self.channel_account.is_none() && self.later && split_limits(attempt.channel).is_some())
    }

    /// Who is named.
    pub(super) fn receivers(&self) -> BTreeSet<Receiver> {
        self.shares.iter().filter_map(|share| share.receiver().ok()).collect()
    }

    /// The amounts, never more together than `whole` allows; what rates leave over stays with the merchant, unless they
    /// are the whole: then the last of them has it.
    pub(super) fn cuts(&self, whole: Whole<'_>) -> Result<Vec<Cut>, Refusal> {
        if self.shares.len() > TERMS_MAX {
            return Err(invalid("at most 20"));
        }
        let by_rate = self.by_rate(whole)?;
        let mut cuts = Vec::with_capacity(self.shares.len());
        for (place, share) in self.shares.iter().enumerate() {
            let amount_minor = match (share.amount, by_rate.get(&place)) {
                (Some(amount), None) => amount,
                (None, Some(amount)) => *amount,
                (Some(_), Some(_)) | (None, None) => return Err(invalid("each has an amount or a rate")),
            };
            if amount_minor < 1 {
                return Err(invalid("each share must be above zero"));
            }
            cuts.push(Cut { receiver: share.receiver()?, amount_minor, item: share.item });
        }
        bounded(&cuts, whole)?;
        Ok(cuts)
    }

    /// The parts of all shares by rate, those of one item or of the whole divided together.
    fn by_rate(&self, whole: Whole<'_>) -> Result<BTreeMap<usize, i64>, Refusal> {
        let mut groups: BTreeMap<Option<i64>, Vec<(usize, i64)>> = BTreeMap::new();
        for (place, share) in self.shares.iter().enumerate() {
            if let Some(ppm) = share.rate_ppm {
                groups.entry(share.item).or_default().push((place, ppm));
            }
        }
        let mut parts = BTreeMap::new();
        for (item, rates) in groups {
            let base_minor = match item {
                None => whole.amount.minor,
                Some(place) => item_at(whole.items, place)?.amount,
            };
            let given = rates.iter().try_fold(0_i64, |sum, (_, ppm)| sum.checked_add(*ppm));
            let rest = given.and_then(|given| WHOLE_PPM.checked_sub(given)).filter(|rest| *rest >= 0);
            let rest = rest.ok_or(invalid("rates are more than the whole"))?;
            let mut weights: Vec<i64> = rates.iter().map(|(_, ppm)| *ppm).collect();
            weights.push(rest);
            let amounts =
                split_by_weights(base_minor, &weights).map_err(|_| invalid("a rate is below zero"))?;
            parts.extend(rates.iter().zip(amounts).map(|((place, _), amount)| (*place, amount)));
        }
        Ok(parts)
    }
}

fn item_at(items: &[Item], place: i64) -> Result<&Item, Refusal> {
    let item = usize::try_from(place).ok().and_then(|place| items.get(place));
    item.ok_or(invalid("names an item that the payment has not"))
}

/// Never above what the merchant has left, nor above an item, nor into premium.
fn bounded(cuts: &[Cut], whole: Whole<'_>) -> Result<(), Refusal> {
    let mut sum = 0_i64;
    let mut of_items: BTreeMap<i64, i64> = BTreeMap::new();
    for cut in cuts {
        sum = sum.checked_add(cut.amount_minor).ok_or(Refusal::AmountOverflow)?;
        if let Some(place) = cut.item {
            let used = of_items.entry(place).or_default();
            *used = used.checked_add(cut.amount_minor).ok_or(Refusal::AmountOverflow)?;
        }
    }
    let amount = |minor| Amount::new(minor, whole.amount.currency);
    // A release takes nothing, even of a payment of which less than nothing is left.
    if sum > whole.left_minor.max(0) {
        return Err(Refusal::SplitExceedsAmount { max: amount(whole.left_minor.max(0)), sum: amount(sum) });
    }
    for (place, used) in of_items {
        let item = item_at(whole.items, place)?;
        if !item.splittable || used > item.amount {
            return Err(Refusal::SplitExceedsItems);
        }
    }
    let goods = whole.items.iter().filter(|item| item.splittable);
    let goods = goods.fold(0_i64, |sum, item| sum.saturating_add(item.amount));
    let into_premium = sum.saturating_add(whole.shared_minor) > goods;
    if !whole.items.is_empty() && into_premium { Err(Refusal::SplitExceedsItems) } else { Ok(()) }
}

/// Each merchant must be another one of the giver's legal entity, unless the tenant is licensed to clear for others:
/// anybody else is paid by a channel.
pub(super) fn legal_entity(
    receivers: &BTreeSet<Receiver>,
    giver: &Merchant,
    snapshot: &Snapshot,
) -> Result<Option<String>, Refusal> {
    let mut entity = None;
    for receiver in receivers {
        let Receiver::Merchant(id) = receiver else { continue };
        let missing = Refusal::NotFound { what: "merchant" };
        let merchant = snapshot.merchants.get(&(giver.tenant_id, *id)).ok_or(missing)?;
        if merchant.id == giver.id {
            return Err(invalid("the merchant itself keeps what is not given away"));
        }
        let clears = snapshot.profile_of(giver.tenant_id).clears_for_others();
        let own = merchant.legal_entity == giver.legal_entity;
        if giver.legal_entity.is_none() || !(own || clears) {
            return Err(Refusal::SplitNeedsChannel);
        }
        entity.clone_from(&giver.legal_entity);
    }
    Ok(entity)
}

/// The one contract to which all parties named are bound, if any are named: each once, and together within what it lets
/// go of a payment, `earlier_minor` of which went before.
pub(super) fn parties(
    cuts: &[Cut],
    (tenant_id, whole, earlier_minor): (TenantId, Amount, i64),
    snapshot: &Snapshot,
) -> Result<Option<ChannelAccountId>, Refusal> {
    let mut contract: Option<ChannelAccountId> = None;
    let (mut seen, mut sum) = (BTreeSet::new(), earlier_minor);
    for cut in cuts {
        let Receiver::Party(id) = cut.receiver else { continue };
        let missing = Refusal::NotFound { what: "split_receiver" };
        let receiver = snapshot.split_receivers.get(&(tenant_id, id)).ok_or(missing)?;
        if receiver.status != Binding::Bound {
            return Err(Refusal::ReceiverNotBound);
        }
        if contract.is_some_and(|known| known != receiver.channel_account_id) {
            return Err(invalid("its receivers are bound to different channel accounts"));
        }
        contract = Some(receiver.channel_account_id);
        sum = sum.checked_add(cut.amount_minor).ok_or(Refusal::AmountOverflow)?;
        if !seen.insert(id) {
            return Err(invalid("each receiver once"));
        }
    }
    let Some(id) = contract else { return Ok(None) };
    let account = snapshot.channel_accounts.get(&(tenant_id, id)).ok_or(Refusal::SplitNeedsChannel)?;
    let limits = split_limits(account.channel).filter(|_| account.divides());
    let limits = limits.ok_or(Refusal::SplitNeedsChannel)?;
    if seen.len() > limits.receivers_max {
        return Err(invalid("more receivers than the channel pays at once"));
    }
    let max = proportion(whole.minor, account.split_rate_max_ppm, WHOLE_PPM, Rounding::Down).unwrap_or(0);
    if sum > max {
        let amount = |minor| Amount::new(minor, whole.currency);
        return Err(Refusal::SplitExceedsAmount { max: amount(max), sum: amount(sum) });
    }
    Ok(Some(id))
}

/// Whose channel has to divide a payment, so that only that contract may take it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DividedBy {
    /// No channel: any contract may take it.
    Nobody,
    /// The one contract that its receivers are bound to.
    Contract(ChannelAccountId),
    /// Any contract that divides; the receivers are named later.
    AnyThatDivides,
}

/// Whose channel has to divide a payment; the order must tell it so before the payer pays.
#[must_use]
pub fn divided_by(payment: &Payment) -> DividedBy {
    let terms = SplitTerms::stored(payment.splits.as_ref()).unwrap_or_default();
    match (terms.channel_account, terms.later) {
        (Some(id), _) => DividedBy::Contract(id),
        (None, true) => DividedBy::AnyThatDivides,
        (None, false) => DividedBy::Nobody,
    }
}

/// Checks the terms of a new payment and freezes them, as JSON; nothing where nothing is divided.
pub(crate) fn freeze(
    terms: &SplitTerms,
    (amount, items, fee): (Amount, &[Item], FeeSnapshot),
    giver: &Merchant,
    snapshot: &Snapshot,
) -> Result<Option<String>, Refusal> {
    if terms.shares.is_empty() && !terms.later {
        return Ok(None);
    }
    // A fee that somebody else bears takes nothing from the merchant.
    let own_fee = fee.bearer.is_none().then(|| fee.on(amount.minor)).transpose();
    let fee_minor = own_fee.map_err(|_| Refusal::AmountOverflow)?.unwrap_or(0);
    let left_minor = amount.minor.saturating_sub(fee_minor).saturating_sub(for_others(items));
    let cuts = terms.cuts(Whole { amount, items, left_minor, shared_minor: 0 })?;
    let channel_account = parties(&cuts, (giver.tenant_id, amount, 0), snapshot)?;
    let legal_entity = legal_entity(&terms.receivers(), giver, snapshot)?;
    let frozen = SplitTerms { channel_account, legal_entity, ..terms.clone() };
    Ok(serde_json::to_string(&frozen).ok())
}

/// The merchants that are named, and the parties with their contracts.
pub(crate) fn want_terms(tenant_id: TenantId, terms: &SplitTerms, snapshot: &Snapshot, wants: &mut Wants) {
    if !terms.shares.is_empty() {
        wants.add(Want::OperatingProfile(tenant_id));
    }
    for receiver in terms.receivers() {
        match receiver {
            Receiver::Merchant(id) => wants.add(Want::Merchant(tenant_id, id)),
            Receiver::Party(id) => {
                wants.add(Want::SplitReceiver(tenant_id, id));
                if let Some(row) = snapshot.split_receivers.get(&(tenant_id, id)) {
                    wants.add(Want::ChannelAccount(tenant_id, row.channel_account_id));
                }
            }
        }
    }
}

/// The accounts that the shares are credited to.
pub(super) fn accounts<'a>(
    receivers: impl Iterator<Item = &'a Receiver>,
    (tenant_id, currency): (TenantId, Currency),
) -> Vec<crate::ledger::AccountRef> {
    receivers.map(|receiver| receiver.account(tenant_id, currency)).collect()
}

/// Whether a payment with so many shares may have these too.
pub(super) fn room(lines_count: i64, cuts: &[Cut]) -> Result<(), Refusal> {
    let more = i64::try_from(cuts.len()).unwrap_or(LINES_MAX);
    if lines_count.saturating_add(more) > LINES_MAX {
        return Err(Refusal::LimitReached { what: "split_lines", max: LINES_MAX });
    }
    Ok(())
}
