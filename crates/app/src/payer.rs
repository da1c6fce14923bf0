//! Who pays, as a channel knows him: to the channel's sign-in and back, and what only its adapter may read.

use crate::{App, Failure, seal};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use subtle::ConstantTimeEq;
pub use tk_channels::wechatpay::oauth::OauthError;
use tk_domain::audit::Origin;
use tk_domain::channel_account::ChannelAccount;
use tk_domain::id::{Id128, PaymentId, TenantId};
use tk_domain::instruction::Instruction;
use tk_domain::moment::MINUTE_US;
use tk_domain::payment::{ChannelPayer, PayerRecord, UseOauthState};
use tk_domain::refusal::Refusal;

/// How long the way to a sign-in and back may take: no longer than its code is good for.
const STATE_LIVES_US: i64 = 5 * MINUTE_US;
/// A base32 identifier's length.
const ID_LENGTH: usize = 26;

/// Which browser is to be told apart, for which payment, at which channel account.
#[derive(Debug, Clone, Copy)]
pub struct Errand<'a> {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The payment.
    pub payment_id: PaymentId,
    /// The contract whose application signs the payer in.
    pub account: &'a ChannelAccount,
    /// What this browser alone was given with the payment's page.
    pub browser: &'a [u8],
}

impl App {
    /// Where the payer's browser is sent to learn who he is; it comes back to `redirect_uri` with a code and with a state
    /// that is good once, for five minutes, for this browser and payment. Nothing for a channel that asks nobody.
    pub async fn sign_in_url(
        &self,
        errand: Errand<'_>,
        redirect_uri: &str,
    ) -> Result<Option<String>, Failure> {
        let code = self.tenant_code(errand.tenant_id).await?.unwrap_or_default();
        let contract = match self.open_contract(errand.account, &code) {
            Ok(contract) => contract,
            Err(error) => {
                tracing::error!(%error, channel_account = %errand.account.id, "a channel account cannot be used");
                return Ok(None);
            }
        };
        let id = Id128::v7(self.now_us(), self.random_bits());
        let state = format!("{}{}", id.base32(), self.state_mac(errand, id).base32());
        Ok(contract.oauth_url(redirect_uri, &state))
    }

    /// Who came back from the sign-in. The state is used up before the code is shown to anybody, so that neither is good
    /// twice; what goes wrong at the channel afterwards leaves the payer where he was.
    pub async fn signed_in(
        &self,
        errand: Errand<'_>,
        (state, code): (&str, &str),
        origin: Origin,
    ) -> Result<Result<ChannelPayer, OauthError>, Failure> {
        let (tenant_id, payment_id) = (errand.tenant_id, errand.payment_id);
        let state_id = self.read_state(errand, state).ok_or(Failure::Refused(Refusal::OauthStateInvalid))?;
        self.submit(UseOauthState { tenant_id, payment_id, state_id, origin }).await?;
        let tenant_code = self.tenant_code(tenant_id).await?.unwrap_or_default();
        let Ok(contract) = self.open_contract(errand.account, &tenant_code) else {
            return Ok(Err(OauthError::Unconfigured));
        };
        let asked = self.adapters().payer_openid(&contract, code, self.now_us()).await;
        Ok(match asked.unwrap_or(Err(OauthError::Unconfigured)) {
            Ok(openid) => self.payer_by_openid(payment_id, &openid).ok_or(OauthError::Unreadable),
            Err(error) => Err(error),
        })
    }

    /// The payer whom an official account knows by this openid.
    #[must_use]
    pub fn payer_by_openid(&self, payment_id: PaymentId, openid: &str) -> Option<ChannelPayer> {
        let head: String = openid.chars().take(3.min(openid.chars().count() / 2)).collect();
        let shown = json!({ "openid": format!("{head}***") });
        let whole = json!({ "openid": openid });
        let payer = self.channel_payer(payment_id, (&shown, &whole), &whole)?;
        Some(ChannelPayer { mark: Some(self.payer_mark(payment_id, openid)), ..payer })
    }

    /// By what a payer is told from others at one payment; it names nobody, and another payment has another.
    fn payer_mark(&self, payment_id: PaymentId, openid: &str) -> String {
        let key = seal::derive(&self.config().master_key, "payer mark");
        let mut signed = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &key));
        signed.update(&payment_id.0.0);
        signed.update(openid.as_bytes());
        half(signed).base32()
    }

    /// A payer as he is kept with the attempt, shown and in full, and what the adapter is told of him.
    pub(crate) fn channel_payer(
        &self,
        payment_id: PaymentId,
        (shown, whole): (&Value, &Value),
        told: &Value,
    ) -> Option<ChannelPayer> {
        let seal = |name: &str, value: &Value| {
            self.seal().seal(value.to_string().as_bytes(), name, self.random_bits()).ok()
        };
        let record = PayerRecord { masked: shown.to_string(), sealed: seal(&payer_name(payment_id), whole)? };
        let sealed = URL_SAFE_NO_PAD.encode(seal(&told_name(payment_id), told)?);
        Some(ChannelPayer { record, sealed, mark: None })
    }

    /// An instruction as its adapter reads it.
    pub(crate) fn opened(&self, mut instruction: Instruction) -> Instruction {
        let name = told_name(instruction.payment_id);
        let open = |sealed: &str| {
            let bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
            String::from_utf8(self.seal().open(&bytes, &name).ok()?).ok()
        };
        let told = instruction.payload.as_deref().and_then(|payload| tk_channels::told(payload, open));
        instruction.payload = told.or(instruction.payload);
        instruction
    }

    fn read_state(&self, errand: Errand<'_>, state: &str) -> Option<Id128> {
        if state.len() != 2 * ID_LENGTH || !state.is_ascii() {
            return None;
        }
        let (id, mac) = state.split_at(ID_LENGTH);
        let (id, given) = (Id128::from_base32(id)?, Id128::from_base32(mac)?);
        let equal = bool::from(given.0.ct_eq(&self.state_mac(errand, id).0));
        let now_us = self.now_us();
        let (since, until) = (now_us.saturating_sub(STATE_LIVES_US), now_us.saturating_add(STATE_LIVES_US));
        let fresh = Id128::v7(since, 0) <= id && id <= Id128::v7(until, 0);
        (equal && fresh).then_some(id)
    }

    fn state_mac(&self, errand: Errand<'_>, id: Id128) -> Id128 {
        let key = seal::derive(&self.config().master_key, "oauth state");
        let mut signed = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &key));
        for part in [errand.tenant_id.0.0, errand.payment_id.0.0, errand.account.id.0.0, id.0] {
            signed.update(&part);
        }
        signed.update(errand.browser);
        half(signed)
    }
}

/// The first half of what was signed.
fn half(signed: hmac::Context) -> Id128 {
    let mut mac = [0_u8; 16];
    for (byte, from) in mac.iter_mut().zip(signed.sign().as_ref()) {
        *byte = *from;
    }
    Id128(mac)
}

/// What a payer's record is sealed with.
fn payer_name(payment_id: PaymentId) -> String {
    format!("channel_payer/{payment_id}")
}

/// What an adapter's words are sealed with.
fn told_name(payment_id: PaymentId) -> String {
    format!("told/{payment_id}")
}
