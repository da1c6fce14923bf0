//! The demo's bank account: what payers transferred, brought as a statement and matched.

use super::channels::BANK_ACCOUNT_NO;
use anyhow::Context as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tk_app::App;
use tk_app::channels::bank::{Told, ToldStatement};
use tk_app::store::{PAGE_MAX, Page};
use tk_app::transfers::Bring;
use tk_domain::audit::Origin;
use tk_domain::channel_account::Channel;
use tk_domain::id::{ChannelAccountId, TenantId};
use tk_domain::moment::shanghai_day;
use tk_domain::transfer::{Flow, LineNature};
use tk_money::Currency;

/// How often the statement is brought.
const EVERY: Duration = Duration::from_secs(8);
/// The most transfers that wait for the next statement.
const WAITING_MAX: usize = 1_000;

/// Brings statements of the one account.
#[derive(Debug, Clone)]
pub struct Clerk {
    app: App,
    bring: Bring,
    waiting: Arc<Mutex<Vec<Told>>>,
}

/// A transfer as its payer orders it.
#[derive(Debug)]
pub struct Transfer<'a> {
    pub amount_minor: i64,
    pub payer: &'a str,
    pub remark: &'a str,
    /// The bank's number.
    pub bank_ref: String,
}

impl Clerk {
    /// The clerk of an account.
    pub fn new(app: &App, tenant_id: TenantId, channel_account_id: ChannelAccountId) -> Self {
        let bring = Bring { tenant_id, channel_account_id, by: "demo".to_owned(), origin: Origin::system() };
        Self { app: app.clone(), bring, waiting: Arc::default() }
    }

    /// The clerk of the demo's account, found again.
    pub async fn find(app: &App, tenant_id: TenantId) -> anyhow::Result<Self> {
        let listed = app.reader().channel_accounts(tenant_id, None, Page::first(PAGE_MAX)).await?;
        let mut accounts = listed.rows.into_iter();
        let ours = |channel, number: &str| channel == Channel::BankDirect && number == BANK_ACCOUNT_NO;
        let account = accounts.find(|account| ours(account.channel, &account.payee_merchant));
        Ok(Self::new(app, tenant_id, account.context("the demo has no bank account")?.id))
    }

    /// A payer transfers; the next statement will tell.
    pub fn hear(&self, transfer: Transfer<'_>) {
        let told = Told {
            flow: Flow::Credit,
            nature: LineNature::Plain,
            amount_minor: transfer.amount_minor,
            booked_day: shanghai_day(self.app.now_us()),
            booked_at_us: None,
            bank_ref: transfer.bank_ref,
            party_name: transfer.payer.to_owned(),
            party_account: "6222021001112345678".to_owned(),
            party_bank: "演示银行".to_owned(),
            remark: transfer.remark.to_owned(),
            end_to_end_id: String::new(),
            ordinal: 0,
        };
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < WAITING_MAX {
            waiting.push(told);
        }
    }

    /// Brings what waits and matches what is certain.
    pub async fn bring(&self) -> anyhow::Result<()> {
        let lines = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        if lines.is_empty() {
            return Ok(());
        }
        let (currency, opening_minor, closing_minor) = (Currency::Cny, None, None);
        let statement = ToldStatement { currency, opening_minor, closing_minor, lines };
        for command in self.app.statement_commands(&self.bring, &statement).await? {
            self.app.submit(command).await?;
        }
        self.app.match_transfers(&self.bring).await?;
        Ok(())
    }

    /// Brings statements until dropped.
    pub async fn run(self) {
        loop {
            tokio::time::sleep(EVERY).await;
            if let Err(error) = self.bring().await {
                tracing::warn!(%error, "a statement of the demo was not taken");
            }
        }
    }
}
