//! The document describes what is answered.

use super::document;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tk_domain::channel_account::{Channel, Method};
use tk_domain::id::{
    AttemptId, ChannelAccountId, HoldId, MerchantId, PaymentId, ProductId, RefundId, TenantId,
};
use tk_domain::payment::{Attempt, AttemptStatus, FeeSnapshot, Payment, PaymentStatus, RefundStatus};
use tk_domain::refund::{Line, Refund, RefundOrigin, RefundRoute, RefundState};
use tk_domain::view::{AttemptView, PaymentView, RefundView};
use tk_money::Currency;

fn payment() -> Payment {
    Payment {
        tenant_id: TenantId::default(),
        id: PaymentId::default(),
        merchant_id: MerchantId::default(),
        product_id: ProductId::default(),
        app_id: None,
        partner_id: None,
        payer_id: None,
        merchant_order_no: "1".to_owned(),
        amount_minor: 1,
        currency: Currency::Cny,
        description: String::new(),
        terminal: None,
        methods_allow: None,
        single_attempt: false,
        status: PaymentStatus::RequiresMethod,
        refund_status: RefundStatus::None,
        expires_at_us: 0,
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
        payer_minor: 1,
        discount_minor: 0,
        parts: None,
        parts_back: None,
        fee: FeeSnapshot::default(),
        fee_minor: 0,
        fee_returned_minor: 0,
        open_attempt_id: None,
        latest_attempt_id: None,
        effective_attempt_id: None,
        attempts_count: 0,
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
        created_at_us: 0,
        updated_at_us: 0,
        version: 1,
    }
}

fn attempt() -> Attempt {
    Attempt {
        tenant_id: TenantId::default(),
        id: AttemptId::default(),
        payment_id: PaymentId::default(),
        channel: Channel::Alipay,
        channel_account_id: ChannelAccountId::default(),
        method: Method::AlipayQr,
        out_no: String::new(),
        amount_minor: 1,
        currency: Currency::Cny,
        status: AttemptStatus::Unknown,
        action: None,
        channel_expires_at_us: 0,
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
        routing: "{}".to_owned(),
        payer_masked: None,
        payer_sealed: None,
        payer_mark: None,
        paid_at_us: None,
        created_at_us: 0,
        updated_at_us: 0,
        version: 1,
    }
}

fn refund() -> Refund {
    Refund {
        tenant_id: TenantId::default(),
        id: RefundId::default(),
        payment_id: PaymentId::default(),
        attempt_id: AttemptId::default(),
        merchant_id: MerchantId::default(),
        channel_account_id: ChannelAccountId::default(),
        merchant_refund_no: None,
        origin: RefundOrigin::Api,
        out_no: String::new(),
        amount_minor: 1,
        currency: Currency::Cny,
        reason: String::new(),
        status: RefundState::Approved,
        route: RefundRoute::OriginalOnline,
        line: Line::Collection,
        hold_id: HoldId::default(),
        fee_refund_minor: 0,
        channel_fee_refund_minor: 0,
        order_minor: 1,
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
        created_at_us: 0,
        updated_at_us: 0,
        version: 1,
    }
}

fn names(value: &Value) -> BTreeSet<String> {
    value.as_object().unwrap().keys().cloned().collect()
}

#[test]
fn schemas_have_the_fields_of_the_views() {
    let text = |text: &str| Some(text.to_owned());
    let payment = PaymentView {
        merchant_code: text("m"),
        product_code: text("p"),
        cashier_url: text("u"),
        ..PaymentView::of(&payment(), None, false)
    };
    let views = [
        ("Payment", json!(payment)),
        ("Attempt", json!(AttemptView::of(&attempt(), false))),
        ("Refund", json!(RefundView::of(&refund(), false))),
    ];
    let document = json!(document("https://pay.example"));
    for (name, view) in views {
        let schema = &document["components"]["schemas"][name]["properties"];
        assert_eq!(names(schema), names(&view), "{name}");
        for (field, value) in view.as_object().unwrap() {
            let fits = match value {
                Value::Null | Value::Object(_) => true,
                Value::String(_) => schema[field].to_string().contains("string"),
                Value::Number(_) => schema[field].to_string().contains("integer"),
                Value::Bool(_) => schema[field].to_string().contains("boolean"),
                Value::Array(_) => schema[field].to_string().contains("array"),
            };
            assert!(fits, "{name}.{field}: {}", schema[field]);
        }
    }
}
