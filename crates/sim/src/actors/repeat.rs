//! Requests under an idempotency key, sent once, twice at once, or twenty times.

use crate::actors::Order;
use crate::checker::Cause;
use crate::world::{Missed, World};
use tk_domain::audit::Origin;
use tk_domain::command::Command;
use tk_domain::id::{AppId, Id128, RequestId};
use tk_domain::idempotency::{Idempotent, Once, RecordedAnswer};
use tk_domain::key::IdempotencyName;
use tk_domain::payment::{ConfirmPayment, Confirmed, CreatePayment, Created};
use tk_domain::refund::{CreateRefund, RefundCreated};
use tk_money::Amount;

/// A command that the API takes under an idempotency key.
pub(crate) trait Keyed: Command + Clone {
    fn fingerprint(&self) -> Vec<u8>;
    fn render(reply: &Self::Reply, live: bool) -> RecordedAnswer;
}

impl Keyed for CreatePayment {
    fn fingerprint(&self) -> Vec<u8> {
        format!("payment {} {} {}", self.merchant_order_no, self.amount.minor, self.product_id).into_bytes()
    }

    fn render(reply: &Created, _live: bool) -> RecordedAnswer {
        RecordedAnswer { status: 201, body: reply.payment.id.to_string() }
    }
}

impl Keyed for ConfirmPayment {
    fn fingerprint(&self) -> Vec<u8> {
        let create = &self.create;
        format!("confirm {} {} {}", create.merchant_order_no, create.amount.minor, self.method).into_bytes()
    }

    fn render(reply: &Confirmed, _live: bool) -> RecordedAnswer {
        RecordedAnswer { status: 202, body: reply.payment.id.to_string() }
    }
}

impl Keyed for CreateRefund {
    fn fingerprint(&self) -> Vec<u8> {
        format!("refund {} {} {}", self.payment_id, self.merchant_refund_no, self.amount_minor).into_bytes()
    }

    fn render(reply: &RefundCreated, _live: bool) -> RecordedAnswer {
        RecordedAnswer { status: 201, body: reply.refund.id.to_string() }
    }
}

impl World {
    /// Sends a request under its key and answers the body; repeats must answer the same and change nothing.
    pub(crate) fn run_once<C>(
        &mut self,
        command: &C,
        key: &str,
        cause: Cause<'_>,
    ) -> Result<Option<String>, Missed>
    where
        C: Keyed,
        C::Reply: Clone,
    {
        let times = if self.strikes(self.story.host.repeat_ppm) {
            self.tally.hit(23, None);
            crate::story::pick(&mut self.dice, &[2_u32, 3, 20])
        } else {
            1
        };
        let mut answered: Option<RecordedAnswer> = None;
        for _ in 0..times {
            let once = once(command, key);
            let commits = self.tally.commits;
            let answer = match self.run(&once, cause)? {
                Idempotent::Fresh { answer, .. } => {
                    let Some(answer) = answer else { continue };
                    answer
                }
                Idempotent::Replayed(answer) => {
                    self.checker.replayed(self.tally.commits == commits);
                    answer
                }
            };
            self.checker.answered_once(&once.name, &answer, answered.as_ref());
            answered = Some(answer);
        }
        Ok(answered.map(|answer| answer.body))
    }
}

fn once<C>(command: &C, key: &str) -> Once<C>
where
    C: Keyed,
    C::Reply: Clone,
{
    Once {
        fingerprint: command.fingerprint(),
        name: IdempotencyName {
            tenant_id: command.tenant_id(),
            app_id: AppId(Id128([7; 16])),
            key: key.to_owned(),
        },
        request_id: RequestId(Id128([8; 16])),
        render: std::sync::Arc::new(|reply, live| Some(C::render(reply, live))),
        command: command.clone(),
    }
}

impl Order {
    /// What is owed in all.
    pub(crate) fn amount_minor(&self) -> i64 {
        self.parts.iter().fold(self.payer_minor, |sum, part| sum.saturating_add(part.amount))
    }

    pub(crate) fn create(&self) -> CreatePayment {
        CreatePayment {
            single_attempt: self.single_attempt,
            prepayment: self.prepayment.clone(),
            bill: self.bill.clone(),
            splits: self.splits.clone(),
            parts: self.parts.clone(),
            items: self.items.clone(),
            ..CreatePayment::plain(
                (self.tenant_id, self.merchant_id),
                self.product_id,
                &self.merchant_order_no,
                Amount::fen(self.amount_minor()),
                Origin::system(),
            )
        }
    }
}
