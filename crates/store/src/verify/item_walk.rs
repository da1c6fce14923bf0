//! Follows each payment that has items: they are JSON, which SQL does not read the same on both engines.

use crate::failure::Failure;
use crate::reader::{records, tuples};
use crate::record::Record;
use crate::value::{Column, Kind, Value};
use crate::verify::View;
use crate::verify::part_walk::{payments_with, refunds_that_count, still};
use crate::writer::request::{Returned, Sql};
use tk_domain::fulfilment::{Fulfilment, ItemFulfilment, Reported};
use tk_domain::id::{PaymentId, TenantId, TypedId};
use tk_domain::payment::{Payment, PaymentStatus};
use tk_domain::refund::Refund;

/// What must hold.
pub(super) const SAYS: &str = "each payment's items sum to it, go back at most once and never beside their policy, and are booked apart where they are collected for others";

/// Names the first payment whose items do not add up.
pub(super) async fn items(view: &View, tenant_id: TenantId) -> Result<Option<String>, Failure> {
    let mut after = PaymentId::default();
    loop {
        let page = payments_with("items", tenant_id, after);
        let page: Vec<Payment> = records(view.rows(tenant_id, page).await?)?;
        let Some(last) = page.last() else { return Ok(None) };
        after = last.id;
        for payment in &page {
            let refunds = refunds_that_count(view, payment).await?;
            let sums = booked(view, payment).await?;
            // A serving process may have written between these reads: what does not hold is read again.
            let whole = holds(payment, &refunds, sums) || holds_still(view, payment).await?;
            if !whole || !policies_hold(view, payment).await? {
                return Ok(Some(payment.id.to_string()));
            }
        }
    }
}

/// What its collection credited to what is collected for others, and what all its entries did, minor units.
#[derive(Debug, Clone, Copy, Default)]
struct Booked {
    collected: i64,
    left: i64,
}

async fn booked(view: &View, payment: &Payment) -> Result<Booked, Failure> {
    sums(view.rows(payment.tenant_id, lines_for_others(payment)).await?)
}

fn sums(rows: Returned) -> Result<Booked, Failure> {
    let rows = tuples::<(i64, i64)>(rows)?;
    Ok(rows.into_iter().next().map(|(collected, left)| Booked { collected, left }).unwrap_or_default())
}

async fn holds_still(view: &View, payment: &Payment) -> Result<bool, Failure> {
    let Some((payment, refunds, rows)) = still(view, payment, lines_for_others(payment)).await? else {
        return Ok(true);
    };
    Ok(holds(&payment, &refunds, sums(rows)?))
}

/// Whether no item has both a policy and its money back, unless a person was told.
async fn policies_hold(view: &View, payment: &Payment) -> Result<bool, Failure> {
    if payment.fulfilment.is_none() {
        return Ok(true);
    }
    let Some((payment, _, rows)) = still(view, payment, fulfilment_of(payment)).await? else {
        return Ok(true);
    };
    let back = payment.items_back();
    let policies: Vec<Fulfilment> = records(rows)?;
    let reported = policies.first().map(Fulfilment::items).unwrap_or_default();
    let issued =
        |item: &Option<ItemFulfilment>| item.as_ref().is_some_and(|item| item.status == Reported::Issued);
    let both = reported.iter().zip(&back).any(|(item, back)| *back > 0 && issued(item));
    Ok(!both || !view.rows(payment.tenant_id, told_of(&payment)).await?.is_empty())
}

fn fulfilment_of(payment: &Payment) -> Sql {
    let table = Fulfilment::table();
    Sql {
        text: format!("SELECT {} FROM fulfilments WHERE tenant_id = ?1 AND id = ?2", table.column_list()),
        params: vec![payment.tenant_id.to_value(), Value::Id(payment.id.id128().0)],
        returns: table.kinds.clone(),
    }
}

fn told_of(payment: &Payment) -> Sql {
    Sql {
        text: "SELECT kind FROM exceptions WHERE tenant_id = ?1 AND payment_id = ?2 AND kind = 'issued_and_refunded'"
            .to_owned(),
        params: vec![payment.tenant_id.to_value(), Value::Id(payment.id.id128().0)],
        returns: vec![Kind::Text],
    }
}

fn lines_for_others(payment: &Payment) -> Sql {
    Sql {
        text: "SELECT CAST(COALESCE(SUM(CASE WHEN e.kind = 'collect' THEN l.amount_minor ELSE 0 END), 0) AS BIGINT),
             CAST(COALESCE(SUM(CASE l.side WHEN 'credit' THEN l.amount_minor ELSE -l.amount_minor END), 0) AS BIGINT)
           FROM entries e JOIN entry_lines l ON l.tenant_id = ?1 AND l.entry_id = e.id
           JOIN accounts c ON c.tenant_id = ?1 AND c.id = l.account_id AND c.kind = 'collected_for_others'
           WHERE e.tenant_id = ?1 AND e.payment_id = ?2 AND e.kind <> 'transfer_reversed'"
            .to_owned(),
        params: vec![payment.tenant_id.to_value(), Value::Id(payment.id.id128().0)],
        returns: vec![Kind::Int, Kind::Int],
    }
}

fn holds(payment: &Payment, refunds: &[Refund], booked: Booked) -> bool {
    let items = payment.items();
    let sum: i64 = items.iter().map(|item| item.amount).sum();
    if items.is_empty() || sum != payment.amount_minor {
        return false;
    }
    let mut back = vec![0_i64; items.len()];
    for refund in refunds.iter().filter(|row| row.status.counts() || row.late_succeeded_at_us.is_some()) {
        let shares = refund.item_shares();
        back.iter_mut().zip(&shares).for_each(|(sum, share)| *sum += share);
        // One that was done after its end may find that others took what it was of.
        if refund.late_succeeded_at_us.is_none() && shares.iter().sum::<i64>() != refund.amount_minor {
            return false;
        }
    }
    let counted = payment.items_back();
    let same = back.iter().enumerate().all(|(place, sum)| counted.get(place).copied().unwrap_or(0) == *sum);
    let within = payment.item_bases().iter().zip(&back).all(|(base, back)| (0..=*base).contains(back));
    let collected = payment.status == PaymentStatus::Succeeded;
    let others = if collected { payment.for_others(&payment.item_bases()) } else { 0 };
    // What refunds left for others, whatever a bank took back of it; one done after its end may have found less.
    let left = others - payment.for_others(&back);
    let reversed = (0..=others).contains(&payment.reversed_others_minor);
    let exact = payment.late_refunded_minor == 0;
    let books = booked.collected == others
        && if exact { booked.left == left } else { (0..=others).contains(&booked.left) };
    same && within && books && reversed
}
