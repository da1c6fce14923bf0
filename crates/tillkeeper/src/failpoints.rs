//! Named points at which a test may end the process, armed by `TILLKEEPER_FAILPOINT=name:n`.

use anyhow::{Context, ensure};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tk_store::Failpoints;

/// The hook that the environment asks for; a live installation refuses to start with one.
pub fn from_environment(live: bool) -> anyhow::Result<Failpoints> {
    let Ok(text) = std::env::var("TILLKEEPER_FAILPOINT") else { return Ok(Arc::new(|_| {})) };
    ensure!(!live, "TILLKEEPER_FAILPOINT is a debug flag; a live installation does not start with it");
    let (name, count) = text.split_once(':').context("TILLKEEPER_FAILPOINT must be name:n")?;
    let (name, count) = (name.to_owned(), count.parse::<u64>()?);
    let passed = AtomicU64::new(0);
    Ok(Arc::new(move |point| {
        if point == name && passed.fetch_add(1, Ordering::SeqCst).saturating_add(1) >= count {
            std::process::abort();
        }
    }))
}
