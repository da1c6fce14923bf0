//! What a story at the desk begins with.

use super::payers::{Moods, Wanted};
use super::{Act, Desk};
use crate::agenda::Agenda;
use crate::checker::Broken;
use crate::store::Store;
use crate::story::{START_US, pick};
use crate::tally::Tally;
use tk_channels::Environment;
use tk_channels::bank::Link;
use tk_domain::audit::Origin;
use tk_domain::channel_account::{
    Channel, ChannelAccount, ChannelAccountTerms, Collects, UpdateChannelAccount,
};
use tk_domain::id::{ChannelAccountId, Id128, MerchantId, ProductId, TenantId};
use tk_domain::merchant::Merchant;
use tk_domain::moment::{DAY_US, HOUR_US, MINUTE_US};
use tk_domain::payment::FeeSnapshot;
use tk_domain::product::{IssueOn, Premium, Product, ProductLimits, StrayMoney};
use tk_money::{Currency, Rate};
use tk_simulator::bank::{Bank, FileFormat, Habits, Payer};
use tk_simulator::core::Dice;

pub(crate) const TENANT: TenantId = TenantId(Id128([11; 16]));
pub(crate) const MERCHANT: MerchantId = MerchantId(Id128([12; 16]));
pub(crate) const PRODUCT: ProductId = ProductId(Id128([13; 16]));
pub(crate) const BANK: ChannelAccountId = ChannelAccountId(Id128([14; 16]));
pub(crate) const ACCOUNT: &str = "110902233410801";

impl Desk {
    /// The story of a seed; none if the settings could not be read, which a test would show.
    pub(crate) fn new(seed: u64) -> Option<Self> {
        let mut dice = Dice::new(seed.wrapping_mul(0xD1B5_4A33).wrapping_add(29));
        let (format, word) = match dice.below(3) {
            0 => (FileFormat::Camt053, "camt053"),
            1 => (FileFormat::Mt940, "mt940"),
            _ => (FileFormat::Csv, "csv"),
        };
        // Seldom asked banks leave it to the final statement to tell of what came last.
        let settings = settings(word, pick(&mut dice, &[7_200, 21_600, 86_400]));
        let mut bank = Bank::new(seed, Habits::default());
        bank.open(ACCOUNT, "Fictional Life").ok()?;
        // The account is in use before the story and after it; the next balance shows what a file lacked.
        bank.arrive(ACCOUNT, (&own(), 100_000), "interest", START_US).ok()?;
        bank.habits = habits(&mut dice);
        let mut desk = Self {
            seed,
            now_us: START_US,
            agenda: Agenda::default(),
            store: Store::new(seed ^ 0xBA2C),
            bank,
            format,
            link: Link::open((&settings, r#"{"token":"simulated"}"#), Environment::Test).ok()?,
            orders: Vec::new(),
            troubled: true,
            trouble_ppm: pick(&mut dice, &[0, 50_000, 300_000]),
            crash_ppm: pick(&mut dice, &[0, 20_000, 200_000]),
            given: Vec::new(),
            under_way: None,
            broken: Vec::<Broken>::new(),
            steps: 0,
            tally: Tally::default(),
            dice,
            #[cfg(feature = "planted")]
            bug: None,
            #[cfg(feature = "planted")]
            doubled: false,
        };
        desk.set_up(settings);
        Some(desk)
    }

    fn set_up(&mut self, settings: String) {
        self.store.rows.merchants.load(merchant());
        self.store.rows.products.load(product());
        self.store.rows.channel_accounts.load(account());
        let terms = ChannelAccountTerms { settings: Some(settings), ..ChannelAccountTerms::default() };
        let origin = Origin::system();
        self.run(&UpdateChannelAccount { tenant_id: TENANT, channel_account_id: BANK, terms, origin });
        let orders = 5 + usize::try_from(self.dice.below(20)).unwrap_or(0);
        for order in 0..orders {
            let amount_minor = self.dice.between(2, 500_000);
            let mood = Moods::draw(&mut self.dice);
            self.orders.push(Wanted {
                amount_minor,
                mood,
                payment: None,
                code: String::new(),
                closed: false,
            });
            let at_us = START_US.saturating_add(self.dice.between(0, 3 * DAY_US));
            let paid_us = at_us.saturating_add(self.dice.between(MINUTE_US, 20 * HOUR_US));
            self.plan(at_us, Act::Order(order));
            self.plan(paid_us, Act::Pay(order));
            if self.dice.below(8) == 0 {
                self.plan(at_us.saturating_add(HOUR_US), Act::Close(order));
            }
        }
        self.plan(START_US, Act::Pull);
    }
}

fn settings(format: &str, every_s: i64) -> String {
    serde_json::json!({
        "account_no": ACCOUNT, "account_name": "Fictional Life", "bank_name": "Fictional Bank",
        "direct_link": {
            "road": "https", "url": "http://127.0.0.1/bank", "format": format, "keeper": "keeper",
            "every_s": every_s,
        },
    })
    .to_string()
}

fn habits(dice: &mut Dice) -> Habits {
    let rate = |dice: &mut Dice| pick(dice, &[0, 50_000, 200_000]);
    Habits {
        mistyped_ppm: rate(dice),
        split_ppm: rate(dice),
        late_ppm: rate(dice),
        reversed_ppm: rate(dice),
        numberless: dice.below(4) == 0,
    }
}

/// Whose money it is that pays no order.
pub(super) fn own() -> Payer {
    Payer { name: "Fictional Bank".to_owned(), account: "0".to_owned() }
}

pub(crate) fn merchant() -> Merchant {
    let rate = Rate::from_ppm(6_000).unwrap_or_default();
    Merchant {
        tenant_id: TENANT,
        id: MERCHANT,
        code: "life".to_owned(),
        name: "Fictional Life".to_owned(),
        fee: FeeSnapshot { rate, returned: true, ..FeeSnapshot::default() },
        legal_entity: Some("Fictional Insurance".to_owned()),
        phone: None,
        enabled: true,
        created_at_us: START_US,
        version: 1,
    }
}

pub(crate) fn product() -> Product {
    Product {
        tenant_id: TENANT,
        id: PRODUCT,
        code: "term".to_owned(),
        name: "Term life".to_owned(),
        partner_id: None,
        methods_allow: None,
        premium: Premium::Single,
        instalment_methods_allow: None,
        ext_schemas: None,
        amount_min_minor: 1,
        amount_max_minor: 10_000_000_000,
        expires_after_s: 1_209_600,
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

pub(crate) fn account() -> ChannelAccount {
    ChannelAccount {
        tenant_id: TENANT,
        id: BANK,
        channel: Channel::BankDirect,
        collects: Collects::Own,
        name: "bank".to_owned(),
        currency: Currency::Cny,
        methods: r#"["bank_transfer"]"#.to_owned(),
        merchants: None,
        products: None,
        partner_id: None,
        amount_min_minor: 1,
        amount_max_minor: 10_000_000_000,
        priority: 1,
        payee_app: String::new(),
        payee_merchant: ACCOUNT.to_owned(),
        fee_rate: Rate::ZERO,
        fee_returned: false,
        refund_window_days: 330,
        split_rate_max_ppm: 0,
        settings: "{}".to_owned(),
        credentials: vec![1],
        enabled: true,
        created_at_us: START_US,
        version: 1,
    }
}
