//! The row of an agreement.

use crate::id::{AgreementId, AttemptId, ChannelAccountId, PayerId, PaymentId, TenantId};
use crate::moment::time_text;
use crate::payment::{Payment, out_no};
use crate::words::words;
use serde::Serialize;

words! {
    /// Where an agreement stands.
    AgreementStatus {
        /// The payer is on the channel's page, or never came back from it.
        Opening = "opening",
        /// Payments may be made with it.
        Active = "active",
        /// The payer does not want it any more; the channel is being told.
        Ending = "ending",
        /// The channel has taken that.
        Ended = "ended",
    }
}

/// A card opened for payment by token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreement {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Its own identifier.
    pub id: AgreementId,
    /// The payment during which it was opened.
    pub payment_id: PaymentId,
    /// The contract at whose channel it was opened; its token is good nowhere else.
    pub channel_account_id: ChannelAccountId,
    /// Whose it is, by the blind index; without one it serves its own payment only.
    pub payer_id: Option<PayerId>,
    /// Where it stands.
    pub status: AgreementStatus,
    /// The card as the channel shows it, its middle hidden.
    pub masked: Option<String>,
    /// The channel's token, sealed.
    pub sealed: Option<Vec<u8>>,
    /// Until when the channel's page may be used, Unix microseconds.
    pub expires_at_us: i64,
    /// When the channel is asked about an opening of which it has not spoken, Unix microseconds; nothing once it has, or
    /// once asking is over.
    pub ask_due_at_us: Option<i64>,
    /// How often it was asked.
    pub asks_count: i64,
    /// The payment for which a code was sent last.
    pub code_payment_id: Option<PaymentId>,
    /// The attempt that will use it.
    pub code_attempt_id: Option<AttemptId>,
    /// When it was asked for, Unix microseconds; it is part of that attempt's order at the channel.
    pub code_at_us: Option<i64>,
    /// The day of the last code, days since 1970-01-01 in Shanghai.
    pub codes_day: i64,
    /// Codes asked for on that day.
    pub codes_count: i64,
    /// Unix microseconds.
    pub created_at_us: i64,
    /// Unix microseconds.
    pub updated_at_us: i64,
    /// Counts the commits that changed the row.
    pub version: i64,
}

impl Agreement {
    /// The number of its opening at the channel, derived from its identifier.
    #[must_use]
    pub fn order_no(&self) -> String {
        out_no('A', self.id.0)
    }

    /// Whether a payment may be made with it: it was opened there, or it is the same payer's.
    #[must_use]
    pub fn serves(&self, payment: &Payment) -> bool {
        let own = self.payer_id.is_some() && self.payer_id == payment.payer_id;
        self.status == AgreementStatus::Active && (own || self.payment_id == payment.id)
    }
}

/// An agreement as published: the token stays inside.
#[derive(Debug, Clone, Serialize)]
pub struct AgreementView {
    /// `agr_…`
    pub id: String,
    /// Always `agreement`.
    pub object: &'static str,
    /// Where it stands.
    pub status: AgreementStatus,
    /// `pay_…`, during which it was opened.
    pub payment: String,
    /// `cha_…`
    pub channel_account: String,
    /// The card, its middle hidden.
    pub card: Option<String>,
    /// RFC 3339.
    pub created: String,
}

impl AgreementView {
    /// The published form.
    #[must_use]
    pub fn of(agreement: &Agreement) -> Self {
        Self {
            id: agreement.id.to_string(),
            object: "agreement",
            status: agreement.status,
            payment: agreement.payment_id.to_string(),
            channel_account: agreement.channel_account_id.to_string(),
            card: agreement.masked.clone(),
            created: time_text(agreement.created_at_us),
        }
    }
}
