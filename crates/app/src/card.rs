//! Cards opened for payment by token: the channel's page, its word about them, codes by SMS, and their end.

use crate::callbacks::own_number;
use crate::{App, CallbackAnswer, Failure};
use serde_json::json;
use tk_channels::Contract;
use tk_channels::callback::{CardTold, Headers, RawCallback};
use tk_channels::unionpay::agreement::{AgreementError, OpeningFinding};
use tk_channels::unionpay::call::{OpenCard, Opening, TokenOrder, Unbind};
use tk_domain::agreement::{
    Agreement, AgreementStatus, AskCardCode, CardFinding, CardOpened, EndAgreement, OpenAgreement,
    TakeCardReport,
};
use tk_domain::audit::Origin;
use tk_domain::channel_account::{Channel, ChannelAccount};
use tk_domain::id::{AgreementId, ChannelAccountId, PaymentId, TenantId, TypedId};
use tk_domain::moment::MINUTE_US;
use tk_domain::payment::{BrowserForm, ChannelPayer, Payment, out_no};
use tk_domain::refusal::Refusal;
use tk_domain::report::Unclear;
use tk_store::{AgreementFilter, Page};

/// Until when the code's order may be paid at the channel: as long as any attempt.
const ORDER_LIVES_US: i64 = 15 * MINUTE_US;

fn token_name(id: AgreementId) -> String {
    format!("agreement/{id}")
}

impl App {
    /// Begins to open a card; the form that brings the payer to the channel's page, where he types it.
    pub async fn open_card(
        &self,
        command: OpenAgreement,
        back: &str,
    ) -> Result<Option<BrowserForm>, Failure> {
        let agreement = self.submit(command).await?;
        let Some(contract) = self.contract_of(&agreement).await? else { return Ok(None) };
        let card = OpenCard {
            order_id: agreement.order_no(),
            txn_time_us: agreement.created_at_us,
            expires_at_us: agreement.expires_at_us,
            return_url: Some(back.to_owned()),
        };
        let opened = self.adapters().open_card(&contract, card, self.now_us()).await;
        Ok(opened.and_then(Result::ok))
    }

    /// Takes what a payer's browser brought back from the channel's page, if the channel signed it: it may be quicker
    /// than the notification. Anything else changes nothing.
    pub async fn take_card_return(
        &self,
        (tenant_id, payment_id): (TenantId, PaymentId),
        body: &[u8],
    ) -> Result<(), Failure> {
        let text = std::str::from_utf8(body).unwrap_or_default();
        let number = text.split('&').find_map(|pair| pair.strip_prefix("orderId="));
        let Some(id) = number.and_then(|number| own_number(number, 'A')).map(AgreementId) else {
            return Ok(());
        };
        let agreement = self.reader().get::<Agreement>(&(tenant_id, id)).await?;
        let Some(agreement) = agreement.filter(|row| row.payment_id == payment_id) else { return Ok(()) };
        let code = self.tenant_code(tenant_id).await?.unwrap_or_default();
        let account = format!("{code}.{}", agreement.channel_account_id);
        let headers = Headers::default();
        let raw = RawCallback { headers: &headers, body, received_at_us: self.now_us() };
        let _: CallbackAnswer = self.callback(Channel::Unionpay, &account, raw).await?;
        Ok(())
    }

    pub(crate) async fn take_card(
        &self,
        tenant_id: TenantId,
        channel_account_id: ChannelAccountId,
        (order_no, card): (String, Option<CardTold>),
    ) -> Result<(), Failure> {
        let Some((agreement_id, card)) = own_number(&order_no, 'A').map(AgreementId).zip(card) else {
            return Ok(());
        };
        let finding = self.card_opened(agreement_id, card);
        let (asked_at_us, origin) = (self.now_us(), Origin::channel(channel_account_id));
        let command =
            TakeCardReport { tenant_id, agreement_id, channel_account_id, finding, asked_at_us, origin };
        match self.submit(command).await {
            Ok(_) | Err(Failure::Refused(Refusal::NotFound { .. })) => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    /// An opened card with its token sealed; one that cannot be sealed is as good as not heard of.
    fn card_opened(&self, id: AgreementId, card: CardTold) -> CardFinding {
        match self.seal().seal(card.token.as_bytes(), &token_name(id), self.random_bits()) {
            Ok(sealed) => CardFinding::Opened(CardOpened { masked: card.masked, sealed }),
            Err(_) => CardFinding::Unclear,
        }
    }

    /// Asks the channel about an opening of which it has not spoken, and takes what it says.
    pub async fn ask_card(&self, agreement: &Agreement) -> Result<Agreement, Failure> {
        let (tenant_id, agreement_id) = (agreement.tenant_id, agreement.id);
        let asked_at_us = self.now_us();
        let opening = Opening { order_id: agreement.order_no(), txn_time_us: agreement.created_at_us };
        let asked = match self.contract_of(agreement).await? {
            Some(contract) => self.adapters().ask_opening(&contract, opening, asked_at_us).await,
            None => None,
        };
        let finding = match asked {
            Some(OpeningFinding::Opened(card)) => self.card_opened(agreement_id, card),
            Some(OpeningFinding::NotOpened) => CardFinding::NotOpened,
            Some(OpeningFinding::Unclear(_)) | None => CardFinding::Unclear,
        };
        let channel_account_id = agreement.channel_account_id;
        let origin = Origin::channel(channel_account_id);
        let command =
            TakeCardReport { tenant_id, agreement_id, channel_account_id, finding, asked_at_us, origin };
        self.submit(command).await
    }

    /// Asks about the newest opening of a payment, if the channel has not spoken of it: its payer is back.
    pub async fn ask_card_of(
        &self,
        (tenant_id, payment_id): (TenantId, PaymentId),
    ) -> Result<Option<Agreement>, Failure> {
        let which = AgreementFilter { payment_id: Some(payment_id), ..AgreementFilter::default() };
        let newest = self.reader().agreements(tenant_id, which, Page::first(1)).await?.rows;
        match newest.first() {
            Some(agreement) if agreement.ask_due_at_us.is_some() => self.ask_card(agreement).await.map(Some),
            Some(_) | None => Ok(None),
        }
    }

    /// Has the channel send the payer a code for a payment by a card. Whether it comes is the channel's matter: one that
    /// was not answered may have been sent.
    pub async fn send_card_code(
        &self,
        command: AskCardCode,
    ) -> Result<Result<Agreement, AgreementError>, Failure> {
        let (tenant_id, payment_id) = (command.tenant_id, command.payment_id);
        let agreement = self.submit(command).await?;
        let payment = self.reader().get::<Payment>(&(tenant_id, payment_id)).await?;
        let contract = self.contract_of(&agreement).await?;
        let order = payment.and_then(|payment| self.code_order(&agreement, &payment));
        let Some((contract, order)) = contract.zip(order) else {
            return Ok(Err(AgreementError::Unclear(Unclear::Misconfigured)));
        };
        let sent = self.adapters().send_code(&contract, order, self.now_us()).await;
        let unclear = Err(AgreementError::Unclear(Unclear::Misconfigured));
        Ok(sent.unwrap_or(unclear).map(|()| agreement))
    }

    fn code_order(&self, agreement: &Agreement, payment: &Payment) -> Option<TokenOrder> {
        let (attempt_id, txn_time_us) = agreement.code_attempt_id.zip(agreement.code_at_us)?;
        Some(TokenOrder {
            order_id: out_no('T', attempt_id.id128()),
            txn_time_us,
            txn_amt_fen: payment.payer_minor,
            token: self.token_of(agreement)?,
            sms_code: String::new(),
            expires_at_us: txn_time_us.saturating_add(ORDER_LIVES_US),
        })
    }

    /// What pays: the card's token and the code that came for it, for the adapter alone.
    #[must_use]
    pub fn payer_by_card(
        &self,
        payment_id: PaymentId,
        agreement: &Agreement,
        code: &str,
    ) -> Option<ChannelPayer> {
        let shown = json!({ "card": agreement.masked });
        let token = self.token_of(agreement)?;
        let told = json!({ "token": token, "sms_code": code });
        self.channel_payer(payment_id, (&shown, &shown), &told)
    }

    /// Ends a card: unusable here at once, ended when the channel has taken it.
    pub async fn end_card(
        &self,
        (tenant_id, agreement_id): (TenantId, AgreementId),
        origin: Origin,
    ) -> Result<Agreement, Failure> {
        let to = AgreementStatus::Ending;
        let ending =
            self.submit(EndAgreement { tenant_id, agreement_id, to, origin: origin.clone() }).await?;
        if ending.status != AgreementStatus::Ending {
            return Ok(ending);
        }
        let contract = self.contract_of(&ending).await?;
        let Some((contract, token)) = contract.zip(self.token_of(&ending)) else { return Ok(ending) };
        let now_us = self.now_us();
        // Its number is the opening's own with another letter: said again, it is the same order.
        let unbind = Unbind { order_id: out_no('U', agreement_id.0), txn_time_us: now_us, token };
        match self.adapters().unbind_card(&contract, unbind, now_us).await {
            Some(Ok(()) | Err(AgreementError::Refused { .. })) => {
                let to = AgreementStatus::Ended;
                self.submit(EndAgreement { tenant_id, agreement_id, to, origin }).await
            }
            Some(Err(AgreementError::Unclear(_))) | None => Ok(ending),
        }
    }

    fn token_of(&self, agreement: &Agreement) -> Option<String> {
        let sealed = agreement.sealed.as_deref()?;
        String::from_utf8(self.seal().open(sealed, &token_name(agreement.id)).ok()?).ok()
    }

    async fn contract_of(&self, agreement: &Agreement) -> Result<Option<Contract>, Failure> {
        let key = (agreement.tenant_id, agreement.channel_account_id);
        let Some(account) = self.reader().get::<ChannelAccount>(&key).await? else { return Ok(None) };
        let code = self.tenant_code(agreement.tenant_id).await?.unwrap_or_default();
        Ok(self.open_contract(&account, &code).ok())
    }
}
