//! The exact lines of every kind of entry, and the limits of accounts.

use crate::kit::{
    CONTRACT, PRICE, TENANT, World, contract, done, failed, merchant, paid, paid_amount, product,
    refund_failed,
};
use tk_domain::channel_account::{ChannelAccount, Method};
use tk_domain::decision::{Change, Changes};
use tk_domain::id::{EntryId, TypedId};
use tk_domain::ledger::{Account, AccountKind, Entry, EntryKind, Side, Unbalanced};
use tk_domain::moment::Moment;
use tk_domain::product::{Product, StrayMoney};
use tk_domain::report::Source;
use tk_domain::snapshot::ApplyFault;

fn lines(entry: &Entry) -> Vec<String> {
    let text = |line: &tk_domain::ledger::EntryLine| {
        format!("{} {} {}", line.side, line.account.kind, line.amount_minor)
    };
    [entry.kind.to_string()].into_iter().chain(entry.lines().iter().map(text)).collect()
}

#[test]
fn each_kind_of_entry_has_these_lines() {
    let returning = ChannelAccount { fee_returned: true, ..contract(CONTRACT) };
    let keeping = Product { stray_money: StrayMoney::Hold, ..product() };
    let mut world = World::with(merchant(), keeping, returning);
    let first = world.open(Method::AlipayQr);
    world.told(first, Source::Reply, failed());
    let payment_id = world.the_attempt(first).payment_id;
    let second = world.attempt(payment_id, Method::AlipayQr);
    world.told(second, Source::Callback, paid("txn-2"));
    let receivable = "debit channel_receivable 9970";
    let expected = [
        "collect",
        receivable,
        "debit fee_cost 30",
        "credit pending_settlement 10000",
        "debit merchant_fee_receivable 60",
        "credit fee_income 60",
    ];
    assert_eq!(lines(world.last_entry()), expected);
    world.told(first, Source::Callback, paid("txn-1"));
    let expected = ["collect_duplicate", receivable, "debit fee_cost 30", "credit duplicate 10000"];
    assert_eq!(lines(world.last_entry()), expected);
    let late = world.open(Method::AlipayQr);
    world.told(late, Source::Reply, failed());
    world.told(late, Source::Callback, paid("txn-3"));
    let expected = ["collect_late", receivable, "debit fee_cost 30", "credit late_success 10000"];
    assert_eq!(lines(world.last_entry()), expected);
    let other = world.open(Method::AlipayQr);
    world.told(other, Source::Query, paid_amount("txn-4", 500));
    let expected =
        ["collect_suspense", "debit channel_receivable 498", "debit fee_cost 2", "credit suspense 500"];
    assert_eq!(lines(world.last_entry()), expected);
    let refund = world.refund(second, "R1", 5_000).unwrap();
    assert_eq!(lines(world.last_entry()), ["hold", "debit pending_settlement 5000", "credit held 5000"]);
    world.refund_told(refund, Source::Query, done(5_000));
    let expected = [
        "refund",
        "debit held 5000",
        "credit channel_receivable 5000",
        "debit fee_income 30",
        "credit merchant_fee_receivable 30",
        "debit channel_receivable 15",
        "credit fee_cost 15",
    ];
    assert_eq!(lines(world.last_entry()), expected);
    let refund = world.refund(first, "R2", PRICE).unwrap();
    assert_eq!(lines(world.last_entry()), ["hold", "debit duplicate 10000", "credit held 10000"]);
    world.refund_told(refund, Source::Reply, refund_failed());
    assert_eq!(lines(world.last_entry()), ["release", "credit duplicate 10000", "debit held 10000"]);
}

#[test]
fn an_entry_that_does_not_balance_cannot_be_made() {
    let mut world = World::new();
    let mut moment = Moment::new(world.now_us, &mut world.entropy);
    let (cash, held) =
        (World::merchant_account(AccountKind::Cash), World::merchant_account(AccountKind::Held));
    let foreign = tk_domain::ledger::AccountRef { currency: tk_money::Currency::Usd, ..held };
    let cases = [
        vec![],
        vec![(cash, Side::Debit, 0), (held, Side::Credit, 0)],
        vec![(cash, Side::Debit, 1)],
        vec![(cash, Side::Debit, 2), (held, Side::Credit, 1)],
        vec![(cash, Side::Debit, -1), (held, Side::Credit, -1)],
        vec![(cash, Side::Debit, 1), (foreign, Side::Credit, 1)],
        vec![(cash, Side::Debit, i64::MAX), (cash, Side::Debit, i64::MAX), (held, Side::Credit, 1)],
    ];
    for lines in cases {
        let id = EntryId::new(&mut moment);
        assert_eq!(Entry::new(TENANT, id, EntryKind::Hold, 0, lines.clone()), Err(Unbalanced), "{lines:?}");
    }
}

fn move_money(world: &mut World, from: AccountKind, to: AccountKind, minor: i64) -> Result<(), ApplyFault> {
    let mut moment = Moment::new(world.now_us, &mut world.entropy);
    let lines = vec![
        (World::merchant_account(from), Side::Debit, minor),
        (World::merchant_account(to), Side::Credit, minor),
    ];
    let id = EntryId::new(&mut moment);
    let mut changes = Changes::default();
    changes.put(Entry::new(TENANT, id, EntryKind::Reversal, moment.now_us, lines).unwrap());
    world.snapshot.apply((TENANT, 0), changes, &mut moment)
}

#[test]
fn money_may_come_in_below_the_limit_but_not_go_out() {
    let mut world = World::new();
    let name = World::merchant_account(AccountKind::Cash);
    let below = move_money(&mut world, AccountKind::Cash, AccountKind::FeeIncome, 1);
    assert_eq!(below, Err(ApplyFault::BelowLimit(name.id())));
    let terms = |limit| Account { credit_limit_minor: limit, ..Account::empty(&name, 0) };
    world.snapshot.accounts.put(terms(100));
    move_money(&mut world, AccountKind::Cash, AccountKind::FeeIncome, 100).unwrap();
    let now = world.snapshot.accounts.get(&(TENANT, name.id())).unwrap().clone();
    world.snapshot.accounts.put(Account { credit_limit_minor: 0, ..now });
    move_money(&mut world, AccountKind::FeeIncome, AccountKind::Cash, 40).unwrap();
    assert!(move_money(&mut world, AccountKind::Cash, AccountKind::FeeIncome, 1).is_err());
    assert_eq!(world.balance(AccountKind::Cash), -60);
}

#[test]
fn a_decision_for_one_tenant_cannot_touch_another_and_overflow_changes_nothing() {
    let mut world = World::new();
    let mut foreign = merchant();
    foreign.tenant_id = tk_domain::id::TenantId::default();
    let mut changes = Changes::default();
    changes.put(Change::Merchant(Box::new(foreign)));
    let mut moment = Moment::new(world.now_us, &mut world.entropy);
    let refused = world.snapshot.apply((TENANT, 0), changes, &mut moment);
    assert!(matches!(refused, Err(ApplyFault::ForeignTenant(_))));
    move_money(&mut world, AccountKind::FeeIncome, AccountKind::Cash, i64::MAX).unwrap();
    let overflow = move_money(&mut world, AccountKind::FeeIncome, AccountKind::Cash, 2);
    assert!(matches!(overflow, Err(ApplyFault::BalanceOverflow(_))));
    assert_eq!(world.balance(AccountKind::Cash), i64::MAX);
}
