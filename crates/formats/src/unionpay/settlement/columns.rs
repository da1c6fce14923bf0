//! The columns of both record layouts; records are columns joined by one blank (unionpay.md §9).

/// One column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Column {
    pub name: &'static str,
    pub bytes: usize,
    pub side: Side,
}

/// On which side a text stands in its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    /// Amounts: the place of their sign stays blank where they have none.
    Right,
}

const fn column(name: &'static str, bytes: usize) -> Column {
    Column { name, bytes, side: Side::Left }
}

const fn amount(name: &'static str, bytes: usize) -> Column {
    Column { name, bytes, side: Side::Right }
}

/// ZM, 607 bytes. What follows `medium` differs between editions, so that it is one free text.
pub(super) const TRADES: [Column; 42] = [
    column("txn_code", 3),
    column("acq_ins", 11),
    column("fwd_ins", 11),
    column("trace_no", 6),
    column("txn_time", 10),
    column("acc_no", 19),
    column("txn_amt", 12),
    column("mcc", 4),
    column("term_type", 2),
    column("query_id", 21),
    column("pay_way_old", 2),
    column("order_id", 32),
    column("card_type", 2),
    column("orig_trace_no", 6),
    column("orig_time", 10),
    amount("fee", 13),
    amount("settle_amt", 13),
    column("pay_type", 4),
    column("group_mer", 15),
    column("txn_type", 2),
    column("txn_sub_type", 2),
    column("biz_type", 6),
    column("acc_type", 2),
    column("bill_type", 4),
    column("bill_no", 32),
    column("interact_mode", 1),
    column("orig_query_id", 21),
    column("mer_id", 15),
    column("split_mode", 1),
    column("sub_mer_id", 15),
    column("sub_mer_abbr", 32),
    amount("split_amt", 13),
    amount("net_amt", 13),
    column("term_id", 8),
    column("mer_reserved", 32),
    amount("discount_amt", 13),
    amount("invoice_amt", 13),
    amount("instal_fee", 12),
    column("instal_num", 2),
    column("medium", 1),
    column("orig_order_id", 32),
    column("reserved", 98),
];

/// How many columns of ZM every edition agrees on.
pub(super) const TRADES_AGREED: usize = 40;

/// ZME.
pub(super) const ERRORS: [Column; 22] = [
    column("txn_code", 3),
    column("acq_ins", 11),
    column("fwd_ins", 11),
    column("trace_no", 6),
    column("txn_time", 10),
    column("acc_no", 19),
    column("txn_amt", 12),
    column("mcc", 4),
    column("term_type", 2),
    column("card_type", 2),
    column("prev_trace_no", 6),
    column("prev_time", 10),
    column("prev_settle_date", 4),
    column("prev_amt", 12),
    amount("fee", 13),
    amount("settle_amt", 13),
    column("group_mer", 15),
    column("mer_id", 15),
    column("split_flag", 1),
    amount("instal_fee", 12),
    column("instal_num", 2),
    column("reserved", 135),
];
