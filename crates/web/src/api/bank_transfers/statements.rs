//! `POST /v1/bank_transfers/statements`.

use super::{StatementView, account, bring};
use crate::api::answer::{Answer, record};
use crate::api::once::{Came, Effect};
use crate::auth::BankTransfersWrite;
use crate::parse::{Params, Text, Upload, typed};
use crate::problem::{Code, Problem};
use crate::state::WebState;
use axum::extract::State;
use axum::http::StatusCode;
use tk_app::channels::bank::{BankError, Format, StatementError, ToldStatement, read};
use tk_app::transfers::StatementFailure;
use tk_domain::transfer::{LinesTaken, TakeBankLines};

/// Takes a statement file of a bank account: CSV by the account's mapping, camt.053 or MT940, as the body. A file that
/// is wrong anywhere changes nothing; a line that is known already is not booked again.
#[utoipa::path(post, path = "/v1/bank_transfers/statements", tag = "bank_transfers",
    params(("channel_account" = String, Query), ("format" = String, Query), ("actor" = String, Query)),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 201, body = StatementView)))]
pub async fn create(
    State(state): State<WebState>,
    upload: Upload<BankTransfersWrite>,
) -> Result<Answer, Problem> {
    let Upload { write, mut params } = upload;
    let (mut effect, bytes) = Effect::begin(write, &state)?;
    let named = needed(&mut params, "channel_account")?;
    let format = Format::parse(&needed(&mut params, "format")?)
        .ok_or_else(|| Problem::field(Code::ParameterInvalid, "?format", "csv, camt053 or mt940"))?;
    let actor: Text<1, 64> = typed(needed(&mut params, "actor")?.into())?;
    params.finish()?;
    let account = account(&state, &effect.caller, &named).await?;
    let told = read_apart(account.settings.clone(), format, bytes).await?;
    let bring = bring(&effect.caller, &account, actor);
    let mut pieces = match state.app.statement_commands(&bring, &told).await {
        Ok(pieces) => pieces,
        Err(StatementFailure::Store(failure)) => return Err(failure.into()),
        Err(StatementFailure::Seal(_)) => return Err(Code::Internal.into()),
    };
    let Some(last) = pieces.pop() else { return empty(&account.id.to_string()) };
    let new = match before(&state, &mut effect, pieces).await? {
        Ok(new) => new,
        Err(replayed) => return Ok(replayed),
    };
    let (lines, named) = (told.lines.len(), account.id.to_string());
    let render = move |taken: &LinesTaken, _: bool| {
        let new = new + taken.new.len();
        record(StatusCode::CREATED, &view(&named, (lines, new)))
    };
    let came = effect.submit(&state, last, render).await?;
    // The lines are in the books; what they say about each other is looked at again by every matching.
    if let Err(failure) = state.app.look_after_desk(&bring).await {
        tracing::warn!(%failure, "the desk was not looked after");
    }
    match came {
        Came::Fresh(_, Some(answer)) | Came::Replayed(answer) => Ok(answer),
        Came::Fresh(_, None) => Err(Code::Internal.into()),
    }
}

/// All pieces but the last, whose commit records the answer; taking them again changes nothing.
async fn before(
    state: &WebState,
    effect: &mut Effect,
    pieces: Vec<TakeBankLines>,
) -> Result<Result<usize, Answer>, Problem> {
    let mut new = 0;
    for piece in pieces {
        match effect.submit(state, piece, |_, _| None).await? {
            Came::Fresh(taken, _) => new += taken.new.len(),
            Came::Replayed(answer) => return Ok(Err(answer)),
        }
    }
    Ok(Ok(new))
}

fn view(account: &str, (lines, new): (usize, usize)) -> StatementView {
    StatementView {
        object: "bank_statement",
        channel_account: account.to_owned(),
        lines,
        new,
        known: lines.saturating_sub(new),
    }
}

fn empty(account: &str) -> Result<Answer, Problem> {
    Answer::new(StatusCode::CREATED, &view(account, (0, 0)))
}

fn needed(params: &mut Params, name: &str) -> Result<String, Problem> {
    let missing = || Problem::field(Code::ParameterInvalid, format!("?{name}"), "missing");
    params.take(name)?.ok_or_else(missing)
}

/// Reading a large file takes its time, and must not hold up other requests.
async fn read_apart(
    settings: String,
    format: Format,
    bytes: axum::body::Bytes,
) -> Result<ToldStatement, Problem> {
    let reading = tokio::task::spawn_blocking(move || read(&settings, format, &bytes));
    let read = reading.await.map_err(|_| Code::Internal)?;
    read.map_err(|error| refused(&error))
}

fn refused(error: &StatementError) -> Problem {
    let code = match error {
        StatementError::File(BankError::DtdForbidden) => Code::XmlDtdForbidden,
        StatementError::File(BankError::TooLarge) => Code::FileTooLarge,
        StatementError::File(BankError::NotText { .. }) => Code::FileType,
        StatementError::File(_)
        | StatementError::OtherAccount
        | StatementError::DoubledRow { .. }
        | StatementError::NoBankAccount => Code::StatementInvalid,
    };
    Problem::field(code, "#", error.to_string())
}
