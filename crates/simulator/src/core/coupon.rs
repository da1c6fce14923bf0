use serde::{Deserialize, Serialize};

use super::books::fee_share;
use super::{Dice, Entrance, Seller, Trade};

/// Who bears a part of an order for its payer: coupons and red packets that the channel takes off the payer's bill.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Coupon {
    /// Fen put up by the channel, which pays them over to the merchant
    pub channel_fen: i64,
    /// Fen that the merchant itself bears: they are never paid over
    pub merchant_fen: i64,
}

impl Coupon {
    /// Both.
    pub fn whole_fen(self) -> i64 {
        self.channel_fen.saturating_add(self.merchant_fen)
    }

    /// No more than the order.
    fn within(self, total_fen: i64) -> Self {
        let channel_fen = self.channel_fen.clamp(0, total_fen.max(0));
        let left_fen = total_fen.saturating_sub(channel_fen);
        Self { channel_fen, merchant_fen: self.merchant_fen.clamp(0, left_fen) }
    }
}

impl Trade {
    /// Fen that the payer himself pays.
    pub fn payer_fen(&self) -> i64 {
        self.order.total_fen.saturating_sub(self.coupon.whole_fen())
    }

    /// Fen that the channel pays over for it.
    pub fn settled_fen(&self) -> i64 {
        self.order.total_fen.saturating_sub(self.coupon.merchant_fen)
    }

    /// Coupons taken back so far.
    pub fn coupon_back(&self) -> Coupon {
        self.refunds.values().fold(Coupon::default(), |sum, refund| Coupon {
            channel_fen: sum.channel_fen.saturating_add(refund.coupon.channel_fen),
            merchant_fen: sum.merchant_fen.saturating_add(refund.coupon.merchant_fen),
        })
    }

    /// What of a refund is not the payer's: in proportion to all that was refunded, so that a whole refund takes back
    /// the whole coupon. Beyond the order everything is the payer's.
    pub(super) fn coupon_share(&self, refund_fen: i64) -> Coupon {
        let whole_fen = self.coupon.whole_fen();
        if whole_fen == 0 {
            return Coupon::default();
        }
        let total_fen = self.order.total_fen;
        let before_fen = self.refunded_fen().min(total_fen);
        let within_fen = refund_fen.min(total_fen.saturating_sub(before_fen));
        let back = self.coupon_back();
        let payer_before = before_fen.saturating_sub(back.whole_fen());
        let payer_after = fee_share(self.payer_fen(), before_fen.saturating_add(within_fen), total_fen);
        let payer_fen = payer_after.saturating_sub(payer_before).clamp(0, within_fen);
        let share_fen = within_fen.saturating_sub(payer_fen).min(whole_fen.saturating_sub(back.whole_fen()));
        let gone_fen = back.whole_fen().saturating_add(share_fen);
        let merchant_fen = fee_share(self.coupon.merchant_fen, gone_fen, whole_fen);
        let merchant_fen = merchant_fen.saturating_sub(back.merchant_fen).clamp(0, share_fen);
        Coupon { channel_fen: share_fen.saturating_sub(merchant_fen), merchant_fen }
    }
}

impl Seller {
    /// The payer has this coupon for an order; no more of it is used than the order is worth.
    pub fn give_coupon(&mut self, out_trade_no: &str, coupon: Coupon) {
        self.coupons.insert(out_trade_no.to_owned(), coupon);
    }

    /// The coupon that is used when an order is paid: the one given, else one drawn by the order's number.
    pub(super) fn coupon_for(&self, out_trade_no: &str, entrance: Entrance, total_fen: i64) -> Coupon {
        if let Some(coupon) = self.coupons.get(out_trade_no) {
            return coupon.within(total_fen);
        }
        let mixed = out_trade_no
            .bytes()
            .fold(self.config.seed, |mixed, byte| (mixed ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        let mut dice = Dice::new(mixed);
        if !dice.happens(self.config.coupons_ppm) {
            return Coupon::default();
        }
        let part = |dice: &mut Dice| dice.between(0, total_fen.div_euclid(3));
        // A cancel of a bar code does not say whose the coupon was: those drawn are the channel's.
        let kinds = if entrance == Entrance::Barcode { 1 } else { 4 };
        let coupon = match dice.below(kinds) {
            0 => Coupon { channel_fen: part(&mut dice), merchant_fen: 0 },
            1 => Coupon { channel_fen: 0, merchant_fen: part(&mut dice) },
            2 => Coupon { channel_fen: part(&mut dice), merchant_fen: part(&mut dice) },
            _ => Coupon { channel_fen: total_fen.saturating_sub(1), merchant_fen: 0 },
        };
        coupon.within(total_fen)
    }
}
