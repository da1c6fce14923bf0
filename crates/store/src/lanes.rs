//! Lane numbers of a process on PostgreSQL: claimed so that two processes do not share a lane's heads.
//!
//! The claim only saves contention; sequences are held by the versions of `heads`.

use crate::config::Ambient;
use crate::failure::{DbError, OpenError};
use crate::migrate::check_postgres;
use crate::postgres::{PostgresSession, Purpose};
use std::sync::Arc;
use tokio::sync::oneshot;
use tokio_postgres::Client;

/// The first key of the session locks on lanes; an arbitrary number of ours.
const LANE_LOCK: i32 = 0x746b_6c6e;
/// The most lanes of all processes on one database.
const LANES_MAX: i64 = 64;

/// Lane numbers held until this is dropped.
#[derive(Debug)]
pub struct LaneClaim {
    /// The numbers.
    pub lanes: Vec<i64>,
    _release: oneshot::Sender<()>,
}

/// Checks schema and role, and claims lane numbers by session locks of a connection of their own.
pub async fn claim_lanes(
    url: &str,
    count: usize,
    ambient: &Arc<dyn Ambient>,
) -> Result<LaneClaim, OpenError> {
    let (url, now_us) = (url.to_owned(), ambient.now_us());
    let (told, outcome) = oneshot::channel();
    let (release, released) = oneshot::channel::<()>();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name("lanes".to_owned()).spawn(move || {
        runtime.block_on(async move {
            let held = open(&url, count, now_us).await;
            let (session, lanes) = match held {
                Ok((session, lanes)) => (Some(session), Ok(lanes)),
                Err(error) => (None, Err(error)),
            };
            let listening = told.send(lanes).is_ok();
            if listening && session.is_some() {
                // Ends when the claim is dropped.
                let _ = released.await;
            }
        });
    })?;
    let ended = || Err(DbError::Gone("the lane thread ended".to_owned()).into());
    let lanes = outcome.await.unwrap_or_else(|_| ended())?;
    Ok(LaneClaim { lanes, _release: release })
}

async fn open(url: &str, count: usize, now_us: i64) -> Result<(PostgresSession, Vec<i64>), OpenError> {
    let session = PostgresSession::connect(url, Purpose::Read).await?;
    check_postgres(session.client()).await?;
    check_role(session.client()).await?;
    let lanes = claim(session.client(), count.max(1), now_us).await?;
    Ok((session, lanes))
}

async fn check_role(client: &Client) -> Result<(), OpenError> {
    let text = "SELECT rolname::text, rolsuper OR rolbypassrls, EXISTS (SELECT 1 FROM pg_class c
          WHERE c.relowner = r.oid AND c.relname = 'payments')
        FROM pg_roles r WHERE rolname = current_user";
    let row = client.query_one(text, &[]).await.map_err(DbError::from)?;
    let read = |index| row.try_get::<_, bool>(index).map_err(DbError::from);
    let name: String = row.try_get(0).map_err(DbError::from)?;
    if read(1)? {
        return Err(OpenError::Role(format!(
            "{name} passes over row-level security; serve as tillkeeper_app"
        )));
    }
    if read(2)? {
        return Err(OpenError::Role(format!("{name} owns the tables; serve as tillkeeper_app")));
    }
    Ok(())
}

async fn claim(client: &Client, count: usize, now_us: i64) -> Result<Vec<i64>, OpenError> {
    let mut lanes = Vec::with_capacity(count);
    for lane in 0..LANES_MAX {
        if lanes.len() == count {
            break;
        }
        let text = format!("SELECT pg_try_advisory_lock({LANE_LOCK}, {lane})");
        let row = client.query_one(&text, &[]).await.map_err(DbError::from)?;
        if row.try_get::<_, bool>(0).map_err(DbError::from)? {
            let text = format!(
                "INSERT INTO platform_writer_lanes (lane, claimed_at_us) VALUES ({lane}, {now_us})
                 ON CONFLICT (lane) DO UPDATE SET claimed_at_us = {now_us}"
            );
            client.batch_execute(&text).await.map_err(DbError::from)?;
            lanes.push(lane);
        }
    }
    if lanes.len() == count { Ok(lanes) } else { Err(OpenError::Locked("no writer lane is free".to_owned())) }
}
