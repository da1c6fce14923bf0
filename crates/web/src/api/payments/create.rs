//! `POST /v1/payments`.

use super::amount_parts::{PartCreate, amount_parts};
use super::parts::{self, BillCreate, ExtCreate, InstalmentCreate, InsuredCreate, ItemCreate, PayerCreate};
use super::view::{Publisher, status_of};
use crate::api::answer::{Answer, record};
use crate::api::attempts::create::check_payer_ip;
use crate::api::once::{Came, Effect};
use crate::api::splits::{self, ShareCreate};
use crate::api::{LEASE_US, refer, schema};
use crate::auth::{Caller, PaymentsWrite};
use crate::parse::{
    CodeText, Description, Metadata, MinorUnits, Number, PayerIp, Text, Write, method_words, rfc3339_us,
};
use crate::problem::{Code, Problem};
use crate::state::WebState;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use serde::Deserialize;
use std::sync::Arc;
use tk_domain::channel_account::Method;
use tk_domain::id::TypedId;
use tk_domain::payment::{Attempt, ConfirmPayment, Confirmed, CreatePayment, Created, Payment};
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
    /// Through whom the payer comes: `ptn_…` or its code; the product's or the app's own partner by default.
    pub partner: Option<CodeText>,
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
    /// The product's own fields.
    pub ext: Option<ExtCreate>,
    /// The period of a policy that it pays for; required for a product of regular premium.
    pub instalment: Option<InstalmentCreate>,
    /// The merchant's number of the stay or case that it is paid in advance for; the money is held there until it is
    /// drawn.
    pub prepayment: Option<Number>,
    /// Pay-before-issue facts.
    pub fulfilment: Option<Metadata>,
    /// The bill that it pays a part of, where the rest is paid elsewhere.
    pub bill: Option<BillCreate>,
    /// Who is insured, shown to the payer with the middle of the name hidden; the whole name is not kept.
    pub insured: Option<InsuredCreate>,
    /// Who is to pay.
    pub payer: Option<PayerCreate>,
    /// What it is made of; the amounts sum to the payment's.
    #[schema(max_items = 100)]
    pub items: Option<Vec<ItemCreate>>,
    /// What of the amount is not the payer's own money; the payer is asked for the rest. A part that is not the
    /// merchant's own coupon needs `parts:write` too.
    #[schema(max_items = 10)]
    pub parts: Option<Vec<PartCreate>>,
    /// Who gets shares of it once it is collected; needs `splits:write` too.
    #[schema(max_items = 20)]
    pub splits: Option<Vec<ShareCreate>>,
    /// Whether the channel is to keep the money for shares named after it is collected; needs `splits:write` too.
    pub split_later: Option<bool>,
    /// With `confirm`: the method of the one attempt, for callers that draw their own page.
    #[schema(value_type = Option<String>)]
    pub method: Option<Method>,
    /// With `method`: starts the attempt at once and answers with what the payer has to do.
    pub confirm: Option<bool>,
    /// The payer's bar code, for bar-code methods.
    #[schema(value_type = Option<String>)]
    pub auth_code: Option<Text<1, 32>>,
    /// With `method`: the payer's own address, never that of your server; required for `wechat_h5`.
    pub payer_ip: Option<PayerIp>,
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
    if let Some(method) = confirm {
        let auth_code = body.auth_code.map(|code| code.0);
        let payer_ip = body.payer_ip.map(|address| address.0);
        let command = ConfirmPayment { create: command, method, auth_code, payer_ip, lease_us: LEASE_US };
        return confirm_now(&state, effect, command, publisher).await;
    }
    let view = publisher.clone();
    let render = move |created: &Created, live: bool| {
        record(created_status(created.existing), &view.view(&created.payment, None, live))
    };
    match effect.submit(&state, command, render).await? {
        Came::Fresh(_, Some(answer)) | Came::Replayed(answer) => Ok(answer),
        Came::Fresh(_, None) => Err(Code::Internal.into()),
    }
}

/// Payment and attempt are committed together, so that a refusal leaves neither and the same key hears it again;
/// what is recorded in the commit is replaced by the answer given after waiting for the channel.
async fn confirm_now(
    state: &WebState,
    mut effect: Effect,
    command: ConfirmPayment,
    publisher: Publisher,
) -> Result<Answer, Problem> {
    let view = publisher.clone();
    let render = move |confirmed: &Confirmed, live: bool| {
        let status = status_of(&confirmed.payment, created_status(confirmed.existing));
        record(status, &view.view(&confirmed.payment, confirmed.attempt.as_ref(), live))
    };
    let (confirmed, recorded) = match effect.submit(state, command, render).await? {
        Came::Replayed(answer) => return Ok(answer),
        Came::Fresh(confirmed, recorded) => (confirmed, recorded),
    };
    let started = confirmed.attempt.as_ref().filter(|_| confirmed.started);
    let Some(attempt) = started else { return recorded.ok_or_else(|| Code::Internal.into()) };
    let (tenant_id, wait_us) = (attempt.tenant_id, state.config.limits.channel_wait_us);
    state.app.begin_now(tenant_id, attempt.id.id128(), wait_us).await;
    let payment: Payment = refer::row(state, &(tenant_id, confirmed.payment.id)).await?;
    let attempt: Attempt = refer::row(state, &(tenant_id, attempt.id)).await?;
    let status = status_of(&payment, created_status(confirmed.existing));
    let answer = Answer::new(status, &publisher.view(&payment, Some(&attempt), state.live()))?;
    effect.keep(state, &answer).await;
    Ok(answer)
}

const fn created_status(existing: bool) -> StatusCode {
    if existing { StatusCode::OK } else { StatusCode::CREATED }
}

/// The method, if the attempt is to start at once; method and confirm come together or not at all.
fn confirmed(body: &PaymentCreate) -> Result<Option<Method>, Problem> {
    match (body.method, body.confirm.unwrap_or(false)) {
        (Some(method), true) => check_payer_ip(method, body.payer_ip.as_ref()).map(|()| Some(method)),
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
    let description = body.description.as_ref().map(|text| text.0.as_str());
    let payee = refer::payee(state, caller, (names, description)).await?;
    let seal_name = parts::seal_name((caller.tenant_id, payee.merchant_id), &body.merchant_order_no.0);
    let command = CreatePayment {
        tenant_id: caller.tenant_id,
        app_id: Some(caller.app.id),
        merchant_id: payee.merchant_id,
        product_id: payee.product_id,
        partner_id: refer::partner_of(state, caller, body.partner.as_ref().map(|text| text.0.as_str()))
            .await?,
        merchant_order_no: body.merchant_order_no.0.clone(),
        amount: Amount::new(body.amount.0, currency(body.currency.as_ref())?),
        description: payee.description,
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
        ext: body.ext.as_ref().map(ExtCreate::values),
        period: body.instalment.as_ref().map(InstalmentCreate::period),
        prepayment: body.prepayment.as_ref().map(|number| number.0.clone()),
        fulfilment: body.fulfilment.as_ref().map(Metadata::json),
        items: parts::items(body.items.as_deref().unwrap_or_default())?,
        bill: body.bill.as_ref().map(BillCreate::bill),
        splits: splits::agreed(state, caller, body.splits.as_deref(), body.split_later).await?,
        parts: amount_parts(caller, body.parts.as_deref().unwrap_or_default())?,
        insured: body.insured.as_ref().map(InsuredCreate::masked),
        payer: body.payer.as_ref().map(|payer| payer.record(state, &seal_name)).transpose()?,
        payer_id: body.payer.as_ref().map_or(Ok(None), |payer| payer.payer_id(state, caller.tenant_id))?,
        origin: caller.origin(),
    };
    let publisher = Publisher {
        app: state.app.clone(),
        tenant_code: caller.tenant_code.clone(),
        merchant_code: payee.merchant_code,
        product_code: payee.product_code,
        caller: Arc::clone(&caller.app),
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
