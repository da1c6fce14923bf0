//! The transfer desk: codes, lines booked once, matches of every shape, and what two persons decide.

use crate::kit::{CONTRACT, PRICE, TENANT, World, contract, merchant, product};
use tk_domain::audit::{Actor, Origin};
use tk_domain::channel_account::{Channel, ChannelAccount, Method};
use tk_domain::exception::ExceptionKind;
use tk_domain::id::{
    ApiKeyId, AttemptId, BankLineId, ChannelAccountId, Id128, MatchId, PaymentId, RefundId, StatementId,
};
use tk_domain::ledger::{AccountKind, EntryKind};
use tk_domain::moment::DAY_US;
use tk_domain::payment::{
    ActionKind, AttemptStatus, ClosePayment, CloseReason, CreatePayment, Item, ItemRefund, PaymentStatus,
    Started,
};
use tk_domain::refund::{CreateRefund, RefundRoute, RefundState};
use tk_domain::refusal::{MoneyState, Refusal};
use tk_domain::transfer::{
    AskReturn, BankLine, DecideBankLine, DecideReturn, FlagSlip, Flow, GivenBack, LineNature, LineSource,
    LineStatus, LinesTaken, LinkReversal, MatchRows, MatchStatus, MatchTransfers, Matched, Misfit,
    OrderStatus, Pair, ProveReturn, ProveSlip, Reason, RefundRows, RemittanceCode, ReturnStatus,
    TakeBankLines, TellLine, TellStatement, TransferReturn, UndoMatch, Verdict,
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
        self.lines_of(source, lines, None)
    }

    fn lines_of(
        &mut self,
        source: LineSource,
        lines: Vec<TellLine>,
        statement: Option<TellStatement>,
    ) -> LinesTaken {
        self.run(&TakeBankLines {
            tenant_id: TENANT,
            channel_account_id: BANK,
            currency: Currency::Cny,
            source,
            lines,
            statement,
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
    ) -> Result<GivenBack, Refusal> {
        self.ask_return(bank_line_id, amount_minor, None)
    }

    fn ask_return(
        &mut self,
        bank_line_id: BankLineId,
        amount_minor: Option<i64>,
        refund: Option<(RefundId, MatchId)>,
    ) -> Result<GivenBack, Refusal> {
        let (tenant_id, origin) = (TENANT, Origin::system());
        let (reason, by) = ("not ours".to_owned(), "经办".to_owned());
        self.run(&AskReturn { tenant_id, bank_line_id, amount_minor, refund, reason, by, origin })
    }

    fn decide_return(
        &mut self,
        asked: &TransferReturn,
        verdict: Verdict,
        (by, actor): (&str, Actor),
    ) -> Result<GivenBack, Refusal> {
        let origin = Origin { actor, ..Origin::system() };
        self.run(&DecideReturn {
            tenant_id: TENANT,
            return_id: asked.id,
            bank_line_id: asked.bank_line_id,
            refund: asked.refund_id.zip(asked.match_id),
            verdict,
            seen: asked.content_hash(),
            by: by.to_owned(),
            origin,
        })
    }

    fn sent(&mut self, asked: &TransferReturn, sent_line_id: BankLineId) -> Result<GivenBack, Refusal> {
        let refund = asked.refund_id.map(|id| RefundRows::of(self.the_refund(id)));
        let (tenant_id, by, origin) = (TENANT, "经办".to_owned(), Origin::system());
        let (return_id, bank_line_id) = (asked.id, asked.bank_line_id);
        self.run(&ProveReturn { tenant_id, return_id, bank_line_id, sent_line_id, refund, by, origin })
    }

    fn out(&mut self, content: &str, amount_minor: i64, nature: LineNature) -> BankLineId {
        let line = TellLine { flow: Flow::Debit, nature, ..told(content, amount_minor) };
        self.lines(LineSource::Statement, vec![line]).new[0].id
    }

    fn take_back(&mut self, reversal_id: BankLineId, credit_id: BankLineId) -> Result<BankLine, Refusal> {
        let active = |row: &&tk_domain::transfer::TransferMatch| {
            row.bank_line_id == credit_id && row.status == MatchStatus::Active
        };
        let matches = self.snapshot.transfer_matches.iter().filter(active).map(MatchRows::of).collect();
        let mine = self.snapshot.transfer_returns.iter().filter(|row| row.bank_line_id == credit_id);
        let returns =
            mine.filter(|row| row.refund_id.is_none() && row.status.counts()).map(|row| row.id).collect();
        let (tenant_id, by, origin) = (TENANT, "经办".to_owned(), Origin::system());
        self.run(&LinkReversal {
            tenant_id,
            reversal_id,
            credit_id,
            matches,
            cheque: None,
            returns,
            by,
            origin,
        })
    }

    fn prove_slip(&mut self, slip_id: BankLineId, bank_line_id: BankLineId) -> Result<BankLine, Refusal> {
        let (tenant_id, by, origin) = (TENANT, "经办".to_owned(), Origin::system());
        self.run(&ProveSlip { tenant_id, slip_id, bank_line_id, by, origin })
    }

    fn open_matters(&self) -> Vec<ExceptionKind> {
        let open = self.snapshot.exceptions.iter().filter(|one| one.closed_at_us.is_none());
        open.map(|one| one.kind).collect()
    }

    fn told_events(&self) -> Vec<EventKind> {
        self.snapshot.appended.events.iter().map(|event| event.kind).collect()
    }

    fn told_times(&self, kind: EventKind) -> usize {
        self.told_events().into_iter().filter(|told| *told == kind).count()
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
    assert_eq!(world.money_of(payment_id), MoneyState::Moved, "a part is here");
    let (tenant_id, reason, origin) = (TENANT, CloseReason::Expired, Origin::system());
    let close = ClosePayment { tenant_id, payment_id, reason, lease_us: 0, origin };
    let left_us = world.the_payment(payment_id).expires_at_us - world.now_us;
    world.after(left_us - 1);
    world.run(&close).unwrap();
    assert_eq!(world.stands(payment_id), PaymentStatus::AwaitingTransfer, "its time is not up");
    world.after(1);
    world.run(&close).unwrap();
    assert_eq!(world.stands(payment_id), PaymentStatus::Closed);
    let kinds: Vec<ExceptionKind> = world.snapshot.exceptions.iter().map(|one| one.kind).collect();
    assert_eq!(kinds, [ExceptionKind::TransferIncomplete]);
    assert_eq!(world.money_of(payment_id), MoneyState::Moved, "and stays here");
    world.undo(made).unwrap();
    assert_eq!(world.the_line(line).left_minor(), 10);
    assert_eq!(world.money_of(payment_id), MoneyState::NotMoved);
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

const PERSON: Actor = Actor::System;

#[test]
fn money_goes_back_by_two_persons_and_cannot_be_matched_meanwhile() {
    let mut world = world();
    let (_, order) = world.awaiting();
    let line = world.line("A", PRICE + 50);
    let asked = world.give_back(line, Some(50)).unwrap().transfer_return;
    assert_eq!(world.give_back(line, Some(1)), Err(Refusal::BankLineNotOpen));
    assert_eq!(world.give(line, order, PRICE + 1), Err(Refusal::MatchExceedsOpen));
    for who in [("经办", PERSON), (" 经 办 ", PERSON), ("复核", Actor::ApiKey(ApiKeyId::default()))] {
        let decided = world.decide_return(&asked, Verdict::Approve, who);
        assert_eq!(decided, Err(Refusal::SecondPersonRequired), "{who:?}");
    }
    let other = TransferReturn { amount_minor: 49, ..asked.clone() };
    let stale = world.decide_return(&other, Verdict::Approve, ("复核", PERSON));
    assert_eq!(stale, Err(Refusal::ApprovalConsumed));
    world.decide_return(&asked, Verdict::Reject, ("复核", PERSON)).unwrap();
    assert_eq!(world.the_line(line).left_minor(), PRICE + 50);
    world.give(line, order, PRICE).unwrap();
    let asked = world.give_back(line, None).unwrap();
    assert_eq!((asked.line.return_minor, asked.line.return_status), (50, ReturnStatus::PendingApproval));
    world.decide_return(&asked.transfer_return, Verdict::Approve, ("复核", PERSON)).unwrap();
    assert_eq!((world.of_kind(AccountKind::TransferReturn), world.of_kind(AccountKind::Suspense)), (50, 0));
    assert_eq!(world.give_back(line, None), Err(Refusal::BankLineNotOpen));
}

#[test]
fn a_slip_is_decided_by_a_second_person_however_the_name_is_spelt() {
    let mut world = world();
    let line = TellLine { bank_ref: "A".to_owned(), ..told("A", 300) };
    let command = TakeBankLines {
        tenant_id: TENANT,
        channel_account_id: BANK,
        currency: Currency::Cny,
        source: LineSource::Manual,
        lines: vec![line],
        statement: None,
        by: "Li Lei".to_owned(),
        origin: Origin::system(),
    };
    let slip = world.run(&command).unwrap().new[0].id;
    for name in ["Li Lei", "li lei", " LI  LEI", "lilei"] {
        let said = world.say(slip, Verdict::Approve, name);
        assert_eq!(said, Err(Refusal::SecondPersonRequired), "{name}");
    }
    let seen = world.the_line(slip).content_hash();
    let origin = Origin { actor: Actor::ApiKey(ApiKeyId::default()), ..Origin::system() };
    let (tenant_id, bank_line_id, verdict, by) = (TENANT, slip, Verdict::Approve, "Han Mei".to_owned());
    let by_key = world.run(&DecideBankLine { tenant_id, bank_line_id, verdict, seen, by, origin });
    assert_eq!(by_key, Err(Refusal::SecondPersonRequired));
    world.say(slip, Verdict::Approve, "Han Mei").unwrap();
}

#[test]
fn a_line_goes_back_in_parts_and_each_is_proven_by_its_own_line_of_the_bank() {
    let mut world = world();
    let line = world.line("A", 100);
    let mut back = |amount, content: &str| {
        let asked = world.give_back(line, Some(amount)).unwrap().transfer_return;
        assert_eq!(world.sent(&asked, line), Err(Refusal::BankLineNotOpen), "not decided");
        world.decide_return(&asked, Verdict::Approve, ("复核", PERSON)).unwrap();
        let wrong = world.out(&format!("{content} wrong"), amount + 1, LineNature::Plain);
        assert_eq!(world.sent(&asked, wrong), Err(Refusal::BankLineNotOpen), "another amount");
        let out = world.out(content, amount, LineNature::Plain);
        world.sent(&asked, out).unwrap();
        world.sent(&asked, out).unwrap();
        assert!(world.the_line(out).link_id.is_some());
        assert_eq!(world.of_kind(AccountKind::TransferReturn), 0);
    };
    back(30, "B");
    back(70, "C");
    assert_eq!(world.the_line(line).left_minor(), 0);
    assert_eq!(world.the_line(line).return_status, ReturnStatus::Sent);
    assert_eq!(
        world.told_events().iter().filter(|kind| **kind == EventKind::BankTransferReturned).count(),
        2
    );
    assert_eq!(world.give_back(line, None), Err(Refusal::BankLineNotOpen));
}

#[test]
fn a_collected_transfer_is_refunded_by_two_persons_and_the_statement() {
    let mut world = world();
    let (payment_id, order) = world.awaiting();
    let line = world.line("A", PRICE);
    let made = world.give(line, order, PRICE).unwrap()[0].transfer_match.id;
    world.after(400 * DAY_US);
    let refund_id = world.refund(order, "R1", 4_000).unwrap();
    let refund = world.the_refund(refund_id).clone();
    assert_eq!((refund.status, refund.route), (RefundState::PendingApproval, RefundRoute::OriginalOffline));
    assert_eq!(
        (world.of_kind(AccountKind::Held), world.of_kind(AccountKind::PendingSettlement)),
        (4_000, 6_000)
    );
    assert!(world.refund(order, "R2", 6_001).is_err(), "never more than was received");
    let asked = world.ask_return(line, None, Some((refund_id, made))).unwrap().transfer_return;
    assert_eq!(world.the_line(line).left_minor(), 0);
    let again = world.ask_return(line, None, Some((refund_id, made))).unwrap().transfer_return;
    world.decide_return(&again, Verdict::Approve, ("复核", PERSON)).unwrap();
    assert_eq!(
        world.decide_return(&asked, Verdict::Approve, ("复核", PERSON)),
        Err(Refusal::ApprovalConsumed),
        "one return carries it out"
    );
    world.decide_return(&asked, Verdict::Reject, ("复核", PERSON)).unwrap();
    assert_eq!(world.cancel(refund_id), Err(Refusal::RefundInProgress), "staff may have sent it");
    let out = world.out("B", 4_000, LineNature::Plain);
    world.sent(&again, out).unwrap();
    assert_eq!(world.the_refund(refund_id).status, RefundState::Succeeded);
    assert_eq!(world.the_payment(payment_id).refunded_minor, 4_000);
    assert_eq!((world.of_kind(AccountKind::Held), world.of_kind(AccountKind::UnexplainedDebit)), (0, 0));
    assert_eq!(world.of_kind(AccountKind::BankAccount), -6_000);
    let second = world.refund(order, "R3", 6_000).unwrap();
    world.cancel(second).unwrap();
    let gone = world.ask_return(line, None, Some((second, made)));
    assert_eq!(gone, Err(Refusal::RefundInProgress), "it was withdrawn");
    let third = world.refund(order, "R4", 6_000).unwrap();
    let asked = world.ask_return(line, None, Some((third, made))).unwrap().transfer_return;
    world.decide_return(&asked, Verdict::Approve, ("复核", PERSON)).unwrap();
    let out = world.out("C", 6_000, LineNature::Plain);
    world.sent(&asked, out).unwrap();
    assert_eq!(world.the_payment(payment_id).refundable_minor(), 0);
    assert_eq!(
        (world.of_kind(AccountKind::BankAccount), world.of_kind(AccountKind::PendingSettlement)),
        (0, 0)
    );
}

#[test]
fn nobody_gets_back_more_than_he_sent() {
    let mut world = world();
    let (_, order) = world.awaiting();
    let (first, second) = (world.line("A", 6_000), world.line("B", 4_000));
    let a = world.give(first, order, 6_000).unwrap()[0].transfer_match.id;
    let b = world.give(second, order, 4_000).unwrap()[0].transfer_match.id;
    let refund_id = world.refund(order, "R1", 5_000).unwrap();
    assert_eq!(world.ask_return(second, None, Some((refund_id, b))), Err(Refusal::MatchExceedsOpen));
    assert!(world.ask_return(first, None, Some((refund_id, b))).is_err(), "a match of another line");
    world.ask_return(first, None, Some((refund_id, a))).unwrap();
    let rest = world.refund(order, "R2", 5_000).unwrap();
    assert_eq!(world.ask_return(first, None, Some((rest, a))), Err(Refusal::MatchExceedsOpen));
}

#[test]
fn a_credit_that_the_bank_takes_back_is_gone_from_suspense() {
    let mut world = world();
    let line = world.line("A", 500);
    let reversal = world.out("B", 500, LineNature::Reversal);
    assert_eq!(world.open_matters(), [ExceptionKind::ReversalUnlinked]);
    let (plain, other) = (world.out("C", 500, LineNature::Plain), world.line("D", 501));
    assert_eq!(world.take_back(plain, line), Err(Refusal::BankLineNotOpen), "no reversal");
    assert_eq!(world.take_back(reversal, other), Err(Refusal::BankLineNotOpen), "another amount");
    let given_back = world.give_back(line, Some(20)).unwrap().transfer_return;
    world.decide_return(&given_back, Verdict::Approve, ("复核", PERSON)).unwrap();
    world.take_back(reversal, line).unwrap();
    world.take_back(reversal, line).unwrap();
    assert_eq!(world.open_matters(), []);
    assert_eq!((world.the_line(line).left_minor(), world.of_kind(AccountKind::Suspense)), (0, 501));
    assert_eq!(
        (world.of_kind(AccountKind::BankAccount), world.of_kind(AccountKind::TransferReturn)),
        (-1, 0)
    );
    assert_eq!(world.the_line(line).return_status, ReturnStatus::None);
    assert!(world.told_events().contains(&EventKind::BankTransferReversed));
    let (_, order) = world.awaiting();
    assert_eq!(world.give(line, order, 1), Err(Refusal::BankLineNotOpen));
    let second = world.out("E", 500, LineNature::Reversal);
    assert_eq!(world.take_back(second, line), Err(Refusal::BankLineNotOpen), "taken back once");
}

#[test]
fn a_reversal_after_the_match_undoes_it_or_falls_on_the_merchant_and_is_shown() {
    let mut world = world();
    let (paid, order) = world.awaiting();
    let (waiting, half) = world.awaiting();
    let line = world.line("A", PRICE + 4_000);
    world.give_all(vec![(line, order, PRICE), (line, half, 4_000)], Misfit::Refuse).unwrap();
    let spent = world.refund(order, "R1", 3_000).unwrap();
    let reversal = world.out("B", PRICE + 4_000, LineNature::Reversal);
    world.take_back(reversal, line).unwrap();
    let payment = world.the_payment(paid).clone();
    assert_eq!((payment.status, payment.reversed_minor), (PaymentStatus::Succeeded, PRICE));
    assert_eq!(payment.refundable_minor(), 0, "what the bank took cannot be refunded once more");
    assert_eq!([paid, waiting].map(|id| world.money_of(id)), [MoneyState::NotMoved; 2]);
    assert!(world.the_attempt(order).needs_manual);
    assert_eq!(world.stands(waiting), PaymentStatus::AwaitingTransfer);
    assert_eq!(world.snapshot.transfer_orders.get(&(TENANT, half)).unwrap().received_minor, 0);
    assert_eq!(world.of_kind(AccountKind::BankAccount), 0);
    assert_eq!(world.of_kind(AccountKind::PendingSettlement), 0);
    assert_eq!(
        world.of_kind(AccountKind::RefundReceivable),
        -3_000,
        "what its accounts do not cover is owed"
    );
    assert_eq!(world.of_kind(AccountKind::Held), 3_000);
    assert_eq!(world.open_matters(), [ExceptionKind::TransferReversed; 2]);
    for kind in [EventKind::PaymentReversed, EventKind::BankTransferReversed] {
        assert!(world.told_events().contains(&kind), "{kind:?}");
    }
    let statuses: Vec<MatchStatus> = world.snapshot.transfer_matches.iter().map(|row| row.status).collect();
    assert!(statuses.contains(&MatchStatus::Reversed) && statuses.contains(&MatchStatus::Undone));
    world.cancel(spent).unwrap();
}

#[test]
fn a_reversal_of_a_line_that_one_order_was_given_twice_takes_both() {
    let mut world = world();
    let (waiting, order) = world.awaiting();
    let line = world.line("A", 1_000);
    world.give(line, order, 600).unwrap();
    world.give(line, order, 400).unwrap();
    let reversal = world.out("B", 1_000, LineNature::Reversal);
    world.take_back(reversal, line).unwrap();
    assert_eq!(world.snapshot.transfer_orders.get(&(TENANT, order)).unwrap().received_minor, 0);
    assert_eq!((world.the_payment(waiting).beside_minor, world.money_of(waiting)), (0, MoneyState::NotMoved));
    assert_eq!(world.of_kind(AccountKind::TransferReceived), 0);
    let (paid, order) = world.awaiting();
    let line = world.line("C", PRICE);
    world.give(line, order, 600).unwrap();
    world.give(line, order, PRICE - 600).unwrap();
    let reversal = world.out("D", PRICE, LineNature::Reversal);
    world.take_back(reversal, line).unwrap();
    let payment = world.the_payment(paid);
    assert_eq!((payment.reversed_minor, payment.refundable_minor()), (PRICE, 0));
    assert_eq!(world.the_attempt(order).reversed_minor, PRICE);
    let numbers = world.snapshot.appended.events.iter().filter(|event| event.object == paid.to_string());
    let numbers: Vec<i64> = numbers.map(|event| event.object_seq).collect();
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{numbers:?}");
}

#[test]
fn a_reversal_takes_the_merchants_own_first_and_of_a_tax_only_what_is_this_payments() {
    let mut world = world();
    let item = |amount, collected_for: Option<&str>| Item {
        name: "交强险".to_owned(),
        amount,
        quantity: None,
        unit_price: None,
        kind: None,
        policy_no: None,
        splittable: false,
        merchant_order_no: None,
        collected_for: collected_for.map(str::to_owned),
    };
    let paid_with_tax = |world: &mut World, names: [&str; 2]| {
        let items = vec![item(PRICE - 4_000, None), item(4_000, Some("税务局"))];
        let order = CreatePayment { items, ..world.order() };
        let payment_id = world.run(&order).unwrap().payment.id;
        let order = world.attempt(payment_id, Method::BankTransfer);
        let lines = names.map(|name| world.line(name, PRICE / 2));
        for line in lines {
            world.give(line, order, PRICE / 2).unwrap();
        }
        (payment_id, order, lines)
    };
    let (_, _, _) = paid_with_tax(&mut world, ["other 1", "other 2"]);
    let (payment, order, [first, second]) = paid_with_tax(&mut world, ["A", "B"]);
    assert_eq!(world.of_kind(AccountKind::CollectedForOthers), 8_000);
    let own = ItemRefund { item: 0, amount_minor: PRICE - 4_000 };
    let asked = CreateRefund { items: vec![own], ..world.refund_of(order, "R1", PRICE - 4_000) };
    let refund = world.run(&asked).unwrap().refund.id;
    let reversal = world.out("reversed B", PRICE / 2, LineNature::Reversal);
    world.take_back(reversal, second).unwrap();
    assert_eq!(
        world.of_kind(AccountKind::CollectedForOthers),
        8_000,
        "half of it is here, and the tax is less"
    );
    assert_eq!(world.the_payment(payment).reversed_others_minor, 0);
    world.cancel(refund).unwrap();
    let reversal = world.out("reversed A", PRICE / 2, LineNature::Reversal);
    world.take_back(reversal, first).unwrap();
    assert_eq!(world.of_kind(AccountKind::CollectedForOthers), 4_000, "the other payment's tax stays");
    assert_eq!(world.the_payment(payment).reversed_others_minor, 4_000);
    assert_eq!(world.the_payment(payment).others_left_minor(), 0);
}

#[test]
fn a_slip_and_a_line_of_another_day_or_number_are_counted_once() {
    let mut world = world();
    let (payment_id, order) = world.awaiting();
    let slip = world.lines(LineSource::Manual, vec![told("S", PRICE)]).new[0].id;
    world.say(slip, Verdict::Approve, "复核").unwrap();
    assert_eq!(
        (world.of_kind(AccountKind::UnprovenSlip), world.of_kind(AccountKind::BankAccount)),
        (-PRICE, 0)
    );
    world.give(slip, order, PRICE).unwrap();
    let line = world.line("the bank calls it otherwise", PRICE);
    assert_eq!(world.of_kind(AccountKind::Suspense), PRICE);
    world.prove_slip(slip, line).unwrap();
    world.prove_slip(slip, line).unwrap();
    assert_eq!(world.of_kind(AccountKind::Suspense), 0, "the same money is there once");
    assert_eq!(
        (world.of_kind(AccountKind::UnprovenSlip), world.of_kind(AccountKind::BankAccount)),
        (0, -PRICE)
    );
    assert_eq!((world.stands(payment_id), world.the_line(line).left_minor()), (PaymentStatus::Succeeded, 0));
    let other = world.line("D", PRICE);
    assert_eq!(world.prove_slip(slip, other), Err(Refusal::BankLineNotOpen), "a slip is proven once");
    let waiting = world.lines(LineSource::Manual, vec![told("W", PRICE)]).new[0].id;
    world.prove_slip(waiting, other).unwrap();
    assert_eq!(world.the_line(waiting).status, LineStatus::Superseded);
    assert_eq!(world.the_line(other).left_minor(), PRICE, "the bank's line can be matched");
}

#[test]
fn a_slip_that_no_statement_proves_is_shown_until_one_does() {
    let mut world = world();
    let slip = world.lines(LineSource::Manual, vec![told("S", 300)]).new[0].id;
    let flag = FlagSlip { tenant_id: TENANT, slip_id: slip };
    world.now_us = DAY * DAY_US;
    assert!(!world.run(&flag).unwrap(), "it is not in the books");
    world.say(slip, Verdict::Approve, "复核").unwrap();
    assert!(!world.run(&flag).unwrap(), "too early");
    world.after(6 * DAY_US);
    assert!(world.run(&flag).unwrap());
    assert!(!world.run(&flag).unwrap(), "once");
    assert_eq!(world.told_times(EventKind::BankTransferUnproven), 1);
    assert_eq!(world.open_matters(), [ExceptionKind::SlipUnproven]);
    world.lines(LineSource::Statement, vec![told("S", 300)]);
    assert_eq!(world.open_matters(), []);
    assert_eq!(
        (world.of_kind(AccountKind::UnprovenSlip), world.of_kind(AccountKind::BankAccount)),
        (0, -300)
    );
}

#[test]
fn a_statement_that_does_not_follow_on_is_shown_until_the_missing_one_comes() {
    let mut world = world();
    let statement = |id: u8, opening: Option<i64>| TellStatement {
        id: StatementId(Id128([id; 16])),
        first_day: DAY,
        last_day: DAY,
        opening_minor: opening,
        closing_minor: opening,
        lines_count: 1,
        equal_lines: "{}".to_owned(),
        unclear: false,
        gap_after_minor: None,
        fills: None,
        ends: true,
    };
    let gap = TellStatement { gap_after_minor: Some(70), ..statement(1, Some(90)) };
    world.lines_of(LineSource::Statement, vec![told("A", 1)], Some(gap.clone()));
    world.lines_of(LineSource::Statement, vec![told("A", 1)], Some(gap));
    assert_eq!(world.open_matters(), [ExceptionKind::StatementGap]);
    let filling = TellStatement { fills: Some(StatementId(Id128([1; 16]))), ..statement(2, Some(70)) };
    world.lines_of(LineSource::Statement, vec![told("B", 20)], Some(filling));
    assert_eq!(world.open_matters(), []);
    let nameless = || TellLine { bank_ref: String::new(), ..told("C", 5) };
    world.lines_of(LineSource::Statement, vec![nameless()], Some(statement(3, None)));
    assert_eq!(world.open_matters(), []);
    world.lines_of(LineSource::Statement, vec![nameless()], Some(statement(4, None)));
    assert_eq!(world.open_matters(), [ExceptionKind::StatementOverlap], "nothing tells the two apart");
    let back = TellLine { nature: LineNature::Returned, ..told("E", 5) };
    world.lines(LineSource::Statement, vec![back]);
    assert!(world.open_matters().contains(&ExceptionKind::ReturnBounced));
    let again = TellLine { nature: LineNature::Returned, ..told("E", 5) };
    world.lines(LineSource::Statement, vec![again]);
    assert_eq!(world.told_times(EventKind::BankTransferBounced), 1);
}

#[test]
fn a_transfer_is_of_the_payers_part_and_what_the_bank_takes_back_leaves_the_parts() {
    use crate::parts::{part, partner};
    use tk_domain::payment::{PartFunder, PartKind};
    let mut world = world();
    world.snapshot.partners.load(partner());
    let payment_id = world.parted(vec![part(PartKind::Advance, PartFunder::Channel, 500)]).unwrap();
    let attempt_id = world.attempt(payment_id, Method::BankTransfer);
    let line = world.line("L1", PRICE);
    world.give(line, attempt_id, PRICE).unwrap();
    assert_eq!(world.stands(payment_id), PaymentStatus::Succeeded);
    assert_eq!(world.of_kind(AccountKind::PendingSettlement), PRICE + 500);
    assert_eq!(world.of_kind(AccountKind::AdvancePayable), 500);
    // Collected stays collected, as its fee does: the merchant bears the credit, and a person settles the advance.
    let reversal = world.out("V1", PRICE, LineNature::Reversal);
    world.take_back(reversal, line).unwrap();
    assert_eq!(world.of_kind(AccountKind::PendingSettlement), 500);
    assert_eq!(world.of_kind(AccountKind::AdvancePayable), 500);
    assert_eq!(world.the_payment(payment_id).refundable_minor(), 0);
}
