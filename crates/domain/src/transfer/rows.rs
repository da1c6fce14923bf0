//! The rows of the transfer desk.

use crate::id::{
    AttemptId, BankLineId, ChannelAccountId, EntryId, Id128, MatchId, MerchantId, PaymentId, TenantId,
};
use crate::moment::DAY_US;
use crate::transfer::matching::{OpenLine, OpenOrder};
use crate::transfer::{BlindIndex, RemittanceCode};
use crate::words::words;
use sha2::{Digest, Sha256};
use tk_money::Currency;

words! {
    /// How a bank line reached us.
    LineSource {
        /// In a statement of the bank.
        Statement = "statement",
        /// Entered by hand from a slip 补录.
        Manual = "manual",
    }
}

words! {
    /// Where a bank line stands.
    LineStatus {
        /// Entered by hand; a second person has yet to look at the slip.
        PendingApproval = "pending_approval",
        /// In the books.
        Booked = "booked",
        /// Entered by hand and refused by the second person.
        Rejected = "rejected",
        /// Entered by hand; the bank's own line came before a second person looked, and stands for it.
        Superseded = "superseded",
    }
}

words! {
    /// Whether money came or went.
    Flow {
        /// Money came in 贷.
        Credit = "credit",
        /// Money went out 借.
        Debit = "debit",
    }
}

words! {
    /// Whether a line stands for itself.
    LineNature {
        /// It does.
        Plain = "plain",
        /// The bank takes an earlier line back 冲正.
        Reversal = "reversal",
        /// A payment that came back 退汇.
        Returned = "returned",
    }
}

words! {
    /// Where giving money back to its sender stands.
    ReturnStatus {
        /// Nobody asked for it.
        None = "none",
        /// Asked for; a second person decides.
        PendingApproval = "pending_approval",
        /// Decided: the money is set aside for its sender.
        Approved = "approved",
        /// A statement shows that it left.
        Sent = "sent",
    }
}

words! {
    /// What a line has to do with another.
    LineLink {
        /// A line of the bank for money that a slip brought into the books before; the slip's matches stand.
        Slip = "slip",
        /// A slip that a line of the bank proves.
        Proof = "proof",
        /// A line by which the bank took another back.
        Reversal = "reversal",
        /// A line by which money went back to its sender.
        Return = "return",
    }
}

/// One line of a bank account: money that came or went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankLine {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Derived from what the bank says, so that the same line is the same row.
    pub id: BankLineId,
    /// The bank account.
    pub channel_account_id: ChannelAccountId,
    /// How it reached us.
    pub source: LineSource,
    /// Where it stands.
    pub status: LineStatus,
    /// Whether money came or went.
    pub flow: Flow,
    /// Whether it stands for itself.
    pub nature: LineNature,
    /// How much, minor units.
    pub amount_minor: i64,
    /// The account's currency.
    pub currency: Currency,
    /// What of it was given to orders, minor units.
    pub matched_minor: i64,
    /// What of it went, goes or is asked to go back to its sender, minor units.
    pub return_minor: i64,
    /// Where the last of that stands.
    pub return_status: ReturnStatus,
    /// What of it is explained by a link, and so no longer in suspense, minor units: all or nothing.
    pub linked_minor: i64,
    /// What it has to do with the line or return of `link_id`.
    pub link: Option<LineLink>,
    /// The line or return it is linked with.
    pub link_id: Option<Id128>,
    /// The bank's day, days since 1970-01-01.
    pub booked_day: i64,
    /// The bank's time, Unix microseconds, where it gives one.
    pub booked_at_us: Option<i64>,
    /// The bank's own number.
    pub bank_ref: String,
    /// The sound remittance codes of its remark, a JSON array.
    pub codes: String,
    /// The blind index of the other side's name, hexadecimal.
    pub name_index: Option<String>,
    /// The blind index of the other side's account, hexadecimal.
    pub account_index: Option<String>,
    /// The other side and the remark, sealed.
    pub sealed: Vec<u8>,
    /// The entry that booked it.
    pub entry_id: Option<EntryId>,
    /// Who brought it: the actor's name.
    pub made_by: String,
    /// Who decided about it last.
    pub decided_by: Option<String>,
    /// Sequence of the last event about it.
    pub event_seq: i64,
    /// Unix microseconds.
    pub created_at_us: i64,
    /// Unix microseconds.
    pub updated_at_us: i64,
    /// Counts the commits that changed the row.
    pub version: i64,
}

impl BankLine {
    /// The identifier of the line that a bank tells of: its day, and a hash over account and content, so that lists
    /// sort by day and the same line has the same identifier in every file.
    #[must_use]
    pub fn id_of(tenant: TenantId, account: ChannelAccountId, booked_day: i64, content: &[u8]) -> BankLineId {
        let mut hash = Sha256::new();
        hash.update(tenant.0.0);
        hash.update(account.0.0);
        hash.update(booked_day.to_be_bytes());
        hash.update(content);
        let random = hash.finalize().iter().take(16).fold(0_u128, |sum, byte| (sum << 8) | u128::from(*byte));
        let day_ms = booked_day.saturating_mul(DAY_US).div_euclid(1_000);
        BankLineId(Id128::of_ms(day_ms, random))
    }

    /// What may still be given to orders or back to the sender, minor units.
    #[must_use]
    pub fn left_minor(&self) -> i64 {
        let open = self.status == LineStatus::Booked && self.flow == Flow::Credit;
        let used = self.matched_minor.saturating_add(self.return_minor).saturating_add(self.linked_minor);
        if open { self.amount_minor.saturating_sub(used).max(0) } else { 0 }
    }

    /// Whether the bank credited it and took it back.
    #[must_use]
    pub fn taken_back(&self) -> bool {
        // What a slip is proven by is linked as well, and says so itself.
        self.flow == Flow::Credit && self.link.is_none() && self.linked_minor == self.amount_minor
    }

    /// Whether a slip brought it into the books and no line of the bank proves it yet.
    #[must_use]
    pub fn unproven(&self) -> bool {
        self.source == LineSource::Manual && self.status == LineStatus::Booked && self.link.is_none()
    }

    /// Whether money left and nothing explains it yet.
    #[must_use]
    pub fn unexplained(&self) -> bool {
        self.flow == Flow::Debit && self.status == LineStatus::Booked && self.linked_minor == 0
    }

    /// What the matching looks at. Money that the bank brings back is no payer's payment, though its remark may still
    /// quote a code: such a line shows no sign that could make a match sure.
    #[must_use]
    pub fn open(&self) -> OpenLine {
        let codes: Vec<String> = serde_json::from_str(&self.codes).unwrap_or_default();
        let index = |text: &Option<String>| text.as_deref().and_then(read_index);
        let plain = self.nature == LineNature::Plain;
        OpenLine {
            id: self.id,
            left_minor: self.left_minor(),
            codes: codes.iter().filter(|_| plain).filter_map(|code| RemittanceCode::parse(code)).collect(),
            name: index(&self.name_index).filter(|_| plain),
            account: index(&self.account_index).filter(|_| plain),
            contested: false,
        }
    }
}

words! {
    /// Where an order that awaits a transfer stands.
    OrderStatus {
        /// Money is awaited.
        Open = "open",
        /// The whole amount arrived.
        Paid = "paid",
        /// Ended without the whole amount.
        Ended = "ended",
    }
}

/// What an attempt by bank transfer waits for; it shares the attempt's identifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferOrder {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The attempt.
    pub id: AttemptId,
    /// The payment.
    pub payment_id: PaymentId,
    /// The payee.
    pub merchant_id: MerchantId,
    /// The bank account.
    pub channel_account_id: ChannelAccountId,
    /// The remittance code.
    pub code: String,
    /// What is awaited, minor units.
    pub amount_minor: i64,
    /// The currency awaited.
    pub currency: Currency,
    /// What was given to it so far, minor units.
    pub received_minor: i64,
    /// The blind index of the expected payer's name, hexadecimal.
    pub name_index: Option<String>,
    /// The blind index of the expected payer's account, hexadecimal.
    pub account_index: Option<String>,
    /// Where it stands.
    pub status: OrderStatus,
    /// Unix microseconds.
    pub created_at_us: i64,
    /// Counts the commits that changed the row.
    pub version: i64,
}

impl TransferOrder {
    /// What is still awaited, minor units.
    #[must_use]
    pub fn left_minor(&self) -> i64 {
        let open = self.status == OrderStatus::Open;
        if open { self.amount_minor.saturating_sub(self.received_minor).max(0) } else { 0 }
    }

    /// What the matching looks at.
    #[must_use]
    pub fn open(&self) -> Option<OpenOrder> {
        Some(OpenOrder {
            id: self.id,
            left_minor: self.left_minor(),
            code: RemittanceCode::parse(&self.code)?,
            name: self.name_index.as_deref().and_then(read_index),
            account: self.account_index.as_deref().and_then(read_index),
        })
    }
}

words! {
    /// Whether a match holds.
    MatchStatus {
        /// It does.
        Active = "active",
        /// It was undone before the order was paid in full.
        Undone = "undone",
        /// The bank took its money back after the order had been paid in full: the order stays paid, and who bears it
        /// is in the books.
        Reversed = "reversed",
    }
}

/// Money of a bank line given to an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferMatch {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Its own identifier.
    pub id: MatchId,
    /// The line.
    pub bank_line_id: BankLineId,
    /// The order.
    pub order_id: AttemptId,
    /// The order's payment.
    pub payment_id: PaymentId,
    /// How much, minor units.
    pub amount_minor: i64,
    /// 0 to 100.
    pub score: i64,
    /// Why, a JSON array of reasons.
    pub reasons: String,
    /// The entry that moved the money.
    pub entry_id: EntryId,
    /// What of it went, goes or is asked to go back to its sender for refunds, minor units.
    pub returned_minor: i64,
    /// Whether it holds.
    pub status: MatchStatus,
    /// Who made it: the actor's name.
    pub made_by: String,
    /// Who undid it.
    pub undone_by: Option<String>,
    /// Unix microseconds.
    pub created_at_us: i64,
    /// Counts the commits that changed the row.
    pub version: i64,
}

/// A blind index as 32 hexadecimal digits.
#[must_use]
pub fn index_text(index: &BlindIndex) -> String {
    format!("{:032x}", u128::from_be_bytes(*index))
}

fn read_index(text: &str) -> Option<BlindIndex> {
    let mut index = BlindIndex::default();
    for (at, byte) in index.iter_mut().enumerate() {
        let from = at.saturating_mul(2);
        *byte = u8::from_str_radix(text.get(from..from.saturating_add(2))?, 16).ok()?;
    }
    Some(index)
}
