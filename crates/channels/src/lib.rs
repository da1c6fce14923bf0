//! Instruction to conversation to report, one folder per channel.
//!
//! A channel is data ([`capabilities`]) and conversations. What lies between rows and bytes is pure: a
//! channel's `call` makes the call, its `report` says what an answer proves; the simulation uses both without
//! HTTP and cryptography.

pub mod alipay;
pub mod bank;
pub mod bill;
pub mod callback;
pub mod capabilities;
pub mod checkup;
mod contract;
pub mod credentials;
mod http;
pub mod identity;
mod line;
mod permits;
mod told;
pub mod unionpay;
pub mod wechatpay;

pub use bill::{Bill, BillFetchError};
pub use callback::{
    About, CallbackFinding, CallbackRefusal, CardTold, Headers, RawCallback, RefundHint, Reply,
};
pub use capabilities::{BillContent, Capabilities};
pub use contract::{Contract, ContractError, Opened};
pub use credentials::{AccountTerms, CredentialsError};
pub use http::{ANSWER_MAX_BYTES, Deadlines, HttpSetupError, HttpTrouble, may_call};
pub use tk_formats::{multipart, photo};
pub use told::told;

use contract::{Adapter, Contracts};
use http::Http;
use line::Line;
use permits::Permits;
use std::time::Duration;
use tk_domain::channel_account::ChannelAccount;
use tk_domain::instruction::Instruction;
use tk_domain::payment::{Attempt, BrowserForm, Payment};
use tk_domain::refund::Refund;
use tk_domain::report::{PaymentReport, RefundReport, Unclear};
use tk_domain::split::{
    ReceiverFinding, ReturnReport, Split, SplitLine, SplitReceiver, SplitReport, SplitReturn,
};
use unionpay::agreement::{AgreementError, OpeningFinding};

/// Whether real money moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// No real money; a gateway may be a loopback address without TLS.
    Test,
    /// Real money.
    Live,
}

/// Bounds on conversations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Of every exchange.
    pub deadlines: Deadlines,
    /// Conversations of one contract at once.
    pub conversations: usize,
    /// How long one waits for its turn.
    pub wait: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { deadlines: Deadlines::default(), conversations: 32, wait: Duration::from_secs(5) }
    }
}

/// The rows that an instruction about an attempt speaks of.
#[derive(Debug, Clone, Copy)]
pub struct PaymentRows<'a> {
    /// What is to be said.
    pub instruction: &'a Instruction,
    /// The payment.
    pub payment: &'a Payment,
    /// The attempt.
    pub attempt: &'a Attempt,
}

/// The rows that an instruction about a refund speaks of.
#[derive(Debug, Clone, Copy)]
pub struct RefundRows<'a> {
    /// What is to be said.
    pub instruction: &'a Instruction,
    /// The refund.
    pub refund: &'a Refund,
    /// The attempt whose money goes back.
    pub attempt: &'a Attempt,
    /// What it takes back of shares by itself, with their receivers.
    pub shares: &'a [(SplitReturn, SplitReceiver)],
}

/// The rows that an instruction about a receiver of shares speaks of.
#[derive(Debug, Clone, Copy)]
pub struct ReceiverRows<'a> {
    /// What is to be said.
    pub instruction: &'a Instruction,
    /// The receiver.
    pub receiver: &'a SplitReceiver,
    /// Its name, unsealed.
    pub name: Option<&'a str>,
}

/// The rows that an instruction about a split speaks of.
#[derive(Debug, Clone, Copy)]
pub struct SplitRows<'a> {
    /// What is to be said.
    pub instruction: &'a Instruction,
    /// The split.
    pub split: &'a Split,
    /// The attempt whose money is divided.
    pub attempt: &'a Attempt,
    /// Its shares with their receivers.
    pub shares: &'a [(SplitLine, SplitReceiver)],
}

/// The rows that an instruction about a share on its way back speaks of.
#[derive(Debug, Clone, Copy)]
pub struct ReturnRows<'a> {
    /// What is to be said.
    pub instruction: &'a Instruction,
    /// The return.
    pub back: &'a SplitReturn,
    /// The other returns of the same refund by the same receiver, of shares that were paid; told only where shares come
    /// back with the refund.
    pub beside: &'a [SplitReturn],
    /// The split that the share belongs to.
    pub split: &'a Split,
    /// The refund that it is for.
    pub refund: &'a Refund,
    /// The attempt whose money was divided.
    pub attempt: &'a Attempt,
    /// Who gives it back.
    pub receiver: &'a SplitReceiver,
}

/// Every channel that can be spoken with.
#[derive(Debug)]
pub struct Adapters {
    environment: Environment,
    http: Http,
    contracts: Contracts,
    permits: Permits,
}

impl Adapters {
    /// The adapters of an installation.
    pub fn new(environment: Environment, limits: Limits) -> Result<Self, HttpSetupError> {
        Ok(Self {
            environment,
            http: Http::new(environment, limits.deadlines)?,
            contracts: Contracts::default(),
            permits: Permits::new(limits.conversations.max(1), limits.wait),
        })
    }

    /// The parsed contract of an account; `unseal` is asked only for a version not seen yet.
    pub fn contract(
        &self,
        account: &ChannelAccount,
        notify_url: Option<&str>,
        now_us: i64,
        unseal: impl FnOnce(&ChannelAccount) -> Option<String>,
    ) -> Result<Contract, ContractError> {
        if let Some(contract) = self.contracts.get(account, now_us) {
            return Ok(contract);
        }
        let secrets = unseal(account).ok_or(ContractError::Sealed)?;
        let opened = Opened { account, secrets: &secrets, notify_url };
        let contract = Contract::open(opened, self.environment, now_us)?;
        self.contracts.put(account, &contract);
        Ok(contract)
    }

    /// Carries out an instruction about an attempt and says what came of it.
    pub async fn say_payment(
        &self,
        contract: &Contract,
        rows: PaymentRows<'_>,
        now_us: i64,
    ) -> PaymentReport {
        let line = self.line(contract, now_us);
        match &contract.adapter {
            Adapter::Alipay(credentials) => alipay::adapter::say_payment(&line, credentials, rows).await,
            Adapter::Wechatpay(credentials) => {
                wechatpay::adapter::say_payment(&line, credentials, rows).await
            }
            Adapter::Unionpay(credentials) => unionpay::adapter::say_payment(&line, credentials, rows).await,
        }
    }

    /// Carries out an instruction about a refund and says what came of it.
    pub async fn say_refund(&self, contract: &Contract, rows: RefundRows<'_>, now_us: i64) -> RefundReport {
        let line = self.line(contract, now_us);
        match &contract.adapter {
            Adapter::Alipay(credentials) => alipay::adapter::say_refund(&line, credentials, rows).await,
            Adapter::Wechatpay(credentials) => wechatpay::adapter::say_refund(&line, credentials, rows).await,
            Adapter::Unionpay(credentials) => unionpay::adapter::say_refund(&line, credentials, rows).await,
        }
    }

    /// Has a receiver of shares bound or unbound and says what came of it; nothing for a channel that pays nobody else.
    pub async fn say_receiver(
        &self,
        contract: &Contract,
        rows: ReceiverRows<'_>,
        now_us: i64,
    ) -> Option<ReceiverFinding> {
        let line = self.line(contract, now_us);
        match &contract.adapter {
            Adapter::Alipay(credentials) => {
                Some(alipay::adapter::say_receiver(&line, credentials, rows).await)
            }
            Adapter::Wechatpay(credentials) => {
                Some(wechatpay::adapter::say_receiver(&line, credentials, rows).await)
            }
            Adapter::Unionpay(_) => None,
        }
    }

    /// Carries out an instruction about a split and says what came of it; nothing for a channel that pays nobody else.
    pub async fn say_split(
        &self,
        contract: &Contract,
        rows: SplitRows<'_>,
        now_us: i64,
    ) -> Option<SplitReport> {
        let line = self.line(contract, now_us);
        match &contract.adapter {
            Adapter::Alipay(credentials) => Some(alipay::adapter::say_split(&line, credentials, rows).await),
            Adapter::Wechatpay(credentials) => {
                Some(wechatpay::adapter::say_split(&line, credentials, rows).await)
            }
            Adapter::Unionpay(_) => None,
        }
    }

    /// Carries out an instruction about a share on its way back; nothing for a channel that pays nobody else.
    pub async fn say_return(
        &self,
        contract: &Contract,
        rows: ReturnRows<'_>,
        now_us: i64,
    ) -> Option<ReturnReport> {
        let line = self.line(contract, now_us);
        match &contract.adapter {
            Adapter::Wechatpay(credentials) => {
                Some(wechatpay::adapter::say_return(&line, credentials, rows).await)
            }
            Adapter::Alipay(credentials) => Some(alipay::adapter::say_return(&line, credentials, rows).await),
            Adapter::Unionpay(_) => None,
        }
    }

    /// Fetches the bill of one Beijing day, counted from 1970-01-01.
    pub async fn fetch_bill(
        &self,
        contract: &Contract,
        content: BillContent,
        day: i64,
        now_us: i64,
    ) -> Result<Bill, BillFetchError> {
        let line = self.line(contract, now_us);
        let Some(_permit) = line.turn().await else {
            return Err(BillFetchError::Unclear(Unclear::RateLimited));
        };
        match &contract.adapter {
            Adapter::Alipay(credentials) => {
                alipay::bill::fetch(&line, credentials, content, day).await.map(Bill::Alipay)
            }
            Adapter::Wechatpay(credentials) => {
                wechatpay::bill::fetch(&line, credentials, content, day).await.map(Bill::Wechatpay)
            }
            Adapter::Unionpay(credentials) => {
                unionpay::bill::fetch(&line, credentials, content, day).await.map(Bill::Unionpay)
            }
        }
    }

    /// Renews what a contract knows of its channel's keys, where they are due; callbacks are verified with them.
    pub async fn renew_keys(&self, contract: &Contract, now_us: i64) {
        let line = self.line(contract, now_us);
        match &contract.adapter {
            Adapter::Alipay(_) | Adapter::Unionpay(_) => {}
            Adapter::Wechatpay(credentials) => {
                wechatpay::conversation::renew_if_due(&line, credentials).await;
            }
        }
    }

    /// Who the payer is inside the channel's app, by the code that his browser brought back; nothing for a
    /// channel that asks nobody.
    pub async fn payer_openid(
        &self,
        contract: &Contract,
        code: &str,
        now_us: i64,
    ) -> Option<Result<String, wechatpay::oauth::OauthError>> {
        let line = self.line(contract, now_us);
        match &contract.adapter {
            Adapter::Alipay(_) | Adapter::Unionpay(_) => None,
            Adapter::Wechatpay(credentials) => Some(wechatpay::oauth::openid(&line, credentials, code).await),
        }
    }

    /// The form that brings the payer to the channel's page for opening a card; nothing for a channel without one.
    pub async fn open_card(
        &self,
        contract: &Contract,
        card: unionpay::call::OpenCard,
        now_us: i64,
    ) -> Option<Result<BrowserForm, AgreementError>> {
        let line = self.line(contract, now_us);
        match &contract.adapter {
            Adapter::Alipay(_) | Adapter::Wechatpay(_) => None,
            Adapter::Unionpay(credentials) => {
                Some(unionpay::agreement::open_card(&line, credentials, card).await)
            }
        }
    }

    /// Asks the channel what became of an opening; nothing for a channel that opens no cards.
    pub async fn ask_opening(
        &self,
        contract: &Contract,
        opening: unionpay::call::Opening,
        now_us: i64,
    ) -> Option<OpeningFinding> {
        let line = self.line(contract, now_us);
        match &contract.adapter {
            Adapter::Alipay(_) | Adapter::Wechatpay(_) => None,
            Adapter::Unionpay(credentials) => {
                Some(unionpay::agreement::ask_opening(&line, credentials, opening).await)
            }
        }
    }

    /// Has the channel send the payer the code for an order to come; nothing for a channel that sends none.
    pub async fn send_code(
        &self,
        contract: &Contract,
        order: unionpay::call::TokenOrder,
        now_us: i64,
    ) -> Option<Result<(), AgreementError>> {
        let line = self.line(contract, now_us);
        match &contract.adapter {
            Adapter::Alipay(_) | Adapter::Wechatpay(_) => None,
            Adapter::Unionpay(credentials) => {
                Some(unionpay::agreement::send_code(&line, credentials, order).await)
            }
        }
    }

    /// Ends an opened card; nothing for a channel that opens none.
    pub async fn unbind_card(
        &self,
        contract: &Contract,
        token: unionpay::call::Unbind,
        now_us: i64,
    ) -> Option<Result<(), AgreementError>> {
        let line = self.line(contract, now_us);
        match &contract.adapter {
            Adapter::Alipay(_) | Adapter::Wechatpay(_) => None,
            Adapter::Unionpay(credentials) => {
                Some(unionpay::agreement::unbind(&line, credentials, token).await)
            }
        }
    }

    const fn line(&self, contract: &Contract, now_us: i64) -> Line<'_> {
        let Self { http, permits, .. } = self;
        Line { http, permits, account_id: contract.account_id, now_us }
    }
}
