//! What must hold of money paid in advance.

use crate::verify::Names;
use crate::verify::checks::{Check, check};

const PREPAYMENT: Names = Names::Id("ppy");

/// In the order in which they are made.
pub(super) const CHECKS: &[Check] = &[
    check(
        "inv-3",
        "each prepayment counts its draws, and its account shows them",
        PREPAYMENT,
        "SELECT p.id FROM prepayments p LEFT JOIN (SELECT prepayment_id, COUNT(*) AS n,
             SUM(CASE status WHEN 'done' THEN amount_minor ELSE 0 END) AS drawn
           FROM prepayment_draws WHERE tenant_id = ?1 GROUP BY prepayment_id) d ON d.prepayment_id = p.id
         LEFT JOIN (SELECT a.owner_id,
             SUM(CASE l.side WHEN 'debit' THEN l.amount_minor ELSE -l.amount_minor END) AS drawn
           FROM accounts a JOIN entry_lines l ON l.tenant_id = ?1 AND l.account_id = a.id
           JOIN entries e ON e.tenant_id = ?1 AND e.id = l.entry_id
           WHERE a.tenant_id = ?1 AND a.owner_kind = 'prepayment'
             AND e.kind IN ('prepayment_draw', 'prepayment_draw_undone') GROUP BY a.owner_id) b ON b.owner_id = p.id
         WHERE p.tenant_id = ?1 AND (p.draws_count <> COALESCE(d.n, 0) OR p.drawn_minor <> COALESCE(d.drawn, 0)
           OR p.drawn_minor <> COALESCE(b.drawn, 0))",
    ),
    check(
        "inv-3",
        "all that a prepayment received was paid in advance for it, by one merchant",
        PREPAYMENT,
        "SELECT p.id FROM prepayments p JOIN accounts a ON a.tenant_id = ?1 AND a.owner_kind = 'prepayment'
           AND a.owner_id = p.id JOIN entry_lines l ON l.tenant_id = ?1 AND l.account_id = a.id
         JOIN entries e ON e.tenant_id = ?1 AND e.id = l.entry_id AND e.kind = 'collect'
         LEFT JOIN payments y ON y.tenant_id = ?1 AND y.id = e.payment_id
         WHERE p.tenant_id = ?1 AND (y.prepayment_id IS NULL OR y.prepayment_id <> p.id
           OR y.merchant_id <> p.merchant_id)",
    ),
];
