//! The checks that one statement makes: each selects rows for which an invariant does not hold.

use crate::verify::Names;

/// One check; `?1` is the tenant.
pub(super) struct Check {
    /// The invariant.
    pub id: &'static str,
    /// What must hold.
    pub says: &'static str,
    /// How the row found is named.
    pub names: Names,
    /// Selects the rows for which it does not hold.
    pub text: &'static str,
}

pub(super) const fn check(id: &'static str, says: &'static str, names: Names, text: &'static str) -> Check {
    Check { id, says, names, text }
}

const ENTRY: Names = Names::Id("ent");
const PAYMENT: Names = Names::Id("pay");
pub(super) const ATTEMPT: Names = Names::Id("att");
pub(super) const REFUND: Names = Names::Id("ref");
pub(super) const ACCOUNT: Names = Names::Id("acc");

/// In the order in which they are made.
pub(super) const CHECKS: &[Check] = &[
    check(
        "inv-1",
        "the lines of each entry balance and are those of its header",
        ENTRY,
        "SELECT l.entry_id FROM (SELECT entry_id, COUNT(*) AS n, MAX(line_no) AS last,
           SUM(CASE side WHEN 'debit' THEN amount_minor ELSE 0 END) AS debit,
           SUM(CASE side WHEN 'credit' THEN amount_minor ELSE 0 END) AS credit,
           SUM(CASE WHEN amount_minor <= 0 OR side NOT IN ('debit', 'credit') THEN 1 ELSE 0 END) AS bad
           FROM entry_lines WHERE tenant_id = ?1 GROUP BY entry_id) l
         LEFT JOIN entries e ON e.tenant_id = ?1 AND e.id = l.entry_id
         WHERE e.id IS NULL OR l.n < 2 OR l.last <> l.n OR l.bad > 0 OR l.debit <> l.credit
           OR l.debit <> e.debit_minor OR l.credit <> e.credit_minor",
    ),
    check(
        "inv-1",
        "each entry has lines",
        ENTRY,
        "SELECT e.id FROM entries e WHERE e.tenant_id = ?1 AND NOT EXISTS (SELECT 1 FROM entry_lines l
           WHERE l.tenant_id = ?1 AND l.entry_id = e.id)",
    ),
    check(
        "inv-1",
        "each line posts to an account in its entry's currency",
        ENTRY,
        "SELECT l.entry_id FROM entry_lines l JOIN entries e ON e.tenant_id = ?1 AND e.id = l.entry_id
         LEFT JOIN accounts a ON a.tenant_id = ?1 AND a.id = l.account_id
         WHERE l.tenant_id = ?1 AND (a.id IS NULL OR a.currency <> e.currency)",
    ),
    check(
        "inv-7",
        "no attempt took a channel account that is bound to another partner",
        ATTEMPT,
        "SELECT a.id FROM attempts a JOIN channel_accounts c ON c.tenant_id = ?1 AND c.id = a.channel_account_id
         JOIN payments p ON p.tenant_id = ?1 AND p.id = a.payment_id
         WHERE a.tenant_id = ?1 AND c.partner_id IS NOT NULL
           AND (p.partner_id IS NULL OR p.partner_id <> c.partner_id)",
    ),
    check(
        "inv-7",
        "no payment for a product of a partner came through another",
        PAYMENT,
        "SELECT p.id FROM payments p JOIN products d ON d.tenant_id = ?1 AND d.id = p.product_id
         WHERE p.tenant_id = ?1 AND d.partner_id IS NOT NULL
           AND (p.partner_id IS NULL OR p.partner_id <> d.partner_id)",
    ),
    check(
        "inv-2",
        "each reversal is the only one of an entry that exists",
        ENTRY,
        "SELECT e.id FROM entries e LEFT JOIN entry_reversals r ON r.tenant_id = ?1 AND r.reverses = e.reverses
         LEFT JOIN entries o ON o.tenant_id = ?1 AND o.id = e.reverses
         WHERE e.tenant_id = ?1 AND e.reverses IS NOT NULL
           AND (o.id IS NULL OR r.entry_id IS NULL OR r.entry_id <> e.id)",
    ),
    check(
        "inv-3",
        "each balance is the sum of the account's lines",
        ACCOUNT,
        "SELECT a.id FROM accounts a WHERE a.tenant_id = ?1 AND a.balance_minor <> COALESCE((
           SELECT SUM(CASE l.side WHEN 'credit' THEN l.amount_minor ELSE -l.amount_minor END)
           FROM entry_lines l WHERE l.tenant_id = ?1 AND l.account_id = a.id), 0)",
    ),
    check(
        "inv-3",
        "the balance after each line continues the account's history",
        ENTRY,
        "SELECT l.entry_id FROM (SELECT account_id, v, SUM(n) AS s FROM (
             SELECT account_id, balance_after_minor AS v, 1 AS n FROM entry_lines WHERE tenant_id = ?1
             UNION ALL SELECT account_id, balance_after_minor
               - CASE side WHEN 'credit' THEN amount_minor ELSE -amount_minor END, -1
               FROM entry_lines WHERE tenant_id = ?1) x
           GROUP BY account_id, v HAVING SUM(n) <> 0) o
         JOIN accounts a ON a.tenant_id = ?1 AND a.id = o.account_id
         JOIN entry_lines l ON l.tenant_id = ?1 AND l.account_id = o.account_id
           AND (l.balance_after_minor = o.v OR l.balance_after_minor
             - CASE l.side WHEN 'credit' THEN l.amount_minor ELSE -l.amount_minor END = o.v)
         WHERE NOT (o.v = a.balance_minor AND o.s = 1) AND NOT (o.v = 0 AND o.s = -1)
         GROUP BY l.entry_id, l.line_no ORDER BY COUNT(*) DESC",
    ),
    check(
        "inv-3",
        "all balances of a currency sum to zero",
        Names::Word,
        "SELECT currency FROM accounts WHERE tenant_id = ?1 GROUP BY currency HAVING SUM(balance_minor) <> 0",
    ),
    check(
        "inv-4",
        "no guarded account is below its limit",
        ACCOUNT,
        "SELECT id FROM accounts WHERE tenant_id = ?1 AND balance_minor < -credit_limit_minor AND kind IN
           ('pending_settlement', 'collected_for_others', 'cash', 'prepaid', 'held', 'duplicate', 'late_success', 'suspense', 'transfer_received',
           'transfer_return', 'cheques_uncleared')",
    ),
    check(
        "inv-6",
        "entries have no gap and never go back in time",
        ENTRY,
        "SELECT id FROM (SELECT id, seq, booked_at_us, LAG(seq) OVER w AS seq_before, LAG(booked_at_us) OVER w AS at_before
           FROM entries WHERE tenant_id = ?1 WINDOW w AS (PARTITION BY lane ORDER BY seq)) x
         WHERE seq <> COALESCE(seq_before, 0) + 1 OR booked_at_us <= at_before",
    ),
    check(
        "inv-6",
        "events have no gap and never go back in time",
        Names::Id("evt"),
        "SELECT id FROM (SELECT id, lane_seq, created_at_us, LAG(lane_seq) OVER w AS seq_before,
           LAG(created_at_us) OVER w AS at_before
           FROM events WHERE tenant_id = ?1 WINDOW w AS (PARTITION BY lane ORDER BY lane_seq)) x
         WHERE lane_seq <> COALESCE(seq_before, 0) + 1 OR created_at_us <= at_before",
    ),
    check(
        "inv-37",
        "acts have no gap and never go back in time",
        Names::Id("aud"),
        "SELECT id FROM (SELECT id, seq, at_us, LAG(seq) OVER w AS seq_before, LAG(at_us) OVER w AS at_before
           FROM audits WHERE tenant_id = ?1 WINDOW w AS (PARTITION BY lane ORDER BY seq)) x
         WHERE seq <> COALESCE(seq_before, 0) + 1 OR at_us <= at_before",
    ),
    check(
        "inv-6",
        "each lane's head is at its last rows",
        Names::Lane,
        "SELECT h.lane FROM heads h WHERE h.tenant_id = ?1 AND (
           h.entry_seq <> COALESCE((SELECT MAX(seq) FROM entries WHERE tenant_id = ?1 AND lane = h.lane), 0)
           OR h.event_seq <> COALESCE((SELECT MAX(lane_seq) FROM events WHERE tenant_id = ?1 AND lane = h.lane), 0)
           OR h.audit_seq <> COALESCE((SELECT MAX(seq) FROM audits WHERE tenant_id = ?1 AND lane = h.lane), 0))",
    ),
    check(
        "inv-8",
        "each succeeded payment has exactly one collection, and no other has one",
        PAYMENT,
        "SELECT p.id FROM payments p WHERE p.tenant_id = ?1 AND CASE p.status WHEN 'succeeded' THEN 1 ELSE 0 END <> (
           SELECT COUNT(*) FROM entries e WHERE e.tenant_id = ?1 AND e.payment_id = p.id AND e.kind = 'collect')",
    ),
    check(
        "inv-8",
        "each attempt that a cancel gave back is booked once as undone, and no other is",
        ATTEMPT,
        "SELECT a.id FROM attempts a WHERE a.tenant_id = ?1 AND CASE WHEN a.undone_minor > 0 THEN 1 ELSE 0 END <> (
           SELECT COUNT(*) FROM entries e WHERE e.tenant_id = ?1 AND e.payment_id = a.payment_id
             AND e.attempt_id = a.id AND e.kind = 'undone')",
    ),
    check(
        "inv-8",
        "each attempt whose money in suspense was credited is booked once so, and no other is",
        ATTEMPT,
        "SELECT a.id FROM attempts a WHERE a.tenant_id = ?1 AND CASE WHEN a.credited_minor > 0 THEN 1 ELSE 0 END <> (
           SELECT COUNT(*) FROM entries e WHERE e.tenant_id = ?1 AND e.payment_id = a.payment_id
             AND e.attempt_id = a.id AND e.kind = 'suspense_credit')",
    ),
    check(
        "inv-8",
        "each entry names a payment, attempt and refund that belong together",
        ENTRY,
        "SELECT e.id FROM entries e
         LEFT JOIN payments p ON p.tenant_id = ?1 AND p.id = e.payment_id
         LEFT JOIN attempts a ON a.tenant_id = ?1 AND a.id = e.attempt_id
         LEFT JOIN refunds r ON r.tenant_id = ?1 AND r.id = e.refund_id
         WHERE e.tenant_id = ?1 AND ((e.payment_id IS NOT NULL AND p.id IS NULL)
           OR (e.attempt_id IS NOT NULL AND (a.id IS NULL OR a.payment_id <> e.payment_id))
           OR (e.refund_id IS NOT NULL AND (r.id IS NULL OR r.payment_id <> e.payment_id)))",
    ),
    check(
        "inv-9",
        "each attempt is unknown exactly as long as it is said to be",
        ATTEMPT,
        "SELECT id FROM attempts WHERE tenant_id = ?1
           AND CASE status WHEN 'unknown' THEN 1 ELSE 0 END <> CASE WHEN unknown_since_us IS NULL THEN 0 ELSE 1 END",
    ),
    check(
        "inv-10",
        "each payment that is over says since when",
        PAYMENT,
        "SELECT id FROM payments WHERE tenant_id = ?1 AND (
           CASE WHEN status = 'succeeded' THEN 1 ELSE 0 END <> CASE WHEN succeeded_at_us IS NULL THEN 0 ELSE 1 END
           OR CASE WHEN status IN ('failed', 'closed') THEN 1 ELSE 0 END <> CASE WHEN ended_at_us IS NULL THEN 0 ELSE 1 END)",
    ),
    check(
        "inv-11",
        "no payment has two attempts that count",
        PAYMENT,
        "SELECT payment_id FROM attempts WHERE tenant_id = ?1 AND disposition = 'effective'
         GROUP BY payment_id HAVING COUNT(*) > 1",
    ),
    check(
        "inv-11",
        "each payment counts what came beside its collection and did not go back",
        PAYMENT,
        "SELECT p.id FROM payments p LEFT JOIN (SELECT o.payment_id, SUM(o.kept) AS kept FROM (
             SELECT payment_id, CASE WHEN received_minor - discount_minor - discount_merchant_minor - refunded_minor
               - late_refunded_minor - reversed_minor > 0 THEN received_minor - discount_minor - discount_merchant_minor
               - refunded_minor - late_refunded_minor - reversed_minor ELSE 0 END AS kept
             FROM attempts WHERE tenant_id = ?1 AND disposition IN ('duplicate', 'late', 'mismatch')
             UNION ALL SELECT payment_id, received_minor FROM transfer_orders
             WHERE tenant_id = ?1 AND status <> 'paid') o GROUP BY o.payment_id) s ON s.payment_id = p.id
         WHERE p.tenant_id = ?1 AND p.beside_minor <> COALESCE(s.kept, 0)",
    ),
    check(
        "inv-11",
        "each payment's effective attempt received its amount",
        PAYMENT,
        "SELECT p.id FROM payments p LEFT JOIN attempts a ON a.tenant_id = ?1 AND a.id = p.effective_attempt_id
         WHERE p.tenant_id = ?1 AND p.effective_attempt_id IS NOT NULL AND (a.id IS NULL OR a.payment_id <> p.id
           OR a.disposition IS NULL OR a.disposition <> 'effective' OR a.received_minor <> p.payer_minor)",
    ),
    check(
        "inv-11",
        "each open attempt is the one its payment waits for",
        ATTEMPT,
        "SELECT a.id FROM attempts a LEFT JOIN payments p ON p.tenant_id = ?1 AND p.id = a.payment_id
         WHERE a.tenant_id = ?1 AND a.status IN ('created', 'requires_action', 'processing', 'unknown')
           AND (p.id IS NULL OR p.open_attempt_id IS NULL OR p.open_attempt_id <> a.id)",
    ),
    check(
        "inv-17",
        "each attempt's refunds are those counted on it",
        ATTEMPT,
        "SELECT a.id FROM attempts a WHERE a.tenant_id = ?1 AND (
           a.refunded_minor + a.refunding_minor > a.received_minor - a.discount_minor - a.discount_merchant_minor
           OR a.refunded_minor <> COALESCE((SELECT SUM(r.amount_minor) FROM refunds r WHERE r.tenant_id = ?1
             AND r.payment_id = a.payment_id AND r.attempt_id = a.id AND r.status = 'succeeded'), 0)
           OR a.refunding_minor <> COALESCE((SELECT SUM(r.amount_minor) FROM refunds r WHERE r.tenant_id = ?1
             AND r.payment_id = a.payment_id AND r.attempt_id = a.id
             AND r.status IN ('pending_approval', 'approved', 'processing')), 0)
           OR a.late_refunded_minor <> COALESCE((SELECT SUM(r.amount_minor) FROM refunds r WHERE r.tenant_id = ?1
             AND r.payment_id = a.payment_id AND r.attempt_id = a.id AND r.late_succeeded_at_us IS NOT NULL), 0))",
    ),
    check(
        "inv-17",
        "each payment counts the refunds of the attempt that counts",
        PAYMENT,
        "SELECT p.id FROM payments p LEFT JOIN attempts a ON a.tenant_id = ?1 AND a.id = p.effective_attempt_id
         WHERE p.tenant_id = ?1 AND (p.refunded_minor <> COALESCE(a.refunded_minor, 0)
           OR p.refunding_minor <> COALESCE(a.refunding_minor, 0)
           OR p.late_refunded_minor <> COALESCE(a.late_refunded_minor, 0))",
    ),
    check(
        "inv-10",
        "each refund done after its end is booked once by an entry of its own, and no other has one",
        REFUND,
        "SELECT r.id FROM refunds r WHERE r.tenant_id = ?1
           AND CASE WHEN r.late_succeeded_at_us IS NULL THEN 0 ELSE 1 END <> (SELECT COUNT(*) FROM entries e
             WHERE e.tenant_id = ?1 AND e.payment_id = r.payment_id AND e.refund_id = r.id
             AND e.kind = 'refund_late')",
    ),
    check(
        "inv-18",
        "each refund has one hold, ended as the refund ended",
        REFUND,
        "SELECT r.id FROM refunds r LEFT JOIN holds h ON h.tenant_id = ?1 AND h.id = r.hold_id
         WHERE r.tenant_id = ?1 AND (h.id IS NULL OR h.refund_id <> r.id OR h.status <> CASE
             WHEN r.status = 'succeeded' THEN 'captured'
             WHEN r.status IN ('failed', 'rejected', 'cancelled') THEN 'released' ELSE 'open' END
           OR h.pending_settlement_minor + h.collected_for_others_minor + h.cash_minor + h.prepaid_minor + h.duplicate_minor + h.late_success_minor
             + h.suspense_minor < r.amount_minor
           OR r.late_succeeded_at_us IS NULL AND h.pending_settlement_minor + h.collected_for_others_minor + h.cash_minor + h.prepaid_minor
             + h.duplicate_minor + h.late_success_minor + h.suspense_minor <> r.amount_minor + r.discount_minor + r.parts_minor)",
    ),
    check(
        "inv-18",
        "each held account holds exactly the open holds",
        ACCOUNT,
        "SELECT a.id FROM accounts a WHERE a.tenant_id = ?1 AND a.kind = 'held' AND a.balance_minor <> COALESCE((
           SELECT SUM(h.pending_settlement_minor + h.collected_for_others_minor + h.cash_minor + h.prepaid_minor + h.duplicate_minor
             + h.late_success_minor + h.suspense_minor)
           FROM holds h WHERE h.tenant_id = ?1 AND h.status = 'open' AND h.merchant_id = a.owner_id
             AND h.currency = a.currency), 0)",
    ),
    check(
        "inv-18",
        "each open hold has a held account",
        Names::Id("hld"),
        "SELECT h.id FROM holds h WHERE h.tenant_id = ?1 AND h.status = 'open' AND NOT EXISTS (
           SELECT 1 FROM accounts a WHERE a.tenant_id = ?1 AND a.owner_kind = 'merchant'
             AND a.owner_id = h.merchant_id AND a.kind = 'held' AND a.currency = h.currency)",
    ),
    check(
        "inv-28",
        "each delivery sends an event that exists to an endpoint that exists",
        Names::Id("dlv"),
        "SELECT d.id FROM deliveries d LEFT JOIN events e ON e.tenant_id = ?1 AND e.id = d.event_id
         LEFT JOIN webhook_endpoints w ON w.tenant_id = ?1 AND w.id = d.endpoint_id
         WHERE d.tenant_id = ?1 AND (e.id IS NULL OR w.id IS NULL)",
    ),
    check(
        "inv-29",
        "the events of each object are numbered without gap",
        Names::Id("evt"),
        "SELECT id FROM (SELECT id, object_seq, LAG(object_seq) OVER (PARTITION BY object_id ORDER BY object_seq) AS before
           FROM events WHERE tenant_id = ?1 AND kind <> 'test') x WHERE object_seq <> COALESCE(before, 0) + 1",
    ),
    check(
        "inv-38",
        "each payment is of a merchant that exists",
        PAYMENT,
        "SELECT p.id FROM payments p WHERE p.tenant_id = ?1
           AND NOT EXISTS (SELECT 1 FROM merchants m WHERE m.tenant_id = ?1 AND m.id = p.merchant_id)",
    ),
    check(
        "inv-38",
        "each merchant order number names a payment that exists",
        Names::Word,
        "SELECT k.natural_key FROM natural_keys k WHERE k.tenant_id = ?1 AND k.kind = 'merchant_order'
           AND NOT EXISTS (SELECT 1 FROM payments p WHERE p.tenant_id = ?1 AND p.id = k.id)",
    ),
    check(
        "inv-40",
        "each attempt under way has a next step in the outbox, unless its money is in suspense",
        ATTEMPT,
        "SELECT a.id FROM attempts a WHERE a.tenant_id = ?1 AND COALESCE(a.disposition, '') <> 'mismatch'
           AND a.method NOT IN ('bank_transfer', 'cheque', 'cash', 'pos', 'kiosk')
           AND a.status IN ('created', 'requires_action', 'processing', 'unknown')
           AND NOT EXISTS (SELECT 1 FROM instructions i WHERE i.tenant_id = ?1 AND i.id = a.id AND i.status = 'open')",
    ),
    check(
        "inv-40",
        "each refund under way has a next step in the outbox",
        REFUND,
        "SELECT r.id FROM refunds r JOIN attempts a ON a.tenant_id = ?1 AND a.id = r.attempt_id
         WHERE r.tenant_id = ?1 AND r.status IN ('approved', 'processing')
           AND a.method NOT IN ('bank_transfer', 'cheque', 'cash', 'pos', 'kiosk')
           AND NOT EXISTS (SELECT 1 FROM instructions i WHERE i.tenant_id = ?1 AND i.id = r.id AND i.status = 'open')",
    ),
];
