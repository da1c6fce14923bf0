//! Cheques: only a cleared one is money, and a bounced one leaves nothing behind.

use crate::kit::{CONTRACT, PRICE, TENANT, World, contract, merchant, product};
use tk_domain::audit::{Actor, Origin};
use tk_domain::channel_account::{Channel, ChannelAccount, Method};
use tk_domain::cheque::{
    AdvanceCheque, AskClearing, Cheque, ChequeReceived, ChequeStatus, ChequeStep, ClearCheque,
    DecideClearing, ReceiveCheque,
};
use tk_domain::exception::ExceptionKind;
use tk_domain::id::{ApiKeyId, BankLineId, ChannelAccountId, Id128, PaymentId};
use tk_domain::identity::IdentityLevel;
use tk_domain::ledger::AccountKind;
use tk_domain::moment::{DAY_US, shanghai_day};
use tk_domain::payment::{AttemptStatus, CreatePayment, PaymentStatus};
use tk_domain::refusal::Refusal;
use tk_domain::transfer::{
    BankLine, Flow, LineNature, LineSource, LinkReversal, TakeBankLines, TellLine, Verdict,
};
use tk_money::Currency;

const COUNTER: ChannelAccountId = ChannelAccountId(Id128([6; 16]));
const BANK: ChannelAccountId = ChannelAccountId(Id128([5; 16]));

fn world() -> World {
    let product = tk_domain::product::Product { expires_after_s: 20 * 86_400, ..product() };
    let mut world = World::with(merchant(), product, contract(CONTRACT));
    world.snapshot.channel_accounts.load(ChannelAccount { channel: Channel::BankDirect, ..contract(BANK) });
    world.snapshot.channel_accounts.load(ChannelAccount {
        channel: Channel::Counter,
        methods: r#"["cheque"]"#.to_owned(),
        ..contract(COUNTER)
    });
    world
}

impl World {
    fn cheque(&self, payment_id: PaymentId, cheque_no: &str) -> ReceiveCheque {
        ReceiveCheque {
            tenant_id: TENANT,
            channel_account_id: COUNTER,
            payment_id,
            bank: "ICBC".to_owned(),
            cheque_no: cheque_no.to_owned(),
            amount_minor: PRICE,
            issued_day: shanghai_day(self.now_us),
            lease_us: 0,
            by: "出纳".to_owned(),
            origin: Origin::system(),
        }
    }

    fn received(&mut self, cheque_no: &str) -> Cheque {
        let payment = self.payment();
        match self.run(&self.cheque(payment, cheque_no)).unwrap() {
            ChequeReceived::New { cheque } => *cheque,
            other @ (ChequeReceived::Known { .. } | ChequeReceived::ClosingEarlier { .. }) => {
                panic!("{other:?}")
            }
        }
    }

    fn advance(&mut self, cheque: &Cheque, step: ChequeStep) -> Result<Cheque, Refusal> {
        self.run(&AdvanceCheque {
            tenant_id: TENANT,
            rows: (cheque.payment_id, cheque.id),
            step,
            by: "出纳".to_owned(),
            origin: Origin::system(),
        })
    }

    /// One person says that the bank has the money, another agrees.
    fn clear(&mut self, cheque: &Cheque) -> Result<Cheque, Refusal> {
        let asked = self.ask_clearing(cheque)?;
        self.decide_clearing(&asked, "会计", Verdict::Approve)
    }

    fn ask_clearing(&mut self, cheque: &Cheque) -> Result<Cheque, Refusal> {
        let rows = (cheque.payment_id, cheque.id);
        self.run(&AskClearing { tenant_id: TENANT, rows, by: "出纳".to_owned(), origin: Origin::system() })
    }

    fn decide_clearing(&mut self, asked: &Cheque, by: &str, verdict: Verdict) -> Result<Cheque, Refusal> {
        self.run(&DecideClearing {
            tenant_id: TENANT,
            rows: (asked.payment_id, asked.id),
            seen: asked.content_hash(),
            verdict,
            by: by.to_owned(),
            origin: Origin::system(),
        })
    }

    fn credit(&mut self, content: &str, amount_minor: i64) -> BankLineId {
        self.booked(content, (Flow::Credit, LineNature::Plain), amount_minor)
    }

    fn booked(&mut self, content: &str, what: (Flow, LineNature), amount_minor: i64) -> BankLineId {
        let day = shanghai_day(self.now_us);
        let told = TellLine {
            id: BankLine::id_of(TENANT, BANK, day, content.as_bytes()),
            flow: what.0,
            nature: what.1,
            amount_minor,
            booked_day: day,
            booked_at_us: None,
            bank_ref: content.to_owned(),
            codes: "[]".to_owned(),
            name_index: None,
            account_index: None,
            sealed: vec![1],
        };
        let taken = self.run(&TakeBankLines {
            tenant_id: TENANT,
            channel_account_id: BANK,
            currency: Currency::Cny,
            source: LineSource::Statement,
            lines: vec![told],
            statement: None,
            by: "link".to_owned(),
            origin: Origin::system(),
        });
        taken.unwrap().new[0].id
    }

    fn shown(&mut self, cheque: &Cheque, bank_line_id: BankLineId) -> Result<Cheque, Refusal> {
        self.run(&ClearCheque {
            tenant_id: TENANT,
            rows: (cheque.payment_id, cheque.id),
            bank_line_id,
            by: "出纳".to_owned(),
            origin: Origin::system(),
        })
    }

    fn present(&mut self, cheque: &Cheque) -> Result<Cheque, Refusal> {
        let day = shanghai_day(self.now_us);
        self.advance(cheque, ChequeStep::Present { day })
    }
}

fn bounce() -> ChequeStep {
    ChequeStep::Bounce { reason: "存款不足".to_owned() }
}

#[test]
fn only_a_cleared_cheque_is_money() {
    let mut world = world();
    let cheque = world.received("12345678");
    assert_eq!(world.the_payment(cheque.payment_id).status, PaymentStatus::Processing);
    assert_eq!(world.clear(&cheque), Err(Refusal::ChequeStepUnfit));
    world.present(&cheque).unwrap();
    let balances = |world: &World| {
        [AccountKind::ChequesInCollection, AccountKind::ChequesUncleared, AccountKind::PendingSettlement]
            .map(|kind| world.balance(kind))
    };
    assert_eq!(balances(&world), [-PRICE, PRICE, 0], "at the bank, and not yet the merchant's");
    world.after(DAY_US);
    let cleared = world.clear(&cheque).unwrap();
    assert_eq!(cleared.status, ChequeStatus::Cleared);
    assert_eq!(balances(&world), [0, 0, PRICE]);
    assert_eq!(world.balance(AccountKind::ChannelReceivable), -PRICE, "a cheque costs no rate");
    let payment = world.the_payment(cheque.payment_id);
    assert_eq!((payment.status, payment.fee_minor), (PaymentStatus::Succeeded, 60));
    assert_eq!(world.events(cheque.id), ["cheque.received", "cheque.presented", "cheque.cleared"]);
    let events = world.events(cheque.payment_id);
    assert_eq!(events, ["payment.created", "payment.processing", "payment.succeeded"]);
    assert_eq!(world.clear(&cheque), Err(Refusal::ChequeStepUnfit));
    assert_eq!(balances(&world), [0, 0, PRICE], "told twice, booked once");
    assert_eq!(world.advance(&cheque, bounce()), Err(Refusal::ChequeStepUnfit));
    let attempt = cheque.attempt_id();
    assert_eq!(world.refund(attempt, "R1", 1).unwrap_err(), Refusal::RefundWindowClosed);
}

#[test]
fn a_bounced_cheque_reverses_what_its_presentation_booked() {
    let mut world = world();
    let cheque = world.received("12345678");
    world.present(&cheque).unwrap();
    let bounced = world.advance(&cheque, bounce()).unwrap();
    assert_eq!((bounced.status, bounced.reason.as_deref()), (ChequeStatus::Bounced, Some("存款不足")));
    assert_eq!(world.last_entry().reverses, bounced.entry_id);
    assert!(world.snapshot.accounts.iter().all(|account| account.balance_minor == 0));
    let attempt = world.the_attempt(cheque.attempt_id());
    assert_eq!(attempt.status, AttemptStatus::Failed);
    assert_eq!(attempt.failure_code.as_deref(), Some("cheque_bounced"));
    assert_eq!(world.the_payment(cheque.payment_id).status, PaymentStatus::RequiresMethod);
    let again = world.cheque(cheque.payment_id, "12345679");
    world.run(&again).unwrap();
    let back = world.received("12345670");
    let withdraw = ChequeStep::Withdraw { reason: "改用转账".to_owned() };
    assert_eq!(world.advance(&back, withdraw.clone()).unwrap().status, ChequeStatus::Withdrawn);
    assert_eq!(world.the_attempt(back.attempt_id()).status, AttemptStatus::Closed);
    assert_eq!(world.present(&back), Err(Refusal::ChequeStepUnfit));
    assert_eq!(world.advance(&cheque, withdraw), Err(Refusal::ChequeStepUnfit));
}

#[test]
fn a_cheque_is_presented_within_ten_days() {
    let mut world = world();
    let (last, late) = (world.received("11111111"), world.received("22222222"));
    world.after(10 * DAY_US);
    let future = ChequeStep::Present { day: shanghai_day(world.now_us) + 1 };
    assert!(matches!(world.advance(&last, future), Err(Refusal::FieldInvalid { param: "presented_on", .. })));
    world.present(&last).unwrap();
    world.after(DAY_US);
    assert_eq!(world.present(&late), Err(Refusal::ChequeExpired));
    let early = ChequeStep::Present { day: late.issued_day - 1 };
    assert!(matches!(world.advance(&late, early), Err(Refusal::FieldInvalid { param: "presented_on", .. })));
    let payment = world.payment();
    let stale = ReceiveCheque { issued_day: late.issued_day, ..world.cheque(payment, "33333333") };
    assert_eq!(world.run(&stale).unwrap_err(), Refusal::ChequeExpired);
    let ahead = ReceiveCheque { issued_day: shanghai_day(world.now_us) + 1, ..stale };
    assert_eq!(world.run(&ahead).unwrap_err(), Refusal::ChequeExpired);
}

#[test]
fn what_does_not_fit_is_refused() {
    let mut world = world();
    let cheque = world.received("12345678");
    let known = world.cheque(cheque.payment_id, "12345678");
    assert!(matches!(world.run(&known).unwrap(), ChequeReceived::Known { .. }), "told twice, received once");
    let payment = world.payment();
    let stolen = world.cheque(payment, "12345678");
    assert_eq!(world.run(&stolen).unwrap_err(), Refusal::ChequeUsed);
    let sound = world.cheque(payment, "87654321");
    for (cheque, code) in [
        (ReceiveCheque { amount_minor: PRICE + 1, ..sound.clone() }, "amount_out_of_range"),
        (ReceiveCheque { bank: "工行".to_owned(), ..sound.clone() }, "field_invalid"),
        (ReceiveCheque { cheque_no: "1/2".to_owned(), ..sound.clone() }, "field_invalid"),
        (ReceiveCheque { channel_account_id: CONTRACT, ..sound.clone() }, "not_found"),
        (ReceiveCheque { by: String::new(), ..sound.clone() }, "field_invalid"),
    ] {
        assert_eq!(world.run(&cheque).unwrap_err().code(), code);
    }
    let open = Refusal::AttemptInProgress { outcome_unknown: false };
    let second = world.cheque(cheque.payment_id, "87654321");
    assert_eq!(world.run(&second).unwrap_err(), open, "one cheque at a time");
    assert_eq!(world.start(cheque.payment_id, Method::AlipayQr).unwrap_err(), open);
    let other = ReceiveCheque { bank: "ABC".to_owned(), ..world.cheque(payment, "12345678") };
    world.run(&other).unwrap();
}

#[test]
fn a_payment_that_is_to_close_waits_for_its_cheque() {
    let mut world = world();
    let (paid, bounced) = (world.received("11111111"), world.received("22222222"));
    for cheque in [&paid, &bounced] {
        world.present(cheque).unwrap();
        assert_eq!(world.close(cheque.payment_id).unwrap().status, PaymentStatus::Processing);
    }
    world.clear(&paid).unwrap();
    world.advance(&bounced, bounce()).unwrap();
    assert_eq!(world.the_payment(paid.payment_id).status, PaymentStatus::Succeeded);
    assert_eq!(world.the_payment(bounced.payment_id).status, PaymentStatus::Closed);
}

#[test]
fn a_cheque_is_for_the_payers_part_and_brings_the_parts_when_it_clears() {
    use crate::parts::{part, partner};
    use tk_domain::payment::{PartFunder, PartKind};
    let mut world = world();
    world.snapshot.partners.load(partner());
    let payment_id = world.parted(vec![part(PartKind::Coupon, PartFunder::Tenant, 400)]).unwrap();
    let received = world.run(&world.cheque(payment_id, "12345678")).unwrap();
    let ChequeReceived::New { cheque } = received else { panic!("{received:?}") };
    assert_eq!(cheque.amount_minor, PRICE);
    world.present(&cheque).unwrap();
    assert_eq!(world.balance(AccountKind::CouponReceivable), 0, "an uncleared cheque is no money");
    world.after(DAY_US);
    world.clear(&cheque).unwrap();
    assert_eq!(world.balance(AccountKind::PendingSettlement), PRICE + 400);
    assert_eq!(world.balance(AccountKind::CouponReceivable), -400);
}

#[test]
fn a_cheque_waits_for_the_payer_s_identity() {
    let mut world = world();
    world.snapshot.identity_policies.load(crate::identity::policy(Some(PRICE), None));
    let payment = world.payment();
    let refused = world.run(&world.cheque(payment, "12345678")).map(|_| ());
    assert_eq!(refused, Err(Refusal::IdentityRequired { level: IdentityLevel::RealName }));
    assert_eq!(world.the_payment(payment).open_attempt_id, None);
}

#[test]
fn one_person_alone_clears_nothing() {
    let mut world = world();
    let cheque = world.received("12345678");
    world.present(&cheque).unwrap();
    let asked = world.ask_clearing(&cheque).unwrap();
    assert_eq!(asked.status, ChequeStatus::PendingApproval);
    assert_eq!(asked.clearing_asked_by.as_deref(), Some("出纳"));
    assert_eq!(
        world.the_payment(cheque.payment_id).status,
        PaymentStatus::Processing,
        "a proposal moves nothing"
    );
    let refused = world.decide_clearing(&asked, "出 纳", Verdict::Approve);
    assert_eq!(refused, Err(Refusal::SecondPersonRequired), "the same person, otherwise written");
    let seen = Cheque { amount_minor: 1, ..asked.clone() };
    assert_eq!(world.decide_clearing(&seen, "会计", Verdict::Approve), Err(Refusal::ApprovalConsumed));
    let by_key = world.run(&DecideClearing {
        tenant_id: TENANT,
        rows: (asked.payment_id, asked.id),
        seen: asked.content_hash(),
        verdict: Verdict::Approve,
        by: "会计".to_owned(),
        origin: Origin { actor: Actor::ApiKey(ApiKeyId::default()), ..Origin::system() },
    });
    assert_eq!(by_key, Err(Refusal::SecondPersonRequired), "a program is no second person");
    let rejected = world.decide_clearing(&asked, "会计", Verdict::Reject).unwrap();
    assert_eq!((rejected.status, rejected.clearing_asked_by), (ChequeStatus::Presented, None));
    assert_eq!(world.decide_clearing(&asked, "会计", Verdict::Approve), Err(Refusal::ApprovalConsumed));
    world.clear(&cheque).unwrap();
    assert_eq!(world.the_payment(cheque.payment_id).status, PaymentStatus::Succeeded);
}

#[test]
fn the_bank_s_line_clears_a_cheque_and_is_used_up() {
    let mut world = world();
    let (cheque, other) = (world.received("11111111"), world.received("22222222"));
    let early = world.credit("E", PRICE);
    world.after(DAY_US);
    world.present(&cheque).unwrap();
    world.present(&other).unwrap();
    let (less, line) = (world.credit("L", PRICE - 1), world.credit("N", PRICE));
    assert_eq!(world.shown(&cheque, less), Err(Refusal::MatchExceedsOpen));
    assert_eq!(
        world.shown(&cheque, early),
        Err(Refusal::BankLineNotOpen),
        "it came before the bank had the cheque"
    );
    let cleared = world.shown(&cheque, line).unwrap();
    assert_eq!((cleared.status, cleared.bank_line_id), (ChequeStatus::Cleared, Some(line)));
    assert_eq!(world.the_payment(cheque.payment_id).status, PaymentStatus::Succeeded);
    assert_eq!(world.balance(AccountKind::ChannelReceivable), 0, "the money is at the bank");
    world.shown(&cheque, line).unwrap();
    assert_eq!(world.shown(&other, line), Err(Refusal::BankLineNotOpen), "one line, one cheque");
    assert_eq!(world.shown(&cheque, less), Err(Refusal::MatchFinal));
}

#[test]
fn a_line_of_an_account_that_serves_other_merchants_clears_nothing() {
    let mut world = world();
    let cheque = world.received("11111111");
    world.present(&cheque).unwrap();
    let line = world.credit("N", PRICE);
    let others = ChannelAccount {
        merchants: Some(r#"["mch_00000000000000000000000009"]"#.to_owned()),
        ..world.snapshot.channel_accounts.get(&(TENANT, BANK)).unwrap().clone()
    };
    world.snapshot.channel_accounts.put(others);
    assert_eq!(world.shown(&cheque, line), Err(Refusal::BankLineNotOpen));
}

#[test]
fn a_deposit_bears_the_cheque_that_the_bank_takes_back_before_its_merchant_does() {
    let mut world = world();
    let order = CreatePayment { prepayment: Some("ZY-1".to_owned()), ..world.order() };
    let payment_id = world.run(&order).unwrap().payment.id;
    let made = world.run(&world.cheque(payment_id, "12345678")).unwrap();
    let ChequeReceived::New { cheque } = made else { panic!("not new") };
    world.present(&cheque).unwrap();
    let credit_id = world.credit("N", PRICE);
    world.shown(&cheque, credit_id).unwrap();
    let held = world.the_payment(payment_id).credited_account();
    assert_eq!(world.snapshot.account(&held, 0).balance_minor, PRICE);
    world.collected();
    let reversal_id = world.booked("M", (Flow::Debit, LineNature::Reversal), PRICE);
    let taken_back = LinkReversal {
        tenant_id: TENANT,
        reversal_id,
        credit_id,
        matches: Vec::new(),
        cheque: Some((payment_id, cheque.id)),
        returns: Vec::new(),
        by: "出纳".to_owned(),
        origin: Origin::system(),
    };
    world.run(&taken_back).unwrap();
    assert_eq!(world.snapshot.account(&held, 0).balance_minor, 0, "nothing of it can be drawn");
    assert_eq!(world.balance(AccountKind::PendingSettlement), PRICE, "other money is left alone");
}

#[test]
fn a_proposed_cheque_may_still_bounce() {
    let mut world = world();
    let cheque = world.received("12345678");
    world.present(&cheque).unwrap();
    let asked = world.ask_clearing(&cheque).unwrap();
    let bounced = world.advance(&cheque, bounce()).unwrap();
    assert_eq!((bounced.status, bounced.clearing_asked_by), (ChequeStatus::Bounced, None));
    assert_eq!(world.balance(AccountKind::ChequesInCollection), 0);
    assert_eq!(world.decide_clearing(&asked, "会计", Verdict::Approve), Err(Refusal::ApprovalConsumed));
    assert_eq!(world.ask_clearing(&cheque), Err(Refusal::ChequeStepUnfit));
    let line = world.credit("N", PRICE);
    assert_eq!(world.shown(&cheque, line), Err(Refusal::ChequeStepUnfit));
}

#[test]
fn the_line_that_comes_after_two_persons_counts_no_second_time() {
    let mut world = world();
    let cheque = world.received("12345678");
    world.present(&cheque).unwrap();
    let cleared = world.clear(&cheque).unwrap();
    assert_eq!(world.balance(AccountKind::ChannelReceivable), -PRICE, "the counter's contract owes it");
    let line = world.credit("N", PRICE);
    let proven = world.shown(&cheque, line).unwrap();
    assert_eq!((proven.status, proven.bank_line_id), (ChequeStatus::Cleared, Some(line)));
    assert_eq!(proven.changed_by, cleared.changed_by);
    assert_eq!(world.balance(AccountKind::ChannelReceivable), 0);
    assert_eq!(world.balance(AccountKind::Suspense), 0);
    assert_eq!(world.balance(AccountKind::PendingSettlement), PRICE);
    let again = world.credit("O", PRICE);
    assert_eq!(world.shown(&cheque, again), Err(Refusal::MatchFinal));
}

#[test]
fn the_merchant_bears_a_cheque_whose_money_the_bank_takes_back() {
    let mut world = world();
    let cheque = world.received("12345678");
    world.present(&cheque).unwrap();
    let credit_id = world.credit("N", PRICE);
    world.shown(&cheque, credit_id).unwrap();
    let taken_back = world.booked("M", (Flow::Debit, LineNature::Reversal), PRICE);
    let mut link = LinkReversal {
        tenant_id: TENANT,
        reversal_id: taken_back,
        credit_id,
        matches: Vec::new(),
        cheque: None,
        returns: Vec::new(),
        by: "出纳".to_owned(),
        origin: Origin::system(),
    };
    assert_eq!(world.run(&link).map(|_| ()), Err(Refusal::BankLineNotOpen), "the cheque was not named");
    link.cheque = Some((cheque.payment_id, cheque.id));
    world.run(&link).unwrap();
    assert_eq!(world.balance(AccountKind::PendingSettlement), 0);
    assert_eq!(world.balance(AccountKind::BankAccount), 0);
    assert_eq!(world.balance(AccountKind::UnexplainedDebit), 0);
    let payment = world.the_payment(cheque.payment_id);
    assert_eq!((payment.status, payment.reversed_minor), (PaymentStatus::Succeeded, PRICE));
    assert!(world.events(cheque.payment_id).contains(&"payment.reversed".to_owned()));
    let raised = world.snapshot.exceptions.iter().any(|row| row.kind == ExceptionKind::TransferReversed);
    assert!(raised, "a person is told");
}

#[test]
fn a_cheque_that_was_withdrawn_or_bounced_may_be_received_again() {
    let mut world = world();
    let first = world.received("00000031");
    let payment = first.payment_id;
    let again = |world: &World| world.cheque(payment, "00000031");
    let known = world.run(&again(&world)).unwrap();
    assert!(matches!(known, ChequeReceived::Known { cheque } if cheque.id == first.id));
    world.advance(&first, ChequeStep::Withdraw { reason: "mistyped".to_owned() }).unwrap();
    let ChequeReceived::New { cheque: second } = world.run(&again(&world)).unwrap() else {
        panic!("not new")
    };
    assert_ne!(second.id, first.id);
    let presented = world.present(&second).unwrap();
    world.advance(&presented, bounce()).unwrap();
    let other = world.payment();
    let third = world.run(&world.cheque(other, "00000031")).unwrap();
    assert!(matches!(third, ChequeReceived::New { .. }), "the paper has another payment now");
    assert_eq!(world.run(&again(&world)).unwrap_err(), Refusal::ChequeUsed, "one cheque pays one payment");
}

#[test]
fn the_merchant_bears_a_cheque_cleared_by_two_persons_whose_money_never_stayed() {
    let mut world = world();
    let (cheque, at_bank) = (world.received("12345678"), world.received("87654321"));
    world.present(&cheque).unwrap();
    world.present(&at_bank).unwrap();
    world.clear(&cheque).unwrap();
    // The bank shows the money and takes it back; the statement's reader links the two before anybody names the cheque.
    let credit_id = world.credit("N", PRICE);
    let reversal_id = world.booked("M", (Flow::Debit, LineNature::Reversal), PRICE);
    world
        .run(&LinkReversal {
            tenant_id: TENANT,
            reversal_id,
            credit_id,
            matches: Vec::new(),
            cheque: None,
            returns: Vec::new(),
            by: "出纳".to_owned(),
            origin: Origin::system(),
        })
        .unwrap();
    assert_eq!(world.shown(&at_bank, credit_id), Err(Refusal::BankLineNotOpen), "it was never cleared");
    let less = world.credit("L", PRICE - 1);
    assert_eq!(world.shown(&cheque, less), Err(Refusal::MatchExceedsOpen));
    let proven = world.shown(&cheque, credit_id).unwrap();
    assert_eq!((proven.status, proven.bank_line_id), (ChequeStatus::Cleared, Some(credit_id)));
    assert_eq!(world.balance(AccountKind::ChannelReceivable), 0, "nobody owes it any more");
    assert_eq!(world.balance(AccountKind::PendingSettlement), 0, "the merchant bears it");
    assert_eq!(world.balance(AccountKind::BankAccount), -(PRICE - 1));
    let payment = world.the_payment(cheque.payment_id);
    assert_eq!((payment.status, payment.reversed_minor), (PaymentStatus::Succeeded, PRICE));
    assert!(world.events(cheque.payment_id).contains(&"payment.reversed".to_owned()));
    assert!(world.exceptions().contains(&"transfer_reversed open".to_owned()), "a person is told");
    assert_eq!(world.shown(&cheque, credit_id).unwrap(), proven, "again changes nothing");
}
