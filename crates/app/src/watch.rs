//! Who is turned away at the door, until it is written down.
//!
//! A flood of refused callers must cost neither memory nor rows: within a minute so many sources of a tenant are told
//! apart, and the rest are counted together. What was counted since the last writing goes with the process.

use crate::App;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tk_domain::id::TenantId;
use tk_domain::moment::MINUTE_US;
use tk_domain::security::{OTHERS, SecurityRecord};

/// Records of one tenant within a minute; further sources are counted together, by code.
const OF_TENANT_MAX: usize = 100;
/// Records that wait to be written; further ones are forgotten, and the log says so.
const WAITING_MAX: usize = 10_000;

/// A caller who is turned away.
#[derive(Debug, Clone, Copy)]
pub struct TurnedAway<'a> {
    /// The tenant that was named, if it is one of ours.
    pub tenant_id: Option<TenantId>,
    /// The wire code of the answer.
    pub code: &'static str,
    /// Where it came from.
    pub ip: IpAddr,
    /// The key or channel account that it spoke for, where that is known.
    pub subject: Option<&'a str>,
}

/// What tells records of one minute apart.
type Name = (Option<TenantId>, &'static str, String, Option<String>);

/// What was counted in one minute, and what of it is not written yet.
#[derive(Debug, Default)]
struct Minute {
    began_us: i64,
    counted: BTreeMap<Name, Option<SecurityRecord>>,
    told_apart: BTreeMap<Option<TenantId>, usize>,
    earlier: Vec<(Option<TenantId>, SecurityRecord)>,
}

/// The refused callers of this process.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    minute: Mutex<Minute>,
}

impl Watch {
    fn minute(&self) -> MutexGuard<'_, Minute> {
        self.minute.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, seen: &TurnedAway<'_>, now_us: i64) {
        let mut minute = self.minute();
        let began_us = now_us.div_euclid(MINUTE_US).saturating_mul(MINUTE_US);
        if minute.began_us != began_us {
            minute.end();
            minute.began_us = began_us;
        }
        let name = minute.place(seen);
        let (tenant_id, code, source, subject) = name.clone();
        let counted = minute.counted.entry(name).or_insert(None);
        let record = counted.get_or_insert_with(|| SecurityRecord {
            tenant_id: tenant_id.unwrap_or_default(),
            id: SecurityRecord::id_of(now_us, (code, &source, subject.as_deref())),
            code: code.to_owned(),
            source,
            subject,
            times: 0,
            first_at_us: now_us,
            last_at_us: now_us,
        });
        record.times = record.times.saturating_add(1);
        record.last_at_us = record.last_at_us.max(now_us);
    }

    /// What was counted and not written, by tenant; it counts as written from now on.
    pub(crate) fn take(&self) -> BTreeMap<Option<TenantId>, Vec<SecurityRecord>> {
        let mut minute = self.minute();
        let mut taken: BTreeMap<Option<TenantId>, Vec<SecurityRecord>> = BTreeMap::new();
        for (tenant_id, record) in std::mem::take(&mut minute.earlier) {
            taken.entry(tenant_id).or_default().push(record);
        }
        for ((tenant_id, ..), record) in &mut minute.counted {
            if let Some(record) = record.take() {
                taken.entry(*tenant_id).or_default().push(record);
            }
        }
        taken
    }

    /// Takes back what could not be written.
    pub(crate) fn put_back(&self, tenant_id: Option<TenantId>, records: Vec<SecurityRecord>) {
        let mut minute = self.minute();
        minute.keep(records.into_iter().map(|record| (tenant_id, record)));
    }
}

impl Minute {
    /// The name under which a caller is counted, told apart from others or not.
    fn place(&mut self, seen: &TurnedAway<'_>) -> Name {
        let name = (seen.tenant_id, seen.code, seen.ip.to_string(), seen.subject.map(str::to_owned));
        if self.counted.contains_key(&name) {
            return name;
        }
        let told_apart = self.told_apart.entry(seen.tenant_id).or_default();
        if *told_apart >= OF_TENANT_MAX {
            return (seen.tenant_id, seen.code, OTHERS.to_owned(), None);
        }
        *told_apart = told_apart.saturating_add(1);
        tracing::warn!(code = seen.code, ip = %seen.ip, subject = seen.subject, "a caller was turned away");
        name
    }

    fn end(&mut self) {
        let counted = std::mem::take(&mut self.counted);
        self.told_apart.clear();
        self.keep(counted.into_iter().filter_map(|((tenant_id, ..), record)| Some((tenant_id, record?))));
    }

    fn keep(&mut self, records: impl Iterator<Item = (Option<TenantId>, SecurityRecord)>) {
        for record in records {
            if self.earlier.len() >= WAITING_MAX {
                tracing::error!("storage takes no security records, and the oldest that wait are kept");
                return;
            }
            self.earlier.push(record);
        }
    }
}

impl App {
    /// Counts a caller who is turned away; it is written down within some seconds.
    pub fn turned_away(&self, seen: &TurnedAway<'_>) {
        self.watch().note(seen, self.now_us());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tk_domain::id::Id128;

    fn seen(tenant: u8, code: &'static str, last: u8) -> TurnedAway<'static> {
        let tenant_id = (tenant > 0).then_some(TenantId(Id128([tenant; 16])));
        TurnedAway { tenant_id, code, ip: IpAddr::from([203, 0, 113, last]), subject: None }
    }

    #[test]
    fn callers_are_counted_by_minute_code_and_source_and_told_once() {
        let watch = Watch::default();
        for last in [1, 1, 2] {
            watch.note(&seen(0, "token_invalid", last), 5);
        }
        watch.note(&seen(7, "key_revoked", 1), MINUTE_US + 5);
        let taken = watch.take();
        let unknown: Vec<(&str, i64)> =
            taken[&None].iter().map(|row| (row.source.as_str(), row.times)).collect();
        assert_eq!(unknown, [("203.0.113.1", 2), ("203.0.113.2", 1)]);
        assert_eq!(taken[&Some(TenantId(Id128([7; 16])))][0].code, "key_revoked");
        assert!(watch.take().is_empty(), "nothing is written twice");
        watch.note(&seen(7, "key_revoked", 1), MINUTE_US + 9);
        let again = watch.take().remove(&Some(TenantId(Id128([7; 16])))).unwrap();
        let first = &taken[&Some(TenantId(Id128([7; 16])))][0];
        assert_eq!((again[0].id, again[0].times), (first.id, 1), "later ones of the minute add to it");
        watch.put_back(None, taken[&None].clone());
        assert_eq!(watch.take()[&None].len(), 2);
    }

    #[test]
    fn a_flood_from_everywhere_is_counted_together() {
        let watch = Watch::default();
        for last in 0..=255 {
            watch.note(&seen(1, "token_invalid", last), 5);
        }
        watch.note(&seen(2, "token_invalid", 9), 5);
        let taken = watch.take();
        let flooded = &taken[&Some(TenantId(Id128([1; 16])))];
        assert_eq!(flooded.len(), OF_TENANT_MAX + 1);
        let others = flooded.iter().find(|row| row.source == OTHERS).unwrap();
        assert_eq!(others.times, 156);
        assert_eq!(taken[&Some(TenantId(Id128([2; 16])))][0].source, "203.0.113.9", "another tenant's stays");
    }
}
