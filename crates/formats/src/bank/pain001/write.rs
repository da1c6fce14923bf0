//! Writing a message; the order of elements is that of the schema.

use super::{Batch, Booking, Initiation, Priority, Transfer, Version, check};
use crate::bank::BankError;
use crate::bank::amount::format_minor;
use crate::bank::date::{beijing_day, date_of};

/// Writes a message in UTF-8 with counts and sums at both levels.
pub fn write_initiation(initiation: &Initiation, version: Version) -> Result<Vec<u8>, BankError> {
    check::check(initiation)?;
    let mut out = Xml { text: String::with_capacity(1024 + initiation.count() * 768) };
    out.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:");
    out.raw(version.name());
    out.raw("\"><CstmrCdtTrfInitn><GrpHdr>");
    out.leaf("MsgId", &initiation.message_id);
    out.leaf("CreDtTm", &time_text(initiation.created_at_us)?);
    out.totals(initiation.count(), initiation.sum_minor().ok_or(BankError::Overflow)?);
    out.raw("<InitgPty>");
    out.leaf("Nm", &initiation.initiator);
    out.raw("</InitgPty></GrpHdr>\n");
    for batch in &initiation.batches {
        write_batch(&mut out, batch, version)?;
    }
    out.raw("</CstmrCdtTrfInitn></Document>\n");
    Ok(out.text.into_bytes())
}

fn write_batch(out: &mut Xml, batch: &Batch, version: Version) -> Result<(), BankError> {
    out.raw("<PmtInf>");
    out.leaf("PmtInfId", &batch.id);
    out.leaf("PmtMtd", "TRF");
    out.leaf("BtchBookg", if batch.booking == Booking::Batch { "true" } else { "false" });
    out.totals(batch.transfers.len(), batch.sum_minor().ok_or(BankError::Overflow)?);
    out.raw("<PmtTpInf>");
    out.leaf("InstrPrty", if batch.priority == Priority::High { "HIGH" } else { "NORM" });
    out.raw("</PmtTpInf><ReqdExctnDt>");
    let date = date_of(batch.execution_day).ok_or(BankError::Unwritable("ReqdExctnDt"))?.to_string();
    match version {
        Version::V03 => out.raw(&date),
        Version::V09 => out.leaf("Dt", &date),
    }
    out.raw("</ReqdExctnDt><Dbtr>");
    out.leaf("Nm", &batch.debtor_name);
    out.raw("</Dbtr><DbtrAcct><Id><Othr>");
    out.leaf("Id", &batch.debtor_account);
    out.raw("</Othr></Id>");
    out.leaf("Ccy", batch.currency.code());
    out.raw("</DbtrAcct><DbtrAgt><FinInstnId>");
    out.leaf(bic_name(version), &batch.debtor_bic);
    out.raw("</FinInstnId></DbtrAgt>");
    out.leaf("ChrgBr", "SLEV");
    out.raw("\n");
    for transfer in &batch.transfers {
        write_transfer(out, transfer, (batch, version));
    }
    out.raw("</PmtInf>\n");
    Ok(())
}

fn write_transfer(out: &mut Xml, transfer: &Transfer, (batch, version): (&Batch, Version)) {
    out.raw("<CdtTrfTxInf><PmtId>");
    out.leaf("InstrId", &transfer.instruction_id);
    out.leaf("EndToEndId", &transfer.end_to_end_id);
    out.raw("</PmtId><Amt><InstdAmt Ccy=\"");
    out.raw(batch.currency.code());
    out.raw("\">");
    out.raw(&format_minor(transfer.amount_minor, '.'));
    out.raw("</InstdAmt></Amt>");
    if transfer.creditor_bic.is_some() || transfer.cnaps.is_some() {
        out.raw("<CdtrAgt><FinInstnId>");
        if let Some(bic) = &transfer.creditor_bic {
            out.leaf(bic_name(version), bic);
        }
        if let Some(cnaps) = &transfer.cnaps {
            out.raw("<ClrSysMmbId><ClrSysId><Cd>CNAPS</Cd></ClrSysId>");
            out.leaf("MmbId", cnaps);
            out.raw("</ClrSysMmbId>");
        }
        out.raw("</FinInstnId></CdtrAgt>");
    }
    out.raw("<Cdtr>");
    out.leaf("Nm", &transfer.creditor_name);
    out.raw("</Cdtr><CdtrAcct><Id><Othr>");
    out.leaf("Id", &transfer.creditor_account);
    out.raw("</Othr></Id></CdtrAcct>");
    if !transfer.remittance.is_empty() {
        out.raw("<RmtInf>");
        out.leaf("Ustrd", &transfer.remittance);
        out.raw("</RmtInf>");
    }
    out.raw("</CdtTrfTxInf>\n");
}

const fn bic_name(version: Version) -> &'static str {
    match version {
        Version::V03 => "BIC",
        Version::V09 => "BICFI",
    }
}

/// Beijing time to the second, with its offset.
fn time_text(at_us: i64) -> Result<String, BankError> {
    let date = date_of(beijing_day(at_us)).ok_or(BankError::Unwritable("CreDtTm"))?;
    let second = at_us.saturating_add(28_800_000_000).rem_euclid(86_400_000_000) / 1_000_000;
    Ok(format!("{date}T{:02}:{:02}:{:02}+08:00", second / 3600, second / 60 % 60, second % 60))
}

struct Xml {
    text: String,
}

impl Xml {
    fn raw(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn leaf(&mut self, name: &str, text: &str) {
        self.text.push('<');
        self.text.push_str(name);
        self.text.push('>');
        self.text.push_str(&quick_xml::escape::escape(text));
        self.text.push_str("</");
        self.text.push_str(name);
        self.text.push('>');
    }

    fn totals(&mut self, count: usize, sum_minor: i64) {
        self.leaf("NbOfTxs", &count.to_string());
        self.leaf("CtrlSum", &format_minor(sum_minor, '.'));
    }
}
