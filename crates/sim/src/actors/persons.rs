//! Two persons who give up what a channel goes on refusing; at any moment, whatever is still on its way.

use crate::checker::Cause;
use crate::world::World;
use tk_domain::audit::Origin;
use tk_domain::id::{SplitId, SplitReturnId, TenantId, TypedId};
use tk_domain::split::{
    AbandonmentDecided, AbandonmentProposed, AskAbandonment, AskReturnAbandonment, DecideAbandonment,
    DecideReturnAbandonment, Split, SplitReturn,
};
use tk_domain::transfer::Verdict;
use tk_simulator::core::Dice;

fn proposed() -> AbandonmentProposed {
    let text = str::to_owned;
    AbandonmentProposed { reason: text("refused"), evidence: text("ticket"), by: text("maker") }
}

impl World {
    /// Dice of their own: one look in three leads to something, one decision in four is a no.
    fn looks(&self, id: impl TypedId, looked: i64) -> Option<Verdict> {
        let bytes = id.id128().0;
        let salt = bytes.iter().fold(0_u64, |sum, byte| sum.wrapping_mul(257).wrapping_add(u64::from(*byte)));
        let mut dice = Dice::new(salt ^ self.seed ^ looked.unsigned_abs().wrapping_mul(0x5121));
        let chosen = dice.below(3) == 0;
        chosen.then(|| if dice.below(4) == 0 { Verdict::Reject } else { Verdict::Approve })
    }

    fn decided(verdict: Verdict, seen: String) -> AbandonmentDecided {
        AbandonmentDecided { verdict, seen, by: "checker".to_owned() }
    }

    /// Looks at a split that the channel has refused.
    pub(crate) fn persons_look_at_split(&mut self, (tenant_id, split_id): (TenantId, SplitId)) {
        let Some(split) = self.store.rows.splits.get(&(tenant_id, split_id)).cloned() else { return };
        if split.status.terminal() || split.failure_code.is_none() || split.given_up() {
            return;
        }
        let Some(verdict) = self.looks(split_id, split.queries_count) else { return };
        let (payment_id, proposed, origin) = (split.payment_id, proposed(), Origin::system());
        let ask = AskAbandonment { tenant_id, payment_id, split_id, proposed, origin: origin.clone() };
        let _asked = self.run(&ask, Cause::of("give up"));
        let asked = self.store.rows.splits.get(&(tenant_id, split_id)).and_then(Split::abandonment);
        let Some(asked) = asked else { return };
        let decided = Self::decided(verdict, asked.content_hash(&split_id.to_string()));
        let decide = DecideAbandonment { tenant_id, split_id, decided, origin };
        let _decided = self.run(&decide, Cause::of("give up"));
    }

    /// Looks at a share that the channel has refused to give back.
    pub(crate) fn persons_look_at_return(&mut self, (tenant_id, return_id): (TenantId, SplitReturnId)) {
        let Some(back) = self.store.rows.split_returns.get(&(tenant_id, return_id)).cloned() else { return };
        let line = self.store.rows.split_lines.get(&(tenant_id, back.line_id));
        let Some(receiver_id) = line.and_then(|line| line.to_receiver_id) else { return };
        if !back.open() || back.failure_code.is_none() {
            return;
        }
        let Some(verdict) = self.looks(return_id, back.queries_count) else { return };
        let (payment_id, refund_id) = (back.payment_id, back.refund_id);
        let (proposed, origin) = (proposed(), Origin::system());
        let asking = origin.clone();
        let ask =
            AskReturnAbandonment { tenant_id, payment_id, refund_id, receiver_id, proposed, origin: asking };
        let _asked = self.run(&ask, Cause::of("give up"));
        let row = self.store.rows.split_returns.get(&(tenant_id, return_id));
        let Some(asked) = row.and_then(SplitReturn::abandonment) else { return };
        let decided = Self::decided(verdict, asked.content_hash(&return_id.to_string()));
        let decide = DecideReturnAbandonment { tenant_id, return_id, decided, origin };
        let _decided = self.run(&decide, Cause::of("give up"));
    }
}
