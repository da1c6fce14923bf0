//! What the HTTP client does with servers that are no gateway.

use crate::bench::patient;
use crate::rows::{self, APP_ID, SELLER_ID, START_US, key_text};
use crate::{alipay, orders};
use axum::Router;
use axum::response::{IntoResponse, Redirect};
use axum::routing::any;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tillkeeper_channels::{
    ANSWER_MAX_BYTES, Adapters, BillContent, BillFetchError, Contract, Deadlines, Environment, Limits,
    Opened, PaymentRows,
};
use tk_domain::channel_account::Method;
use tk_domain::instruction::InstructionKind;
use tk_domain::report::{PaymentFinding, Unclear};
use tokio::net::TcpListener;

async fn served(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    base
}

fn contract(gateway_url: &str) -> Contract {
    let settings =
        json!({ "gateway_url": gateway_url, "app_id": APP_ID, "seller_id": SELLER_ID, "mode": "key" })
            .to_string();
    let secrets = json!({
        "app_private_key": key_text("alipay_app.pkcs8.pem"),
        "alipay_public_key": key_text("alipay_platform.pub.pem"),
    });
    let account = rows::account(settings);
    let opened = Opened { account: &account, secrets: &secrets.to_string(), notify_url: None };
    Contract::open(opened, Environment::Test, START_US).unwrap()
}

async fn ask(adapters: &Adapters, contract: &Contract) -> PaymentFinding {
    let (payment, attempt) = (rows::payment(100), rows::attempt(Method::AlipayQr, 100, 1));
    let instruction = rows::instruction(InstructionKind::Query, None);
    let rows = PaymentRows { instruction: &instruction, payment: &payment, attempt: &attempt };
    adapters.say_payment(contract, rows, START_US).await.finding
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    let router = Router::new().route("/", any(|| async { vec![b' '; ANSWER_MAX_BYTES + 1] }));
    let finding = ask(&patient(), &contract(&served(router).await)).await;
    assert_eq!(finding, PaymentFinding::Unclear(Unclear::Unreadable));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let followed = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&followed);
    let elsewhere = any(move || async move {
        count.fetch_add(1, Ordering::SeqCst);
        "here".into_response()
    });
    let router = Router::new()
        .route("/", any(|| async { Redirect::temporary("/elsewhere") }))
        .route("/elsewhere", elsewhere);
    let finding = ask(&patient(), &contract(&served(router).await)).await;
    assert_eq!(finding, PaymentFinding::Unclear(Unclear::Unreadable));
    assert_eq!(followed.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_gateway_that_is_not_there_is_a_connection_failure() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let contract = contract(&address);
    let finding = ask(&patient(), &contract).await;
    assert_eq!(finding, PaymentFinding::Unclear(Unclear::Connection));
    let bill = patient().fetch_bill(&contract, BillContent::Trades, 20_000, START_US).await;
    assert_eq!(bill, Err(BillFetchError::Unclear(Unclear::Connection)));
}

#[tokio::test]
async fn one_contract_has_a_bounded_number_of_conversations() {
    let arrived = Arc::new(tokio::sync::Notify::new());
    let here = Arc::clone(&arrived);
    let router = Router::new().route(
        "/",
        any(move || async move {
            here.notify_one();
            std::future::pending::<&str>().await
        }),
    );
    let contract = contract(&served(router).await);
    let deadlines = Deadlines { total: Duration::from_mins(5), ..Deadlines::default() };
    let limits = Limits { conversations: 1, wait: Duration::from_millis(20), deadlines };
    let adapters = Arc::new(Adapters::new(Environment::Test, limits).unwrap());
    let (first_adapters, first_contract) = (Arc::clone(&adapters), contract.clone());
    let first = tokio::spawn(async move { ask(&first_adapters, &first_contract).await });
    arrived.notified().await;
    assert_eq!(ask(&adapters, &contract).await, PaymentFinding::Unclear(Unclear::RateLimited));
    assert!(!first.is_finished());
    first.abort();
}

#[tokio::test]
async fn gbk_is_spoken_as_well() {
    orders::every_method_collects_the_amount_and_the_query_proves_it(&alipay::in_gbk().await).await;
}
