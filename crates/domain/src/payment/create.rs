//! Creating a payment: everything about the money freezes here.

use crate::audit::{Act, Origin};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::fulfilment;
use crate::id::{
    AppId, MerchantId, PartnerId, PayerId, PaymentId, PrepaymentId, ProductId, TenantId, TypedId,
};
use crate::instalment::{self, Period};
use crate::key::{KeyName, NaturalKey, NaturalKind};
use crate::merchant::Merchant;
use crate::moment::{DAY_US, MINUTE_US, Moment, SECOND_US};
use crate::payment::{
    Bill, Item, Part, PayerRecord, Payment, PaymentStatus, RefundStatus, bill, items, parts,
};
use crate::prepayment::{self, Prepayment};
use crate::product::{self, ExtValues, Product, Terminal};
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use crate::split::{self, SplitTerms};
use crate::view::payment_event;
use crate::webhook::EventKind;
use serde_json::json;
use std::collections::BTreeSet;
use tk_money::{Amount, Currency};

/// The longest a payment may stay open.
const EXPIRY_MAX_US: i64 = 30 * DAY_US;
/// The shortest.
const EXPIRY_MIN_US: i64 = MINUTE_US;

/// Creates a payment, or finds the one that the merchant's order number already has.
#[derive(Debug, Clone)]
pub struct CreatePayment {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The calling app.
    pub app_id: Option<AppId>,
    /// The payee.
    pub merchant_id: MerchantId,
    /// What is paid for.
    pub product_id: ProductId,
    /// Through whom; the product's own partner by default.
    pub partner_id: Option<PartnerId>,
    /// The merchant's own number.
    pub merchant_order_no: String,
    /// The amount to collect.
    pub amount: Amount,
    /// Shown to the payer.
    pub description: String,
    /// Where the payer is, if known.
    pub terminal: Option<Terminal>,
    /// Methods and groups allowed, a JSON array.
    pub methods_allow: Option<String>,
    /// Whether its one attempt decides it.
    pub single_attempt: bool,
    /// When it expires, Unix microseconds; by default as the product says.
    pub expires_at_us: Option<i64>,
    /// Where the browser goes afterwards.
    pub return_url: Option<String>,
    /// The merchant's own data, a JSON object.
    pub metadata: Option<String>,
    /// The product's own fields.
    pub ext: Option<ExtValues>,
    /// The period of a policy that it pays for.
    pub period: Option<Period>,
    /// The merchant's number of the stay or case that it is paid in advance for.
    pub prepayment: Option<String>,
    /// Pay-before-issue facts, a JSON object.
    pub fulfilment: Option<String>,
    /// What it is made of; none, or lines whose sum is the amount.
    pub items: Vec<Item>,
    /// The bill that it pays a part of.
    pub bill: Option<Bill>,
    /// Who gets shares of it.
    pub splits: SplitTerms,
    /// What of the amount is not the payer's own money.
    pub parts: Vec<Part>,
    /// Who is insured, with the middle of the name hidden; the whole name is not kept.
    pub insured: Option<String>,
    /// Who is to pay.
    pub payer: Option<PayerRecord>,
    /// The payer by the blind index of his document number.
    pub payer_id: Option<PayerId>,
    /// Who asks.
    pub origin: Origin,
}

impl CreatePayment {
    /// An order of one amount for a product and nothing besides, described by its own number: no partner, parts, items,
    /// shares or payer, any method, and open for as long as the product says.
    #[must_use]
    pub fn plain(
        (tenant_id, merchant_id): (TenantId, MerchantId),
        product_id: ProductId,
        merchant_order_no: &str,
        amount: Amount,
        origin: Origin,
    ) -> Self {
        Self {
            tenant_id,
            app_id: None,
            merchant_id,
            product_id,
            partner_id: None,
            merchant_order_no: merchant_order_no.to_owned(),
            amount,
            description: merchant_order_no.to_owned(),
            terminal: None,
            methods_allow: None,
            single_attempt: false,
            expires_at_us: None,
            return_url: None,
            metadata: None,
            ext: None,
            period: None,
            prepayment: None,
            fulfilment: None,
            items: Vec::new(),
            bill: None,
            splits: SplitTerms::default(),
            parts: Vec::new(),
            insured: None,
            payer: None,
            payer_id: None,
            origin,
        }
    }

    fn key(&self) -> KeyName {
        KeyName::scoped(
            self.tenant_id,
            NaturalKind::MerchantOrder,
            &self.merchant_id,
            &self.merchant_order_no,
        )
    }

    /// The other orders of the merchant that the payment pays by its items; each belongs to one payment only.
    fn other_orders(&self) -> BTreeSet<KeyName> {
        let named = self.items.iter().filter_map(|item| item.merchant_order_no.as_deref());
        let others = named.filter(|number| *number != self.merchant_order_no);
        let key =
            |number| KeyName::scoped(self.tenant_id, NaturalKind::MerchantOrder, &self.merchant_id, number);
        others.map(key).collect()
    }

    pub(super) fn existing_id(&self, snapshot: &Snapshot) -> Option<PaymentId> {
        snapshot.natural_keys.get(&self.key()).map(|key| PaymentId(key.id))
    }

    fn repeat(
        &self,
        id: PaymentId,
        product: &Product,
        snapshot: &Snapshot,
    ) -> Result<Decision<Created>, Refusal> {
        let existing = snapshot.payments.get(&(self.tenant_id, id)).ok_or(Refusal::OrderConflict)?;
        let same = existing.amount() == self.amount
            && existing.product_id == self.product_id
            && existing.partner_id == self.partner(product)
            && existing.merchant_order_no == self.merchant_order_no
            && self.splits.agrees(existing.splits.as_ref())
            && existing.parts() == self.parts
            && (self.items.is_empty()
                || items::for_others(&existing.items()) == items::for_others(&self.items))
            && existing.period == self.period
            && existing.bill() == self.bill
            && existing.prepayment_id == self.prepayment_id();
        if !same {
            return Err(Refusal::OrderConflict);
        }
        Ok(Decision::nothing(Created { payment: existing.clone(), existing: true }))
    }

    fn prepayment_id(&self) -> Option<PrepaymentId> {
        let account_no = self.prepayment.as_deref()?;
        Some(Prepayment::id_of(self.tenant_id, self.merchant_id, account_no))
    }

    /// What is paid in advance is the payer's own money, whole, and nobody else's until it is drawn.
    fn prepays(&self, snapshot: &Snapshot, now_us: i64) -> Result<Option<Prepayment>, Refusal> {
        let Some(account_no) = &self.prepayment else { return Ok(None) };
        let divided = !self.splits.shares.is_empty() || self.splits.later;
        let alone = self.parts.is_empty() && !divided && self.period.is_none();
        if !alone {
            let reason = "not together with parts, splits or instalment";
            return Err(Refusal::FieldInvalid { param: "prepayment", reason });
        }
        let whose = (self.tenant_id, self.merchant_id);
        prepayment::begin(whose, (account_no, self.amount.currency), snapshot, now_us)
    }

    /// Through whom: as named, or else the one partner of the product.
    fn partner(&self, product: &Product) -> Option<PartnerId> {
        self.partner_id.or(product.partner_id)
    }

    /// A product of a partner is sold through no other, and a partner brings only what it may.
    fn check_partner(&self, product: &Product, snapshot: &Snapshot, now_us: i64) -> Result<(), Refusal> {
        let partner_id = self.partner(product);
        if product.partner_id.is_some() && product.partner_id != partner_id {
            return Err(Refusal::PartnerMismatch);
        }
        let Some(id) = partner_id else { return Ok(()) };
        let partner = snapshot.partners.get(&(self.tenant_id, id));
        partner.ok_or(Refusal::NotFound { what: "partner" })?.admit(product.id, now_us)
    }

    /// Answers what the payer is to pay, minor units.
    fn check(&self, merchant: &Merchant, product: &Product) -> Result<i64, Refusal> {
        if !merchant.enabled {
            return Err(Refusal::MerchantDisabled);
        }
        if !product.enabled {
            return Err(Refusal::ProductDisabled);
        }
        if self.amount.currency != Currency::Cny {
            return Err(Refusal::CurrencyNotSupported);
        }
        let (min, max) = (product.amount_min_minor.max(1), product.amount_max_minor);
        if !(min..=max).contains(&self.amount.minor) {
            let bound = |minor| Amount::new(minor, self.amount.currency);
            return Err(Refusal::AmountOutOfRange { min: bound(min), max: bound(max) });
        }
        items::check(&self.items, self.amount)?;
        self.bill.as_ref().map_or(Ok(()), |bill| bill::check(bill, self.amount))?;
        let payer_minor = parts::check(&self.parts, self.amount, self.partner(product))?;
        items::check_others(&self.items, payer_minor, self.prepayment_id().is_some())?;
        Ok(payer_minor)
    }

    fn expiry(&self, product: &Product, moment: &Moment<'_>) -> Result<i64, Refusal> {
        let by_product = moment.after(product.expires_after_s.saturating_mul(SECOND_US));
        let expires_at_us = self.expires_at_us.unwrap_or(by_product);
        let within = moment.after(EXPIRY_MIN_US)..=moment.after(EXPIRY_MAX_US);
        if within.contains(&expires_at_us) { Ok(expires_at_us) } else { Err(Refusal::ExpiryInvalid) }
    }

    fn row(
        &self,
        (merchant, product): (&Merchant, &Product),
        (payer_minor, expires_at_us): (i64, i64),
        moment: &mut Moment<'_>,
    ) -> Payment {
        Payment {
            tenant_id: self.tenant_id,
            id: PaymentId::new(moment),
            merchant_id: self.merchant_id,
            product_id: self.product_id,
            partner_id: self.partner(product),
            payer_id: self.payer_id,
            app_id: self.app_id,
            merchant_order_no: self.merchant_order_no.clone(),
            amount_minor: self.amount.minor,
            payer_minor,
            discount_minor: 0,
            parts: (!self.parts.is_empty()).then(|| serde_json::to_string(&self.parts).unwrap_or_default()),
            parts_back: None,
            currency: self.amount.currency,
            description: self.description.clone(),
            terminal: self.terminal,
            methods_allow: self.methods_allow.clone(),
            single_attempt: self.single_attempt,
            status: PaymentStatus::RequiresMethod,
            refund_status: RefundStatus::None,
            expires_at_us,
            // Who says until when means it: a price may hold no longer.
            extensions_left: if self.expires_at_us.is_none() { product.extensions_max } else { 0 },
            return_url: self.return_url.clone(),
            metadata: self.metadata.clone(),
            ext: None,
            period: self.period.clone(),
            prepayment_id: self.prepayment_id(),
            fulfilment: self.fulfilment.clone(),
            items: (!self.items.is_empty()).then(|| serde_json::to_string(&self.items).unwrap_or_default()),
            items_back: None,
            bill: self.bill.as_ref().and_then(|bill| serde_json::to_string(bill).ok()),
            splits: None,
            insured: self.insured.clone(),
            payer: self.payer.as_ref().map(|payer| payer.masked.clone()),
            payer_sealed: self.payer.as_ref().map(|payer| payer.sealed.clone()),
            fee: merchant.fee,
            fee_minor: 0,
            fee_returned_minor: 0,
            open_attempt_id: None,
            latest_attempt_id: None,
            effective_attempt_id: None,
            attempts_count: 0,
            unknown_since_us: None,
            refunded_minor: 0,
            late_refunded_minor: 0,
            reversed_minor: 0,
            reversed_others_minor: 0,
            beside_minor: 0,
            refunding_minor: 0,
            splits_count: 0,
            split_lines_count: 0,
            close_requested_at_us: None,
            succeeded_at_us: None,
            ended_at_us: None,
            accounting_day: None,
            event_seq: 0,
            created_at_us: moment.now_us,
            updated_at_us: moment.now_us,
            version: 0,
        }
    }
}

/// The payment, and whether it existed before.
#[derive(Debug, Clone)]
pub struct Created {
    /// The payment.
    pub payment: Payment,
    /// Whether the order number had it already.
    pub existing: bool,
}

impl Command for CreatePayment {
    type Reply = Created;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::Merchant(self.tenant_id, self.merchant_id));
        wants.add(Want::Product(self.tenant_id, self.product_id));
        wants.add(Want::Natural(self.key()));
        let product = snapshot.products.get(&(self.tenant_id, self.product_id));
        if let Some(id) = self.partner_id.or_else(|| product.and_then(|product| product.partner_id)) {
            wants.add(Want::Partner(self.tenant_id, id));
        }
        split::want_terms(self.tenant_id, &self.splits, snapshot, wants);
        if let Some(period) = &self.period {
            instalment::want((self.tenant_id, self.merchant_id), period, snapshot, wants);
        }
        if let Some(account_no) = &self.prepayment {
            prepayment::want((self.tenant_id, self.merchant_id), account_no, wants);
        }
        for key in self.other_orders() {
            wants.add(Want::Natural(key));
        }
        if let Some(id) = self.existing_id(snapshot) {
            wants.add(Want::Payment(self.tenant_id, id));
        }
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<Created>, Refusal> {
        if let Some(id) = self.existing_id(snapshot) {
            let (_, product) = self.named(snapshot)?;
            return self.repeat(id, product, snapshot);
        }
        let (payment, mut changes) = self.make(snapshot, moment)?;
        changes.put(payment.clone());
        Ok(Decision::new(Created { payment, existing: false }, changes))
    }
}

impl CreatePayment {
    fn named<'a>(&self, snapshot: &'a Snapshot) -> Result<(&'a Merchant, &'a Product), Refusal> {
        let merchant = snapshot
            .merchants
            .get(&(self.tenant_id, self.merchant_id))
            .ok_or(Refusal::NotFound { what: "merchant" })?;
        let product = snapshot
            .products
            .get(&(self.tenant_id, self.product_id))
            .ok_or(Refusal::NotFound { what: "product" })?;
        Ok((merchant, product))
    }

    /// The new payment and all that is written with it; the payment itself is left to the caller to write.
    pub(super) fn make(
        &self,
        snapshot: &Snapshot,
        moment: &mut Moment<'_>,
    ) -> Result<(Payment, Changes), Refusal> {
        let (merchant, product) = self.named(snapshot)?;
        let payer_minor = self.check(merchant, product)?;
        self.check_partner(product, snapshot, moment.now_us)?;
        let others = self.other_orders();
        if others.iter().any(|key| snapshot.natural_keys.get(key).is_some()) {
            return Err(Refusal::OrderConflict);
        }
        let expires_at_us = self.expiry(product, moment)?;
        let mut payment = self.row((merchant, product), (payer_minor, expires_at_us), moment);
        // Shares come out of what the payer's money brings; what others put up is the merchant's alone.
        let agreed = (payment.payer_amount(), self.items.as_slice(), merchant.fee);
        payment.splits = split::freeze(&self.splits, agreed, merchant, snapshot)?;
        payment.ext = product::frozen(product.ext_schemas.as_deref(), self.ext.as_ref())?;
        let mut changes = Changes::default();
        changes.put_some(instalment::claim(&payment, product, snapshot)?);
        changes.put_some(self.prepays(snapshot, moment.now_us)?);
        changes.put(payment_event(EventKind::PaymentCreated, &mut payment, None, moment));
        changes.put(NaturalKey { name: self.key(), id: payment.id.id128() });
        for name in others {
            changes.put(NaturalKey { name, id: payment.id.id128() });
        }
        changes.put_some(fulfilment::begin(&payment, product));
        let mut detail = json!({
            "merchant": self.merchant_id, "merchant_order_no": self.merchant_order_no,
            "partner": payment.partner_id,
            "amount": self.amount.minor, "currency": self.amount.currency.code(),
        });
        if payment.parts.is_some() {
            detail["payer_amount"] = json!(payment.payer_minor);
        }
        let who = (self.tenant_id, &self.origin);
        changes.audit(who, Act::PaymentCreate, &payment.id, &detail, moment);
        Ok((payment, changes))
    }
}
