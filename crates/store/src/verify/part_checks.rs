//! The checks about who paid what: the payer's money, the channel's discounts, and what went back of them.

use crate::verify::Names;
use crate::verify::checks::{ATTEMPT, Check, REFUND, check};

/// Made for each tenant, like those of [`super::checks`].
pub(super) const PART_CHECKS: &[Check] = &[
    check(
        "inv-7",
        "each payment without parts asks its payer for the whole, any other for less",
        Names::Id("pay"),
        "SELECT id FROM payments WHERE tenant_id = ?1 AND (payer_minor < 1 OR payer_minor > amount_minor
           OR (parts IS NULL AND payer_minor <> amount_minor) OR (parts IS NOT NULL AND payer_minor = amount_minor))",
    ),
    check(
        "inv-7",
        "each attempt asks for what the payer is to pay",
        ATTEMPT,
        "SELECT a.id FROM attempts a JOIN payments p ON p.tenant_id = ?1 AND p.id = a.payment_id
         WHERE a.tenant_id = ?1 AND a.amount_minor <> p.payer_minor",
    ),
    check(
        "inv-11",
        "each payment knows what the channel took off for the attempt that counts",
        Names::Id("pay"),
        "SELECT p.id FROM payments p LEFT JOIN attempts a ON a.tenant_id = ?1 AND a.id = p.effective_attempt_id
         WHERE p.tenant_id = ?1
           AND p.discount_minor <> COALESCE(a.discount_minor + a.discount_merchant_minor, 0)",
    ),
    check(
        "inv-8",
        "each collection without parts credits its merchant, or what was paid in advance, with what the channel pays over",
        ATTEMPT,
        "SELECT a.id FROM entries e JOIN payments p ON p.tenant_id = ?1 AND p.id = e.payment_id
         JOIN attempts a ON a.tenant_id = ?1 AND a.id = e.attempt_id
         WHERE e.tenant_id = ?1 AND e.kind = 'collect' AND p.parts IS NULL
           AND a.received_minor - a.discount_merchant_minor <> COALESCE((
             SELECT SUM(CASE l.side WHEN 'credit' THEN l.amount_minor ELSE -l.amount_minor END)
             FROM entry_lines l JOIN accounts c ON c.tenant_id = ?1 AND c.id = l.account_id
             WHERE l.tenant_id = ?1 AND l.entry_id = e.id AND (c.kind IN ('pending_settlement', 'collected_for_others')
               AND p.prepayment_id IS NULL
               OR c.kind = 'prepaid' AND c.owner_id = p.prepayment_id)), 0)",
    ),
    check(
        "inv-23",
        "each attempt counts the discounts that go back with its refunds, never more than were granted",
        ATTEMPT,
        "SELECT a.id FROM attempts a WHERE a.tenant_id = ?1 AND (
           a.discount_back_minor > a.discount_minor OR a.discount_merchant_back_minor > a.discount_merchant_minor
           OR a.discount_back_minor <> COALESCE((SELECT SUM(r.discount_minor) FROM refunds r
             WHERE r.tenant_id = ?1 AND r.payment_id = a.payment_id AND r.attempt_id = a.id
             AND (r.status NOT IN ('failed', 'rejected', 'cancelled') OR r.late_succeeded_at_us IS NOT NULL)), 0)
           OR a.discount_gone_minor <> COALESCE((SELECT SUM(r.order_minor - r.amount_minor) FROM refunds r
             WHERE r.tenant_id = ?1 AND r.payment_id = a.payment_id AND r.attempt_id = a.id
             AND (r.status = 'succeeded' OR r.late_succeeded_at_us IS NOT NULL)), 0)
           OR a.discount_merchant_back_minor <> COALESCE((SELECT SUM(r.discount_merchant_minor) FROM refunds r
             WHERE r.tenant_id = ?1 AND r.payment_id = a.payment_id AND r.attempt_id = a.id
             AND (r.status NOT IN ('failed', 'rejected', 'cancelled') OR r.late_succeeded_at_us IS NOT NULL)), 0))",
    ),
    check(
        "inv-17",
        "each refund asked the channel for the payer's money and the discounts that go with it",
        REFUND,
        "SELECT id FROM refunds WHERE tenant_id = ?1 AND (order_minor < amount_minor
           OR late_succeeded_at_us IS NULL
             AND order_minor <> amount_minor + discount_minor + discount_merchant_minor)",
    ),
    check(
        "inv-21",
        "each refund done is booked with what left us at the channel by its word",
        REFUND,
        "SELECT r.id FROM refunds r JOIN entries e ON e.tenant_id = ?1 AND e.payment_id = r.payment_id
           AND e.refund_id = r.id AND e.kind IN ('refund', 'refund_late')
         WHERE r.tenant_id = ?1 AND r.settled_back_minor - r.channel_fee_refund_minor <> COALESCE((
             SELECT SUM(CASE l.side WHEN 'credit' THEN l.amount_minor ELSE -l.amount_minor END)
             FROM entry_lines l JOIN accounts c ON c.tenant_id = ?1 AND c.id = l.account_id
             WHERE l.tenant_id = ?1 AND l.entry_id = e.id
               AND c.kind IN ('channel_receivable', 'unexplained_debit', 'cash_drawer')), 0)",
    ),
];
