//! Matters that need evidence or a person.

use crate::failure::Failure;
use crate::reader::{Listed, Page, Query, records};
use crate::record::{decided, record};
use crate::store::Store;
use tk_domain::exception::{Exception, ExceptionKind, ExceptionStatus};
use tk_domain::id::{AttemptId, ExceptionId, PaymentId, RefundId, TenantId};

record! {
    Exception in "exceptions", keys 2, Contended, Locked;
    tenant_id: TenantId,
    id: ExceptionId,
    kind: ExceptionKind,
    payment_id: Option<PaymentId>,
    attempt_id: Option<AttemptId>,
    refund_id: Option<RefundId>,
    amount_minor: i64,
    detail: String,
    resolution: Option<String>,
    status: ExceptionStatus,
    opened_at_us: i64,
    closed_at_us: Option<i64>,
    version: i64,
}
decided!(Exception, exceptions);

impl Store {
    /// Exceptions, newest first; of one status, one kind or one payment if given.
    pub async fn exceptions(
        &self,
        tenant_id: TenantId,
        (status, kind, payment_id): (Option<ExceptionStatus>, Option<ExceptionKind>, Option<PaymentId>),
        page: Page,
    ) -> Result<Listed<Exception>, Failure> {
        let at = "(SELECT opened_at_us, id FROM exceptions WHERE tenant_id = ?1 AND id =";
        let backwards = page.ending_before.is_some();
        let query = Query::<Exception>::of(tenant_id)
            .only("status =", status)
            .only("kind =", kind)
            .only("payment_id =", payment_id)
            .only_at(&format!("(opened_at_us, id) < {at}"), page.starting_after)
            .only_at(&format!("(opened_at_us, id) > {at}"), page.ending_before);
        let order = if backwards { "opened_at_us, id" } else { "opened_at_us DESC, id DESC" };
        let statement = query.all(order, page.rows() + 1);
        let rows = records(self.read_one(tenant_id, statement).await?)?;
        Ok(Listed::cut(rows, page))
    }
}
