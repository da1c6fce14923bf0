//! Payments as published by the API: with codes, the cashier's address and what was asked to be expanded.

use super::parts;
use crate::api::refer::attempt_view;
use crate::auth::Caller;
use crate::problem::Problem;
use crate::state::WebState;
use axum::http::StatusCode;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use tk_app::App;
use tk_domain::access::{App as Program, Scope};
use tk_domain::id::{AttemptId, MerchantId, ProductId, TenantId, TypedId};
use tk_domain::merchant::Merchant;
use tk_domain::payment::{Attempt, Payment, PaymentStatus};
use tk_domain::product::Product;
use tk_domain::view::{Latest, PaymentView, RefundView};

/// What may be expanded.
pub const EXPANDABLE: [&str; 3] = ["latest_attempt", "attempts", "refunds"];

/// Publishes payments of one merchant and product.
#[derive(Debug, Clone)]
pub struct Publisher {
    /// Makes the cashier's addresses.
    pub app: App,
    /// Part of them.
    pub tenant_code: String,
    /// The merchant's code.
    pub merchant_code: String,
    /// The product's code.
    pub product_code: String,
    /// The calling app, which may not see everything of an attempt.
    pub caller: Arc<Program>,
}

impl Publisher {
    /// The publisher of a payment.
    pub async fn of(state: &WebState, caller: &Caller, payment: &Payment) -> Result<Self, Problem> {
        Ok(Self {
            app: state.app.clone(),
            tenant_code: caller.tenant_code.clone(),
            merchant_code: merchant_code(state, payment.tenant_id, payment.merchant_id).await?,
            product_code: product_code(state, payment.tenant_id, payment.product_id).await?,
            caller: Arc::clone(&caller.app),
        })
    }

    /// The payment as published.
    #[must_use]
    pub fn view(&self, payment: &Payment, latest: Option<&Attempt>, live: bool) -> PaymentView {
        let whole = latest.map(|attempt| Box::new(attempt_view(&self.caller, attempt, live)));
        let id = payment.latest_attempt_id.map(Latest::Id);
        PaymentView {
            latest_attempt: whole.map(Latest::Whole).or(id),
            merchant_code: Some(self.merchant_code.clone()),
            product_code: Some(self.product_code.clone()),
            cashier_url: Some(self.app.links().url(&self.tenant_code, payment.id)),
            ..PaymentView::of(payment, None, live)
        }
    }
}

/// 202 while the outcome is being worked on, else as given.
#[must_use]
pub fn status_of(payment: &Payment, otherwise: StatusCode) -> StatusCode {
    if payment.status == PaymentStatus::Processing { StatusCode::ACCEPTED } else { otherwise }
}

/// A payment with everything asked to be expanded.
pub async fn published(
    state: &WebState,
    caller: &Caller,
    payment: &Payment,
    expand: &BTreeSet<String>,
) -> Result<Value, Problem> {
    if expand.contains("refunds") {
        caller.check_scope(Scope::RefundsRead)?;
    }
    let publisher = Publisher::of(state, caller, payment).await?;
    let (store, live, tenant_id) = (state.app.reader(), state.live(), payment.tenant_id);
    let latest = match payment.latest_attempt_id {
        Some(id) if expand.contains("latest_attempt") => latest(state, tenant_id, id).await?,
        Some(_) | None => None,
    };
    let mut value = json!(publisher.view(payment, latest.as_ref(), live));
    if caller.has(Scope::PiiRead)
        && let Some(payer) = parts::revealed(state, payment)
    {
        value["payer"] = payer;
    }
    if expand.contains("attempts") {
        let attempts = store.attempts_of(tenant_id, payment.id).await?;
        value["attempts"] = attempts.iter().map(|row| json!(attempt_view(&caller.app, row, live))).collect();
    }
    if expand.contains("refunds") {
        let refunds = store.refunds_of(tenant_id, payment.id).await?;
        value["refunds"] = refunds.iter().map(|row| json!(RefundView::of(row, live))).collect();
    }
    Ok(value)
}

async fn latest(state: &WebState, tenant_id: TenantId, id: AttemptId) -> Result<Option<Attempt>, Problem> {
    Ok(state.app.reader().get::<Attempt>(&(tenant_id, id)).await?)
}

async fn merchant_code(state: &WebState, tenant_id: TenantId, id: MerchantId) -> Result<String, Problem> {
    if let Some(code) = state.gate.code(id.id128()) {
        return Ok(code);
    }
    let row = state.app.reader().get::<Merchant>(&(tenant_id, id)).await?;
    Ok(row.map(|row| state.gate.learn_code(id.id128(), row.code)).unwrap_or_default())
}

async fn product_code(state: &WebState, tenant_id: TenantId, id: ProductId) -> Result<String, Problem> {
    if let Some(code) = state.gate.code(id.id128()) {
        return Ok(code);
    }
    let row = state.app.reader().get::<Product>(&(tenant_id, id)).await?;
    Ok(row.map(|row| state.gate.learn_code(id.id128(), row.code)).unwrap_or_default())
}
