//! A channel account: one contract with a channel and its credentials.

mod save;
#[cfg(test)]
mod tests;

pub use save::{CHANNEL_ACCOUNTS_MAX, ChannelAccountTerms, CreateChannelAccount, UpdateChannelAccount};

use crate::id::{ChannelAccountId, PartnerId, TenantId};
use crate::words::words;
use tk_money::{Currency, Rate};

words! {
    /// An adapter.
    Channel {
        /// Alipay 支付宝.
        Alipay = "alipay",
        /// WeChat Pay 微信支付.
        Wechatpay = "wechatpay",
        /// UnionPay 银联.
        Unionpay = "unionpay",
        /// Bank direct link 银企直连.
        BankDirect = "bank_direct",
        /// A counter.
        Counter = "counter",
    }
}

words! {
    /// Whose account the money of a contract reaches.
    Collects {
        /// The tenant's own.
        Own = "own",
        /// A sub-merchant's, whom the tenant serves (服务商模式).
        SubMerchant = "sub_merchant",
    }
}

words! {
    /// What the payer sees and chooses.
    Method {
        /// Alipay in a desktop browser.
        AlipayPage = "alipay_page",
        /// Alipay from a phone browser.
        AlipayWap = "alipay_wap",
        /// Alipay by our QR code.
        AlipayQr = "alipay_qr",
        /// Alipay by the payer's bar code.
        AlipayBarcode = "alipay_barcode",
        /// WeChat inside an official account.
        WechatJsapi = "wechat_jsapi",
        /// WeChat from a phone browser.
        WechatH5 = "wechat_h5",
        /// WeChat by our QR code.
        WechatNative = "wechat_native",
        /// WeChat by the payer's bar code.
        WechatBarcode = "wechat_barcode",
        /// A bound bank card with an SMS code.
        QuickPay = "quick_pay",
        /// Personal internet banking.
        EbankB2c = "ebank_b2c",
        /// Corporate internet banking.
        EbankB2b = "ebank_b2b",
        /// The payer pushes money to our bank account.
        BankTransfer = "bank_transfer",
        /// Cheque.
        Cheque = "cheque",
        /// Cash at a counter.
        Cash = "cash",
        /// Card slip at a counter.
        Pos = "pos",
        /// Kiosk.
        Kiosk = "kiosk",
    }
}

impl Method {
    /// Whether a channel is told of its attempts; of the others a person or a bank statement tells us.
    #[must_use]
    pub const fn told_to_channel(self) -> bool {
        match self {
            Self::AlipayPage
            | Self::AlipayWap
            | Self::AlipayQr
            | Self::AlipayBarcode
            | Self::WechatJsapi
            | Self::WechatH5
            | Self::WechatNative
            | Self::WechatBarcode
            | Self::QuickPay
            | Self::EbankB2c
            | Self::EbankB2b => true,
            Self::BankTransfer | Self::Cheque | Self::Cash | Self::Pos | Self::Kiosk => false,
        }
    }

    /// Whether its channel asks for the address that the payer's browser has (H5下单, `payer_client_ip`).
    #[must_use]
    pub const fn asks_payer_ip(self) -> bool {
        matches!(self, Self::WechatH5)
    }

    /// The group word that stands for this method in `methods.allow`, if it has one.
    #[must_use]
    pub const fn group(self) -> Option<&'static str> {
        match self {
            Self::AlipayPage | Self::AlipayWap | Self::AlipayQr | Self::AlipayBarcode => Some("alipay"),
            Self::WechatJsapi | Self::WechatH5 | Self::WechatNative | Self::WechatBarcode => Some("wechat"),
            Self::QuickPay
            | Self::EbankB2c
            | Self::EbankB2b
            | Self::BankTransfer
            | Self::Cheque
            | Self::Cash
            | Self::Pos
            | Self::Kiosk => None,
        }
    }
}

/// One contract with a channel: what it may be used for, what it costs, and its sealed credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelAccount {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Its own identifier.
    pub id: ChannelAccountId,
    /// The adapter.
    pub channel: Channel,
    /// For staff.
    pub name: String,
    /// The one currency it settles in.
    pub currency: Currency,
    /// Methods it may be used for, a JSON array of method words.
    pub methods: String,
    /// Merchants it may be used for, a JSON array of ids; none means all of the tenant.
    pub merchants: Option<String>,
    /// Products it may be used for, a JSON array of ids; none means all of the tenant.
    pub products: Option<String>,
    /// The one partner it is bound to, whose payments alone it may take; none means no such binding. Frozen.
    pub partner_id: Option<PartnerId>,
    /// The least amount, minor units.
    pub amount_min_minor: i64,
    /// The greatest amount, minor units.
    pub amount_max_minor: i64,
    /// Lower is tried first.
    pub priority: i64,
    /// Our identity at the channel that a success must name (Alipay: app id).
    pub payee_app: String,
    /// Our merchant identity at the channel that a success must name (Alipay: seller id).
    pub payee_merchant: String,
    /// Whose account the money reaches; frozen.
    pub collects: Collects,
    /// What the channel charges.
    pub fee_rate: Rate,
    /// Whether the channel gives its charge back on refund.
    pub fee_returned: bool,
    /// Days after payment within which the channel refunds online.
    pub refund_window_days: i64,
    /// What the contract lets the channel pay to others of each payment, millionths; 0 where it has no splits.
    pub split_rate_max_ppm: i64,
    /// The adapter's non-secret settings, a JSON object (gateway address, mode).
    pub settings: String,
    /// The adapter's secrets, sealed.
    pub credentials: Vec<u8>,
    /// Whether new attempts may use it; attempts under way go on.
    pub enabled: bool,
    /// Unix microseconds.
    pub created_at_us: i64,
    /// Counts the commits that changed the row.
    pub version: i64,
}

impl Channel {
    /// Whether it sends messages of its own accord.
    #[must_use]
    pub const fn calls_back(self) -> bool {
        match self {
            Self::Alipay | Self::Wechatpay | Self::Unionpay => true,
            Self::BankDirect | Self::Counter => false,
        }
    }
}

impl ChannelAccount {
    /// Whether its channel pays shares of a payment to others.
    #[must_use]
    pub const fn divides(&self) -> bool {
        self.split_rate_max_ppm > 0
    }
}
