//! What must hold of the counter: every movement is money in the books, and every drawer holds what its shift says.

use crate::verify::Names;
use crate::verify::checks::{ACCOUNT, ATTEMPT, Check, check};

const SHIFT: Names = Names::Id("shf");
const DAY: Names = Names::Id("cdy");
const MOVEMENT: Names = Names::Id("cmv");

/// In the order in which they are made.
pub(super) const CHECKS: &[Check] = &[
    check(
        "inv-8",
        "each taking is an attempt of a counter that received its amount, and each such attempt is a taking",
        ATTEMPT,
        "SELECT m.id FROM counter_movements m LEFT JOIN attempts a ON a.tenant_id = ?1 AND a.id = m.attempt_id
         WHERE m.tenant_id = ?1 AND m.flow = 'in' AND (a.id IS NULL OR a.id <> m.id OR a.method <> m.method
           OR a.payment_id <> m.payment_id OR a.received_minor <> m.amount_minor OR a.disposition IS NULL)
         UNION ALL SELECT a.id FROM attempts a WHERE a.tenant_id = ?1 AND a.method IN ('cash', 'pos', 'kiosk')
           AND NOT EXISTS (SELECT 1 FROM counter_movements m WHERE m.tenant_id = ?1 AND m.id = a.id AND m.flow = 'in')",
    ),
    check(
        "inv-21",
        "each refund handed back is done, and each done refund of a counter was handed back",
        MOVEMENT,
        "SELECT m.id FROM counter_movements m LEFT JOIN refunds r ON r.tenant_id = ?1 AND r.id = m.refund_id
         WHERE m.tenant_id = ?1 AND m.flow = 'out' AND (r.id IS NULL OR r.id <> m.id OR r.status <> 'succeeded'
           OR r.amount_minor <> m.amount_minor OR r.attempt_id <> m.attempt_id)
         UNION ALL SELECT r.id FROM refunds r JOIN attempts a ON a.tenant_id = ?1 AND a.id = r.attempt_id
         WHERE r.tenant_id = ?1 AND r.status = 'succeeded' AND a.method IN ('cash', 'pos', 'kiosk')
           AND NOT EXISTS (SELECT 1 FROM counter_movements m WHERE m.tenant_id = ?1 AND m.id = r.id AND m.flow = 'out')",
    ),
    check(
        "inv-36",
        "each undoing that waits has a refund that waits, and each that was approved one that is done",
        MOVEMENT,
        "SELECT m.id FROM counter_movements m LEFT JOIN refunds r ON r.tenant_id = ?1 AND r.id = m.void_refund_id
         WHERE m.tenant_id = ?1 AND m.void_status <> 'none' AND (r.id IS NULL OR r.origin <> 'void'
           OR m.decided_by = m.void_by AND m.void_status = 'approved'
           OR r.status <> CASE m.void_status WHEN 'approved' THEN 'succeeded' ELSE 'pending_approval' END)",
    ),
    check(
        "inv-3",
        "each shift took and handed back what its movements say",
        SHIFT,
        "SELECT s.id FROM shifts s LEFT JOIN (SELECT shift_id,
             SUM(CASE WHEN method = 'cash' AND flow = 'in' THEN amount_minor ELSE 0 END) AS cash_in,
             SUM(CASE WHEN method = 'cash' AND flow = 'out' THEN amount_minor ELSE 0 END) AS cash_out,
             SUM(CASE WHEN method = 'pos' AND flow = 'in' THEN amount_minor ELSE 0 END) AS pos_in,
             SUM(CASE WHEN method = 'pos' AND flow = 'out' THEN amount_minor ELSE 0 END) AS pos_out,
             SUM(CASE WHEN method = 'kiosk' AND flow = 'in' THEN amount_minor ELSE 0 END) AS kiosk_in,
             SUM(CASE WHEN method = 'kiosk' AND flow = 'out' THEN amount_minor ELSE 0 END) AS kiosk_out,
             SUM(CASE WHEN void_status = 'pending_approval' THEN 1 ELSE 0 END) AS voids
           FROM counter_movements WHERE tenant_id = ?1 GROUP BY shift_id) m ON m.shift_id = s.id
         WHERE s.tenant_id = ?1 AND (s.cash_in_minor <> COALESCE(m.cash_in, 0)
           OR s.cash_out_minor <> COALESCE(m.cash_out, 0) OR s.pos_in_minor <> COALESCE(m.pos_in, 0)
           OR s.pos_out_minor <> COALESCE(m.pos_out, 0) OR s.kiosk_in_minor <> COALESCE(m.kiosk_in, 0)
           OR s.kiosk_out_minor <> COALESCE(m.kiosk_out, 0) OR s.voids_pending <> COALESCE(m.voids, 0))",
    ),
    check(
        "inv-3",
        "each drawer holds what its open shift must have, and nothing else",
        ACCOUNT,
        "SELECT a.id FROM accounts a WHERE a.tenant_id = ?1 AND a.kind = 'cash_drawer' AND a.balance_minor <> -COALESCE((
           SELECT SUM(s.float_minor + s.cash_in_minor - s.cash_out_minor) FROM shifts s
           WHERE s.tenant_id = ?1 AND s.channel_account_id = a.owner_id AND s.currency = a.currency
             AND s.status = 'open'), 0)",
    ),
    check(
        "inv-3",
        "each counter's day sums its closed shifts and its deposits",
        DAY,
        "SELECT d.id FROM counter_days d LEFT JOIN (SELECT channel_account_id, business_day, COUNT(*) AS n,
             SUM(CASE status WHEN 'open' THEN 1 ELSE 0 END) AS n_open,
             SUM(CASE status WHEN 'closed' THEN cash_in_minor ELSE 0 END) AS cash_in,
             SUM(CASE status WHEN 'closed' THEN pos_in_minor ELSE 0 END) AS pos_in,
             SUM(over_short_minor) AS over_short, SUM(COALESCE(counted_minor - float_minor, 0)) AS to_bank
           FROM shifts WHERE tenant_id = ?1 GROUP BY channel_account_id, business_day) s
           ON s.channel_account_id = d.channel_account_id AND s.business_day = d.business_day
         WHERE d.tenant_id = ?1 AND (s.n IS NULL OR d.shifts_count <> s.n OR d.shifts_open <> s.n_open
           OR d.cash_in_minor <> s.cash_in OR d.pos_in_minor <> s.pos_in OR d.over_short_minor <> s.over_short
           OR d.to_bank_minor <> s.to_bank OR d.deposited_minor <> COALESCE((SELECT SUM(c.amount_minor)
             FROM cash_deposits c WHERE c.tenant_id = ?1 AND c.counter_day_id = d.id), 0))",
    ),
    check(
        "inv-3",
        "each account of cash on its way to a bank holds the deposits that no bank line shows yet",
        ACCOUNT,
        "SELECT a.id FROM accounts a WHERE a.tenant_id = ?1 AND a.kind = 'cash_in_transit'
           AND a.balance_minor <> -COALESCE((SELECT SUM(c.amount_minor) FROM cash_deposits c WHERE c.tenant_id = ?1
             AND c.channel_account_id = a.owner_id AND c.currency = a.currency AND c.status = 'in_transit'), 0)",
    ),
    check(
        "inv-8",
        "each cheque is an attempt that counts exactly when it is cleared, and each such attempt is a cheque",
        ATTEMPT,
        "SELECT a.id FROM attempts a LEFT JOIN cheques c ON c.tenant_id = ?1 AND c.id = a.id
         WHERE a.tenant_id = ?1 AND a.method = 'cheque' AND (c.id IS NULL OR c.amount_minor <> a.amount_minor
           OR c.payment_id <> a.payment_id OR a.status <> CASE c.status WHEN 'cleared' THEN 'succeeded'
             WHEN 'bounced' THEN 'failed' WHEN 'withdrawn' THEN 'closed' ELSE 'processing' END
           OR CASE c.status WHEN 'cleared' THEN 1 ELSE 0 END <> CASE WHEN a.disposition IS NULL THEN 0 ELSE 1 END)
         UNION ALL SELECT c.id FROM cheques c WHERE c.tenant_id = ?1 AND NOT EXISTS (
           SELECT 1 FROM attempts a WHERE a.tenant_id = ?1 AND a.id = c.id AND a.method = 'cheque')",
    ),
    check(
        "inv-3",
        "cheques in collection are those presented, on both sides of the books",
        ACCOUNT,
        "SELECT a.id FROM accounts a WHERE a.tenant_id = ?1
           AND (a.kind = 'cheques_uncleared' AND a.balance_minor <> COALESCE((SELECT SUM(c.amount_minor)
             FROM cheques c WHERE c.tenant_id = ?1 AND c.merchant_id = a.owner_id AND c.currency = a.currency
             AND c.status IN ('presented', 'pending_approval')), 0)
           OR a.kind = 'cheques_in_collection' AND a.balance_minor <> -COALESCE((SELECT SUM(c.amount_minor)
             FROM cheques c WHERE c.tenant_id = ?1 AND c.channel_account_id = a.owner_id AND c.currency = a.currency
             AND c.status IN ('presented', 'pending_approval')), 0))",
    ),
    check(
        "inv-22",
        "no policy stands beside a refund under way or done, unless a person was told",
        Names::Id("pay"),
        "SELECT f.id FROM fulfilments f JOIN payments p ON p.tenant_id = ?1 AND p.id = f.id
         WHERE f.tenant_id = ?1 AND f.status = 'issued' AND f.items IS NULL
           AND p.refunding_minor + p.refunded_minor > 0
           AND NOT EXISTS (SELECT 1 FROM exceptions e WHERE e.tenant_id = ?1 AND e.payment_id = p.id
             AND e.kind = 'issued_and_refunded')",
    ),
    check(
        "inv-8",
        "each policy's money was collected when it says so",
        Names::Id("pay"),
        "SELECT f.id FROM fulfilments f LEFT JOIN payments p ON p.tenant_id = ?1 AND p.id = f.id
         WHERE f.tenant_id = ?1 AND (p.id IS NULL
           OR CASE WHEN p.status = 'succeeded' THEN 1 ELSE 0 END <> CASE WHEN f.paid_at_us IS NULL THEN 0 ELSE 1 END)",
    ),
    check(
        "inv-3",
        "all overs and shorts in the books are those of the shifts",
        Names::Word,
        "SELECT 'cash_over_short' FROM (SELECT COALESCE((SELECT SUM(balance_minor) FROM accounts
             WHERE tenant_id = ?1 AND kind = 'cash_over_short'), 0) AS booked,
           COALESCE((SELECT SUM(over_short_minor) FROM shifts WHERE tenant_id = ?1), 0) AS counted) x
         WHERE x.booked <> x.counted",
    ),
];
