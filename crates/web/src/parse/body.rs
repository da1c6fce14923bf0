//! Bodies: bounded in size and in the time they may take.

use crate::problem::{Code, Problem};
use axum::body::{Body, Bytes, HttpBody, to_bytes};
use std::time::Duration;

/// Reads a whole body of at most `max` bytes within `timeout_ms` milliseconds.
pub async fn read_body(body: Body, max: usize, timeout_ms: u64) -> Result<Bytes, Problem> {
    if body.size_hint().lower() > u64::try_from(max).unwrap_or(u64::MAX) {
        return Err(Code::BodyTooLarge.into());
    }
    let read = tokio::time::timeout(Duration::from_millis(timeout_ms), to_bytes(body, max));
    match read.await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) => Err(too_large_or_broken(&error)),
        Err(_) => Err(Code::BodyTimeout.into()),
    }
}

fn too_large_or_broken(error: &axum::Error) -> Problem {
    let too_large =
        std::error::Error::source(error).is_some_and(|cause| cause.to_string().contains("length limit"));
    if too_large {
        Code::BodyTooLarge.into()
    } else {
        Problem::field(Code::BodyInvalid, "#", "not received whole")
    }
}
