//! Callers turned away, counted by minute; no command makes these rows, and the audit's chain does not hold them.

use crate::failure::Failure;
use crate::reader::{Listed, Page, Query, first};
use crate::record::record;
use crate::store::Store;
use crate::value::{Column, Kind, Value};
use crate::writer::request::Sql;
use tk_domain::id::{SecurityRecordId, TenantId, TypedId};
use tk_domain::moment::DAY_US;
use tk_domain::security::SecurityRecord;

record! {
    SecurityRecord in "security_records", keys 2, Fresh, Unlocked;
    tenant_id: TenantId,
    id: SecurityRecordId,
    code: String,
    source: String,
    subject: Option<String>,
    times: i64,
    first_at_us: i64,
    last_at_us: i64,
}

/// How long records are kept; the Cybersecurity Law (网络安全法, article 21) asks for six months.
pub const SECURITY_KEPT_US: i64 = 200 * DAY_US;

impl Store {
    /// Adds to the records of callers who named this tenant, or, without one, who named none; all of them or none.
    pub async fn note_refusals(
        &self,
        tenant_id: Option<TenantId>,
        records: &[SecurityRecord],
    ) -> Result<(), Failure> {
        let statements = records.iter().map(|record| note(tenant_id, record)).collect();
        self.change(tenant_id.into_iter().collect(), statements).await.map(drop)
    }

    /// Records of one tenant, the latest minute first; of one code if given.
    pub async fn security_records(
        &self,
        tenant_id: TenantId,
        code: Option<String>,
        page: Page,
    ) -> Result<Listed<SecurityRecord>, Failure> {
        self.list(Query::of(tenant_id).only("code =", code), page).await
    }

    /// One record.
    pub async fn security_record(
        &self,
        tenant_id: TenantId,
        id: SecurityRecordId,
    ) -> Result<Option<SecurityRecord>, Failure> {
        let query = Query::<SecurityRecord>::of(tenant_id).only("id =", Some(id));
        first(Some(self.read_one(tenant_id, query.all("id", 1)).await?))
    }
}

fn note(tenant_id: Option<TenantId>, record: &SecurityRecord) -> Sql {
    let (table, key) = match tenant_id {
        Some(_) => ("security_records", "tenant_id, id"),
        None => ("platform_refusals", "id"),
    };
    let mut params: Vec<Value> = tenant_id.iter().map(Column::to_value).collect();
    params.extend([
        Value::Id(record.id.id128().0),
        record.code.to_value(),
        record.source.to_value(),
        record.subject.to_value(),
        Value::Int(record.times),
        Value::Int(record.first_at_us),
        Value::Int(record.last_at_us),
    ]);
    let places: Vec<String> = (1..=params.len()).map(|place| format!("?{place}")).collect();
    Sql {
        text: format!(
            "INSERT INTO {table} ({key}, code, source, subject, times, first_at_us, last_at_us) VALUES ({})
             ON CONFLICT ({key}) DO UPDATE SET times = {table}.times + excluded.times,
               last_at_us = CASE WHEN excluded.last_at_us > {table}.last_at_us THEN excluded.last_at_us
                 ELSE {table}.last_at_us END RETURNING id",
            places.join(", ")
        ),
        params,
        returns: vec![Kind::Id],
    }
}
