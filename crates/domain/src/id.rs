//! Identifiers: 16 bytes inside, `prefix_` and 26 characters of lower-case base32 outside.

use crate::moment::Moment;
use sha2::{Digest, Sha256};
use std::fmt;

/// The 16 bytes of an identifier (UUIDv7 layout, RFC 9562 section 5.7, or derived by hash for accounts).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Id128(pub [u8; 16]);

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const LENGTH: usize = 26;

impl Id128 {
    /// A UUIDv7 from Unix microseconds and 62 of the given random bits; the fraction of the millisecond stands in
    /// `rand_a` (RFC 9562 section 6.2, method 3), so that ids of one clock sort by their microsecond.
    #[must_use]
    pub fn v7(unix_us: i64, random: u128) -> Self {
        let unix_us = unix_us.max(0);
        let fraction =
            u128::from(unix_us.rem_euclid(1_000).unsigned_abs()).saturating_mul(4_096).div_euclid(1_000);
        Self::of_ms(unix_us.div_euclid(1_000), (fraction << 64) | (random & 0xFFFF_FFFF_FFFF_FFFF))
    }

    /// The UUIDv7 layout of Unix milliseconds and 74 of the given bits (RFC 9562 section 5.7).
    #[must_use]
    pub fn of_ms(unix_ms: i64, bits: u128) -> Self {
        let time = u128::from(unix_ms.unsigned_abs()) & 0xFFFF_FFFF_FFFF;
        let high = (bits >> 64) & 0xFFF;
        let low = bits & 0x3FFF_FFFF_FFFF_FFFF;
        let value = (time << 80) | (0x7_u128 << 76) | (high << 64) | (0b10_u128 << 62) | low;
        Self(value.to_be_bytes())
    }

    /// The first 16 bytes of a finished SHA-256, for rows that are found by their name.
    #[must_use]
    pub fn of_hash(hash: Sha256) -> Self {
        let mut bytes = [0_u8; 16];
        for (byte, from) in bytes.iter_mut().zip(hash.finalize().iter()) {
            *byte = *from;
        }
        Self(bytes)
    }

    /// The 26 characters of base32 (TypeID alphabet), most significant first.
    #[must_use]
    pub fn base32(self) -> String {
        let value = u128::from_be_bytes(self.0);
        let mut text = String::with_capacity(LENGTH);
        for index in 0..LENGTH {
            let shift = LENGTH.saturating_sub(1).saturating_sub(index).saturating_mul(5);
            let digit = usize::try_from((value >> shift) & 31).unwrap_or_default();
            text.push(char::from(ALPHABET.get(digit).copied().unwrap_or(b'0')));
        }
        text
    }

    /// Reads 26 lower-case characters of base32; anything else is nothing.
    #[must_use]
    pub fn from_base32(text: &str) -> Option<Self> {
        if text.len() != LENGTH || text.as_bytes().first().is_none_or(|first| *first > b'7') {
            return None;
        }
        let mut value = 0_u128;
        for byte in text.bytes() {
            let digit = ALPHABET.iter().position(|letter| *letter == byte)?;
            value = (value << 5) | u128::try_from(digit).ok()?;
        }
        Some(Self(value.to_be_bytes()))
    }
}

impl fmt::Debug for Id128 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base32())
    }
}

/// An identifier of one kind of object.
pub trait TypedId: Copy + Ord + fmt::Debug + fmt::Display + Send + Sync + 'static {
    /// The word before the underscore in the outside form.
    const PREFIX: &'static str;
    /// Names these bytes as an identifier of this kind.
    fn from_id128(id: Id128) -> Self;
    /// The bytes without the kind.
    fn id128(self) -> Id128;
    /// A new identifier at this moment.
    fn new(moment: &mut Moment<'_>) -> Self {
        Self::from_id128(moment.id128())
    }
    /// Reads the outside form; anything else is nothing.
    fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(Self::PREFIX)?.strip_prefix('_')?;
        Id128::from_base32(rest).map(Self::from_id128)
    }
}

macro_rules! typed_ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(pub Id128);
        impl TypedId for $name {
            const PREFIX: &'static str = $prefix;
            fn from_id128(id: Id128) -> Self { Self(id) }
            fn id128(self) -> Id128 { self.0 }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}_{}", $prefix, self.0.base32())
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { fmt::Display::fmt(self, f) }
        }
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
                Self::parse(&text).ok_or_else(|| serde::de::Error::custom(concat!("not a ", $prefix, "_ id")))
            }
        }
    )*};
}

typed_ids! {
    /// A company, the boundary of isolation.
    TenantId = "ten";
    /// A subsidiary that money is collected for.
    MerchantId = "mch";
    /// What is sold, with its payment policy.
    ProductId = "prd";
    /// Who brings the payer.
    PartnerId = "ptn";
    /// A payer, by the blind index of a document number.
    PayerId = "pyr";
    /// A card opened for payment by token.
    AgreementId = "agr";
    /// One try to prove who pays.
    IdentityCheckId = "idc";
    /// A photo of a document.
    IdentityPhotoId = "idp";
    /// A tenant's rules for identity checks.
    IdentityPolicyId = "idr";
    /// A period of a policy of a regular premium.
    InstalmentId = "ins";
    /// Money paid in advance for one stay or case.
    PrepaymentId = "ppy";
    /// Money drawn from it.
    DrawId = "drw";
    /// What a tenant is by its licences.
    OperatingProfileId = "opr";
    /// A program that calls the API.
    AppId = "app";
    /// A secret of an app.
    ApiKeyId = "key";
    /// A contract with a channel and its credentials.
    ChannelAccountId = "cha";
    /// One intention to collect one amount.
    PaymentId = "pay";
    /// One try of a payment on one channel account.
    AttemptId = "att";
    /// Money going back to a payer.
    RefundId = "ref";
    /// Money reserved.
    HoldId = "hld";
    /// An account of the books.
    AccountId = "acc";
    /// A double entry.
    EntryId = "ent";
    /// Something that happened, told to order systems.
    EventId = "evt";
    /// Where events are sent.
    WebhookEndpointId = "whe";
    /// One event on its way to one endpoint.
    DeliveryId = "dlv";
    /// A row of the audit log.
    AuditId = "aud";
    /// One API request.
    RequestId = "req";
    /// Callers turned away, counted.
    SecurityRecordId = "sec";
    /// A matter that needs a person or further evidence.
    ExceptionId = "exc";
    /// One line of a bank account: money that came or went.
    BankLineId = "btr";
    /// Money of a bank line given to an order.
    MatchId = "mat";
    /// A cheque.
    ChequeId = "chq";
    /// The time in which one cashier has one drawer.
    ShiftId = "shf";
    /// A cashier, as an owner of accounts.
    CashierId = "csr";
    /// One day of one counter.
    CounterDayId = "cdy";
    /// Money that came over a counter or went back.
    MovementId = "cmv";
    /// Cash brought to a bank.
    CashDepositId = "csd";
    /// Money on its way back to the sender of a bank line.
    ReturnId = "rtn";
    /// A bank's statement of one account.
    StatementId = "bst";
    /// One division of one payment's money.
    SplitId = "spl";
    /// One receiver's share.
    SplitLineId = "sln";
    /// One share on its way back for a refund.
    SplitReturnId = "srt";
    /// A party that a channel pays shares to.
    SplitReceiverId = "spr";
}
