//! One order in our books: what the decisions make of what an adapter reports.

use crate::bench::Bench;
use crate::rows::{self, START_US};
use tk_domain::audit::Origin;
use tk_domain::channel_account::ChannelAccount;
use tk_domain::command::Command;
use tk_domain::ledger::EntryKind;
use tk_domain::merchant::Merchant;
use tk_domain::moment::{Entropy, Moment};
use tk_domain::payment::{
    Attempt, AttemptStatus, Disposition, FeeSnapshot, Payment, PaymentStatus, TakePaymentReport,
};
use tk_domain::product::{IssueOn, Premium, Product, ProductLimits, StrayMoney};
use tk_domain::report::{PaymentFinding, PaymentReport, Source};
use tk_domain::snapshot::Snapshot;

struct Counter(u128);

impl Entropy for Counter {
    fn bits(&mut self) -> u128 {
        self.0 += 1;
        self.0
    }
}

pub struct Books {
    rows: Snapshot,
    bits: Counter,
    attempt: Attempt,
    entries: Vec<EntryKind>,
}

impl Books {
    /// The order as it stands once it was begun at the channel.
    pub fn of(bench: &impl Bench, attempt: &Attempt) -> Self {
        let (channel, (app, merchant)) = (bench.capabilities().channel, bench.payee());
        let attempt =
            Attempt { channel, status: AttemptStatus::Processing, channel_txn_no: None, ..attempt.clone() };
        let payment = Payment {
            status: PaymentStatus::Processing,
            open_attempt_id: Some(attempt.id),
            latest_attempt_id: Some(attempt.id),
            // Its own end comes with that of its attempt.
            single_attempt: true,
            ..rows::payment(attempt.amount_minor)
        };
        let account = ChannelAccount {
            channel,
            payee_app: app.to_owned(),
            payee_merchant: merchant.to_owned(),
            ..rows::account("{}".to_owned())
        };
        let mut rows = Snapshot::complete();
        rows.merchants.load(merchant_of(&payment));
        rows.products.load(product_of(&payment));
        rows.channel_accounts.load(account);
        rows.payments.load(payment);
        rows.attempts.load(attempt.clone());
        Self { rows, bits: Counter(0), attempt, entries: Vec::new() }
    }

    /// Takes what the channel said, as callbacks and workers do.
    pub fn take(&mut self, source: Source, finding: PaymentFinding, now_us: i64) {
        let (tenant_id, payment_id) = (self.attempt.tenant_id, self.attempt.payment_id);
        let report = PaymentReport { source, asked_at_us: now_us, finding };
        let (attempt_id, origin) = (self.attempt.id, Origin::channel(self.attempt.channel_account_id));
        let command = TakePaymentReport { tenant_id, payment_id, attempt_id, report, origin };
        let decided = command.decide(&self.rows, &mut Moment::new(now_us, &mut self.bits)).unwrap();
        let mut moment = Moment::new(now_us, &mut self.bits);
        self.rows.apply((tenant_id, 1), decided.changes, &mut moment).unwrap();
        let appended = std::mem::take(&mut self.rows.appended);
        self.entries.extend(appended.entries.iter().map(|entry| entry.kind));
    }

    /// How the attempt and its payment stand, and what was booked.
    pub fn stand(&self) -> (AttemptStatus, Option<Disposition>, PaymentStatus, Vec<EntryKind>) {
        let attempt = self.rows.attempts.get(&(self.attempt.tenant_id, self.attempt.id)).unwrap();
        let payment = self.rows.payments.get(&(attempt.tenant_id, attempt.payment_id)).unwrap();
        (attempt.status, attempt.disposition, payment.status, self.entries.clone())
    }
}

fn merchant_of(payment: &Payment) -> Merchant {
    Merchant {
        tenant_id: payment.tenant_id,
        id: payment.merchant_id,
        code: "life".to_owned(),
        name: "人寿".to_owned(),
        fee: FeeSnapshot::default(),
        legal_entity: None,
        phone: None,
        enabled: true,
        created_at_us: START_US,
        version: 1,
    }
}

/// Stray money is kept, so that nothing but it is booked.
fn product_of(payment: &Payment) -> Product {
    Product {
        tenant_id: payment.tenant_id,
        id: payment.product_id,
        code: "term".to_owned(),
        name: "定期寿险".to_owned(),
        partner_id: None,
        methods_allow: None,
        premium: Premium::Single,
        instalment_methods_allow: None,
        ext_schemas: None,
        amount_min_minor: 1,
        amount_max_minor: 1_000_000,
        expires_after_s: 7_200,
        extensions_max: 10,
        issue_on: IssueOn::ChannelSuccess,
        stray_money: StrayMoney::Hold,
        limits: ProductLimits::default(),
        identity_name_from_minor: None,
        identity_face_from_minor: None,
        enabled: true,
        created_at_us: START_US,
        version: 1,
    }
}
