//! `POST /v1/payments/{id}/identity_checks`.

use crate::api::answer::{Answer, record};
use crate::api::once::{Came, Effect};
use crate::api::payments::parts::hidden;
use crate::api::{refer, schema};
use crate::auth::IdentityWrite;
use crate::parse::{Text, Write};
use crate::problem::{Code, Problem};
use crate::state::WebState;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tk_app::identity::{Claimed, Face};
use tk_domain::id::{Id128, IdentityCheckId};
use tk_domain::identity::{
    Element, IdentityCheck, IdentityCheckView, IdentityLevel, IdentityStatus, OpenIdentityCheck, Sending,
};
use utoipa::ToSchema;

/// A check to be begun: two to four elements. They are kept sealed and answered with their middles hidden.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IdentityCheckCreate {
    /// `real_name`, or `face`, which waits for photos.
    #[schema(value_type = String)]
    pub level: IdentityLevel,
    /// The name.
    #[schema(value_type = String, max_length = 64)]
    pub name: Text<1, 64>,
    /// The number of the identity document.
    #[schema(value_type = String, max_length = 32)]
    pub id_number: Text<6, 32>,
    /// The bank card, if it is to be compared.
    #[schema(value_type = Option<String>, max_length = 32)]
    pub card: Option<Text<8, 32>>,
    /// The telephone, if it is to be compared.
    #[schema(value_type = Option<String>, max_length = 20)]
    pub phone: Option<Text<5, 20>>,
    /// The version of the text that the payer consented to; it must be the one in force.
    #[schema(value_type = String, max_length = 32)]
    pub consent_version: Text<1, 32>,
}

impl IdentityCheckCreate {
    fn claimed(&self) -> Claimed {
        Claimed {
            name: self.name.0.clone(),
            id_number: self.id_number.0.clone(),
            card: self.card.as_ref().map(|text| text.0.clone()),
            phone: self.phone.as_ref().map(|text| text.0.clone()),
        }
    }
}

/// What is compared, and how it is shown.
pub(crate) fn shown(claimed: &Claimed) -> (Vec<Element>, String) {
    let given = [
        (Element::Name, Some(claimed.name.as_str()), 1, 0),
        (Element::IdNumber, Some(claimed.id_number.as_str()), 3, 4),
        (Element::Card, claimed.card.as_deref(), 0, 4),
        (Element::Phone, claimed.phone.as_deref(), 3, 4),
    ];
    let given =
        given.into_iter().filter_map(|(element, text, first, last)| Some((element, text?, first, last)));
    let (mut elements, mut masked) = (Vec::new(), Map::new());
    for (element, text, first, last) in given {
        elements.push(element);
        masked.insert(element.word().to_owned(), Value::String(hidden(text, first, last)));
    }
    (elements, json!(masked).to_string())
}

/// Begins a check. A real name is sent to the provider at once, and the answer waits for him; a face takes photos first.
#[utoipa::path(post, path = "/v1/payments/{id}/identity_checks", tag = "identity", params(("id" = String, Path)),
    request_body = IdentityCheckCreate, responses(
        (status = 201, body = schema::IdentityCheck, description = "begun or decided"),
        (status = 202, body = schema::IdentityCheck, description = "sent; the outcome is not known yet"),
    ))]
pub async fn create(
    State(state): State<WebState>,
    Path(id): Path<String>,
    write: Write<IdentityWrite, IdentityCheckCreate>,
) -> Result<Answer, Problem> {
    let (mut effect, body) = Effect::begin(write, &state)?;
    let payment = refer::payment(&state, &effect.caller, refer::parse_id(&id)?).await?;
    let check_id = IdentityCheckId(Id128::v7(state.app.now_us(), state.app.random_bits()));
    let claimed = body.claimed();
    let (elements, masked) = shown(&claimed);
    let payer_id = state.app.payer_id(payment.tenant_id, &claimed.id_number);
    let malformed = || Problem::field(Code::FieldMalformed, "#/id_number", "has neither letters nor digits");
    let command = OpenIdentityCheck {
        tenant_id: payment.tenant_id,
        check_id,
        payment_id: payment.id,
        level: body.level,
        elements,
        payer_id: payer_id.ok_or_else(malformed)?,
        masked,
        sealed: state.app.seal_claimed(check_id, &claimed).ok_or(Code::Internal)?,
        consent_version: body.consent_version.0,
        sending: Sending::Now,
        origin: effect.caller.origin(),
    };
    let render = |check: &IdentityCheck, _: bool| record(status_of(check), &IdentityCheckView::of(check));
    let (check, recorded) = match effect.submit(&state, command, render).await? {
        Came::Replayed(answer) => return Ok(answer),
        Came::Fresh(check, recorded) => (check, recorded),
    };
    if check.status != IdentityStatus::Processing {
        return recorded.ok_or_else(|| Code::Internal.into());
    }
    let check = state.app.verify_identity(&check, Face::None).await?;
    let answer = Answer::new(status_of(&check), &IdentityCheckView::of(&check))?;
    effect.keep(&state, &answer).await;
    Ok(answer)
}

/// 202 while the outcome is not known.
pub(super) const fn status_of(check: &IdentityCheck) -> StatusCode {
    match check.status {
        IdentityStatus::Processing | IdentityStatus::Unknown | IdentityStatus::PendingApproval => {
            StatusCode::ACCEPTED
        }
        IdentityStatus::Created
        | IdentityStatus::Passed
        | IdentityStatus::Failed
        | IdentityStatus::Rejected => StatusCode::CREATED,
    }
}
