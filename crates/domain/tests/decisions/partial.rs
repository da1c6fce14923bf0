//! A store in miniature: hands a command only the rows that it wants.

use tk_domain::command::{Command, LaneKind, Want, Wants};
use tk_domain::decision::Change;
use tk_domain::snapshot::{Row, Rows, Snapshot};

/// What of `full` the command asks for, round after round until it asks for nothing new.
pub fn wanted_by<C: Command>(command: &C, full: &Snapshot) -> Snapshot {
    let mut partial = Snapshot::default();
    let mut locked = 0;
    for _ in 0..16 {
        let mut wants = Wants::default();
        command.wants(&partial, &mut wants);
        let missing = wants.missing(&partial);
        if missing.is_empty() {
            return partial;
        }
        // Within a round the rows are locked in order; a later round may only go on from there.
        let mut ranks = missing.iter().filter_map(rank);
        let first = ranks.next();
        assert!(first.is_none_or(|first| locked <= first), "locks {missing:?} after rank {locked}");
        locked = ranks.next_back().or(first).unwrap_or(locked);
        for want in missing {
            load(&want, full, &mut partial);
            partial.learned(want);
        }
    }
    panic!("a command wants rows without end");
}

/// The place of a row's table in the order of locks; none for keys and terms, which are not locked, and for rows that
/// belong to one payment or refund alone, which nobody reaches but by it.
const fn rank(want: &Want) -> Option<u8> {
    match want {
        Want::Payment(..) => Some(1),
        Want::Attempt(..) => Some(2),
        Want::Refund(..) => Some(3),
        Want::Hold(..) => Some(4),
        Want::BankLine(..) => Some(5),
        Want::TransferOrder(..) => Some(6),
        Want::TransferMatch(..) => Some(7),
        Want::Cheque(..) | Want::Shift(..) => Some(8),
        Want::Seat(..) => Some(9),
        Want::CounterDay(..) => Some(10),
        Want::CounterMovement(..) => Some(11),
        Want::CashDeposit(..) => Some(12),
        Want::TransferReturn(..) => Some(13),
        Want::Account(..) => Some(14),
        Want::Head(..) => Some(15),
        Want::Merchant(..)
        | Want::Partner(..)
        | Want::IdentityPolicy(..)
        | Want::PaymentIdentity(..)
        | Want::PayerSum(..)
        | Want::Agreement(..)
        | Want::OperatingProfile(..)
        | Want::Instalment(..)
        | Want::Prepayment(..)
        | Want::Draw(..)
        | Want::IdentityCheck(..)
        | Want::IdentityPhoto(..)
        | Want::Product(..)
        | Want::ChannelAccount(..)
        | Want::ChannelAccounts(..)
        | Want::WebhookEndpoints(..)
        | Want::App(..)
        | Want::ApiKey(..)
        | Want::Event(..)
        | Want::Natural(..)
        | Want::Idempotency(..)
        | Want::Instruction(..)
        | Want::Exception(..)
        | Want::Fulfilment(..)
        | Want::BankStatement(..)
        | Want::Split(..)
        | Want::SplitReceiver(..)
        | Want::SplitLine(..)
        | Want::SplitReturn(..)
        | Want::BankLink(..)
        | Want::Delivery(..) => None,
    }
}

fn copy<R: Row>(from: &Rows<R>, key: &R::Key, to: &mut Rows<R>) {
    if let Some(row) = from.get(key) {
        to.load(row.clone());
    }
}

#[expect(clippy::too_many_lines, reason = "one line for each want")]
fn load(want: &Want, full: &Snapshot, to: &mut Snapshot) {
    match want {
        Want::Merchant(tenant, id) => copy(&full.merchants, &(*tenant, *id), &mut to.merchants),
        Want::Partner(tenant, id) => copy(&full.partners, &(*tenant, *id), &mut to.partners),
        Want::IdentityPolicy(tenant) => {
            let key = (*tenant, tk_domain::id::IdentityPolicyId(tenant.0));
            copy(&full.identity_policies, &key, &mut to.identity_policies);
        }
        Want::PaymentIdentity(tenant, id) => {
            copy(&full.payment_identities, &(*tenant, *id), &mut to.payment_identities);
        }
        Want::OperatingProfile(tenant) => {
            let key = (*tenant, tk_domain::operating_profile::profile_id(*tenant));
            copy(&full.operating_profiles, &key, &mut to.operating_profiles);
        }
        Want::Instalment(tenant, id) => copy(&full.instalments, &(*tenant, *id), &mut to.instalments),
        Want::Prepayment(tenant, id) => copy(&full.prepayments, &(*tenant, *id), &mut to.prepayments),
        Want::Draw(tenant, id) => copy(&full.draws, &(*tenant, *id), &mut to.draws),
        Want::PayerSum(tenant, id) => copy(&full.payer_sums, &(*tenant, *id), &mut to.payer_sums),
        Want::Agreement(tenant, id) => copy(&full.agreements, &(*tenant, *id), &mut to.agreements),
        Want::IdentityCheck(tenant, id) => {
            copy(&full.identity_checks, &(*tenant, *id), &mut to.identity_checks);
        }
        Want::IdentityPhoto(tenant, id) => {
            copy(&full.identity_photos, &(*tenant, *id), &mut to.identity_photos);
        }
        Want::Product(tenant, id) => copy(&full.products, &(*tenant, *id), &mut to.products),
        Want::ChannelAccount(tenant, id) => {
            copy(&full.channel_accounts, &(*tenant, *id), &mut to.channel_accounts);
        }
        Want::ChannelAccounts(tenant) => {
            full.channel_accounts_of(*tenant).for_each(|row| to.channel_accounts.load(row.clone()));
        }
        Want::WebhookEndpoints(tenant) => {
            full.webhook_endpoints_of(*tenant).for_each(|row| to.webhook_endpoints.load(row.clone()));
        }
        Want::App(tenant, id) => copy(&full.apps, &(*tenant, *id), &mut to.apps),
        Want::ApiKey(tenant, id) => copy(&full.api_keys, &(*tenant, *id), &mut to.api_keys),
        Want::Event(tenant, id) => copy(&full.known_events, &(*tenant, *id), &mut to.known_events),
        Want::Natural(name) => copy(&full.natural_keys, name, &mut to.natural_keys),
        Want::Idempotency(name) => copy(&full.idempotency, name, &mut to.idempotency),
        Want::Payment(tenant, id) => copy(&full.payments, &(*tenant, *id), &mut to.payments),
        Want::Attempt(tenant, id) => copy(&full.attempts, &(*tenant, *id), &mut to.attempts),
        Want::Refund(tenant, id) => copy(&full.refunds, &(*tenant, *id), &mut to.refunds),
        Want::Hold(tenant, id) => copy(&full.holds, &(*tenant, *id), &mut to.holds),
        Want::Instruction(tenant, id) => copy(&full.instructions, &(*tenant, *id), &mut to.instructions),
        Want::Exception(tenant, id) => copy(&full.exceptions, &(*tenant, *id), &mut to.exceptions),
        Want::Delivery(tenant, id) => copy(&full.deliveries, &(*tenant, *id), &mut to.deliveries),
        Want::BankLine(tenant, id) => copy(&full.bank_lines, &(*tenant, *id), &mut to.bank_lines),
        Want::TransferOrder(tenant, id) => {
            copy(&full.transfer_orders, &(*tenant, *id), &mut to.transfer_orders);
        }
        Want::TransferMatch(tenant, id) => {
            copy(&full.transfer_matches, &(*tenant, *id), &mut to.transfer_matches);
        }
        Want::Fulfilment(tenant, id) => copy(&full.fulfilments, &(*tenant, *id), &mut to.fulfilments),
        Want::Cheque(tenant, id) => copy(&full.cheques, &(*tenant, *id), &mut to.cheques),
        Want::Shift(tenant, id) => copy(&full.shifts, &(*tenant, *id), &mut to.shifts),
        Want::Seat(tenant, id) => copy(&full.seats, &(*tenant, *id), &mut to.seats),
        Want::CounterDay(tenant, id) => copy(&full.counter_days, &(*tenant, *id), &mut to.counter_days),
        Want::CounterMovement(tenant, id) => {
            copy(&full.counter_movements, &(*tenant, *id), &mut to.counter_movements);
        }
        Want::CashDeposit(tenant, id) => copy(&full.cash_deposits, &(*tenant, *id), &mut to.cash_deposits),
        Want::TransferReturn(tenant, id) => {
            copy(&full.transfer_returns, &(*tenant, *id), &mut to.transfer_returns);
        }
        Want::BankStatement(tenant, id) => {
            copy(&full.bank_statements, &(*tenant, *id), &mut to.bank_statements);
        }
        Want::SplitReceiver(tenant, id) => {
            copy(&full.split_receivers, &(*tenant, *id), &mut to.split_receivers);
        }
        Want::Split(tenant, id) => copy(&full.splits, &(*tenant, *id), &mut to.splits),
        Want::SplitLine(tenant, id) => copy(&full.split_lines, &(*tenant, *id), &mut to.split_lines),
        Want::SplitReturn(tenant, id) => copy(&full.split_returns, &(*tenant, *id), &mut to.split_returns),
        Want::BankLink(tenant, id) => copy(&full.bank_links, &(*tenant, *id), &mut to.bank_links),
        Want::Account(name) => copy(&full.accounts, &(name.tenant_id, name.id()), &mut to.accounts),
        Want::Head(tenant, lane) => copy(&full.heads, &(*tenant, *lane), &mut to.heads),
    }
}

fn replaces_unseen<R: Row>(row: &R, full: &Rows<R>, partial: &Rows<R>) -> bool {
    full.get(&row.key()).is_some() && partial.get(&row.key()).is_none()
}

/// A change to a row that exists but was not wanted would be written as a new row; a line on an account not
/// wanted would start from nothing; an entry outside a posting lane would contend with another lane.
pub fn assert_writable(change: &Change, lane: LaneKind, full: &Snapshot, partial: &Snapshot) {
    let (old, seen) = (full, partial);
    let unseen = match change {
        Change::Payment(row) => replaces_unseen(&**row, &old.payments, &seen.payments),
        Change::Attempt(row) => replaces_unseen(&**row, &old.attempts, &seen.attempts),
        Change::Refund(row) => replaces_unseen(&**row, &old.refunds, &seen.refunds),
        Change::Hold(row) => replaces_unseen(&**row, &old.holds, &seen.holds),
        Change::Instruction(row) => replaces_unseen(&**row, &old.instructions, &seen.instructions),
        Change::Exception(row) => replaces_unseen(&**row, &old.exceptions, &seen.exceptions),
        Change::Delivery(row) => replaces_unseen(&**row, &old.deliveries, &seen.deliveries),
        Change::BankLine(row) => replaces_unseen(&**row, &old.bank_lines, &seen.bank_lines),
        Change::TransferOrder(row) => replaces_unseen(&**row, &old.transfer_orders, &seen.transfer_orders),
        Change::TransferMatch(row) => replaces_unseen(&**row, &old.transfer_matches, &seen.transfer_matches),
        Change::Fulfilment(row) => replaces_unseen(&**row, &old.fulfilments, &seen.fulfilments),
        Change::Cheque(row) => replaces_unseen(&**row, &old.cheques, &seen.cheques),
        Change::Shift(row) => replaces_unseen(&**row, &old.shifts, &seen.shifts),
        Change::Seat(row) => replaces_unseen(&**row, &old.seats, &seen.seats),
        Change::CounterDay(row) => replaces_unseen(&**row, &old.counter_days, &seen.counter_days),
        Change::CounterMovement(row) => {
            replaces_unseen(&**row, &old.counter_movements, &seen.counter_movements)
        }
        Change::CashDeposit(row) => replaces_unseen(&**row, &old.cash_deposits, &seen.cash_deposits),
        Change::TransferReturn(row) => replaces_unseen(&**row, &old.transfer_returns, &seen.transfer_returns),
        Change::BankStatement(row) => replaces_unseen(&**row, &old.bank_statements, &seen.bank_statements),
        Change::SplitReceiver(row) => replaces_unseen(&**row, &old.split_receivers, &seen.split_receivers),
        Change::Split(row) => replaces_unseen(&**row, &old.splits, &seen.splits),
        Change::SplitLine(row) => replaces_unseen(&**row, &old.split_lines, &seen.split_lines),
        Change::SplitReturn(row) => replaces_unseen(&**row, &old.split_returns, &seen.split_returns),
        Change::BankLink(row) => replaces_unseen(&**row, &old.bank_links, &seen.bank_links),
        Change::WebhookEndpoint(row) => {
            replaces_unseen(&**row, &old.webhook_endpoints, &seen.webhook_endpoints)
        }
        Change::PaymentIdentity(row) => {
            replaces_unseen(&**row, &old.payment_identities, &seen.payment_identities)
        }
        Change::Instalment(row) => replaces_unseen(&**row, &old.instalments, &seen.instalments),
        Change::Prepayment(row) => replaces_unseen(&**row, &old.prepayments, &seen.prepayments),
        Change::Draw(row) => replaces_unseen(&**row, &old.draws, &seen.draws),
        Change::PayerSum(row) => replaces_unseen(&**row, &old.payer_sums, &seen.payer_sums),
        Change::Agreement(row) => replaces_unseen(&**row, &old.agreements, &seen.agreements),
        Change::IdentityCheck(row) => replaces_unseen(&**row, &old.identity_checks, &seen.identity_checks),
        Change::IdentityPhoto(row) => replaces_unseen(&**row, &old.identity_photos, &seen.identity_photos),
        Change::NaturalKey(row) => !partial.knows(&Want::Natural(row.name.clone())),
        Change::Idempotency(row) => !partial.knows(&Want::Idempotency(row.name.clone())),
        Change::Entry(entry) => {
            assert_eq!(lane, LaneKind::Posting, "an entry is posted in a posting lane");
            entry.lines().iter().any(|line| !partial.knows(&Want::Account(line.account)))
        }
        Change::Merchant(_)
        | Change::Partner(_)
        | Change::IdentityPolicy(_)
        | Change::OperatingProfile(_)
        | Change::Product(_)
        | Change::ChannelAccount(_)
        | Change::App(_)
        | Change::ApiKey(_)
        | Change::AccountTerms(_)
        | Change::Event(_)
        | Change::Audit(_) => false,
    };
    assert!(!unseen, "changed without being wanted: {change:?}");
}
