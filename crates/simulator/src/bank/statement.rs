//! Statement files as banks hand them out: CSV in GBK with both amount columns, camt.053, MT940.

use super::books::{Bank, BankRefusal, Booking, Nature};
use std::fmt::Write as _;
use tk_formats::charset::Charset;

const DAY_US: i64 = 86_400_000_000;

/// The format of a statement file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFormat {
    /// CSV in GBK, as most Chinese banks export it.
    Csv,
    /// ISO 20022 camt.053.001.02.
    Camt053,
    /// SWIFT MT940 without blocks.
    Mt940,
}

impl FileFormat {
    /// Reads its word: `csv`, `camt053` or `mt940`.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "csv" => Some(Self::Csv),
            "camt053" => Some(Self::Camt053),
            "mt940" => Some(Self::Mt940),
            _ => None,
        }
    }
}

/// The bookings that a statement shows, with the balance before them as a file tells it.
struct Sheet<'a> {
    account: &'a str,
    date: jiff::civil::Date,
    opening_fen: i64,
    closing_fen: i64,
    /// With the balance after each, late items left out of it.
    lines: Vec<(&'a Booking, i64)>,
    numberless: bool,
}

impl<'a> Sheet<'a> {
    fn of(bank: &'a Bank, account: &'a str, day: i64, now_us: i64) -> Result<Self, BankRefusal> {
        let rows = bank.bookings(account)?;
        let shown = |row: &&Booking| row.shown_from_us <= now_us;
        // A late item is shown on the day on which it appears.
        let day_of = |row: &Booking| row.day().max(day_of_us(row.shown_from_us));
        let opening_fen =
            rows.iter().filter(shown).filter(|row| day_of(row) < day).map(|row| row.signed_fen).sum();
        let mut balance = opening_fen;
        let mut lines = Vec::new();
        for row in rows.iter().filter(shown).filter(|row| day_of(row) == day) {
            balance += row.signed_fen;
            lines.push((row, balance));
        }
        let at = jiff::Timestamp::from_microsecond(day.saturating_mul(DAY_US)).unwrap_or_default();
        let date = at.to_zoned(jiff::tz::TimeZone::UTC).date();
        let numberless = bank.habits.numberless;
        Ok(Self { account, date, opening_fen, closing_fen: balance, lines, numberless })
    }

    fn number(&self, row: &Booking) -> String {
        if self.numberless { String::new() } else { format!("BR{:012}", row.number) }
    }
}

pub(crate) fn day_of_us(at_us: i64) -> i64 {
    at_us.saturating_add(8 * 3_600_000_000).div_euclid(DAY_US)
}

/// The statement of one account and day, as the bank can tell it at this moment.
pub fn statement(
    bank: &Bank,
    (account, day): (&str, i64),
    format: FileFormat,
    now_us: i64,
) -> Result<Vec<u8>, BankRefusal> {
    let sheet = Sheet::of(bank, account, day, now_us)?;
    Ok(match format {
        FileFormat::Csv => csv(&sheet),
        FileFormat::Camt053 => camt053(&sheet).into_bytes(),
        FileFormat::Mt940 => mt940(&sheet).into_bytes(),
    })
}

fn yuan(fen: i64, point: char) -> String {
    let fen = fen.unsigned_abs();
    format!("{}{point}{:02}", fen / 100, fen % 100)
}

fn signed(fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    format!("{sign}{}", yuan(fen, '.'))
}

fn csv(sheet: &Sheet<'_>) -> Vec<u8> {
    let mut text = "交易日期,借方发生额,贷方发生额,余额,对方户名,对方账号,摘要,交易流水号\r\n".to_owned();
    for (row, balance) in &sheet.lines {
        let amount = yuan(row.signed_fen, '.');
        let (out, come) = if row.signed_fen < 0 { (amount, String::new()) } else { (String::new(), amount) };
        let cells = [
            sheet.date.strftime("%Y%m%d").to_string(),
            out,
            come,
            signed(*balance),
            row.other.name.clone(),
            // A tabulator keeps spreadsheets from rounding a long number.
            format!("{}\t", row.other.account),
            row.remark.clone(),
            sheet.number(row),
        ];
        let quoted: Vec<String> =
            cells.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
        text.push_str(&quoted.join(","));
        text.push_str("\r\n");
    }
    match Charset::Gbk.encode(&text) {
        Ok(bytes) => bytes.into_owned(),
        // A name that GBK cannot write: such banks fall back to UTF-8.
        Err(_) => text.into_bytes(),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn camt053(sheet: &Sheet<'_>) -> String {
    let (date, account) = (sheet.date, escaped(sheet.account));
    let balance = |code: &str, fen: i64| {
        let mark = if fen < 0 { "DBIT" } else { "CRDT" };
        format!(
            "<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy=\"CNY\">{}</Amt><CdtDbtInd>{mark}</CdtDbtInd><Dt><Dt>{date}</Dt></Dt></Bal>",
            yuan(fen, '.')
        )
    };
    let mut entries = String::new();
    for (row, _) in &sheet.lines {
        entries.push_str(&entry(sheet, row));
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.02\">\
         <BkToCstmrStmt><GrpHdr><MsgId>STMT{date}</MsgId><CreDtTm>{date}T23:59:59+08:00</CreDtTm></GrpHdr>\
         <Stmt><Id>{date}</Id><CreDtTm>{date}T23:59:59+08:00</CreDtTm><Acct><Id><Othr><Id>{account}</Id></Othr></Id>\
         <Ccy>CNY</Ccy></Acct>{}{}{entries}</Stmt></BkToCstmrStmt></Document>\n",
        balance("OPBD", sheet.opening_fen),
        balance("CLBD", sheet.closing_fen),
    )
}

fn entry(sheet: &Sheet<'_>, row: &Booking) -> String {
    let (date, amount, number) = (sheet.date, yuan(row.signed_fen, '.'), sheet.number(row));
    let mark = if row.signed_fen < 0 { "DBIT" } else { "CRDT" };
    let reversal = if row.nature == Nature::Reversal { "<RvslInd>true</RvslInd>" } else { "" };
    let returned =
        if row.nature == Nature::Returned { "<RtrInf><Rsn><Cd>AC01</Cd></Rsn></RtrInf>" } else { "" };
    let side = if row.signed_fen < 0 { "Cdtr" } else { "Dbtr" };
    let (name, other) = (escaped(&row.other.name), escaped(&row.other.account));
    let mut text = String::new();
    // Writing into a text cannot fail.
    let _ = write!(
        text,
        "<Ntry><Amt Ccy=\"CNY\">{amount}</Amt><CdtDbtInd>{mark}</CdtDbtInd>{reversal}<Sts>BOOK</Sts>\
         <BookgDt><Dt>{date}</Dt></BookgDt><ValDt><Dt>{date}</Dt></ValDt><AcctSvcrRef>{number}</AcctSvcrRef>\
         <BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>DMCT</SubFmlyCd></Fmly></Domn></BkTxCd>\
         <NtryDtls><TxDtls><Refs><AcctSvcrRef>{number}</AcctSvcrRef><EndToEndId>NOTPROVIDED</EndToEndId></Refs>\
         <RltdPties><{side}><Nm>{name}</Nm></{side}><{side}Acct><Id><Othr><Id>{other}</Id></Othr></Id></{side}Acct>\
         </RltdPties><RmtInf><Ustrd>{}</Ustrd></RmtInf>{returned}</TxDtls></NtryDtls></Ntry>",
        escaped(&row.remark)
    );
    text
}

fn mt940(sheet: &Sheet<'_>) -> String {
    let date = sheet.date.strftime("%y%m%d").to_string();
    let balance = |tag: &str, fen: i64| {
        let mark = if fen < 0 { 'D' } else { 'C' };
        format!(":{tag}:{mark}{date}CNY{}\r\n", yuan(fen, ','))
    };
    let mut text = format!(":20:STMT{date}\r\n:25:{}\r\n:28C:1/1\r\n", sheet.account);
    text.push_str(&balance("60F", sheet.opening_fen));
    for (row, _) in &sheet.lines {
        let mark = match (row.nature, row.signed_fen < 0) {
            (Nature::Reversal, true) => "RC",
            (Nature::Reversal, false) => "RD",
            (Nature::Plain | Nature::Returned, true) => "D",
            (Nature::Plain | Nature::Returned, false) => "C",
        };
        let kind = if row.nature == Nature::Returned { "NRTI" } else { "NTRF" };
        let number = if sheet.numberless { String::new() } else { format!("//BR{:012}", row.number) };
        let amount = yuan(row.signed_fen, ',');
        // Writing to a string cannot fail.
        let _ =
            write!(text, ":61:{date}{}{mark}{amount}{kind}NONREF{number}\r\n", sheet.date.strftime("%m%d"));
        let side = if row.signed_fen < 0 { "BENM" } else { "ORDP" };
        let (name, other) = (&row.other.name, &row.other.account);
        let _ = write!(text, ":86:/{side}//NAME/{name}/ACCT/{other}/REMI/{}\r\n", row.remark);
    }
    text.push_str(&balance("62F", sheet.closing_fen));
    text
}
