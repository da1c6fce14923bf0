//! The checks of the transfer desk: lines of bank accounts, what they were matched with, and money that goes back.

use crate::verify::Names;
use crate::verify::checks::{ACCOUNT, ATTEMPT, Check, REFUND, check};

const BANK_LINE: Names = Names::Id("btr");

/// In the order in which they are made, after those of all books.
pub(super) const DESK_CHECKS: &[Check] = &[
    check(
        "inv-8",
        "each bank line in the books has one entry of its amount, and no other has one",
        BANK_LINE,
        "SELECT b.id FROM bank_lines b LEFT JOIN entries e ON e.tenant_id = ?1 AND e.id = b.entry_id
         WHERE b.tenant_id = ?1 AND b.entry_id IS NOT NULL AND (e.id IS NULL OR e.debit_minor <> b.amount_minor
           OR e.currency <> b.currency
           OR (b.flow = 'debit' AND e.kind <> 'bank_debit')
           OR (b.flow = 'credit' AND e.kind NOT IN ('bank_credit', 'slip_credit')))
         UNION ALL SELECT e.id FROM entries e WHERE e.tenant_id = ?1
           AND e.kind IN ('bank_credit', 'bank_debit', 'slip_credit')
           AND (SELECT COUNT(*) FROM bank_lines b WHERE b.tenant_id = ?1 AND b.entry_id = e.id) <> 1",
    ),
    check(
        "inv-11",
        "each bank line is matched by what its matches say",
        BANK_LINE,
        "SELECT b.id FROM bank_lines b WHERE b.tenant_id = ?1 AND b.matched_minor <> COALESCE((
           SELECT SUM(m.amount_minor) FROM transfer_matches m
           WHERE m.tenant_id = ?1 AND m.bank_line_id = b.id AND m.status = 'active'), 0) + COALESCE((
           SELECT SUM(d.amount_minor) FROM cash_deposits d
           WHERE d.tenant_id = ?1 AND d.bank_line_id = b.id), 0) + COALESCE((
           SELECT SUM(q.amount_minor) FROM cheques q
           WHERE q.tenant_id = ?1 AND q.bank_line_id = b.id AND b.linked_minor = 0), 0)",
    ),
    check(
        "inv-11",
        "each order received what its matches say",
        ATTEMPT,
        "SELECT o.id FROM transfer_orders o WHERE o.tenant_id = ?1 AND o.received_minor <> COALESCE((
           SELECT SUM(m.amount_minor) FROM transfer_matches m
           WHERE m.tenant_id = ?1 AND m.order_id = o.id AND m.status <> 'undone'), 0)",
    ),
    check(
        "inv-8",
        "each order paid in full is an attempt that counts, and no other by transfer does",
        ATTEMPT,
        "SELECT a.id FROM attempts a LEFT JOIN transfer_orders o ON o.tenant_id = ?1 AND o.id = a.id
         WHERE a.tenant_id = ?1 AND a.method = 'bank_transfer' AND (o.id IS NULL
           OR CASE WHEN o.status = 'paid' THEN 1 ELSE 0 END <>
             CASE WHEN COALESCE(a.disposition, '') = 'effective' THEN 1 ELSE 0 END)",
    ),
    check(
        "inv-3",
        "each account of transfers received holds what open orders received",
        ACCOUNT,
        "SELECT a.id FROM accounts a WHERE a.tenant_id = ?1 AND a.kind = 'transfer_received'
           AND a.balance_minor <> COALESCE((SELECT SUM(o.received_minor) FROM transfer_orders o
             WHERE o.tenant_id = ?1 AND o.merchant_id = a.owner_id AND o.currency = a.currency
               AND o.status <> 'paid'), 0)",
    ),
    check(
        "inv-3",
        "the suspense of each bank account holds what is left of its lines",
        ACCOUNT,
        "SELECT a.id FROM accounts a JOIN channel_accounts c ON c.tenant_id = ?1 AND c.id = a.owner_id
         WHERE a.tenant_id = ?1 AND a.kind = 'suspense' AND c.channel = 'bank_direct'
           AND a.balance_minor <> COALESCE((SELECT SUM(b.amount_minor - b.matched_minor - b.linked_minor)
               FROM bank_lines b WHERE b.tenant_id = ?1 AND b.channel_account_id = a.owner_id
               AND b.currency = a.currency AND b.status = 'booked' AND b.flow = 'credit'), 0)
             - COALESCE((SELECT SUM(r.amount_minor) FROM transfer_returns r WHERE r.tenant_id = ?1
               AND r.channel_account_id = a.owner_id AND r.currency = a.currency AND r.refund_id IS NULL
               AND r.status IN ('approved', 'sent')), 0)",
    ),
    check(
        "inv-3",
        "each bank account holds what statements tell of, and unproven slips stand beside it",
        ACCOUNT,
        "SELECT a.id FROM accounts a WHERE a.tenant_id = ?1 AND a.kind IN ('bank_account', 'unproven_slip')
           AND a.balance_minor <> COALESCE((SELECT SUM(CASE
               WHEN a.kind = 'bank_account' AND b.flow = 'debit' THEN b.amount_minor
               WHEN a.kind = 'bank_account' AND b.source = 'statement' THEN -b.amount_minor
               WHEN a.kind = 'unproven_slip' AND b.source = 'manual' AND b.link IS NULL THEN -b.amount_minor
               ELSE 0 END) FROM bank_lines b WHERE b.tenant_id = ?1 AND b.channel_account_id = a.owner_id
             AND b.currency = a.currency AND b.status = 'booked'), 0)",
    ),
    check(
        "inv-3",
        "the unexplained debits of each bank account are the lines that nothing explains",
        ACCOUNT,
        "SELECT a.id FROM accounts a WHERE a.tenant_id = ?1 AND a.kind = 'unexplained_debit'
           AND a.balance_minor <> COALESCE((SELECT SUM(b.linked_minor - b.amount_minor) FROM bank_lines b
             WHERE b.tenant_id = ?1 AND b.channel_account_id = a.owner_id AND b.currency = a.currency
               AND b.status = 'booked' AND b.flow = 'debit'), 0)",
    ),
    check(
        "inv-3",
        "what is set aside for senders are the returns decided and not seen to leave",
        ACCOUNT,
        "SELECT a.id FROM accounts a WHERE a.tenant_id = ?1 AND a.kind = 'transfer_return'
           AND a.balance_minor <> COALESCE((SELECT SUM(r.amount_minor) FROM transfer_returns r
             WHERE r.tenant_id = ?1 AND r.channel_account_id = a.owner_id AND r.currency = a.currency
               AND r.refund_id IS NULL AND r.status = 'approved'), 0)",
    ),
    check(
        "inv-17",
        "each bank line counts what goes back of it",
        BANK_LINE,
        "SELECT b.id FROM bank_lines b WHERE b.tenant_id = ?1 AND b.return_minor <> COALESCE((
           SELECT SUM(r.amount_minor) FROM transfer_returns r WHERE r.tenant_id = ?1 AND r.bank_line_id = b.id
             AND r.refund_id IS NULL AND r.status <> 'rejected'), 0)",
    ),
    check(
        "inv-17",
        "each match counts what goes back of it for refunds",
        BANK_LINE,
        "SELECT m.bank_line_id FROM transfer_matches m WHERE m.tenant_id = ?1 AND m.returned_minor <> COALESCE((
           SELECT SUM(r.amount_minor) FROM transfer_returns r WHERE r.tenant_id = ?1 AND r.match_id = m.id
             AND r.status <> 'rejected'), 0)",
    ),
    check(
        "inv-21",
        "each return that was sent has a line of the bank of its amount, and each such line a return",
        BANK_LINE,
        "SELECT r.bank_line_id FROM transfer_returns r LEFT JOIN bank_lines b ON b.tenant_id = ?1
           AND b.id = r.sent_line_id WHERE r.tenant_id = ?1 AND r.status = 'sent' AND (b.id IS NULL
             OR b.link IS NULL OR b.link <> 'return' OR b.link_id <> r.id OR b.amount_minor <> r.amount_minor)
         UNION ALL SELECT b.id FROM bank_lines b LEFT JOIN transfer_returns r ON r.tenant_id = ?1
           AND r.id = b.link_id WHERE b.tenant_id = ?1 AND b.link = 'return'
             AND (r.id IS NULL OR r.sent_line_id IS NULL OR r.sent_line_id <> b.id)",
    ),
    check(
        "inv-21",
        "each refund of a transfer that is done left the bank account by a line of its statement",
        REFUND,
        "SELECT f.id FROM refunds f JOIN attempts a ON a.tenant_id = ?1 AND a.id = f.attempt_id
         WHERE f.tenant_id = ?1 AND f.status = 'succeeded' AND a.method = 'bank_transfer'
           AND (SELECT COUNT(*) FROM transfer_returns r WHERE r.tenant_id = ?1 AND r.refund_id = f.id
             AND r.status = 'sent') <> 1",
    ),
    check(
        "inv-8",
        "each credit that the bank took back has one line that took it, of its amount",
        BANK_LINE,
        "SELECT b.id FROM bank_lines b LEFT JOIN bank_lines c ON c.tenant_id = ?1 AND c.id = b.link_id
         WHERE b.tenant_id = ?1 AND b.link = 'reversal' AND (b.flow <> 'debit' OR c.id IS NULL
           OR c.flow <> 'credit' OR c.linked_minor <> b.amount_minor
           OR (SELECT COUNT(*) FROM bank_lines o WHERE o.tenant_id = ?1 AND o.link = 'reversal'
             AND o.link_id = c.id) <> 1)",
    ),
    check(
        "inv-10",
        "each attempt counts what the bank took back of it",
        ATTEMPT,
        "SELECT a.id FROM attempts a LEFT JOIN payments p ON p.tenant_id = ?1 AND p.id = a.payment_id
         WHERE a.tenant_id = ?1 AND a.method = 'bank_transfer' AND (a.reversed_minor <> COALESCE((
             SELECT SUM(m.amount_minor) FROM transfer_matches m WHERE m.tenant_id = ?1 AND m.order_id = a.id
               AND m.status = 'reversed'), 0)
           OR (a.disposition = 'effective' AND p.reversed_minor <> a.reversed_minor))
         UNION ALL SELECT a.id FROM attempts a WHERE a.tenant_id = ?1 AND a.method = 'cheque'
           AND a.reversed_minor <> COALESCE((SELECT SUM(q.amount_minor) FROM cheques q
             JOIN bank_lines b ON b.tenant_id = ?1 AND b.id = q.bank_line_id
             WHERE q.tenant_id = ?1 AND q.id = a.id AND b.linked_minor > 0), 0)",
    ),
];
