//! Follows the chain of hashes through the entries of each lane.
//!
//! Entries are read by their identifiers, which is nearly the order of their lanes: one that comes before its predecessor
//! waits for it.

use crate::entries::{EntryRow, LineRow};
use crate::failure::{DbError, Failure};
use crate::reader::records;
use crate::record::Record;
use crate::value::{Cells, Column, Kind, Unreadable, Value};
use crate::verify::View;
use crate::writer::request::Sql;
use std::collections::BTreeMap;
use tk_domain::id::{EntryId, Id128, TenantId, TypedId};

/// What must hold.
pub(super) const SAYS: &str = "each entry is chained with its lines to the one before it by its hash";
const PAGE: usize = 500;
/// Entries that may wait for the one before them.
const WAITING_MAX: usize = 100_000;

/// A lane's chain as far as it was followed.
struct Lane {
    hash: Vec<u8>,
    seq: i64,
    head_hash: Vec<u8>,
    head_seq: i64,
    waiting: BTreeMap<i64, (EntryRow, Vec<LineRow>)>,
}

impl Lane {
    /// Takes an entry, and all that waited for it; names the first whose hash is not what it has to be.
    fn take(&mut self, entry: EntryRow, lines: Vec<LineRow>) -> Result<(), Box<EntryRow>> {
        if entry.seq > self.seq {
            self.waiting.insert(entry.seq, (entry, lines));
        }
        while let Some((entry, lines)) = self.waiting.remove(&self.seq.saturating_add(1)) {
            if entry.computed_hash(&self.hash, &lines) != entry.hash {
                return Err(Box::new(entry));
            }
            (self.seq, self.hash) = (entry.seq, entry.hash);
        }
        Ok(())
    }
}

/// Names the first entry that does not fit its chain, or the lane whose chain does not end at its head.
pub(super) async fn entry_chain(view: &View, tenant_id: TenantId) -> Result<Option<String>, Failure> {
    let mut lanes = heads(view, tenant_id).await?;
    let mut after = EntryId::default();
    loop {
        let page: Vec<EntryRow> = records(view.rows(tenant_id, entries_after(tenant_id, after)).await?)?;
        let Some(last) = page.last() else { break };
        let mut by_entry = lines_between(view, tenant_id, (after, last.id)).await?;
        after = last.id;
        for entry in page {
            let own = by_entry.remove(&entry.id).unwrap_or_default();
            // A serving process goes on writing: what it appended after the head was read is not judged.
            let Some(lane) = lanes.get_mut(&entry.lane).filter(|lane| entry.seq <= lane.head_seq) else {
                continue;
            };
            if let Err(broken) = lane.take(entry, own) {
                return Ok(Some(named(&broken)));
            }
        }
        for (number, lane) in lanes.iter_mut().filter(|(_, lane)| lane.waiting.len() > WAITING_MAX) {
            if let Some(broken) = catch_up(view, (tenant_id, *number), lane).await? {
                return Ok(Some(broken));
            }
        }
    }
    let ends = |lane: &Lane| lane.seq == lane.head_seq && lane.hash == lane.head_hash;
    let broken = lanes.iter().find(|(_, lane)| !ends(lane));
    Ok(broken.map(|(number, lane)| format!("lane {number} behind seq {}", lane.seq)))
}

fn named(broken: &EntryRow) -> String {
    format!("{} (lane {}, seq {})", broken.id, broken.lane, broken.seq)
}

/// Reads on by the lane's own order: identifiers lead far away from it where a clock was wrong for a while.
async fn catch_up(
    view: &View,
    (tenant_id, number): (TenantId, i64),
    lane: &mut Lane,
) -> Result<Option<String>, Failure> {
    while lane.waiting.len() > WAITING_MAX / 2 {
        let page: Vec<EntryRow> =
            records(view.rows(tenant_id, lane_after(tenant_id, number, lane.seq)).await?)?;
        let missing = page.first().is_none_or(|first| first.seq != lane.seq.saturating_add(1));
        if missing {
            return Ok(Some(format!("lane {number} behind seq {}", lane.seq)));
        }
        for entry in page {
            let own = lines_between(view, tenant_id, (before(entry.id), entry.id)).await?;
            let own = own.into_values().next().unwrap_or_default();
            if let Err(broken) = lane.take(entry, own) {
                return Ok(Some(named(&broken)));
            }
        }
    }
    Ok(None)
}

/// The identifier ahead of this one.
const fn before(id: EntryId) -> EntryId {
    let number = u128::from_be_bytes(id.0.0);
    EntryId(Id128(number.saturating_sub(1).to_be_bytes()))
}

fn lane_after(tenant_id: TenantId, lane: i64, seq: i64) -> Sql {
    let table = EntryRow::table();
    Sql {
        text: format!(
            "SELECT {} FROM entries WHERE tenant_id = ?1 AND lane = ?2 AND seq > ?3 ORDER BY seq LIMIT {PAGE}",
            table.column_list()
        ),
        params: vec![tenant_id.to_value(), Value::Int(lane), Value::Int(seq)],
        returns: table.kinds.clone(),
    }
}

async fn heads(view: &View, tenant_id: TenantId) -> Result<BTreeMap<i64, Lane>, Failure> {
    let heads = Sql {
        text: "SELECT lane, entry_hash, entry_seq FROM heads WHERE tenant_id = ?1".to_owned(),
        params: vec![tenant_id.to_value()],
        returns: vec![Kind::Int, Kind::Bytes, Kind::Int],
    };
    let mut lanes = BTreeMap::new();
    for row in view.rows(tenant_id, heads).await? {
        let mut cells = Cells::new(row);
        let mut take = || -> Result<(i64, Vec<u8>, i64), Unreadable> {
            Ok((cells.take()?, cells.take()?, cells.take()?))
        };
        let (number, head_hash, head_seq) = take().map_err(DbError::from)?;
        let lane = Lane { hash: vec![0; 32], seq: 0, head_hash, head_seq, waiting: BTreeMap::new() };
        lanes.insert(number, lane);
    }
    Ok(lanes)
}

fn entries_after(tenant_id: TenantId, after: EntryId) -> Sql {
    let table = EntryRow::table();
    Sql {
        text: format!(
            "SELECT {} FROM entries WHERE tenant_id = ?1 AND id > ?2 ORDER BY id LIMIT {PAGE}",
            table.column_list()
        ),
        params: vec![tenant_id.to_value(), Value::Id(after.id128().0)],
        returns: table.kinds.clone(),
    }
}

async fn lines_between(
    view: &View,
    tenant_id: TenantId,
    (after, last): (EntryId, EntryId),
) -> Result<BTreeMap<EntryId, Vec<LineRow>>, Failure> {
    let table = LineRow::table();
    let sql = Sql {
        text: format!(
            "SELECT {} FROM entry_lines WHERE tenant_id = ?1 AND entry_id > ?2 AND entry_id <= ?3
             ORDER BY entry_id, line_no",
            table.column_list()
        ),
        params: vec![tenant_id.to_value(), Value::Id(after.id128().0), Value::Id(last.id128().0)],
        returns: table.kinds.clone(),
    };
    let rows: Vec<LineRow> = records(view.rows(tenant_id, sql).await?)?;
    let mut lines: BTreeMap<EntryId, Vec<LineRow>> = BTreeMap::new();
    for row in rows {
        lines.entry(row.entry_id).or_default().push(row);
    }
    Ok(lines)
}
