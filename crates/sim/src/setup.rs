//! The rows and plans that a story begins with.

use crate::actors::{Ask, Attack, Order, RefundPlan};
use crate::conversation;
use crate::parties::{WECHATS_PARTIES, party};
use crate::parts;
use crate::queue::Happening;
use crate::seller::{KeyGap, Seller, Side, Whose};
use crate::story::START_US;
use crate::world::{Company, World};
use std::collections::BTreeMap;
use tk_domain::channel_account::{Channel, ChannelAccount, Method};
use tk_domain::id::{
    ChannelAccountId, Id128, MerchantId, ProductId, SplitReceiverId, TenantId, WebhookEndpointId,
};
use tk_domain::merchant::Merchant;
use tk_domain::moment::{HOUR_US, MINUTE_US};
use tk_domain::payment::FeeSnapshot;
use tk_domain::product::{IssueOn, Product, ProductLimits};
use tk_domain::split::{Share, SplitReceiver, SplitTerms, split_limits};
use tk_domain::webhook::WebhookEndpoint;
use tk_money::{Currency, Rate, Rounding};
use tk_simulator::core::{self, BindCall, CoreCall, CoreConfig, Dice, FeeOnRefund, House};
use tk_simulator::unionpay::core::{self as unionpay, Fees};

impl World {
    pub(crate) fn set_up(&mut self) {
        for number in 0..self.story.tenants {
            self.set_up_company(number);
        }
        for number in 0..self.story.orders {
            self.set_up_order(number);
        }
        for _ in 0..self.story.host.clock_jumps {
            let delay_us = self.dice.between(0, self.story.span_us);
            self.plan(delay_us, Happening::ClockJump);
        }
        for _ in 0..self.story.host.attacks {
            let index = usize::try_from(self.dice.below(4)).unwrap_or(0);
            let Some(attack) = Attack::ALL.get(index) else { continue };
            let delay_us = self.dice.between(0, self.story.span_us);
            self.plan(delay_us, Happening::Attack(*attack));
        }
    }

    fn id(&mut self) -> Id128 {
        let bits = (u128::from(self.dice.next_u64()) << 64) | u128::from(self.dice.next_u64());
        Id128::v7(START_US, bits)
    }

    fn set_up_company(&mut self, number: u64) {
        let tenant_id = TenantId(self.id());
        let product_id = ProductId(self.id());
        let merchant_count = 1 + self.dice.below(2);
        let merchants: Vec<MerchantId> = (0..merchant_count).map(|_| MerchantId(self.id())).collect();
        for merchant_id in &merchants {
            let row = self.merchant(tenant_id, *merchant_id);
            self.store.rows.merchants.load(row);
        }
        let product = self.product(tenant_id, product_id);
        self.store.rows.products.load(product);
        let channels = self.story.channels;
        for channel in channels {
            for priority in 0..=i64::try_from(self.dice.below(2)).unwrap_or(0) {
                self.set_up_seller(tenant_id, *channel, (number, priority));
            }
        }
        let methods = channels.iter().flat_map(|channel| methods_of(*channel)).copied().collect();
        for _ in 0..=self.dice.below(2) {
            let row = endpoint(tenant_id, WebhookEndpointId(self.id()));
            self.store.rows.webhook_endpoints.load(row);
        }
        self.companies.push(Company { tenant_id, merchants, product_id, methods });
    }

    fn merchant(&self, tenant_id: TenantId, id: MerchantId) -> Merchant {
        Merchant {
            tenant_id,
            id,
            code: format!("m{}", id.0.base32()),
            name: "Fictional Life".to_owned(),
            fee: FeeSnapshot {
                rate: Rate::from_ppm(self.story.fee_rate_ppm).unwrap_or_default(),
                fixed_minor: self.story.fee_fixed_minor,
                min_minor: None,
                max_minor: None,
                returned: self.story.fee_returned,
                bearer: None,
            },
            legal_entity: Some("Fictional Insurance".to_owned()),
            phone: None,
            enabled: true,
            created_at_us: START_US,
            version: 1,
        }
    }

    fn product(&self, tenant_id: TenantId, id: ProductId) -> Product {
        Product {
            tenant_id,
            id,
            code: format!("p{}", id.0.base32()),
            name: "Term life".to_owned(),
            partner_id: None,
            methods_allow: None,
            premium: tk_domain::product::Premium::Single,
            instalment_methods_allow: None,
            ext_schemas: None,
            amount_min_minor: 1,
            amount_max_minor: 10_000_000_000,
            expires_after_s: self.story.expires_after_s,
            extensions_max: 10,
            issue_on: IssueOn::ChannelSuccess,
            stray_money: self.story.stray_money,
            limits: ProductLimits::default(),
            identity_name_from_minor: None,
            identity_face_from_minor: None,
            enabled: true,
            created_at_us: START_US,
            version: 1,
        }
    }

    fn set_up_seller(&mut self, tenant_id: TenantId, channel: Channel, (number, priority): (u64, i64)) {
        let id = ChannelAccountId(self.id());
        let config = self.contract_terms(channel, (number, priority));
        let undo = channel == Channel::Unionpay && self.dice.below(2) == 0;
        let row = channel_account((tenant_id, id), &config, (channel, priority, undo));
        let mut side = if channel == Channel::Unionpay {
            let fees = Fees { rate_ppm: config.fee_rate_ppm, on_refund: config.fee_on_refund };
            Side::Unionpay(Box::new(unionpay::Seller::new(&config.seller_id, config.seed, fees)))
        } else {
            Side::Core(Box::new(core::Seller::new(config)))
        };
        if priority == 0 {
            self.bind_parties((tenant_id, id), channel, &mut side);
        }
        let keys = self.key_change();
        let mut seller = Seller { tenant_id, channel, side, keys, wake_us: None };
        seller.set_faults(self.story.plan.clone());
        self.store.rows.channel_accounts.load(row);
        self.sellers.insert(id, seller);
    }

    /// Parties that the contract was asked for long ago; one has shut its account, and at WeChat Pay one gives nothing back.
    fn bind_parties(
        &mut self,
        (tenant_id, account): (TenantId, ChannelAccountId),
        channel: Channel,
        side: &mut Side,
    ) {
        let Side::Core(core) = side else { return };
        let (salt, names): (u64, &[&str]) = match channel {
            Channel::Wechatpay => (0x5120, WECHATS_PARTIES),
            Channel::Alipay | Channel::Unionpay | Channel::BankDirect | Channel::Counter => {
                (0x5119, &["2088000000000001", "2088000000000002", "closed-3", "keeps-4"])
            }
        };
        // Dice of their own, so that stories without them stay what they are.
        let mut dice = Dice::new(self.seed.wrapping_mul(salt) ^ core.config().seed);
        for name in names {
            let bits = (u128::from(dice.next_u64()) << 64) | u128::from(dice.next_u64());
            let id = SplitReceiverId(Id128::v7(START_US, bits));
            let row = party((tenant_id, id), (account, channel), name);
            core.execute(START_US, &CoreCall::Bind(BindCall { account: row.account.clone(), name: None }));
            self.store.rows.split_receivers.load(row);
        }
    }

    fn contract_terms(&self, channel: Channel, (number, priority): (u64, i64)) -> CoreConfig {
        let (app_id, seller_id) = match channel {
            Channel::Wechatpay => {
                (format!("wx2026{number:06}{priority:06}"), format!("19{number:05}{priority:03}"))
            }
            // One number names both here.
            Channel::Unionpay => {
                let mer_id = format!("7772900{number:05}{priority:03}");
                (mer_id.clone(), mer_id)
            }
            Channel::Alipay | Channel::BankDirect | Channel::Counter => (
                format!("20210000000{number:03}{priority:02}"),
                format!("20881011179{number:03}{priority:02}"),
            ),
        };
        CoreConfig {
            house: if channel == Channel::Wechatpay { House::Wechatpay } else { House::Alipay },
            app_id,
            seller_id,
            seed: self.seed ^ (number << 8),
            opening_balance_fen: self.story.opening_fen,
            fee_rate_ppm: self.story.channel_fee_ppm,
            fee_on_refund: self.story.channel_fee,
            coupons_ppm: self.story.coupons_ppm,
            refund_gap_us: 0,
            sums_backs: (self.seed ^ number).rem_euclid(2) == 0,
            ..CoreConfig::default()
        }
    }

    /// fault-25: one of the two sides signs with a key that the other learns of later.
    fn key_change(&mut self) -> Option<KeyGap> {
        if self.dice.below(100) >= self.story.host.key_gap_percent {
            return None;
        }
        let from_us = START_US.saturating_add(self.dice.between(0, self.story.span_us));
        let until_us = from_us.saturating_add(self.dice.between(MINUTE_US, 2 * HOUR_US));
        let whose = if self.dice.below(2) == 0 { Whose::Ours } else { Whose::Channels };
        Some(KeyGap { from_us, until_us, whose })
    }

    fn set_up_order(&mut self, number: u64) {
        let count = u64::try_from(self.companies.len()).unwrap_or(0);
        let index = usize::try_from(self.dice.below(count)).unwrap_or(0);
        let Some(company) = self.companies.get(index).cloned() else { return };
        let merchant = usize::try_from(self.dice.below(2)).unwrap_or(0);
        let merchant_id = company.merchants.get(merchant).or(company.merchants.first()).copied();
        let payer_minor = self.dice.between(1, self.story.amount_max_minor);
        let parts = parts::draw(&mut self.dice, payer_minor);
        let merchant_order_no = format!("O{}-{number}", self.seed);
        let refunds = self.refund_plans(&merchant_order_no, payer_minor);
        let single_attempt = self.dice.below(6) == 0;
        let merchant_id = merchant_id.unwrap_or_default();
        let confirm = (single_attempt && self.dice.below(4) > 0)
            .then(|| crate::story::pick_method(&mut self.dice, &company.methods));
        let mut splits = self.shares((&company, merchant_id), number, payer_minor);
        if splits.shares.is_empty() {
            splits = self.shares_of_parties(company.tenant_id, (number, payer_minor), confirm);
        }
        let order = Order {
            tenant_id: company.tenant_id,
            merchant_id,
            splits,
            product_id: company.product_id,
            merchant_order_no,
            payer_minor,
            parts,
            items: Vec::new(),
            single_attempt,
            confirm,
            payment_id: None,
            refunds,
            prepayment: None,
            bill: None,
        };
        self.orders.push(order.at_a_hospital(self.seed, number).itemized(self.seed, number));
        let order = self.orders.len().saturating_sub(1);
        let delay_us = self.dice.between(0, self.story.span_us);
        self.plan(delay_us, Happening::Client { order, ask: Ask::Create, tries: 0 });
    }

    /// Of one order in three, shares for the company's other merchant, by amount and by rate; drawn by dice of their own,
    /// so that stories without them stay what they are.
    fn shares(&self, (company, giver): (&Company, MerchantId), number: u64, amount_minor: i64) -> SplitTerms {
        let mut dice = Dice::new(self.seed.wrapping_mul(0x5117).wrapping_add(number));
        let other = company.merchants.iter().find(|id| **id != giver).copied();
        let rate = Rate::from_ppm(self.story.fee_rate_ppm).unwrap_or_default();
        let fee =
            rate.of(amount_minor, Rounding::HalfUp).unwrap_or(0).saturating_add(self.story.fee_fixed_minor);
        let sharable = amount_minor.saturating_sub(fee);
        let (Some(merchant), true) = (other, sharable > 3 && dice.below(3) == 0) else {
            return SplitTerms::default();
        };
        let share =
            Share { merchant: Some(merchant), receiver: None, amount: None, rate_ppm: None, item: None };
        let amount = dice.between(1, sharable.div_euclid(2).max(1));
        let ppm = sharable.saturating_sub(amount).saturating_mul(500_000).div_euclid(amount_minor.max(1));
        let mut shares = vec![Share { amount: Some(amount), ..share.clone() }];
        if ppm > 0 && amount_minor.saturating_mul(ppm) >= 1_000_000 {
            shares.push(Share { rate_ppm: Some(ppm), ..share });
        }
        SplitTerms { shares, ..SplitTerms::default() }
    }

    /// Of one order in three of the others, shares that a channel pays: within three tenths of the payment, by amount and by
    /// rate, to two parties of one contract, one of which may have shut its account.
    fn shares_of_parties(
        &self,
        tenant_id: TenantId,
        (number, amount_minor): (u64, i64),
        confirm: Option<Method>,
    ) -> SplitTerms {
        let mut dice = Dice::new(self.seed.wrapping_mul(0x5118).wrapping_add(number));
        let fits = |row: &&SplitReceiver| {
            let chosen = confirm.is_none_or(|method| methods_of(row.channel).contains(&method));
            row.tenant_id == tenant_id && chosen
        };
        let mut contracts: BTreeMap<(Channel, ChannelAccountId), Vec<SplitReceiverId>> = BTreeMap::new();
        for row in self.store.rows.split_receivers.iter().filter(fits) {
            contracts.entry((row.channel, row.channel_account_id)).or_default().push(row.id);
        }
        let count = u64::try_from(contracts.len()).unwrap_or(0);
        if count == 0 || amount_minor < 100 || dice.below(3) > 0 {
            return SplitTerms::default();
        }
        let chosen = if count > 1 { usize::try_from(dice.below(count)).unwrap_or(0) } else { 0 };
        let mut parties = contracts.into_values().nth(chosen).unwrap_or_default();
        parties.sort();
        while parties.len() > 2 {
            let least = u64::try_from(parties.len()).unwrap_or(1);
            parties.remove(usize::try_from(dice.below(least)).unwrap_or(0));
        }
        let share = |receiver| Share { merchant: None, receiver, amount: None, rate_ppm: None, item: None };
        let amount = dice.between(1, amount_minor.div_euclid(8));
        let mut shares = vec![Share { amount: Some(amount), ..share(parties.first().copied()) }];
        if dice.below(2) == 0 {
            shares.push(Share {
                rate_ppm: Some(dice.between(10_000, 170_000)),
                ..share(parties.last().copied())
            });
        }
        // One in two is divided once more later, the first of the parties sharing in both.
        SplitTerms { shares, later: dice.below(2) == 0, ..SplitTerms::default() }
    }

    /// None, one whole, or several that together may be more than was paid.
    fn refund_plans(&mut self, number: &str, amount_minor: i64) -> Vec<RefundPlan> {
        let shares: &[i64] = match self.dice.below(6) {
            0 => &[100],
            1 => &[60, 60],
            2 => &[30, 30, 40],
            3 => &[50],
            4 => &[33, 33, 33, 33],
            _ => &[],
        };
        let part = |share: &i64| amount_minor.saturating_mul(*share).div_euclid(100).max(1);
        shares
            .iter()
            .enumerate()
            .map(|(place, share)| RefundPlan {
                merchant_refund_no: format!("{number}-R{place}"),
                amount_minor: part(share),
                id: None,
            })
            .collect()
    }
}

fn endpoint(tenant_id: TenantId, id: WebhookEndpointId) -> WebhookEndpoint {
    WebhookEndpoint {
        tenant_id,
        id,
        url: "https://merchant.example/events".to_owned(),
        kinds: None,
        secret: Vec::new(),
        previous_secret: None,
        ack_body_success: false,
        enabled: true,
        failing_since_us: None,
        created_at_us: START_US,
        version: 1,
    }
}

/// What a contract of a channel lets a payer choose at once; paying by card needs one opened before.
pub(crate) const fn methods_of(channel: Channel) -> &'static [Method] {
    match channel {
        Channel::Alipay => &[Method::AlipayQr, Method::AlipayPage, Method::AlipayWap, Method::AlipayBarcode],
        Channel::Wechatpay => {
            &[Method::WechatNative, Method::WechatJsapi, Method::WechatH5, Method::WechatBarcode]
        }
        Channel::Unionpay => &[Method::EbankB2c, Method::EbankB2b],
        Channel::BankDirect | Channel::Counter => &[],
    }
}

fn channel_account(
    (tenant_id, id): (TenantId, ChannelAccountId),
    config: &CoreConfig,
    (channel, priority, undo): (Channel, i64, bool),
) -> ChannelAccount {
    let cards: &[Method] = if channel == Channel::Unionpay { &[Method::QuickPay] } else { &[] };
    let words: Vec<&str> = methods_of(channel).iter().chain(cards).map(|method| method.word()).collect();
    ChannelAccount {
        tenant_id,
        id,
        channel,
        name: channel.word().to_owned(),
        currency: Currency::Cny,
        methods: serde_json::to_string(&words).unwrap_or_default(),
        merchants: None,
        products: None,
        partner_id: None,
        amount_min_minor: 1,
        amount_max_minor: 10_000_000_000,
        priority,
        payee_app: config.app_id.clone(),
        payee_merchant: config.seller_id.clone(),
        collects: tk_domain::channel_account::Collects::Own,
        fee_rate: Rate::from_ppm(i64::from(config.fee_rate_ppm)).unwrap_or_default(),
        fee_returned: config.fee_on_refund == FeeOnRefund::Returned,
        refund_window_days: 330,
        split_rate_max_ppm: if split_limits(channel).is_some() { 300_000 } else { 0 },
        settings: if undo { conversation::UNDO.to_owned() } else { "{}".to_owned() },
        credentials: Vec::new(),
        enabled: true,
        created_at_us: START_US,
        version: 1,
    }
}
