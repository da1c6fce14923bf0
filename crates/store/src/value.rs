//! What one cell of a row holds on either engine, and how the domain's types become cells.

use tk_domain::id::Id128;

/// The storage class of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A 64-bit integer; truth is 0 or 1.
    Int,
    /// Text.
    Text,
    /// Bytes.
    Bytes,
    /// A 16-byte identifier.
    Id,
}

/// What one cell holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// Nothing.
    Null,
    /// An integer.
    Int(i64),
    /// Text.
    Text(String),
    /// A word of a closed vocabulary: text to the database, which gives it back as text.
    Word(&'static str),
    /// Bytes.
    Bytes(Vec<u8>),
    /// An identifier.
    Id([u8; 16]),
}

/// A cell that holds what its column cannot: the database was changed by other hands, or by a newer version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a stored cell is not {wanted}")]
pub struct Unreadable {
    /// What was expected.
    pub wanted: &'static str,
}

/// The cells of one row, taken from the left.
#[derive(Debug)]
pub struct Cells {
    cells: std::vec::IntoIter<Value>,
}

impl Cells {
    /// The cells of one row.
    pub fn new(cells: Vec<Value>) -> Self {
        Self { cells: cells.into_iter() }
    }

    /// Takes as many cells as the type needs.
    pub fn take<C: Columns>(&mut self) -> Result<C, Unreadable> {
        C::take(self)
    }

    fn cell(&mut self) -> Result<Value, Unreadable> {
        self.cells.next().ok_or(Unreadable { wanted: "there" })
    }
}

/// A type that is kept in one column.
pub trait Column: Sized {
    /// The column's storage class.
    const KIND: Kind;
    /// The cell.
    fn to_value(&self) -> Value;
    /// Reads the cell.
    fn from_value(value: Value) -> Result<Self, Unreadable>;
}

/// A type that is kept in one or more neighbouring columns.
pub trait Columns: Sized {
    /// The storage classes of its columns.
    const KINDS: &'static [Kind];
    /// Appends its cells.
    fn put(&self, out: &mut Vec<Value>);
    /// Takes its cells.
    fn take(cells: &mut Cells) -> Result<Self, Unreadable>;
}

impl<C: Column> Columns for C {
    const KINDS: &'static [Kind] = &[C::KIND];
    fn put(&self, out: &mut Vec<Value>) {
        out.push(self.to_value());
    }
    fn take(cells: &mut Cells) -> Result<Self, Unreadable> {
        C::from_value(cells.cell()?)
    }
}

impl Column for i64 {
    const KIND: Kind = Kind::Int;
    fn to_value(&self) -> Value {
        Value::Int(*self)
    }
    fn from_value(value: Value) -> Result<Self, Unreadable> {
        if let Value::Int(number) = value { Ok(number) } else { Err(Unreadable { wanted: "an integer" }) }
    }
}

impl Column for bool {
    const KIND: Kind = Kind::Int;
    fn to_value(&self) -> Value {
        Value::Int(i64::from(*self))
    }
    fn from_value(value: Value) -> Result<Self, Unreadable> {
        match value {
            Value::Int(0) => Ok(false),
            Value::Int(1) => Ok(true),
            Value::Int(_)
            | Value::Null
            | Value::Text(_)
            | Value::Word(_)
            | Value::Bytes(_)
            | Value::Id(_) => Err(Unreadable { wanted: "0 or 1" }),
        }
    }
}

impl Column for String {
    const KIND: Kind = Kind::Text;
    fn to_value(&self) -> Value {
        Value::Text(self.clone())
    }
    fn from_value(value: Value) -> Result<Self, Unreadable> {
        if let Value::Text(text) = value { Ok(text) } else { Err(Unreadable { wanted: "text" }) }
    }
}

impl Column for Vec<u8> {
    const KIND: Kind = Kind::Bytes;
    fn to_value(&self) -> Value {
        Value::Bytes(self.clone())
    }
    fn from_value(value: Value) -> Result<Self, Unreadable> {
        if let Value::Bytes(bytes) = value { Ok(bytes) } else { Err(Unreadable { wanted: "bytes" }) }
    }
}

impl Column for Id128 {
    const KIND: Kind = Kind::Id;
    fn to_value(&self) -> Value {
        Value::Id(self.0)
    }
    fn from_value(value: Value) -> Result<Self, Unreadable> {
        if let Value::Id(bytes) = value {
            Ok(Self(bytes))
        } else {
            Err(Unreadable { wanted: "an identifier" })
        }
    }
}

impl<C: Column> Column for Option<C> {
    const KIND: Kind = C::KIND;
    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, Column::to_value)
    }
    fn from_value(value: Value) -> Result<Self, Unreadable> {
        if value == Value::Null { Ok(None) } else { C::from_value(value).map(Some) }
    }
}

impl<A: Column, B: Column> Columns for (A, B) {
    const KINDS: &'static [Kind] = &[A::KIND, B::KIND];
    fn put(&self, out: &mut Vec<Value>) {
        out.extend([self.0.to_value(), self.1.to_value()]);
    }
    fn take(cells: &mut Cells) -> Result<Self, Unreadable> {
        Ok((cells.take()?, cells.take()?))
    }
}
