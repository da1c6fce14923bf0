//! Lines of bank accounts, the orders that await transfers, and their matches.

use crate::failure::Failure;
use crate::reader::{Listed, Page, Query, records};
use crate::record::{decided, record};
use crate::store::Store;
use crate::value::Value;
use tk_domain::id::{
    AttemptId, BankLineId, ChannelAccountId, EntryId, Id128, MatchId, MerchantId, PaymentId, RefundId,
    ReturnId, StatementId, TenantId,
};
use tk_domain::transfer::{
    BankLine, BankStatement, Flow, LineLink, LineNature, LineSource, LineStatus, MatchStatus, OrderStatus,
    ReturnState, ReturnStatus, TransferMatch, TransferOrder, TransferReturn,
};
use tk_money::Currency;

record! {
    BankLine in "bank_lines", keys 2, Contended, Locked, frozen [
        "channel_account_id",
        "flow",
        "amount_minor",
        "currency",
        "booked_day",
        "bank_ref",
        "created_at_us",
    ];
    tenant_id: TenantId,
    id: BankLineId,
    channel_account_id: ChannelAccountId,
    source: LineSource,
    status: LineStatus,
    flow: Flow,
    nature: LineNature,
    amount_minor: i64,
    currency: Currency,
    matched_minor: i64,
    return_minor: i64,
    return_status: ReturnStatus,
    linked_minor: i64,
    link: Option<LineLink>,
    link_id: Option<Id128>,
    booked_day: i64,
    booked_at_us: Option<i64>,
    bank_ref: String,
    codes: String,
    name_index: Option<String>,
    account_index: Option<String>,
    sealed: Vec<u8>,
    entry_id: Option<EntryId>,
    made_by: String,
    decided_by: Option<String>,
    event_seq: i64,
    created_at_us: i64,
    updated_at_us: i64,
    version: i64,
}
decided!(BankLine, bank_lines);

record! {
    TransferOrder in "transfer_orders", keys 2, Fresh, Locked, frozen [
        "payment_id",
        "merchant_id",
        "channel_account_id",
        "code",
        "amount_minor",
        "currency",
        "name_index",
        "account_index",
        "created_at_us",
    ];
    tenant_id: TenantId,
    id: AttemptId,
    payment_id: PaymentId,
    merchant_id: MerchantId,
    channel_account_id: ChannelAccountId,
    code: String,
    amount_minor: i64,
    currency: Currency,
    received_minor: i64,
    name_index: Option<String>,
    account_index: Option<String>,
    status: OrderStatus,
    created_at_us: i64,
    version: i64,
}
decided!(TransferOrder, transfer_orders);

record! {
    TransferMatch in "transfer_matches", keys 2, Fresh, Locked, frozen [
        "bank_line_id",
        "order_id",
        "payment_id",
        "amount_minor",
        "score",
        "reasons",
        "entry_id",
        "made_by",
        "created_at_us",
    ];
    tenant_id: TenantId,
    id: MatchId,
    bank_line_id: BankLineId,
    order_id: AttemptId,
    payment_id: PaymentId,
    amount_minor: i64,
    score: i64,
    reasons: String,
    entry_id: EntryId,
    returned_minor: i64,
    status: MatchStatus,
    made_by: String,
    undone_by: Option<String>,
    created_at_us: i64,
    version: i64,
}
decided!(TransferMatch, transfer_matches);

record! {
    TransferReturn in "transfer_returns", keys 2, Fresh, Locked, frozen [
        "bank_line_id",
        "refund_id",
        "match_id",
        "channel_account_id",
        "amount_minor",
        "currency",
        "reason",
        "made_by",
        "created_at_us",
    ];
    tenant_id: TenantId,
    id: ReturnId,
    bank_line_id: BankLineId,
    refund_id: Option<RefundId>,
    match_id: Option<MatchId>,
    channel_account_id: ChannelAccountId,
    amount_minor: i64,
    currency: Currency,
    reason: String,
    status: ReturnState,
    made_by: String,
    decided_by: Option<String>,
    sent_line_id: Option<BankLineId>,
    created_at_us: i64,
    updated_at_us: i64,
    version: i64,
}
decided!(TransferReturn, transfer_returns);

record! {
    BankStatement in "bank_statements", keys 2, Contended, Unlocked, frozen [
        "channel_account_id",
        "first_day",
        "last_day",
        "opening_minor",
        "closing_minor",
        "lines_count",
        "equal_lines",
        "made_by",
        "created_at_us",
    ];
    tenant_id: TenantId,
    id: StatementId,
    channel_account_id: ChannelAccountId,
    first_day: i64,
    last_day: i64,
    opening_minor: Option<i64>,
    closing_minor: Option<i64>,
    lines_count: i64,
    equal_lines: String,
    made_by: String,
    created_at_us: i64,
    version: i64,
}
decided!(BankStatement, bank_statements);

/// Which bank lines a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BankLineFilter {
    /// Of this bank account.
    pub channel_account_id: Option<ChannelAccountId>,
    /// In this status.
    pub status: Option<LineStatus>,
    /// Money in or out.
    pub flow: Option<Flow>,
    /// Only those with money in suspense.
    pub unmatched: bool,
    /// Only slips that no statement has proven.
    pub unproven: bool,
    /// Only money that left and that nothing explains.
    pub unexplained: bool,
}

/// The most lines, and the most orders, that one matching looks at.
pub const OPEN_MAX: i64 = 200_000;
/// The most matches read of one line or payment.
const MATCHES_MAX: i64 = 1_000;

/// The most lines, statements or returns that one look at the desk reads.
const LOOK_MAX: i64 = 10_000;

const UNMATCHED: &str = "status = 'booked' AND flow = 'credit' AND matched_minor + return_minor + linked_minor < amount_minor AND channel_account_id =";
const UNEXPLAINED: &str =
    "status = 'booked' AND flow = 'debit' AND linked_minor = 0 AND channel_account_id =";
const UNPROVEN: &str = "source = 'manual' AND link IS NULL AND status IN ('booked', 'pending_approval') AND channel_account_id =";

impl Store {
    /// Bank lines, the latest days first.
    pub async fn bank_lines(
        &self,
        tenant_id: TenantId,
        filter: BankLineFilter,
        page: Page,
    ) -> Result<Listed<BankLine>, Failure> {
        let whole = filter.channel_account_id.filter(|_| filter.unmatched);
        let query = Query::of(tenant_id)
            .only("channel_account_id =", filter.channel_account_id)
            .only("status =", filter.status)
            .only("flow =", filter.flow)
            .only(UNMATCHED, whole)
            .only(UNPROVEN, filter.channel_account_id.filter(|_| filter.unproven))
            .only(UNEXPLAINED, filter.channel_account_id.filter(|_| filter.unexplained));
        self.list(query, page).await
    }

    /// The lines of a bank account with money in suspense, the earliest days first.
    pub async fn open_bank_lines(
        &self,
        tenant_id: TenantId,
        account: ChannelAccountId,
    ) -> Result<Vec<BankLine>, Failure> {
        let query = Query::<BankLine>::of(tenant_id).only(UNMATCHED, Some(account));
        records(self.read_one(tenant_id, query.all("id", OPEN_MAX)).await?)
    }

    /// The orders that await transfers to a bank account, the oldest first.
    pub async fn open_transfer_orders(
        &self,
        tenant_id: TenantId,
        account: ChannelAccountId,
    ) -> Result<Vec<TransferOrder>, Failure> {
        let query = Query::<TransferOrder>::of(tenant_id)
            .only("status = 'open' AND channel_account_id =", Some(account));
        records(self.read_one(tenant_id, query.all("id", OPEN_MAX)).await?)
    }

    /// The matches of a bank line, the oldest first.
    pub async fn matches_of_line(
        &self,
        tenant_id: TenantId,
        line: BankLineId,
    ) -> Result<Vec<TransferMatch>, Failure> {
        let query = Query::<TransferMatch>::of(tenant_id).only("bank_line_id =", Some(line));
        records(self.read_one(tenant_id, query.all("id", MATCHES_MAX)).await?)
    }

    /// Money that left a bank account and that nothing explains yet, the earliest days first.
    pub async fn unexplained_lines(
        &self,
        tenant_id: TenantId,
        account: ChannelAccountId,
    ) -> Result<Vec<BankLine>, Failure> {
        let query = Query::<BankLine>::of(tenant_id).only(UNEXPLAINED, Some(account));
        records(self.read_one(tenant_id, query.all("id", LOOK_MAX)).await?)
    }

    /// Slips that no statement has proven yet, the earliest days first.
    pub async fn unproven_slips(
        &self,
        tenant_id: TenantId,
        account: ChannelAccountId,
    ) -> Result<Vec<BankLine>, Failure> {
        let query = Query::<BankLine>::of(tenant_id).only(UNPROVEN, Some(account));
        records(self.read_one(tenant_id, query.all("id", LOOK_MAX)).await?)
    }

    /// The credits of a bank account of this amount, booked on these days, the earliest first.
    pub async fn credits_of_amount(
        &self,
        (tenant_id, account): (TenantId, ChannelAccountId),
        amount_minor: i64,
        (from_day, until_day): (i64, i64),
    ) -> Result<Vec<BankLine>, Failure> {
        let query = Query::<BankLine>::of(tenant_id)
            .only("flow = 'credit' AND channel_account_id =", Some(account))
            .only("amount_minor =", Some(amount_minor))
            .only("booked_day >=", Some(from_day))
            .only("booked_day <=", Some(until_day));
        records(self.read_one(tenant_id, query.all("id", LOOK_MAX)).await?)
    }

    /// Returns of a bank account in one state, the oldest first.
    pub async fn transfer_returns(
        &self,
        tenant_id: TenantId,
        account: ChannelAccountId,
        status: ReturnState,
    ) -> Result<Vec<TransferReturn>, Failure> {
        let query = Query::<TransferReturn>::of(tenant_id)
            .only("channel_account_id =", Some(account))
            .only("status =", Some(status));
        records(self.read_one(tenant_id, query.all("id", LOOK_MAX)).await?)
    }

    /// The returns of a bank line, the oldest first.
    pub async fn returns_of_line(
        &self,
        tenant_id: TenantId,
        line: BankLineId,
    ) -> Result<Vec<TransferReturn>, Failure> {
        let query = Query::<TransferReturn>::of(tenant_id).only("bank_line_id =", Some(line));
        records(self.read_one(tenant_id, query.all("id", MATCHES_MAX)).await?)
    }

    /// The statements of a bank account that reach into these days, the earliest first.
    pub async fn bank_statements(
        &self,
        tenant_id: TenantId,
        account: ChannelAccountId,
        (from_day, until_day): (i64, i64),
    ) -> Result<Vec<BankStatement>, Failure> {
        let query = Query::<BankStatement>::of(tenant_id)
            .only("channel_account_id =", Some(account))
            .only("last_day >=", Some(from_day))
            .only("first_day <=", Some(until_day));
        records(self.read_one(tenant_id, query.all("last_day, created_at_us, id", LOOK_MAX)).await?)
    }

    /// The statements of a bank account that were taken since this time, Unix microseconds, the latest days first.
    pub async fn bank_statements_since(
        &self,
        tenant_id: TenantId,
        account: ChannelAccountId,
        since_us: i64,
    ) -> Result<Vec<BankStatement>, Failure> {
        let query = Query::<BankStatement>::of(tenant_id)
            .only("channel_account_id =", Some(account))
            .only("created_at_us >=", Some(since_us));
        records(self.read_one(tenant_id, query.all("last_day DESC, id", LOOK_MAX)).await?)
    }

    /// What statements told of a bank account on these days and is booked: how many lines, and what came less what went,
    /// minor units.
    pub async fn booked_on(
        &self,
        tenant_id: TenantId,
        account: ChannelAccountId,
        (first_day, last_day): (i64, i64),
    ) -> Result<(i64, i64), Failure> {
        let of = |flow: &str| {
            Query::<BankLine>::of(tenant_id)
                .only("source = 'statement' AND status = 'booked' AND channel_account_id =", Some(account))
                .only("booked_day >=", Some(first_day))
                .only("booked_day <=", Some(last_day))
                .only("flow =", Some(flow.to_owned()))
                .totals("amount_minor")
        };
        let mut totals = Vec::new();
        for rows in self.read(vec![tenant_id], vec![of("credit"), of("debit")]).await? {
            let cells = rows.first().map(Vec::as_slice);
            let Some([Value::Int(count), Value::Int(sum)]) = cells else { return Ok((0, 0)) };
            totals.push((*count, *sum));
        }
        let [(came, in_minor), (went, out_minor)] = totals.as_slice() else { return Ok((0, 0)) };
        Ok((came.saturating_add(*went), in_minor.saturating_sub(*out_minor)))
    }

    /// The matches by which an order got its money, the oldest first.
    pub async fn matches_of_order(
        &self,
        tenant_id: TenantId,
        order: AttemptId,
    ) -> Result<Vec<TransferMatch>, Failure> {
        let query = Query::<TransferMatch>::of(tenant_id).only("order_id =", Some(order));
        records(self.read_one(tenant_id, query.all("id", MATCHES_MAX)).await?)
    }
}
