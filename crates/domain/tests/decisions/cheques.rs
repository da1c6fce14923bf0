//! Cheques: only a cleared one is money, and a bounced one leaves nothing behind.

use crate::kit::{CONTRACT, PRICE, TENANT, World, contract, merchant, product};
use tk_domain::audit::Origin;
use tk_domain::channel_account::{Channel, ChannelAccount, Method};
use tk_domain::cheque::{AdvanceCheque, Cheque, ChequeReceived, ChequeStatus, ChequeStep, ReceiveCheque};
use tk_domain::id::{ChannelAccountId, Id128, PaymentId};
use tk_domain::identity::IdentityLevel;
use tk_domain::ledger::AccountKind;
use tk_domain::moment::{DAY_US, shanghai_day};
use tk_domain::payment::{AttemptStatus, PaymentStatus};
use tk_domain::refusal::Refusal;

const COUNTER: ChannelAccountId = ChannelAccountId(Id128([6; 16]));

fn world() -> World {
    let product = tk_domain::product::Product { expires_after_s: 20 * 86_400, ..product() };
    let mut world = World::with(merchant(), product, contract(CONTRACT));
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
    assert_eq!(world.advance(&cheque, ChequeStep::Clear), Err(Refusal::ChequeStepUnfit));
    world.present(&cheque).unwrap();
    let balances = |world: &World| {
        [AccountKind::ChequesInCollection, AccountKind::ChequesUncleared, AccountKind::PendingSettlement]
            .map(|kind| world.balance(kind))
    };
    assert_eq!(balances(&world), [-PRICE, PRICE, 0], "at the bank, and not yet the merchant's");
    world.after(DAY_US);
    let cleared = world.advance(&cheque, ChequeStep::Clear).unwrap();
    assert_eq!(cleared.status, ChequeStatus::Cleared);
    assert_eq!(balances(&world), [0, 0, PRICE]);
    assert_eq!(world.balance(AccountKind::ChannelReceivable), -PRICE, "a cheque costs no rate");
    let payment = world.the_payment(cheque.payment_id);
    assert_eq!((payment.status, payment.fee_minor), (PaymentStatus::Succeeded, 60));
    assert_eq!(world.events(cheque.id), ["cheque.received", "cheque.presented", "cheque.cleared"]);
    let events = world.events(cheque.payment_id);
    assert_eq!(events, ["payment.created", "payment.processing", "payment.succeeded"]);
    world.advance(&cheque, ChequeStep::Clear).unwrap();
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
    world.advance(&paid, ChequeStep::Clear).unwrap();
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
    world.advance(&cheque, ChequeStep::Clear).unwrap();
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
