//! The transfer desk: codes, lines booked once, matches of every shape, and what two persons decide.

use crate::kit::{CONTRACT, PRICE, TENANT, World, contract, merchant, product};
use tk_domain::audit::Origin;
use tk_domain::channel_account::{Channel, ChannelAccount, Method};
use tk_domain::exception::ExceptionKind;
use tk_domain::id::{AttemptId, BankLineId, ChannelAccountId, Id128, MatchId, PaymentId};
use tk_domain::ledger::{AccountKind, EntryKind};
use tk_domain::moment::DAY_US;
use tk_domain::payment::{ActionKind, AttemptStatus, ClosePayment, CloseReason, PaymentStatus, Started};
use tk_domain::refusal::Refusal;
use tk_domain::transfer::{
    AskReturn, BankLine, DecideBankLine, Flow, LineNature, LineSource, LineStatus, LinesTaken,
    MatchTransfers, Matched, Misfit, OrderStatus, Pair, Reason, RemittanceCode, ReturnStatus, TakeBankLines,
    TellLine, UndoMatch, Verdict,
};
use tk_domain::webhook::EventKind;
use tk_money::Currency;

const BANK: ChannelAccountId = ChannelAccountId(Id128([5; 16]));
const DAY: i64 = 20_833;

fn world() -> World {
    let mut world = World::with(merchant(), product(), contract(CONTRACT));
    world.snapshot.channel_accounts.load(ChannelAccount {
        channel: Channel::BankDirect,
        methods: r#"["bank_transfer"]"#.to_owned(),
        ..contract(BANK)
    });
    world
}

fn told(content: &str, amount_minor: i64) -> TellLine {
    TellLine {
        id: BankLine::id_of(TENANT, BANK, DAY, content.as_bytes()),
        flow: Flow::Credit,
        nature: LineNature::Plain,
        amount_minor,
        booked_day: DAY,
        booked_at_us: None,
        bank_ref: content.to_owned(),
        codes: "[]".to_owned(),
        name_index: None,
        account_index: None,
        sealed: content.as_bytes().to_vec(),
    }
}

impl World {
    fn lines(&mut self, source: LineSource, lines: Vec<TellLine>) -> LinesTaken {
        self.run(&TakeBankLines {
            tenant_id: TENANT,
            channel_account_id: BANK,
            currency: Currency::Cny,
            source,
            lines,
            by: "经办".to_owned(),
            origin: Origin::system(),
        })
        .unwrap()
    }

    fn line(&mut self, content: &str, amount_minor: i64) -> BankLineId {
        self.lines(LineSource::Statement, vec![told(content, amount_minor)]).new[0].id
    }

    fn awaiting(&mut self) -> (PaymentId, AttemptId) {
        let payment_id = self.payment();
        (payment_id, self.attempt(payment_id, Method::BankTransfer))
    }

    fn give(
        &mut self,
        line: BankLineId,
        order: AttemptId,
        amount_minor: i64,
    ) -> Result<Vec<Matched>, Refusal> {
        self.give_all(vec![(line, order, amount_minor)], Misfit::Refuse)
    }

    fn give_all(
        &mut self,
        pairs: Vec<(BankLineId, AttemptId, i64)>,
        misfit: Misfit,
    ) -> Result<Vec<Matched>, Refusal> {
        let payment_of = |id: AttemptId| self.snapshot.attempts.get(&(TENANT, id)).map(|row| row.payment_id);
        let pair = |(bank_line_id, order_id, amount_minor)| Pair {
            bank_line_id,
            order_id,
            payment_id: payment_of(order_id).unwrap_or_default(),
            amount_minor,
            score: 85,
            reasons: vec![Reason::Code, Reason::Amount],
        };
        let pairs = pairs.into_iter().map(pair).collect();
        self.run(&MatchTransfers {
            tenant_id: TENANT,
            pairs,
            misfit,
            by: "经办".to_owned(),
            origin: Origin::system(),
        })
    }

    fn undo(&mut self, match_id: MatchId) -> Result<(), Refusal> {
        let made = self.snapshot.transfer_matches.get(&(TENANT, match_id)).unwrap();
        let rows = (made.bank_line_id, made.order_id, made.payment_id);
        let (reason, by) = ("mistake".to_owned(), "经办".to_owned());
        self.run(&UndoMatch { tenant_id: TENANT, match_id, rows, reason, by, origin: Origin::system() })
            .map(|_| ())
    }

    fn say(&mut self, line: BankLineId, verdict: Verdict, by: &str) -> Result<BankLine, Refusal> {
        let seen = self.the_line(line).content_hash();
        self.say_seen(line, (verdict, seen), by)
    }

    fn say_seen(
        &mut self,
        bank_line_id: BankLineId,
        (verdict, seen): (Verdict, Vec<u8>),
        by: &str,
    ) -> Result<BankLine, Refusal> {
        let (by, origin) = (by.to_owned(), Origin::system());
        self.run(&DecideBankLine { tenant_id: TENANT, bank_line_id, verdict, seen, by, origin })
    }

    fn give_back(
        &mut self,
        bank_line_id: BankLineId,
        amount_minor: Option<i64>,
    ) -> Result<BankLine, Refusal> {
        let (reason, by) = ("not ours".to_owned(), "经办".to_owned());
        self.run(&AskReturn {
            tenant_id: TENANT,
            bank_line_id,
            amount_minor,
            reason,
            by,
            origin: Origin::system(),
        })
    }

    fn the_line(&self, id: BankLineId) -> &BankLine {
        self.snapshot.bank_lines.get(&(TENANT, id)).unwrap()
    }

    fn stands(&self, payment_id: PaymentId) -> PaymentStatus {
        self.snapshot.payments.get(&(TENANT, payment_id)).unwrap().status
    }

    fn of_kind(&self, kind: AccountKind) -> i64 {
        self.snapshot.accounts.iter().filter(|row| row.kind == kind).map(|row| row.balance_minor).sum()
    }
}

#[test]
fn an_attempt_by_transfer_gets_a_code_and_waits() {
    let mut world = world();
    let (payment_id, attempt_id) = world.awaiting();
    let attempt = world.the_attempt(attempt_id).clone();
    assert_eq!(world.stands(payment_id), PaymentStatus::AwaitingTransfer);
    assert_eq!(attempt.status, AttemptStatus::RequiresAction);
    let action = attempt.action.unwrap();
    assert_eq!(action.kind, ActionKind::Transfer);
    assert!(RemittanceCode::parse(&action.value).is_some());
    let order = world.snapshot.transfer_orders.get(&(TENANT, attempt_id)).unwrap();
    assert_eq!((order.code.as_str(), order.left_minor()), (action.value.as_str(), PRICE));
    assert!(matches!(world.start(payment_id, Method::BankTransfer), Ok(Started::Existing { .. })));
    let (_, other) = world.awaiting();
    assert_ne!(world.the_attempt(other).action.as_ref().unwrap().value, action.value);
}

#[test]
fn each_line_is_booked_once_however_often_it_is_told() {
    let mut world = world();
    let lines = || vec![told("A", 500), told("B", 700), told("A", 500)];
    let taken = world.lines(LineSource::Statement, lines());
    assert_eq!((taken.new.len(), taken.known), (2, 1));
    let again = world.lines(LineSource::Statement, lines());
    assert_eq!((again.new.len(), again.known), (0, 3));
    assert_eq!(
        (world.of_kind(AccountKind::BankAccount), world.of_kind(AccountKind::Suspense)),
        (-1_200, 1_200)
    );
    let out = TellLine { flow: Flow::Debit, ..told("C", 60) };
    world.lines(LineSource::Statement, vec![out]);
    assert_eq!(world.of_kind(AccountKind::UnexplainedDebit), -60);
    assert_eq!(world.of_kind(AccountKind::BankAccount), -1_140);
    let received =
        world.snapshot.appended.events.iter().filter(|one| one.kind == EventKind::BankTransferReceived);
    assert_eq!(received.count(), 2, "money that went is no money received");
}

#[test]
fn one_line_pays_one_order() {
    let mut world = world();
    let (payment_id, order) = world.awaiting();
    let line = world.line("A", PRICE);
    let matched = world.give(line, order, PRICE).unwrap();
    assert_eq!(matched[0].payment.status, PaymentStatus::Succeeded);
    assert_eq!(world.of_kind(AccountKind::PendingSettlement), PRICE);
    assert_eq!((world.of_kind(AccountKind::Suspense), world.of_kind(AccountKind::FeeIncome)), (0, 60));
    let kinds: Vec<EventKind> = world.snapshot.appended.events.iter().map(|event| event.kind).collect();
    assert!(kinds.ends_with(&[EventKind::BankTransferMatched, EventKind::PaymentSucceeded]), "{kinds:?}");
    assert_eq!(world.undo(matched[0].transfer_match.id), Err(Refusal::MatchFinal));
    assert_eq!(world.give(line, order, 1), Err(Refusal::OrderNotAwaiting));
    assert_eq!(world.start(payment_id, Method::AlipayQr).err(), Some(Refusal::AlreadyPaid));
    assert_eq!(
        world.refund(order, "R1", PRICE),
        Err(Refusal::RefundWindowClosed),
        "no channel sends it back"
    );
}

#[test]
fn several_lines_pay_one_order_and_one_line_several() {
    let mut world = world();
    let (payment_id, order) = world.awaiting();
    let (first, second) = (world.line("A", 4_000), world.line("B", 7_000));
    world.give(first, order, 4_000).unwrap();
    assert_eq!(world.stands(payment_id), PaymentStatus::AwaitingTransfer);
    assert_eq!(world.of_kind(AccountKind::TransferReceived), 4_000);
    assert_eq!(world.give(second, order, 7_000), Err(Refusal::MatchExceedsOpen));
    world.give(second, order, 6_000).unwrap();
    assert_eq!(world.stands(payment_id), PaymentStatus::Succeeded);
    assert_eq!(world.the_line(second).left_minor(), 1_000, "too much stays in suspense");
    let (a, b) = (world.awaiting(), world.awaiting());
    let line = world.line("C", 2 * PRICE);
    world.give_all(vec![(line, a.1, PRICE), (line, b.1, PRICE)], Misfit::Refuse).unwrap();
    assert_eq!((world.stands(a.0), world.stands(b.0)), (PaymentStatus::Succeeded, PaymentStatus::Succeeded));
    assert_eq!(world.of_kind(AccountKind::Suspense), 1_000);
}

#[test]
fn pairs_that_do_not_fit_are_left_out_or_refused_whole() {
    let mut world = world();
    let (a, b) = (world.awaiting(), world.awaiting());
    let (first, second) = (world.line("A", PRICE), world.line("B", PRICE));
    let pairs = vec![(first, a.1, PRICE), (second, a.1, PRICE), (second, b.1, PRICE)];
    assert_eq!(world.give_all(pairs.clone(), Misfit::Refuse), Err(Refusal::OrderNotAwaiting));
    assert_eq!(world.the_line(first).matched_minor, 0, "refused whole");
    assert_eq!(world.give_all(pairs, Misfit::LeaveOut).unwrap().len(), 2);
    for (line, order, amount, refusal) in [
        (first, b.1, 1, Refusal::OrderNotAwaiting),
        (BankLineId::default(), b.1, 1, Refusal::NotFound { what: "bank_transfer" }),
        (first, AttemptId::default(), 1, Refusal::NotFound { what: "payment" }),
    ] {
        assert_eq!(world.give(line, order, amount), Err(refusal));
    }
    let (_, open) = world.awaiting();
    assert_eq!(world.give(first, open, 1), Err(Refusal::BankLineNotOpen));
    let third = world.line("C", 5);
    for amount in [0, -1, 6] {
        assert_eq!(world.give(third, open, amount), Err(Refusal::MatchExceedsOpen));
    }
}

#[test]
fn a_match_is_undone_until_the_order_is_paid() {
    let mut world = world();
    let (_, order) = world.awaiting();
    let line = world.line("A", 4_000);
    let made = world.give(line, order, 4_000).unwrap()[0].transfer_match.id;
    world.undo(made).unwrap();
    world.undo(made).unwrap();
    assert_eq!((world.of_kind(AccountKind::Suspense), world.the_line(line).left_minor()), (4_000, 4_000));
    let entry = world.last_entry();
    assert_eq!((entry.kind, entry.reverses.is_some()), (EntryKind::Reversal, true));
    world.give(line, order, 4_000).unwrap();
}

#[test]
fn a_payer_may_change_the_method_unless_money_has_come() {
    let mut world = world();
    let (payment_id, order) = world.awaiting();
    let alipay = world.attempt(payment_id, Method::AlipayQr);
    assert_eq!(world.the_attempt(order).status, AttemptStatus::Closed);
    let late = world.line("A", PRICE);
    assert_eq!(world.give(late, order, PRICE), Err(Refusal::OrderNotAwaiting), "it waits for a person");
    world.paid(alipay);
    let (payment_id, order) = world.awaiting();
    let line = world.line("B", 10);
    world.give(line, order, 10).unwrap();
    assert_eq!(world.start(payment_id, Method::AlipayQr).err(), Some(Refusal::TransferPartReceived));
    assert_eq!(world.close(payment_id), Err(Refusal::TransferPartReceived));
    let (untouched, order) = world.awaiting();
    assert_eq!(world.close(untouched).unwrap().status, PaymentStatus::Closed);
    assert_eq!(world.snapshot.transfer_orders.get(&(TENANT, order)).unwrap().status, OrderStatus::Ended);
}

#[test]
fn time_ends_the_wait_and_what_came_is_left_to_a_person() {
    let mut world = world();
    let (payment_id, order) = world.awaiting();
    let line = world.line("A", 10);
    let made = world.give(line, order, 10).unwrap()[0].transfer_match.id;
    world.after(DAY_US);
    let (tenant_id, reason, origin) = (TENANT, CloseReason::Expired, Origin::system());
    world.run(&ClosePayment { tenant_id, payment_id, reason, lease_us: 0, origin }).unwrap();
    assert_eq!(world.stands(payment_id), PaymentStatus::Closed);
    let kinds: Vec<ExceptionKind> = world.snapshot.exceptions.iter().map(|one| one.kind).collect();
    assert_eq!(kinds, [ExceptionKind::TransferIncomplete]);
    world.undo(made).unwrap();
    assert_eq!(world.the_line(line).left_minor(), 10);
}

#[test]
fn a_slip_is_booked_by_a_second_person_or_by_the_bank_and_only_once() {
    let mut world = world();
    let slip = |world: &mut World, name| world.lines(LineSource::Manual, vec![told(name, 300)]).new[0].id;
    let first = slip(&mut world, "A");
    assert_eq!(
        (world.the_line(first).status, world.of_kind(AccountKind::Suspense)),
        (LineStatus::PendingApproval, 0)
    );
    assert_eq!(world.say(first, Verdict::Approve, "经办"), Err(Refusal::SecondPersonRequired));
    assert_eq!(world.say_seen(first, (Verdict::Approve, vec![0]), "复核"), Err(Refusal::ApprovalConsumed));
    world.say(first, Verdict::Approve, "复核").unwrap();
    assert_eq!(world.say(first, Verdict::Approve, "复核"), Err(Refusal::ApprovalConsumed));
    assert_eq!(world.of_kind(AccountKind::Suspense), 300);
    world.lines(LineSource::Statement, vec![told("A", 300)]);
    assert_eq!(world.of_kind(AccountKind::Suspense), 300, "the bank's line is the slip's");
    assert_eq!(world.the_line(first).source, LineSource::Statement);
    let second = slip(&mut world, "B");
    let coded = TellLine { codes: r#"["12345685"]"#.to_owned(), ..told("B", 300) };
    world.lines(LineSource::Statement, vec![coded]);
    assert_eq!(
        (world.the_line(second).status, world.of_kind(AccountKind::Suspense)),
        (LineStatus::Booked, 600)
    );
    assert_eq!(world.the_line(second).codes, r#"["12345685"]"#, "the bank's words count, not those typed");
    let third = slip(&mut world, "C");
    world.say(third, Verdict::Reject, "复核").unwrap();
    assert_eq!(
        (world.the_line(third).status, world.of_kind(AccountKind::Suspense)),
        (LineStatus::Rejected, 600)
    );
    world.lines(LineSource::Statement, vec![told("C", 300)]);
    assert_eq!(world.of_kind(AccountKind::Suspense), 900, "the bank proves what a person did not believe");
}

#[test]
fn money_that_the_bank_brings_back_shows_no_sign_of_a_payer() {
    let mut world = world();
    for (content, nature) in [("R", LineNature::Returned), ("S", LineNature::Reversal)] {
        let codes = r#"["12345685"]"#.to_owned();
        let line = TellLine { nature, codes, account_index: Some("0".repeat(32)), ..told(content, 300) };
        let id = world.lines(LineSource::Statement, vec![line]).new[0].id;
        let open = world.the_line(id).open();
        assert_eq!((open.left_minor, open.codes.len(), open.account), (300, 0, None));
    }
}

#[test]
fn money_goes_back_by_two_persons_and_cannot_be_matched_meanwhile() {
    let mut world = world();
    let (_, order) = world.awaiting();
    let line = world.line("A", PRICE + 50);
    world.give_back(line, Some(50)).unwrap();
    assert_eq!(world.give_back(line, Some(1)), Err(Refusal::BankLineNotOpen));
    assert_eq!(world.give(line, order, PRICE + 1), Err(Refusal::MatchExceedsOpen));
    assert_eq!(world.say(line, Verdict::Approve, "经办"), Err(Refusal::SecondPersonRequired));
    world.say(line, Verdict::Reject, "复核").unwrap();
    assert_eq!(world.the_line(line).left_minor(), PRICE + 50);
    world.give(line, order, PRICE).unwrap();
    let asked = world.give_back(line, None).unwrap();
    assert_eq!((asked.return_minor, asked.return_status), (50, ReturnStatus::PendingApproval));
    world.say(line, Verdict::Approve, "复核").unwrap();
    assert_eq!((world.of_kind(AccountKind::TransferReturn), world.of_kind(AccountKind::Suspense)), (50, 0));
    assert_eq!(world.give_back(line, None), Err(Refusal::BankLineNotOpen));
}
