//! The checks that need more than SQL can compute: hashes and identifiers in their outside form.

use crate::failure::{DbError, Failure};
use crate::reader::{records, tuples};
use crate::record::Record;
use crate::value::{Cells, Column, Kind, Unreadable, Value};
use crate::verify::View;
use crate::writer::request::Sql;
use std::collections::BTreeMap;
use tk_domain::audit::Audit;
use tk_domain::id::{MerchantId, PaymentId, TenantId, TypedId};
use tk_domain::key::{KeyName, NaturalKind};

const PAGE: usize = 500;

/// Follows each lane's chain of hashes up to its head; names the first act that does not fit.
pub(super) async fn audit_chain(view: &View, tenant_id: TenantId) -> Result<Option<String>, Failure> {
    let heads = Sql {
        text: "SELECT lane, audit_hash, audit_seq FROM heads WHERE tenant_id = ?1 ORDER BY lane".to_owned(),
        params: vec![tenant_id.to_value()],
        returns: vec![Kind::Int, Kind::Bytes, Kind::Int],
    };
    for row in view.rows(tenant_id, heads).await? {
        let mut cells = Cells::new(row);
        let mut take = || -> Result<(i64, Vec<u8>, i64), Unreadable> {
            Ok((cells.take()?, cells.take()?, cells.take()?))
        };
        let (lane, head, head_seq) = take().map_err(DbError::from)?;
        let mut hash = vec![0_u8; 32];
        let mut seq = 0_i64;
        loop {
            let page: Vec<Audit> = records(view.rows(tenant_id, audits_after(tenant_id, lane, seq)).await?)?;
            let Some(last) = page.last().filter(|_| seq < head_seq) else { break };
            seq = last.seq;
            // A serving process goes on writing: what it appended after the head was read is not judged.
            for audit in page.into_iter().filter(|audit| audit.seq <= head_seq) {
                if audit.prev_hash != hash || audit.computed_hash() != audit.hash {
                    return Ok(Some(format!("{} (lane {lane}, seq {})", audit.id, audit.seq)));
                }
                hash = audit.hash;
            }
        }
        if hash != head {
            return Ok(Some(format!("the head of lane {lane}")));
        }
    }
    Ok(None)
}

fn audits_after(tenant_id: TenantId, lane: i64, seq: i64) -> Sql {
    let table = Audit::table();
    Sql {
        text: format!(
            "SELECT {} FROM audits WHERE tenant_id = ?1 AND lane = ?2 AND seq > ?3 ORDER BY seq LIMIT {PAGE}",
            table.column_list()
        ),
        params: vec![tenant_id.to_value(), Value::Int(lane), Value::Int(seq)],
        returns: table.kinds.clone(),
    }
}

/// Looks up the order number of every payment; names the first payment that does not own it.
pub(super) async fn order_keys(view: &View, tenant_id: TenantId) -> Result<Option<String>, Failure> {
    let mut after = PaymentId::default();
    loop {
        let payments = view.rows(tenant_id, payments_after(tenant_id, after)).await?;
        let read = |row| -> Result<(PaymentId, String), Failure> {
            let mut cells = Cells::new(row);
            let mut take = || -> Result<_, Unreadable> {
                let (id, merchant_id): (PaymentId, MerchantId) = cells.take()?;
                let number: String = cells.take()?;
                Ok((id, KeyName::scoped(tenant_id, NaturalKind::MerchantOrder, &merchant_id, &number).key))
            };
            take().map_err(|error| DbError::from(error).into())
        };
        let payments = payments.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let Some((last, _)) = payments.last() else { return Ok(None) };
        after = *last;
        let owners = owners(view, tenant_id, &payments).await?;
        let stranger = payments.iter().find(|(id, key)| owners.get(key) != Some(id));
        if let Some((id, _)) = stranger {
            return Ok(Some(id.to_string()));
        }
    }
}

fn payments_after(tenant_id: TenantId, after: PaymentId) -> Sql {
    Sql {
        text: format!(
            "SELECT id, merchant_id, merchant_order_no FROM payments WHERE tenant_id = ?1 AND id > ?2
             ORDER BY id LIMIT {PAGE}"
        ),
        params: vec![tenant_id.to_value(), Value::Id(after.id128().0)],
        returns: vec![Kind::Id, Kind::Id, Kind::Text],
    }
}

async fn owners(
    view: &View,
    tenant_id: TenantId,
    payments: &[(PaymentId, String)],
) -> Result<BTreeMap<String, PaymentId>, Failure> {
    let places: Vec<String> = (2..payments.len() + 2).map(|place| format!("?{place}")).collect();
    let mut params = vec![tenant_id.to_value()];
    params.extend(payments.iter().map(|(_, key)| Value::Text(key.clone())));
    let sql = Sql {
        text: format!(
            "SELECT natural_key, id FROM natural_keys WHERE tenant_id = ?1 AND kind = 'merchant_order'
             AND natural_key IN ({})",
            places.join(", ")
        ),
        params,
        returns: vec![Kind::Text, Kind::Id],
    };
    Ok(tuples::<(String, PaymentId)>(view.rows(tenant_id, sql).await?)?.into_iter().collect())
}
