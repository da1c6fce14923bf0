use serde::{Deserialize, Serialize};

use super::timers::{DAY_US, HOUR_US, MINUTE_US, SECOND_US};

/// Whose rules are in force.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum House {
    #[default]
    Alipay,
    Wechatpay,
}

/// Alipay's waits between attempts of one notification: 4m, 10m, 10m, 1h, 2h, 6h, 15h.
const ALIPAY_LADDER_US: [i64; 7] =
    [4 * MINUTE_US, 10 * MINUTE_US, 10 * MINUTE_US, HOUR_US, 2 * HOUR_US, 6 * HOUR_US, 15 * HOUR_US];
/// WeChat's: 15s, 15s, 30s, 3m, 10m, 20m, 30m, 30m, 30m, 60m, 3h, 3h, 3h, 6h, 6h.
const WECHATPAY_LADDER_US: [i64; 15] = [
    15 * SECOND_US,
    15 * SECOND_US,
    30 * SECOND_US,
    3 * MINUTE_US,
    10 * MINUTE_US,
    20 * MINUTE_US,
    30 * MINUTE_US,
    30 * MINUTE_US,
    30 * MINUTE_US,
    HOUR_US,
    3 * HOUR_US,
    3 * HOUR_US,
    3 * HOUR_US,
    6 * HOUR_US,
    6 * HOUR_US,
];

impl House {
    /// Waits between attempts of one notification.
    pub fn notify_ladder_us(self) -> &'static [i64] {
        match self {
            Self::Alipay => &ALIPAY_LADDER_US,
            Self::Wechatpay => &WECHATPAY_LADDER_US,
        }
    }

    /// Whether an order is a trade as soon as it is asked for, and not only once its payer has opened it.
    pub(super) fn trades_when_asked(self) -> bool {
        match self {
            Self::Alipay => false,
            Self::Wechatpay => true,
        }
    }

    /// Whether bar-code payments, and what a cancel gives back, are notified.
    pub(super) fn notifies_counters(self) -> bool {
        match self {
            Self::Alipay => true,
            Self::Wechatpay => false,
        }
    }

    /// Whether what a share could not be paid with is the seller's again with the rest.
    pub(super) fn releases_unpaid(self) -> bool {
        match self {
            Self::Alipay => false,
            Self::Wechatpay => true,
        }
    }

    /// Whether what was paid face to face gives its shares back in the proportion of the refund, and takes no word on it.
    pub(super) fn reckons_face_to_face(self) -> bool {
        match self {
            Self::Alipay => true,
            Self::Wechatpay => false,
        }
    }

    /// Whether only an order that said so is divided, and released only once.
    pub(super) fn divides_kept_only(self) -> bool {
        match self {
            Self::Alipay => false,
            Self::Wechatpay => true,
        }
    }

    /// How long the money of an order is kept to be divided; then it is the seller's by itself.
    pub(super) fn keeps_for_us(self) -> Option<i64> {
        match self {
            Self::Alipay => None,
            Self::Wechatpay => Some(30 * DAY_US),
        }
    }

    /// The most returns of one split.
    pub(super) fn share_backs_max(self) -> usize {
        match self {
            Self::Alipay => usize::MAX,
            Self::Wechatpay => 50,
        }
    }

    /// When the bills of a day are ready, after the next midnight in Beijing.
    pub(super) fn bill_ready_us(self) -> i64 {
        match self {
            Self::Alipay => 9 * HOUR_US,
            Self::Wechatpay => 10 * HOUR_US,
        }
    }

    /// The most refunds of one order.
    pub(super) fn refunds_max(self) -> usize {
        match self {
            Self::Alipay => usize::MAX,
            Self::Wechatpay => 50,
        }
    }

    pub(super) fn number_is_valid(self, number: &str) -> bool {
        let (lengths, marks) = match self {
            Self::Alipay => (1..=64, &b"_"[..]),
            Self::Wechatpay => (6..=32, &b"_-|*"[..]),
        };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || marks.contains(&byte);
        lengths.contains(&number.len()) && number.bytes().all(plain)
    }

    pub(super) fn subject_is_valid(self, subject: &str) -> bool {
        match self {
            Self::Alipay => {
                (1..=256).contains(&subject.chars().count()) && !subject.contains(['/', '=', '&'])
            }
            Self::Wechatpay => (1..=127).contains(&subject.len()),
        }
    }

    pub(super) fn auth_code_is_valid(self, code: &str) -> bool {
        let (lengths, prefixes) = match self {
            Self::Alipay => (16..=24, 25..=30),
            Self::Wechatpay => (18..=18, 10..=15),
        };
        let prefix = code.get(..2).and_then(|digits| digits.parse::<u32>().ok());
        lengths.contains(&code.len())
            && code.bytes().all(|byte| byte.is_ascii_digit())
            && prefix.is_some_and(|prefix| prefixes.contains(&prefix))
    }

    /// The channel's number of a trade made on this Beijing day.
    pub(super) fn trade_no(self, day_digits: &str, serial: u64) -> String {
        match self {
            Self::Alipay => format!("{day_digits}2200{serial:016}"),
            Self::Wechatpay => format!("4200000985{day_digits}{serial:010}"),
        }
    }

    /// How the channel names a payer of whom nothing is known but this number.
    pub(super) fn buyer_id(self, number: u64) -> String {
        match self {
            Self::Alipay => format!("2088{number:012}"),
            Self::Wechatpay => format!("oSim{number:024}"),
        }
    }
}
