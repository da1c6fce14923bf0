//! Bodies: bounded in size and in the time they may take.

use crate::problem::{Code, Problem};
use axum::body::{Body, Bytes};
use futures_util::StreamExt;
use std::time::Duration;

/// How much of a body that is too large is still taken and thrown away: a caller that is busy sending does
/// not read the answer.
const DISCARDED_MAX: usize = 16 * 1024 * 1024;

/// Reads a whole body of at most `max` bytes within `timeout_ms` milliseconds.
pub async fn read_body(body: Body, max: usize, timeout_ms: u64) -> Result<Bytes, Problem> {
    let mut read = Reading { bytes: Vec::new(), total: 0, max };
    let done = tokio::time::timeout(Duration::from_millis(timeout_ms), read.take(body)).await;
    match done {
        _ if read.total > max => Err(Code::BodyTooLarge.into()),
        Ok(Ok(())) => Ok(read.bytes.into()),
        Ok(Err(_)) => Err(Problem::field(Code::BodyInvalid, "#", "not received whole")),
        Err(_) => Err(Code::BodyTimeout.into()),
    }
}

struct Reading {
    bytes: Vec<u8>,
    total: usize,
    max: usize,
}

impl Reading {
    async fn take(&mut self, body: Body) -> Result<(), axum::Error> {
        let mut parts = body.into_data_stream();
        while let Some(part) = parts.next().await {
            let part = part?;
            self.total = self.total.saturating_add(part.len());
            if self.total > DISCARDED_MAX.max(self.max) {
                break;
            }
            if self.total <= self.max {
                self.bytes.extend_from_slice(&part);
            }
        }
        Ok(())
    }
}
