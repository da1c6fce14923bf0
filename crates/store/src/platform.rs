//! What belongs to no tenant: the tenants themselves and the installation's settings.

use crate::failure::Failure;
use crate::reader::{records, tuples};
use crate::record::{Record, record};
use crate::store::Store;
use crate::value::{Kind, Value};
use crate::writer::request::Sql;
use tk_domain::id::{Id128, TenantId, TypedId};
use tk_domain::refusal::Refusal;

/// A company, the boundary of isolation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// Its own identifier.
    pub id: TenantId,
    /// The short code in keys and links; no secret, and grants nothing.
    pub code: String,
    /// For people.
    pub name: String,
    /// Unix microseconds.
    pub created_at_us: i64,
}

record! {
    Tenant in "platform_tenants", keys 1, Contended, Unlocked;
    id: TenantId,
    code: String,
    name: String,
    created_at_us: i64,
}

impl Store {
    /// Makes a tenant; a code that is taken is refused.
    pub async fn create_tenant(&self, code: &str, name: &str) -> Result<Tenant, Failure> {
        let now_us = self.ambient().now_us();
        let id = TenantId::from_id128(Id128::v7(now_us, self.ambient().bits()));
        let tenant = Tenant { id, code: code.to_owned(), name: name.to_owned(), created_at_us: now_us };
        let table = Tenant::table();
        let mut params = Vec::new();
        tenant.put(&mut params);
        let text = format!(
            "INSERT INTO platform_tenants ({}) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING RETURNING id",
            table.column_list()
        );
        let made = self.change(Vec::new(), vec![Sql { text, params, returns: vec![Kind::Id] }]).await?;
        if made.concat().is_empty() {
            Err(Failure::Refused(Refusal::CodeTaken { param: "code" }))
        } else {
            Ok(tenant)
        }
    }

    /// The tenant with this code.
    pub async fn tenant_by_code(&self, code: &str) -> Result<Option<Tenant>, Failure> {
        Ok(self.platform_tenants("code = ?1", Value::Text(code.to_owned())).await?.pop())
    }

    /// The tenant with this identifier.
    pub async fn tenant(&self, id: TenantId) -> Result<Option<Tenant>, Failure> {
        Ok(self.platform_tenants("id = ?1", Value::Id(id.id128().0)).await?.pop())
    }

    /// Tenants in order of creation after the given one, at most `limit`.
    pub async fn tenants_after(&self, after: Option<TenantId>, limit: i64) -> Result<Vec<Tenant>, Failure> {
        let after = after.unwrap_or_default();
        let condition = format!("id > ?1 ORDER BY id LIMIT {}", limit.clamp(1, 1_000));
        self.platform_tenants(&condition, Value::Id(after.id128().0)).await
    }

    async fn platform_tenants(&self, condition: &str, param: Value) -> Result<Vec<Tenant>, Failure> {
        let table = Tenant::table();
        let text = format!("SELECT {} FROM platform_tenants WHERE {condition}", table.column_list());
        let sql = Sql { text, params: vec![param], returns: table.kinds.clone() };
        records(self.glance(Vec::new(), sql).await?)
    }

    /// A setting of the installation, such as `environment`.
    pub async fn setting(&self, name: &str) -> Result<Option<String>, Failure> {
        let sql = Sql {
            text: "SELECT value FROM platform_settings WHERE name = ?1".to_owned(),
            params: vec![Value::Text(name.to_owned())],
            returns: vec![Kind::Text],
        };
        let rows = self.read(Vec::new(), vec![sql]).await?.pop().unwrap_or_default();
        Ok(tuples::<String>(rows)?.pop())
    }

    /// Fixes a setting if it has no value yet, and answers the value it has.
    pub async fn settle_setting(&self, name: &str, value: &str) -> Result<String, Failure> {
        let params = vec![Value::Text(name.to_owned()), Value::Text(value.to_owned())];
        let sql = Sql {
            text: "INSERT INTO platform_settings (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE
                SET value = platform_settings.value RETURNING value"
                .to_owned(),
            params,
            returns: vec![Kind::Text],
        };
        let rows = self.change(Vec::new(), vec![sql]).await?.pop().unwrap_or_default();
        Ok(tuples::<String>(rows)?.pop().unwrap_or_else(|| value.to_owned()))
    }
}
