//! The form of the domain's views for the OpenAPI document. A test holds each against the view itself.

use serde_json::Value;
use utoipa::ToSchema;

/// What the payer has to do.
#[derive(Debug, ToSchema)]
pub struct Action {
    /// `qr`: show the value as a code; `redirect`: send the browser there;
    /// `form`: post `fields` to `url` of this JSON object from the browser.
    pub kind: String,
    /// The code's text or the address.
    pub value: String,
}

/// The channel's final refusal.
#[derive(Debug, ToSchema)]
pub struct ChannelRefusal {
    /// The channel's code.
    pub code: String,
    /// Its text.
    pub message: Option<String>,
}

macro_rules! schemas {
    ($($(#[$doc:meta])* $name:ident { $($field:ident: $kind:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, ToSchema)]
        #[expect(missing_docs, reason = "the fields are described at the view in the domain")]
        pub struct $name { $(pub $field: $kind,)* }
    )*};
}

schemas! {
    /// One intention to collect one amount for one merchant order.
    Payment {
        id: String, object: String, livemode: bool, merchant: String, merchant_code: Option<String>,
        product: String, product_code: Option<String>, partner: Option<String>, merchant_order_no: String, status: String,
        money_state: String, outcome_unknown_since: Option<String>, amount: i64, payer_amount: i64,
        channel_discount: i64, parts: Vec<AmountPart>, currency: String,
        amount_refundable: i64, amount_refunded: i64, amount_refunding: i64, amount_reversed: i64, refund_status: String, fee: i64,
        fee_returned: i64, description: String, terminal: Option<String>, cashier_url: Option<String>,
        latest_attempt: Option<Value>, metadata: Value, ext: Value, instalment: Value, prepayment: Option<String>, fulfilment: Value, insured: Option<Value>, payer: Value, items: Option<Vec<PaymentItem>>, bill: Value, splits: Value, return_url: Option<String>,
        expires_at: String, extensions_left: i64, accounting_date: Option<String>, succeeded_at: Option<String>,
        ended_at: Option<String>, created: String,
    }
    /// One line of what a payment is made of; the amounts behind it are of the payer's own money.
    PaymentItem {
        name: String, amount: i64, quantity: Option<i64>, unit_price: Option<i64>, kind: Option<String>,
        policy_no: Option<String>, splittable: Option<bool>, merchant_order_no: Option<String>,
        collected_for: Option<String>, amount_refundable: i64, amount_returned: i64,
    }
    /// What of one item goes back with a refund.
    RefundItem {
        item: u16, amount: i64,
    }
    /// What was reported of one item.
    FulfilmentItem {
        item: u16, status: String, policy_no: Option<String>,
    }
    /// What of an amount is not the payer's own money.
    AmountPart {
        kind: String, funder: String, debtor: Option<String>, amount: i64, on_refund: String, reference: String,
        amount_returned: i64,
    }
    /// What a channel took off the payer's bill, by who bears it.
    Discounts { channel: i64, merchant: i64, }
    /// One try of a payment on one channel account.
    Attempt {
        id: String, object: String, livemode: bool, payment: String, channel: String, channel_account: String,
        method: String, status: String, outcome_unknown_since: Option<String>, amount: i64, currency: String,
        action: Option<Action>, payer: Option<Value>, out_no: String, channel_txn_no: Option<String>, disposition: Option<String>,
        amount_received: i64, payer_amount: i64, discounts: Discounts, amount_undone: i64, amount_refunded: i64, amount_refunding: i64, amount_reversed: i64, failure: Option<ChannelRefusal>,
        needs_manual: bool, routing: Value, channel_expires_at: String, paid_at: Option<String>, created: String,
    }
    /// Money going back to the payer of one attempt.
    Refund {
        id: String, object: String, livemode: bool, payment: String, attempt: String, merchant: String,
        merchant_refund_no: Option<String>, origin: String, amount: i64, payer_amount: Option<i64>, order_amount: i64,
        coupon_returned: i64, parts_returned: Vec<i64>, items: Vec<RefundItem>, currency: String, reason: String,
        status: String, money_state: String, route: String, line: String, hold: String, fee_refund: i64,
        out_no: String, outcome_unknown_since: Option<String>, needs_manual: bool,
        failure: Option<ChannelRefusal>, accepted_at: Option<String>, succeeded_at: Option<String>,
        late_succeeded_at: Option<String>, created: String,
    }
    /// One division of one payment's money.
    Split {
        id: String, object: String, livemode: bool, payment: String, attempt: String, merchant: String,
        channel_account: String, mode: String, merchant_split_no: Option<String>, out_no: String, amount: i64,
        currency: String, last: bool, status: String, money_state: String, shares: Value,
        outcome_unknown_since: Option<String>, needs_manual: bool, failure: Option<ChannelRefusal>,
        abandonment: Option<Abandonment>, ended_at: Option<String>, created: String,
    }
    /// A proposal to give up what a channel refuses, and what was decided about it.
    Abandonment {
        status: String, reason: String, evidence: String, maker: String, proposed_at: String, content_hash: String,
        checker: Option<String>, decided_at: Option<String>,
    }
    /// A card that a payer opened for payment by token.
    Agreement {
        id: String, object: String, status: String, payment: String, channel_account: String,
        card: Option<String>, created: String,
    }
    /// One try to prove who pays.
    IdentityCheck {
        id: String, object: String, payment: String, level: String, status: String, outcome_unknown: bool,
        elements: Value, consent_version: String, photos: i64, failure: Option<String>, review: Value,
        other_way_asked_at: Option<String>,
        created: String, ended_at: Option<String>,
    }
    /// A line of a bank account.
    BankTransfer {
        id: String, object: String, livemode: bool, channel_account: String, source: String, status: String,
        flow: String, nature: String, amount: i64, currency: String, amount_matched: i64, amount_unmatched: i64,
        amount_returned: i64, return_status: String, amount_linked: i64, link: Option<String>,
        linked_to: Option<String>, booked_date: String, booked_at: Option<String>,
        bank_ref: String, codes: Value, made_by: String, decided_by: Option<String>, created: String,
    }
    /// The direct link of a bank account.
    BankLink {
        id: String, object: String, livemode: bool, status: String, road: String, keeper: String,
        final_date: Option<String>, heard_at: String, asked_next_at: String, failures: i64,
        trouble: Option<String>, trouble_detail: Option<String>, created: String,
    }
    /// Money of a bank line given to a payment.
    TransferMatch {
        id: String, object: String, bank_transfer: String, payment: String, attempt: String, amount: i64,
        score: i64, reasons: Value, status: String, made_by: String, undone_by: Option<String>, created: String,
    }
    /// The time in which one cashier has one drawer.
    Shift {
        id: String, object: String, livemode: bool, counter: String, cashier: String, cashier_id: String,
        business_date: String, counter_day: String, currency: String, float: i64, totals: Value,
        cash_expected: i64, cash_counted: Option<i64>, over_short: i64, voids_pending: i64, status: String,
        received_by: Option<String>, opened_at: String, closed_at: Option<String>,
    }
    /// One day of one counter.
    CounterDay {
        id: String, object: String, livemode: bool, counter: String, business_date: String, currency: String,
        shifts: i64, shifts_open: i64, totals: Value, over_short: i64, to_bank: i64, deposited: i64,
        status: String, closed_by: Option<String>, closed_at: Option<String>,
    }
    /// Money that came over a counter or went back.
    CounterMovement {
        id: String, object: String, livemode: bool, flow: String, shift: String, counter: String, payment: String,
        attempt: String, refund: Option<String>, method: String, amount: i64, currency: String,
        tendered: Option<i64>, change: Option<i64>, slip_terminal: Option<String>, slip_no: Option<String>,
        void_status: String, void_reason: Option<String>, void_by: Option<String>,
        void_refund: Option<String>, decided_by: Option<String>, made_by: String, created: String,
    }
    /// Cash brought to a bank.
    CashDeposit {
        id: String, object: String, livemode: bool, counter_day: String, bank_account: String, amount: i64,
        currency: String, slip_no: String, status: String, bank_transfer: Option<String>, made_by: String,
        matched_by: Option<String>, created: String,
    }
    /// A cheque for one payment.
    Cheque {
        id: String, object: String, livemode: bool, payment: String, attempt: String, counter: String, bank: String,
        cheque_no: String, amount: i64, currency: String, issued_on: String, present_by: String,
        presented_on: Option<String>, status: String, clearing_asked_by: Option<String>,
        bank_transfer: Option<String>, reason: Option<String>, made_by: String,
        changed_by: Option<String>, created: String,
    }
    /// What became of the policy of one payment.
    Fulfilment {
        object: String, livemode: bool, payment: String, merchant: String, product: String, issue_on: String,
        rests_on: Option<String>, status: String, policy_no: Option<String>, items: Vec<FulfilmentItem>,
        paid_at: Option<String>,
        stopped_at: Option<String>, issued_at: Option<String>, due_at: Option<String>,
    }
    /// Money on its way back to the sender of a bank line.
    TransferReturn {
        id: String, object: String, bank_transfer: String, refund: Option<String>, amount: i64, currency: String,
        reason: String, status: String, made_by: String, decided_by: Option<String>, sent_by: Option<String>,
        created: String,
    }
}
