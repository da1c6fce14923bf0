//! A domain row as a row of a table, and the statements that read and write it on each engine.

use crate::dialect::{Engine, numbered};
use crate::value::{Cells, Columns, Kind, Unreadable, Value};
use tk_domain::snapshot::{Row, Rows, Snapshot};

/// A domain row that is one row of a table.
pub trait Record: Sized + Send + 'static {
    /// Its table.
    fn table() -> &'static Table;
    /// Appends its cells in the table's column order.
    fn put(&self, out: &mut Vec<Value>);
    /// Takes its cells in the table's column order.
    fn take(cells: &mut Cells) -> Result<Self, Unreadable>;
}

/// A record that commands decide over.
pub trait Decided: Record + Row<Key: Columns> {
    /// Its table of the identity map.
    fn rows(snapshot: &mut Snapshot) -> &mut Rows<Self>;
}

/// How a new row may meet another writer's row of the same key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// Never: its identifier was drawn for it, and a key that is taken is a defect.
    Fresh,
    /// It may: its key is derived or given from outside, and a key that is taken is a conflict.
    Contended,
}

/// Whether a batch locks the rows it reads before it decides (PostgreSQL only).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// Locked until the batch ends.
    Locked,
    /// Read as it is.
    Unlocked,
}

/// A column's name and storage class.
type Named = (&'static str, Kind);

/// A table and its statements.
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its columns in record order; the first ones are the primary key, tenant first.
    pub columns: Vec<(&'static str, Kind)>,
    /// How many columns the primary key has.
    pub keys: usize,
    /// The storage classes of the columns.
    pub kinds: Vec<Kind>,
    /// Whether each column takes part in an update: the key, to find the row, and whatever may change.
    pub updating: Vec<bool>,
    /// The storage classes of those columns.
    pub updating_kinds: Vec<Kind>,
    /// How its new rows may meet another writer's.
    pub arrival: Arrival,
    sqlite: Statements,
    postgres: Statements,
}

/// The statements of one table on one engine.
#[derive(Debug)]
pub struct Statements {
    /// Rows of one tenant by key: one key on SQLite, arrays of keys on PostgreSQL.
    pub select: String,
    /// All rows of one tenant up to a limit.
    pub select_whole: String,
    /// New rows: one on SQLite, arrays on PostgreSQL.
    pub insert: String,
    /// Changed rows whose stored version is one below.
    pub update: String,
}

impl Table {
    /// A table whose first `keys` columns are its primary key; what is frozen at creation is never written
    /// again, whatever a decision says.
    pub fn new(
        (name, keys): (&'static str, usize),
        columns: Vec<(&'static str, Kind)>,
        (arrival, reading): (Arrival, Reading),
        frozen: &[&'static str],
    ) -> Self {
        let kinds = columns.iter().map(|(_, kind)| *kind).collect();
        let updating: Vec<bool> = columns
            .iter()
            .enumerate()
            .map(|(at, (column, _))| at < keys || !frozen.contains(column))
            .collect();
        let changing: Vec<(&'static str, Kind)> = columns
            .iter()
            .zip(&updating)
            .filter(|(_, takes_part)| **takes_part)
            .map(|(column, _)| *column)
            .collect();
        let updating_kinds = changing.iter().map(|(_, kind)| *kind).collect();
        let sqlite = sqlite_statements(name, keys, (&columns, &changing));
        let postgres = postgres_statements(name, keys, (&columns, &changing), reading);
        Self { name, columns, keys, kinds, updating, updating_kinds, arrival, sqlite, postgres }
    }

    /// The statements for an engine.
    pub fn statements(&self, engine: Engine) -> &Statements {
        match engine {
            Engine::Sqlite => &self.sqlite,
            Engine::Postgres => &self.postgres,
        }
    }

    /// One row by its whole key, with `?n` parameters.
    pub fn by_key(&self) -> &str {
        &self.sqlite.select
    }

    /// The column names, separated by commas.
    pub fn column_list(&self) -> String {
        names(&self.columns)
    }

    /// The column names, each behind the alias of the table.
    pub fn columns_of(&self, alias: &str) -> String {
        let qualified: Vec<String> = self.columns.iter().map(|(name, _)| format!("{alias}.{name}")).collect();
        qualified.join(", ")
    }
}

fn names(columns: &[(&'static str, Kind)]) -> String {
    columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

fn sqlite_statements(table: &str, keys: usize, (columns, changing): (&[Named], &[Named])) -> Statements {
    let list = names(columns);
    let marks: Vec<String> = (1..=columns.len()).map(|index| format!("?{index}")).collect();
    let numbered_columns = || changing.iter().zip(1_usize..);
    let key_is: Vec<String> =
        numbered_columns().take(keys).map(|((name, _), index)| format!("{name} = ?{index}")).collect();
    let sets: Vec<String> =
        numbered_columns().skip(keys).map(|((name, _), index)| format!("{name} = ?{index}")).collect();
    let version = numbered_columns().find(|((name, _), _)| *name == "version").map_or(0, |(_, index)| index);
    Statements {
        select: format!("SELECT {list} FROM {table} WHERE {}", key_is.join(" AND ")),
        select_whole: format!("SELECT {list} FROM {table} WHERE tenant_id = ?1 ORDER BY id LIMIT ?2"),
        insert: format!("INSERT INTO {table} ({list}) VALUES ({})", marks.join(", ")),
        update: format!(
            "UPDATE {table} SET {} WHERE {} AND version = ?{version} - 1",
            sets.join(", "),
            key_is.join(" AND ")
        ),
    }
}

fn postgres_statements(
    table: &str,
    keys: usize,
    (columns, changing): (&[Named], &[Named]),
    reading: Reading,
) -> Statements {
    let list = names(columns);
    let key_is: Vec<String> =
        columns.iter().take(keys).map(|(name, _)| format!("t.{name} = d.{name}")).collect();
    let sets: Vec<String> =
        changing.iter().skip(keys).map(|(name, _)| format!("{name} = d.{name}")).collect();
    Statements {
        select: postgres_select(table, keys, columns, reading),
        select_whole: numbered(
            Engine::Postgres,
            &format!("SELECT {list} FROM {table} WHERE tenant_id = ?1 ORDER BY id LIMIT ?2"),
        ),
        insert: format!("INSERT INTO {table} ({list}) SELECT {}", unnested(columns, 1)),
        update: format!(
            "UPDATE {table} AS t SET {} FROM (SELECT {}) AS d WHERE {} AND t.version = d.version - 1",
            sets.join(", "),
            unnested(changing, 1),
            key_is.join(" AND ")
        ),
    }
}

/// Arrays side by side as rows, the first one as parameter `first`. In the list of a SELECT they yield row after row;
/// in FROM each would be written to a store of its own before the first row is read.
fn unnested(columns: &[Named], first: usize) -> String {
    let arrays: Vec<String> = columns
        .iter()
        .zip(first..)
        .map(|((name, kind), index)| format!("unnest(${index}::{}[]) AS {name}", postgres_type(*kind)))
        .collect();
    arrays.join(", ")
}

/// One look-up per key by equality with the whole primary key, so that no statistics can lead to another plan;
/// keys come sorted, so locks go in key order.
fn postgres_select(table: &str, keys: usize, columns: &[(&'static str, Kind)], reading: Reading) -> String {
    let list: Vec<String> = columns.iter().map(|(name, _)| format!("t.{name}")).collect();
    let list = list.join(", ");
    let rest: Vec<Named> = columns.iter().take(keys).skip(1).copied().collect();
    let key_is: Vec<String> = rest.iter().map(|(name, _)| format!("t.{name} = d.{name}")).collect();
    // Either keeps the look-up a subquery of its own.
    let fence = match reading {
        Reading::Locked => "FOR UPDATE",
        Reading::Unlocked => "OFFSET 0",
    };
    format!(
        "SELECT r.* FROM (SELECT {}) AS d, LATERAL (SELECT {list} FROM {table} AS t WHERE t.tenant_id = $1 AND {} {fence}) AS r",
        unnested(&rest, 2),
        key_is.join(" AND ")
    )
}

/// The PostgreSQL type of a storage class.
pub const fn postgres_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Int => "bigint",
        Kind::Text => "text",
        Kind::Bytes => "bytea",
        Kind::Id => "uuid",
    }
}

/// Adds a field's columns: named as the field, or by the given names where it has several.
pub fn add_columns<C: Columns>(
    columns: &mut Vec<(&'static str, Kind)>,
    field: &'static str,
    several: &[&'static str],
) {
    if several.is_empty() {
        columns.extend(C::KINDS.iter().map(|kind| (field, *kind)));
    } else {
        columns.extend(several.iter().zip(C::KINDS).map(|(name, kind)| (*name, *kind)));
    }
}

/// Declares the table of a domain row: its name, key length, how rows arrive and are read, which columns are
/// frozen at creation, and its columns.
macro_rules! record {
    (
        $row:ident in $table:literal, keys $keys:literal, $arrival:ident, $reading:ident
        $(, frozen [$($frozen:literal),+ $(,)?])?;
        $($field:ident: $type:ty $(as [$($name:literal),+ $(,)?])?),* $(,)?
    ) => {
        impl $crate::record::Record for $row {
            fn table() -> &'static $crate::record::Table {
                static TABLE: std::sync::OnceLock<$crate::record::Table> = std::sync::OnceLock::new();
                TABLE.get_or_init(|| {
                    let mut columns = Vec::new();
                    $(
                        $crate::record::add_columns::<$type>(
                            &mut columns, stringify!($field), &[$($($name),+)?],
                        );
                    )*
                    $crate::record::Table::new(
                        ($table, $keys),
                        columns,
                        ($crate::record::Arrival::$arrival, $crate::record::Reading::$reading),
                        &[$($($frozen),+)?],
                    )
                })
            }
            fn put(&self, out: &mut Vec<$crate::value::Value>) {
                $($crate::value::Columns::put(&self.$field, out);)*
            }
            fn take(cells: &mut $crate::value::Cells) -> Result<Self, $crate::value::Unreadable> {
                Ok(Self { $($field: cells.take()?,)* })
            }
        }
    };
}
pub(crate) use record;

/// Declares which table of the identity map holds a record.
macro_rules! decided {
    ($row:ident, $rows:ident) => {
        impl $crate::record::Decided for $row {
            fn rows(snapshot: &mut tk_domain::snapshot::Snapshot) -> &mut tk_domain::snapshot::Rows<Self> {
                &mut snapshot.$rows
            }
        }
    };
}
pub(crate) use decided;
