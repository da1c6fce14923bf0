//! Work that is due: found without locks, claimed tenant by tenant with a lease that only saves work.

use crate::dialect::Engine;
use crate::failure::Failure;
use crate::reader::{records, tuples};
use crate::record::Record;
use crate::security::SECURITY_KEPT_US;
use crate::store::Store;
use crate::value::{Cells, Column, Kind, Value};
use crate::writer::request::Sql;
use tk_domain::id::{PaymentId, TenantId};
use tk_domain::instruction::Instruction;
use tk_domain::moment::DAY_US;
use tk_domain::webhook::Delivery;

/// A tenant with work that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each kind of work is due or not by itself")]
pub struct DueTenant {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Whether an instruction is due.
    pub instructions: bool,
    /// Whether a delivery is due.
    pub deliveries: bool,
    /// Whether a payment has passed its expiry.
    pub expired_payments: bool,
    /// Whether a bank is to be asked for a statement.
    pub bank_links: bool,
}

/// Until when a claim holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// Unix microseconds now.
    pub now_us: i64,
    /// How long the claim holds, microseconds.
    pub for_us: i64,
    /// The most rows claimed; brought between 1 and 500.
    pub limit: i64,
}

/// Tenants looked at in one transaction: row-level security has to be told each of them.
const TENANTS_AT_ONCE: i64 = 500;
const CLAIMED_MAX: i64 = 500;
const PRUNED_MAX: i64 = 2_000;
/// How long a committed answer is replayed.
const IDEMPOTENCY_KEPT_US: i64 = 30 * DAY_US;
/// How long the row that settles a lost commit is kept.
const BATCHES_KEPT_US: i64 = DAY_US;

impl Store {
    /// Tenants with work that is due, read without locks.
    pub async fn tenants_with_due(&self, now_us: i64) -> Result<Vec<DueTenant>, Failure> {
        let mut due = Vec::new();
        let mut after = None;
        loop {
            let tenants = self.tenants_after(after, TENANTS_AT_ONCE).await?;
            let (Some(first), Some(last)) = (tenants.first(), tenants.last()) else { return Ok(due) };
            let range = [first.id, last.id];
            after = Some(last.id);
            let ids = tenants.iter().map(|tenant| tenant.id).collect();
            let rows = self.glance(ids, due_of(range, now_us)).await?;
            for row in rows {
                let mut cells = Cells::new(row);
                let mut read = || -> Result<DueTenant, crate::value::Unreadable> {
                    Ok(DueTenant {
                        tenant_id: cells.take()?,
                        instructions: cells.take()?,
                        deliveries: cells.take()?,
                        expired_payments: cells.take()?,
                        bank_links: cells.take()?,
                    })
                };
                let tenant = read().map_err(|error| Failure::from(crate::failure::DbError::from(error)))?;
                let rows = tenant.instructions || tenant.deliveries || tenant.bank_links;
                if rows || tenant.expired_payments {
                    due.push(tenant);
                }
            }
        }
    }

    /// Claims instructions that are due and that no other worker has.
    pub async fn claim_instructions(
        &self,
        tenant_id: TenantId,
        lease: Lease,
    ) -> Result<Vec<Instruction>, Failure> {
        let claimed: Vec<Instruction> = self.claim(tenant_id, "status = 'open'", lease).await?;
        for instruction in &claimed {
            self.recall().forget_instruction(tenant_id, instruction.id);
        }
        Ok(claimed)
    }

    /// Claims deliveries that are due and that no other worker has.
    pub async fn claim_deliveries(
        &self,
        tenant_id: TenantId,
        lease: Lease,
    ) -> Result<Vec<Delivery>, Failure> {
        self.claim(tenant_id, "status = 'pending'", lease).await
    }

    pub(crate) async fn claim<R: Record>(
        &self,
        tenant_id: TenantId,
        open: &str,
        lease: Lease,
    ) -> Result<Vec<R>, Failure> {
        let table = R::table();
        let name = table.name;
        let text = format!(
            "UPDATE {name} SET lease_until_us = ?3, tries = tries + 1, version = version + 1 WHERE tenant_id = ?1 AND id IN (
               SELECT id FROM {name} WHERE tenant_id = ?1 AND {open} AND due_at_us <= ?2 AND lease_until_us <= ?2
               ORDER BY due_at_us LIMIT ?4{}) RETURNING {}",
            self.engine().skip_locked(),
            table.column_list()
        );
        let params = vec![
            tenant_id.to_value(),
            Value::Int(lease.now_us),
            Value::Int(lease.now_us.saturating_add(lease.for_us)),
            Value::Int(lease.limit.clamp(1, CLAIMED_MAX)),
        ];
        let sql = Sql { text, params, returns: table.kinds.clone() };
        records(self.change(vec![tenant_id], vec![sql]).await?.pop().unwrap_or_default())
    }

    /// Payments that are not over and whose expiry has passed, the longest expired first.
    pub async fn expired_payments(
        &self,
        tenant_id: TenantId,
        now_us: i64,
        limit: i64,
    ) -> Result<Vec<PaymentId>, Failure> {
        let sql = Sql {
            text: "SELECT id FROM payments WHERE tenant_id = ?1 AND succeeded_at_us IS NULL AND ended_at_us IS NULL
                AND close_requested_at_us IS NULL AND expires_at_us <= ?2 ORDER BY expires_at_us LIMIT ?3"
                .to_owned(),
            params: vec![tenant_id.to_value(), Value::Int(now_us), Value::Int(limit.clamp(1, CLAIMED_MAX))],
            returns: vec![Kind::Id],
        };
        tuples(self.glance(vec![tenant_id], sql).await?)
    }

    /// Removes idempotency records older than 30 days, signature nonces whose request they name, and security records
    /// that are no longer kept; answers how many rows went, at most some thousands at a time.
    pub async fn prune_tenant(&self, tenant_id: TenantId, now_us: i64) -> Result<usize, Failure> {
        let before = Value::Int(now_us.saturating_sub(IDEMPOTENCY_KEPT_US));
        let records = Sql {
            text: format!(
                "DELETE FROM idempotency_records WHERE tenant_id = ?1 AND (app_id, idempotency_key) IN (
                   SELECT app_id, idempotency_key FROM idempotency_records
                   WHERE tenant_id = ?1 AND created_at_us < ?2 ORDER BY created_at_us LIMIT {PRUNED_MAX})
                 RETURNING created_at_us"
            ),
            params: vec![tenant_id.to_value(), before],
            returns: vec![Kind::Int],
        };
        // A nonce names its request, and a state itself, by a time-ordered identifier.
        let least = tk_domain::id::Id128::v7(now_us.saturating_sub(BATCHES_KEPT_US), 0);
        let nonces = Sql {
            text: format!(
                "DELETE FROM natural_keys WHERE tenant_id = ?1 AND kind IN ('nonce', 'oauth_state') AND (kind, natural_key) IN (
                   SELECT kind, natural_key FROM natural_keys WHERE tenant_id = ?1 AND kind IN ('nonce', 'oauth_state') AND id < ?2
                   ORDER BY id LIMIT {PRUNED_MAX}) RETURNING id"
            ),
            params: vec![tenant_id.to_value(), least.to_value()],
            returns: vec![Kind::Id],
        };
        let refusals = Sql {
            text: format!(
                "DELETE FROM security_records WHERE tenant_id = ?1 AND id IN (
                   SELECT id FROM security_records WHERE tenant_id = ?1 AND id < ?2 ORDER BY id LIMIT {PRUNED_MAX}) RETURNING id"
            ),
            params: vec![tenant_id.to_value(), refusals_before(now_us)],
            returns: vec![Kind::Id],
        };
        let gone = self.clear(vec![tenant_id], vec![records, nonces, refusals]).await?;
        Ok(gone.iter().map(Vec::len).sum())
    }

    /// Removes the rows by which lost commits are settled, once they are a day old; on PostgreSQL makes the
    /// partitions of this month and the two after it.
    pub async fn prune_platform(&self, now_us: i64) -> Result<usize, Failure> {
        let batches = Sql {
            text: format!(
                "DELETE FROM platform_batches WHERE id IN (SELECT id FROM platform_batches
                 WHERE committed_at_us < ?1 ORDER BY committed_at_us LIMIT {PRUNED_MAX}) RETURNING committed_at_us"
            ),
            params: vec![Value::Int(now_us.saturating_sub(BATCHES_KEPT_US))],
            returns: vec![Kind::Int],
        };
        let refusals = Sql {
            text: format!(
                "DELETE FROM platform_refusals WHERE id IN (
                   SELECT id FROM platform_refusals WHERE id < ?1 ORDER BY id LIMIT {PRUNED_MAX}) RETURNING id"
            ),
            params: vec![refusals_before(now_us)],
            returns: vec![Kind::Id],
        };
        let gone = self.clear(Vec::new(), vec![batches, refusals]).await?;
        if self.engine() == Engine::Postgres {
            let months = Sql {
                text: "SELECT CAST(platform_make_months(?1, 2) AS BIGINT)".to_owned(),
                params: vec![Value::Int(now_us.div_euclid(1_000))],
                returns: vec![Kind::Int],
            };
            // Rows that came before their month's partition are in the default one; pruning goes on without it.
            if let Err(failure) = self.clear(Vec::new(), vec![months]).await {
                tracing::error!(%failure, "the coming months' partitions could not be made");
            }
        }
        Ok(gone.iter().map(Vec::len).sum())
    }
}

/// The least identifier of a security record that is still kept.
fn refusals_before(now_us: i64) -> Value {
    tk_domain::id::Id128::v7(now_us.saturating_sub(SECURITY_KEPT_US), 0).to_value()
}

fn due_of([first, last]: [TenantId; 2], now_us: i64) -> Sql {
    let due = |table: &str, open: &str| {
        format!(
            "CASE WHEN EXISTS (SELECT 1 FROM {table} d WHERE d.tenant_id = t.id AND d.status = '{open}'
               AND d.due_at_us <= ?3 AND d.lease_until_us <= ?3) THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END"
        )
    };
    Sql {
        text: format!(
            "SELECT t.id, {}, {}, CASE WHEN EXISTS (SELECT 1 FROM payments p WHERE p.tenant_id = t.id
               AND p.succeeded_at_us IS NULL AND p.ended_at_us IS NULL AND p.close_requested_at_us IS NULL
               AND p.expires_at_us <= ?3) THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END, {}
             FROM platform_tenants t WHERE t.id >= ?1 AND t.id <= ?2 ORDER BY t.id",
            due("instructions", "open"),
            due("deliveries", "pending"),
            due("bank_links", "active")
        ),
        params: vec![first.to_value(), last.to_value(), Value::Int(now_us)],
        returns: vec![Kind::Id, Kind::Int, Kind::Int, Kind::Int, Kind::Int],
    }
}
