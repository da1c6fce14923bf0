//! A merchant: a subsidiary that money is collected for.

pub mod phone;
mod save;
#[cfg(test)]
mod tests;

pub use save::{CreateMerchant, MERCHANTS_MAX, UpdateMerchant};

use crate::id::{MerchantId, TenantId};
use crate::payment::FeeSnapshot;

/// A subsidiary that money is collected for, with its fee terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merchant {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Its own identifier.
    pub id: MerchantId,
    /// Unique per tenant, usable instead of the id.
    pub code: String,
    /// The payee's name shown to the payer.
    pub name: String,
    /// What it is charged; frozen on each payment at creation.
    pub fee: FeeSnapshot,
    /// Whose merchant it is, as registered; merchants of one may share money in the books.
    pub legal_entity: Option<String>,
    /// Where payers get help, as it is printed.
    pub phone: Option<String>,
    /// Whether new payments may be made.
    pub enabled: bool,
    /// Unix microseconds.
    pub created_at_us: i64,
    /// Counts the commits that changed the row.
    pub version: i64,
}
