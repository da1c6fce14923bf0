//! Writes down who was turned away.

use crate::workers::rounds::duration;
use crate::{App, Failure};
use tk_domain::moment::SECOND_US;

/// How long a refused caller may be in memory only.
const PAUSE_US: i64 = 2 * SECOND_US;

/// Records written in one transaction.
const AT_ONCE: usize = 100;

/// Works until dropped.
pub(super) async fn run(app: App) {
    loop {
        tokio::time::sleep(duration(PAUSE_US)).await;
        if let Err(failure) = app.write_down_refusals().await {
            tracing::warn!(%failure, "security records wait for storage");
        }
    }
}

impl App {
    /// Writes down who was turned away since the last time; what storage does not take waits.
    pub async fn write_down_refusals(&self) -> Result<(), Failure> {
        let mut trouble = None;
        for (tenant_id, mut records) in self.watch().take() {
            while !records.is_empty() {
                let rest = records.split_off(records.len().min(AT_ONCE));
                if let Err(failure) = self.reader().note_refusals(tenant_id, &records).await {
                    records.extend(rest);
                    self.watch().put_back(tenant_id, records);
                    trouble = Some(failure);
                    break;
                }
                records = rest;
            }
        }
        trouble.map_or(Ok(()), Err)
    }
}
