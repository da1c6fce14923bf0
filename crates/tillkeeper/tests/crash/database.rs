//! The database of a town: embedded, or one of its own on the server that `./x postgres` starts.

use crate::town::BINARY;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio_postgres::NoTls;

pub enum Database {
    Sqlite,
    Postgres { admin: String, app: String, name: String },
}

/// The databases made by this process so far.
static MADE: AtomicU32 = AtomicU32::new(0);

impl Database {
    /// A new migrated database, where the variables of `./x postgres` are set.
    pub async fn postgres() -> Option<Self> {
        let of = |name: &str| std::env::var(format!("TILLKEEPER_TEST_PG_{name}_URL")).ok();
        let (Some(admin), Some(owner), Some(app)) = (of("ADMIN"), of("OWNER"), of("APP")) else {
            println!(
                "skipped: TILLKEEPER_TEST_PG_ADMIN_URL, _OWNER_URL and _APP_URL are not set (./x postgres sets them)"
            );
            return None;
        };
        let name = format!("crash_{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        ask(&admin, &format!("CREATE DATABASE {name} OWNER tillkeeper_owner")).await;
        let named = |url: &str| format!("{}/{name}", url.rsplit_once('/').unwrap().0);
        let migrated =
            Command::new(BINARY).args(["migrate", "--database-url", &named(&owner)]).output().unwrap();
        assert!(migrated.status.success(), "migrate: {}", String::from_utf8_lossy(&migrated.stderr));
        Some(Self::Postgres { admin, app: named(&app), name })
    }

    /// How a configuration names it.
    pub fn address(&self, data: &Path) -> String {
        match self {
            Self::Sqlite => format!("sqlite:{}", data.display()),
            Self::Postgres { app, .. } => app.clone(),
        }
    }

    pub fn name_to_verify(&self, command: &mut Command, data: &Path) {
        match self {
            Self::Sqlite => command.arg("--data").arg(data),
            Self::Postgres { app, .. } => command.arg("--database-url").arg(app),
        };
    }

    /// Ends every session of the server's role, wherever it stands: also between a commit and its answer.
    pub async fn terminate_sessions(&self) -> usize {
        let Self::Postgres { admin, name, .. } = self else { return 0 };
        let text = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = '{name}' AND usename = 'tillkeeper_app'"
        );
        ask(admin, &text).await
    }

    /// Removes what was made for the test.
    pub async fn drop(&self) {
        if let Self::Postgres { admin, name, .. } = self {
            ask(admin, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }
}

/// Runs one statement as the server's administrator and counts the rows it returns.
async fn ask(admin: &str, text: &str) -> usize {
    let (client, connection) = tokio_postgres::connect(admin, NoTls).await.unwrap();
    let driven = tokio::spawn(connection);
    let messages = client.simple_query(text).await.unwrap();
    drop(client);
    driven.await.unwrap().unwrap();
    messages.iter().filter(|message| matches!(message, tokio_postgres::SimpleQueryMessage::Row(_))).count()
}
