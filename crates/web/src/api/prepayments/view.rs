//! Prepayments and draws as published.

use serde::Serialize;
use tk_domain::moment::time_text;
use tk_domain::prepayment::{Draw, Prepayment};
use utoipa::ToSchema;

/// A prepayment as published.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Prepayment)]
pub struct PrepaymentView {
    /// `ppy_…`
    pub id: String,
    /// Always `prepayment`.
    pub object: &'static str,
    /// Whether real money is concerned.
    pub livemode: bool,
    /// For whom it is held, `mch_…`.
    pub merchant: String,
    /// The merchant's own number of the stay or case.
    pub account_no: String,
    /// ISO 4217.
    pub currency: &'static str,
    /// What can be drawn or refunded, minor units.
    pub balance: i64,
    /// Drawn and not undone, minor units.
    pub drawn: i64,
    /// RFC 3339.
    pub created: String,
}

impl PrepaymentView {
    /// The published form, with what its account holds.
    #[must_use]
    pub fn of(row: &Prepayment, balance: i64, live: bool) -> Self {
        Self {
            id: row.id.to_string(),
            object: "prepayment",
            livemode: live,
            merchant: row.merchant_id.to_string(),
            account_no: row.account_no.clone(),
            currency: row.currency.code(),
            balance,
            drawn: row.drawn_minor,
            created: time_text(row.created_at_us),
        }
    }
}

/// A draw as published.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PrepaymentDraw)]
pub struct DrawView {
    /// `drw_…`
    pub id: String,
    /// Always `prepayment_draw`.
    pub object: &'static str,
    /// Whether real money is concerned.
    pub livemode: bool,
    /// From which prepayment, `ppy_…`.
    pub prepayment: String,
    /// The merchant's own number.
    pub draw_no: String,
    /// Minor units.
    pub amount: i64,
    /// ISO 4217.
    pub currency: &'static str,
    /// `done` or `undone`.
    pub status: &'static str,
    /// Who drew it.
    pub made_by: String,
    /// Who put it back.
    pub undone_by: Option<String>,
    /// Why it was put back.
    pub reason: Option<String>,
    /// RFC 3339.
    pub created: String,
    /// RFC 3339.
    pub undone_at: Option<String>,
}

impl DrawView {
    /// The published form.
    #[must_use]
    pub fn of(draw: &Draw, live: bool) -> Self {
        Self {
            id: draw.id.to_string(),
            object: "prepayment_draw",
            livemode: live,
            prepayment: draw.prepayment_id.to_string(),
            draw_no: draw.draw_no.clone(),
            amount: draw.amount_minor,
            currency: draw.currency.code(),
            status: draw.status.word(),
            made_by: draw.made_by.clone(),
            undone_by: draw.undone_by.clone(),
            reason: draw.reason.clone(),
            created: time_text(draw.created_at_us),
            undone_at: draw.undone_at_us.map(time_text),
        }
    }
}
