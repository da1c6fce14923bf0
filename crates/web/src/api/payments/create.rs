//! `POST /v1/payments`.

use super::view::{Publisher, status_of};
use crate::api::answer::{Answer, record};
use crate::api::once::{Came, Effect};
use crate::api::refer;
use crate::api::schema;
use crate::auth::{Caller, PaymentsWrite};
use crate::parse::{
    CodeText, Description, Metadata, MinorUnits, Number, Text, Write, method_words, rfc3339_us,
};
use crate::problem::{Code, Problem};
use crate::state::WebState;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use serde::Deserialize;
use tk_domain::channel_account::Method;
use tk_domain::payment::{CreatePayment, Created, Payment, StartAttempt};
use tk_domain::product::Terminal;
use tk_domain::refusal::Refusal;
use tk_money::{Amount, Currency};
use utoipa::ToSchema;

/// A payment to be made.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentCreate {
    /// The payee: `mch_…` or its code.
    pub merchant: CodeText,
    /// The merchant's own number; the same number with the same terms is the same payment.
    pub merchant_order_no: Number,
    /// Minor units (fen).
    pub amount: MinorUnits,
    /// ISO 4217; `CNY` by default.
    #[schema(value_type = Option<String>)]
    pub currency: Option<Text<1, 8>>,
    /// What is paid for: `prd_…` or its code.
    pub product: CodeText,
    /// Shown to the payer; the product's name by default.
    #[schema(value_type = Option<String>, max_length = 127)]
    pub description: Option<Description>,
    /// Where the payer is, if known.
    #[schema(value_type = Option<String>)]
    pub terminal: Option<Terminal>,
    /// Which methods the payer may choose from.
    pub methods: Option<Methods>,
    /// RFC 3339; by default as the product says.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Text<1, 40>>,
    /// Where the payer's browser goes afterwards; says nothing about the outcome.
    #[schema(value_type = Option<String>, max_length = 512)]
    pub return_url: Option<Text<1, 512>>,
    /// The merchant's own data.
    pub metadata: Option<Metadata>,
    /// Pay-before-issue facts.
    pub fulfilment: Option<Metadata>,
    /// With `confirm`: the method of the one attempt, for callers that draw their own page.
    #[schema(value_type = Option<String>)]
    pub method: Option<Method>,
    /// With `method`: starts the attempt at once and answers with what the payer has to do.
    pub confirm: Option<bool>,
    /// The payer's bar code, for bar-code methods.
    #[schema(value_type = Option<String>)]
    pub auth_code: Option<Text<1, 32>>,
}

/// Which methods the payer may choose from.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Methods {
    /// Methods, or the groups `alipay` and `wechat`.
    #[schema(value_type = Vec<String>)]
    pub allow: Vec<Text<1, 32>>,
}

/// Creates a payment. With `method` and `confirm` its one attempt starts at once; otherwise the payer chooses
/// on the page at `cashier_url`, or the caller starts attempts.
#[utoipa::path(post, path = "/v1/payments", tag = "payments", request_body = PaymentCreate, responses(
    (status = 201, body = schema::Payment, description = "created"),
    (status = 200, body = schema::Payment, description = "the order number has this payment already"),
    (status = 202, body = schema::Payment, description = "confirmed; the outcome is not known yet"),
))]
pub async fn create(
    State(state): State<WebState>,
    write: Write<PaymentsWrite, PaymentCreate>,
) -> Result<Answer, Problem> {
    let (mut effect, body) = Effect::begin(write, &state)?;
    let confirm = confirmed(&body)?;
    let (command, publisher) = prepared(&state, &effect.caller, &body).await?;
    let render = {
        let publisher = publisher.clone();
        move |created: &Created, live: bool| {
            record(created_status(created), &publisher.view(&created.payment, None, live))
        }
    };
    let came = effect.submit(&state, command, render).await?;
    let (created, answer) = match came {
        Came::Replayed(answer) => return Ok(answer),
        Came::Fresh(created, answer) => (created, answer),
    };
    match (confirm, answer) {
        (Some(method), _) => {
            let started = start(&state, &effect.caller, &created.payment, (method, body.auth_code)).await?;
            let (payment, attempt) = started;
            let view = publisher.view(&payment, Some(&attempt), state.live());
            let answer = Answer::new(status_of(&payment, created_status(&created)), &view)?;
            effect.keep(&state, &answer).await;
            Ok(answer)
        }
        (None, Some(answer)) => Ok(answer),
        (None, None) => Err(Code::Internal.into()),
    }
}

fn created_status(created: &Created) -> StatusCode {
    if created.existing { StatusCode::OK } else { StatusCode::CREATED }
}

/// The method, if the attempt is to start at once; method and confirm come together or not at all.
fn confirmed(body: &PaymentCreate) -> Result<Option<Method>, Problem> {
    match (body.method, body.confirm.unwrap_or(false)) {
        (Some(method), true) => Ok(Some(method)),
        (None, false) => Ok(None),
        (None, true) => Err(Problem::field(Code::FieldMissing, "#/method", "required with confirm")),
        (Some(_), false) => Err(Problem::field(Code::FieldMissing, "#/confirm", "required with method")),
    }
}

async fn prepared(
    state: &WebState,
    caller: &Caller,
    body: &PaymentCreate,
) -> Result<(CreatePayment, Publisher), Problem> {
    let names = (body.merchant.0.as_str(), body.product.0.as_str());
    let (merchant, product) = refer::merchant_and_product(state, caller, names).await?;
    let command = CreatePayment {
        tenant_id: caller.tenant_id,
        app_id: Some(caller.app.id),
        merchant_id: merchant.id,
        product_id: product.id,
        merchant_order_no: body.merchant_order_no.0.clone(),
        amount: Amount::new(body.amount.0, currency(body.currency.as_ref())?),
        description: body.description.as_ref().map_or(product.name, |text| text.0.clone()),
        terminal: body.terminal,
        methods_allow: body
            .methods
            .as_ref()
            .map(|list| method_words("#/methods/allow", &list.allow))
            .transpose()?,
        single_attempt: body.confirm.unwrap_or(false),
        expires_at_us: body.expires_at.as_ref().map(expiry).transpose()?,
        return_url: body.return_url.as_ref().map(|text| return_url(state, &text.0)).transpose()?,
        metadata: body.metadata.as_ref().map(Metadata::json),
        fulfilment: body.fulfilment.as_ref().map(Metadata::json),
        origin: caller.origin(),
    };
    let publisher = Publisher {
        app: state.app.clone(),
        tenant_code: caller.tenant_code.clone(),
        merchant_code: merchant.code,
        product_code: product.code,
    };
    Ok((command, publisher))
}

fn currency(text: Option<&Text<1, 8>>) -> Result<Currency, Problem> {
    let Some(text) = text else { return Ok(Currency::Cny) };
    text.0.parse().map_err(|_| Refusal::CurrencyNotSupported.into())
}

fn expiry(text: &Text<1, 40>) -> Result<i64, Problem> {
    rfc3339_us(&text.0)
        .ok_or_else(|| Problem::field(Code::FieldMalformed, "#/expires_at", "RFC 3339 with offset"))
}

/// An address that a browser may be sent to: https, or http where no real money moves.
fn return_url(state: &WebState, text: &str) -> Result<String, Problem> {
    let uri: Option<Uri> = text.parse().ok();
    let scheme_fits = |uri: &Uri| match uri.scheme_str() {
        Some("https") => true,
        Some("http") => !state.live(),
        Some(_) | None => false,
    };
    let fits = uri.is_some_and(|uri| {
        scheme_fits(&uri) && uri.authority().is_some_and(|host| !host.as_str().contains('@'))
    });
    if fits && text.is_ascii() {
        return Ok(text.to_owned());
    }
    Err(Problem::field(Code::FieldMalformed, "#/return_url", "an absolute https address"))
}

async fn start(
    state: &WebState,
    caller: &Caller,
    payment: &Payment,
    (method, auth_code): (Method, Option<Text<1, 32>>),
) -> Result<(Payment, tk_domain::payment::Attempt), Problem> {
    let command = StartAttempt {
        tenant_id: payment.tenant_id,
        payment_id: payment.id,
        method,
        auth_code: auth_code.map(|code| code.0),
        return_url: payment.return_url.clone(),
        lease_us: 0,
        origin: caller.origin(),
    };
    Ok(state.app.start_attempt(command, state.config.limits.channel_wait_us).await?)
}
