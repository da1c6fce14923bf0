//! Routing: which channel account may take a payment, decided once and kept with its reasons.

use crate::channel_account::{ChannelAccount, Method};
use crate::id::{ChannelAccountId, MerchantId, PartnerId, ProductId};
use crate::payment::Payment;
use crate::product::{Product, Terminal};
use crate::split::{DividedBy, divided_by};
use crate::words::words;
use serde::Serialize;
use tk_money::Currency;

words! {
    /// Why a candidate was dropped.
    DropReason {
        /// Switched off.
        Disabled = "disabled",
        /// Its contract does not include the method.
        Method = "method",
        /// It settles in another currency.
        Currency = "currency",
        /// It is bound to other merchants.
        Merchant = "merchant",
        /// It is bound to other products.
        Product = "product",
        /// It is bound to another partner.
        Partner = "partner",
        /// The amount is outside its bounds.
        Amount = "amount",
        /// The payment is to be divided by another contract's channel.
        Split = "split",
        /// Another candidate goes first.
        Priority = "priority",
    }
}

/// One channel account considered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Candidate {
    /// Which.
    pub channel_account: ChannelAccountId,
    /// Lower is tried first.
    pub priority: i64,
    /// Why it was dropped; none for the one chosen.
    pub dropped: Option<DropReason>,
}

/// The decision, stored with the attempt and never taken again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RoutingDecision {
    /// The method asked for.
    pub method: Method,
    /// The one chosen.
    pub chosen: Option<ChannelAccountId>,
    /// Every channel account of the tenant.
    pub candidates: Vec<Candidate>,
}

/// What has to be routed.
#[derive(Debug, Clone, Copy)]
pub struct Demand {
    /// For whom.
    pub merchant_id: MerchantId,
    /// For what.
    pub product_id: ProductId,
    /// Through whom.
    pub partner_id: Option<PartnerId>,
    /// Minor units.
    pub amount_minor: i64,
    /// Of which currency.
    pub currency: Currency,
    /// Whose channel has to pay others out of it.
    pub divided_by: DividedBy,
}

impl Demand {
    /// What this payment demands.
    #[must_use]
    pub fn of(payment: &Payment) -> Self {
        Self {
            merchant_id: payment.merchant_id,
            product_id: payment.product_id,
            partner_id: payment.partner_id,
            amount_minor: payment.payer_minor,
            currency: payment.currency,
            divided_by: divided_by(payment),
        }
    }
}

/// Chooses the eligible channel account with the lowest priority number, then the oldest.
pub fn route<'a>(
    accounts: impl Iterator<Item = &'a ChannelAccount>,
    method: Method,
    demand: &Demand,
) -> RoutingDecision {
    let mut candidates: Vec<Candidate> = accounts
        .map(|account| Candidate {
            channel_account: account.id,
            priority: account.priority,
            dropped: drop_reason(account, method, demand),
        })
        .collect();
    let chosen = candidates
        .iter()
        .filter(|candidate| candidate.dropped.is_none())
        .min_by_key(|candidate| (candidate.priority, candidate.channel_account))
        .map(|candidate| candidate.channel_account);
    for candidate in &mut candidates {
        if candidate.dropped.is_none() && Some(candidate.channel_account) != chosen {
            candidate.dropped = Some(DropReason::Priority);
        }
    }
    RoutingDecision { method, chosen, candidates }
}

fn drop_reason(account: &ChannelAccount, method: Method, demand: &Demand) -> Option<DropReason> {
    let amount_fits = (account.amount_min_minor..=account.amount_max_minor).contains(&demand.amount_minor);
    let checks = [
        (account.enabled, DropReason::Disabled),
        (listed(&account.methods, method.word()), DropReason::Method),
        (account.currency == demand.currency, DropReason::Currency),
        (allows(account.merchants.as_ref(), &demand.merchant_id), DropReason::Merchant),
        (allows(account.products.as_ref(), &demand.product_id), DropReason::Product),
        (of_partner(account, demand), DropReason::Partner),
        (amount_fits, DropReason::Amount),
        (divides(account, demand), DropReason::Split),
    ];
    checks.into_iter().find(|(holds, _)| !holds).map(|(_, reason)| reason)
}

/// Whether the account is bound to no partner, or to the one of the payment.
fn of_partner(account: &ChannelAccount, demand: &Demand) -> bool {
    account.partner_id.is_none_or(|only| demand.partner_id == Some(only))
}

/// Whether its channel can pay whoever else is to have a share.
fn divides(account: &ChannelAccount, demand: &Demand) -> bool {
    match demand.divided_by {
        DividedBy::Nobody => true,
        DividedBy::Contract(id) => id == account.id,
        DividedBy::AnyThatDivides => account.divides(),
    }
}

fn listed(list: &str, word: &str) -> bool {
    serde_json::from_str::<Vec<String>>(list).is_ok_and(|words| words.iter().any(|item| item == word))
}

/// Whether a contract may bring money for a merchant.
#[must_use]
pub fn serves(account: &ChannelAccount, merchant_id: MerchantId) -> bool {
    allows(account.merchants.as_ref(), &merchant_id)
}

fn allows(list: Option<&String>, id: &dyn std::fmt::Display) -> bool {
    list.is_none_or(|list| listed(list, &id.to_string()))
}

/// Whether product and order system allow a method; groups such as `alipay` stand for their methods.
#[must_use]
pub fn method_allowed(product: &Product, payment: &Payment, method: Method) -> bool {
    let in_list = |list: Option<&String>| {
        list.is_none_or(|list| {
            listed(list, method.word()) || method.group().is_some_and(|group| listed(list, group))
        })
    };
    let later = payment.period.as_ref().is_some_and(|period| period.number > 1);
    let of_instalments = product.instalment_methods_allow.as_ref().filter(|_| later);
    in_list(of_instalments.or(product.methods_allow.as_ref())) && in_list(payment.methods_allow.as_ref())
}

/// The methods that a payer can begin at a terminal, the best first; what a cashier takes is recorded, not begun.
#[must_use]
pub const fn methods_at(terminal: Terminal) -> &'static [Method] {
    match terminal {
        Terminal::Pc => &[
            Method::AlipayQr,
            Method::AlipayPage,
            Method::WechatNative,
            Method::EbankB2c,
            Method::EbankB2b,
            Method::QuickPay,
            Method::BankTransfer,
        ],
        Terminal::MobileWeb => &[Method::AlipayWap, Method::WechatH5, Method::QuickPay, Method::BankTransfer],
        // WeChat does not open from inside Alipay.
        Terminal::AlipayApp => &[Method::AlipayWap, Method::QuickPay, Method::BankTransfer],
        Terminal::WechatOa => &[Method::WechatJsapi, Method::QuickPay, Method::BankTransfer],
        Terminal::Counter => &[Method::AlipayBarcode, Method::WechatBarcode, Method::AlipayQr],
        Terminal::Kiosk => &[Method::AlipayQr, Method::WechatNative],
    }
}

/// A method as the cashier offers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Offer {
    /// The method.
    pub method: Method,
    /// Whether routing has a channel account for it now.
    pub available: bool,
    /// Why not: the reason that dropped most candidates nearest to being chosen.
    pub reason: Option<DropReason>,
}

/// The methods of a terminal that product and order system allow and that some channel account of the
/// tenant carries, with their availability; methods that no contract includes are left out.
#[must_use]
pub fn offers(
    product: &Product,
    payment: &Payment,
    terminal: Terminal,
    accounts: &[ChannelAccount],
) -> Vec<Offer> {
    methods_at(terminal)
        .iter()
        .filter(|method| method_allowed(product, payment, **method))
        .filter_map(|method| offer(*method, &Demand::of(payment), accounts))
        .collect()
}

fn offer(method: Method, demand: &Demand, accounts: &[ChannelAccount]) -> Option<Offer> {
    let decision = route(accounts.iter(), method, demand);
    if decision.chosen.is_some() {
        return Some(Offer { method, available: true, reason: None });
    }
    let carrying = accounts.iter().filter(|account| {
        listed(&account.methods, method.word())
            && allows(account.merchants.as_ref(), &demand.merchant_id)
            && allows(account.products.as_ref(), &demand.product_id)
            && of_partner(account, demand)
    });
    let reason = carrying.filter_map(|account| drop_reason(account, method, demand)).max()?;
    Some(Offer { method, available: false, reason: Some(reason) })
}
