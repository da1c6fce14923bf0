//! Rows as the decisions make them, for tests.
#![allow(dead_code, reason = "each test program uses its part")]

use tk_domain::channel_account::{Channel, ChannelAccount, Method};
use tk_domain::id::{
    AttemptId, ChannelAccountId, HoldId, Id128, MerchantId, PaymentId, ProductId, RefundId, SplitId,
    SplitReceiverId, TenantId,
};
use tk_domain::instruction::{Instruction, InstructionKind, InstructionStatus};
use tk_domain::payment::{Attempt, AttemptStatus, FeeSnapshot, Payment, PaymentStatus, RefundStatus, out_no};
use tk_domain::refund::{Line, Refund, RefundOrigin, RefundRoute, RefundState};
use tk_domain::split::{
    Abandonment, AbandonmentStatus, Binding, ReceiverKind, ReturnMode, ReturnStatus, Split, SplitLine,
    SplitLineStatus, SplitMode, SplitReceiver, SplitReturn, SplitState,
};
use tk_money::{Currency, Rate};

pub const START_US: i64 = 1_795_234_200_000_000; // 2026-11-21 12:10:00 in Beijing
pub const MINUTE_US: i64 = 60_000_000;
pub const DAY_US: i64 = 86_400_000_000;
pub const APP_ID: &str = "2021000000000001";
pub const SELLER_ID: &str = "2088101117955611";

pub fn payment(amount_minor: i64) -> Payment {
    Payment {
        tenant_id: TenantId::default(),
        id: PaymentId::default(),
        merchant_id: MerchantId::default(),
        product_id: ProductId::default(),
        app_id: None,
        partner_id: None,
        payer_id: None,
        merchant_order_no: "ORDER-1".to_owned(),
        amount_minor,
        currency: Currency::Cny,
        description: "保单 P1".to_owned(),
        terminal: None,
        methods_allow: None,
        single_attempt: false,
        status: PaymentStatus::Processing,
        refund_status: RefundStatus::None,
        expires_at_us: START_US + 120 * MINUTE_US,
        extensions_left: 10,
        return_url: None,
        metadata: None,
        ext: None,
        period: None,
        prepayment_id: None,
        bill: None,
        fulfilment: None,
        items: None,
        items_back: None,
        splits: None,
        splits_count: 0,
        split_lines_count: 0,
        insured: None,
        payer: None,
        payer_sealed: None,
        payer_minor: amount_minor,
        discount_minor: 0,
        parts: None,
        parts_back: None,
        fee: FeeSnapshot::default(),
        fee_minor: 0,
        fee_returned_minor: 0,
        open_attempt_id: None,
        latest_attempt_id: None,
        effective_attempt_id: None,
        attempts_count: 1,
        unknown_since_us: None,
        refunded_minor: 0,
        late_refunded_minor: 0,
        reversed_minor: 0,
        reversed_others_minor: 0,
        beside_minor: 0,
        refunding_minor: 0,
        close_requested_at_us: None,
        succeeded_at_us: None,
        ended_at_us: None,
        accounting_day: None,
        event_seq: 0,
        created_at_us: START_US,
        updated_at_us: START_US,
        version: 0,
    }
}

/// An attempt whose id ends in `serial`.
pub fn attempt(method: Method, amount_minor: i64, serial: u8) -> Attempt {
    let id = AttemptId(Id128([serial; 16]));
    Attempt {
        tenant_id: TenantId::default(),
        id,
        payment_id: PaymentId::default(),
        channel: Channel::Alipay,
        channel_account_id: ChannelAccountId::default(),
        method,
        out_no: out_no('T', id.0),
        amount_minor,
        currency: Currency::Cny,
        status: AttemptStatus::Created,
        action: None,
        channel_expires_at_us: START_US + 15 * MINUTE_US,
        channel_txn_no: None,
        scanned_at_us: None,
        disposition: None,
        received_minor: 0,
        discount: tk_domain::payment::Discount::default(),
        undone_minor: 0,
        credited_minor: 0,
        refunding_minor: 0,
        refunded_minor: 0,
        late_refunded_minor: 0,
        reversed_minor: 0,
        refunds_count: 0,
        next_refund_at_us: 0,
        channel_fee_minor: 0,
        channel_fee_returned_minor: 0,
        unknown_since_us: None,
        queries_count: 0,
        close_requested_at_us: None,
        failure_code: None,
        failure_message: None,
        needs_manual: false,
        routing: String::new(),
        payer_masked: None,
        payer_sealed: None,
        payer_mark: None,
        paid_at_us: None,
        created_at_us: START_US,
        updated_at_us: START_US,
        version: 0,
    }
}

/// A refund whose id ends in `serial`.
pub fn refund(amount_minor: i64, serial: u8) -> Refund {
    let id = RefundId(Id128([serial; 16]));
    Refund {
        tenant_id: TenantId::default(),
        id,
        payment_id: PaymentId::default(),
        attempt_id: AttemptId::default(),
        merchant_id: MerchantId::default(),
        channel_account_id: ChannelAccountId::default(),
        merchant_refund_no: None,
        origin: RefundOrigin::Api,
        out_no: out_no('R', id.0),
        amount_minor,
        currency: Currency::Cny,
        reason: "犹豫期退保".to_owned(),
        status: RefundState::Approved,
        route: RefundRoute::OriginalOnline,
        line: Line::Collection,
        hold_id: HoldId::default(),
        fee_refund_minor: 0,
        channel_fee_refund_minor: 0,
        order_minor: amount_minor,
        shares: tk_domain::refund::Shares::default(),
        parts: None,
        items: None,
        payer_back_minor: None,
        settled_back_minor: None,
        accepted_at_us: None,
        unknown_since_us: None,
        queries_count: 0,
        needs_manual: false,
        failure_code: None,
        failure_message: None,
        succeeded_at_us: None,
        ended_at_us: None,
        late_succeeded_at_us: None,
        event_seq: 0,
        created_at_us: START_US,
        updated_at_us: START_US,
        version: 0,
    }
}

pub fn instruction(kind: InstructionKind, payload: Option<String>) -> Instruction {
    Instruction {
        tenant_id: TenantId::default(),
        id: Id128::default(),
        kind,
        payment_id: PaymentId::default(),
        channel_account_id: ChannelAccountId::default(),
        status: InstructionStatus::Open,
        due_at_us: START_US,
        lease_until_us: 0,
        tries: 1,
        payload,
        version: 0,
    }
}

pub fn account(settings: String) -> ChannelAccount {
    ChannelAccount {
        tenant_id: TenantId::default(),
        id: ChannelAccountId::default(),
        channel: Channel::Alipay,
        name: "支付宝".to_owned(),
        currency: Currency::Cny,
        methods: "[]".to_owned(),
        merchants: None,
        products: None,
        partner_id: None,
        amount_min_minor: 1,
        amount_max_minor: 10_000_000,
        priority: 1,
        payee_app: APP_ID.to_owned(),
        payee_merchant: SELLER_ID.to_owned(),
        collects: tk_domain::channel_account::Collects::Own,
        fee_rate: Rate::ZERO,
        fee_returned: true,
        refund_window_days: 365,
        split_rate_max_ppm: 0,
        settings,
        credentials: Vec::new(),
        enabled: true,
        created_at_us: START_US,
        version: 1,
    }
}

/// A key of the folder of test vectors.
pub fn key_text(name: &str) -> String {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../formats/tests/vectors/keys");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

/// A party that is to get shares, whose id ends in `serial`.
pub fn receiver(account: &str, serial: u8) -> SplitReceiver {
    SplitReceiver {
        tenant_id: TenantId::default(),
        id: SplitReceiverId(Id128([serial; 16])),
        channel_account_id: ChannelAccountId::default(),
        channel: Channel::Alipay,
        kind: ReceiverKind::UserId,
        account: account.to_owned(),
        name_sealed: None,
        relation: None,
        custom_relation: None,
        status: Binding::Bound,
        unknown_since_us: None,
        tries: 1,
        failure_code: None,
        failure_message: None,
        created_at_us: START_US,
        updated_at_us: START_US,
        version: 0,
    }
}

/// The share of a party at this place.
pub fn share(account: &str, amount_minor: i64, place: u8) -> (SplitLine, SplitReceiver) {
    let party = receiver(account, place + 1);
    let line = SplitLine {
        tenant_id: TenantId::default(),
        id: SplitLine::id_of(PaymentId::default(), i64::from(place)),
        split_id: SplitId::default(),
        payment_id: PaymentId::default(),
        position: i64::from(place),
        merchant_id: MerchantId::default(),
        to_merchant_id: None,
        to_receiver_id: Some(party.id),
        amount_minor,
        currency: Currency::Cny,
        item: None,
        refunded_before_minor: 0,
        status: SplitLineStatus::Pending,
        returning_minor: 0,
        returned_minor: 0,
        returns_count: 0,
        returnable: true,
        failure_code: None,
        ended_at_us: None,
        created_at_us: START_US,
        version: 0,
    };
    (line, party)
}

/// A split among these, whose id ends in `serial`.
pub fn split(shares: &[(SplitLine, SplitReceiver)], serial: u8, last: bool) -> Split {
    let id = SplitId(Id128([serial; 16]));
    Split {
        tenant_id: TenantId::default(),
        id,
        payment_id: PaymentId::default(),
        attempt_id: AttemptId::default(),
        merchant_id: MerchantId::default(),
        channel_account_id: ChannelAccountId::default(),
        mode: SplitMode::Channel,
        merchant_split_no: None,
        out_no: out_no('S', id.0),
        amount_minor: shares.iter().map(|(line, _)| line.amount_minor).sum(),
        currency: Currency::Cny,
        legal_entity: None,
        first_line: 0,
        lines_count: i64::try_from(shares.len()).unwrap(),
        last,
        status: SplitState::Processing,
        accepted_at_us: None,
        unknown_since_us: None,
        queries_count: 0,
        needs_manual: false,
        failure_code: None,
        failure_message: None,
        abandonment: None,
        ended_at_us: None,
        event_seq: 0,
        created_at_us: START_US,
        updated_at_us: START_US,
        version: 0,
    }
}

/// Half of a share on its way back for a refund.
pub fn back(refund: &Refund, line: &SplitLine) -> SplitReturn {
    let id = SplitReturn::id_of(refund.id, line.position);
    SplitReturn {
        tenant_id: TenantId::default(),
        id,
        refund_id: refund.id,
        payment_id: refund.payment_id,
        split_id: line.split_id,
        line_id: line.id,
        mode: ReturnMode::Along,
        out_no: out_no('B', id.0),
        amount_minor: line.amount_minor / 2,
        cash_minor: 0,
        currency: Currency::Cny,
        status: ReturnStatus::Waiting,
        unknown_since_us: None,
        queries_count: 0,
        failure_code: None,
        abandonment: None,
        ended_at_us: None,
        created_at_us: START_US,
        updated_at_us: START_US,
        version: 0,
    }
}

/// What two persons decided about a split.
pub fn given_up() -> Option<String> {
    let row = Abandonment {
        reason: "gone".to_owned(),
        evidence: "4711".to_owned(),
        maker: "经办".to_owned(),
        proposed_at_us: START_US,
        status: AbandonmentStatus::Approved,
        checker: Some("复核".to_owned()),
        decided_at_us: Some(START_US),
        proves_from_us: START_US,
        unknown_count: 0,
    };
    serde_json::to_string(&row).ok()
}
