//! What differs between the two engines, in one place.

/// A database engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// SQLite, one file in a data directory.
    Sqlite,
    /// PostgreSQL 15 or later.
    Postgres,
}

impl Engine {
    /// Locks the rows chosen and passes over those that another worker has; SQLite has one writer.
    pub const fn skip_locked(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR UPDATE SKIP LOCKED",
        }
    }

    /// A sum as a 64-bit integer; PostgreSQL sums to NUMERIC.
    pub fn sum(self, expression: &str) -> String {
        match self {
            Self::Sqlite => format!("COALESCE(SUM({expression}), 0)"),
            Self::Postgres => format!("CAST(COALESCE(SUM({expression}), 0) AS BIGINT)"),
        }
    }
}

/// A statement written with `?n` parameters in the engine's own form; statements hold no `?` in literals.
pub fn numbered(engine: Engine, text: &str) -> String {
    match engine {
        Engine::Sqlite => text.to_owned(),
        Engine::Postgres => text.replace('?', "$"),
    }
}

/// A migration in the engine's own form: type tokens replaced, lines for the other engine dropped,
/// and the `@tenant`, `@append` and `@monthly` lines spelt out.
pub fn render_migration(engine: Engine, text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for line in text.lines() {
        if let Some(table) = line.strip_prefix("@tenant ") {
            out.push_str(&tenant_table(engine, table, "SELECT, INSERT, UPDATE"));
        } else if let Some(table) = line.strip_prefix("@pruned ") {
            out.push_str(&tenant_table(engine, table, "SELECT, INSERT, UPDATE, DELETE"));
        } else if let Some(table) = line.strip_prefix("@append ") {
            out.push_str(&tenant_table(engine, table, "SELECT, INSERT"));
            out.push_str(&append_only(engine, table));
        } else if let Some(table) = line.strip_prefix("@monthly ") {
            out.push_str(&monthly(engine, table));
        } else if let Some(rest) = line.strip_prefix("@postgres ") {
            out.push_str(if engine == Engine::Postgres { rest } else { "" });
        } else if let Some(rest) = line.strip_prefix("@sqlite ") {
            out.push_str(if engine == Engine::Sqlite { rest } else { "" });
        } else {
            out.push_str(&tokens(engine, line));
        }
        out.push('\n');
    }
    out
}

fn tokens(engine: Engine, line: &str) -> String {
    let pairs: [(&str, &str, &str); 9] = [
        ("{id}", "BLOB", "UUID"),
        ("{i64}", "INTEGER", "BIGINT"),
        ("{bytes}", "BLOB", "BYTEA"),
        ("{key}", "TEXT", "TEXT COLLATE \"C\""),
        ("{strict}", "STRICT", ""),
        ("{clustered}", "STRICT, WITHOUT ROWID", ""),
        ("{by id}", "STRICT", "PARTITION BY RANGE (id)"),
        ("{by entry_id}", "STRICT, WITHOUT ROWID", "PARTITION BY RANGE (entry_id)"),
        // A unique key of a partitioned table has to hold the partition column.
        ("{, id}", "", ", id"),
    ];
    pairs.iter().fold(line.to_owned(), |line, (token, sqlite, postgres)| {
        line.replace(token, if engine == Engine::Sqlite { sqlite } else { postgres })
    })
}

/// The policy is a check on rows that a statement found by its own conditions: `IS TRUE` keeps the planner from taking
/// it for a way to find them, which would look cheaper than the primary key while a table is empty.
fn tenant_table(engine: Engine, table: &str, rights: &str) -> String {
    match engine {
        Engine::Sqlite => String::new(),
        Engine::Postgres => format!(
            "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON {table} USING ((tenant_id = ANY (
  (SELECT string_to_array(current_setting('tk.tenants', true), ',')::uuid[])::uuid[])) IS TRUE);
GRANT {rights} ON {table} TO tillkeeper_app;"
        ),
    }
}

fn append_only(engine: Engine, table: &str) -> String {
    match engine {
        Engine::Postgres => String::new(),
        Engine::Sqlite => format!(
            "CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END;
CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END;"
        ),
    }
}

/// A table in monthly partitions; a number behind its name says how full its pages are made, so that rows updated soon
/// after they are made stay on their page and touch no index.
fn monthly(engine: Engine, line: &str) -> String {
    let (table, fill_percent) = line.split_once(' ').unwrap_or((line, "100"));
    match engine {
        Engine::Sqlite => String::new(),
        Engine::Postgres => format!(
            "CREATE TABLE {table}_rest PARTITION OF {table} DEFAULT;
INSERT INTO platform_monthly (name, fill_percent) VALUES ('{table}', {fill_percent});"
        ),
    }
}
