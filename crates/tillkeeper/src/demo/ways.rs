//! By which ways the demo's payers pay, and how often.

use super::catalog::Article;
use tk_domain::channel_account::Method;

/// Where the payer then acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// A wallet of this channel.
    Wallet(&'static str),
    /// UnionPay's page, where the browser posts a form.
    Page,
    /// Any bank.
    Bank,
}

/// A way to pay.
#[derive(Debug, Clone, Copy)]
pub struct Way {
    pub method: Method,
    pub side: Side,
    /// How often it is chosen, against the others.
    weight: u64,
    /// Whether the demo's past was paid by it too; that was at desks.
    at_desk: bool,
}

const ALIPAY: Side = Side::Wallet("alipay");
const WECHATPAY: Side = Side::Wallet("wechatpay");

const fn way(method: Method, side: Side, weight: u64, at_desk: bool) -> Way {
    Way { method, side, weight, at_desk }
}

const WAYS: [Way; 6] = [
    way(Method::AlipayQr, ALIPAY, 22, true),
    way(Method::AlipayWap, ALIPAY, 20, false),
    way(Method::WechatNative, WECHATPAY, 22, true),
    way(Method::WechatH5, WECHATPAY, 20, false),
    way(Method::EbankB2c, Side::Page, 13, true),
    TRANSFER,
];
const TRANSFER: Way = way(Method::BankTransfer, Side::Bank, 3, true);
/// From this amount on, payers transfer.
const TRANSFERRED_FROM_FEN: i64 = 5_000_000;

/// Which part of the demo's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    Past,
    Present,
}

/// The way that falls on a number, for an article.
pub fn way_for(article: &Article, age: Age, number: u64) -> Way {
    if article.amount_fen >= TRANSFERRED_FROM_FEN {
        return TRANSFER;
    }
    let ways = || WAYS.iter().filter(|way| age == Age::Present || way.at_desk);
    let total: u64 = ways().map(|way| way.weight).sum();
    let mut left = number % total.max(1);
    for way in ways() {
        if left < way.weight {
            return *way;
        }
        left -= way.weight;
    }
    TRANSFER
}

#[cfg(test)]
mod tests {
    use super::super::catalog::ARTICLES;
    use super::*;

    #[test]
    fn small_sums_take_every_way_and_large_ones_are_transferred() {
        let chosen = |article: &Article, age| -> Vec<Method> {
            (0..100).map(|number| way_for(article, age, number).method).collect()
        };
        let small = ARTICLES.iter().find(|article| article.amount_fen < TRANSFERRED_FROM_FEN).unwrap();
        let present = chosen(small, Age::Present);
        assert!(WAYS.iter().all(|way| present.contains(&way.method)));
        assert!(!chosen(small, Age::Past).contains(&Method::WechatH5));
        let large = ARTICLES.iter().find(|article| article.amount_fen >= TRANSFERRED_FROM_FEN).unwrap();
        assert!(chosen(large, Age::Past).iter().all(|method| *method == Method::BankTransfer));
    }
}
