//! Rows in every state that a payer can meet, as contexts for the tests of the pages.

use crate::cashier::arrivals::Arrivals;
use crate::cashier::frame::{Print, Visit};
use crate::cashier::stage::Rows;
use crate::locale::Locale;
use tk_app::identity::Standing;
use tk_domain::channel_account::{Channel, ChannelAccount, Method};
use tk_domain::fulfilment::{Fulfilment, FulfilmentStatus};
use tk_domain::id::{AttemptId, ChannelAccountId, Id128, MerchantId, PaymentId, ProductId, TenantId};
use tk_domain::identity::IdentityLevel;
use tk_domain::moment::{MINUTE_US, SECOND_US};
use tk_domain::payment::{
    Action, ActionKind, Attempt, AttemptStatus, BrowserForm, Disposition, FeeSnapshot, Payment,
    PaymentStatus, RefundStatus,
};
use tk_domain::product::{IssueOn, Product, ProductLimits, StrayMoney, Terminal};
use tk_money::{Currency, Rate};

/// 2026-08-27 10:15:30 in Shanghai.
pub const NOW_US: i64 = 1_787_796_930_000_000;

const TENANT: TenantId = TenantId(Id128([1; 16]));

/// Rows, and when the payer came back from a wallet, if so.
#[derive(Debug, Clone)]
pub struct Sample {
    /// Names it.
    pub name: &'static str,
    /// The rows.
    pub rows: Rows,
    /// Where the payer is.
    pub terminal: Terminal,
    /// Unix microseconds.
    pub returned_at_us: Option<i64>,
}

impl Sample {
    /// The payer's visit.
    pub fn visit(&self, locale: Locale) -> Visit {
        Visit {
            locale,
            print: Print::Normal,
            live: false,
            token: "hy-01k3nq7zt8e6v9m2r4x5w0ypqb7zt8e6v9m2r4x5w0ypqb01k3nq".to_owned(),
            csrf: "c3VyZQ".to_owned(),
            terminal: self.terminal,
            payer_mark: None,
            now_us: NOW_US,
            returned_at_us: self.returned_at_us,
            base_url: "https://pay.example".to_owned(),
        }
    }
}

/// Channel accounts, rows and the rest of a payment that nobody has touched.
pub fn fresh() -> Rows {
    Rows {
        payment: payment(),
        payee: "海晏财险".to_owned(),
        phone: Some("400-000-0000".to_owned()),
        product: product(),
        attempts: Vec::new(),
        accounts: vec![
            account(1, Channel::Alipay, r#"["alipay_qr","alipay_page","alipay_wap"]"#, 100_000_000),
            account(2, Channel::Wechatpay, r#"["wechat_native","wechat_h5"]"#, 50_000),
        ],
        identity: None,
        arrivals: Arrivals::default(),
        fulfilment: None,
        undecided: Vec::new(),
    }
}

/// Every state.
pub fn all() -> Vec<Sample> {
    let mut samples = beginnings();
    samples.extend(waits());
    samples.extend(ends());
    samples.extend(turns());
    samples
}

fn sample(name: &'static str, rows: Rows) -> Sample {
    Sample { name, rows, terminal: Terminal::Pc, returned_at_us: None }
}

fn beginnings() -> Vec<Sample> {
    let mut short = fresh();
    short.payment.expires_at_us = NOW_US + 95 * SECOND_US;
    let mut none = fresh();
    none.accounts.truncate(1);
    none.accounts[0].enabled = false;
    let mut failed = open(Method::AlipayQr, AttemptStatus::Failed, Some(ActionKind::Qr));
    failed.payment.open_attempt_id = None;
    failed.payment.status = PaymentStatus::RequiresMethod;
    failed.attempts[0].failure_code = Some("ACQ.BUYER_BALANCE_NOT_ENOUGH".to_owned());
    failed.attempts[0].failure_message = Some("买家余额不足".to_owned());
    let mut closed = failed.clone();
    closed.attempts[0].status = AttemptStatus::Closed;
    let qr = open(Method::AlipayQr, AttemptStatus::RequiresAction, Some(ActionKind::Qr));
    let mut scanned = qr.clone();
    scanned.attempts[0].scanned_at_us = Some(NOW_US - SECOND_US);
    let wallet = open(Method::AlipayWap, AttemptStatus::RequiresAction, Some(ActionKind::Redirect));
    let bridge = open(Method::WechatJsapi, AttemptStatus::RequiresAction, Some(ActionKind::Bridge));
    let mut anothers = bridge.clone();
    anothers.attempts[0].payer_mark = Some("theirs".to_owned());
    let phone = |name, rows| Sample { terminal: Terminal::MobileWeb, ..sample(name, rows) };
    vec![
        sample("identity", unproven()),
        sample("choose", fresh()),
        sample("choose-short", short),
        sample("choose-none", none),
        sample("choose-after-failure", failed),
        sample("choose-after-close", closed),
        phone("choose-phone", fresh()),
        Sample { terminal: Terminal::WechatOa, ..sample("choose-wechat", fresh()) },
        sample("qr", qr.clone()),
        sample("qr-scanned", scanned),
        phone("qr-in-hand", qr),
        phone("wallet", wallet),
        Sample { terminal: Terminal::WechatOa, ..sample("bridge", bridge.clone()) },
        sample("bridge-elsewhere", bridge),
        Sample { terminal: Terminal::WechatOa, ..sample("bridge-anothers", anothers) },
        sample("bank-form", open(Method::EbankB2c, AttemptStatus::RequiresAction, Some(ActionKind::Form))),
        sample("transfer", transfer(0)),
        sample("transfer-part", transfer(1_000)),
    ]
}

fn waits() -> Vec<Sample> {
    let wallet = open(Method::AlipayWap, AttemptStatus::RequiresAction, Some(ActionKind::Redirect));
    let qr = open(Method::AlipayQr, AttemptStatus::RequiresAction, Some(ActionKind::Qr));
    let mut unknown = open(Method::AlipayQr, AttemptStatus::Unknown, Some(ActionKind::Qr));
    unknown.payment.status = PaymentStatus::Processing;
    unknown.attempts[0].unknown_since_us = Some(NOW_US - 12 * SECOND_US);
    let mut long = unknown.clone();
    long.attempts[0].unknown_since_us = Some(NOW_US - 95 * SECOND_US);
    let mut preparing = open(Method::AlipayQr, AttemptStatus::Unknown, None);
    preparing.payment.status = PaymentStatus::Processing;
    let mut expired = qr.clone();
    expired.attempts[0].channel_expires_at_us = NOW_US - SECOND_US;
    let mut closing = wallet.clone();
    closing.attempts[0].close_requested_at_us = Some(NOW_US - SECOND_US);
    let mut cancelling = closing.clone();
    cancelling.payment.close_requested_at_us = Some(NOW_US - SECOND_US);
    let mut checking = unknown.clone();
    checking.attempts[0].disposition = Some(Disposition::Mismatch);
    checking.attempts[0].received_minor = 2_000;
    let back = |name, rows| Sample {
        returned_at_us: Some(NOW_US - 9 * SECOND_US),
        terminal: Terminal::MobileWeb,
        ..sample(name, rows)
    };
    vec![
        back("confirming-after-wallet", wallet),
        back("confirming-after-qr", qr),
        sample("confirming", unknown),
        sample("cheque", open(Method::Cheque, AttemptStatus::Processing, None)),
        sample("confirming-long", long),
        sample("preparing", preparing),
        sample("code-expired", expired),
        sample("closing", closing),
        sample("cancelling", cancelling),
        sample("checking", checking),
    ]
}

fn ends() -> Vec<Sample> {
    let mut duplicate = paid();
    let second = Attempt {
        id: AttemptId(Id128([22; 16])),
        disposition: Some(Disposition::Duplicate),
        ..duplicate.attempts[0].clone()
    };
    duplicate.attempts.push(second);
    let mut duplicate_returned = duplicate.clone();
    duplicate_returned.attempts[1].refunded_minor = 3_000;
    let mut refunding = paid();
    refunding.payment.refunding_minor = 3_000;
    let mut part = paid();
    part.payment.refund_status = RefundStatus::Partial;
    part.payment.refunded_minor = 1_000;
    let mut refunded = paid();
    refunded.payment.refund_status = RefundStatus::Full;
    refunded.payment.refunded_minor = 3_000;
    let mut policy = paid();
    policy.payment.fulfilment = Some(r#"{"pay_before_issue":true}"#.to_owned());
    policy.fulfilment = Some(policy_of(&policy.payment));
    let mut policy_refunded = policy.clone();
    policy_refunded.payment.refund_status = RefundStatus::Full;
    policy_refunded.payment.refunded_minor = 3_000;
    let mut policy_cancelled = policy.clone();
    policy_cancelled.fulfilment =
        policy.fulfilment.clone().map(|row| Fulfilment { status: FulfilmentStatus::Cancelled, ..row });
    let mut undecided = paid();
    undecided.payment.refunding_minor = 3_000;
    undecided.undecided = undecided.payment.effective_attempt_id.map(|id| (id, 3_000)).into_iter().collect();
    let mut late = ended(PaymentStatus::Closed, -60);
    let mut stray = paid().attempts.remove(0);
    stray.disposition = Some(Disposition::Late);
    late.attempts.push(stray);
    let mut late_hold = late.clone();
    late_hold.product.stray_money = StrayMoney::Hold;
    let mut late_returned = late.clone();
    late_returned.attempts[0].refunded_minor = 3_000;
    let mut other_amount = late.clone();
    other_amount.attempts[0].disposition = Some(Disposition::Mismatch);
    let mut other_amount_credited = other_amount.clone();
    other_amount_credited.attempts[0].credited_minor = 3_000;
    let mut other_amount_returned = other_amount.clone();
    other_amount_returned.attempts[0].refunded_minor = 3_000;
    late.attempts[0].refunding_minor = 3_000;
    duplicate.attempts[1].refunding_minor = 3_000;
    let mut stale = fresh();
    stale.payment.expires_at_us = NOW_US - SECOND_US;
    vec![
        sample("paid", paid()),
        sample("paid-policy", policy),
        sample("paid-policy-refunded", policy_refunded),
        sample("paid-policy-cancelled", policy_cancelled),
        sample("paid-undecided", undecided),
        sample("other-amount", other_amount),
        sample("other-amount-credited", other_amount_credited),
        sample("other-amount-returned", other_amount_returned),
        sample("paid-duplicate", duplicate),
        sample("paid-duplicate-returned", duplicate_returned),
        sample("paid-refunding", refunding),
        sample("paid-refunded-part", part),
        sample("paid-refunded", refunded),
        sample("late", late),
        sample("late-hold", late_hold),
        sample("late-returned", late_returned),
        sample("closed", ended(PaymentStatus::Closed, -60)),
        sample("failed", ended(PaymentStatus::Failed, -60)),
        sample("expired", stale),
        sample("expired-closed", ended(PaymentStatus::Closed, 3_600)),
    ]
}

/// Ends at which money went another way than the plain one.
fn turns() -> Vec<Sample> {
    let by = |method, mut rows: Rows| {
        rows.attempts[0].method = method;
        rows
    };
    let taken_back = |reversed_minor| {
        let mut rows = by(Method::BankTransfer, paid());
        rows.payment.reversed_minor = reversed_minor;
        rows.attempts[0].reversed_minor = reversed_minor;
        rows
    };
    let mut cash = by(Method::Cash, paid());
    cash.payment.refunding_minor = 3_000;
    let mut slip = by(Method::Pos, paid());
    slip.payment.refund_status = RefundStatus::Partial;
    slip.payment.refunded_minor = 1_000;
    let mut part = ended(PaymentStatus::Closed, 3_600);
    part.attempts.push(attempt(Method::BankTransfer, AttemptStatus::Closed, Some(ActionKind::Transfer)));
    let part_gone =
        Rows { arrivals: Arrivals { part_gone_minor: 1_000, ..Arrivals::default() }, ..part.clone() };
    part.arrivals.part_minor = 1_000;
    let over = Arrivals {
        over_minor: 700,
        over_returning_minor: 800,
        over_returned_minor: 900,
        ..Arrivals::default()
    };
    vec![
        sample("paid-cash-refunding", cash),
        sample("paid-slip-refunded-part", slip),
        sample("taken-back", taken_back(3_000)),
        sample("taken-back-cheque", by(Method::Cheque, taken_back(3_000))),
        sample("taken-back-part", taken_back(1_000)),
        sample("expired-part", part),
        sample("expired-part-gone", part_gone),
        sample("paid-over", Rows { arrivals: over, ..by(Method::BankTransfer, paid()) }),
    ]
}

fn ended(status: PaymentStatus, after_s: i64) -> Rows {
    let mut rows = fresh();
    rows.payment.status = status;
    rows.payment.ended_at_us = Some(NOW_US + after_s * SECOND_US);
    rows
}

/// A payment collected three minutes ago.
pub fn paid() -> Rows {
    let mut rows = open(Method::AlipayQr, AttemptStatus::Succeeded, Some(ActionKind::Qr));
    let attempt = &mut rows.attempts[0];
    attempt.disposition = Some(Disposition::Effective);
    attempt.received_minor = attempt.amount_minor;
    attempt.channel_txn_no = Some("2026082722001428551400563215".to_owned());
    attempt.paid_at_us = Some(NOW_US - 3 * MINUTE_US);
    rows.payment.status = PaymentStatus::Succeeded;
    rows.payment.open_attempt_id = None;
    rows.payment.effective_attempt_id = Some(attempt.id);
    rows.payment.succeeded_at_us = Some(NOW_US - 3 * MINUTE_US);
    rows.payment.return_url = Some("https://shop.example/back".to_owned());
    rows
}

/// A payment with one attempt, still open as far as the payment is concerned.
pub fn open(method: Method, status: AttemptStatus, action: Option<ActionKind>) -> Rows {
    let mut rows = fresh();
    let attempt = attempt(method, status, action);
    rows.payment.status = PaymentStatus::RequiresAction;
    rows.payment.open_attempt_id = Some(attempt.id);
    rows.payment.latest_attempt_id = Some(attempt.id);
    rows.payment.attempts_count = 1;
    rows.attempts.push(attempt);
    rows
}

/// A contract under which cashiers take money.
pub fn counter() -> ChannelAccount {
    account(8, Channel::Counter, r#"["cash","pos","cheque","alipay_barcode"]"#, 100_000_000)
}

/// A payment whose payer has still to be known, face included.
fn unproven() -> Rows {
    let standing = Standing {
        missing: Some(IdentityLevel::Face),
        check: None,
        more: true,
        consent_version: "2026-11".to_owned(),
    };
    Rows { identity: Some(standing), ..fresh() }
}

/// A payment that awaits a transfer of which this much has arrived.
fn transfer(transferred_minor: i64) -> Rows {
    let mut rows = open(Method::BankTransfer, AttemptStatus::RequiresAction, Some(ActionKind::Transfer));
    let mut bank = account(9, Channel::BankDirect, r#"["bank_transfer"]"#, 100_000_000);
    bank.settings =
        r#"{"account_no":"110902233410801","account_name":"海晏财险","bank_name":"Bank of Test"}"#.to_owned();
    rows.attempts[0].channel_account_id = bank.id;
    rows.accounts.push(bank);
    rows.payment.status = PaymentStatus::AwaitingTransfer;
    rows.arrivals.part_minor = transferred_minor;
    rows
}

fn attempt(method: Method, status: AttemptStatus, action: Option<ActionKind>) -> Attempt {
    let value = |kind| match kind {
        ActionKind::Qr => "https://qr.alipay.com/bax03431ljhokirwl38f00a7".to_owned(),
        ActionKind::Transfer => "12345685".to_owned(),
        ActionKind::Bridge => r#"{"appId":"wx1","package":"prepay_id=wx2"}"#.to_owned(),
        ActionKind::Redirect => "https://openapi.alipay.com/gateway.do?a=1&b=\"x\"".to_owned(),
        ActionKind::Form => {
            let fields = vec![("riskRateInfo".to_owned(), "\"><b>".to_owned())];
            BrowserForm { url: "https://gateway.95516.com/gateway/api/frontTransReq.do".to_owned(), fields }
                .to_value()
        }
    };
    Attempt {
        tenant_id: TENANT,
        id: AttemptId(Id128([21; 16])),
        payment_id: payment().id,
        channel: Channel::Alipay,
        channel_account_id: ChannelAccountId(Id128([1; 16])),
        method,
        out_no: "T01K3NQ7ZT8E6V9M2R4X5W0YPQB".to_owned(),
        amount_minor: 3_000,
        currency: Currency::Cny,
        status,
        action: action.map(|kind| Action { kind, value: value(kind) }),
        channel_expires_at_us: NOW_US + 14 * MINUTE_US,
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
        created_at_us: NOW_US - 4 * MINUTE_US,
        updated_at_us: NOW_US - MINUTE_US,
        version: 1,
    }
}

fn payment() -> Payment {
    Payment {
        tenant_id: TENANT,
        id: PaymentId(Id128::v7(1_787_796_900_000, 7)),
        merchant_id: MerchantId(Id128([3; 16])),
        product_id: ProductId(Id128([4; 16])),
        app_id: None,
        partner_id: None,
        payer_id: None,
        merchant_order_no: "HYC20260827000123".to_owned(),
        amount_minor: 3_000,
        currency: Currency::Cny,
        description: "CA1501 北京—上海 2026-08-28 航班延误险".to_owned(),
        terminal: None,
        methods_allow: None,
        single_attempt: false,
        status: PaymentStatus::RequiresMethod,
        refund_status: RefundStatus::None,
        expires_at_us: NOW_US + 29 * MINUTE_US + 40 * SECOND_US,
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
        payer_minor: 3_000,
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
        created_at_us: NOW_US - MINUTE_US,
        updated_at_us: NOW_US - MINUTE_US,
        version: 1,
    }
}

fn product() -> Product {
    Product {
        tenant_id: TENANT,
        id: ProductId(Id128([4; 16])),
        code: "flight_delay".to_owned(),
        name: "航延险".to_owned(),
        partner_id: None,
        methods_allow: None,
        premium: tk_domain::product::Premium::Single,
        instalment_methods_allow: None,
        ext_schemas: None,
        amount_min_minor: 1,
        amount_max_minor: 100_000_000,
        expires_after_s: 1_800,
        extensions_max: 10,
        issue_on: IssueOn::ChannelSuccess,
        stray_money: StrayMoney::Refund,
        limits: ProductLimits::default(),
        identity_name_from_minor: None,
        identity_face_from_minor: None,
        enabled: true,
        created_at_us: NOW_US,
        version: 1,
    }
}

fn account(number: u8, channel: Channel, methods: &str, amount_max_minor: i64) -> ChannelAccount {
    ChannelAccount {
        tenant_id: TENANT,
        id: ChannelAccountId(Id128([number; 16])),
        channel,
        name: "demo".to_owned(),
        currency: Currency::Cny,
        methods: methods.to_owned(),
        merchants: None,
        products: None,
        partner_id: None,
        amount_min_minor: 1,
        amount_max_minor,
        priority: 1,
        payee_app: "2021000000000001".to_owned(),
        payee_merchant: "2088000000000001".to_owned(),
        collects: tk_domain::channel_account::Collects::Own,
        fee_rate: Rate::default(),
        fee_returned: false,
        refund_window_days: 365,
        split_rate_max_ppm: 0,
        settings: "{}".to_owned(),
        credentials: Vec::new(),
        enabled: true,
        created_at_us: NOW_US,
        version: 1,
    }
}

/// A policy that may be issued.
fn policy_of(payment: &Payment) -> Fulfilment {
    Fulfilment {
        tenant_id: payment.tenant_id,
        id: payment.id,
        merchant_id: payment.merchant_id,
        product_id: payment.product_id,
        issue_on: IssueOn::ChannelSuccess,
        rests_on: Some(IssueOn::ChannelSuccess),
        status: FulfilmentStatus::Announced,
        policy_no: None,
        items: None,
        paid_at_us: payment.succeeded_at_us,
        stopped_at_us: None,
        issued_at_us: None,
        due_at_us: None,
        created_at_us: 0,
        updated_at_us: 0,
        version: 1,
    }
}
