use super::*;

fn keys(text: &str) -> Vec<(KeyKind, Vec<String>)> {
    tables(text, 1).into_iter().flat_map(|table| table.keys).map(|key| (key.kind, key.columns)).collect()
}

fn columns_of(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

#[test]
fn table_constraints_and_column_constraints_are_read() {
    let sql = "CREATE TABLE IF NOT EXISTS payments ( -- PRIMARY KEY (x)\n\
        tenant_id BLOB NOT NULL CHECK (length(tenant_id) IN (1, 16)),\n\
        code TEXT UNIQUE,\n app_id BLOB REFERENCES apps (id),\n\
        CONSTRAINT p PRIMARY KEY (tenant_id, id),\n FOREIGN KEY (tenant_id, app_id) REFERENCES apps (tenant_id, id)\n);";
    let expected = [
        (KeyKind::Unique, columns_of(&["code"])),
        (KeyKind::Foreign, columns_of(&["app_id"])),
        (KeyKind::Primary, columns_of(&["tenant_id", "id"])),
        (KeyKind::Foreign, columns_of(&["tenant_id", "app_id"])),
    ];
    assert_eq!(keys(sql), expected);
}

#[test]
fn unique_indexes_and_altered_tables_are_read_and_plain_indexes_are_not() {
    let sql = "CREATE INDEX a ON t (id);\nCREATE UNIQUE INDEX b ON t (id) WHERE x = ';';\nALTER TABLE t ADD CONSTRAINT c UNIQUE (no);";
    assert_eq!(keys(sql), [(KeyKind::Unique, columns_of(&["id"])), (KeyKind::Unique, columns_of(&["no"]))]);
}

#[test]
fn names_and_lines_are_given_and_partitions_create_no_key() {
    let found = tables(
        "SELECT 1;\n\nCREATE TABLE a (x INT);\nCREATE TABLE b PARTITION OF a FOR VALUES FROM (1) TO (2);",
        10,
    );
    let brief: Vec<_> = found.iter().map(|table| (table.name.as_str(), table.line, table.creates)).collect();
    assert_eq!(brief, [("a", 12, true), ("b", 13, false)]);
}
