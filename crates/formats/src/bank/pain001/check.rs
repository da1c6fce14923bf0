//! What a message must be before it is written, and after it is read.

use std::collections::BTreeSet;

use super::{Batch, Initiation, TRANSFERS_MAX, Transfer};
use crate::bank::BankError;

/// Refuses texts that do not fit their fields, amounts not above zero and numbers used twice.
pub(super) fn check(initiation: &Initiation) -> Result<(), BankError> {
    text(&initiation.message_id, 35, "MsgId")?;
    text(&initiation.initiator, 140, "InitgPty")?;
    if initiation.count() == 0 || initiation.count() > TRANSFERS_MAX {
        return Err(BankError::Unwritable("NbOfTxs"));
    }
    initiation.sum_minor().ok_or(BankError::Overflow)?;
    let mut numbers = BTreeSet::new();
    let mut batches = BTreeSet::new();
    for batch in &initiation.batches {
        check_batch(batch)?;
        if !batches.insert(&batch.id) {
            return Err(BankError::Unwritable("PmtInfId"));
        }
        for transfer in &batch.transfers {
            check_transfer(transfer)?;
            if !numbers.insert(&transfer.end_to_end_id) {
                return Err(BankError::Unwritable("EndToEndId"));
            }
        }
    }
    Ok(())
}

fn check_batch(batch: &Batch) -> Result<(), BankError> {
    text(&batch.id, 35, "PmtInfId")?;
    text(&batch.debtor_name, 140, "Dbtr")?;
    text(&batch.debtor_account, 34, "DbtrAcct")?;
    bic(&batch.debtor_bic, "DbtrAgt")?;
    if batch.transfers.is_empty() { Err(BankError::Unwritable("CdtTrfTxInf")) } else { Ok(()) }
}

fn check_transfer(transfer: &Transfer) -> Result<(), BankError> {
    text(&transfer.instruction_id, 35, "InstrId")?;
    text(&transfer.end_to_end_id, 35, "EndToEndId")?;
    text(&transfer.creditor_name, 140, "Cdtr")?;
    text(&transfer.creditor_account, 34, "CdtrAcct")?;
    if !transfer.remittance.is_empty() {
        text(&transfer.remittance, 140, "RmtInf")?;
    }
    if let Some(code) = &transfer.creditor_bic {
        bic(code, "CdtrAgt")?;
    }
    let cnaps = transfer.cnaps.as_deref();
    if cnaps.is_some_and(|number| number.len() != 12 || !number.bytes().all(|byte| byte.is_ascii_digit())) {
        return Err(BankError::Unwritable("MmbId"));
    }
    if transfer.amount_minor <= 0 { Err(BankError::Unwritable("InstdAmt")) } else { Ok(()) }
}

fn text(text: &str, max_chars: usize, what: &'static str) -> Result<(), BankError> {
    let fits = !text.is_empty()
        && text.trim() == text
        && text.chars().count() <= max_chars
        && !text.chars().any(|letter| letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}'));
    if fits { Ok(()) } else { Err(BankError::Unwritable(what)) }
}

/// A BIC has 8 or 11 capitals and digits (ISO 9362).
fn bic(code: &str, what: &'static str) -> Result<(), BankError> {
    let letters = code.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    if letters && matches!(code.len(), 8 | 11) { Ok(()) } else { Err(BankError::Unwritable(what)) }
}
