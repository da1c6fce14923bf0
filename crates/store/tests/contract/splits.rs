//! Splits: every table of them is written, read and verified on both engines.

use crate::bed::Bed;
use crate::cases::{assert_sound, balance, collect, create};
use crate::commands::{CHANNEL, Create, OpenShop, pending};
use crate::furnish::{Furnish, contract, refund};
use crate::sqlite_only::raw;
use tillkeeper_store::{Page, SplitFilter, StoreConfig, verify};
use tk_domain::audit::Origin;
use tk_domain::channel_account::Channel;
use tk_domain::command::{Command, LaneKind, Want, Wants};
use tk_domain::decision::{Changes, Decision};
use tk_domain::id::{Id128, MerchantId, PaymentId, RefundId, SplitReceiverId, TenantId};
use tk_domain::merchant::UpdateMerchant;
use tk_domain::moment::Moment;
use tk_domain::payment::Payment;
use tk_domain::refund::TakeRefundReport;
use tk_domain::refusal::Refusal;
use tk_domain::report::{RefundFinding, RefundReport, Source};
use tk_domain::snapshot::Snapshot;
use tk_domain::split::{
    AbandonmentDecided, AbandonmentProposed, AbandonmentStatus, AddSplitReceiver, AskAbandonment, Binding,
    CreateSplit, DecideAbandonment, ReceiverFinding, ReceiverKind, ReturnFinding, ReturnMode, ReturnReport,
    ReturnStatus, Share, ShareResult, ShareTold, Split, SplitCreated, SplitFinding, SplitLineStatus,
    SplitReport, SplitReturn, SplitState, SplitTerms, TakeReceiverReport, TakeReturnReport, TakeSplitReport,
};
use tk_domain::transfer::Verdict;
use tk_money::Amount;

/// A merchant with a sister of its legal entity.
async fn family(bed: &Bed) -> MerchantId {
    // The contract that all payments of the contract suite came by.
    let account = contract(bed.tenant_id, CHANNEL, Channel::Alipay);
    bed.store.submit(Furnish { account, product: None }).await.unwrap();
    let shop = OpenShop { tenant_id: bed.tenant_id, code: "sister".to_owned() };
    let sister = bed.store.submit(shop).await.unwrap();
    for merchant_id in [bed.merchant_id, sister] {
        let legal_entity = Some(Some("91310000MA1".to_owned()));
        let (tenant_id, origin) = (bed.tenant_id, Origin::system());
        let command = UpdateMerchant {
            tenant_id,
            merchant_id,
            name: None,
            fee: None,
            legal_entity,
            phone: None,
            enabled: None,
            origin,
        };
        bed.store.submit(command).await.unwrap();
    }
    sister
}

fn split(bed: &Bed, payment_id: PaymentId, (to, minor): (MerchantId, i64)) -> CreateSplit {
    let share = Share { merchant: Some(to), receiver: None, amount: Some(minor), rate_ppm: None, item: None };
    CreateSplit {
        tenant_id: bed.tenant_id,
        payment_id,
        merchant_split_no: format!("S{minor}"),
        terms: SplitTerms { shares: vec![share], ..SplitTerms::default() },
        last: false,
        origin: Origin::system(),
    }
}

async fn refund_told(bed: &Bed, payment_id: PaymentId, (refund_id, finding): (RefundId, RefundFinding)) {
    let payment = bed.store.get::<Payment>(&(bed.tenant_id, payment_id)).await.unwrap().unwrap();
    let command = TakeRefundReport {
        tenant_id: bed.tenant_id,
        payment_id,
        attempt_id: payment.effective_attempt_id.unwrap(),
        refund_id,
        report: RefundReport { source: Source::Query, finding },
        origin: Origin::channel(CHANNEL),
    };
    bed.store.submit(command).await.unwrap();
}

/// A payment of 10,000 of which 4,000 were shared and 5,000 refunded, and a refund of 1,000 under way.
async fn divided(bed: &Bed) -> (PaymentId, MerchantId) {
    let sister = family(bed).await;
    let id = bed.store.submit(create(bed, "A1", 10_000)).await.unwrap();
    assert!(bed.store.submit(collect(bed, id)).await.unwrap());
    bed.store.submit(split(bed, id, (sister, 4_000))).await.unwrap();
    let done = bed.store.submit(refund(bed, id, ("R1", 5_000))).await.unwrap().refund;
    let amount = Amount::fen(5_000);
    refund_told(bed, id, (done.id, RefundFinding::Done { amount, borne: None, at_us: None })).await;
    bed.store.submit(refund(bed, id, ("R2", 1_000))).await.unwrap();
    (id, sister)
}

pub async fn splits_are_kept_and_verified(bed: Bed) {
    let (id, sister) = divided(&bed).await;
    assert_eq!(balance(&bed.store, pending(bed.tenant_id, sister)).await, 1_600);
    let lines = bed.store.split_lines_of(bed.tenant_id, id).await.unwrap();
    assert_eq!((lines[0].returned_minor, lines[0].returning_minor, lines.len()), (2_000, 400, 1));
    let filter = SplitFilter { payment_id: Some(id), ..SplitFilter::default() };
    let listed = bed.store.splits(bed.tenant_id, filter, Page::first(10)).await.unwrap();
    assert_eq!((listed.rows[0].status, listed.rows[0].amount_minor), (SplitState::Succeeded, 4_000));
    let refunds = bed.store.refunds_of(bed.tenant_id, id).await.unwrap();
    let back = SplitReturn::id_of(refunds[1].id, 0);
    let back = bed.store.get::<SplitReturn>(&(bed.tenant_id, back)).await.unwrap().unwrap();
    assert_eq!((back.status, back.amount_minor), (ReturnStatus::Held, 400));
    assert_sound(&bed).await;
    refund_told(
        &bed,
        id,
        (refunds[1].id, RefundFinding::Failed { code: "x".to_owned(), message: String::new() }),
    )
    .await;
    assert_eq!(balance(&bed.store, pending(bed.tenant_id, sister)).await, 2_000);
    assert_sound(&bed).await;
}

/// A party bound to the contract.
async fn party(bed: &Bed, account: &str) -> SplitReceiverId {
    let command = AddSplitReceiver {
        tenant_id: bed.tenant_id,
        channel_account_id: CHANNEL,
        kind: ReceiverKind::LoginName,
        account: account.to_owned(),
        name_sealed: Some(vec![1, 2, 3]),
        relation: None,
        custom_relation: None,
        origin: Origin::system(),
    };
    let receiver_id = bed.store.submit(command).await.unwrap().id;
    let (tenant_id, finding) = (bed.tenant_id, ReceiverFinding::Bound);
    let told = TakeReceiverReport { tenant_id, receiver_id, finding, origin: Origin::channel(CHANNEL) };
    assert_eq!(bed.store.submit(told).await.unwrap().status, Binding::Bound);
    receiver_id
}

async fn split_told(bed: &Bed, split: &Split, (source, finding): (Source, SplitFinding)) -> SplitState {
    let command = TakeSplitReport {
        tenant_id: bed.tenant_id,
        payment_id: split.payment_id,
        split_id: split.id,
        report: SplitReport { source, finding },
        origin: Origin::channel(CHANNEL),
    };
    bed.store.submit(command).await.unwrap().split.status
}

/// A payment of 10,000 of which the channel paid 2,000 to one party and not 1,000 to another, half of it refunded, and a
/// refund of 1,000 under way.
async fn divided_by_channel(bed: &Bed) -> (PaymentId, SplitCreated) {
    family(bed).await;
    let mut shares = Vec::new();
    for (account, minor) in [("a@b.example", 2_000), ("c@d.example", 1_000)] {
        let receiver = Some(party(bed, account).await);
        shares.push(Share { merchant: None, receiver, amount: Some(minor), rate_ppm: None, item: None });
    }
    let splits = SplitTerms { later: true, ..SplitTerms::default() };
    let id = bed.store.submit(Create { splits, ..create(bed, "A1", 10_000) }).await.unwrap();
    bed.store.submit(collect(bed, id)).await.unwrap();
    let terms = SplitTerms { shares, ..SplitTerms::default() };
    let command = CreateSplit { terms, last: true, ..split(bed, id, (MerchantId::default(), 1)) };
    let made = bed.store.submit(command).await.unwrap();
    assert_eq!(
        split_told(bed, &made.split, (Source::Reply, SplitFinding::Accepted)).await,
        SplitState::Processing
    );
    let results = [ShareResult::Paid, ShareResult::Failed { code: "x".to_owned() }];
    let told = made.lines.iter().zip(results).map(|(line, result)| ShareTold {
        line_id: line.id,
        amount_minor: line.amount_minor,
        result,
    });
    let told = SplitFinding::Shares(told.collect());
    assert_eq!(split_told(bed, &made.split, (Source::Query, told)).await, SplitState::Succeeded);
    let done = bed.store.submit(refund(bed, id, ("R1", 5_000))).await.unwrap().refund;
    let amount = Amount::fen(5_000);
    refund_told(bed, id, (done.id, RefundFinding::Done { amount, borne: None, at_us: None })).await;
    assert_sound(bed).await;
    // Paid face to face: the channel reckons what comes back.
    let told = ReturnFinding::Done { amount_minor: 999 };
    assert_eq!(return_told(bed, (id, done.id), told).await.status, ReturnStatus::Done);
    bed.store.submit(refund(bed, id, ("R2", 1_000))).await.unwrap();
    (id, made)
}

/// What the channel says of the first share that a refund takes back.
async fn return_told(
    bed: &Bed,
    (payment_id, refund_id): (PaymentId, RefundId),
    finding: ReturnFinding,
) -> SplitReturn {
    let command = TakeReturnReport {
        tenant_id: bed.tenant_id,
        payment_id,
        refund_id,
        return_id: SplitReturn::id_of(refund_id, 0),
        report: ReturnReport { source: Source::Query, finding },
        origin: Origin::channel(CHANNEL),
    };
    bed.store.submit(command).await.unwrap()
}

pub async fn channel_splits_are_kept_and_verified(bed: Bed) {
    let (id, made) = divided_by_channel(&bed).await;
    let lines = bed.store.split_lines_of(bed.tenant_id, id).await.unwrap();
    let seen: Vec<_> =
        lines.iter().map(|line| (line.status, line.returned_minor, line.returning_minor)).collect();
    // The channel reckons by each refund alone: a tenth of the order, whatever it gave back before.
    assert_eq!(seen, [(SplitLineStatus::Done, 999, 200), (SplitLineStatus::Failed, 0, 0)]);
    let filter = SplitFilter { payment_id: Some(id), ..SplitFilter::default() };
    let listed = bed.store.splits(bed.tenant_id, filter, Page::first(10)).await.unwrap();
    let rest = listed.rows.iter().find(|row| row.id != made.split.id).unwrap();
    assert_eq!((rest.lines_count, rest.last, rest.status), (0, true, SplitState::Pending));
    let parties = bed.store.split_receivers(bed.tenant_id, Some(CHANNEL), Page::first(10)).await.unwrap();
    assert_eq!(parties.rows.len(), 2);
    let refunds = bed.store.refunds_of(bed.tenant_id, id).await.unwrap();
    let backs = bed.store.split_returns_of(bed.tenant_id, refunds[1].id).await.unwrap();
    assert_eq!((backs.len(), backs[0].status, backs[0].mode), (1, ReturnStatus::Waiting, ReturnMode::Itself));
    assert_sound(&bed).await;
    assert_eq!(split_told(&bed, rest, (Source::Reply, SplitFinding::Accepted)).await, SplitState::Succeeded);
    let failed = RefundFinding::Failed { code: "x".to_owned(), message: String::new() };
    refund_told(&bed, id, (refunds[1].id, failed)).await;
    assert_sound(&bed).await;
    // Done at last, and the receiver keeps its share: the merchant bears it.
    let amount = Amount::fen(1_000);
    let late = RefundFinding::Done { amount, borne: None, at_us: None };
    refund_told(&bed, id, (refunds[1].id, late)).await;
    assert_sound(&bed).await;
    let kept = ReturnFinding::Failed { code: "x".to_owned(), message: String::new() };
    let back = return_told(&bed, (id, refunds[1].id), kept).await;
    assert_eq!((back.status, back.ended_at_us.is_some()), (ReturnStatus::Refused, true));
    assert_sound(&bed).await;
}

pub async fn a_share_paid_after_all_is_booked_and_verified(bed: Bed) {
    family(&bed).await;
    let receiver = Some(party(&bed, "a@b.example").await);
    let shares = vec![Share { merchant: None, receiver, amount: Some(2_000), rate_ppm: None, item: None }];
    let splits = SplitTerms { later: true, ..SplitTerms::default() };
    let id = bed.store.submit(Create { splits, ..create(&bed, "A1", 10_000) }).await.unwrap();
    bed.store.submit(collect(&bed, id)).await.unwrap();
    let terms = SplitTerms { shares, ..SplitTerms::default() };
    let command = CreateSplit { terms, last: true, ..split(&bed, id, (MerchantId::default(), 1)) };
    let made = bed.store.submit(command).await.unwrap();
    let result = |result: ShareResult| {
        let (line_id, amount_minor) = (made.lines[0].id, 2_000);
        SplitFinding::Shares(vec![ShareTold { line_id, amount_minor, result }])
    };
    let failed = || result(ShareResult::Failed { code: "x".to_owned() });
    split_told(&bed, &made.split, (Source::Reply, SplitFinding::Accepted)).await;
    assert_eq!(split_told(&bed, &made.split, (Source::Query, failed())).await, SplitState::Failed);
    for (told, state) in [(result(ShareResult::Paid), SplitState::Succeeded), (failed(), SplitState::Failed)]
    {
        assert_ne!(split_told(&bed, &made.split, (Source::Query, told.clone())).await, state);
        assert_sound(&bed).await;
        bed.store.submit(Lease { tenant_id: bed.tenant_id, id: made.split.id.0 }).await.unwrap();
        assert_eq!(split_told(&bed, &made.split, (Source::Query, told)).await, state);
        assert_sound(&bed).await;
    }
}

/// A worker takes an instruction, due or not.
struct Lease {
    tenant_id: TenantId,
    id: Id128,
}

impl Command for Lease {
    type Reply = ();

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, _snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::Instruction(self.tenant_id, self.id));
    }

    fn decide(&self, snapshot: &Snapshot, _moment: &mut Moment<'_>) -> Result<Decision<()>, Refusal> {
        let mut row = snapshot.instructions.get(&(self.tenant_id, self.id)).cloned().unwrap();
        assert!(row.claim(row.due_at_us, 1_000_000), "{row:?}");
        let mut changes = Changes::default();
        changes.put(row);
        Ok(Decision::new((), changes))
    }
}

pub async fn what_is_given_up_is_kept_and_ends_by_the_channels_word(bed: Bed) {
    family(&bed).await;
    let receiver = Some(party(&bed, "a@b.example").await);
    let shares = vec![Share { merchant: None, receiver, amount: Some(2_000), rate_ppm: None, item: None }];
    let splits = SplitTerms { later: true, ..SplitTerms::default() };
    let id = bed.store.submit(Create { splits, ..create(&bed, "A1", 10_000) }).await.unwrap();
    bed.store.submit(collect(&bed, id)).await.unwrap();
    let terms = SplitTerms { shares, ..SplitTerms::default() };
    let command = CreateSplit { terms, last: true, ..split(&bed, id, (MerchantId::default(), 1)) };
    let made = bed.store.submit(command).await.unwrap().split;
    let refusal = SplitFinding::NotYet { code: "INVALID_REQUEST".to_owned(), message: String::new() };
    split_told(&bed, &made, (Source::Reply, refusal)).await;
    let (tenant_id, payment_id, split_id, origin) = (bed.tenant_id, id, made.id, Origin::system());
    let text = str::to_owned;
    let proposed =
        AbandonmentProposed { reason: text("gone"), evidence: text("ticket 4711"), by: text("经办") };
    let ask = AskAbandonment { tenant_id, payment_id, split_id, proposed, origin: origin.clone() };
    bed.store.submit(ask).await.unwrap();
    let asked = bed.store.get::<Split>(&(tenant_id, split_id)).await.unwrap().unwrap();
    let asked = asked.abandonment().unwrap();
    assert_eq!((asked.status, asked.maker.as_str()), (AbandonmentStatus::PendingApproval, "经办"));
    let seen = asked.content_hash(&split_id.to_string());
    let decided = AbandonmentDecided { verdict: Verdict::Approve, seen, by: text("复核") };
    bed.store.submit(DecideAbandonment { tenant_id, split_id, decided, origin }).await.unwrap();
    let early = SplitFinding::Undivided { amount_minor: 10_000 };
    assert_eq!(split_told(&bed, &made, (Source::Query, early)).await, SplitState::Processing);
    let kept = bed.store.get::<Split>(&(tenant_id, split_id)).await.unwrap().unwrap();
    assert!(kept.given_up() && kept.abandonment().unwrap().checker.as_deref() == Some("复核"));
    assert_sound(&bed).await;
}

pub async fn refunds_and_splits_at_once_never_give_away_too_much(bed: Bed) {
    let sister = family(&bed).await;
    let id = bed.store.submit(create(&bed, "A1", 10_000)).await.unwrap();
    bed.store.submit(collect(&bed, id)).await.unwrap();
    let mut running = Vec::new();
    for index in 0..30 {
        let (store, split) = (bed.store.clone(), split(&bed, id, (sister, 3_000 + index)));
        let refund = refund(&bed, id, (&format!("R{index}"), 2_000));
        running.push(tokio::spawn(async move {
            if index % 2 == 0 {
                store.submit(split).await.map(|made| made.split.amount_minor)
            } else {
                store.submit(refund).await.map(|made| made.refund.amount_minor)
            }
        }));
    }
    let mut made = 0;
    for one in running {
        made += i32::from(one.await.unwrap().is_ok());
    }
    assert!(made >= 5, "at least all five refunds");
    let payment = bed.store.get::<Payment>(&(bed.tenant_id, id)).await.unwrap().unwrap();
    assert_eq!(payment.refunding_minor, 10_000);
    assert_eq!(balance(&bed.store, pending(bed.tenant_id, sister)).await, 0);
    assert_sound(&bed).await;
}

#[tokio::test]
async fn verify_finds_each_damage_to_splits() {
    let damages = [
        ("inv-5", "UPDATE splits SET amount_minor = amount_minor + 1"),
        ("inv-5", "UPDATE split_lines SET amount_minor = amount_minor + 1"),
        ("inv-5", "UPDATE payments SET split_lines_count = 2"),
        ("inv-5", "DELETE FROM split_lines"),
        ("inv-23", "UPDATE split_lines SET returned_minor = returned_minor - 1"),
        ("inv-23", "UPDATE split_lines SET returning_minor = 0"),
        ("inv-23", "UPDATE split_returns SET status = 'released' WHERE status = 'done'"),
        ("inv-18", "UPDATE split_returns SET status = 'held' WHERE status = 'done'"),
        ("inv-3", "UPDATE entries SET kind = 'release' WHERE kind = 'split'"),
        ("inv-3", "UPDATE entries SET kind = 'release' WHERE kind = 'split_return'"),
        (
            "inv-3",
            "UPDATE split_lines SET status = 'pending', ended_at_us = NULL WHERE status = 'failed' -- by channel",
        ),
        ("inv-3", "UPDATE entries SET kind = 'release' WHERE kind = 'split_paid' -- by channel"),
        ("inv-3", "UPDATE entries SET kind = 'release' WHERE kind = 'split_returned' -- by channel"),
        ("inv-18", "UPDATE instructions SET status = 'done' WHERE kind = 'split' -- by channel"),
        ("inv-23", "UPDATE split_returns SET mode = 'ahead' WHERE status = 'waiting' -- by channel"),
        (
            "inv-18",
            "UPDATE split_returns SET mode = 'ahead', status = 'processing' WHERE status = 'waiting' -- by channel",
        ),
    ];
    for (invariant, damage) in damages {
        let bed = Bed::sqlite(StoreConfig::default()).await;
        if damage.contains("-- by channel") {
            divided_by_channel(&bed).await;
        } else {
            divided(&bed).await;
        }
        assert_sound(&bed).await;
        let connection = raw(&bed);
        connection.execute_batch("PRAGMA ignore_check_constraints = ON").unwrap();
        connection.execute_batch("DROP TRIGGER entries_no_update").unwrap();
        assert!(connection.execute(damage, []).unwrap() >= 1, "{damage}");
        let report = verify(&bed.source).await.unwrap();
        assert!(report.broken().any(|finding| finding.id == invariant), "{damage}\n{report}");
    }
}
