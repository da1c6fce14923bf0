//! Follows each payment that has parts: their terms are JSON, which SQL does not read the same on both engines.

use crate::failure::Failure;
use crate::reader::{records, tuples};
use crate::record::Record;
use crate::value::{Column, Kind, Value};
use crate::verify::View;
use crate::writer::request::{Returned, Sql};
use std::collections::BTreeMap;
use tk_domain::id::{PaymentId, TenantId, TypedId};
use tk_domain::payment::{Part, PartFunder, PartKind, PartReturn, Payment, PaymentStatus};
use tk_domain::refund::Refund;

/// What must hold.
pub(super) const SAYS: &str =
    "each payment's parts and the payer's money are its amount, and are booked and given back as frozen";
const PAGE: usize = 200;
/// How often a payment that changes meanwhile is read again.
const TRIES: usize = 20;

/// Names the first payment whose parts do not add up.
pub(super) async fn parts(view: &View, tenant_id: TenantId) -> Result<Option<String>, Failure> {
    let mut after = PaymentId::default();
    loop {
        let page = payments_with("parts", tenant_id, after);
        let page: Vec<Payment> = records(view.rows(tenant_id, page).await?)?;
        let Some(last) = page.last() else { return Ok(None) };
        after = last.id;
        for payment in &page {
            let refunds = refunds_that_count(view, payment).await?;
            let sums = booked(view, payment).await?;
            // A serving process may have written between these reads: what does not hold is read again.
            if !holds(payment, &refunds, &sums) && !holds_still(view, payment).await? {
                return Ok(Some(payment.id.to_string()));
            }
        }
    }
}

/// The refunds of the attempt that counts.
pub(super) async fn refunds_that_count(view: &View, payment: &Payment) -> Result<Vec<Refund>, Failure> {
    Ok(counting(payment, records(view.rows(payment.tenant_id, refunds_of(payment)).await?)?))
}

fn counting(payment: &Payment, mut refunds: Vec<Refund>) -> Vec<Refund> {
    refunds.retain(|row| payment.effective_attempt_id == Some(row.attempt_id));
    refunds
}

async fn holds_still(view: &View, payment: &Payment) -> Result<bool, Failure> {
    let Some((payment, refunds, rows)) = still(view, payment, lines_by_kind(payment)).await? else {
        return Ok(true);
    };
    let booked = tuples::<(String, i64)>(rows)?.into_iter().collect();
    Ok(holds(&payment, &refunds, &booked))
}

/// A payment with its refunds and what its lines say, read while it did not change: whatever concerns either is committed
/// with its row. Nothing where it changed each time.
pub(super) async fn still(
    view: &View,
    payment: &Payment,
    lines: Sql,
) -> Result<Option<(Payment, Vec<Refund>, Returned)>, Failure> {
    for _ in 0..TRIES {
        let asked = vec![payment_now(payment), refunds_of(payment), lines.clone(), payment_now(payment)];
        let mut found = view.all(payment.tenant_id, asked).await?.into_iter();
        let mut next = || found.next().unwrap_or_default();
        let (before, refunds, rows, after) = (next(), next(), next(), next());
        let (before, after): (Vec<Payment>, Vec<Payment>) = (records(before)?, records(after)?);
        if before == after {
            let Some(payment) = before.into_iter().next() else { return Ok(None) };
            let refunds = counting(&payment, records(refunds)?);
            return Ok(Some((payment, refunds, rows)));
        }
    }
    Ok(None)
}

/// One payment as it stands.
fn payment_now(payment: &Payment) -> Sql {
    let table = Payment::table();
    Sql {
        text: format!("SELECT {} FROM payments WHERE tenant_id = ?1 AND id = ?2", table.column_list()),
        params: vec![payment.tenant_id.to_value(), Value::Id(payment.id.id128().0)],
        returns: table.kinds.clone(),
    }
}

/// The next page of the payments that have something in this column.
pub(super) fn payments_with(column: &'static str, tenant_id: TenantId, after: PaymentId) -> Sql {
    let table = Payment::table();
    Sql {
        text: format!(
            "SELECT {} FROM payments WHERE tenant_id = ?1 AND id > ?2 AND {column} IS NOT NULL ORDER BY id LIMIT {PAGE}",
            table.column_list()
        ),
        params: vec![tenant_id.to_value(), Value::Id(after.id128().0)],
        returns: table.kinds.clone(),
    }
}

fn refunds_of(payment: &Payment) -> Sql {
    let table = Refund::table();
    Sql {
        text: format!("SELECT {} FROM refunds WHERE tenant_id = ?1 AND payment_id = ?2", table.column_list()),
        params: vec![payment.tenant_id.to_value(), Value::Id(payment.id.id128().0)],
        returns: table.kinds.clone(),
    }
}

/// The payment's lines by kind of account, credits less debits.
async fn booked(view: &View, payment: &Payment) -> Result<BTreeMap<String, i64>, Failure> {
    let rows = view.rows(payment.tenant_id, lines_by_kind(payment)).await?;
    Ok(tuples::<(String, i64)>(rows)?.into_iter().collect())
}

fn lines_by_kind(payment: &Payment) -> Sql {
    Sql {
        text:
            "SELECT CASE WHEN e.kind = 'collect' AND c.kind IN ('pending_settlement', 'collected_for_others')
               THEN 'collected' ELSE c.kind END,
             CAST(SUM(CASE l.side WHEN 'credit' THEN l.amount_minor ELSE -l.amount_minor END) AS BIGINT)
           FROM entries e JOIN entry_lines l ON l.tenant_id = ?1 AND l.entry_id = e.id
           JOIN accounts c ON c.tenant_id = ?1 AND c.id = l.account_id
           WHERE e.tenant_id = ?1 AND e.payment_id = ?2 GROUP BY 1"
                .to_owned(),
        params: vec![payment.tenant_id.to_value(), Value::Id(payment.id.id128().0)],
        returns: vec![Kind::Text, Kind::Int],
    }
}

fn holds(payment: &Payment, refunds: &[Refund], booked: &BTreeMap<String, i64>) -> bool {
    let parts = payment.parts();
    let whole: i64 = parts.iter().map(|part| part.amount).sum();
    if parts.is_empty() || whole + payment.payer_minor != payment.amount_minor {
        return false;
    }
    let live = |refund: &&Refund| refund.status.counts() || refund.late_succeeded_at_us.is_some();
    let done = |refund: &&Refund| refund.succeeded_at_us.is_some() || refund.late_succeeded_at_us.is_some();
    let back = sum_shares(refunds.iter().filter(live), parts.len());
    let counted = payment.parts_back();
    let same = back.iter().enumerate().all(|(place, sum)| counted.get(place).copied().unwrap_or(0) == *sum);
    let within = parts.iter().zip(&back).all(|(part, back)| {
        (0..=part.amount).contains(back) && (part.on_refund == PartReturn::Proportion || *back == 0)
    });
    // What a refund done after its end left to one that was then open and withdrawn, a person settles.
    let gone = payment.refunded_minor;
    let whole_back = gone == 0
        || gone < payment.refund_base_minor()
        || payment.status != PaymentStatus::Succeeded
        || parts
            .iter()
            .zip(&back)
            .all(|(part, back)| part.on_refund == PartReturn::Kept || *back == part.amount);
    let held = refunds.iter().all(|refund| {
        let moving = parts.iter().zip(refund.part_shares()).filter(|(part, _)| part.moves_money());
        refund.shares.parts_minor == moving.map(|(_, share)| share).sum::<i64>()
    });
    let given = sum_shares(refunds.iter().filter(done), parts.len());
    same && within && whole_back && held && booked_as_frozen(payment, &parts, &given, booked)
}

fn sum_shares<'a>(refunds: impl Iterator<Item = &'a Refund>, places: usize) -> Vec<i64> {
    let mut sums = vec![0_i64; places];
    for refund in refunds {
        for (sum, share) in sums.iter_mut().zip(refund.part_shares()) {
            *sum += share;
        }
    }
    sums
}

/// The entries of the payment say what its parts let expect: collected once, and given back with refunds done.
fn booked_as_frozen(
    payment: &Payment,
    parts: &[Part],
    given: &[i64],
    booked: &BTreeMap<String, i64>,
) -> bool {
    let collected = payment.status == PaymentStatus::Succeeded;
    let open = |wanted: PartKind| -> i64 {
        let of_kind = parts.iter().zip(given).filter(|(part, _)| part.kind == wanted && part.moves_money());
        of_kind.map(|(part, given)| if collected { part.amount - given } else { 0 }).sum()
    };
    let at = |kind: &str| booked.get(kind).copied().unwrap_or(0);
    let put_up: i64 =
        parts.iter().filter(|part| part.funder != PartFunder::Merchant).map(|part| part.amount).sum();
    let owed = put_up + payment.refund_base_minor()..=put_up + payment.payer_minor;
    let credited = !collected || owed.contains(&at("collected"));
    let (coupons, advances) = (open(PartKind::Coupon), open(PartKind::Advance));
    credited
        && at("coupon_receivable") == -coupons
        && at("advance_funding") == -advances
        && at("advance_receivable") == -advances
        && at("advance_payable") == advances
}
