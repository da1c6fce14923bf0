//! Opening a card at a channel and paying by it; a channel without cards has nothing here to hold.

use crate::bench::{Bench, Trouble, say};
use crate::callbacks::{acknowledged, heard};
use crate::rows::{self, MINUTE_US, attempt};
use serde_json::json;
use tillkeeper_channels::unionpay::agreement::{AgreementError, OpeningFinding};
use tillkeeper_channels::unionpay::call::{OpenCard, Opening, TokenOrder, Unbind};
use tillkeeper_channels::{About, CardTold, PaymentRows};
use tk_domain::channel_account::Method;
use tk_domain::instruction::InstructionKind as Kind;
use tk_domain::payment::{Attempt, BrowserForm};
use tk_domain::report::{PaymentFinding, Unclear};

/// The form that brings a payer to the page on which he types his card.
async fn form(bench: &impl Bench, order_no: &str) -> Option<BrowserForm> {
    let now_us = bench.now_us();
    let card = OpenCard {
        order_id: order_no.to_owned(),
        txn_time_us: now_us,
        expires_at_us: now_us + 15 * MINUTE_US,
        return_url: None,
    };
    Some(bench.adapters().open_card(bench.contract(), card, now_us).await?.unwrap())
}

/// A card that a payer opened, as the channel told of it.
async fn opened(bench: &impl Bench, order_no: &str) -> Option<CardTold> {
    bench.type_card(&form(bench, order_no).await?, order_no).await;
    match heard(bench).await.unwrap().about {
        About::Card { order_no: told, card } => {
            assert_eq!(told, order_no);
            card
        }
        other @ (About::Order { .. }
        | About::Refund { .. }
        | About::Division { .. }
        | About::Other { .. }) => panic!("{other:?}"),
    }
}

async fn ask_code(bench: &impl Bench, card: &CardTold, row: &Attempt) -> Result<(), AgreementError> {
    let order = TokenOrder {
        order_id: row.out_no.clone(),
        txn_time_us: row.created_at_us,
        txn_amt_fen: row.amount_minor,
        token: card.token.clone(),
        sms_code: String::new(),
        expires_at_us: row.channel_expires_at_us,
    };
    bench.adapters().send_code(bench.contract(), order, bench.now_us()).await.unwrap()
}

async fn pay(bench: &impl Bench, card: &CardTold, row: &Attempt, code: &str) -> PaymentFinding {
    let payload = json!({ "token": card.token, "sms_code": code }).to_string();
    let (payment, instruction) =
        (rows::payment(row.amount_minor), rows::instruction(Kind::Pay, Some(payload)));
    let rows = PaymentRows { instruction: &instruction, payment: &payment, attempt: row };
    bench.adapters().say_payment(bench.contract(), rows, bench.now_us()).await.finding
}

pub async fn an_opening_whose_word_was_missed_is_told_again_with_the_same_card(bench: &impl Bench) {
    let Some(form) = form(bench, "OPEN0000000000001").await else { return };
    bench.callbacks().lock().await.turn_away(true);
    bench.type_card(&form, "OPEN0000000000001").await;
    bench.callbacks().lock().await.missed().await;
    bench.callbacks().lock().await.turn_away(false);
    bench.advance(10 * MINUTE_US);
    let About::Card { order_no, card: Some(card) } = heard(bench).await.unwrap().about else {
        panic!("no card was told of")
    };
    assert_eq!(order_no, "OPEN0000000000001");
    assert!(card.masked.contains('*') && !card.token.is_empty(), "its middle is hidden: {}", card.masked);
    acknowledged(bench).await;
    let row = attempt(Method::QuickPay, 100, 1);
    ask_code(bench, &card, &row).await.unwrap();
    let code = bench.code_on_phone(&row).await.unwrap();
    assert_eq!(pay(bench, &card, &row, &code).await, PaymentFinding::InProgress);
    assert!(matches!(say(bench, Kind::Query, &row).await, PaymentFinding::Paid(_)));
}

/// What the channel answers about an opening.
async fn ask(bench: &impl Bench, opening: &Opening) -> OpeningFinding {
    bench.adapters().ask_opening(bench.contract(), opening.clone(), bench.now_us()).await.unwrap()
}

pub async fn an_opening_whose_word_never_came_is_asked_about_and_proven(bench: &impl Bench) {
    let opening = Opening { order_id: "OPEN0000000000007".to_owned(), txn_time_us: bench.now_us() };
    let Some(form) = form(bench, &opening.order_id).await else { return };
    assert_eq!(ask(bench, &opening).await, OpeningFinding::NotOpened);
    bench.callbacks().lock().await.turn_away(true);
    bench.type_card(&form, &opening.order_id).await;
    bench.trouble(Kind::Query, Trouble::NotFoundLie).await;
    assert_eq!(ask(bench, &opening).await, OpeningFinding::NotOpened, "a lie, and no more than that");
    for (trouble, why) in [
        (Trouble::LostBefore, Unclear::Connection),
        (Trouble::ServerErrorBefore, Unclear::ServerError),
        (Trouble::Garbage, Unclear::Unreadable),
        (Trouble::Truncated, Unclear::Unreadable),
        (Trouble::Limited, Unclear::RateLimited),
    ] {
        bench.trouble(Kind::Query, trouble).await;
        assert_eq!(ask(bench, &opening).await, OpeningFinding::Unclear(why), "{trouble:?}");
    }
    let other = Opening { txn_time_us: opening.txn_time_us + 1_000_000, ..opening.clone() };
    assert_eq!(ask(bench, &other).await, OpeningFinding::NotOpened, "number and time together name it");
    let OpeningFinding::Opened(card) = ask(bench, &opening).await else { panic!("not found") };
    bench.callbacks().lock().await.turn_away(false);
    bench.advance(10 * MINUTE_US);
    let About::Card { card: Some(told), .. } = heard(bench).await.unwrap().about else { panic!("no card") };
    assert_eq!(told, card, "asked or told, it is the same card");
    let row = attempt(Method::QuickPay, 100, 1);
    ask_code(bench, &card, &row).await.unwrap();
    let code = bench.code_on_phone(&row).await.unwrap();
    assert_eq!(pay(bench, &card, &row, &code).await, PaymentFinding::InProgress);
    assert!(matches!(say(bench, Kind::Query, &row).await, PaymentFinding::Paid(_)));
}

pub async fn an_opening_that_the_payer_left_tells_of_no_card(bench: &impl Bench) {
    let Some(form) = form(bench, "OPEN0000000000002").await else { return };
    bench.leave_card(&form, "OPEN0000000000002").await;
    // What comes next is about the next card: nothing was said of the one that was left.
    assert!(opened(bench, "OPEN0000000000003").await.is_some());
}

pub async fn a_lost_answer_to_a_code_proves_nothing_and_the_phone_knows(bench: &impl Bench) {
    let Some(card) = opened(bench, "OPEN0000000000004").await else { return };
    for ((trouble, effect), serial) in
        [(Trouble::LostBefore, false), (Trouble::LostAfter, true)].into_iter().zip(1..)
    {
        let row = attempt(Method::QuickPay, 100, serial);
        bench.trouble_with_codes(trouble).await;
        let lost = ask_code(bench, &card, &row).await;
        assert_eq!(lost, Err(AgreementError::Unclear(Unclear::Connection)), "{trouble:?}");
        let code = bench.code_on_phone(&row).await;
        assert_eq!(code.is_some(), effect, "{trouble:?}");
        assert_eq!(say(bench, Kind::Query, &row).await, PaymentFinding::NotFound, "a code pays nothing");
        let code = if let Some(code) = code {
            code
        } else {
            ask_code(bench, &card, &row).await.unwrap();
            bench.code_on_phone(&row).await.unwrap()
        };
        assert_eq!(pay(bench, &card, &row, &code).await, PaymentFinding::InProgress);
        assert!(matches!(say(bench, Kind::Query, &row).await, PaymentFinding::Paid(_)), "{trouble:?}");
    }
}

pub async fn a_wrong_code_pays_nothing_and_the_query_proves_it(bench: &impl Bench) {
    let Some(card) = opened(bench, "OPEN0000000000005").await else { return };
    let row = attempt(Method::QuickPay, 100, 1);
    ask_code(bench, &card, &row).await.unwrap();
    let right = bench.code_on_phone(&row).await.unwrap();
    let wrong = if right == "000000" { "111111" } else { "000000" };
    assert_eq!(pay(bench, &card, &row, wrong).await, PaymentFinding::InProgress, "taken is not done");
    let asked = say(bench, Kind::Query, &row).await;
    assert!(matches!(asked, PaymentFinding::Failed { .. }), "{asked:?}");
    assert_eq!(bench.truth(&row).await.paid_fen, 0);
    // The order is used up; the right code pays the next one.
    let next = attempt(Method::QuickPay, 100, 2);
    ask_code(bench, &card, &next).await.unwrap();
    let code = bench.code_on_phone(&next).await.unwrap();
    assert_eq!(pay(bench, &card, &next, &code).await, PaymentFinding::InProgress);
    assert!(matches!(say(bench, Kind::Query, &next).await, PaymentFinding::Paid(_)));
}

pub async fn an_ended_card_gets_no_more_codes(bench: &impl Bench) {
    let Some(card) = opened(bench, "OPEN0000000000006").await else { return };
    let now_us = bench.now_us();
    let (order_id, token) = ("UNBIND00000000001".to_owned(), card.token.clone());
    let unbind = Unbind { order_id, txn_time_us: now_us, token };
    bench.adapters().unbind_card(bench.contract(), unbind, now_us).await.unwrap().unwrap();
    let row = attempt(Method::QuickPay, 100, 1);
    let refused = ask_code(bench, &card, &row).await;
    assert!(matches!(refused, Err(AgreementError::Refused { .. })), "{refused:?}");
    assert_eq!(bench.code_on_phone(&row).await, None);
}
