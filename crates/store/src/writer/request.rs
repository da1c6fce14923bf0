//! Statements that run in a transaction of their own, outside command batches: claims and pruning.

use crate::failure::Failure;
use crate::value::{Kind, Value};
use tk_domain::id::TenantId;
use tokio::sync::oneshot;

/// One statement with its parameters and the storage classes of what it returns.
#[derive(Debug, Clone)]
pub struct Sql {
    /// The statement with `?n` parameters.
    pub text: String,
    /// The parameters.
    pub params: Vec<Value>,
    /// The columns returned.
    pub returns: Vec<Kind>,
}

/// The rows that one statement returned.
pub type Returned = Vec<Vec<Value>>;

/// Statements of one transaction.
#[derive(Debug)]
pub struct Request {
    /// The tenants whose rows it may see.
    pub tenants: Vec<TenantId>,
    /// The statements.
    pub statements: Vec<Sql>,
    caller: oneshot::Sender<Result<Vec<Returned>, Failure>>,
}

impl Request {
    /// A request and where its answer arrives.
    pub fn new(
        tenants: Vec<TenantId>,
        statements: Vec<Sql>,
    ) -> (Self, oneshot::Receiver<Result<Vec<Returned>, Failure>>) {
        let (caller, answer) = oneshot::channel();
        (Self { tenants, statements, caller }, answer)
    }

    /// Gives the rows to the caller.
    pub fn answer(self, returned: Vec<Returned>) {
        let _ = self.caller.send(Ok(returned));
    }

    /// Tells the caller that there is no answer.
    pub fn fail(self, failure: Failure) {
        let _ = self.caller.send(Err(failure));
    }
}
