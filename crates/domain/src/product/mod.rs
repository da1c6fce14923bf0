//! A product: what is sold, with the policy for paying it.

mod ext;
mod save;
#[cfg(test)]
mod tests;

pub(crate) use ext::frozen;
pub use ext::{EXT_FIELDS_MAX, ExtField, ExtKind, ExtSchema, ExtValues};
pub use save::{CreateProduct, PRODUCTS_MAX, ProductTerms, UpdateProduct};

use crate::id::{PartnerId, ProductId, TenantId};
use crate::words::words;

words! {
    /// Where the payer is.
    Terminal {
        /// A desktop browser.
        Pc = "pc",
        /// A phone browser.
        MobileWeb = "mobile_web",
        /// Inside WeChat.
        WechatOa = "wechat_oa",
        /// Inside Alipay.
        AlipayApp = "alipay_app",
        /// At a counter.
        Counter = "counter",
        /// At a kiosk.
        Kiosk = "kiosk",
    }
}

words! {
    /// What happens to money beyond the one success that counts.
    StrayMoney {
        /// It is refunded at once by the system.
        Refund = "refund",
        /// It waits for a person.
        Hold = "hold",
    }
}

words! {
    /// When money counts as received for issuing the policy.
    IssueOn {
        /// When the channel says so, verified.
        ChannelSuccess = "channel_success",
        /// When the day is reconciled.
        Reconciled = "reconciled",
        /// When it is settled.
        Settled = "settled",
    }
}

words! {
    /// How often the premium is paid.
    Premium {
        /// Once.
        Single = "single",
        /// By instalments, each for one period of the policy.
        Regular = "regular",
    }
}

/// How long the order system may take, beyond which a payment is in the aged lists.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ProductLimits {
    /// From the money that counts to the policy, seconds.
    pub issue_within_s: Option<i64>,
    /// From a policy issued before its money to that money, seconds.
    pub pay_within_s: Option<i64>,
}

/// What is sold, with the policy for paying it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Its own identifier.
    pub id: ProductId,
    /// Unique per tenant, usable instead of the id.
    pub code: String,
    /// Shown to the payer.
    pub name: String,
    /// The one partner through which it is sold; none means anybody. Frozen.
    pub partner_id: Option<PartnerId>,
    /// Methods allowed, as a JSON array of method words; none means all.
    pub methods_allow: Option<String>,
    /// How often its premium is paid.
    pub premium: Premium,
    /// Methods allowed for instalments after the first, likewise; none means as the first.
    pub instalment_methods_allow: Option<String>,
    /// All versions of the fields that its payments have of their own, a JSON array; none means no fields.
    pub ext_schemas: Option<String>,
    /// The least amount, minor units.
    pub amount_min_minor: i64,
    /// The greatest amount, minor units.
    pub amount_max_minor: i64,
    /// How long a payment stays open, seconds.
    pub expires_after_s: i64,
    /// How often a payer may ask for more time, where the order system did not say until when.
    pub extensions_max: i64,
    /// When money counts as received.
    pub issue_on: IssueOn,
    /// What happens to stray money.
    pub stray_money: StrayMoney,
    /// How long the order system may take.
    pub limits: ProductLimits,
    /// From this sum of a payer's day on, name and number are checked, minor units; none leaves it to the tenant.
    pub identity_name_from_minor: Option<i64>,
    /// From this sum on, so is the face, minor units; none leaves it to the tenant.
    pub identity_face_from_minor: Option<i64>,
    /// Whether new payments may be made.
    pub enabled: bool,
    /// Unix microseconds.
    pub created_at_us: i64,
    /// Counts the commits that changed the row.
    pub version: i64,
}
