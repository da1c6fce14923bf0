use crate::bench::{Bench, Trouble};
use crate::rows::{self, MINUTE_US, attempt, refund, share};
use tillkeeper_channels::capabilities::Unpaid;
use tillkeeper_channels::{PaymentRows, ReceiverRows, RefundRows, ReturnRows, SplitRows};
use tk_domain::channel_account::Method;
use tk_domain::id::Id128;
use tk_domain::instruction::InstructionKind as Kind;
use tk_domain::payment::Attempt;
use tk_domain::refund::Refund;
use tk_domain::report::{PaymentFinding, RefundFinding, Source};
use tk_domain::split::{
    ReceiverFinding, ReturnFinding, ReturnMode, ShareResult, Split, SplitFinding, SplitLine, SplitReceiver,
    SplitReturn, SplitTerms, split_limits,
};

type Shares = Vec<(SplitLine, SplitReceiver)>;

const ONE: &str = "2088000000000001";
const TWO: &str = "2088000000000002";
/// A receiver whose account is shut after it was bound.
const SHUT: &str = "closed-3";
/// A receiver that gives nothing back.
const KEEPS: &str = "keeps-4";
/// A receiver whom the merchant has taken off the channel's list again.
const DROPPED: &str = "dropped-5";
/// A receiver without money, and one that has not agreed to give anything back.
const EMPTY: &str = "empty-7";
const UNWILLING: &str = "unwilling-9";

/// A receiver as the bench's channel knows one.
fn receiver(bench: &impl Bench, account: &str) -> SplitReceiver {
    let channel = bench.capabilities().channel;
    let kind = split_limits(channel).unwrap().kinds[0];
    SplitReceiver { channel, kind, ..rows::receiver(account, 1) }
}

fn shares(bench: &impl Bench, given: &[(&str, i64)]) -> Shares {
    let one = |((account, minor), place): (&(&str, i64), u8)| {
        let (line, party) = share(account, *minor, place);
        (line, SplitReceiver { id: party.id, ..receiver(bench, account) })
    };
    given.iter().zip(0..).map(one).collect()
}

async fn bind(bench: &impl Bench, account: &str) -> ReceiverFinding {
    say_receiver(bench, Kind::ReceiverBind, account).await
}

async fn say_receiver(bench: &impl Bench, kind: Kind, account: &str) -> ReceiverFinding {
    let (instruction, receiver) = (rows::instruction(kind, None), receiver(bench, account));
    let rows = ReceiverRows { instruction: &instruction, receiver: &receiver, name: Some("程") };
    bench.adapters().say_receiver(bench.contract(), rows, bench.now_us()).await.unwrap()
}

/// An order of 100.00 that said it would be divided, paid.
async fn paid(bench: &impl Bench) -> Attempt {
    paid_by(bench, bench.capabilities().methods[0].method).await
}

async fn paid_by(bench: &impl Bench, method: Method) -> Attempt {
    for account in [ONE, TWO, SHUT, KEEPS, DROPPED, EMPTY, UNWILLING] {
        assert_eq!(bind(bench, account).await, ReceiverFinding::Bound);
    }
    let mut row = attempt(method, 10_000, 1);
    let terms = SplitTerms { later: true, ..SplitTerms::default() };
    let mut payment = rows::payment(10_000);
    payment.splits = serde_json::to_string(&terms).ok();
    let pay = rows::instruction(Kind::Pay, bench.payload(&row, Kind::Pay).await);
    let said = PaymentRows { instruction: &pay, payment: &payment, attempt: &row };
    let begun = bench.adapters().say_payment(bench.contract(), said, bench.now_us()).await.finding;
    let PaymentFinding::ActionRequired(action) = begun else { panic!("nothing to open: {begun:?}") };
    bench.open(&row, &action).await;
    assert!(bench.pay(&row).await);
    assert!(bench.truth(&row).await.kept, "its money is kept for shares");
    row.channel_txn_no = Some(bench.truth(&row).await.channel_txn_no);
    row
}

async fn say(
    bench: &impl Bench,
    kind: Kind,
    (split, row): (&Split, &Attempt),
    shares: &Shares,
) -> SplitFinding {
    let instruction = rows::instruction(kind, None);
    let rows = SplitRows { instruction: &instruction, split, attempt: row, shares };
    let report = bench.adapters().say_split(bench.contract(), rows, bench.now_us()).await.unwrap();
    assert_eq!(report.source == Source::Query, kind == Kind::SplitQuery);
    report.finding
}

fn told(finding: &SplitFinding) -> Vec<&'static str> {
    let SplitFinding::Shares(shares) = finding else { panic!("no shares: {finding:?}") };
    let word = |result: &ShareResult| match result {
        ShareResult::Pending => "pending",
        ShareResult::Paid => "paid",
        ShareResult::Failed { .. } => "failed",
    };
    shares.iter().map(|share| word(&share.result)).collect()
}

pub async fn a_receiver_is_bound_and_an_unknown_one_refused(bench: &impl Bench) {
    let Some(_) = bench.capabilities().splits else { return };
    assert_eq!(bind(bench, ONE).await, ReceiverFinding::Bound);
    assert_eq!(bind(bench, ONE).await, ReceiverFinding::Bound, "again is as good as once");
    let refused = bind(bench, "unknown-1").await;
    assert!(matches!(refused, ReceiverFinding::Refused { .. }), "{refused:?}");
    bench.trouble(Kind::ReceiverBind, Trouble::LostAfter).await;
    assert_eq!(bind(bench, TWO).await, ReceiverFinding::Unclear);
}

pub async fn a_receiver_that_is_unbound_gets_no_more_shares(bench: &impl Bench) {
    let Some(_) = bench.capabilities().splits else { return };
    let row = paid(bench).await;
    bench.trouble(Kind::ReceiverUnbind, Trouble::LostAfter).await;
    assert_eq!(say_receiver(bench, Kind::ReceiverUnbind, ONE).await, ReceiverFinding::Unclear);
    let again = say_receiver(bench, Kind::ReceiverUnbind, ONE).await;
    assert_eq!(again, ReceiverFinding::Unbound, "again is as good as once");
    let shares = shares(bench, &[(ONE, 2_000)]);
    let refused = say(bench, Kind::Split, (&rows::split(&shares, 2, true), &row), &shares).await;
    assert!(!matches!(refused, SplitFinding::Accepted | SplitFinding::Shares(_)), "{refused:?}");
    bench.advance(MINUTE_US);
    assert_eq!(bench.truth(&row).await.shares, []);
    assert_eq!(bind(bench, ONE).await, ReceiverFinding::Bound);
}

pub async fn shares_are_accepted_and_each_is_proven_by_itself(bench: &impl Bench) {
    let Some(terms) = bench.capabilities().splits else { return };
    let row = paid(bench).await;
    let shares = shares(bench, &[(ONE, 2_000), (SHUT, 1_000)]);
    let split = rows::split(&shares, 2, true);
    assert_eq!(say(bench, Kind::SplitQuery, (&split, &row), &shares).await, SplitFinding::NotFound);
    assert_eq!(say(bench, Kind::Split, (&split, &row), &shares).await, SplitFinding::Accepted);
    let early = say(bench, Kind::SplitQuery, (&split, &row), &shares).await;
    assert_eq!(told(&early), ["pending", "pending"]);
    bench.advance(MINUTE_US);
    let asked = say(bench, Kind::SplitQuery, (&split, &row), &shares).await;
    assert_eq!(told(&asked), ["paid", "failed"]);
    let truth = bench.truth(&row).await;
    let kept = terms.unpaid == Unpaid::StaysKept;
    assert_eq!((truth.shares, truth.kept), (vec![(ONE.to_owned(), 2_000, 0)], kept));
    let rest = rows::split(&[], 3, true);
    assert_eq!(say(bench, Kind::Split, (&rest, &row), &vec![]).await, SplitFinding::Accepted);
    bench.advance(MINUTE_US);
    assert!(!bench.truth(&row).await.kept, "what was not divided is released");
}

pub async fn the_same_split_twice_pays_once(bench: &impl Bench) {
    let Some(_) = bench.capabilities().splits else { return };
    let row = paid(bench).await;
    let [shares, other] = [1_000, 999].map(|minor| shares(bench, &[(ONE, 2_000), (TWO, minor)]));
    let split = rows::split(&shares, 2, true);
    for _ in 0..2 {
        assert_eq!(say(bench, Kind::Split, (&split, &row), &shares).await, SplitFinding::Accepted);
    }
    let changed = say(bench, Kind::Split, (&split, &row), &other).await;
    assert_eq!(changed, SplitFinding::Unclear, "other shares under the same number prove nothing");
    bench.advance(MINUTE_US);
    let truth = bench.truth(&row).await;
    assert_eq!(truth.shares, [(ONE.to_owned(), 2_000, 0), (TWO.to_owned(), 1_000, 0)]);
    assert!(!truth.kept);
}

pub async fn a_lost_answer_to_a_split_proves_nothing_and_the_query_does(bench: &impl Bench) {
    let Some(_) = bench.capabilities().splits else { return };
    let row = paid(bench).await;
    let shares = shares(bench, &[(ONE, 1_000), (TWO, 500)]);
    let troubles =
        [(Trouble::LostBefore, false), (Trouble::SystemErrorAfter, true), (Trouble::Garbage, true)];
    for ((trouble, effect), serial) in troubles.into_iter().zip(2..) {
        let shares = if effect { vec![shares[usize::from(serial) - 3].clone()] } else { shares.clone() };
        let split = rows::split(&shares, serial, false);
        bench.trouble(Kind::Split, trouble).await;
        assert_eq!(
            say(bench, Kind::Split, (&split, &row), &shares).await,
            SplitFinding::Unclear,
            "{trouble:?}"
        );
        bench.advance(MINUTE_US);
        let asked = say(bench, Kind::SplitQuery, (&split, &row), &shares).await;
        if effect {
            assert_eq!(told(&asked), ["paid"], "{trouble:?}");
        } else {
            assert_eq!(asked, SplitFinding::NotFound, "{trouble:?}");
        }
    }
    let truth = bench.truth(&row).await.shares;
    assert_eq!(truth, [(ONE.to_owned(), 1_000, 0), (TWO.to_owned(), 500, 0)]);
}

pub async fn more_than_the_contract_lets_go_is_refused_and_pays_nobody(bench: &impl Bench) {
    let Some(_) = bench.capabilities().splits else { return };
    let row = paid(bench).await;
    let shares = shares(bench, &[(ONE, 2_000), (TWO, 1_001)]);
    let refused = say(bench, Kind::Split, (&rows::split(&shares, 2, true), &row), &shares).await;
    // For good only where the channel has a word for it that means nothing else.
    assert!(matches!(refused, SplitFinding::Failed { .. } | SplitFinding::NotYet { .. }), "{refused:?}");
    bench.advance(MINUTE_US);
    assert_eq!(bench.truth(&row).await.shares, []);
}

/// A payment of which the first receiver has got 20.00 and the second 10.00.
async fn divided(bench: &impl Bench, accounts: [&str; 2]) -> (Attempt, Split, Shares) {
    let row = paid(bench).await;
    divide(bench, row, accounts).await
}

async fn divide(bench: &impl Bench, row: Attempt, accounts: [&str; 2]) -> (Attempt, Split, Shares) {
    let shares = shares(bench, &[(accounts[0], 2_000), (accounts[1], 1_000)]);
    let split = rows::split(&shares, 2, true);
    assert_eq!(say(bench, Kind::Split, (&split, &row), &shares).await, SplitFinding::Accepted);
    bench.advance(MINUTE_US);
    (row, split, shares)
}

/// Says something of a return to a channel that takes shares back by calls of their own.
async fn give_back(
    bench: &impl Bench,
    kind: Kind,
    (back, receiver): &(SplitReturn, SplitReceiver),
    split: &Split,
) -> ReturnFinding {
    let (any_refund, row) = (refund(5_000, 3), attempt(bench.capabilities().methods[0].method, 10_000, 1));
    said(bench, kind, (back, receiver), (split, &any_refund, &row)).await
}

async fn said(
    bench: &impl Bench,
    kind: Kind,
    (back, receiver): (&SplitReturn, &SplitReceiver),
    (split, refund, attempt): (&Split, &Refund, &Attempt),
) -> ReturnFinding {
    let instruction = rows::instruction(kind, None);
    let rows = ReturnRows { instruction: &instruction, back, beside: &[], split, refund, attempt, receiver };
    let report = bench.adapters().say_return(bench.contract(), rows, bench.now_us()).await.unwrap();
    assert_eq!(report.source == Source::Query, kind == Kind::SplitReturnQuery);
    report.finding
}

fn halves(back: &Refund, shares: &Shares) -> Vec<(SplitReturn, SplitReceiver)> {
    shares.iter().map(|(line, receiver)| (rows::back(back, line), receiver.clone())).collect()
}

pub async fn a_refund_takes_shares_back(bench: &impl Bench) {
    let Some(terms) = bench.capabilities().splits else { return };
    let (row, split, shares) = divided(bench, [ONE, TWO]).await;
    let back: Refund = refund(5_000, 3);
    let half = halves(&back, &shares);
    if terms.returned == ReturnMode::Ahead {
        for one in &half {
            for _ in 0..2 {
                assert_eq!(give_back(bench, Kind::SplitReturn, one, &split).await, ReturnFinding::Accepted);
            }
            bench.advance(MINUTE_US);
            let asked = give_back(bench, Kind::SplitReturnQuery, one, &split).await;
            assert_eq!(asked, ReturnFinding::Done { amount_minor: one.0.amount_minor });
        }
    }
    let along = if terms.returned == ReturnMode::Along { half.as_slice() } else { &[] };
    let instruction = rows::instruction(Kind::Refund, None);
    for _ in 0..2 {
        let rows = RefundRows { instruction: &instruction, refund: &back, attempt: &row, shares: along };
        let said = bench.adapters().say_refund(bench.contract(), rows, bench.now_us()).await.finding;
        assert_eq!(said, RefundFinding::Accepted, "again is as good as once");
    }
    let truth = bench.truth(&row).await;
    assert_eq!(truth.shares, [(ONE.to_owned(), 2_000, 1_000), (TWO.to_owned(), 1_000, 500)]);
    assert_eq!(truth.refunds, [(back.out_no, 5_000)]);
}

fn comes_ahead(bench: &impl Bench) -> bool {
    bench.capabilities().splits.is_some_and(|terms| terms.returned == ReturnMode::Ahead)
}

pub async fn a_lost_answer_to_a_return_proves_nothing_and_the_query_does(bench: &impl Bench) {
    if !comes_ahead(bench) {
        return;
    }
    let (row, split, shares) = divided(bench, [ONE, TWO]).await;
    let half = halves(&refund(5_000, 3), &shares);
    for (one, trouble, effect) in
        [(&half[0], Trouble::LostBefore, false), (&half[1], Trouble::SystemErrorAfter, true)]
    {
        bench.trouble(Kind::SplitReturn, trouble).await;
        assert_eq!(give_back(bench, Kind::SplitReturn, one, &split).await, ReturnFinding::Unclear);
        bench.advance(MINUTE_US);
        let asked = give_back(bench, Kind::SplitReturnQuery, one, &split).await;
        let expected = if effect {
            ReturnFinding::Done { amount_minor: one.0.amount_minor }
        } else {
            ReturnFinding::NotFound
        };
        assert_eq!(asked, expected, "{trouble:?}");
    }
    let mut more = half[1].clone();
    more.0.amount_minor += 1;
    let changed = give_back(bench, Kind::SplitReturn, &more, &split).await;
    assert_eq!(changed, ReturnFinding::Unclear, "another amount under the same number proves nothing");
    let truth = bench.truth(&row).await.shares;
    assert_eq!(truth, [(ONE.to_owned(), 2_000, 0), (TWO.to_owned(), 1_000, 500)]);
}

pub async fn what_a_receiver_does_not_give_back_is_proven_too(bench: &impl Bench) {
    if !comes_ahead(bench) {
        return;
    }
    let (row, split, shares) = divided(bench, [KEEPS, ONE]).await;
    let half = halves(&refund(5_000, 3), &shares);
    assert_eq!(give_back(bench, Kind::SplitReturn, &half[0], &split).await, ReturnFinding::Accepted);
    bench.advance(MINUTE_US);
    let refused = give_back(bench, Kind::SplitReturnQuery, &half[0], &split).await;
    assert!(matches!(refused, ReturnFinding::Failed { .. }), "{refused:?}");
    // More than it got is refused, and nothing of it is taken.
    let mut more = half[1].clone();
    (more.0.amount_minor, more.0.out_no) = (1_001, tk_domain::payment::out_no('B', Id128([9; 16])));
    let refused = give_back(bench, Kind::SplitReturn, &more, &split).await;
    assert!(matches!(refused, ReturnFinding::NotYet { .. }), "{refused:?}");
    let truth = bench.truth(&row).await.shares;
    assert_eq!(truth, [(KEEPS.to_owned(), 2_000, 0), (ONE.to_owned(), 1_000, 0)]);
}

/// Says a refund of half the order and asks of each share both questions.
async fn asked_back(
    bench: &impl Bench,
    (row, split, shares): &(Attempt, Split, Shares),
    mode: ReturnMode,
) -> Vec<[ReturnFinding; 2]> {
    let back: Refund = refund(5_000, 3);
    let mut half = halves(&back, shares);
    for (one, _) in &mut half {
        one.mode = mode;
    }
    let named = if mode == ReturnMode::Along { half.as_slice() } else { &[] };
    let instruction = rows::instruction(Kind::Refund, None);
    let rows = RefundRows { instruction: &instruction, refund: &back, attempt: row, shares: named };
    let first = said(bench, Kind::SplitReturnQuery, (&half[0].0, &half[0].1), (split, &back, row)).await;
    assert_eq!(first, ReturnFinding::Unclear, "of a refund that was not said nothing is proven");
    let accepted = bench.adapters().say_refund(bench.contract(), rows, bench.now_us()).await.finding;
    assert_eq!(accepted, RefundFinding::Accepted);
    let mut told = Vec::new();
    for (one, receiver) in &half {
        let again = SplitReturn { queries_count: 1, ..one.clone() };
        let ask = async |one: &SplitReturn| {
            said(bench, Kind::SplitReturnQuery, (one, receiver), (split, &back, row)).await
        };
        told.push([ask(one).await, ask(&again).await]);
    }
    told
}

fn with_refund(bench: &impl Bench) -> bool {
    bench.capabilities().splits.is_some_and(|terms| terms.returned.with_refund())
}

pub async fn a_share_that_comes_back_with_its_refund_is_proven_by_itself(bench: &impl Bench) {
    if !with_refund(bench) {
        return;
    }
    let divided = divided(bench, [ONE, KEEPS]).await;
    let told = asked_back(bench, &divided, ReturnMode::Along).await;
    let came_back = || ReturnFinding::Done { amount_minor: 1_000 };
    assert_eq!(told[0], [came_back(), came_back()]);
    // The refund is done, and one receiver kept what it has: what is silent about it proves nothing.
    assert_eq!(told[1][0], ReturnFinding::Unclear);
    assert!(matches!(told[1][1], ReturnFinding::Failed { .. }), "{:?}", told[1]);
    let truth = bench.truth(&divided.0).await;
    assert_eq!(truth.shares, [(ONE.to_owned(), 2_000, 1_000), (KEEPS.to_owned(), 1_000, 0)]);
    assert_eq!(truth.refunds.len(), 1);
}

pub async fn what_was_paid_face_to_face_gives_its_shares_back_as_the_channel_reckons(bench: &impl Bench) {
    let methods = bench.capabilities().methods;
    if !with_refund(bench) || methods.iter().all(|terms| terms.method != Method::AlipayQr) {
        return;
    }
    let row = paid_by(bench, Method::AlipayQr).await;
    let divided = divide(bench, row, [ONE, TWO]).await;
    let told = asked_back(bench, &divided, ReturnMode::Itself).await;
    let came_back = |amount_minor: i64| ReturnFinding::Done { amount_minor };
    assert_eq!(told, [[came_back(1_000), came_back(1_000)], [came_back(500), came_back(500)]]);
    // Nobody says there how much comes back of whom.
    let (row, _, shares) = &divided;
    let next = refund(2_000, 4);
    let (instruction, named) = (rows::instruction(Kind::Refund, None), halves(&next, shares));
    let rows = RefundRows { instruction: &instruction, refund: &next, attempt: row, shares: &named };
    bench.advance(MINUTE_US);
    let refused = bench.adapters().say_refund(bench.contract(), rows, bench.now_us()).await.finding;
    assert!(!matches!(refused, RefundFinding::Accepted | RefundFinding::Done { .. }), "{refused:?}");
}

pub async fn a_split_that_is_refused_again_and_again_is_shown_undivided(bench: &impl Bench) {
    let Some(_) = bench.capabilities().splits else { return };
    let row = paid(bench).await;
    let paid = shares(bench, &[(ONE, 1_500)]);
    let other = rows::split(&paid, 2, false);
    assert_eq!(say(bench, Kind::Split, (&other, &row), &paid).await, SplitFinding::Accepted);
    bench.advance(MINUTE_US);
    let refused = shares(bench, &[(DROPPED, 1_000)]);
    let mut split = rows::split(&refused, 3, false);
    for _ in 0..2 {
        let said = say(bench, Kind::Split, (&split, &row), &refused).await;
        assert!(matches!(said, SplitFinding::NotYet { .. } | SplitFinding::Failed { .. }), "{said:?}");
    }
    let asked = say(bench, Kind::SplitQuery, (&split, &row), &refused).await;
    assert_eq!(asked, SplitFinding::NotFound, "nobody has given it up");
    split.abandonment = rows::given_up();
    let asked = say(bench, Kind::SplitQuery, (&split, &row), &refused).await;
    let SplitFinding::Undivided { amount_minor } = asked else { panic!("nothing is shown: {asked:?}") };
    assert!((7_501..=8_500).contains(&amount_minor), "{amount_minor}");
    // What the channel does know is told as ever, whoever gave it up.
    let mut known = other.clone();
    known.abandonment = rows::given_up();
    assert_eq!(told(&say(bench, Kind::SplitQuery, (&known, &row), &paid).await), ["paid"]);
}

pub async fn who_has_no_money_or_has_not_agreed_gives_nothing_back_for_now(bench: &impl Bench) {
    if !comes_ahead(bench) {
        return;
    }
    let (row, split, shares) = divided(bench, [EMPTY, UNWILLING]).await;
    for one in &halves(&refund(5_000, 3), &shares) {
        let refused = give_back(bench, Kind::SplitReturn, one, &split).await;
        assert!(matches!(refused, ReturnFinding::NotYet { .. }), "{refused:?}");
        let asked = give_back(bench, Kind::SplitReturnQuery, one, &split).await;
        assert_eq!(asked, ReturnFinding::NotFound, "nothing of it is known");
    }
    let truth = bench.truth(&row).await.shares;
    assert_eq!(truth, [(EMPTY.to_owned(), 2_000, 0), (UNWILLING.to_owned(), 1_000, 0)]);
}
