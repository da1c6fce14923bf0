//! Small commands over real rows: enough to move money, refuse, panic and conflict.

use tk_domain::audit::{Act, Origin};
use tk_domain::channel_account::{Channel, Method};
use tk_domain::command::{Command, LaneKind, Want, Wants};
use tk_domain::decision::{Changes, Decision};
use tk_domain::id::{
    AttemptId, ChannelAccountId, EntryId, EventId, Id128, MerchantId, PaymentId, ProductId, TenantId, TypedId,
};
use tk_domain::instruction::{Instruction, InstructionKind, InstructionStatus};
use tk_domain::key::{KeyName, NaturalKey, NaturalKind};
use tk_domain::ledger::{AccountKind, AccountRef, Entry, EntryKind, Side};
use tk_domain::merchant::Merchant;
use tk_domain::moment::{DAY_US, Moment, shanghai_day};
use tk_domain::payment::{
    Attempt, AttemptStatus, Disposition, FeeSnapshot, Payment, PaymentStatus, RefundStatus,
};
use tk_domain::refusal::Refusal;
use tk_domain::snapshot::Snapshot;
use tk_domain::split::SplitTerms;
use tk_domain::webhook::{Event, EventKind, WebhookEndpoint};
use tk_money::{Amount, Currency, Rate};

pub const CHANNEL: ChannelAccountId = ChannelAccountId(Id128([7; 16]));

/// Makes a merchant with a code.
#[derive(Clone)]
pub struct OpenShop {
    pub tenant_id: TenantId,
    pub code: String,
}

impl OpenShop {
    fn name(&self) -> KeyName {
        KeyName::of_tenant(self.tenant_id, NaturalKind::MerchantCode, &self.code)
    }
}

impl Command for OpenShop {
    type Reply = MerchantId;
    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }
    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }
    fn wants(&self, _: &Snapshot, wants: &mut Wants) {
        wants.add(Want::Natural(self.name()));
    }
    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<MerchantId>, Refusal> {
        if snapshot.natural_keys.get(&self.name()).is_some() {
            return Err(Refusal::CodeTaken { param: "code" });
        }
        let id = MerchantId::new(moment);
        let mut changes = Changes::default();
        changes.put(NaturalKey { name: self.name(), id: id.id128() });
        changes.put(Merchant {
            tenant_id: self.tenant_id,
            id,
            code: self.code.clone(),
            name: "车险".to_owned(),
            fee: FeeSnapshot { rate: Rate::from_ppm(6_000).unwrap(), ..FeeSnapshot::default() },
            legal_entity: None,
            phone: None,
            enabled: true,
            created_at_us: moment.now_us,
            version: 0,
        });
        changes.audit(
            (self.tenant_id, &Origin::system()),
            Act::MerchantWrite,
            &id,
            &serde_json::json!({}),
            moment,
        );
        Ok(Decision::new(id, changes))
    }
}

/// Makes a payment with one attempt and its instruction; the same order number answers the same payment.
#[derive(Clone)]
pub struct Create {
    pub tenant_id: TenantId,
    pub merchant_id: MerchantId,
    pub order_no: String,
    pub amount_minor: i64,
    pub splits: SplitTerms,
}

impl Create {
    fn name(&self) -> KeyName {
        KeyName::scoped(self.tenant_id, NaturalKind::MerchantOrder, &self.merchant_id, &self.order_no)
    }
}

impl Command for Create {
    type Reply = PaymentId;
    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }
    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }
    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::Natural(self.name()));
        wants.add(Want::Merchant(self.tenant_id, self.merchant_id));
        if let Some(key) = snapshot.natural_keys.get(&self.name()) {
            wants.add(Want::Payment(self.tenant_id, PaymentId(key.id)));
        }
    }
    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<PaymentId>, Refusal> {
        let merchant = snapshot.merchants.get(&(self.tenant_id, self.merchant_id));
        let merchant = merchant.ok_or(Refusal::NotFound { what: "merchant" })?;
        if let Some(key) = snapshot.natural_keys.get(&self.name()) {
            let payment = snapshot.payments.get(&(self.tenant_id, PaymentId(key.id))).unwrap();
            let same = payment.amount_minor == self.amount_minor;
            return if same { Ok(Decision::nothing(payment.id)) } else { Err(Refusal::OrderConflict) };
        }
        let (payment, attempt) = rows(self, merchant, moment);
        let mut changes = Changes::default();
        changes.put(NaturalKey { name: self.name(), id: payment.id.id128() });
        let origin = Origin::system();
        changes.audit(
            (self.tenant_id, &origin),
            Act::PaymentCreate,
            &payment.id,
            &serde_json::json!({}),
            moment,
        );
        changes.put(event(&payment, EventKind::PaymentCreated, moment));
        changes.put(Instruction {
            tenant_id: self.tenant_id,
            id: attempt.id.id128(),
            kind: InstructionKind::Pay,
            payment_id: payment.id,
            channel_account_id: CHANNEL,
            status: InstructionStatus::Open,
            due_at_us: moment.now_us,
            lease_until_us: 0,
            tries: 0,
            payload: None,
            version: 0,
        });
        let id = payment.id;
        changes.put(payment);
        changes.put(attempt);
        Ok(Decision::new(id, changes))
    }
}

fn rows(create: &Create, merchant: &Merchant, moment: &mut Moment<'_>) -> (Payment, Attempt) {
    let (payment_id, attempt_id) = (PaymentId::new(moment), AttemptId::new(moment));
    let payment = Payment {
        tenant_id: create.tenant_id,
        id: payment_id,
        merchant_id: merchant.id,
        product_id: ProductId(Id128([3; 16])),
        app_id: None,
        partner_id: None,
        payer_id: None,
        merchant_order_no: create.order_no.clone(),
        amount_minor: create.amount_minor,
        currency: Currency::Cny,
        description: "商业车险".to_owned(),
        terminal: None,
        methods_allow: None,
        single_attempt: false,
        status: PaymentStatus::Processing,
        refund_status: RefundStatus::None,
        expires_at_us: moment.now_us + DAY_US,
        extensions_left: 10,
        return_url: None,
        metadata: Some("{}".to_owned()),
        ext: None,
        period: None,
        prepayment_id: None,
        bill: None,
        fulfilment: None,
        items: None,
        items_back: None,
        splits: create.splits.later.then(|| serde_json::to_string(&create.splits).unwrap()),
        insured: None,
        payer: None,
        payer_sealed: None,
        payer_minor: create.amount_minor,
        discount_minor: 0,
        parts: None,
        parts_back: None,
        fee: merchant.fee,
        fee_minor: 0,
        fee_returned_minor: 0,
        open_attempt_id: Some(attempt_id),
        latest_attempt_id: Some(attempt_id),
        effective_attempt_id: None,
        attempts_count: 1,
        unknown_since_us: None,
        refunded_minor: 0,
        late_refunded_minor: 0,
        reversed_minor: 0,
        reversed_others_minor: 0,
        beside_minor: 0,
        splits_count: 0,
        split_lines_count: 0,
        refunding_minor: 0,
        close_requested_at_us: None,
        succeeded_at_us: None,
        ended_at_us: None,
        accounting_day: None,
        event_seq: 1,
        created_at_us: moment.now_us,
        updated_at_us: moment.now_us,
        version: 0,
    };
    (payment, attempt(create, (payment_id, attempt_id), moment.now_us))
}

fn attempt(create: &Create, (payment_id, id): (PaymentId, AttemptId), now_us: i64) -> Attempt {
    Attempt {
        tenant_id: create.tenant_id,
        id,
        payment_id,
        channel: Channel::Alipay,
        channel_account_id: CHANNEL,
        method: Method::AlipayQr,
        out_no: format!("T{}", id.id128().base32().to_uppercase()),
        amount_minor: create.amount_minor,
        currency: Currency::Cny,
        status: AttemptStatus::Processing,
        action: None,
        channel_expires_at_us: now_us + DAY_US,
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
        routing: "[]".to_owned(),
        payer_masked: None,
        payer_sealed: None,
        payer_mark: None,
        paid_at_us: None,
        created_at_us: now_us,
        updated_at_us: now_us,
        version: 0,
    }
}

fn event(payment: &Payment, kind: EventKind, moment: &mut Moment<'_>) -> Event {
    Event {
        tenant_id: payment.tenant_id,
        id: EventId::new(moment),
        kind,
        object_id: payment.id.id128(),
        object: payment.id.to_string(),
        object_seq: payment.event_seq,
        body: format!("{{\"id\":\"{}\"}}", payment.id),
        created_at_us: moment.now_us,
        lane: 0,
        lane_seq: 0,
    }
}

/// Says where a payment stands and changes nothing.
#[derive(Clone)]
pub struct Look {
    pub tenant_id: TenantId,
    pub payment_id: PaymentId,
}

impl Command for Look {
    type Reply = PaymentStatus;
    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }
    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }
    fn wants(&self, _: &Snapshot, wants: &mut Wants) {
        wants.add(Want::Payment(self.tenant_id, self.payment_id));
    }
    fn decide(&self, snapshot: &Snapshot, _: &mut Moment<'_>) -> Result<Decision<PaymentStatus>, Refusal> {
        let payment = snapshot.payments.get(&(self.tenant_id, self.payment_id));
        let payment = payment.ok_or(Refusal::NotFound { what: "payment" })?;
        Ok(Decision::nothing(payment.status))
    }
}

/// Books the success of a payment.
#[derive(Clone)]
pub struct Collect {
    pub tenant_id: TenantId,
    pub payment_id: PaymentId,
}

impl Collect {
    fn accounts(&self, payment: &Payment) -> [AccountRef; 2] {
        let tenant_id = self.tenant_id;
        [
            AccountRef::channel(tenant_id, CHANNEL, AccountKind::ChannelReceivable, Currency::Cny),
            pending(tenant_id, payment.merchant_id),
        ]
    }
}

pub fn pending(tenant_id: TenantId, merchant_id: MerchantId) -> AccountRef {
    AccountRef::merchant(tenant_id, merchant_id, AccountKind::PendingSettlement, Currency::Cny)
}

pub fn cash(tenant_id: TenantId, merchant_id: MerchantId) -> AccountRef {
    AccountRef::merchant(tenant_id, merchant_id, AccountKind::Cash, Currency::Cny)
}

impl Command for Collect {
    type Reply = bool;
    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }
    fn lane(&self) -> LaneKind {
        LaneKind::Posting
    }
    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::Payment(self.tenant_id, self.payment_id));
        let Some(payment) = snapshot.payments.get(&(self.tenant_id, self.payment_id)) else { return };
        if let Some(attempt_id) = payment.latest_attempt_id {
            wants.add(Want::Attempt(self.tenant_id, attempt_id));
            wants.add(Want::Instruction(self.tenant_id, attempt_id.id128()));
        }
        for account in self.accounts(payment) {
            wants.add(Want::Account(account));
        }
    }
    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<bool>, Refusal> {
        let payment = snapshot.payments.get(&(self.tenant_id, self.payment_id));
        let mut payment = payment.cloned().ok_or(Refusal::NotFound { what: "payment" })?;
        if payment.status == PaymentStatus::Succeeded {
            return Ok(Decision::nothing(false));
        }
        let attempt_id = payment.latest_attempt_id.unwrap();
        let mut attempt = snapshot.attempts.get(&(self.tenant_id, attempt_id)).cloned().unwrap();
        let mut instruction =
            snapshot.instructions.get(&(self.tenant_id, attempt_id.id128())).cloned().unwrap();
        instruction.finish();
        attempt.status = AttemptStatus::Succeeded;
        attempt.disposition = Some(Disposition::Effective);
        attempt.received_minor = payment.amount_minor;
        attempt.channel_txn_no = Some(format!("2026{}", attempt.out_no));
        payment.status = PaymentStatus::Succeeded;
        payment.open_attempt_id = None;
        payment.effective_attempt_id = Some(attempt_id);
        payment.succeeded_at_us = Some(moment.now_us);
        payment.accounting_day = Some(shanghai_day(moment.now_us));
        payment.event_seq += 1;
        let [debit, credit] = self.accounts(&payment);
        let lines =
            vec![(debit, Side::Debit, payment.amount_minor), (credit, Side::Credit, payment.amount_minor)];
        let mut entry =
            Entry::new(self.tenant_id, EntryId::new(moment), EntryKind::Collect, moment.now_us, lines)
                .unwrap();
        entry.payment_id = Some(payment.id);
        entry.attempt_id = Some(attempt_id);
        let mut changes = Changes::default();
        changes.put(event(&payment, EventKind::PaymentSucceeded, moment));
        let origin = Origin::channel(CHANNEL);
        changes.audit(
            (self.tenant_id, &origin),
            Act::PaymentReport,
            &payment.id,
            &serde_json::json!({}),
            moment,
        );
        changes.put(entry);
        changes.put(instruction);
        changes.put(attempt);
        changes.put(payment);
        Ok(Decision::new(true, changes))
    }
}

/// Moves money from the merchant's pending settlement to its cash, if there is enough.
#[derive(Clone)]
pub struct Move {
    pub tenant_id: TenantId,
    pub merchant_id: MerchantId,
    pub amount_minor: i64,
}

impl Command for Move {
    type Reply = i64;
    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }
    fn lane(&self) -> LaneKind {
        LaneKind::Posting
    }
    fn wants(&self, _: &Snapshot, wants: &mut Wants) {
        wants.add(Want::Account(pending(self.tenant_id, self.merchant_id)));
        wants.add(Want::Account(cash(self.tenant_id, self.merchant_id)));
    }
    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<i64>, Refusal> {
        let from = pending(self.tenant_id, self.merchant_id);
        let available = snapshot.account(&from, moment.now_us).available_minor();
        if available < self.amount_minor {
            let (available, short) = (Amount::fen(available), Amount::fen(self.amount_minor - available));
            return Err(Refusal::InsufficientBalance { available, short });
        }
        Ok(Decision::new(available - self.amount_minor, self.changes(moment)))
    }
}

impl Move {
    /// The entry, whatever the balance.
    fn changes(&self, moment: &mut Moment<'_>) -> Changes {
        let from = pending(self.tenant_id, self.merchant_id);
        let to = cash(self.tenant_id, self.merchant_id);
        let lines = vec![(from, Side::Debit, self.amount_minor), (to, Side::Credit, self.amount_minor)];
        let id = EntryId::new(moment);
        let entry = Entry::new(self.tenant_id, id, EntryKind::Release, moment.now_us, lines).unwrap();
        let mut changes = Changes::default();
        changes.put(entry);
        changes
    }
}

/// Moves money without looking: a defective decision.
pub struct MoveBlindly(pub Move);

impl Command for MoveBlindly {
    type Reply = ();
    fn tenant_id(&self) -> TenantId {
        self.0.tenant_id
    }
    fn lane(&self) -> LaneKind {
        LaneKind::Posting
    }
    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        self.0.wants(snapshot, wants);
    }
    fn decide(&self, _: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<()>, Refusal> {
        Ok(Decision::new((), self.0.changes(moment)))
    }
}

/// Panics while deciding.
pub struct Panic(pub TenantId);

impl Command for Panic {
    type Reply = ();
    fn tenant_id(&self) -> TenantId {
        self.0
    }
    fn lane(&self) -> LaneKind {
        LaneKind::Posting
    }
    fn wants(&self, _: &Snapshot, _: &mut Wants) {}
    fn decide(&self, _: &Snapshot, _: &mut Moment<'_>) -> Result<Decision<()>, Refusal> {
        panic!("a planted panic")
    }
}

/// Makes a webhook endpoint that wants everything.
pub struct Listen(pub TenantId);

impl Command for Listen {
    type Reply = ();
    fn tenant_id(&self) -> TenantId {
        self.0
    }
    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }
    fn wants(&self, _: &Snapshot, _: &mut Wants) {}
    fn decide(&self, _: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<()>, Refusal> {
        let mut changes = Changes::default();
        changes.put(WebhookEndpoint {
            tenant_id: self.0,
            id: TypedId::new(moment),
            url: "https://shop.example/hook".to_owned(),
            kinds: None,
            secret: vec![1; 32],
            previous_secret: None,
            ack_body_success: false,
            enabled: true,
            failing_since_us: None,
            created_at_us: moment.now_us,
            version: 0,
        });
        Ok(Decision::new((), changes))
    }
}
