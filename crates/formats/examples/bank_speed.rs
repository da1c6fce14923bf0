//! How many megabytes of statements one core reads in a minute, per format.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a measuring tool"
)]

use std::fmt::Write as _;
use std::time::Instant;
use tillkeeper_formats::bank::{Encoding, Statement, camt053, csv, mt940};

const LINES: usize = 50_000;

fn main() {
    let (table, camt, swift) = files();
    let mapping = csv::profile("debit_credit").unwrap();
    measure("csv (GBK)", &encoding_rs::GBK.encode(&table).0, |bytes| {
        csv::read_statement(bytes, &mapping).unwrap()
    });
    measure("csv (UTF-8)", table.as_bytes(), |bytes| csv::read_statement(bytes, &mapping).unwrap());
    measure("camt.053", camt.as_bytes(), |bytes| camt053::read_statements(bytes).unwrap().remove(0));
    measure("mt940", swift.as_bytes(), |bytes| {
        mt940::read_statements(bytes, Encoding::Auto).unwrap().remove(0)
    });
}

fn measure(name: &str, bytes: &[u8], read: impl Fn(&[u8]) -> Statement) {
    let begun = Instant::now();
    let mut rounds = 0_u32;
    while begun.elapsed().as_secs() < 2 {
        assert_eq!(read(bytes).lines.len(), LINES);
        rounds += 1;
    }
    let megabytes = bytes.len() as f64 * f64::from(rounds) / 1e6;
    println!("{name:12} {:9.0} MB/min", megabytes / begun.elapsed().as_secs_f64() * 60.0);
}

fn files() -> (String, String, String) {
    let mut table = "交易日期,借方发生额,贷方发生额,余额,对方户名,对方账号,摘要,流水号\n".to_owned();
    let mut entries = String::new();
    let mut swift = ":20:S\r\n:25:1\r\n:28C:1/1\r\n:60F:C261120CNY0,\r\n".to_owned();
    for at in 1..=LINES {
        let balance = at * 8_888;
        let balance = format!("{}.{:02}", balance / 100, balance % 100);
        writeln!(
            table,
            "20261120,,88.88,{balance},支付宝（中国）网络技术有限公司,2088000000000000,保费 {at},BR{at}"
        )
        .unwrap();
        writeln!(entries, "<Ntry><Amt Ccy=\"CNY\">88.88</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-11-20</Dt></BookgDt><AcctSvcrRef>BR{at}</AcctSvcrRef><NtryDtls><TxDtls><Refs><EndToEndId>E{at}</EndToEndId></Refs><Amt Ccy=\"CNY\">88.88</Amt><RltdPties><Dbtr><Pty><Nm>张三</Nm></Pty></Dbtr></RltdPties><RmtInf><Ustrd>保费 {at}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>").unwrap();
        write!(swift, ":61:2611201120C88,88NTRFE{at}//BR{at}\r\n:86:/EREF/E{at}/ORDP//NAME/ZHANG SAN/REMI/PREMIUM {at}\r\n").unwrap();
    }
    let closing = LINES * 8_888;
    let closing = format!("{}.{:02}", closing / 100, closing % 100);
    write!(swift, ":62F:C261120CNY{}\r\n", closing.replace('.', ",")).unwrap();
    let balance = |code: &str, amount: &str| {
        format!(
            "<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy=\"CNY\">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>"
        )
    };
    let camt = format!(
        "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt><Stmt><Id>S</Id><Acct><Id><Othr><Id>1</Id></Othr></Id></Acct>{}{}{entries}</Stmt></BkToCstmrStmt></Document>",
        balance("OPBD", "0.00"),
        balance("CLBD", &closing)
    );
    (table, camt, swift)
}
