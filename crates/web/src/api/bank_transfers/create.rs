//! `POST /v1/bank_transfers`.

use super::{account, bring};
use crate::api::answer::{Answer, record};
use crate::api::once::{Came, Effect};
use crate::api::schema;
use crate::auth::BankTransfersWrite;
use crate::parse::{MinorUnits, Text, Write};
use crate::problem::{Code, Problem};
use crate::state::WebState;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use tk_app::transfers::Slip;
use tk_domain::moment::shanghai_day;
use tk_domain::transfer::{BankLineView, LinesTaken};
use utoipa::ToSchema;

/// A line entered by hand from a slip 补录.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BankTransferCreate {
    /// The bank account, `cha_…`.
    #[schema(value_type = String)]
    pub channel_account: Text<1, 64>,
    /// Minor units.
    pub amount: MinorUnits,
    /// The day on the slip, `YYYY-MM-DD`.
    #[schema(value_type = String, example = "2026-11-20")]
    pub booked_date: Text<10, 10>,
    /// The bank's number on the slip, by which the bank's own line will be recognised.
    #[schema(value_type = String, max_length = 64)]
    pub bank_ref: Text<1, 64>,
    /// Who paid.
    #[schema(value_type = Option<String>, max_length = 100)]
    pub payer_name: Option<Text<1, 100>>,
    /// From which account.
    #[schema(value_type = Option<String>, max_length = 34)]
    pub payer_account: Option<Text<1, 34>>,
    /// What the payer wrote.
    #[schema(value_type = Option<String>, max_length = 200)]
    pub remark: Option<Text<1, 200>>,
    /// The slip.
    pub slip: SlipNamed,
    /// The name of who enters it.
    #[schema(value_type = String, max_length = 64)]
    pub actor: Text<1, 64>,
}

/// The slip's image, kept by the caller.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SlipNamed {
    /// The file's name.
    #[schema(value_type = String, max_length = 100)]
    pub name: Text<1, 100>,
    /// SHA-256 of the file, 64 hexadecimal digits.
    #[schema(value_type = String)]
    pub sha256: Text<64, 64>,
}

/// Enters a line by hand. It waits for a second person, or for the bank's own line with the same number, day and
/// amount; until then it is in no book and matches nothing.
#[utoipa::path(post, path = "/v1/bank_transfers", tag = "bank_transfers",
    request_body = BankTransferCreate, responses(
        (status = 202, body = schema::BankTransfer, description = "waits for a second person"),
        (status = 409, description = "the line is known already"),
    ))]
pub async fn create(
    State(state): State<WebState>,
    write: Write<BankTransfersWrite, BankTransferCreate>,
) -> Result<Answer, Problem> {
    let (mut effect, body) = Effect::begin(write, &state)?;
    let account = account(&state, &effect.caller, &body.channel_account.0).await?;
    let bring = bring(&effect.caller, &account, body.actor.clone());
    let slip = slip(&body, account.currency)?;
    if slip.booked_day > shanghai_day(state.app.now_us()) {
        return Err(Problem::field(Code::FieldMalformed, "#/booked_date", "in the future"));
    }
    let command = state.app.slip_command(&bring, &slip).map_err(|_| Code::Internal)?;
    let id = command.lines.first().map(|line| line.id);
    let render = |taken: &LinesTaken, live: bool| {
        let line = taken.new.first()?;
        record(StatusCode::ACCEPTED, &BankLineView::of(line, live))
    };
    match effect.submit(&state, command, render).await? {
        Came::Fresh(_, Some(answer)) | Came::Replayed(answer) => Ok(answer),
        Came::Fresh(_, None) => {
            let known = id.map(|id| id.to_string()).unwrap_or_default();
            Err(Problem::field(Code::StatementInvalid, "#/bank_ref", format!("known already as {known}")))
        }
    }
}

fn slip(body: &BankTransferCreate, currency: tk_money::Currency) -> Result<Slip, Problem> {
    let wrong = |pointer: &str, reason: &str| Problem::field(Code::FieldMalformed, pointer, reason);
    let booked_day =
        crate::parse::day_of(&body.booked_date.0).ok_or_else(|| wrong("#/booked_date", "no such day"))?;
    let hash = &body.slip.sha256.0;
    if !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(wrong("#/slip/sha256", "64 hexadecimal digits"));
    }
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let document: Value = json!({ "name": body.slip.name.0, "sha256": hash.to_ascii_lowercase() });
    Ok(Slip {
        amount_minor: body.amount.0,
        currency,
        booked_day,
        bank_ref: body.bank_ref.0.clone(),
        party_name: text(body.payer_name.as_ref().map(|name| name.0.as_str())),
        party_account: text(body.payer_account.as_ref().map(|account| account.0.as_str())),
        remark: text(body.remark.as_ref().map(|remark| remark.0.as_str())),
        document,
    })
}
