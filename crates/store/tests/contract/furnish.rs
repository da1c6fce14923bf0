//! Rows that a case takes for granted: contracts and products, put into the books as they are.

use tk_domain::channel_account::{Channel, ChannelAccount, Collects};
use tk_domain::command::{Command, LaneKind, Wants};
use tk_domain::decision::{Changes, Decision};
use tk_domain::id::{ChannelAccountId, ProductId, TenantId};
use tk_domain::moment::Moment;
use tk_domain::product::{IssueOn, Premium, Product, ProductLimits, StrayMoney};
use tk_domain::refusal::Refusal;
use tk_domain::snapshot::Snapshot;
use tk_money::{Currency, Rate};

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
