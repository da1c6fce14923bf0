//! pain.002 status reports about payment orders (bankfiles.md §2).

use super::BankError;
use super::camt053::iso_moment;
use super::statement::kept;
use super::xml::{Element, Message, text_of};

/// The most transactions in one report.
const TRANSACTIONS_MAX: usize = 100_000;

/// What a bank says about a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusReport {
    /// The report's own number.
    pub message_id: String,
    /// When it was made, UTC microseconds.
    pub created_at_us: i64,
    /// The number of the message reported on.
    pub original_message_id: String,
    /// The status of the whole message, if the bank gives one.
    pub status: Option<Status>,
    /// The statuses of batches and transfers; those not named keep theirs.
    pub batches: Vec<BatchStatus>,
}

/// What a bank says about a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchStatus {
    /// The batch's number.
    pub id: String,
    /// Its status, if the bank gives one.
    pub status: Option<Status>,
    /// Its transfers.
    pub transfers: Vec<TransferStatus>,
}

/// What a bank says about a transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferStatus {
    /// Our number for the bank.
    pub instruction_id: String,
    /// Our number for the payee.
    pub end_to_end_id: String,
    /// Its status.
    pub status: Option<Status>,
}

/// A status code with the bank's reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The code, such as `ACSC`.
    pub code: String,
    /// The reason's code, such as `AC01`; empty if none.
    pub reason: String,
    /// The reason in words; empty if none.
    pub information: String,
}

/// What a status means for a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// Nothing is settled yet.
    Processing,
    /// The money left the debtor's account or reached the payee.
    Succeeded,
    /// The money did not move and will not.
    Failed,
    /// Parts differ: each transfer's own status counts.
    SeeTransfers,
    /// A code that no table knows: it proves nothing.
    Unknown,
}

impl Status {
    /// What the code means (bankfiles.md §2, table of codes).
    #[must_use]
    pub fn meaning(&self) -> Meaning {
        match self.code.as_str() {
            "RCVD" | "ACTC" | "ACCP" | "ACWC" | "ACSP" | "PDNG" | "PATC" | "ACFC" | "ACWP" | "PRES" => {
                Meaning::Processing
            }
            "ACSC" | "ACCC" => Meaning::Succeeded,
            "RJCT" | "CANC" | "BLCK" => Meaning::Failed,
            "PART" => Meaning::SeeTransfers,
            _ => Meaning::Unknown,
        }
    }
}

impl StatusReport {
    /// The status that counts for a transfer: its own, else its batch's, else the message's, unless that one says
    /// that parts differ.
    #[must_use]
    pub fn meaning_of(&self, end_to_end_id: &str) -> Option<Meaning> {
        let batch = self
            .batches
            .iter()
            .find(|batch| batch.transfers.iter().any(|transfer| transfer.end_to_end_id == end_to_end_id));
        let own = batch.and_then(|batch| {
            batch.transfers.iter().find(|transfer| transfer.end_to_end_id == end_to_end_id)?.status.as_ref()
        });
        let inherited = match batch {
            Some(batch) => batch.status.as_ref().or(self.status.as_ref()),
            None => self.status.as_ref(),
        };
        let meaning = own.or(inherited)?.meaning();
        (meaning != Meaning::SeeTransfers).then_some(meaning)
    }
}

/// Reads a report, versions 03 to 14.
pub fn read_report(bytes: &[u8]) -> Result<StatusReport, BankError> {
    let text = text_of(bytes)?;
    let mut message = Message::open(&text, "pain.002.001.", "CstmrPmtStsRpt")?;
    let mut parts: (Option<Element>, Option<Element>) = (None, None);
    let mut batches: Vec<BatchStatus> = Vec::new();
    let mut transfers = 0_usize;
    while let Some(child) = message.next_child()? {
        let element = message.fill(child)?;
        let slot = match element.name.as_str() {
            "GrpHdr" => &mut parts.0,
            "OrgnlGrpInfAndSts" => &mut parts.1,
            "OrgnlPmtInfAndSts" => {
                let batch = read_batch(&element)?;
                transfers += batch.transfers.len() + 1;
                if transfers > TRANSACTIONS_MAX {
                    return Err(BankError::Limit { line: element.line, what: "transactions" });
                }
                batches.push(batch);
                continue;
            }
            _ => continue,
        };
        if slot.is_some() {
            return Err(BankError::Repeated { line: element.line, what: "header" });
        }
        *slot = Some(element);
    }
    message.finish()?;
    let (Some(head), Some(group)) = parts else { return Err(BankError::Truncated("header")) };
    let created = head.need("CreDtTm")?;
    Ok(StatusReport {
        message_id: kept(head.need_text("MsgId")?, head.line, "MsgId")?,
        created_at_us: iso_moment(&created.text)
            .ok_or(BankError::Field { line: created.line, what: "CreDtTm" })?,
        original_message_id: kept(group.need_text("OrgnlMsgId")?, group.line, "OrgnlMsgId")?,
        status: status(&group, "GrpSts")?,
        batches,
    })
}

fn read_batch(element: &Element) -> Result<BatchStatus, BankError> {
    let transfers = element.all("TxInfAndSts").map(read_transfer).collect::<Result<Vec<_>, _>>()?;
    Ok(BatchStatus {
        id: kept(element.need_text("OrgnlPmtInfId")?, element.line, "OrgnlPmtInfId")?,
        status: status(element, "PmtInfSts")?,
        transfers,
    })
}

fn read_transfer(element: &Element) -> Result<TransferStatus, BankError> {
    Ok(TransferStatus {
        instruction_id: kept(&element.text_at(&["OrgnlInstrId"])?, element.line, "OrgnlInstrId")?,
        end_to_end_id: kept(&element.text_at(&["OrgnlEndToEndId"])?, element.line, "OrgnlEndToEndId")?,
        status: status(element, "TxSts")?,
    })
}

fn status(element: &Element, name: &'static str) -> Result<Option<Status>, BankError> {
    let Some(code) = element.child(name)?.filter(|code| !code.text.is_empty()) else { return Ok(None) };
    if code.text.len() > 4 {
        return Err(BankError::Field { line: code.line, what: name });
    }
    let mut status = Status { code: code.text.clone(), reason: String::new(), information: String::new() };
    // Several reasons may be given; the first one's code counts, and all words are kept.
    for reason in element.all("StsRsnInf") {
        if status.reason.is_empty() {
            status.reason = kept(&reason.text_at(&["Rsn", "Cd"])?, reason.line, "Rsn")?;
        }
        for words in reason.all("AddtlInf") {
            let joined = format!("{} {}", status.information, words.text);
            status.information = kept(&joined, words.line, "AddtlInf")?;
        }
    }
    Ok(Some(status))
}
