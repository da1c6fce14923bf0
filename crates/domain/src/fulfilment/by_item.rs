//! What is reported of one item of a payment.

use super::ReportFulfilment;
use crate::fulfilment::{Fulfilment, FulfilmentStatus, ItemFulfilment, Reported};
use crate::payment::Payment;
use crate::refusal::Refusal;

/// Where the row then stands, and what is then known of each item.
pub(super) type Told = (FulfilmentStatus, Vec<Option<ItemFulfilment>>);

impl ReportFulfilment {
    /// Where the row then stands, with what is then known of each item; nothing if it is known already.
    pub(super) fn next_of_item(
        &self,
        place: usize,
        (row, payment): (&Fulfilment, &Payment),
    ) -> Result<Option<Told>, Refusal> {
        let items = payment.items();
        let invalid = |reason| Err(Refusal::FieldInvalid { param: "item", reason });
        match items.get(place) {
            None => return invalid("the payment has no such item"),
            Some(item) if item.collected_for.is_some() => {
                return invalid("what is collected for others has no policy");
            }
            Some(_) => {}
        }
        let mut known = row.items();
        // What was reported of the whole leaves nothing to be said of its items.
        let of_whole = known.is_empty()
            && !matches!(row.status, FulfilmentStatus::Awaiting | FulfilmentStatus::Announced);
        if of_whole {
            return Err(Refusal::FulfilmentConflict);
        }
        known.resize(items.len(), None);
        let slot = known.get_mut(place).ok_or(Refusal::FulfilmentConflict)?;
        let was = slot.as_ref().map(|item| item.status);
        match (self.reported, was) {
            (reported, Some(was)) if reported == was => {
                let number = slot.as_ref().and_then(|item| item.policy_no.clone());
                let same = self.policy_no.is_none() || self.policy_no == number;
                return if same { Ok(None) } else { Err(Refusal::FulfilmentConflict) };
            }
            (Reported::Issued | Reported::Cancelled, None)
            | (Reported::Surrendered, Some(Reported::Issued)) => {}
            (Reported::Issued | Reported::Cancelled, Some(_)) | (Reported::Surrendered, _) => {
                return Err(Refusal::FulfilmentConflict);
            }
        }
        let policy_no = self.policy_no.clone().or(slot.take().and_then(|item| item.policy_no));
        *slot = Some(ItemFulfilment { status: self.reported, policy_no });
        let own = items.iter().zip(&known).filter(|(item, _)| item.collected_for.is_none());
        let told: Vec<Option<Reported>> =
            own.map(|(_, known)| known.as_ref().map(|item| item.status)).collect();
        Ok(Some((whole(row.status, &told), known)))
    }
}

/// Issued from the first policy until the last has ended; cancelled if none ever was and none will be.
fn whole(before: FulfilmentStatus, told: &[Option<Reported>]) -> FulfilmentStatus {
    let any = |wanted: Option<Reported>| told.contains(&wanted);
    if any(Some(Reported::Issued)) || any(Some(Reported::Surrendered)) && any(None) {
        FulfilmentStatus::Issued
    } else if any(None) {
        before
    } else if any(Some(Reported::Surrendered)) {
        FulfilmentStatus::Surrendered
    } else {
        FulfilmentStatus::Cancelled
    }
}
