//! The counter: shifts, takings of every method, undoing them by two persons, refunds handed back, days and deposits.

use crate::kit::{CONTRACT, PRICE, TENANT, World, contract, merchant, paid, product};
use tk_domain::audit::Origin;
use tk_domain::channel_account::{Channel, ChannelAccount, Method};
use tk_domain::counter::{
    AskVoid, CloseCounterDay, CloseShift, CounterDay, CounterMovement, DayStatus, DecideVoid, DepositCash,
    DepositStatus, HandOverRefund, MatchDeposit, OpenShift, RecordTaking, Recorded, Shift, ShiftStatus, Slip,
    VoidStatus, Voided,
};
use tk_domain::id::{
    AttemptId, BankLineId, CashDepositId, ChannelAccountId, Id128, MovementId, PayerId, PaymentId, RefundId,
    ShiftId, TypedId,
};
use tk_domain::identity::IdentityLevel;
use tk_domain::ledger::{AccountKind, EntryKind};
use tk_domain::moment::shanghai_day;
use tk_domain::payment::{AttemptStatus, CreatePayment, Disposition, PaymentStatus, RefundStatus};
use tk_domain::refund::{RefundOrigin, RefundState};
use tk_domain::refusal::Refusal;
use tk_domain::report::Source;
use tk_domain::transfer::{BankLine, Flow, LineNature, LineSource, TakeBankLines, TellLine, Verdict};
use tk_money::{Currency, Rate};

const COUNTER: ChannelAccountId = ChannelAccountId(Id128([6; 16]));
const OTHER: ChannelAccountId = ChannelAccountId(Id128([7; 16]));
const BANK: ChannelAccountId = ChannelAccountId(Id128([5; 16]));

fn world() -> World {
    let mut world = World::with(merchant(), product(), contract(CONTRACT));
    for id in [COUNTER, OTHER] {
        world.snapshot.channel_accounts.load(ChannelAccount {
            channel: Channel::Counter,
            methods: r#"["cash","pos","kiosk"]"#.to_owned(),
            ..contract(id)
        });
    }
    world.snapshot.channel_accounts.load(ChannelAccount { channel: Channel::BankDirect, ..contract(BANK) });
    world
}

#[expect(clippy::unnecessary_wraps, reason = "as the commands take it")]
fn slip(number: &str) -> Option<Slip> {
    Some(Slip { terminal: "T-01".to_owned(), number: number.to_owned() })
}

impl World {
    fn open_shift(&mut self, counter: ChannelAccountId, cashier: &str) -> Result<ShiftId, Refusal> {
        self.run(&OpenShift {
            tenant_id: TENANT,
            channel_account_id: counter,
            cashier: cashier.to_owned(),
            float_minor: 5_000,
            business_day: shanghai_day(self.now_us),
            origin: Origin::system(),
        })
        .map(|shift| shift.id)
    }

    fn close_shift(&mut self, shift_id: ShiftId, counted_minor: i64) -> Result<Shift, Refusal> {
        let (by, origin) = ("组长".to_owned(), Origin::system());
        self.run(&CloseShift { tenant_id: TENANT, shift_id, counted_minor, by, origin })
    }

    fn taking(&self, shift_id: ShiftId, payment_id: PaymentId, method: Method) -> RecordTaking {
        let number = self.snapshot.attempts.iter().count();
        RecordTaking {
            tenant_id: TENANT,
            shift_id,
            payment_id,
            attempt_id: AttemptId(Id128::of_ms(self.now_us / 1_000, u128::try_from(number).unwrap())),
            method,
            amount_minor: PRICE,
            tendered_minor: None,
            slip: if method == Method::Cash { None } else { slip(&format!("S{number}")) },
            lease_us: 0,
            by: "收银员".to_owned(),
            origin: Origin::system(),
        }
    }

    fn take(&mut self, shift_id: ShiftId, payment_id: PaymentId, method: Method) -> CounterMovement {
        match self.run(&self.taking(shift_id, payment_id, method)).unwrap() {
            Recorded::Taken { movement, .. } => *movement,
            other @ (Recorded::Known { .. } | Recorded::ClosingEarlier { .. }) => panic!("{other:?}"),
        }
    }

    fn ask_void(&mut self, movement: &CounterMovement) -> Result<CounterMovement, Refusal> {
        self.run(&AskVoid {
            tenant_id: TENANT,
            rows: (movement.shift_id, movement.payment_id, movement.attempt_id),
            reason: "多收".to_owned(),
            by: "收银员".to_owned(),
            origin: Origin::system(),
        })
    }

    fn say_void(
        &mut self,
        movement: &CounterMovement,
        (verdict, by): (Verdict, &str),
        slip: Option<Slip>,
    ) -> Result<Voided, Refusal> {
        let key = (TENANT, movement.id);
        let stored = self.snapshot.counter_movements.get(&key).unwrap();
        let command = DecideVoid {
            tenant_id: TENANT,
            rows: (
                movement.shift_id,
                movement.payment_id,
                movement.attempt_id,
                movement.void_refund_id.unwrap(),
            ),
            verdict,
            seen: stored.content_hash(),
            slip,
            by: by.to_owned(),
            origin: Origin::system(),
        };
        self.run(&command)
    }

    fn hand_over(
        &mut self,
        (shift_id, refund_id): (ShiftId, RefundId),
        slip: Option<Slip>,
    ) -> Result<CounterMovement, Refusal> {
        let refund = self.the_refund(refund_id);
        let command = HandOverRefund {
            tenant_id: TENANT,
            shift_id,
            rows: (refund.payment_id, refund.attempt_id, refund_id),
            slip,
            by: "收银员".to_owned(),
            origin: Origin::system(),
        };
        self.run(&command).map(|done| done.movement)
    }

    fn the_shift(&self, id: ShiftId) -> &Shift {
        self.snapshot.shifts.get(&(TENANT, id)).unwrap()
    }

    fn the_day(&self) -> &CounterDay {
        self.snapshot.counter_days.iter().next().unwrap()
    }
}

#[test]
fn a_shift_takes_cash_and_slips_and_hands_over_what_it_counted() {
    let mut world = world();
    let shift = world.open_shift(COUNTER, "甲").unwrap();
    let cash = world.payment();
    let taking = RecordTaking { tendered_minor: Some(PRICE + 20), ..world.taking(shift, cash, Method::Cash) };
    world.run(&taking).unwrap();
    let payment = world.the_payment(cash);
    assert_eq!((payment.status, payment.fee_minor), (PaymentStatus::Succeeded, 60));
    let attempt = world.the_attempt(taking.attempt_id);
    assert_eq!((attempt.status, attempt.channel_fee_minor), (AttemptStatus::Succeeded, 0));
    assert_eq!(world.events(cash), ["payment.created", "payment.succeeded"]);
    assert_eq!(world.balance(AccountKind::PendingSettlement), PRICE);
    assert_eq!(world.balance(AccountKind::CashDrawer), -(PRICE + 5_000));
    let card = world.payment();
    let movement = world.take(shift, card, Method::Pos);
    assert_eq!(
        world.the_attempt(movement.attempt_id).channel_fee_minor,
        30,
        "a slip costs what the contract says"
    );
    assert_eq!(world.balance(AccountKind::ChannelReceivable), -(PRICE - 30));
    let kiosk = world.payment();
    world.take(shift, kiosk, Method::Kiosk);
    let closed = world.close_shift(shift, PRICE + 5_000 - 300).unwrap();
    assert_eq!((closed.over_short_minor, closed.expected_minor()), (-300, PRICE + 5_000));
    assert_eq!(world.balance(AccountKind::CashOverShort), -300, "short: borne as a cost");
    assert_eq!(world.balance(AccountKind::CashVault), -(PRICE - 300), "the float went back");
    assert_eq!(world.events(shift), ["shift.closed"]);
    let day = world.the_day();
    assert_eq!((day.totals.pos_in_minor, day.totals.kiosk_in_minor), (PRICE, PRICE));
    assert_eq!((day.shifts_open, day.over_short_minor, day.to_bank_minor), (0, -300, PRICE - 300));
    world.close_shift(shift, PRICE + 5_000 - 300).unwrap();
    assert_eq!(world.close_shift(shift, 1), Err(Refusal::ShiftNotOpen));
}

#[test]
fn a_counter_and_a_cashier_have_one_open_shift_each() {
    let mut world = world();
    let first = world.open_shift(COUNTER, "甲").unwrap();
    assert_eq!(world.open_shift(COUNTER, "乙"), Err(Refusal::ShiftOpen));
    assert_eq!(world.open_shift(OTHER, "甲"), Err(Refusal::ShiftOpen));
    world.open_shift(OTHER, "乙").unwrap();
    world.close_shift(first, 5_000).unwrap();
    let second = world.open_shift(COUNTER, "甲").unwrap();
    assert_eq!(world.the_shift(second).status, ShiftStatus::Open);
    assert_eq!(world.open_shift(CONTRACT, "丙"), Err(Refusal::NotFound { what: "counter" }));
    let late = OpenShift {
        tenant_id: TENANT,
        channel_account_id: COUNTER,
        cashier: "丙".to_owned(),
        float_minor: 0,
        business_day: shanghai_day(world.now_us) - 2,
        origin: Origin::system(),
    };
    assert!(matches!(world.run(&late), Err(Refusal::FieldInvalid { param: "business_date", .. })));
    let negative = OpenShift { float_minor: -1, business_day: shanghai_day(world.now_us), ..late };
    assert!(matches!(world.run(&negative), Err(Refusal::FieldInvalid { param: "float", .. })));
}

#[test]
fn what_does_not_fit_is_refused() {
    let mut world = world();
    let shift = world.open_shift(COUNTER, "甲").unwrap();
    let payment = world.payment();
    let cash = world.taking(shift, payment, Method::Cash);
    let pos = world.taking(shift, payment, Method::Pos);
    let refused = |world: &mut World, taking: RecordTaking| world.run(&taking).unwrap_err();
    let field = |refusal: &Refusal| {
        if let Refusal::FieldInvalid { param, .. } = refusal {
            (*param).to_owned()
        } else {
            refusal.code().to_owned()
        }
    };
    for (taking, code) in [
        (RecordTaking { amount_minor: PRICE - 1, ..cash.clone() }, "amount_out_of_range"),
        (RecordTaking { tendered_minor: Some(PRICE - 1), ..cash.clone() }, "tendered"),
        (RecordTaking { slip: slip("1"), ..cash.clone() }, "slip"),
        (RecordTaking { slip: None, ..pos.clone() }, "slip"),
        (RecordTaking { slip: slip("a/b"), ..pos.clone() }, "slip"),
        (RecordTaking { tendered_minor: Some(PRICE), ..pos.clone() }, "tendered"),
        (RecordTaking { method: Method::AlipayQr, ..cash.clone() }, "method"),
        (RecordTaking { by: " ".to_owned(), ..cash.clone() }, "actor"),
        (RecordTaking { shift_id: ShiftId::default(), ..cash.clone() }, "not_found"),
    ] {
        assert_eq!(field(&refused(&mut world, taking)), code);
    }
    world.close_shift(shift, 5_000).unwrap();
    assert_eq!(refused(&mut world, cash), Refusal::ShiftNotOpen);
    assert_eq!(world.start(payment, Method::Cash).unwrap_err(), Refusal::ChannelNotAvailable);
}

#[test]
fn a_slip_counts_once_and_is_never_dropped() {
    let mut world = world();
    let shift = world.open_shift(COUNTER, "甲").unwrap();
    let payment = world.payment();
    let first = world.taking(shift, payment, Method::Pos);
    world.run(&first).unwrap();
    let again = RecordTaking { attempt_id: AttemptId(Id128([8; 16])), ..first.clone() };
    assert!(matches!(world.run(&again).unwrap(), Recorded::Known { .. }), "told twice, booked once");
    let other = world.payment();
    let stolen = RecordTaking { payment_id: other, ..again.clone() };
    assert_eq!(world.run(&stolen).unwrap_err(), Refusal::SlipUsed);
    let second = world.take(shift, payment, Method::Pos);
    let attempt = world.the_attempt(second.attempt_id);
    assert_eq!(attempt.disposition, Some(Disposition::Duplicate), "the card was charged twice");
    assert_eq!(world.exceptions(), ["duplicate_paid open"]);
    let refund = world.snapshot.refunds.iter().next().unwrap().clone();
    assert_eq!((refund.origin, refund.status), (RefundOrigin::System, RefundState::Approved));
    world.hand_over((shift, refund.id), slip("R1")).unwrap();
    assert_eq!(world.the_refund(refund.id).status, RefundState::Succeeded);
    assert_eq!(world.balance(AccountKind::Duplicate), 0);
    let cash = world.taking(shift, payment, Method::Cash);
    assert_eq!(world.run(&cash).unwrap_err(), Refusal::AlreadyPaid, "cash is handed back at once");
    let closed = world.payment();
    world.close(closed).unwrap();
    let late = world.take(shift, closed, Method::Pos);
    assert_eq!(world.the_attempt(late.attempt_id).disposition, Some(Disposition::Late));
    assert_eq!(world.the_payment(closed).status, PaymentStatus::Closed);
}

#[test]
fn an_open_attempt_is_closed_at_its_channel_first() {
    let mut world = world();
    let shift = world.open_shift(COUNTER, "甲").unwrap();
    let payment = world.payment();
    let code = world.attempt(payment, Method::AlipayQr);
    let taking = world.taking(shift, payment, Method::Cash);
    assert!(matches!(world.run(&taking).unwrap(), Recorded::ClosingEarlier { .. }));
    assert!(matches!(world.run(&taking), Err(Refusal::AttemptInProgress { outcome_unknown: true })));
    assert_eq!(world.the_payment(payment).status, PaymentStatus::Processing);
    world.told(code, Source::Callback, paid("txn"));
    assert_eq!(world.run(&taking).unwrap_err(), Refusal::AlreadyPaid, "the code was paid after all");
}

#[test]
fn a_taking_is_undone_by_two_persons_and_only_in_its_shift() {
    let mut world = world();
    let shift = world.open_shift(COUNTER, "甲").unwrap();
    let payment = world.payment();
    let taken = world.take(shift, payment, Method::Cash);
    let asked = world.ask_void(&taken).unwrap();
    assert_eq!(asked.void_status, VoidStatus::PendingApproval);
    let refund = asked.void_refund_id.unwrap();
    assert_eq!(world.the_refund(refund).status, RefundState::PendingApproval);
    assert_eq!(world.balance(AccountKind::Held), PRICE);
    assert_eq!(world.ask_void(&taken), Err(Refusal::NotVoidable));
    assert_eq!(world.close_shift(shift, 15_000), Err(Refusal::VoidsPending));
    assert_eq!(world.cancel(refund).unwrap_err(), Refusal::RefundInProgress, "two persons decide");
    assert_eq!(world.hand_over((shift, refund), None).unwrap_err(), Refusal::SecondPersonRequired);
    for same in ["收银员", "收 银员 "] {
        let refused = world.say_void(&asked, (Verdict::Approve, same), None).unwrap_err();
        assert_eq!(refused, Refusal::SecondPersonRequired, "{same}");
    }
    let rejected = world.say_void(&asked, (Verdict::Reject, "组长"), None).unwrap();
    assert_eq!(
        (rejected.movement.void_status, rejected.refund.status),
        (VoidStatus::None, RefundState::Rejected)
    );
    assert_eq!((world.balance(AccountKind::Held), world.balance(AccountKind::PendingSettlement)), (0, PRICE));
    assert_eq!(
        world.say_void(&asked, (Verdict::Approve, "组长"), None).unwrap_err(),
        Refusal::ApprovalConsumed
    );
    let asked = world.ask_void(&taken).unwrap();
    let voided = world.say_void(&asked, (Verdict::Approve, "组长"), None).unwrap();
    assert_eq!(
        (voided.movement.void_status, voided.refund.status),
        (VoidStatus::Approved, RefundState::Succeeded)
    );
    let payment = world.the_payment(payment);
    assert_eq!((payment.status, payment.refund_status), (PaymentStatus::Succeeded, RefundStatus::Full));
    assert_eq!(world.balance(AccountKind::CashDrawer), -5_000);
    assert_eq!(world.balance(AccountKind::FeeIncome), 0);
    assert_eq!(
        world.events(refund),
        ["refund.created", "refund.approval_required", "refund.rejected"],
        "the first refund ended with the first no"
    );
    assert_eq!(world.close_shift(shift, 5_000).unwrap().over_short_minor, 0);
    let shift = world.open_shift(COUNTER, "甲").unwrap();
    let paid = world.payment();
    let taken = world.take(shift, paid, Method::Cash);
    world.close_shift(shift, 15_000).unwrap();
    assert_eq!(world.ask_void(&taken), Err(Refusal::ShiftNotOpen));
}

#[test]
fn a_refund_goes_back_by_the_method_that_brought_the_money() {
    let mut world = world();
    let shift = world.open_shift(COUNTER, "甲").unwrap();
    let other = world.open_shift(OTHER, "乙").unwrap();
    let (cash, card) = (world.payment(), world.payment());
    let cash = world.take(shift, cash, Method::Cash).attempt_id;
    let card = world.take(shift, card, Method::Pos).attempt_id;
    let refund = world.refund(cash, "R1", 6_000).unwrap();
    assert_eq!(world.hand_over((other, refund), None).unwrap_err(), Refusal::DrawerShort);
    let movement = world.hand_over((shift, refund), None).unwrap();
    assert_eq!(movement.id, MovementId(refund.id128()));
    let again = world.hand_over((shift, refund), None).unwrap();
    assert_eq!(again.id, movement.id, "told twice, paid once");
    assert_eq!(world.hand_over((other, refund), None).unwrap_err(), Refusal::RefundEnded { done: true });
    assert_eq!(world.payment_of(cash).refund_status, RefundStatus::Partial);
    assert_eq!(world.the_shift(shift).expected_minor(), 5_000 + PRICE - 6_000);
    let small = world.refund(cash, "R2", 4_000).unwrap();
    world.hand_over((other, small), None).unwrap();
    assert_eq!(world.the_shift(other).expected_minor(), 1_000, "cash comes from the drawer at hand");
    let by_card = world.refund(card, "R3", PRICE).unwrap();
    assert_eq!(world.hand_over((other, by_card), slip("R3")).unwrap_err(), Refusal::ChannelNotAvailable);
    assert!(matches!(
        world.hand_over((shift, by_card), None).unwrap_err(),
        Refusal::FieldInvalid { param: "slip", .. }
    ));
    let used = world.the_attempt(card).channel_txn_no.clone().unwrap();
    let used = used.rsplit('/').next().unwrap().to_owned();
    assert_eq!(world.hand_over((shift, by_card), slip(&used)).unwrap_err(), Refusal::SlipUsed);
    world.hand_over((shift, by_card), slip("R3")).unwrap();
    assert_eq!(world.last_entry().kind, EntryKind::Refund);
    let online = world.collected();
    let refund = world.refund(online, "R4", 1).unwrap();
    assert_eq!(world.hand_over((shift, refund), None).unwrap_err(), Refusal::ChannelNotAvailable);
}

#[test]
fn a_day_is_closed_and_its_cash_is_found_at_the_bank() {
    let mut world = world();
    let shift = world.open_shift(COUNTER, "甲").unwrap();
    let payment = world.payment();
    world.take(shift, payment, Method::Cash);
    let id = world.the_day().id;
    let close = CloseCounterDay {
        tenant_id: TENANT,
        counter_day_id: id,
        by: "会计".to_owned(),
        origin: Origin::system(),
    };
    assert_eq!(world.run(&close).unwrap_err(), Refusal::ShiftOpen);
    world.close_shift(shift, 15_100).unwrap();
    assert_eq!(world.run(&close).unwrap().status, DayStatus::Closed);
    assert_eq!(world.open_shift(COUNTER, "甲"), Err(Refusal::CounterDayClosed));
    let deposit = DepositCash {
        tenant_id: TENANT,
        counter_day_id: id,
        bank_account_id: BANK,
        amount_minor: 10_101,
        slip_no: "D1".to_owned(),
        by: "出纳".to_owned(),
        origin: Origin::system(),
    };
    assert_eq!(world.run(&deposit).unwrap_err(), Refusal::DepositExceedsTakings);
    let deposit = DepositCash { amount_minor: 10_100, ..deposit };
    let made = world.run(&deposit).unwrap();
    assert_eq!(world.run(&deposit).unwrap().id, made.id, "one slip, one deposit");
    assert_eq!(
        world.run(&DepositCash { amount_minor: 1, ..deposit.clone() }).unwrap_err(),
        Refusal::SlipUsed
    );
    assert_eq!(world.balance(AccountKind::CashVault), 0);
    assert_eq!(world.balance(AccountKind::CashInTransit), -10_100);
    let line = bank_line(&mut world, 10_100);
    let matching = |line| MatchDeposit {
        tenant_id: TENANT,
        cash_deposit_id: made.id,
        bank_line_id: line,
        by: "出纳".to_owned(),
        origin: Origin::system(),
    };
    let wrong = bank_line(&mut world, 1);
    assert_eq!(world.run(&matching(wrong)).unwrap_err(), Refusal::MatchExceedsOpen);
    assert_eq!(world.run(&matching(line)).unwrap().status, DepositStatus::Matched);
    assert_eq!(world.run(&matching(wrong)).unwrap_err(), Refusal::MatchFinal);
    let other = DepositCash { amount_minor: 1, slip_no: "D2".to_owned(), ..deposit };
    assert_eq!(world.run(&other).unwrap_err(), Refusal::DepositExceedsTakings);
    assert_eq!(made.id, CashDepositId::parse(&made.id.to_string()).unwrap());
}

fn bank_line(world: &mut World, amount_minor: i64) -> BankLineId {
    let day = shanghai_day(world.now_us);
    let content = amount_minor.to_string();
    let id = BankLine::id_of(TENANT, BANK, day, content.as_bytes());
    let line = TellLine {
        id,
        flow: Flow::Credit,
        nature: LineNature::Plain,
        amount_minor,
        booked_day: day,
        booked_at_us: None,
        bank_ref: content,
        codes: "[]".to_owned(),
        name_index: None,
        account_index: None,
        sealed: vec![1],
    };
    world
        .run(&TakeBankLines {
            tenant_id: TENANT,
            channel_account_id: BANK,
            currency: Currency::Cny,
            source: LineSource::Statement,
            lines: vec![line],
            statement: None,
            by: "出纳".to_owned(),
            origin: Origin::system(),
        })
        .unwrap();
    id
}

#[test]
fn a_contract_without_fee_costs_nothing() {
    let mut world = world();
    let free = ChannelAccountId(Id128([9; 16]));
    world.snapshot.channel_accounts.load(ChannelAccount {
        channel: Channel::Counter,
        methods: r#"["pos"]"#.to_owned(),
        fee_rate: Rate::ZERO,
        ..contract(free)
    });
    let shift = world.open_shift(free, "甲").unwrap();
    let payment = world.payment();
    world.take(shift, payment, Method::Pos);
    assert_eq!(
        (world.balance(AccountKind::FeeCost), world.balance(AccountKind::ChannelReceivable)),
        (0, -PRICE)
    );
    let second = world.payment();
    let cash = world.taking(shift, second, Method::Cash);
    assert_eq!(world.run(&cash).unwrap_err(), Refusal::ChannelNotAvailable, "the contract takes slips only");
}

#[test]
fn a_taking_is_of_the_payers_part_and_undoing_it_gives_the_advance_back() {
    use crate::parts::{part, partner};
    use tk_domain::payment::{PartFunder, PartKind};
    let mut world = world();
    world.snapshot.partners.load(partner());
    let shift = world.open_shift(COUNTER, "甲").unwrap();
    let parts = vec![
        part(PartKind::Coupon, PartFunder::Merchant, 700),
        part(PartKind::Advance, PartFunder::Partner, 300),
    ];
    let payment_id = world.parted(parts).unwrap();
    let gross = RecordTaking { amount_minor: PRICE + 1_000, ..world.taking(shift, payment_id, Method::Cash) };
    assert!(matches!(world.run(&gross), Err(Refusal::AmountOutOfRange { .. })), "nobody pays the gross");
    let movement = world.take(shift, payment_id, Method::Cash);
    assert_eq!(world.balance(AccountKind::CashDrawer), -(PRICE + 5_000));
    assert_eq!(world.balance(AccountKind::PendingSettlement), PRICE + 300);
    assert_eq!(world.balance(AccountKind::AdvancePayable), 300);
    let asked = world.ask_void(&movement).unwrap();
    assert_eq!(world.balance(AccountKind::Held), PRICE + 300);
    world.say_void(&asked, (Verdict::Reject, "主管"), None).unwrap();
    assert_eq!(world.the_payment(payment_id).parts_back(), [0, 0], "a void refused keeps the parts");
    let asked = world.ask_void(&movement).unwrap();
    world.say_void(&asked, (Verdict::Approve, "主管"), None).unwrap();
    assert_eq!(world.the_payment(payment_id).parts_back(), [700, 300]);
    let square = [AccountKind::AdvancePayable, AccountKind::AdvanceFunding, AccountKind::PendingSettlement];
    assert_eq!(square.map(|kind| world.balance(kind)), [0; 3]);
    assert_eq!(world.balance(AccountKind::CashDrawer), -5_000);
}

#[test]
fn cash_waits_for_the_payer_s_identity_and_a_slip_is_counted() {
    let mut world = world();
    world.snapshot.identity_policies.load(crate::identity::policy(Some(PRICE), None));
    let shift = world.open_shift(COUNTER, "收银员").unwrap();
    let payer = PayerId(Id128([43; 16]));
    let order = CreatePayment { payer_id: Some(payer), ..world.order() };
    let payment = world.run(&order).unwrap().payment.id;
    let cash = world.taking(shift, payment, Method::Cash);
    let refused = world.run(&cash).map(|_| ());
    assert_eq!(refused, Err(Refusal::IdentityRequired { level: IdentityLevel::RealName }));
    assert_eq!(world.the_payment(payment).status, PaymentStatus::RequiresMethod);
    world.take(shift, payment, Method::Pos);
    assert_eq!(world.the_payment(payment).status, PaymentStatus::Succeeded);
    assert_eq!(world.snapshot.payer_sums.get(&(TENANT, payer)).unwrap().amount_minor, PRICE);
}
