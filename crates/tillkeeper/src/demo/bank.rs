//! The demo's bank account: payers transfer at the simulated bank, the direct link brings what arrived.

use super::channels::BANK_ACCOUNT_NO;
use super::client::Wallet;
use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};
use tk_app::App;
use tk_domain::bank_link::{BankLink, StatementKind};
use tk_domain::id::{ChannelAccountId, TenantId};

/// The most statements that are fetched in one go: more than the demo's past has days.
const STATEMENTS_MAX: usize = 4_000;

/// A transfer as its payer orders it.
#[derive(Debug)]
pub struct Transfer<'a> {
    pub amount_fen: i64,
    pub payer: &'a str,
    pub remark: &'a str,
}

impl Wallet {
    /// Orders a transfer at the payer's bank.
    pub async fn transfer(&self, transfer: &Transfer<'_>) -> anyhow::Result<()> {
        let url = format!("{}/control/bank/accounts/{BANK_ACCOUNT_NO}/transfers", self.url);
        let body = json!({
            "other": { "name": transfer.payer, "account": "6222021001112345678" },
            "amount": transfer.amount_fen, "remark": transfer.remark,
        });
        let answer = self.client.post(url).json(&body).send().await?;
        ensure!(answer.status().is_success(), "the bank answered {}", answer.status());
        Ok(())
    }

    /// Sets what happens at the bank by itself.
    pub async fn set_habits(&self, habits: &Value) -> anyhow::Result<()> {
        let url = format!("{}/control/bank/habits", self.url);
        let answer = self.client.post(url).json(habits).send().await?;
        ensure!(answer.status().is_success(), "the bank answered {}", answer.status());
        Ok(())
    }
}

/// The bank account of the seeded group.
#[derive(Debug)]
pub struct Account {
    pub tenant_id: TenantId,
    pub id: ChannelAccountId,
}

impl Account {
    /// Asks over the direct link until everything booked so far is in, as the worker does in life.
    pub async fn bring(&self, app: &App) -> anyhow::Result<()> {
        for _ in 0..STATEMENTS_MAX {
            let link = app.reader().get::<BankLink>(&(self.tenant_id, self.id)).await?;
            let link = link.context("the demo's bank account has no direct link")?;
            let asked = link.asking(app.now_us());
            let pulled = app.pull_statement(&link).await?;
            if let Some(trouble) = pulled.link.trouble {
                bail!("the bank's statement: {trouble}: {}", pulled.link.trouble_detail.unwrap_or_default());
            }
            if asked.is_none_or(|asked| asked.kind == StatementKind::Intraday) {
                return Ok(());
            }
        }
        bail!("the bank's statements do not end")
    }
}
