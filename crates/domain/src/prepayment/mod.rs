//! Prepaid money 预交金: held for one stay or case, drawn as it is used up, and what is left given back.
//!
//! Each prepayment has an account of its own, whose balance is all there is to draw and to give back; payments credit it,
//! draws move money on to the merchant, and refunds of its payments are held from it. What was drawn is the merchant's
//! like any other collection; what was not is never settled to it.

mod draw;

pub use draw::{DRAWS_MAX, DrawPrepayment, UndoDraw};

use crate::command::{Want, Wants};
use crate::id::{DrawId, Id128, MerchantId, PrepaymentId, TenantId};
use crate::ledger::{AccountKind, AccountRef, Owner};
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use crate::words::words;
use sha2::{Digest, Sha256};
use tk_money::Currency;

/// What was paid in advance for one stay or case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepayment {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Derived from merchant and account number.
    pub id: PrepaymentId,
    /// For whom it is held.
    pub merchant_id: MerchantId,
    /// The merchant's own number of the stay or case.
    pub account_no: String,
    /// Its one currency.
    pub currency: Currency,
    /// Drawn and not undone, minor units.
    pub drawn_minor: i64,
    /// Draws so far, undone ones included.
    pub draws_count: i64,
    /// Unix microseconds.
    pub created_at_us: i64,
    /// Counts the commits that changed the row.
    pub version: i64,
}

impl Prepayment {
    /// The identifier of the prepayment of this number, the same for everybody who names it.
    #[must_use]
    pub fn id_of(tenant_id: TenantId, merchant_id: MerchantId, account_no: &str) -> PrepaymentId {
        let mut hash = Sha256::new();
        hash.update(tenant_id.0.0);
        hash.update(merchant_id.0.0);
        hash.update(b"prepayment");
        hash.update(account_no.as_bytes());
        PrepaymentId(Id128::of_hash(hash))
    }

    /// The account that holds its money.
    #[must_use]
    pub const fn account(&self) -> AccountRef {
        account(self.tenant_id, self.id, self.currency)
    }
}

/// The account that holds the money of a prepayment.
#[must_use]
pub const fn account(tenant_id: TenantId, id: PrepaymentId, currency: Currency) -> AccountRef {
    AccountRef { tenant_id, owner: Owner::Prepayment(id), kind: AccountKind::Prepaid, currency }
}

words! {
    /// Where a draw stands.
    DrawStatus {
        /// The merchant has the money.
        Done = "done",
        /// It was put back.
        Undone = "undone",
    }
}

/// Money drawn from a prepayment for what was used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draw {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Its own identifier.
    pub id: DrawId,
    /// From which prepayment.
    pub prepayment_id: PrepaymentId,
    /// The merchant's own number of the draw, unique for its prepayment.
    pub draw_no: String,
    /// Minor units.
    pub amount_minor: i64,
    /// The prepayment's currency.
    pub currency: Currency,
    /// Where it stands.
    pub status: DrawStatus,
    /// Who drew it.
    pub made_by: String,
    /// Who put it back.
    pub undone_by: Option<String>,
    /// Why it was put back.
    pub reason: Option<String>,
    /// Unix microseconds.
    pub created_at_us: i64,
    /// Unix microseconds.
    pub undone_at_us: Option<i64>,
    /// Counts the commits that changed the row.
    pub version: i64,
}

/// The longest number of a stay or case, bytes.
const ACCOUNT_NO_MAX_BYTES: usize = 64;

/// Names the row that [`begin`] has to see.
pub(crate) fn want((tenant_id, merchant_id): (TenantId, MerchantId), account_no: &str, wants: &mut Wants) {
    wants.add(Want::Prepayment(tenant_id, Prepayment::id_of(tenant_id, merchant_id, account_no)));
}

/// The prepayment that a new payment pays into, where that payment is its first.
pub(crate) fn begin(
    (tenant_id, merchant_id): (TenantId, MerchantId),
    (account_no, currency): (&str, Currency),
    snapshot: &Snapshot,
    now_us: i64,
) -> Result<Option<Prepayment>, Refusal> {
    if account_no.is_empty() || account_no.len() > ACCOUNT_NO_MAX_BYTES {
        return Err(Refusal::FieldInvalid { param: "prepayment", reason: "1 to 64 bytes" });
    }
    let id = Prepayment::id_of(tenant_id, merchant_id, account_no);
    if let Some(stored) = snapshot.prepayments.get(&(tenant_id, id)) {
        let same = stored.currency == currency;
        return if same { Ok(None) } else { Err(Refusal::CurrencyNotSupported) };
    }
    Ok(Some(Prepayment {
        tenant_id,
        id,
        merchant_id,
        account_no: account_no.to_owned(),
        currency,
        drawn_minor: 0,
        draws_count: 0,
        created_at_us: now_us,
        version: 0,
    }))
}
