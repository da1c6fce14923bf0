//! A statement shows that money went back to its sender: only then is a return done, and a refund with it.

use crate::audit::{Act, Origin};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::id::{BankLineId, ReturnId, TenantId, TypedId};
use crate::moment::{DAY_US, HOUR_US, Moment};
use crate::person::name_of_actor;
use crate::refund::TakeRefundReport;
use crate::refusal::Refusal;
use crate::report::{RefundFinding, RefundReport, Source};
use crate::snapshot::Snapshot;
use crate::transfer::approve::{find, want};
use crate::transfer::give_back::{may_prove, return_of};
use crate::transfer::view::bank_line_event;
use crate::transfer::{
    BankLine, GivenBack, LineLink, LineNature, RefundRows, ReturnState, ReturnStatus, postings,
};
use crate::webhook::EventKind;
use serde_json::json;
use tk_money::Amount;

/// Takes a line of the bank as proof that money of a return left. A refund is thereby done and its hold captured.
#[derive(Debug, Clone)]
pub struct ProveReturn {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The return.
    pub return_id: ReturnId,
    /// The line whose sender got the money.
    pub bank_line_id: BankLineId,
    /// The line by which it left.
    pub sent_line_id: BankLineId,
    /// The refund it carries out.
    pub refund: Option<RefundRows>,
    /// The actor's name.
    pub by: String,
    /// Who asks.
    pub origin: Origin,
}

impl ProveReturn {
    /// The report of the refund: a line of the bank is a bill's word.
    fn report(&self, rows: RefundRows, out: &BankLine) -> TakeRefundReport {
        let day_begins_us = out.booked_day.saturating_mul(DAY_US).saturating_sub(8 * HOUR_US);
        let finding = RefundFinding::Done {
            amount: Amount::new(out.amount_minor, out.currency),
            borne: None,
            at_us: Some(out.booked_at_us.unwrap_or(day_begins_us)),
        };
        TakeRefundReport {
            tenant_id: self.tenant_id,
            payment_id: rows.payment_id,
            attempt_id: rows.attempt_id,
            refund_id: rows.refund_id,
            report: RefundReport { source: Source::Bill, finding },
            origin: self.origin.clone(),
        }
    }
}

impl Command for ProveReturn {
    type Reply = GivenBack;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Posting
    }

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        if let Some(rows) = self.refund {
            rows.wants(self.tenant_id, wants);
        }
        wants.add(Want::TransferReturn(self.tenant_id, self.return_id));
        wants.add(Want::BankLine(self.tenant_id, self.sent_line_id));
        want(self.tenant_id, self.bank_line_id, snapshot, wants);
        let out = snapshot.bank_lines.get(&(self.tenant_id, self.sent_line_id));
        if let (Some(rows), Some(out)) = (self.refund, out) {
            self.report(rows, out).wants(snapshot, wants);
        }
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<GivenBack>, Refusal> {
        name_of_actor(&self.by)?;
        let mut line = find(self.tenant_id, self.bank_line_id, snapshot)?;
        let mut out = find(self.tenant_id, self.sent_line_id, snapshot)?;
        let mut given_back = return_of(self.tenant_id, (self.return_id, line.id), snapshot)?;
        if given_back.refund_id != self.refund.map(|rows| rows.refund_id) {
            return Err(Refusal::NotFound { what: "return" });
        }
        if given_back.sent_line_id == Some(out.id) {
            return Ok(Decision::nothing(GivenBack { transfer_return: given_back, line }));
        }
        let proves = may_prove(&out, &given_back) && out.nature == LineNature::Plain;
        if given_back.status != ReturnState::Approved || !proves {
            return Err(Refusal::BankLineNotOpen);
        }
        let mut changes = Changes::default();
        if let Some(rows) = self.refund {
            changes.append(self.report(rows, &out).decide(snapshot, moment)?.changes);
        } else {
            changes.put_some(postings::sent(&out, moment));
            if line.return_status == ReturnStatus::Approved {
                line.return_status = ReturnStatus::Sent;
            }
        }
        given_back.status = ReturnState::Sent;
        given_back.sent_line_id = Some(out.id);
        given_back.updated_at_us = moment.now_us;
        out.link = Some(LineLink::Return);
        out.link_id = Some(given_back.id.id128());
        out.linked_minor = out.amount_minor;
        out.updated_at_us = moment.now_us;
        line.updated_at_us = moment.now_us;
        let event = bank_line_event(EventKind::BankTransferReturned, &mut line, moment);
        changes.put(event);
        let detail = json!({ "return": given_back.id, "sent": out.id, "by": self.by });
        changes.audit((self.tenant_id, &self.origin), Act::BankLineLink, &line.id, &detail, moment);
        changes.put(out);
        changes.put(line.clone());
        changes.put(given_back.clone());
        Ok(Decision::new(GivenBack { transfer_return: given_back, line }, changes))
    }
}
