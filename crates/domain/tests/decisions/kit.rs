//! A world of one tenant, one merchant, one product and one Alipay contract, and words to act in it.

use crate::invariants::{Watch, check};
use crate::partial::{assert_writable, wanted_by};
use tk_domain::audit::Origin;
use tk_domain::channel_account::{Channel, ChannelAccount, Method};
use tk_domain::command::Command;
use tk_domain::decision::{Changes, Decision};
use tk_domain::id::{
    AttemptId, ChannelAccountId, Id128, MerchantId, PaymentId, ProductId, RefundId, TenantId, TypedId,
};
use tk_domain::instruction::{Instruction, InstructionKind, InstructionStatus};
use tk_domain::ledger::{AccountKind, AccountRef, Entry, Hold};
use tk_domain::merchant::Merchant;
use tk_domain::moment::{Entropy, MINUTE_US, Moment};
use tk_domain::payment::{
    Action, ActionKind, Attempt, ClosePayment, CloseReason, CreatePayment, FeeSnapshot, Outcome, Payment,
    RequestQuery, StartAttempt, Started, TakePaymentReport,
};
use tk_domain::product::{IssueOn, Product, ProductLimits, StrayMoney};
use tk_domain::refund::{CancelRefund, CreateRefund, Refund, RefundTaken, TakeRefundReport};
use tk_domain::refusal::{MoneyState, Refusal};
use tk_domain::report::{
    PaidEvidence, PaymentFinding, PaymentReport, RefundFinding, RefundReport, Source, Unclear,
};
use tk_domain::snapshot::Snapshot;
use tk_domain::transfer::ExpectedPayer;
use tk_domain::view::PaymentView;
use tk_money::{Amount, Currency, Rate};

pub const TENANT: TenantId = TenantId(Id128([1; 16]));
pub const MERCHANT: MerchantId = MerchantId(Id128([2; 16]));
pub const PRODUCT: ProductId = ProductId(Id128([3; 16]));
pub const CONTRACT: ChannelAccountId = ChannelAccountId(Id128([4; 16]));
/// 2027-01-15 16:00:00 in Shanghai.
pub const START_US: i64 = 1_800_000_000_000_000;
pub const PRICE: i64 = 10_000;

#[derive(Clone)]
pub struct Counter(pub u128);

impl Entropy for Counter {
    fn bits(&mut self) -> u128 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
        self.0
    }
}

pub struct World {
    pub snapshot: Snapshot,
    pub now_us: i64,
    pub entropy: Counter,
    watch: Watch,
    orders: u32,
}

/// A merchant charged 0.6 %, given back on refund.
pub fn merchant() -> Merchant {
    let rate = Rate::from_ppm(6_000).unwrap();
    let fee = FeeSnapshot { rate, returned: true, ..FeeSnapshot::default() };
    Merchant {
        tenant_id: TENANT,
        id: MERCHANT,
        code: "life".to_owned(),
        name: "人寿".to_owned(),
        fee,
        legal_entity: None,
        phone: None,
        enabled: true,
        created_at_us: 0,
        version: 1,
    }
}

pub fn product() -> Product {
    Product {
        tenant_id: TENANT,
        id: PRODUCT,
        code: "term".to_owned(),
        name: "定期寿险".to_owned(),
        partner_id: None,
        methods_allow: None,
        premium: tk_domain::product::Premium::Single,
        instalment_methods_allow: None,
        ext_schemas: None,
        amount_min_minor: 1,
        amount_max_minor: 100_000_000,
        expires_after_s: 7_200,
        extensions_max: 10,
        issue_on: IssueOn::ChannelSuccess,
        stray_money: StrayMoney::Refund,
        limits: ProductLimits::default(),
        identity_name_from_minor: None,
        identity_face_from_minor: None,
        enabled: true,
        created_at_us: 0,
        version: 1,
    }
}

/// An Alipay contract that costs 0.3 % and gives nothing of it back.
pub fn contract(id: ChannelAccountId) -> ChannelAccount {
    ChannelAccount {
        tenant_id: TENANT,
        id,
        channel: Channel::Alipay,
        name: "支付宝".to_owned(),
        currency: Currency::Cny,
        methods: r#"["alipay_qr","alipay_page","alipay_wap","alipay_barcode"]"#.to_owned(),
        merchants: None,
        products: None,
        partner_id: None,
        amount_min_minor: 1,
        amount_max_minor: 100_000_000,
        priority: 1,
        payee_app: "app-ours".to_owned(),
        payee_merchant: "seller-ours".to_owned(),
        collects: tk_domain::channel_account::Collects::Own,
        fee_rate: Rate::from_ppm(3_000).unwrap(),
        fee_returned: false,
        refund_window_days: 365,
        split_rate_max_ppm: 0,
        settings: "{}".to_owned(),
        credentials: Vec::new(),
        enabled: true,
        created_at_us: 0,
        version: 1,
    }
}

impl World {
    pub fn new() -> Self {
        Self::with(merchant(), product(), contract(CONTRACT))
    }

    pub fn with(merchant: Merchant, product: Product, contract: ChannelAccount) -> Self {
        let mut snapshot = Snapshot::complete();
        snapshot.merchants.load(merchant);
        snapshot.products.load(product);
        snapshot.channel_accounts.load(contract);
        Self { snapshot, now_us: START_US, entropy: Counter(7), watch: Watch::default(), orders: 0 }
    }

    /// Decides over all there is and over what is wanted, which must come to the same; then applies and
    /// checks every invariant.
    pub fn run<C: Command>(&mut self, command: &C) -> Result<C::Reply, Refusal> {
        let Decision { reply, changes } = self.decide(command)?;
        let mut moment = Moment::new(self.now_us, &mut self.entropy);
        self.snapshot.apply((TENANT, 0), changes, &mut moment).expect("a decision can be applied");
        check(&self.snapshot, &mut self.watch);
        Ok(reply)
    }

    pub fn decide<C: Command>(&mut self, command: &C) -> Result<Decision<C::Reply>, Refusal> {
        let mut same_bits = self.entropy.clone();
        let partial = wanted_by(command, &self.snapshot);
        let over_wanted = command.decide(&partial, &mut Moment::new(self.now_us, &mut same_bits));
        let over_all = command.decide(&self.snapshot, &mut Moment::new(self.now_us, &mut self.entropy));
        let changes = |decided: &Result<Decision<C::Reply>, Refusal>| -> Result<Changes, Refusal> {
            decided.as_ref().map(|decision| decision.changes.clone()).map_err(Clone::clone)
        };
        assert_eq!(changes(&over_wanted), changes(&over_all), "the wants do not cover what is read");
        if let Ok(decision) = &over_all {
            for change in decision.changes.as_slice() {
                assert_writable(change, command.lane(), &self.snapshot, &partial);
            }
        }
        over_all
    }

    pub fn after(&mut self, delay_us: i64) -> &mut Self {
        self.now_us += delay_us;
        self
    }

    // Ordering and paying.

    pub fn order(&mut self) -> CreatePayment {
        self.orders += 1;
        CreatePayment {
            description: "首期保费".to_owned(),
            ..CreatePayment::plain(
                (TENANT, MERCHANT),
                PRODUCT,
                &format!("P{}", self.orders),
                Amount::fen(PRICE),
                Origin::system(),
            )
        }
    }

    pub fn payment(&mut self) -> PaymentId {
        let order = self.order();
        self.run(&order).unwrap().payment.id
    }

    pub fn start(&mut self, payment_id: PaymentId, method: Method) -> Result<Started, Refusal> {
        let auth_code = (method == Method::AlipayBarcode).then(|| "281234567890123456".to_owned());
        self.run(&StartAttempt {
            tenant_id: TENANT,
            payment_id,
            method,
            auth_code,
            payer: ExpectedPayer::default(),
            known_as: None,
            card: None,
            payer_ip: None,
            return_url: None,
            lease_us: MINUTE_US,
            origin: Origin::system(),
        })
    }

    pub fn attempt(&mut self, payment_id: PaymentId, method: Method) -> AttemptId {
        match self.start(payment_id, method).unwrap() {
            Started::New { attempt, .. } => attempt.id,
            other @ (Started::Existing { .. } | Started::ClosingEarlier { .. }) => panic!("{other:?}"),
        }
    }

    pub fn open(&mut self, method: Method) -> AttemptId {
        let payment_id = self.payment();
        self.attempt(payment_id, method)
    }

    pub fn told(&mut self, attempt_id: AttemptId, source: Source, finding: PaymentFinding) -> Outcome {
        let command = self.report(attempt_id, source, finding);
        self.run(&command).unwrap()
    }

    pub fn report(
        &self,
        attempt_id: AttemptId,
        source: Source,
        finding: PaymentFinding,
    ) -> TakePaymentReport {
        TakePaymentReport {
            tenant_id: TENANT,
            payment_id: self.the_attempt(attempt_id).payment_id,
            attempt_id,
            report: PaymentReport { source, asked_at_us: self.now_us, finding },
            origin: Origin::channel(CONTRACT),
        }
    }

    pub fn paid(&mut self, attempt_id: AttemptId) -> Outcome {
        self.told(attempt_id, Source::Callback, paid("txn"))
    }

    /// A payment of 100 yuan collected by QR code.
    pub fn collected(&mut self) -> AttemptId {
        let attempt_id = self.open(Method::AlipayQr);
        self.told(attempt_id, Source::Callback, paid(&format!("txn-{attempt_id}")));
        attempt_id
    }

    pub fn close(&mut self, payment_id: PaymentId) -> Result<Payment, Refusal> {
        self.run(&ClosePayment {
            tenant_id: TENANT,
            payment_id,
            reason: CloseReason::Merchant,
            lease_us: 0,
            origin: Origin::system(),
        })
    }

    pub fn ask(&mut self, payment_id: PaymentId) -> Payment {
        let origin = Origin::system();
        self.run(&RequestQuery { tenant_id: TENANT, payment_id, lease_us: 0, origin }).unwrap()
    }

    // Giving back.

    pub fn refund_of(&self, attempt_id: AttemptId, number: &str, amount_minor: i64) -> CreateRefund {
        CreateRefund {
            tenant_id: TENANT,
            app_id: None,
            payment_id: self.the_attempt(attempt_id).payment_id,
            attempt_id: Some(attempt_id),
            merchant_refund_no: number.to_owned(),
            amount_minor,
            items: Vec::new(),
            currency: None,
            reason: "犹豫期退保".to_owned(),
            origin: Origin::system(),
        }
    }

    pub fn refund(
        &mut self,
        attempt_id: AttemptId,
        number: &str,
        amount_minor: i64,
    ) -> Result<RefundId, Refusal> {
        let command = self.refund_of(attempt_id, number, amount_minor);
        self.run(&command).map(|created| created.refund.id)
    }

    pub fn cancel(&mut self, refund_id: RefundId) -> Result<Refund, Refusal> {
        let refund = self.the_refund(refund_id);
        let (payment_id, attempt_id) = (refund.payment_id, refund.attempt_id);
        let origin = Origin::system();
        self.run(&CancelRefund { tenant_id: TENANT, payment_id, attempt_id, refund_id, origin })
    }

    pub fn refund_told(
        &mut self,
        refund_id: RefundId,
        source: Source,
        finding: RefundFinding,
    ) -> RefundTaken {
        let refund = self.the_refund(refund_id);
        let command = TakeRefundReport {
            tenant_id: TENANT,
            payment_id: refund.payment_id,
            attempt_id: refund.attempt_id,
            refund_id,
            report: RefundReport { source, finding },
            origin: Origin::channel(CONTRACT),
        };
        self.run(&command).unwrap()
    }

    // Looking.

    pub fn the_payment(&self, id: PaymentId) -> &Payment {
        self.snapshot.payments.get(&(TENANT, id)).unwrap()
    }

    pub fn payment_of(&self, attempt_id: AttemptId) -> &Payment {
        self.the_payment(self.the_attempt(attempt_id).payment_id)
    }

    /// Where the API says that the money of a payment is.
    pub fn money_of(&self, id: PaymentId) -> MoneyState {
        PaymentView::of(self.the_payment(id), None, false).money_state
    }

    pub fn the_attempt(&self, id: AttemptId) -> &Attempt {
        self.snapshot.attempts.get(&(TENANT, id)).unwrap()
    }

    pub fn the_refund(&self, id: RefundId) -> &Refund {
        self.snapshot.refunds.get(&(TENANT, id)).unwrap()
    }

    pub fn hold_of(&self, id: RefundId) -> &Hold {
        self.snapshot.holds.get(&(TENANT, self.the_refund(id).hold_id)).unwrap()
    }

    pub fn instruction(&self, id: impl TypedId) -> &Instruction {
        self.snapshot.instructions.get(&(TENANT, id.id128())).unwrap()
    }

    /// What is said next and in how many seconds, such as `query+5`; `done` if nothing.
    pub fn next(&self, id: impl TypedId) -> String {
        let instruction = self.instruction(id);
        match instruction.status {
            InstructionStatus::Done => "done".to_owned(),
            InstructionStatus::Open => {
                format!("{}+{}", instruction.kind, (instruction.due_at_us - self.now_us) / 1_000_000)
            }
        }
    }

    /// A worker takes the instruction as soon as it is due and nobody else has it.
    pub fn claim(&mut self, id: impl TypedId) -> InstructionKind {
        let mut instruction = self.instruction(id).clone();
        self.now_us = self.now_us.max(instruction.due_at_us).max(instruction.lease_until_us);
        assert!(instruction.claim(self.now_us, MINUTE_US), "{instruction:?}");
        self.snapshot.instructions.put(instruction.clone());
        instruction.kind
    }

    pub fn exceptions(&self) -> Vec<String> {
        let text = |row: &tk_domain::exception::Exception| format!("{} {}", row.kind, row.status);
        self.snapshot.exceptions.iter().map(text).collect()
    }

    pub fn events(&self, object: impl TypedId) -> Vec<String> {
        let of_object =
            self.snapshot.appended.events.iter().filter(|event| event.object_id == object.id128());
        of_object.map(|event| event.kind.to_string()).collect()
    }

    pub fn balance(&self, kind: AccountKind) -> i64 {
        self.snapshot.accounts.iter().filter(|row| row.kind == kind).map(|row| row.balance_minor).sum()
    }

    pub fn merchant_account(kind: AccountKind) -> AccountRef {
        AccountRef::merchant(TENANT, MERCHANT, kind, Currency::Cny)
    }

    pub fn last_entry(&self) -> &Entry {
        self.snapshot.appended.entries.last().unwrap()
    }
}

pub fn evidence(txn: &str) -> PaidEvidence {
    PaidEvidence {
        channel_txn_no: txn.to_owned(),
        amount: Amount::fen(PRICE),
        payee_app: Some("app-ours".to_owned()),
        payee_merchant: Some("seller-ours".to_owned()),
        borne: None,
        paid_at_us: None,
    }
}

pub fn paid(txn: &str) -> PaymentFinding {
    PaymentFinding::Paid(evidence(txn))
}

pub fn paid_amount(txn: &str, minor: i64) -> PaymentFinding {
    PaymentFinding::Paid(PaidEvidence { amount: Amount::fen(minor), ..evidence(txn) })
}

pub fn paid_to_other(txn: &str) -> PaymentFinding {
    PaymentFinding::Paid(PaidEvidence { payee_app: Some("app-other".to_owned()), ..evidence(txn) })
}

pub fn code() -> PaymentFinding {
    PaymentFinding::ActionRequired(Action { kind: ActionKind::Qr, value: "https://qr.example/1".to_owned() })
}

pub fn failed() -> PaymentFinding {
    PaymentFinding::Failed { code: "ACQ.PAYMENT_FAIL".to_owned(), message: "支付失败".to_owned() }
}

pub const fn undone() -> PaymentFinding {
    PaymentFinding::Undone(Amount::fen(PRICE))
}

pub const fn unclear() -> PaymentFinding {
    PaymentFinding::Unclear(Unclear::Timeout)
}

pub const fn done(minor: i64) -> RefundFinding {
    RefundFinding::Done { amount: Amount::fen(minor), borne: None, at_us: None }
}

pub fn refund_failed() -> RefundFinding {
    RefundFinding::Failed {
        code: "ACQ.TRADE_NOT_ALLOW_REFUND".to_owned(), message: "不允许退款".to_owned()
    }
}
