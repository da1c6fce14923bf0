//! Cheques: what becomes of one whose money the bank takes back is written, read and verified on both engines.

use crate::bed::{Bed, START_US};
use crate::cases::{assert_sound, balance};
use crate::commands::pending;
use crate::desk::{Desk, bank};
use crate::furnish::{Furnish, contract, order, product};
use tk_domain::audit::Origin;
use tk_domain::channel_account::{Channel, ChannelAccount};
use tk_domain::cheque::{
    AdvanceCheque, AskClearing, Cheque, ChequeReceived, ChequeStatus, ChequeStep, ClearCheque,
    DecideClearing, ReceiveCheque,
};
use tk_domain::id::{BankLineId, ChannelAccountId, Id128, ProductId};
use tk_domain::ledger::{AccountKind, AccountRef};
use tk_domain::moment::shanghai_day;
use tk_domain::payment::Payment;
use tk_domain::transfer::{Flow, LinkReversal, Verdict};
use tk_money::Currency;

const COUNTER: ChannelAccountId = ChannelAccountId(Id128([41; 16]));
const PRODUCT: ProductId = ProductId(Id128([42; 16]));

/// A cheque that the bank has.
async fn presented(bed: &Bed, cheque_no: &str) -> Cheque {
    let (tenant_id, origin) = (bed.tenant_id, Origin::system());
    let day = shanghai_day(START_US);
    let payment_id = bed.store.submit(order(bed, PRODUCT, (cheque_no, 500))).await.unwrap().payment.id;
    let receive = ReceiveCheque {
        tenant_id,
        channel_account_id: COUNTER,
        payment_id,
        bank: "102".to_owned(),
        cheque_no: cheque_no.to_owned(),
        amount_minor: 500,
        issued_day: day,
        lease_us: 0,
        by: "出纳".to_owned(),
        origin: origin.clone(),
    };
    let ChequeReceived::New { cheque } = bed.store.submit(receive).await.unwrap() else { panic!("not new") };
    let (rows, step) = ((cheque.payment_id, cheque.id), ChequeStep::Present { day });
    bed.store.submit(AdvanceCheque { tenant_id, rows, step, by: "出纳".to_owned(), origin }).await.unwrap()
}

async fn cleared_by_two(bed: &Bed, cheque: &Cheque) {
    let (tenant_id, rows, origin) = (bed.tenant_id, (cheque.payment_id, cheque.id), Origin::system());
    let (by, asking) = ("出纳".to_owned(), origin.clone());
    let asked = bed.store.submit(AskClearing { tenant_id, rows, by, origin: asking }).await.unwrap();
    let (seen, by, verdict) = (asked.content_hash(), "会计".to_owned(), Verdict::Approve);
    bed.store.submit(DecideClearing { tenant_id, rows, seen, verdict, by, origin }).await.unwrap();
}

async fn shown(bed: &Bed, cheque: &Cheque, bank_line_id: BankLineId) -> Cheque {
    let (tenant_id, rows) = (bed.tenant_id, (cheque.payment_id, cheque.id));
    let (by, origin) = ("出纳".to_owned(), Origin::system());
    bed.store.submit(ClearCheque { tenant_id, rows, bank_line_id, by, origin }).await.unwrap()
}

async fn taken_back(bed: &Bed, desk: &Desk<'_>, credit_id: BankLineId, cheque: Option<&Cheque>) {
    let reversal_id = desk.told(&format!("R-{credit_id}"), Flow::Debit, 500).await;
    let link = LinkReversal {
        tenant_id: bed.tenant_id,
        reversal_id,
        credit_id,
        matches: Vec::new(),
        cheque: cheque.map(|cheque| (cheque.payment_id, cheque.id)),
        returns: Vec::new(),
        by: "link".to_owned(),
        origin: Origin::system(),
    };
    bed.store.submit(link).await.unwrap();
}

pub async fn cheques_that_the_bank_takes_back_are_kept_and_verified(bed: Bed) {
    let counter = ChannelAccount {
        methods: r#"["cheque"]"#.to_owned(),
        ..contract(bed.tenant_id, COUNTER, Channel::Counter)
    };
    let product = Some(product(bed.tenant_id, PRODUCT));
    bed.store.submit(Furnish { account: counter, product }).await.unwrap();
    bed.store.submit(bank(bed.tenant_id)).await.unwrap();
    let desk = Desk { store: &bed.store, tenant_id: bed.tenant_id, day: shanghai_day(START_US) };
    let (first, second) = (presented(&bed, "11111111").await, presented(&bed, "22222222").await);
    cleared_by_two(&bed, &first).await;
    cleared_by_two(&bed, &second).await;
    assert_sound(&bed).await;
    // The first is named before the bank takes its money back, the second after.
    let line = desk.told("C1", Flow::Credit, 500).await;
    assert_eq!(shown(&bed, &first, line).await.bank_line_id, Some(line));
    taken_back(&bed, &desk, line, Some(&first)).await;
    assert_sound(&bed).await;
    let line = desk.told("C2", Flow::Credit, 500).await;
    taken_back(&bed, &desk, line, None).await;
    assert_sound(&bed).await;
    let proven = shown(&bed, &second, line).await;
    assert_eq!((proven.status, proven.bank_line_id), (ChequeStatus::Cleared, Some(line)));
    assert_sound(&bed).await;
    for cheque in [&first, &second] {
        let payment = bed.store.get::<Payment>(&(bed.tenant_id, cheque.payment_id)).await.unwrap().unwrap();
        assert_eq!(payment.reversed_minor, 500);
    }
    assert_eq!(balance(&bed.store, pending(bed.tenant_id, bed.merchant_id)).await, 0);
    let kind = AccountKind::ChannelReceivable;
    let owed = AccountRef::channel(bed.tenant_id, COUNTER, kind, Currency::Cny);
    assert_eq!(balance(&bed.store, owed).await, 0, "the counter's contract owes nothing of either");
}
