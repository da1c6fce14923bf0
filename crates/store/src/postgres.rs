//! A PostgreSQL connection: prepared statements, arrays in, everything pipelined.

use crate::dialect::{Engine, numbered};
use crate::failure::DbError;
use crate::load::{Load, Shape};
use crate::record::Table;
use crate::value::{Kind, Value};
use crate::write::Write;
use crate::writer::request::{Returned, Sql};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;
use tk_domain::id::{TenantId, TypedId};
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, Config, NoTls, Row, Statement};

const BEGIN: &str = "BEGIN";
const COMMIT: &str = "COMMIT";
const ROLLBACK: &str = "ROLLBACK";
const SET_TENANTS: &str = "SELECT set_config('tk.tenants', $1::text, true)";

/// Every statement of a session is a look-up by key, whatever the statistics of a fresh table say.
const BY_KEY_ONLY: &str = "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off;
    SET enable_bitmapscan = off; SET enable_material = off; SET enable_memoize = off;
    SET plan_cache_mode = force_generic_plan;";
/// Bodies of events above two kilobytes are compressed on the way in, which by the default method was a sixteenth of all
/// that the server did for a payment.
const QUICK_COMPRESSION: &str = "SELECT set_config(name, 'lz4', false) FROM pg_settings
    WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)";
const SETTINGS: &str = "SET synchronous_commit = on; SET jit = off; SET lock_timeout = '10s'; SET statement_timeout = '60s';
    SET idle_in_transaction_session_timeout = '60s'; SET search_path = public; SET client_min_messages = warning;";

/// What a session is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Batches of commands: look-ups by key.
    Write,
    /// Lists, claims and checks.
    Read,
}

/// A connection with its prepared statements.
pub struct PostgresSession {
    client: Client,
    prepared: BTreeMap<String, Statement>,
    begin_with: Option<String>,
    commits: u64,
}

type Params<'a> = Vec<Box<dyn ToSql + Sync + Send + 'a>>;

impl PostgresSession {
    /// Connects; the connection itself runs as a task of the calling runtime.
    pub async fn connect(url: &str, purpose: Purpose) -> Result<Self, DbError> {
        let (client, connection) = patient(url)?.connect(NoTls).await?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::warn!(%error, "database connection ended");
            }
        });
        client.batch_execute(SETTINGS).await?;
        match purpose {
            Purpose::Write => {
                client.batch_execute(BY_KEY_ONLY).await?;
                client.batch_execute(QUICK_COMPRESSION).await?;
            }
            Purpose::Read => {}
        }
        Ok(Self { client, prepared: BTreeMap::new(), begin_with: None, commits: 0 })
    }

    /// The bare client, for statements without parameters.
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// Begins with the next statement, so that it costs no round trip of its own.
    pub fn begin(&mut self, tenants: &[TenantId]) {
        self.begin_with = Some(tenant_list(tenants));
    }

    /// Commits; durable when it returns.
    pub async fn commit(&mut self) -> Result<(), DbError> {
        self.end(COMMIT).await?;
        self.commits = self.commits.wrapping_add(1);
        if plans_are_stale(self.commits) {
            self.client.batch_execute("DISCARD PLANS").await?;
        }
        Ok(())
    }

    /// Rolls back.
    pub async fn rollback(&mut self) -> Result<(), DbError> {
        self.end(ROLLBACK).await
    }

    async fn end(&mut self, text: &str) -> Result<(), DbError> {
        if self.begin_with.take().is_some() {
            return Ok(());
        }
        self.prepare(text).await?;
        let statement = self.statement(text)?;
        self.client.execute(statement, &[]).await?;
        Ok(())
    }

    /// Rows of each load.
    pub async fn load(&mut self, loads: &[Load]) -> Result<Vec<Returned>, DbError> {
        for load in loads {
            self.prepare(load_text(load)).await?;
        }
        let tenants: Vec<Value> = loads.iter().map(|load| Value::Id(load.tenant_id.id128().0)).collect();
        let calls =
            loads.iter().zip(&tenants).map(|(load, tenant)| (load_text(load), load_params(load, tenant)));
        let rows = self.pipeline(calls.collect()).await?;
        loads.iter().zip(rows).map(|(load, rows)| read_rows(&rows, &load.table.kinds)).collect()
    }

    /// Writes rows, one statement per table; a short count is a conflict.
    pub async fn write(&mut self, writes: &[Write]) -> Result<(), DbError> {
        let mut calls = Vec::with_capacity(writes.len() * 2);
        for write in writes {
            let statements = write.table.statements(Engine::Postgres);
            for (text, (cells, kinds)) in
                [&statements.insert, &statements.update].into_iter().zip(write.parts())
            {
                if !cells.is_empty() {
                    self.prepare(text).await?;
                    calls.push((write.table, text.as_str(), columns(cells, kinds)));
                }
            }
        }
        let expected: Vec<usize> = writes
            .iter()
            .flat_map(|write| write.parts().map(|(cells, kinds)| cells.len() / kinds.len()))
            .filter(|rows| *rows > 0)
            .collect();
        let counts = in_order(calls.iter().map(|call| self.execute(call)).collect()).await;
        for ((table, _, _), (count, expected)) in calls.iter().zip(counts.into_iter().zip(expected)) {
            if count? != u64::try_from(expected).unwrap_or(u64::MAX) {
                return Err(DbError::changed(table));
            }
        }
        Ok(())
    }

    /// Runs statements in one transaction that sees the rows of these tenants.
    pub async fn run(&mut self, tenants: &[TenantId], statements: &[Sql]) -> Result<Vec<Returned>, DbError> {
        let texts: Vec<String> = statements.iter().map(|sql| numbered(Engine::Postgres, &sql.text)).collect();
        for text in &texts {
            self.prepare(text).await?;
        }
        self.begin(tenants);
        let boxed = |value| -> Box<dyn ToSql + Sync + Send + '_> { Box::new(Cell(value)) };
        let calls = texts.iter().zip(statements).map(|(text, sql)| {
            let params: Params<'_> = sql.params.iter().map(boxed).collect();
            (text.as_str(), params)
        });
        let rows = match self.pipeline(calls.collect()).await {
            Ok(rows) => rows,
            Err(error) => {
                self.rollback().await?;
                return Err(error);
            }
        };
        self.commit().await?;
        statements.iter().zip(rows).map(|(sql, rows)| read_rows(&rows, &sql.returns)).collect()
    }

    /// Sends all before it waits for any; the beginning of the transaction goes ahead if it is due.
    async fn pipeline(&mut self, calls: Vec<(&str, Params<'_>)>) -> Result<Vec<Vec<Row>>, DbError> {
        let begin_with = self.begin_with.take();
        let mut sent: Vec<(&str, Params<'_>)> = Vec::with_capacity(calls.len() + 2);
        if let Some(tenants) = &begin_with {
            self.prepare(BEGIN).await?;
            self.prepare(SET_TENANTS).await?;
            sent.push((BEGIN, Vec::new()));
            sent.push((SET_TENANTS, vec![Box::new(tenants.as_str())]));
        }
        let ahead = sent.len();
        sent.extend(calls);
        let answers = in_order(sent.iter().map(|(text, params)| self.query(text, params)).collect()).await;
        answers.into_iter().collect::<Result<Vec<_>, _>>().map(|mut rows| rows.split_off(ahead))
    }

    async fn query(&self, text: &str, params: &Params<'_>) -> Result<Vec<Row>, DbError> {
        let params: Vec<&(dyn ToSql + Sync)> =
            params.iter().map(|param| -> &(dyn ToSql + Sync) { param.as_ref() }).collect();
        Ok(self.client.query(self.statement(text)?, &params).await?)
    }

    async fn execute(&self, (table, text, params): &(&Table, &str, Params<'_>)) -> Result<u64, DbError> {
        let params: Vec<&(dyn ToSql + Sync)> =
            params.iter().map(|param| -> &(dyn ToSql + Sync) { param.as_ref() }).collect();
        let written = self.client.execute(self.statement(text)?, &params).await;
        written.map_err(|error| DbError::of_write(error, table))
    }

    async fn prepare(&mut self, text: &str) -> Result<(), DbError> {
        if !self.prepared.contains_key(text) {
            let statement = self.client.prepare(text).await?;
            self.prepared.insert(text.to_owned(), statement);
        }
        Ok(())
    }

    fn statement(&self, text: &str) -> Result<&Statement, DbError> {
        self.prepared.get(text).ok_or_else(|| DbError::Other(format!("not prepared: {text}")))
    }
}

/// How long a connection may take to be made, and how long a server that says nothing may be waited for: it may be gone
/// without a word. What the address itself sets stands.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
const UNHEARD_WITHIN: Duration = Duration::from_secs(20);
const IDLE_ASKED_AFTER: Duration = Duration::from_secs(30);

fn patient(url: &str) -> Result<Config, DbError> {
    let mut config: Config = url.parse()?;
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_WITHIN);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(UNHEARD_WITHIN);
    }
    if !url.contains("keepalives_idle") {
        config.keepalives_idle(IDLE_ASKED_AFTER);
    }
    Ok(config)
}

/// A plan made for a small table may not suit a large one: plans are made anew at growing distances.
const fn plans_are_stale(commits: u64) -> bool {
    commits.is_multiple_of(2_048) || (commits < 2_048 && commits >= 4 && commits.is_power_of_two())
}

fn load_text(load: &Load) -> &'static str {
    let statements = load.table.statements(Engine::Postgres);
    match load.shape {
        Shape::Keys => &statements.select,
        Shape::Whole(_) => &statements.select_whole,
    }
}

fn load_params<'a>(load: &'a Load, tenant: &'a Value) -> Params<'a> {
    let mut params: Params<'a> = vec![Box::new(Cell(tenant))];
    match load.shape {
        Shape::Whole(limit) => params.push(Box::new(limit)),
        Shape::Keys => {
            let kinds = load.table.kinds.get(1..load.table.keys).unwrap_or_default();
            params.extend(columns(&load.keys, kinds));
        }
    }
    params
}

fn columns<'a>(cells: &'a [Value], kinds: &[Kind]) -> Params<'a> {
    let width = kinds.len();
    let array = |(offset, kind): (usize, &Kind)| -> Box<dyn ToSql + Sync + Send + 'a> {
        Box::new(ColumnArray { cells, width, offset, kind: *kind })
    };
    kinds.iter().enumerate().map(array).collect()
}

/// The setting that row-level security reads: identifiers in UUID form, separated by commas.
pub fn tenant_list(tenants: &[TenantId]) -> String {
    let texts: Vec<String> =
        tenants.iter().map(|tenant| uuid::Uuid::from_bytes(tenant.id128().0).to_string()).collect();
    texts.join(",")
}

fn read_rows(rows: &[Row], kinds: &[Kind]) -> Result<Returned, DbError> {
    rows.iter().map(|row| read_row(row, kinds)).collect()
}

fn read_row(row: &Row, kinds: &[Kind]) -> Result<Vec<Value>, DbError> {
    let mut cells = Vec::with_capacity(kinds.len());
    for (index, kind) in kinds.iter().enumerate() {
        let cell = match kind {
            Kind::Int => row.try_get::<_, Option<i64>>(index)?.map(Value::Int),
            Kind::Text => row.try_get::<_, Option<String>>(index)?.map(Value::Text),
            Kind::Bytes => row.try_get::<_, Option<Vec<u8>>>(index)?.map(Value::Bytes),
            Kind::Id => row.try_get::<_, Option<uuid::Uuid>>(index)?.map(|id| Value::Id(id.into_bytes())),
        };
        cells.push(cell.unwrap_or(Value::Null));
    }
    Ok(cells)
}

/// Polls futures in the order given, so that their requests leave in that order, and waits for all.
async fn in_order<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut waiting: Vec<Pin<Box<F>>> = futures.into_iter().map(Box::pin).collect();
    let mut done: Vec<Option<F::Output>> = waiting.iter().map(|_| None).collect();
    std::future::poll_fn(move |context| {
        let mut pending = false;
        for (future, slot) in waiting.iter_mut().zip(done.iter_mut()) {
            if slot.is_none() {
                match future.as_mut().poll(context) {
                    Poll::Ready(output) => *slot = Some(output),
                    Poll::Pending => pending = true,
                }
            }
        }
        if pending { Poll::Pending } else { Poll::Ready(done.drain(..).flatten().collect()) }
    })
    .await
}

/// One cell as a parameter.
#[derive(Debug)]
struct Cell<'a>(&'a Value);

impl ToSql for Cell<'_> {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        let wire = wire(self.0);
        let Some(bytes) = wire.bytes() else { return Ok(IsNull::Yes) };
        out.extend_from_slice(bytes);
        Ok(IsNull::No)
    }
    fn accepts(_: &Type) -> bool {
        true
    }
    to_sql_checked!();
}

/// A cell in PostgreSQL's binary form.
enum Wire<'a> {
    Null,
    Int([u8; 8]),
    Bytes(&'a [u8]),
}

impl Wire<'_> {
    fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Null => None,
            Self::Int(bytes) => Some(bytes),
            Self::Bytes(bytes) => Some(bytes),
        }
    }
}

fn wire(value: &Value) -> Wire<'_> {
    match value {
        Value::Null => Wire::Null,
        Value::Int(number) => Wire::Int(number.to_be_bytes()),
        Value::Text(text) => Wire::Bytes(text.as_bytes()),
        Value::Word(word) => Wire::Bytes(word.as_bytes()),
        Value::Bytes(bytes) => Wire::Bytes(bytes),
        Value::Id(bytes) => Wire::Bytes(bytes),
    }
}

/// One column of many rows as an array parameter, written straight from the cells.
#[derive(Debug)]
struct ColumnArray<'a> {
    cells: &'a [Value],
    width: usize,
    offset: usize,
    kind: Kind,
}

impl ToSql for ColumnArray<'_> {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        let element = match self.kind {
            Kind::Int => Type::INT8,
            Kind::Text => Type::TEXT,
            Kind::Bytes => Type::BYTEA,
            Kind::Id => Type::UUID,
        };
        let rows = i32::try_from(self.cells.len() / self.width.max(1))?;
        // One dimension, may hold nulls, element type, length, lower bound 1.
        for header in [1_i32, 1] {
            out.extend_from_slice(&header.to_be_bytes());
        }
        out.extend_from_slice(&element.oid().to_be_bytes());
        for header in [rows, 1_i32] {
            out.extend_from_slice(&header.to_be_bytes());
        }
        for cell in self.cells.iter().skip(self.offset).step_by(self.width.max(1)) {
            let wire = wire(cell);
            match wire.bytes() {
                None => out.extend_from_slice(&(-1_i32).to_be_bytes()),
                Some(bytes) => {
                    out.extend_from_slice(&i32::try_from(bytes.len())?.to_be_bytes());
                    out.extend_from_slice(bytes);
                }
            }
        }
        Ok(IsNull::No)
    }
    fn accepts(_: &Type) -> bool {
        true
    }
    to_sql_checked!();
}
