//! Every key of a tenant's table begins with `tenant_id`, so that one tenant's rows stay together and apart.

use crate::rust_text::RustText;
use crate::sql_text::{self, KeyKind, TableText};
use crate::tree::{File, Finding, Tree};

pub fn run(tree: &Tree) -> Vec<Finding> {
    let store = tree.files.iter().filter(|file| file.crate_name() == Some("store") && !file.is_test());
    store
        .flat_map(|file| tables(file).iter().flat_map(|table| broken_keys(file, table)).collect::<Vec<_>>())
        .collect()
}

fn tables(file: &File) -> Vec<TableText> {
    if file.has_extension("sql") {
        return sql_text::tables(&file.text, 1);
    }
    if !file.has_extension("rs") {
        return Vec::new();
    }
    let scanned = RustText::scan(&file.text);
    scanned.production_literals().flat_map(|literal| sql_text::tables(&literal.text, literal.line)).collect()
}

fn broken_keys(file: &File, table: &TableText) -> Vec<Finding> {
    if table.name.starts_with("platform_") {
        return Vec::new();
    }
    let mut findings = Vec::new();
    if table.creates && !table.keys.iter().any(|key| key.kind == KeyKind::Primary) {
        findings.push(Finding::new(file, table.line, format!("table {} has no primary key", table.name)));
    }
    for key in table.keys.iter().filter(|key| key.columns.first().is_none_or(|column| column != "tenant_id"))
    {
        let columns = key.columns.join(", ");
        let message =
            format!("{:?} key ({columns}) of table {} must begin with tenant_id", key.kind, table.name);
        findings.push(Finding::new(file, key.line, message));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::checks::found;

    #[test]
    fn keys_that_do_not_begin_with_the_tenant_are_found() {
        let sql = "CREATE TABLE a (\n tenant_id {id},\n id {id} PRIMARY KEY,\n no TEXT,\n UNIQUE (no, tenant_id)\n);\n\
                   CREATE TABLE b (tenant_id {id});\nCREATE UNIQUE INDEX i ON a (no);\n\
                   CREATE TABLE platform_tenants (id {id} PRIMARY KEY, code TEXT UNIQUE);\n\
                   CREATE TABLE c (tenant_id {id}, id {id}, PRIMARY KEY (tenant_id, id));\n";
        let path = "crates/store/migrations/0001_first.sql";
        let expected = [3, 5, 7, 8].map(|line| format!("{path}:{line}"));
        assert_eq!(found(run, &[(path, sql)]), expected);
    }

    #[test]
    fn tables_in_rust_literals_are_read_too() {
        let rust = "const A: &str = \"CREATE TABLE a (\n  id BLOB PRIMARY KEY)\";\n";
        assert_eq!(found(run, &[("crates/store/src/schema.rs", rust)]), ["crates/store/src/schema.rs:2"]);
    }
}
