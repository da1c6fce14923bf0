//! Objects that a request names: by identifier in paths, by identifier or code in bodies.

use crate::auth::Caller;
use crate::problem::{Code, Problem};
use crate::state::WebState;
use tk_app::store::{Decided, Named, Page};
use tk_domain::access::App;
use tk_domain::id::{
    AttemptId, Id128, MerchantId, PartnerId, PaymentId, ProductId, RefundId, TenantId, TypedId,
};
use tk_domain::key::NaturalKind;
use tk_domain::merchant::Merchant;
use tk_domain::partner::Partner;
use tk_domain::payment::{Attempt, Payment};
use tk_domain::product::Product;
use tk_domain::refund::Refund;
use tk_domain::view::AttemptView;

/// The identifier of a path; a malformed one names nothing.
pub fn parse_id<I: TypedId>(text: &str) -> Result<I, Problem> {
    I::parse(text).ok_or_else(Problem::not_found)
}

/// Whether a text may be a code at all; what PostgreSQL cannot even be asked about is none.
fn may_be_code(text: &str) -> bool {
    !text.is_empty() && text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The row with this key, or the one answer for what does not exist.
pub async fn row<R: Decided>(state: &WebState, key: &R::Key) -> Result<R, Problem> {
    state.app.reader().get::<R>(key).await?.ok_or_else(Problem::not_found)
}

/// The merchant of this identifier or code, if the caller sees it.
pub async fn merchant(state: &WebState, caller: &Caller, text: &str) -> Result<Merchant, Problem> {
    let store = state.app.reader();
    let found = match MerchantId::parse(text) {
        Some(id) => store.get::<Merchant>(&(caller.tenant_id, id)).await?,
        None if may_be_code(text) => store.merchant_by_code(caller.tenant_id, text).await?,
        None => None,
    };
    let merchant = found.ok_or_else(Problem::not_found)?;
    caller.check_sight(merchant.id)?;
    Ok(merchant)
}

/// What a payment says about its merchant and product.
#[derive(Debug)]
pub struct Payee {
    /// The merchant.
    pub merchant_id: MerchantId,
    /// Its code.
    pub merchant_code: String,
    /// The product.
    pub product_id: ProductId,
    /// Its code.
    pub product_code: String,
    /// The description given, or else the product's name.
    pub description: String,
}

/// The merchant and the product of these identifiers or codes, if the caller sees the merchant. Codes never change, so
/// those seen before are not looked up again; whether both may be used, the commit sees.
pub async fn payee(
    state: &WebState,
    caller: &Caller,
    ((merchant, product), description): ((&str, &str), Option<&str>),
) -> Result<Payee, Problem> {
    let (gate, tenant_id) = (&state.gate, caller.tenant_id);
    let known = gate
        .named(tenant_id, NaturalKind::MerchantCode, merchant)
        .zip(gate.named(tenant_id, NaturalKind::ProductCode, product))
        .zip(description);
    if let Some(((merchant_id, product_id), description)) = known {
        let payee = Payee {
            merchant_id: MerchantId::from_id128(merchant_id),
            merchant_code: merchant.to_owned(),
            product_id: ProductId::from_id128(product_id),
            product_code: product.to_owned(),
            description: description.to_owned(),
        };
        caller.check_sight(payee.merchant_id)?;
        return Ok(payee);
    }
    let names = (
        MerchantId::parse(merchant).map_or(Named::Code(merchant), Named::Id),
        ProductId::parse(product).map_or(Named::Code(product), Named::Id),
    );
    let (merchant, product) = state.app.reader().merchant_and_product(tenant_id, names).await?;
    let merchant = merchant.ok_or_else(Problem::not_found)?;
    caller.check_sight(merchant.id)?;
    let product = product.ok_or_else(Problem::not_found)?;
    gate.learn_name(tenant_id, (NaturalKind::MerchantCode, &merchant.code), merchant.id.id128());
    gate.learn_name(tenant_id, (NaturalKind::ProductCode, &product.code), product.id.id128());
    Ok(Payee {
        merchant_id: merchant.id,
        merchant_code: merchant.code,
        product_id: product.id,
        product_code: product.code,
        description: description.map_or(product.name, str::to_owned),
    })
}

/// The product of this identifier or code.
pub async fn product(state: &WebState, tenant_id: TenantId, text: &str) -> Result<Product, Problem> {
    let store = state.app.reader();
    let found = match ProductId::parse(text) {
        Some(id) => store.get::<Product>(&(tenant_id, id)).await?,
        None if may_be_code(text) => store.product_by_code(tenant_id, text).await?,
        None => None,
    };
    found.ok_or_else(Problem::not_found)
}

/// The partner of this identifier or code.
pub async fn partner(state: &WebState, tenant_id: TenantId, text: &str) -> Result<Partner, Problem> {
    let store = state.app.reader();
    let found = match PartnerId::parse(text) {
        Some(id) => store.get::<Partner>(&(tenant_id, id)).await?,
        None if may_be_code(text) => store.partner_by_code(tenant_id, text).await?,
        None => None,
    };
    found.ok_or_else(Problem::not_found)
}

/// The partner that a request is about: the one of the caller's app, or else the one named.
pub async fn partner_of(
    state: &WebState,
    caller: &Caller,
    named: Option<&str>,
) -> Result<Option<PartnerId>, Problem> {
    let named = match named {
        Some(text) => Some(partner(state, caller.tenant_id, text).await?.id),
        None => None,
    };
    caller.partner(named)
}

/// An attempt as the calling app may see it: why other channel accounts were not chosen is told to nobody who speaks for
/// one partner only.
#[must_use]
pub fn attempt_view(app: &App, attempt: &Attempt, live: bool) -> AttemptView {
    let view = AttemptView::of(attempt, live);
    if app.partner_id.is_some() { AttemptView { routing: None, ..view } } else { view }
}

/// The payment of this identifier, if the caller sees its merchant and partner.
pub async fn payment(state: &WebState, caller: &Caller, id: PaymentId) -> Result<Payment, Problem> {
    let payment: Payment = row(state, &(caller.tenant_id, id)).await?;
    caller.check_payment(&payment)?;
    Ok(payment)
}

/// The attempt of this identifier, if it is one of the payment.
pub async fn attempt(state: &WebState, payment: &Payment, id: AttemptId) -> Result<Attempt, Problem> {
    let attempt: Attempt = row(state, &(payment.tenant_id, id)).await?;
    if attempt.payment_id == payment.id { Ok(attempt) } else { Err(Problem::not_found()) }
}

/// The refund of this identifier, if the caller sees its merchant.
pub async fn refund(state: &WebState, caller: &Caller, id: RefundId) -> Result<Refund, Problem> {
    let refund: Refund = row(state, &(caller.tenant_id, id)).await?;
    caller.check_sight(refund.merchant_id)?;
    Ok(refund)
}

/// Refuses a cursor that names no row of the tenant.
pub async fn check_cursor<R: Decided>(
    state: &WebState,
    page: &Page,
    key: impl FnOnce(Id128) -> R::Key,
) -> Result<(), Problem> {
    let Some(id) = page.starting_after.or(page.ending_before) else { return Ok(()) };
    match state.app.reader().get::<R>(&key(id)).await? {
        Some(_) => Ok(()),
        None => Err(Problem::field(Code::CursorInvalid, "?starting_after", "not of this list")),
    }
}
