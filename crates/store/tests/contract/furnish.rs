//! What a case takes for granted: contracts and products put into the books as they are, and payments paid.

use crate::bed::Bed;
use tk_domain::audit::Origin;
use tk_domain::channel_account::{Channel, ChannelAccount, Collects, Method};
use tk_domain::command::{Command, LaneKind, Wants};
use tk_domain::decision::{Changes, Decision};
use tk_domain::id::{ChannelAccountId, PaymentId, ProductId, TenantId};
use tk_domain::moment::{MINUTE_US, Moment};
use tk_domain::payment::{Attempt, CreatePayment, Payment, StartAttempt, Started, TakePaymentReport};
use tk_domain::product::{IssueOn, Premium, Product, ProductLimits, StrayMoney};
use tk_domain::refund::CreateRefund;
use tk_domain::refusal::Refusal;
use tk_domain::report::{PaidEvidence, PaymentFinding, PaymentReport, Source};
use tk_domain::snapshot::Snapshot;
use tk_domain::transfer::ExpectedPayer;
use tk_money::{Amount, Currency, Rate};

/// Puts a contract, and a product where there is one, into the books.
#[derive(Clone)]
pub struct Furnish {
    pub account: ChannelAccount,
    pub product: Option<Product>,
}

impl Command for Furnish {
    type Reply = ();
    fn tenant_id(&self) -> TenantId {
        self.account.tenant_id
    }
    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }
    fn wants(&self, _: &Snapshot, _: &mut Wants) {}
    fn decide(&self, _: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<()>, Refusal> {
        let mut changes = Changes::default();
        changes.put_some(self.product.clone().map(|row| Product { created_at_us: moment.now_us, ..row }));
        changes.put(ChannelAccount { created_at_us: moment.now_us, ..self.account.clone() });
        Ok(Decision::new((), changes))
    }
}

/// A contract that costs nothing.
pub fn contract(tenant_id: TenantId, id: ChannelAccountId, channel: Channel) -> ChannelAccount {
    ChannelAccount {
        tenant_id,
        id,
        channel,
        name: "合同".to_owned(),
        currency: Currency::Cny,
        methods: r#"["alipay_qr"]"#.to_owned(),
        merchants: None,
        products: None,
        partner_id: None,
        amount_min_minor: 1,
        amount_max_minor: 1_000_000,
        priority: 1,
        payee_app: String::new(),
        payee_merchant: String::new(),
        collects: Collects::Own,
        fee_rate: Rate::ZERO,
        fee_returned: false,
        refund_window_days: 365,
        split_rate_max_ppm: if channel == Channel::Alipay { 300_000 } else { 0 },
        settings: "{}".to_owned(),
        credentials: Vec::new(),
        enabled: true,
        created_at_us: 0,
        version: 0,
    }
}

/// A product of single premium.
pub fn product(tenant_id: TenantId, id: ProductId) -> Product {
    Product {
        tenant_id,
        id,
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
        stray_money: StrayMoney::Refund,
        limits: ProductLimits::default(),
        identity_name_from_minor: None,
        identity_face_from_minor: None,
        enabled: true,
        created_at_us: 0,
        version: 0,
    }
}

/// An order of this product; each number is one payment.
pub fn order(bed: &Bed, product_id: ProductId, (order_no, minor): (&str, i64)) -> CreatePayment {
    CreatePayment {
        description: "保费".to_owned(),
        ..CreatePayment::plain(
            (bed.tenant_id, bed.merchant_id),
            product_id,
            order_no,
            Amount::fen(minor),
            Origin::system(),
        )
    }
}

/// Orders, begins by QR code and takes the channel's word that it is paid.
pub async fn pay(bed: &Bed, order: CreatePayment, evidence: PaidEvidence) -> (Payment, Attempt) {
    let (tenant_id, origin) = (bed.tenant_id, Origin::system());
    let payment_id = bed.store.submit(order).await.unwrap().payment.id;
    let start = StartAttempt {
        tenant_id,
        payment_id,
        method: Method::AlipayQr,
        auth_code: None,
        payer: ExpectedPayer::default(),
        known_as: None,
        card: None,
        payer_ip: None,
        return_url: None,
        lease_us: MINUTE_US,
        origin: origin.clone(),
    };
    let Started::New { attempt, .. } = bed.store.submit(start).await.unwrap() else { panic!("not new") };
    let finding = PaymentFinding::Paid(evidence);
    let report = PaymentReport { source: Source::Query, asked_at_us: attempt.created_at_us, finding };
    let attempt_id = attempt.id;
    let taken = TakePaymentReport { tenant_id, payment_id, attempt_id, report, origin };
    let outcome = bed.store.submit(taken).await.unwrap();
    (outcome.payment, outcome.attempt)
}

/// A refund of what counts for a payment; each number is one refund.
pub fn refund(bed: &Bed, payment_id: PaymentId, (number, amount_minor): (&str, i64)) -> CreateRefund {
    CreateRefund {
        tenant_id: bed.tenant_id,
        app_id: None,
        payment_id,
        attempt_id: None,
        merchant_refund_no: number.to_owned(),
        amount_minor,
        items: Vec::new(),
        currency: None,
        reason: String::new(),
        origin: Origin::system(),
    }
}
