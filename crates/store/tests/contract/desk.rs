//! The transfer desk: every table of it is written, read and verified on both engines.

use crate::bed::{Bed, START_US};
use crate::cases::assert_sound;
use crate::furnish::{Furnish, contract};
use tillkeeper_store::{BankLineFilter, Page, Store};
use tk_domain::audit::Origin;
use tk_domain::channel_account::{Channel, ChannelAccount};
use tk_domain::id::{BankLineId, ChannelAccountId, Id128, StatementId, TenantId};
use tk_domain::moment::shanghai_day;
use tk_domain::transfer::{
    AskReturn, BankLine, DecideBankLine, DecideReturn, FlagSlip, Flow, LineNature, LineSource, LinkReversal,
    ProveReturn, ProveSlip, ReturnState, TakeBankLines, TellLine, TellStatement, Verdict,
};
use tk_money::Currency;

const BANK: ChannelAccountId = ChannelAccountId(Id128([8; 16]));

/// A bank account.
pub fn bank(tenant_id: TenantId) -> Furnish {
    let account = ChannelAccount {
        methods: r#"["bank_transfer"]"#.to_owned(),
        refund_window_days: 0,
        split_rate_max_ppm: 0,
        ..contract(tenant_id, BANK, Channel::BankDirect)
    };
    Furnish { account, product: None }
}

pub struct Desk<'a> {
    pub store: &'a Store,
    pub tenant_id: TenantId,
    pub day: i64,
}

impl Desk<'_> {
    fn line(&self, content: &str, flow: Flow, amount_minor: i64) -> TellLine {
        TellLine {
            id: BankLine::id_of(self.tenant_id, BANK, self.day, content.as_bytes()),
            flow,
            nature: if content.starts_with('R') { LineNature::Reversal } else { LineNature::Plain },
            amount_minor,
            booked_day: self.day,
            booked_at_us: None,
            bank_ref: content.to_owned(),
            codes: "[]".to_owned(),
            name_index: None,
            account_index: None,
            sealed: vec![1],
        }
    }

    fn take(&self, source: LineSource, lines: Vec<TellLine>) -> TakeBankLines {
        TakeBankLines {
            tenant_id: self.tenant_id,
            channel_account_id: BANK,
            currency: Currency::Cny,
            source,
            lines,
            statement: None,
            by: "经办".to_owned(),
            origin: Origin::system(),
        }
    }

    pub async fn told(&self, content: &str, flow: Flow, amount_minor: i64) -> BankLineId {
        let command = self.take(LineSource::Statement, vec![self.line(content, flow, amount_minor)]);
        self.store.submit(command).await.unwrap().new[0].id
    }

    async fn get(&self, id: BankLineId) -> BankLine {
        self.store.get::<BankLine>(&(self.tenant_id, id)).await.unwrap().unwrap()
    }

    async fn slip(&self, content: &str, amount_minor: i64) -> BankLineId {
        let command = self.take(LineSource::Manual, vec![self.line(content, Flow::Credit, amount_minor)]);
        let id = self.store.submit(command).await.unwrap().new[0].id;
        let seen = self.get(id).await.content_hash();
        let (tenant_id, verdict) = (self.tenant_id, Verdict::Approve);
        let (by, origin) = ("复核".to_owned(), Origin::system());
        let decide = DecideBankLine { tenant_id, bank_line_id: id, verdict, seen, by, origin };
        self.store.submit(decide).await.unwrap();
        id
    }
}

pub async fn the_desk_is_kept_and_verified(bed: Bed) {
    let (store, tenant_id) = (&bed.store, bed.tenant_id);
    store.submit(bank(tenant_id)).await.unwrap();
    let desk = Desk { store, tenant_id, day: shanghai_day(START_US) - 8 };
    let (by, origin) = ("经办".to_owned(), Origin::system());

    let credit = desk.told("C1", Flow::Credit, 100).await;
    let asked = AskReturn {
        tenant_id,
        bank_line_id: credit,
        amount_minor: Some(30),
        refund: None,
        reason: "not ours".to_owned(),
        by: by.clone(),
        origin: origin.clone(),
    };
    let asked = store.submit(asked).await.unwrap().transfer_return;
    let decide = DecideReturn {
        tenant_id,
        return_id: asked.id,
        bank_line_id: credit,
        refund: None,
        verdict: Verdict::Approve,
        seen: asked.content_hash(),
        by: "复核".to_owned(),
        origin: origin.clone(),
    };
    store.submit(decide).await.unwrap();
    assert_sound(&bed).await;
    assert_eq!(store.transfer_returns(tenant_id, BANK, ReturnState::Approved).await.unwrap().len(), 1);
    let sent_line_id = desk.told("D1", Flow::Debit, 30).await;
    assert_eq!(store.unexplained_lines(tenant_id, BANK).await.unwrap().len(), 1);
    let sent = ProveReturn {
        tenant_id,
        return_id: asked.id,
        bank_line_id: credit,
        sent_line_id,
        refund: None,
        by: by.clone(),
        origin: origin.clone(),
    };
    store.submit(sent).await.unwrap();
    assert_eq!(store.unexplained_lines(tenant_id, BANK).await.unwrap(), []);
    assert_eq!(store.returns_of_line(tenant_id, credit).await.unwrap()[0].sent_line_id, Some(sent_line_id));

    let (wrong, reversal_id) =
        (desk.told("C2", Flow::Credit, 55).await, desk.told("R2", Flow::Debit, 55).await);
    let days = (desk.day, desk.day);
    assert_eq!(store.credits_of_amount((tenant_id, BANK), 55, days).await.unwrap()[0].id, wrong);
    let (matches, returns) = (Vec::new(), Vec::new());
    let link = LinkReversal {
        cheque: None,
        tenant_id,
        reversal_id,
        credit_id: wrong,
        matches,
        returns,
        by: by.clone(),
        origin: origin.clone(),
    };
    store.submit(link).await.unwrap();
    assert_eq!((desk.get(wrong).await.left_minor(), desk.get(credit).await.left_minor()), (0, 70));
    assert_sound(&bed).await;
}

pub async fn slips_and_statements_are_kept_and_verified(bed: Bed) {
    let (store, tenant_id) = (&bed.store, bed.tenant_id);
    store.submit(bank(tenant_id)).await.unwrap();
    let desk = Desk { store, tenant_id, day: shanghai_day(START_US) - 8 };
    let slip_id = desk.slip("S1", 40).await;
    assert!(store.submit(FlagSlip { tenant_id, slip_id }).await.unwrap());
    assert_sound(&bed).await;
    let filter =
        BankLineFilter { channel_account_id: Some(BANK), unproven: true, ..BankLineFilter::default() };
    assert_eq!(store.bank_lines(tenant_id, filter.clone(), Page::first(5)).await.unwrap().rows.len(), 1);
    let bank_line_id = desk.told("C1", Flow::Credit, 40).await;
    let (by, origin) = ("经办".to_owned(), Origin::system());
    store.submit(ProveSlip { tenant_id, slip_id, bank_line_id, by, origin }).await.unwrap();
    assert_eq!(store.unproven_slips(tenant_id, BANK).await.unwrap(), []);
    let same = desk.slip("S2", 7).await;
    let statement = TellStatement {
        id: StatementId(Id128([9; 16])),
        first_day: desk.day,
        last_day: desk.day,
        opening_minor: Some(40),
        closing_minor: Some(47),
        lines_count: 1,
        equal_lines: "{}".to_owned(),
        unclear: false,
        gap_after_minor: Some(41),
        fills: None,
        ends: true,
    };
    let lines = vec![desk.line("S2", Flow::Credit, 7)];
    let told = TakeBankLines { statement: Some(statement), ..desk.take(LineSource::Statement, lines) };
    for _ in 0..2 {
        assert_eq!(store.submit(told.clone()).await.unwrap().known, 1);
    }
    assert_eq!(desk.get(same).await.source, LineSource::Statement);
    let kept = store.bank_statements(tenant_id, BANK, (desk.day, desk.day)).await.unwrap();
    assert_eq!((kept.len(), kept[0].closing_minor), (1, Some(47)));
    let exceptions = store.exceptions(tenant_id, (None, None, None), Page::first(5)).await.unwrap();
    assert_eq!(exceptions.rows.len(), 2, "the slip, settled, and the gap");
    assert_sound(&bed).await;
}
