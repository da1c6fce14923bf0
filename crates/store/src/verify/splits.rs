//! What must hold of splits: shares add up, refunds take back what they say, and all of it is booked.

use crate::verify::Names;
use crate::verify::checks::{ACCOUNT, Check, REFUND, check};

const SPLIT: Names = Names::Id("spl");
const LINE: Names = Names::Id("sln");
const PAYMENT: Names = Names::Id("pay");
const RETURN: Names = Names::Id("srt");

/// In the order in which they are made.
pub(super) const CHECKS: &[Check] = &[
    check(
        "inv-5",
        "the shares of each split are as many and as much as it says",
        SPLIT,
        "SELECT s.id FROM splits s LEFT JOIN (SELECT split_id, COUNT(*) AS n, SUM(amount_minor) AS total,
             MIN(position) AS first, SUM(CASE WHEN to_merchant_id IS NULL THEN 1 ELSE 0 END) AS parties
           FROM split_lines WHERE tenant_id = ?1 GROUP BY split_id) l ON l.split_id = s.id
         WHERE s.tenant_id = ?1 AND (COALESCE(l.n, 0) <> s.lines_count OR COALESCE(l.total, 0) <> s.amount_minor
           OR l.first <> s.first_line OR l.parties <> CASE s.mode WHEN 'books' THEN 0 ELSE s.lines_count END)",
    ),
    check(
        "inv-5",
        "each payment counts its shares and gives away no more than it is",
        PAYMENT,
        "SELECT p.id FROM payments p LEFT JOIN (SELECT payment_id, COUNT(*) AS splits
           FROM splits WHERE tenant_id = ?1 GROUP BY payment_id) s ON s.payment_id = p.id
         LEFT JOIN (SELECT payment_id, COUNT(*) AS n,
             SUM(CASE WHEN status = 'failed' THEN 0 ELSE amount_minor END) AS total
           FROM split_lines WHERE tenant_id = ?1 GROUP BY payment_id) l ON l.payment_id = p.id
         WHERE p.tenant_id = ?1 AND (p.split_lines_count <> COALESCE(l.n, 0)
           OR p.splits_count <> COALESCE(s.splits, 0) OR COALESCE(l.total, 0) > p.payer_minor
           OR l.n > 0 AND p.effective_attempt_id IS NULL)",
    ),
    check(
        "inv-23",
        "what came back of each share, and is coming, is what refunds took",
        LINE,
        "SELECT l.id FROM split_lines l LEFT JOIN (SELECT line_id,
             SUM(CASE WHEN status = 'done' THEN amount_minor ELSE 0 END) AS done,
             SUM(CASE WHEN ended_at_us IS NULL THEN amount_minor ELSE 0 END) AS under_way
           FROM split_returns WHERE tenant_id = ?1 GROUP BY line_id) r ON r.line_id = l.id
         WHERE l.tenant_id = ?1 AND (l.returned_minor <> COALESCE(r.done, 0)
           OR l.returning_minor <> COALESCE(r.under_way, 0))",
    ),
    check(
        "inv-18",
        "no refund that has ended keeps a share on its way, but those that come back with it until the channel has said so",
        REFUND,
        "SELECT r.id FROM refunds r JOIN split_returns b ON b.tenant_id = ?1 AND b.refund_id = r.id
         WHERE r.tenant_id = ?1 AND ((b.status IN ('held', 'waiting', 'processing') OR b.ended_at_us IS NULL)
             AND r.status IN ('succeeded', 'failed', 'rejected', 'cancelled')
             AND NOT (b.status = 'processing' AND b.mode IN ('along', 'itself')
               AND (r.succeeded_at_us IS NOT NULL OR r.late_succeeded_at_us IS NOT NULL))
           OR b.payment_id <> r.payment_id)",
    ),
    check(
        "inv-3",
        "the shares of each payment are booked once",
        PAYMENT,
        "SELECT p.id FROM payments p LEFT JOIN (SELECT payment_id, SUM(amount_minor) AS total
           FROM split_lines WHERE tenant_id = ?1 GROUP BY payment_id) l ON l.payment_id = p.id
         LEFT JOIN (SELECT payment_id, SUM(debit_minor) AS total FROM entries
           WHERE tenant_id = ?1 AND kind = 'split' GROUP BY payment_id) e ON e.payment_id = p.id
         WHERE p.tenant_id = ?1 AND COALESCE(l.total, 0) <> COALESCE(e.total, 0)",
    ),
    check(
        "inv-3",
        "what each refund took back of shares is booked, and given again where it ended without money",
        REFUND,
        "SELECT r.id FROM refunds r LEFT JOIN (SELECT refund_id,
             SUM(CASE WHEN status = 'released' OR status = 'refused' AND ended_at_us IS NOT NULL
               THEN 0 ELSE amount_minor END) AS total
           FROM split_returns WHERE tenant_id = ?1 GROUP BY refund_id) b ON b.refund_id = r.id
         LEFT JOIN (SELECT refund_id, SUM(CASE kind WHEN 'split_return' THEN debit_minor ELSE -debit_minor END) AS total
           FROM entries WHERE tenant_id = ?1 AND kind IN ('split_return', 'split_return_undone')
           GROUP BY refund_id) e ON e.refund_id = r.id
         WHERE r.tenant_id = ?1 AND COALESCE(b.total, 0) <> COALESCE(e.total, 0)",
    ),
    check(
        "inv-3",
        "what channels have to pay each receiver is its open shares less what is on its way back",
        ACCOUNT,
        "SELECT a.id FROM accounts a LEFT JOIN (SELECT to_receiver_id AS owner, currency, SUM(CASE status
             WHEN 'pending' THEN amount_minor - returning_minor WHEN 'done' THEN -returning_minor ELSE 0 END) AS open
           FROM split_lines WHERE tenant_id = ?1 AND to_receiver_id IS NOT NULL GROUP BY to_receiver_id, currency) l
           ON l.owner = a.owner_id AND l.currency = a.currency
         WHERE a.tenant_id = ?1 AND a.kind = 'split_payable' AND a.balance_minor <> COALESCE(l.open, 0)",
    ),
    check(
        "inv-3",
        "what channels paid to receivers of each payment, and took back, is booked once",
        PAYMENT,
        "SELECT p.id FROM payments p LEFT JOIN (SELECT payment_id, SUM(amount_minor) AS total FROM split_lines
           WHERE tenant_id = ?1 AND to_receiver_id IS NOT NULL AND status = 'done' GROUP BY payment_id) l
           ON l.payment_id = p.id
         LEFT JOIN (SELECT b.payment_id, SUM(b.amount_minor) AS total FROM split_returns b JOIN split_lines l
             ON l.tenant_id = ?1 AND l.id = b.line_id
           WHERE b.tenant_id = ?1 AND b.mode <> 'books' AND b.status = 'done' AND l.status <> 'failed'
           GROUP BY b.payment_id) b ON b.payment_id = p.id
         LEFT JOIN (SELECT payment_id, SUM(CASE kind WHEN 'split_paid' THEN debit_minor WHEN 'split_paid_undone' THEN -debit_minor ELSE 0 END) AS paid,
             SUM(CASE kind WHEN 'split_returned' THEN debit_minor ELSE 0 END) AS returned FROM entries
           WHERE tenant_id = ?1 AND kind IN ('split_paid', 'split_paid_undone', 'split_returned') GROUP BY payment_id) e
           ON e.payment_id = p.id
         WHERE p.tenant_id = ?1 AND (COALESCE(l.total, 0) <> COALESCE(e.paid, 0)
           OR COALESCE(b.total, 0) <> COALESCE(e.returned, 0))",
    ),
    check(
        "inv-18",
        "something remains to be said of every split whose outcome is open",
        SPLIT,
        "SELECT s.id FROM splits s WHERE s.tenant_id = ?1 AND s.status IN ('pending', 'processing')
           AND NOT EXISTS (SELECT 1 FROM instructions i WHERE i.tenant_id = ?1 AND i.id = s.id AND i.status = 'open')",
    ),
    check(
        "inv-18",
        "something remains to be said of every share on its way back",
        RETURN,
        "SELECT b.id FROM split_returns b WHERE b.tenant_id = ?1 AND b.status = 'processing'
           AND NOT EXISTS (SELECT 1 FROM instructions i WHERE i.tenant_id = ?1 AND i.id = b.id AND i.status = 'open')",
    ),
    check(
        "inv-23",
        "no refund is said before the shares that come back ahead of it did",
        REFUND,
        "SELECT r.id FROM refunds r JOIN split_returns b ON b.tenant_id = ?1 AND b.refund_id = r.id
         LEFT JOIN instructions i ON i.tenant_id = ?1 AND i.id = r.id AND i.status = 'open'
         WHERE r.tenant_id = ?1 AND b.mode = 'ahead' AND b.status NOT IN ('done', 'released')
           AND (r.status IN ('processing', 'succeeded') OR (r.ended_at_us IS NULL AND i.kind IN ('refund', 'refund_query')))",
    ),
];
