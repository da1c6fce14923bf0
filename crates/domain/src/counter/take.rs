//! Taking money over the counter: the attempt and its success in one commit.

use crate::audit::{Act, Origin};
use crate::channel_account::{ChannelAccount, Method};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::counter::{CounterFlow, CounterMovement, Shift, ShiftStatus, VoidStatus};
use crate::decision::{Changes, Decision};
use crate::id::{AttemptId, MovementId, PaymentId, ShiftId, TenantId, TypedId};
use crate::identity::{self, Gate};
use crate::key::{KeyName, NaturalKey, NaturalKind};
use crate::moment::{Moment, date_text};
use crate::payment::{
    Attempt, ClosingEarlier, NewAttempt, Payment, Vouched, clear_open, vouch, want_open, want_vouched,
};
use crate::person::name_of_actor;
use crate::product::Product;
use crate::refusal::Refusal;
use crate::report::PaidEvidence;
use crate::routing::{Demand, method_allowed, route};
use crate::snapshot::Snapshot;
use serde_json::json;
use tk_money::Amount;

/// What a terminal printed about one movement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slip {
    /// The terminal's number: 1 to 32 letters, digits and hyphens.
    pub terminal: String,
    /// The slip's number, unique per terminal and day: the same.
    pub number: String,
}

impl Slip {
    pub(super) fn check(&self) -> Result<(), Refusal> {
        let fits = |text: &str| {
            let sound = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            (1..=32).contains(&text.len()) && text.bytes().all(sound)
        };
        if fits(&self.terminal) && fits(&self.number) {
            return Ok(());
        }
        Err(Refusal::FieldInvalid { param: "slip", reason: "1 to 32 letters, digits and hyphens each" })
    }

    /// The terminal, the day and the number.
    fn text(&self, business_day: i64) -> String {
        format!("{}/{}/{}", self.terminal, date_text(business_day), self.number)
    }

    /// The key under which the slip is known for ever.
    pub(super) fn key(&self, tenant_id: TenantId, business_day: i64) -> KeyName {
        KeyName::of_tenant(tenant_id, NaturalKind::CounterSlip, &self.text(business_day))
    }
}

/// Records that a cashier took the whole amount of a payment in cash, by card slip or by kiosk.
#[derive(Debug, Clone)]
pub struct RecordTaking {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The shift.
    pub shift_id: ShiftId,
    /// The payment.
    pub payment_id: PaymentId,
    /// The identifier of the attempt, drawn by the caller because its matters are named by it.
    pub attempt_id: AttemptId,
    /// `cash`, `pos` or `kiosk`.
    pub method: Method,
    /// The amount taken, which must be the payment's, minor units.
    pub amount_minor: i64,
    /// The cash that the payer gave, minor units.
    pub tendered_minor: Option<i64>,
    /// The slip, for anything but cash.
    pub slip: Option<Slip>,
    /// How long the caller keeps the instruction that closes an earlier attempt, microseconds.
    pub lease_us: i64,
    /// The cashier's name.
    pub by: String,
    /// Who asks.
    pub origin: Origin,
}

/// What came of it.
#[derive(Debug, Clone)]
pub enum Recorded {
    /// It was taken.
    Taken { payment: Box<Payment>, movement: Box<CounterMovement> },
    /// The same slip was recorded before, for this payment and amount.
    Known { movement: Box<CounterMovement> },
    /// Another attempt is open and now being closed at its channel; record again afterwards.
    ClosingEarlier { attempt: Box<Attempt> },
}

/// The rows that a taking is decided over.
struct Seen<'a> {
    shift: &'a Shift,
    account: &'a ChannelAccount,
    payment: &'a Payment,
    product: &'a Product,
}

impl RecordTaking {
    fn seen<'a>(&self, snapshot: &'a Snapshot) -> Result<Seen<'a>, Refusal> {
        let missing = |what| Refusal::NotFound { what };
        let key = (self.tenant_id, self.payment_id);
        let payment = snapshot.payments.get(&key).ok_or(missing("payment"))?;
        let shift = snapshot.shifts.get(&(self.tenant_id, self.shift_id)).ok_or(missing("shift"))?;
        let account = snapshot.channel_accounts.get(&(self.tenant_id, shift.channel_account_id));
        let account = account.ok_or(missing("counter"))?;
        let product = snapshot.products.get(&(self.tenant_id, payment.product_id));
        Ok(Seen { shift, account, payment, product: product.ok_or(missing("product"))? })
    }

    /// The channel's number of the taking: its slip, or the attempt itself for cash.
    fn txn_no(&self, shift: &Shift) -> String {
        self.slip.as_ref().map_or_else(|| self.attempt_id.to_string(), |slip| slip.text(shift.business_day))
    }

    fn txn_key(&self, shift: &Shift) -> KeyName {
        let counter = shift.channel_account_id;
        KeyName::scoped(self.tenant_id, NaturalKind::ChannelTxn, &counter, &self.txn_no(shift))
    }

    fn known<'a>(
        &self,
        shift: &Shift,
        snapshot: &'a Snapshot,
    ) -> Option<Result<&'a CounterMovement, Refusal>> {
        let key = self.slip.as_ref()?.key(self.tenant_id, shift.business_day);
        let id = MovementId(snapshot.natural_keys.get(&key)?.id);
        let terms = |row: &CounterMovement| (row.payment_id, row.method, row.amount_minor, row.flow);
        let same = (self.payment_id, self.method, self.amount_minor, CounterFlow::In);
        let movement = snapshot.counter_movements.get(&(self.tenant_id, id));
        Some(movement.filter(|row| terms(row) == same).ok_or(Refusal::SlipUsed))
    }

    /// Cash can be handed back at once, so it is taken only while it is owed. A slip or a kiosk says that money has
    /// moved already: it is booked whatever became of the payment.
    fn check(&self, seen: &Seen<'_>, snapshot: &Snapshot, now_us: i64) -> Result<(), Refusal> {
        name_of_actor(&self.by)?;
        if seen.shift.status != ShiftStatus::Open {
            return Err(Refusal::ShiftNotOpen);
        }
        self.check_slip()?;
        let owed = seen.payment.payer_amount();
        if self.amount_minor != owed.minor {
            return Err(Refusal::AmountOutOfRange { min: owed, max: owed });
        }
        if self.method == Method::Cash {
            check_owed(seen.payment, snapshot, now_us)?;
        }
        let account = std::iter::once(seen.account);
        let routed = route(account, self.method, &Demand::of(seen.payment)).chosen.is_some();
        if !routed || !method_allowed(seen.product, seen.payment, self.method) {
            return Err(Refusal::ChannelNotAvailable);
        }
        let tendered = self.tendered_minor.unwrap_or(self.amount_minor);
        if tendered < self.amount_minor {
            return Err(Refusal::FieldInvalid { param: "tendered", reason: "below the amount" });
        }
        Ok(())
    }

    /// The gate of identity. Cash waits before it as any attempt does; what a slip tells of has happened, so it is only
    /// counted in the payer's day.
    fn gate(&self, seen: &Seen<'_>, snapshot: &Snapshot, now_us: i64) -> Result<Gate, Refusal> {
        match self.method {
            Method::Cash => Gate::before(seen.payment, snapshot, now_us),
            Method::AlipayPage
            | Method::AlipayWap
            | Method::AlipayQr
            | Method::AlipayBarcode
            | Method::WechatJsapi
            | Method::WechatH5
            | Method::WechatNative
            | Method::WechatBarcode
            | Method::QuickPay
            | Method::EbankB2c
            | Method::EbankB2b
            | Method::BankTransfer
            | Method::Pos
            | Method::Kiosk
            | Method::Cheque => Ok(Gate::of(seen.payment, seen.product, snapshot, now_us)),
        }
    }

    fn check_slip(&self) -> Result<(), Refusal> {
        match (self.method, &self.slip) {
            (Method::Cash, None) => Ok(()),
            (Method::Cash, Some(_)) => Err(Refusal::FieldInvalid { param: "slip", reason: "cash has none" }),
            (Method::Pos | Method::Kiosk, Some(slip)) if self.tendered_minor.is_none() => slip.check(),
            (Method::Pos | Method::Kiosk, Some(_)) => {
                Err(Refusal::FieldInvalid { param: "tendered", reason: "only with cash" })
            }
            (Method::Pos | Method::Kiosk, None) => {
                Err(Refusal::FieldInvalid { param: "slip", reason: "missing" })
            }
            (
                Method::AlipayPage
                | Method::AlipayWap
                | Method::AlipayQr
                | Method::AlipayBarcode
                | Method::WechatJsapi
                | Method::WechatH5
                | Method::WechatNative
                | Method::WechatBarcode
                | Method::QuickPay
                | Method::EbankB2c
                | Method::EbankB2b
                | Method::BankTransfer
                | Method::Cheque,
                _,
            ) => Err(Refusal::FieldInvalid { param: "method", reason: "not one of cash, pos, kiosk" }),
        }
    }

    fn movement(&self, seen: &Seen<'_>, moment: &Moment<'_>) -> CounterMovement {
        CounterMovement {
            tenant_id: self.tenant_id,
            id: MovementId(self.attempt_id.id128()),
            flow: CounterFlow::In,
            shift_id: seen.shift.id,
            channel_account_id: seen.account.id,
            payment_id: self.payment_id,
            attempt_id: self.attempt_id,
            refund_id: None,
            method: self.method,
            amount_minor: self.amount_minor,
            currency: seen.payment.currency,
            tendered_minor: self.tendered_minor,
            slip_terminal: self.slip.as_ref().map(|slip| slip.terminal.clone()),
            slip_no: self.slip.as_ref().map(|slip| slip.number.clone()),
            void_status: VoidStatus::None,
            void_reason: None,
            void_by: None,
            void_refund_id: None,
            decided_by: None,
            made_by: self.by.clone(),
            created_at_us: moment.now_us,
            version: 0,
        }
    }

    fn evidence(&self, seen: &Seen<'_>, moment: &Moment<'_>) -> PaidEvidence {
        PaidEvidence {
            channel_txn_no: self.txn_no(seen.shift),
            amount: Amount::new(self.amount_minor, seen.payment.currency),
            payee_app: None,
            payee_merchant: None,
            borne: None,
            paid_at_us: Some(moment.now_us),
        }
    }

    fn take(
        &self,
        seen: &Seen<'_>,
        (snapshot, mut changes): (&Snapshot, Changes),
        moment: &mut Moment<'_>,
    ) -> Result<Decision<Recorded>, Refusal> {
        self.gate(seen, snapshot, moment.now_us)?.count(seen.payment, &mut changes);
        let routing = route(std::iter::once(seen.account), self.method, &Demand::of(seen.payment));
        let new = NewAttempt { id: self.attempt_id, account: seen.account, method: self.method };
        let attempt = new.row(seen.payment, &routing, moment);
        let evidence = self.evidence(seen, moment);
        let vouched = Vouched { account: seen.account, product: seen.product, evidence: &evidence };
        let payment = vouch((seen.payment, attempt), vouched, (snapshot, &mut changes), moment)?;
        let movement = self.movement(seen, moment);
        if let Some(slip) = &self.slip {
            let name = slip.key(self.tenant_id, seen.shift.business_day);
            changes.put(NaturalKey { name, id: self.attempt_id.id128() });
        }
        changes.put(Shift {
            totals: seen.shift.totals.with(self.method, CounterFlow::In, self.amount_minor),
            ..seen.shift.clone()
        });
        let detail = json!({
            "payment": payment.id, "shift": seen.shift.id, "method": self.method,
            "amount": self.amount_minor, "by": self.by,
        });
        changes.audit((self.tenant_id, &self.origin), Act::TakingRecord, &self.attempt_id, &detail, moment);
        changes.put(movement.clone());
        let reply = Recorded::Taken { payment: Box::new(payment), movement: Box::new(movement) };
        Ok(Decision::new(reply, changes))
    }
}

/// Whether the payment still asks for money, and its partner may still take it.
pub(crate) fn check_owed(payment: &Payment, snapshot: &Snapshot, now_us: i64) -> Result<(), Refusal> {
    if let Some(id) = payment.partner_id {
        let partner = snapshot.partners.get(&(payment.tenant_id, id));
        partner.ok_or(Refusal::NotFound { what: "partner" })?.admit(payment.product_id, now_us)?;
    }
    if payment.effective_attempt_id.is_some() {
        return Err(Refusal::AlreadyPaid);
    }
    let over = payment.status.terminal() || payment.close_requested_at_us.is_some();
    if over || payment.expires_at_us <= now_us { Err(Refusal::OrderClosed) } else { Ok(()) }
}

/// The partner that [`check_owed`] has to see.
pub(crate) fn want_partner(payment: &Payment, wants: &mut Wants) {
    if let Some(id) = payment.partner_id {
        wants.add(Want::Partner(payment.tenant_id, id));
    }
}

impl Command for RecordTaking {
    type Reply = Recorded;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Posting
    }

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::Payment(self.tenant_id, self.payment_id));
        let Some(payment) = snapshot.payments.get(&(self.tenant_id, self.payment_id)) else { return };
        wants.add(Want::Product(self.tenant_id, payment.product_id));
        identity::want(payment, snapshot, wants);
        want_open(payment, wants);
        want_partner(payment, wants);
        wants.add(Want::Shift(self.tenant_id, self.shift_id));
        let Some(shift) = snapshot.shifts.get(&(self.tenant_id, self.shift_id)) else { return };
        wants.add(Want::ChannelAccount(self.tenant_id, shift.channel_account_id));
        wants.add(Want::Natural(self.txn_key(shift)));
        if let Some(slip) = &self.slip {
            let key = slip.key(self.tenant_id, shift.business_day);
            if let Some(known) = snapshot.natural_keys.get(&key) {
                wants.add(Want::CounterMovement(self.tenant_id, MovementId(known.id)));
            }
            // The accounts rank below the movement that a known slip names.
            let want = Want::Natural(key);
            let asked = snapshot.knows(&want);
            wants.add(want);
            if !asked {
                return;
            }
        }
        want_vouched(payment, (shift.channel_account_id, self.attempt_id, self.method), wants);
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<Recorded>, Refusal> {
        let seen = self.seen(snapshot)?;
        if let Some(known) = self.known(seen.shift, snapshot) {
            let movement = Box::new(known?.clone());
            return Ok(Decision::nothing(Recorded::Known { movement }));
        }
        self.check(&seen, snapshot, moment.now_us)?;
        self.gate(&seen, snapshot, moment.now_us)?;
        let mut changes = Changes::default();
        let asked = (self.lease_us, &self.origin);
        match clear_open(seen.payment, asked, (snapshot, &mut changes), moment)? {
            Some(ClosingEarlier { attempt }) => {
                let attempt = Box::new(attempt);
                Ok(Decision::new(Recorded::ClosingEarlier { attempt }, changes))
            }
            None => self.take(&seen, (snapshot, changes), moment),
        }
    }
}
