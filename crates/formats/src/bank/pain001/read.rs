//! Reading a message, as the bank's side does.

use super::{Batch, Booking, Initiation, Priority, TRANSFERS_MAX, Transfer, check};
use crate::bank::BankError;
use crate::bank::camt053::{iso_moment, unsigned};
use crate::bank::date::day_of;
use crate::bank::statement::currency_of;
use crate::bank::xml::{Element, Message, text_of};

/// Reads a message whose counts and sums must agree at both levels.
pub fn read_initiation(bytes: &[u8]) -> Result<Initiation, BankError> {
    let text = text_of(bytes)?;
    let mut message = Message::open(&text, "pain.001.001.", "CstmrCdtTrfInitn")?;
    let mut head = None;
    let mut batches = Vec::new();
    let mut transfers = 0_usize;
    while let Some(child) = message.next_child()? {
        let element = message.fill(child)?;
        match element.name.as_str() {
            "GrpHdr" if head.is_some() => {
                return Err(BankError::Repeated { line: element.line, what: "GrpHdr" });
            }
            "GrpHdr" => head = Some(element),
            "PmtInf" => {
                let batch = read_batch(&element)?;
                transfers += batch.transfers.len();
                if transfers > TRANSFERS_MAX {
                    return Err(BankError::Limit { line: element.line, what: "transfers" });
                }
                batches.push(batch);
            }
            _ => {}
        }
    }
    message.finish()?;
    let head = head.ok_or(BankError::Truncated("GrpHdr"))?;
    let created = head.need("CreDtTm")?;
    let initiation = Initiation {
        message_id: head.need_text("MsgId")?.to_owned(),
        created_at_us: iso_moment(&created.text)
            .ok_or(BankError::Field { line: created.line, what: "CreDtTm" })?,
        initiator: head.text_at(&["InitgPty", "Nm"])?,
        batches,
    };
    let totals = (initiation.count(), initiation.sum_minor().ok_or(BankError::Overflow)?);
    check_totals(&head, totals)?;
    check::check(&initiation)?;
    Ok(initiation)
}

fn read_batch(element: &Element) -> Result<Batch, BankError> {
    let account = element.need("DbtrAcct")?;
    let first = element.all("CdtTrfTxInf").next();
    let first = first.ok_or(BankError::Missing { line: element.line, what: "CdtTrfTxInf" })?;
    let code = &first.need("Amt")?.need("InstdAmt")?.ccy;
    let currency = currency_of(code).ok_or(BankError::Currency { line: first.line })?;
    let transfers =
        element.all("CdtTrfTxInf").map(|one| read_transfer(one, code)).collect::<Result<Vec<_>, _>>()?;
    let date = element.need("ReqdExctnDt")?;
    let day = date.child("Dt")?.unwrap_or(date);
    let day: jiff::civil::Date =
        day.text.parse().map_err(|_| BankError::Field { line: date.line, what: "ReqdExctnDt" })?;
    let batch = Batch {
        id: element.need_text("PmtInfId")?.to_owned(),
        priority: match element.text_at(&["PmtTpInf", "InstrPrty"])?.as_str() {
            "HIGH" => Priority::High,
            _ => Priority::Normal,
        },
        booking: match element.text_at(&["BtchBookg"])?.as_str() {
            "true" | "1" => Booking::Batch,
            _ => Booking::Single,
        },
        execution_day: day_of(day.year(), day.month(), day.day())
            .ok_or(BankError::Field { line: date.line, what: "ReqdExctnDt" })?,
        debtor_name: element.text_at(&["Dbtr", "Nm"])?,
        debtor_account: account.text_at(&["Id", "Othr", "Id"])?,
        currency,
        debtor_bic: bic(element.need("DbtrAgt")?)?.unwrap_or_default(),
        transfers,
    };
    check_totals(element, (batch.transfers.len(), batch.sum_minor().ok_or(BankError::Overflow)?))?;
    Ok(batch)
}

fn read_transfer(element: &Element, currency: &str) -> Result<Transfer, BankError> {
    let amount = element.need("Amt")?.need("InstdAmt")?;
    if amount.ccy != currency {
        return Err(BankError::Currency { line: amount.line });
    }
    let numbers = element.need("PmtId")?;
    let agent = element.child("CdtrAgt")?;
    let end_to_end_id = numbers.need_text("EndToEndId")?.to_owned();
    let own = numbers.text_at(&["InstrId"])?;
    let member = element.text_at(&["CdtrAgt", "FinInstnId", "ClrSysMmbId", "MmbId"])?;
    Ok(Transfer {
        instruction_id: if own.is_empty() { end_to_end_id.clone() } else { own },
        end_to_end_id,
        amount_minor: unsigned(amount, "InstdAmt")?,
        creditor_name: element.text_at(&["Cdtr", "Nm"])?,
        creditor_account: element.text_at(&["CdtrAcct", "Id", "Othr", "Id"])?,
        creditor_bic: agent.map(bic).transpose()?.flatten(),
        cnaps: (!member.is_empty()).then_some(member),
        remittance: element.text_at(&["RmtInf", "Ustrd"])?,
    })
}

fn bic(agent: &Element) -> Result<Option<String>, BankError> {
    let older = agent.text_at(&["FinInstnId", "BIC"])?;
    let code = if older.is_empty() { agent.text_at(&["FinInstnId", "BICFI"])? } else { older };
    Ok((!code.is_empty()).then_some(code))
}

fn check_totals(element: &Element, (count, sum_minor): (usize, i64)) -> Result<(), BankError> {
    let number = element.child("NbOfTxs")?;
    if number.is_some_and(|number| number.text.parse() != Ok(count)) {
        return Err(BankError::TotalMismatch("NbOfTxs"));
    }
    match element.child("CtrlSum")? {
        Some(sum) if unsigned(sum, "CtrlSum")? != sum_minor => Err(BankError::TotalMismatch("CtrlSum")),
        Some(_) | None => Ok(()),
    }
}
