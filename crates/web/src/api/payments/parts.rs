//! Who pays, and what the payment is made of: parsed, masked and sealed.

use crate::parse::{Metadata, MinorUnits, Number, Text};
use crate::problem::{Code, Problem};
use crate::state::WebState;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tk_domain::id::{MerchantId, PayerId, TenantId};
use tk_domain::instalment::Period;
use tk_domain::payment::{Bill, Elsewhere, ElsewhereBy, Item, PayerRecord, Payment};
use tk_domain::product::ExtValues;
use tk_domain::transfer::ExpectedPayer;
use utoipa::ToSchema;

/// Who is to pay. Kept sealed; answers show it with the middles hidden, unless the key may read it in full.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PayerCreate {
    /// The person's or company's name.
    #[schema(value_type = Option<String>, max_length = 64)]
    pub name: Option<Text<1, 64>>,
    /// The identifier by which WeChat knows the person in the merchant's official account.
    #[schema(value_type = Option<String>, max_length = 128)]
    pub openid: Option<Text<1, 128>>,
    /// The telephone number.
    #[schema(value_type = Option<String>, max_length = 20)]
    pub phone: Option<Text<5, 20>>,
    /// The number of the identity document.
    #[schema(value_type = Option<String>, max_length = 32)]
    pub id_no: Option<Text<6, 32>>,
}

/// Who is insured.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InsuredCreate {
    /// The person's or company's name.
    #[schema(value_type = String, max_length = 64)]
    pub name: Text<1, 64>,
}

impl InsuredCreate {
    /// The name as it is kept: its middle hidden.
    pub(super) fn masked(&self) -> String {
        hidden(&self.name.0, 1, 0)
    }
}

/// One line of what is paid for.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ItemCreate {
    /// What it is.
    #[schema(value_type = String, max_length = 100)]
    pub name: Text<1, 100>,
    /// Minor units (fen); by default the quantity times the unit price.
    pub amount: Option<MinorUnits>,
    /// How many.
    pub quantity: Option<i64>,
    /// What one costs, minor units (fen).
    pub unit_price: Option<MinorUnits>,
    /// The order system's word for its kind.
    #[schema(value_type = Option<String>, max_length = 32)]
    pub kind: Option<Text<1, 32>>,
    /// The policy or proposal that it pays for.
    pub policy_no: Option<Number>,
    /// Whether others may have a share of it: goods may be shared, premium never; false by default.
    pub splittable: Option<bool>,
    /// The order that it belongs to, where one payment pays several orders; each belongs to one payment only.
    pub merchant_order_no: Option<Number>,
    /// For whom the merchant only collects it, such as a tax office: booked apart, shared with nobody, and refunded by
    /// naming it.
    #[schema(value_type = Option<String>, max_length = 64)]
    pub collected_for: Option<Text<1, 64>>,
}

/// The product's own fields on a payment.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtCreate {
    /// The version of the product's fields that the caller writes for; the current one by default.
    pub version: Option<i64>,
    /// The fields by name.
    pub values: Metadata,
}

impl ExtCreate {
    pub(super) fn values(&self) -> ExtValues {
        ExtValues { version: self.version, values: self.values.0.clone() }
    }
}

/// The period of a policy that a payment pays for.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InstalmentCreate {
    /// The policy or, before it is issued, the proposal.
    pub policy_no: Number,
    /// Which instalment, 1 to 1200; the first premium is 1.
    pub number: i64,
}

/// A bill of which a part is paid elsewhere; what is paid elsewhere moves no money here and is not ours to refund.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BillCreate {
    /// The payment's amount and all that is paid elsewhere, minor units.
    pub total: MinorUnits,
    /// What is paid elsewhere, 1 to 10 lines.
    #[schema(max_items = 10)]
    pub elsewhere: Vec<ElsewhereCreate>,
}

/// What somebody pays of a bill elsewhere.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ElsewhereCreate {
    /// `medical_fund`, `medical_account`, `commercial_insurance`, `relief` or `other`.
    #[schema(value_type = String)]
    pub by: ElsewhereBy,
    /// Minor units.
    pub amount: MinorUnits,
    /// Its number there, by which it is reconciled.
    #[schema(value_type = Option<String>, max_length = 64)]
    pub reference: Option<Text<1, 64>>,
}

impl BillCreate {
    pub(super) fn bill(&self) -> Bill {
        let line = |line: &ElsewhereCreate| Elsewhere {
            by: line.by,
            amount: line.amount.0,
            reference: line.reference.as_ref().map(|text| text.0.clone()),
        };
        Bill { total: self.total.0, elsewhere: self.elsewhere.iter().map(line).collect() }
    }
}

impl InstalmentCreate {
    pub(super) fn period(&self) -> Period {
        Period { policy_no: self.policy_no.0.clone(), number: self.number }
    }
}

/// Hides the middle of a field.
type Mask = fn(&str) -> String;

impl PayerCreate {
    fn fields(&self) -> [(&'static str, Option<&str>, Mask); 4] {
        [
            ("name", self.name.as_ref().map(|text| text.0.as_str()), |text| hidden(text, 1, 0)),
            ("openid", self.openid.as_ref().map(|text| text.0.as_str()), |text| hidden(text, 3, 0)),
            ("phone", self.phone.as_ref().map(|text| text.0.as_str()), |text| hidden(text, 3, 4)),
            ("id_no", self.id_no.as_ref().map(|text| text.0.as_str()), |text| hidden(text, 3, 4)),
        ]
    }

    fn json(&self, told: impl Fn(&str, Mask) -> String) -> Value {
        let given = self.fields().into_iter().filter_map(|(name, text, mask)| Some((name, text?, mask)));
        let members: Map<String, Value> =
            given.map(|(name, text, mask)| (name.to_owned(), Value::String(told(text, mask)))).collect();
        Value::Object(members)
    }

    /// Who he is by the blind index of his document number.
    pub fn payer_id(&self, state: &WebState, tenant_id: TenantId) -> Result<Option<PayerId>, Problem> {
        let Some(number) = &self.id_no else { return Ok(None) };
        let malformed = || Problem::field(Code::FieldMalformed, "#/payer/id_no", "no number in it");
        state.app.payer_id(tenant_id, &number.0).map(Some).ok_or_else(malformed)
    }

    /// The record as it is kept; `name` is what it belongs to and is sealed with it.
    pub fn record(&self, state: &WebState, name: &str) -> Result<PayerRecord, Problem> {
        let whole = self.json(|text, _| text.to_owned()).to_string();
        let masked = self.json(|text, mask| mask(text)).to_string();
        let sealed = state.app.seal().seal(whole.as_bytes(), name, state.app.random_bits());
        Ok(PayerRecord { masked, sealed: sealed.map_err(|_| Code::Internal)? })
    }
}

/// What a payer's record is sealed with, so that it opens only where it belongs.
#[must_use]
pub fn seal_name((tenant_id, merchant_id): (TenantId, MerchantId), merchant_order_no: &str) -> String {
    format!("payer/{tenant_id}/{merchant_id}/{merchant_order_no}")
}

/// Who is expected to pay by transfer where nobody else was named: the payment's payer.
#[must_use]
pub fn expected(state: &WebState, payment: &Payment) -> ExpectedPayer {
    let payer = revealed(state, payment).unwrap_or_default();
    state.app.expected_payer(payment.tenant_id, payer["name"].as_str(), None)
}

/// The payer in full.
pub fn revealed(state: &WebState, payment: &Payment) -> Option<Value> {
    let name = seal_name((payment.tenant_id, payment.merchant_id), &payment.merchant_order_no);
    let opened = state.app.seal().open(payment.payer_sealed.as_deref()?, &name).ok()?;
    serde_json::from_slice::<PayerShown>(&opened).ok().and_then(|payer| serde_json::to_value(payer).ok())
}

/// The members that a sealed record may have.
#[derive(Debug, Serialize, Deserialize)]
struct PayerShown {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    openid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_no: Option<String>,
}

/// The items with their amounts; a line without one costs its quantity times its price.
pub fn items(lines: &[ItemCreate]) -> Result<Vec<Item>, Problem> {
    lines.iter().enumerate().map(|(place, line)| item(place, line)).collect()
}

fn item(place: usize, line: &ItemCreate) -> Result<Item, Problem> {
    let unit_price = line.unit_price.map(|price| price.0);
    let counted = match (line.quantity, unit_price) {
        (Some(quantity), Some(price)) => Some(
            quantity.checked_mul(price).ok_or(Problem::from(tk_domain::refusal::Refusal::AmountOverflow))?,
        ),
        (Some(_) | None, None) | (None, Some(_)) => None,
    };
    let amount = line.amount.map(|amount| amount.0).or(counted).ok_or_else(|| {
        Problem::field(Code::FieldMissing, format!("#/items/{place}/amount"), "or quantity with unit_price")
    })?;
    Ok(Item {
        name: line.name.0.clone(),
        amount,
        quantity: line.quantity,
        unit_price,
        kind: line.kind.as_ref().map(|kind| kind.0.clone()),
        policy_no: line.policy_no.as_ref().map(|number| number.0.clone()),
        splittable: line.splittable.unwrap_or(false),
        merchant_order_no: line.merchant_order_no.as_ref().map(|number| number.0.clone()),
        collected_for: line.collected_for.as_ref().map(|name| name.0.clone()),
    })
}

/// The first and last letters of a text, never more than half of it; the rest is hidden, its length too.
pub fn hidden(text: &str, first: usize, last: usize) -> String {
    let letters: Vec<char> = text.chars().collect();
    let most = letters.len() / 2;
    let (first, last) = if first + last > most { (first.min(most), 0) } else { (first, last) };
    let head: String = letters.iter().take(first).collect();
    let tail: String = letters.iter().skip(letters.len() - last).collect();
    format!("{head}***{tail}")
}

#[cfg(test)]
mod tests {
    use super::hidden;

    #[test]
    fn names_and_numbers_lose_their_middle() {
        assert_eq!(hidden("张三", 1, 0), "张***");
        assert_eq!(hidden("李", 1, 0), "***");
        assert_eq!(hidden("13812345678", 3, 4), "138***");
        assert_eq!(hidden("+8613812345678", 3, 4), "+86***5678");
        assert_eq!(hidden("110101199001011234", 3, 4), "110***1234");
    }
}
