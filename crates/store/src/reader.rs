//! Reading: one row by key, and lists by cursor, newest first.

use crate::failure::{DbError, Failure};
use crate::record::{Decided, Record};
use crate::store::Store;
use crate::value::{Cells, Column, Columns, Kind, Unreadable, Value};
use crate::writer::request::{Returned, Sql};
use std::marker::PhantomData;
use tk_domain::id::{Id128, TenantId, TypedId};

/// The most rows of one page.
pub const PAGE_MAX: i64 = 100;

/// Which part of a list is asked for; newest first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Page {
    /// How many rows; brought between 1 and [`PAGE_MAX`].
    pub limit: i64,
    /// Only rows older than this one.
    pub starting_after: Option<Id128>,
    /// Only rows newer than this one, the nearest to it.
    pub ending_before: Option<Id128>,
}

impl Page {
    /// The newest rows.
    pub const fn first(limit: i64) -> Self {
        Self { limit, starting_after: None, ending_before: None }
    }

    /// The limit brought between 1 and [`PAGE_MAX`].
    pub fn rows(&self) -> i64 {
        self.limit.clamp(1, PAGE_MAX)
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<R> {
    /// The rows, newest first.
    pub rows: Vec<R>,
    /// Whether more follow in the direction asked for.
    pub has_more: bool,
}

impl<R> Listed<R> {
    /// A page from one row more than it holds, in the order in which they were read.
    pub(crate) fn cut(mut rows: Vec<R>, page: Page) -> Self {
        let limit = usize::try_from(page.rows()).unwrap_or(1);
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        if page.ending_before.is_some() {
            rows.reverse();
        }
        Self { rows, has_more }
    }
}

/// When objects with time-ordered identifiers were created, Unix microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CreatedRange {
    /// From this moment on, to the millisecond.
    pub from_us: Option<i64>,
    /// Before this moment, to the millisecond.
    pub until_us: Option<i64>,
}

impl Store {
    /// The row with this key, tenant first.
    pub async fn get<R: Decided>(&self, key: &R::Key) -> Result<Option<R>, Failure> {
        let Some((tenant_id, statement)) = by_key::<R>(key) else { return Ok(None) };
        first(self.look_up(vec![tenant_id], vec![statement]).await?.pop())
    }

    /// Two rows of one tenant, read together; nothing of the second where its key names another tenant.
    pub async fn get_two<A: Decided, B: Decided>(
        &self,
        (a, b): (&A::Key, &B::Key),
    ) -> Result<(Option<A>, Option<B>), Failure> {
        let (Some((tenant_id, a)), Some((other, b))) = (by_key::<A>(a), by_key::<B>(b)) else {
            return Ok((None, None));
        };
        let wanted = if other == tenant_id { vec![a, b] } else { vec![a] };
        let mut found = self.look_up(vec![tenant_id], wanted).await?.into_iter();
        Ok((first(found.next())?, first(found.next())?))
    }

    /// Three rows of one tenant, read together; nothing of those whose keys name another tenant than the first.
    pub async fn get_three<A: Decided, B: Decided, C: Decided>(
        &self,
        (a, b, c): (&A::Key, &B::Key, &C::Key),
    ) -> Result<(Option<A>, Option<B>, Option<C>), Failure> {
        let keys = (by_key::<A>(a), by_key::<B>(b), by_key::<C>(c));
        let (Some((tenant_id, a)), Some((second, b)), Some((third, c))) = keys else {
            return Ok((None, None, None));
        };
        if (second, third) != (tenant_id, tenant_id) {
            return Ok((None, None, None));
        }
        let mut found = self.look_up(vec![tenant_id], vec![a, b, c]).await?.into_iter();
        Ok((first(found.next())?, first(found.next())?, first(found.next())?))
    }

    /// The rows with these keys of one tenant, read together and in their order; nothing where there is none.
    pub async fn get_each<R: Decided>(
        &self,
        tenant_id: TenantId,
        keys: &[R::Key],
    ) -> Result<Vec<Option<R>>, Failure> {
        let found = |key| by_key::<R>(key).filter(|(owner, _)| *owner == tenant_id);
        let (places, wanted): (Vec<usize>, Vec<Sql>) =
            keys.iter().enumerate().filter_map(|(place, key)| Some((place, found(key)?.1))).unzip();
        let mut rows: Vec<Option<R>> = keys.iter().map(|_| None).collect();
        if wanted.is_empty() {
            return Ok(rows);
        }
        for (place, returned) in places.into_iter().zip(self.look_up(vec![tenant_id], wanted).await?) {
            if let Some(row) = rows.get_mut(place) {
                *row = first(Some(returned))?;
            }
        }
        Ok(rows)
    }

    /// How many rows of this kind a tenant has; for tables of bounded size.
    pub async fn count<R: Record>(&self, tenant_id: TenantId) -> Result<i64, Failure> {
        let rows = self.read_one(tenant_id, Query::<R>::of(tenant_id).totals("1")).await?;
        Ok(tuples::<(i64, i64)>(rows)?.pop().map_or(0, |(count, _)| count))
    }

    pub(crate) async fn read_one(&self, tenant_id: TenantId, statement: Sql) -> Result<Returned, Failure> {
        let mut returned = self.read(vec![tenant_id], vec![statement]).await?;
        Ok(returned.pop().unwrap_or_default())
    }

    pub(crate) async fn list<R: Record>(&self, query: Query<R>, page: Page) -> Result<Listed<R>, Failure> {
        let tenant_id = query.tenant_id;
        let rows = records(self.read_one(tenant_id, query.page(page)).await?)?;
        Ok(Listed::cut(rows, page))
    }
}

/// The statement that reads one row, and the tenant whose it is.
fn by_key<R: Decided>(key: &R::Key) -> Option<(TenantId, Sql)> {
    let mut params = Vec::new();
    key.put(&mut params);
    let Some(Value::Id(tenant)) = params.first() else { return None };
    let tenant_id = TenantId(Id128(*tenant));
    let table = R::table();
    Some((tenant_id, Sql { text: table.by_key().to_owned(), params, returns: table.kinds.clone() }))
}

/// The first row that a statement returned.
pub fn first<R: Record>(rows: Option<Returned>) -> Result<Option<R>, Failure> {
    Ok(records(rows.unwrap_or_default())?.into_iter().next())
}

/// Rows as records.
pub fn records<R: Record>(rows: Returned) -> Result<Vec<R>, Failure> {
    let read = |row| R::take(&mut Cells::new(row));
    let read: Result<Vec<R>, Unreadable> = rows.into_iter().map(read).collect();
    read.map_err(|error| DbError::from(error).into())
}

/// Rows of a few columns.
pub fn tuples<C: Columns>(rows: Returned) -> Result<Vec<C>, Failure> {
    let read = |row| C::take(&mut Cells::new(row));
    let read: Result<Vec<C>, Unreadable> = rows.into_iter().map(read).collect();
    read.map_err(|error| DbError::from(error).into())
}

/// A list of one tenant's rows with conditions.
pub struct Query<R> {
    tenant_id: TenantId,
    conditions: String,
    params: Vec<Value>,
    record: PhantomData<R>,
}

impl<R: Record> Query<R> {
    /// All rows of the tenant.
    pub fn of(tenant_id: TenantId) -> Self {
        let params = vec![Value::Id(tenant_id.id128().0)];
        Self { tenant_id, conditions: "tenant_id = ?1".to_owned(), params, record: PhantomData }
    }

    /// Only rows for which `column operator value` holds, such as `"status ="`.
    pub fn only<C: Column>(mut self, comparison: &str, value: Option<C>) -> Self {
        if let Some(value) = value {
            self.params.push(value.to_value());
            let place = self.params.len();
            self.conditions.extend([" AND ", comparison, " ?", &place.to_string()]);
        }
        self
    }

    /// Only rows for which a comparison with a subquery holds; closes the subquery's parenthesis.
    pub fn only_at(mut self, comparison: &str, value: Option<Id128>) -> Self {
        if value.is_some() {
            self = self.only(comparison, value);
            self.conditions.push(')');
        }
        self
    }

    /// Only rows for which a comparison with a subquery by one value holds; closes the subquery's parenthesis.
    pub fn only_under<C: Column>(self, comparison: &str, value: C) -> Self {
        let mut narrowed = self.only(comparison, Some(value));
        narrowed.conditions.push(')');
        narrowed
    }

    /// Only rows whose time-ordered identifier was drawn in the range.
    pub fn created(self, range: CreatedRange) -> Self {
        self.only("id >=", range.from_us.map(first_id)).only("id <", range.until_us.map(first_id))
    }

    /// All rows in the order given, up to a limit.
    pub fn all(self, order: &str, limit: i64) -> Sql {
        let table = R::table();
        Sql {
            text: format!(
                "SELECT {} FROM {} WHERE {} ORDER BY {order} LIMIT {limit}",
                table.column_list(),
                table.name,
                self.conditions
            ),
            params: self.params,
            returns: table.kinds.clone(),
        }
    }

    /// How many rows there are and the sum of a column of minor units over them.
    pub fn totals(self, column: &str) -> Sql {
        Sql {
            text: format!(
                "SELECT COUNT(*), CAST(COALESCE(SUM({column}), 0) AS BIGINT) FROM {} WHERE {}",
                R::table().name,
                self.conditions
            ),
            params: self.params,
            returns: vec![Kind::Int, Kind::Int],
        }
    }

    fn page(self, page: Page) -> Sql {
        let order = if page.ending_before.is_some() { "id ASC" } else { "id DESC" };
        self.only("id <", page.starting_after).only("id >", page.ending_before).all(order, page.rows() + 1)
    }
}

/// The least identifier drawn at this time.
fn first_id(at_us: i64) -> Id128 {
    let ms = u128::from(at_us.div_euclid(1_000).max(0).unsigned_abs()) & 0xFFFF_FFFF_FFFF;
    Id128((ms << 80).to_be_bytes())
}
