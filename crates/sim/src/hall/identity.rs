//! Patients who pay much say who they are first: to a provider that may answer late, never, or not have been reached.

use super::setup::TENANT;
use super::{Act, Hall, or_refused};
use crate::world::Missed;
use tk_domain::audit::Origin;
use tk_domain::channel_account::Method;
use tk_domain::id::{Id128, IdentityCheckId, IdentityPolicyId, PayerId, PaymentId};
use tk_domain::identity::{
    Element, IdentityCheck, IdentityFinding, IdentityLevel, IdentityPolicy, IdentityStatus,
    OpenIdentityCheck, Sending, TakeIdentityReport,
};
use tk_domain::moment::MINUTE_US;
use tk_domain::payment::Attempt;

/// From this amount on, minor units.
pub(super) const NAME_FROM_MINOR: i64 = 45_000;
/// Checks that one patient has the patience for.
const CHECKS_PATIENCE: usize = 3;

/// A check, and what the provider knows of it.
#[derive(Debug, Clone)]
pub(super) struct Proof {
    visit: usize,
    payment_id: PaymentId,
    check_id: IdentityCheckId,
    /// Whether name and number belong together.
    genuine: bool,
    /// Whether the call reached the provider.
    pub(super) received: bool,
    begun: bool,
}

/// The rules of a hospital that wants to know its greater payers.
pub(super) fn policy() -> IdentityPolicy {
    IdentityPolicy {
        tenant_id: TENANT,
        id: IdentityPolicyId(TENANT.0),
        name_from_minor: Some(NAME_FROM_MINOR),
        face_from_minor: None,
        consent_version: "1".to_owned(),
        provider: Some("{}".to_owned()),
        credentials: None,
        version: 1,
    }
}

impl Hall {
    /// The cashier turned him away: he proves who he is, and comes again.
    pub(super) fn must_prove(&mut self, visit: usize) {
        let tried = self.proofs.iter().filter(|proof| proof.visit == visit).count();
        let payment = self.visits.get(visit).and_then(|visit| visit.payment);
        let Some(payment_id) = payment.filter(|_| tried < CHECKS_PATIENCE) else { return };
        let bits = (u128::from(self.dice.next_u64()) << 64) | u128::from(self.dice.next_u64());
        let index = self.proofs.len();
        self.proofs.push(Proof {
            visit,
            payment_id,
            check_id: IdentityCheckId(Id128::v7(self.now_us, bits)),
            genuine: self.dice.below(4) > 0,
            received: false,
            begun: false,
        });
        self.plan_in((MINUTE_US, 20 * MINUTE_US), Act::Prove(index));
    }

    pub(super) fn prove(&mut self, index: usize) -> Result<(), Missed> {
        let Some(proof) = self.proofs.get(index).cloned() else { return Ok(()) };
        // Two patients in three pay for themselves; the third is one of the family.
        let payer = u8::try_from(proof.visit.div_euclid(3).min(200)).unwrap_or_default();
        let command = OpenIdentityCheck {
            tenant_id: TENANT,
            check_id: proof.check_id,
            payment_id: proof.payment_id,
            level: IdentityLevel::RealName,
            elements: vec![Element::Name, Element::IdNumber],
            payer_id: PayerId(Id128([payer; 16])),
            masked: "{}".to_owned(),
            sealed: vec![1],
            consent_version: "1".to_owned(),
            sending: Sending::Now,
            origin: Origin::system(),
        };
        if !or_refused(self.ask(&command, &format!("prove-{index}")))? {
            return Ok(());
        }
        self.tally.sees("identity_checks");
        // fault-1, fault-2: the call or its answer is lost; the row says when the provider is asked.
        let lost = self.troubled && self.dice.below(3) == 0;
        let reached = !lost || self.dice.below(2) == 0;
        if let Some(proof) = self.proofs.get_mut(index) {
            (proof.received, proof.begun) = (reached, true);
        }
        if !lost {
            return self.hear(index, true);
        }
        self.tally.hit(if reached { 2 } else { 1 }, None);
        self.plan_question(index);
        Ok(())
    }

    fn check_of(&self, index: usize) -> Option<&IdentityCheck> {
        let id = self.proofs.get(index)?.check_id;
        self.store.rows.identity_checks.get(&(TENANT, id))
    }

    fn plan_question(&mut self, index: usize) {
        if let Some(due_us) = self.check_of(index).map(|check| check.due_at_us) {
            self.plan(due_us, Act::AskProvider(index));
        }
    }

    pub(super) fn ask_provider(&mut self, index: usize) -> Result<(), Missed> {
        let waits = self.check_of(index).is_some_and(|check| {
            matches!(check.status, IdentityStatus::Processing | IdentityStatus::Unknown)
        });
        if !waits {
            self.proven(index);
            return Ok(());
        }
        let silent = self.troubled && self.dice.below(3) == 0;
        self.hear(index, !silent)
    }

    /// The provider's word; without an answer nothing is proven.
    fn hear(&mut self, index: usize, answers: bool) -> Result<(), Missed> {
        let Some(proof) = self.proofs.get(index).cloned() else { return Ok(()) };
        let finding = match (answers, proof.received, proof.genuine) {
            (false, ..) => IdentityFinding::Unclear,
            (true, false, _) => IdentityFinding::NotFound,
            (true, true, true) => IdentityFinding::Passed,
            (true, true, false) => IdentityFinding::Failed { code: "mismatch".to_owned() },
        };
        #[cfg(feature = "planted")]
        let finding = self.silence_is_consent(finding);
        let command = TakeIdentityReport {
            tenant_id: TENANT,
            check_id: proof.check_id,
            payment_id: proof.payment_id,
            finding,
            asked_at_us: self.now_us,
        };
        match self.run(&command) {
            Ok(_) => {}
            // Whoever took over asks when the row says so.
            Err(Missed::AnswerLost | Missed::Down) => {
                self.plan_in((MINUTE_US, 5 * MINUTE_US), Act::AskProvider(index));
                return Ok(());
            }
            Err(missed @ Missed::Refused(_)) => return Err(missed),
        }
        if self.check_of(index).is_some_and(IdentityCheck::pending) {
            self.tally.sees("identity_unknown");
            self.plan_question(index);
        } else {
            self.proven(index);
        }
        Ok(())
    }

    /// It is over: he pays, or tries again.
    fn proven(&mut self, index: usize) {
        let Some(proof) = self.proofs.get(index).cloned() else { return };
        let status = self.check_of(index).map(|check| check.status);
        if status == Some(IdentityStatus::Passed) {
            self.tally.sees("identity_passed");
            self.plan_in((MINUTE_US, 60 * MINUTE_US), Act::Take(proof.visit));
        } else {
            self.tally.sees(if proof.received { "identity_failed" } else { "identity_not_received" });
            self.must_prove(proof.visit);
        }
    }

    /// No money that waits for identity begins to move before the provider has said yes.
    pub(super) fn nobody_unknown_pays_much(&mut self, attempt: &Attempt) {
        let waits = matches!(attempt.method, Method::Cash | Method::Cheque);
        if !self.known_payers || !waits || attempt.amount_minor < NAME_FROM_MINOR {
            return;
        }
        let yes = |proof: &Proof| {
            proof.payment_id == attempt.payment_id && proof.begun && proof.received && proof.genuine
        };
        let known = self.proofs.iter().any(yes);
        let id = attempt.id;
        self.require(known, "identity", || format!("{id} began before anybody knew who pays"));
    }
}
