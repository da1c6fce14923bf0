//! Cards opened for payment by token: whose they are, codes and their limits, and the attempt that uses one.

use crate::kit::{CONTRACT, TENANT, World, contract, merchant, product};
use tk_domain::agreement::{
    Agreement, AgreementStatus, AskCardCode, CODE_LIVES_US, CODES_A_DAY_MAX, CardFinding, CardOpened,
    CardUse, EndAgreement, OpenAgreement, TakeCardReport,
};
use tk_domain::audit::Origin;
use tk_domain::channel_account::{ChannelAccount, Method};
use tk_domain::id::{ChannelAccountId, Id128, PaymentId};
use tk_domain::moment::MINUTE_US;
use tk_domain::payment::{ChannelPayer, PayerRecord, StartAttempt, Started};
use tk_domain::refusal::Refusal;

fn world() -> World {
    let methods = r#"["quick_pay","alipay_qr"]"#.to_owned();
    World::with(merchant(), product(), ChannelAccount { methods, ..contract(CONTRACT) })
}

fn opened(world: &mut World, payment_id: PaymentId) -> Agreement {
    let open = OpenAgreement { tenant_id: TENANT, payment_id, origin: Origin::system() };
    let begun = world.run(&open).unwrap();
    assert_eq!(begun.status, AgreementStatus::Opening);
    world.run(&told(&begun)).unwrap()
}

fn told(agreement: &Agreement) -> TakeCardReport {
    TakeCardReport {
        tenant_id: TENANT,
        agreement_id: agreement.id,
        channel_account_id: agreement.channel_account_id,
        finding: CardFinding::Opened(CardOpened { masked: "**** 0018".to_owned(), sealed: vec![1] }),
        asked_at_us: agreement.created_at_us,
        origin: Origin::system(),
    }
}

fn ask(agreement: &Agreement, payment_id: PaymentId) -> AskCardCode {
    AskCardCode { tenant_id: TENANT, agreement_id: agreement.id, payment_id, origin: Origin::system() }
}

fn pay(agreement: &Agreement, payment_id: PaymentId) -> StartAttempt {
    let record = PayerRecord { masked: "{}".to_owned(), sealed: vec![1] };
    let attempt_id = agreement.code_attempt_id.unwrap_or_default();
    StartAttempt {
        tenant_id: TENANT,
        payment_id,
        method: Method::QuickPay,
        auth_code: None,
        payer: tk_domain::transfer::ExpectedPayer::default(),
        known_as: Some(ChannelPayer { record, sealed: "told".to_owned(), mark: None }),
        card: Some(CardUse { agreement_id: agreement.id, attempt_id }),
        payer_ip: None,
        return_url: None,
        lease_us: 0,
        origin: Origin::system(),
    }
}

#[test]
fn an_attempt_is_the_order_for_which_the_code_was_sent_and_uses_it_up() {
    let mut world = world();
    let payment_id = world.payment();
    let card = opened(&mut world, payment_id);
    assert_eq!(world.run(&pay(&card, payment_id)).unwrap_err(), Refusal::CodeNotOpen);
    let sent = world.run(&ask(&card, payment_id)).unwrap();
    world.after(MINUTE_US);
    let Started::New { attempt, .. } = world.run(&pay(&sent, payment_id)).unwrap() else { panic!("not new") };
    assert_eq!((Some(attempt.id), Some(attempt.created_at_us)), (sent.code_attempt_id, sent.code_at_us));
    assert!(attempt.out_no.ends_with(&attempt.id.0.base32().to_ascii_uppercase()));
    let used = world.snapshot.agreements.get(&(TENANT, card.id)).unwrap();
    assert_eq!((used.code_attempt_id, used.code_payment_id), (None, None));
}

#[test]
fn without_card_and_code_nothing_begins() {
    let mut world = world();
    let payment_id = world.payment();
    let card = opened(&mut world, payment_id);
    let sent = world.run(&ask(&card, payment_id)).unwrap();
    let bare = StartAttempt { card: None, ..pay(&sent, payment_id) };
    assert_eq!(world.run(&bare).unwrap_err(), Refusal::ChannelNotAvailable);
    let unknown = StartAttempt { known_as: None, ..pay(&sent, payment_id) };
    assert_eq!(world.run(&unknown).unwrap_err(), Refusal::ChannelNotAvailable);
    let other = world.payment();
    assert_eq!(world.run(&pay(&sent, other)).unwrap_err(), Refusal::NotFound { what: "agreement" });
    world.after(CODE_LIVES_US + MINUTE_US);
    assert_eq!(world.run(&pay(&sent, payment_id)).unwrap_err(), Refusal::CodeNotOpen);
}

#[test]
fn codes_are_a_minute_apart_and_ten_a_day() {
    let mut world = world();
    let payment_id = world.payment();
    let card = opened(&mut world, payment_id);
    for sent in 1..=CODES_A_DAY_MAX {
        world.run(&ask(&card, payment_id)).unwrap();
        if sent < CODES_A_DAY_MAX {
            assert_eq!(world.run(&ask(&card, payment_id)).unwrap_err(), Refusal::CodeTooSoon);
        }
        world.after(MINUTE_US);
    }
    let limit = Refusal::LimitReached { what: "card_codes", max: CODES_A_DAY_MAX };
    assert_eq!(world.run(&ask(&card, payment_id)).unwrap_err(), limit);
}

#[test]
fn only_the_channel_s_word_opens_a_card_and_what_is_ended_stays_so() {
    let mut world = world();
    let payment_id = world.payment();
    let open = OpenAgreement { tenant_id: TENANT, payment_id, origin: Origin::system() };
    let begun = world.run(&open).unwrap();
    let unknown = Refusal::NotFound { what: "agreement" };
    assert_eq!(world.run(&ask(&begun, payment_id)).unwrap_err(), unknown);
    let foreign = TakeCardReport { channel_account_id: ChannelAccountId(Id128([9; 16])), ..told(&begun) };
    assert_eq!(world.run(&foreign).unwrap_err(), unknown);
    let card = world.run(&told(&begun)).unwrap();
    assert_eq!(card.status, AgreementStatus::Active);
    let end = |to| EndAgreement { tenant_id: TENANT, agreement_id: card.id, to, origin: Origin::system() };
    assert_eq!(world.run(&end(AgreementStatus::Ended)).unwrap().status, AgreementStatus::Active);
    assert_eq!(world.run(&end(AgreementStatus::Ending)).unwrap().status, AgreementStatus::Ending);
    assert_eq!(world.run(&ask(&card, payment_id)).unwrap_err(), unknown);
    let ended = world.run(&end(AgreementStatus::Ended)).unwrap();
    assert_eq!((ended.status, ended.sealed), (AgreementStatus::Ended, None));
    assert_eq!(world.run(&told(&begun)).unwrap().status, AgreementStatus::Ended);
}

fn begun(world: &mut World) -> Agreement {
    let payment_id = world.payment();
    world.run(&OpenAgreement { tenant_id: TENANT, payment_id, origin: Origin::system() }).unwrap()
}

/// Asks whenever it is due, up to so often, and hears this each time; minutes after the opening of each question.
fn asked(world: &mut World, card: &Agreement, finding: &CardFinding, times: usize) -> Vec<i64> {
    let (mut row, mut minutes) = (card.clone(), Vec::new());
    while let Some(due_at_us) = row.ask_due_at_us.filter(|_| minutes.len() < times) {
        world.after(due_at_us - world.now_us);
        minutes.push((due_at_us - card.created_at_us) / MINUTE_US);
        let report = TakeCardReport { finding: finding.clone(), asked_at_us: due_at_us, ..told(card) };
        row = world.run(&report).unwrap();
        assert_eq!(row.status, AgreementStatus::Opening);
        assert_eq!(usize::try_from(row.asks_count), Ok(minutes.len()));
    }
    minutes
}

#[test]
fn an_opening_without_word_is_asked_about_until_its_page_is_closed_for_sure() {
    let mut world = world();
    let card = begun(&mut world);
    assert_eq!(asked(&mut world, &card, &CardFinding::NotOpened, 100), [1, 2, 4, 8, 16, 20, 52, 112, 172]);
    let left = world.snapshot.agreements.get(&(TENANT, card.id)).unwrap();
    assert_eq!((left.status, left.ask_due_at_us), (AgreementStatus::Opening, None));
    // A word that comes later still is taken.
    assert_eq!(world.run(&told(&card)).unwrap().status, AgreementStatus::Active);
}

#[test]
fn answers_that_prove_nothing_end_no_asking_for_a_day() {
    let mut world = world();
    let card = begun(&mut world);
    let minutes = asked(&mut world, &card, &CardFinding::Unclear, 100);
    assert_eq!(
        minutes[..8],
        [1, 2, 4, 8, 16, 20, 52, 112],
        "doubled, once at the end of the page, then hourly"
    );
    let last = *minutes.last().unwrap();
    assert!((24 * 60 + 20..25 * 60 + 20).contains(&last), "{last}");
}

#[test]
fn an_opening_that_was_asked_about_and_found_is_asked_about_no_more() {
    let mut world = world();
    let card = begun(&mut world);
    asked(&mut world, &card, &CardFinding::NotOpened, 1);
    let found = world.run(&told(&card)).unwrap();
    assert_eq!((found.status, found.ask_due_at_us), (AgreementStatus::Active, None));
    let late = TakeCardReport { finding: CardFinding::NotOpened, ..told(&card) };
    assert_eq!(world.run(&late).unwrap(), world.snapshot.agreements.get(&(TENANT, card.id)).unwrap().clone());
}

#[test]
fn no_code_is_sent_for_a_contract_that_the_attempt_would_not_take() {
    let mut world = world();
    let payment_id = world.payment();
    let card = opened(&mut world, payment_id);
    let better = ChannelAccount {
        methods: r#"["quick_pay"]"#.to_owned(),
        priority: -1,
        ..contract(ChannelAccountId(Id128([9; 16])))
    };
    world.snapshot.channel_accounts.load(better);
    assert_eq!(world.run(&ask(&card, payment_id)).unwrap_err(), Refusal::ChannelNotAvailable);
}
