//! Payers who open a card at UnionPay and pay by it, with a code that comes, is lost, or is typed wrongly.

use crate::actors::{Ask, Order};
use crate::checker::Cause;
use crate::conversation;
use crate::queue::Happening;
use crate::seller::Seller;
use crate::world::{Missed, World};
use tk_channels::callback::CardTold;
use tk_channels::unionpay::agreement::OpeningFinding;
use tk_domain::agreement::{
    Agreement, AgreementStatus, AskCardCode, CardFinding, CardOpened, CardUse, OpenAgreement, TakeCardReport,
};
use tk_domain::audit::Origin;
use tk_domain::channel_account::Method;
use tk_domain::id::{AgreementId, ChannelAccountId, TypedId};
use tk_domain::moment::{MINUTE_US, SECOND_US};
use tk_domain::payment::{ChannelPayer, PayerRecord, StartAttempt, Started, out_no};
use tk_domain::transfer::ExpectedPayer;
use tk_simulator::core::Dice;

/// A step on the way to a payment by card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CardStep {
    /// The cashier's page opens an agreement.
    Open,
    /// The payer types the card on UnionPay's page.
    Type,
    /// The channel is asked about an opening of which it has not spoken.
    Ask,
    /// A code is asked for.
    Code,
    /// The payer types the code.
    Pay,
}

/// The token has no seal here.
fn opened(card: CardTold) -> CardOpened {
    CardOpened { masked: card.masked, sealed: card.token.into_bytes() }
}

impl World {
    /// Of one payer in four who could, the way is a card; drawn by dice of their own.
    pub(crate) fn pays_by_card(&self, index: usize) -> bool {
        let Some(order) = self.orders.get(index) else { return false };
        let company = self.companies.iter().find(|company| company.tenant_id == order.tenant_id);
        let could = company.is_some_and(|company| company.methods.contains(&Method::EbankB2c));
        let divided = order.splits.shares.iter().any(|share| share.receiver.is_some());
        let number = u64::try_from(index).unwrap_or_default();
        let mut dice = Dice::new(self.seed.wrapping_mul(0x511C).wrapping_add(number));
        could && !divided && order.confirm.is_none() && dice.below(4) == 0
    }

    fn card_of(&self, order: &Order) -> Option<Agreement> {
        let payment_id = order.payment_id?;
        let own = |row: &&Agreement| row.tenant_id == order.tenant_id && row.payment_id == payment_id;
        self.store.rows.agreements.iter().find(own).cloned()
    }

    pub(crate) fn card_step(&mut self, index: usize, order: &Order, step: CardStep) -> Result<(), Missed> {
        match step {
            CardStep::Open => self.opens_card(index, order),
            CardStep::Type => {
                self.types_card(index, order);
                Ok(())
            }
            CardStep::Ask => self.asks_of_card(index, order),
            CardStep::Code => self.asks_code(index, order),
            CardStep::Pay => self.types_code(index, order),
        }
    }

    fn next(&mut self, index: usize, (low_us, high_us): (i64, i64), step: CardStep) {
        let delay_us = self.dice.between(low_us, high_us);
        self.plan(delay_us, Happening::Client { order: index, ask: Ask::Card(step), tries: 0 });
    }

    fn opens_card(&mut self, index: usize, order: &Order) -> Result<(), Missed> {
        let Some(payment_id) = order.payment_id else { return Ok(()) };
        if self.card_of(order).is_none() {
            let origin = Origin::system();
            let command = OpenAgreement { tenant_id: order.tenant_id, payment_id, origin };
            self.run(&command, Cause::of("open card"))?;
        }
        self.next(index, (5 * SECOND_US, 5 * MINUTE_US), CardStep::Type);
        self.plan(MINUTE_US, Happening::Client { order: index, ask: Ask::Card(CardStep::Ask), tries: 0 });
        Ok(())
    }

    /// The worker's question about an opening, again whenever the row says so.
    fn asks_of_card(&mut self, index: usize, order: &Order) -> Result<(), Missed> {
        let Some(mut agreement) = self.card_of(order) else { return Ok(()) };
        let host_us = self.host_us();
        if agreement.ask_due_at_us.is_some_and(|due_at_us| due_at_us <= host_us) {
            let (tenant_id, agreement_id) = (agreement.tenant_id, agreement.id);
            let channel_account_id = agreement.channel_account_id;
            let (finding, asked_at_us) = (self.asked_of_card(&agreement), host_us);
            let origin = Origin::channel(channel_account_id);
            let command =
                TakeCardReport { tenant_id, agreement_id, channel_account_id, finding, asked_at_us, origin };
            agreement = self.run(&command, Cause::of("card asked about"))?;
            if agreement.status == AgreementStatus::Active {
                self.tally.sees("cards_found");
            }
        }
        if let Some(due_at_us) = agreement.ask_due_at_us {
            let delay_us = due_at_us.saturating_sub(self.host_us()).max(SECOND_US);
            self.plan(delay_us, Happening::Client { order: index, ask: Ask::Card(CardStep::Ask), tries: 0 });
        }
        Ok(())
    }

    /// What the channel answers; nothing is proven while one side does not know the other's key.
    fn asked_of_card(&mut self, agreement: &Agreement) -> CardFinding {
        let account_id = agreement.channel_account_id;
        let key = (agreement.tenant_id, account_id);
        let account = self.store.rows.channel_accounts.get(&key).cloned();
        let Some(account) = account.filter(|_| self.key_gap(account_id).is_none()) else {
            return CardFinding::Unclear;
        };
        let question = conversation::opening_question(agreement, &account, self.now_us);
        let asked = question.and_then(|request| {
            self.with_seller(account_id, None, |seller, now_us| seller.asked_of_card(now_us, &request))
        });
        let Some(delivery) = asked.flatten() else { return CardFinding::Unclear };
        match conversation::opening_answer(agreement, &account, delivery) {
            OpeningFinding::Opened(card) => CardFinding::Opened(opened(card)),
            OpeningFinding::NotOpened => CardFinding::NotOpened,
            OpeningFinding::Unclear(_) => CardFinding::Unclear,
        }
    }

    fn types_card(&mut self, index: usize, order: &Order) {
        let Some(agreement) = self.card_of(order) else { return };
        let key = (order.tenant_id, agreement.channel_account_id);
        let account = self.store.rows.channel_accounts.get(&key);
        let form = account.and_then(|account| conversation::card_page(&agreement, account, self.now_us));
        let Some(form) = form else { return };
        self.with_seller(agreement.channel_account_id, None, |seller, now_us| {
            seller.payer_opens(now_us, &form);
        });
        self.next(index, (10 * SECOND_US, 10 * MINUTE_US), CardStep::Code);
    }

    /// What UnionPay says about an opening; the token has no seal here.
    pub(crate) fn take_card(
        &mut self,
        account: ChannelAccountId,
        order_no: &str,
        card: Option<CardTold>,
    ) -> Result<(), Missed> {
        let id = crate::callbacks::id_of('A', order_no).map(AgreementId);
        let (Some(tenant_id), Some((agreement_id, card))) = (self.tenant_of(account), id.zip(card)) else {
            return Ok(());
        };
        let (finding, asked_at_us) = (CardFinding::Opened(opened(card)), self.host_us());
        let (channel_account_id, origin) = (account, Origin::channel(account));
        let command =
            TakeCardReport { tenant_id, agreement_id, channel_account_id, finding, asked_at_us, origin };
        self.run(&command, Cause::of("card")).map(|_| ())
    }

    /// The call that sends the code is the page's own: whether it was heard, only the phone knows.
    fn asks_code(&mut self, index: usize, order: &Order) -> Result<(), Missed> {
        let Some(agreement) = self.card_of(order) else { return Ok(()) };
        if agreement.status != AgreementStatus::Active {
            // The word about it is late; at the end of his patience the payer goes away.
            return if agreement.expires_at_us > self.host_us() { Err(Missed::Down) } else { Ok(()) };
        }
        let Some(payment_id) = order.payment_id else { return Ok(()) };
        let (tenant_id, agreement_id) = (order.tenant_id, agreement.id);
        let command = AskCardCode { tenant_id, agreement_id, payment_id, origin: Origin::system() };
        let agreement = self.run(&command, Cause::of("card code"))?;
        self.tally.sees("codes_asked");
        let payment = self.store.rows.payments.get(&(tenant_id, payment_id));
        let key = (tenant_id, agreement.channel_account_id);
        let account = self.store.rows.channel_accounts.get(&key);
        let request = account.zip(payment).and_then(|(account, payment)| {
            conversation::code_request((&agreement, payment), account, self.now_us)
        });
        if let Some(request) = request.filter(|_| self.key_gap(key.1).is_none()) {
            self.with_seller(key.1, None, |seller, now_us| seller.sends_code(now_us, &request));
        }
        self.next(index, (5 * SECOND_US, 6 * MINUTE_US), CardStep::Pay);
        Ok(())
    }

    fn types_code(&mut self, index: usize, order: &Order) -> Result<(), Missed> {
        let (Some(agreement), Some(payment_id)) = (self.card_of(order), order.payment_id) else {
            return Ok(());
        };
        let Some(attempt_id) = agreement.code_attempt_id else { return Ok(()) };
        let number = out_no('T', attempt_id.id128());
        let seller = self.sellers.get(&agreement.channel_account_id);
        let Some(code) = seller.and_then(|seller| Seller::code_of(seller, &number)) else {
            self.tally.sees("codes_lost");
            self.next(index, (MINUTE_US, 3 * MINUTE_US), CardStep::Code);
            return Ok(());
        };
        let wrong = self.dice.below(6) == 0;
        let typed = if wrong { "000000".to_owned() } else { code };
        let token = agreement.sealed.clone().and_then(|sealed| String::from_utf8(sealed).ok());
        let told = serde_json::json!({ "token": token, "sms_code": typed }).to_string();
        let record = PayerRecord { masked: "{}".to_owned(), sealed: told.as_bytes().to_vec() };
        let command = StartAttempt {
            tenant_id: order.tenant_id,
            payment_id,
            method: Method::QuickPay,
            auth_code: None,
            payer: ExpectedPayer::default(),
            known_as: Some(ChannelPayer { record, sealed: told, mark: None }),
            card: Some(CardUse { agreement_id: agreement.id, attempt_id }),
            payer_ip: None,
            return_url: None,
            lease_us: 0,
            origin: Origin::system(),
        };
        if let Started::New { .. } = self.run(&command, Cause::of("pay by card"))? {
            self.tally.sees(if wrong { "codes_wrong" } else { "codes_right" });
        }
        Ok(())
    }
}
