//! Instruction to conversation to report, one folder per channel.
//!
//! A channel is data ([`capabilities`]) and conversations. What lies between rows and bytes is pure:
//! `alipay::call` makes the call, `alipay::report` says what an answer proves; the simulation uses both
//! without HTTP and cryptography.

pub mod alipay;
pub mod callback;
pub mod capabilities;
mod contract;
mod http;
mod permits;

pub use callback::{About, CallbackFinding, CallbackRefusal, RefundHint};
pub use capabilities::Capabilities;
pub use contract::{Contract, ContractError, Opened};
pub use http::{ANSWER_MAX_BYTES, Deadlines, HttpSetupError, HttpTrouble, may_call};

use alipay::bill::{Bill, BillFetchError, BillKind};
use alipay::{Heard, NotSent, call, conversation, report};
use contract::{Adapter, Contracts};
use http::Http;
use permits::Permits;
use std::sync::Arc;
use std::time::Duration;
use tk_domain::channel_account::ChannelAccount;
use tk_domain::instruction::Instruction;
use tk_domain::payment::{Attempt, Payment};
use tk_domain::refund::Refund;
use tk_domain::report::{PaymentReport, RefundReport, Unclear};
use tokio::sync::Semaphore;

/// Signatures made at once; each keeps a core busy for about a millisecond.
const SIGNERS: usize = 4;

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
}

/// Every channel that can be spoken with.
#[derive(Debug)]
pub struct Adapters {
    environment: Environment,
    http: Http,
    contracts: Contracts,
    permits: Permits,
    signers: Arc<Semaphore>,
}

impl Adapters {
    /// The adapters of an installation.
    pub fn new(environment: Environment, limits: Limits) -> Result<Self, HttpSetupError> {
        Ok(Self {
            environment,
            http: Http::new(environment, limits.deadlines)?,
            contracts: Contracts::default(),
            permits: Permits::new(limits.conversations.max(1), limits.wait),
            signers: Arc::new(Semaphore::new(SIGNERS)),
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
        let PaymentRows { instruction, payment, attempt } = rows;
        let kind = instruction.kind;
        match &contract.adapter {
            Adapter::Alipay(credentials) => {
                let payload = instruction.payload.as_deref();
                let call = call::for_payment(kind, payment, attempt, payload, &credentials.settings);
                let heard = self.alipay(contract, credentials, call, now_us).await;
                PaymentReport {
                    source: report::source(kind),
                    asked_at_us: now_us,
                    finding: report::payment(kind, attempt, &heard),
                }
            }
        }
    }

    /// Carries out an instruction about a refund and says what came of it.
    pub async fn say_refund(&self, contract: &Contract, rows: RefundRows<'_>, now_us: i64) -> RefundReport {
        let RefundRows { instruction, refund, attempt } = rows;
        let kind = instruction.kind;
        match &contract.adapter {
            Adapter::Alipay(credentials) => {
                let call = call::for_refund(kind, refund, attempt);
                let heard = self.alipay(contract, credentials, call, now_us).await;
                let finding = report::refund(kind, refund, attempt, &heard);
                RefundReport { source: report::source(kind), finding }
            }
        }
    }

    /// Fetches the bill of one Beijing day, counted from 1970-01-01.
    pub async fn fetch_bill(
        &self,
        contract: &Contract,
        kind: BillKind,
        day: i64,
        now_us: i64,
    ) -> Result<Bill, BillFetchError> {
        let Some(_permit) = self.permits.take(contract.account_id).await else {
            return Err(BillFetchError::Unclear(Unclear::RateLimited));
        };
        match &contract.adapter {
            Adapter::Alipay(credentials) => {
                alipay::bill::fetch((&self.http, &self.signers), credentials, kind, day, now_us).await
            }
        }
    }

    async fn alipay(
        &self,
        contract: &Contract,
        credentials: &Arc<alipay::Credentials>,
        call: Result<call::Call, call::CallError>,
        now_us: i64,
    ) -> Heard {
        let call = match call {
            Ok(call) => call,
            Err(error) => return NotSent::from(error).into(),
        };
        let method = call.method();
        let heard = match self.permits.take(contract.account_id).await {
            None => Heard::NotSent(NotSent::Busy),
            Some(_permit) => conversation::hold(&self.http, &self.signers, credentials, call, now_us).await,
        };
        tracing::debug!(channel_account = %contract.account_id, method, heard = heard.summary(), "conversation");
        heard
    }
}
