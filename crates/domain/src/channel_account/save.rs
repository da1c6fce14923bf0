//! Creating and changing channel accounts. Credentials arrive sealed; nothing here can read them.

use crate::audit::{Act, Origin};
use crate::bank_link;
use crate::channel_account::{Channel, ChannelAccount, Collects};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::id::{ChannelAccountId, PartnerId, TenantId};
use crate::moment::Moment;
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use crate::split::split_limits;
use serde_json::json;
use tk_money::{Currency, Rate};

/// Channel accounts that a tenant may have.
pub const CHANNEL_ACCOUNTS_MAX: i64 = 200;
/// The longest refund window of any channel, days.
const REFUND_WINDOW_DAYS_MAX: i64 = 3_650;
/// Lower priority numbers are tried first.
const PRIORITIES: std::ops::RangeInclusive<i64> = 0..=1_000;

/// What may be said about a channel account; what is absent stays, or takes its default at creation.
#[derive(Debug, Clone, Default)]
pub struct ChannelAccountTerms {
    /// For staff.
    pub name: Option<String>,
    /// Methods it may be used for, a JSON array of method words.
    pub methods: Option<String>,
    /// Merchants it may be used for, a JSON array of ids; `Some(None)` means all.
    pub merchants: Option<Option<String>>,
    /// Products it may be used for, a JSON array of ids; `Some(None)` means all.
    pub products: Option<Option<String>>,
    /// The least amount, minor units.
    pub amount_min_minor: Option<i64>,
    /// The greatest amount, minor units.
    pub amount_max_minor: Option<i64>,
    /// Lower is tried first.
    pub priority: Option<i64>,
    /// What the channel charges.
    pub fee_rate: Option<Rate>,
    /// Whether the channel gives its charge back on refund.
    pub fee_returned: Option<bool>,
    /// Days after payment within which the channel refunds online.
    pub refund_window_days: Option<i64>,
    /// What the channel may pay to others of each payment, millionths.
    pub split_rate_max_ppm: Option<i64>,
    /// The adapter's non-secret settings, a JSON object.
    pub settings: Option<String>,
    /// The adapter's secrets, sealed by the caller.
    pub credentials: Option<Vec<u8>>,
    /// Whether new attempts may use it.
    pub enabled: Option<bool>,
}

impl ChannelAccountTerms {
    fn onto(&self, stored: &ChannelAccount) -> ChannelAccount {
        ChannelAccount {
            name: self.name.clone().unwrap_or_else(|| stored.name.clone()),
            methods: self.methods.clone().unwrap_or_else(|| stored.methods.clone()),
            merchants: self.merchants.clone().unwrap_or_else(|| stored.merchants.clone()),
            products: self.products.clone().unwrap_or_else(|| stored.products.clone()),
            amount_min_minor: self.amount_min_minor.unwrap_or(stored.amount_min_minor),
            amount_max_minor: self.amount_max_minor.unwrap_or(stored.amount_max_minor),
            priority: self.priority.unwrap_or(stored.priority),
            fee_rate: self.fee_rate.unwrap_or(stored.fee_rate),
            fee_returned: self.fee_returned.unwrap_or(stored.fee_returned),
            refund_window_days: self.refund_window_days.unwrap_or(stored.refund_window_days),
            split_rate_max_ppm: self.split_rate_max_ppm.unwrap_or(stored.split_rate_max_ppm),
            settings: self.settings.clone().unwrap_or_else(|| stored.settings.clone()),
            credentials: self.credentials.clone().unwrap_or_else(|| stored.credentials.clone()),
            enabled: self.enabled.unwrap_or(stored.enabled),
            ..stored.clone()
        }
    }
}

/// Creates a channel account: a contract with a channel and its sealed credentials.
#[derive(Debug, Clone)]
pub struct CreateChannelAccount {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The identifier, drawn by the caller because the credentials are sealed for it.
    pub channel_account_id: ChannelAccountId,
    /// The adapter.
    pub channel: Channel,
    /// Our identity at the channel that a success must name (Alipay: app id).
    pub payee_app: String,
    /// Our merchant identity at the channel that a success must name (Alipay: seller id).
    pub payee_merchant: String,
    /// Whose account the money reaches.
    pub collects: Collects,
    /// The one partner it is bound to.
    pub partner_id: Option<PartnerId>,
    /// The terms; name, methods and credentials are required.
    pub terms: ChannelAccountTerms,
    /// Who asks.
    pub origin: Origin,
}

impl CreateChannelAccount {
    fn row(&self, moment: &Moment<'_>) -> ChannelAccount {
        self.terms.onto(&ChannelAccount {
            tenant_id: self.tenant_id,
            id: self.channel_account_id,
            channel: self.channel,
            name: self.channel.word().to_owned(),
            currency: Currency::Cny,
            methods: "[]".to_owned(),
            merchants: None,
            products: None,
            partner_id: self.partner_id,
            amount_min_minor: 1,
            amount_max_minor: 1_000_000_000_000,
            priority: 100,
            payee_app: self.payee_app.clone(),
            payee_merchant: self.payee_merchant.clone(),
            collects: self.collects,
            fee_rate: Rate::ZERO,
            fee_returned: false,
            refund_window_days: 365,
            split_rate_max_ppm: 0,
            settings: "{}".to_owned(),
            credentials: Vec::new(),
            enabled: true,
            created_at_us: moment.now_us,
            version: 0,
        })
    }
}

impl Command for CreateChannelAccount {
    type Reply = ChannelAccount;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, _snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::ChannelAccounts(self.tenant_id));
        bank_link::want_link((self.tenant_id, self.channel_account_id), wants);
        wants.add(Want::OperatingProfile(self.tenant_id));
        if let Some(id) = self.partner_id {
            wants.add(Want::Partner(self.tenant_id, id));
        }
    }

    fn decide(
        &self,
        snapshot: &Snapshot,
        moment: &mut Moment<'_>,
    ) -> Result<Decision<ChannelAccount>, Refusal> {
        let count = i64::try_from(snapshot.channel_accounts_of(self.tenant_id).count()).unwrap_or(i64::MAX);
        if self.partner_id.is_some_and(|id| snapshot.partners.get(&(self.tenant_id, id)).is_none()) {
            return Err(Refusal::NotFound { what: "partner" });
        }
        let account = self.row(moment);
        check(&account)?;
        snapshot.profile_of(self.tenant_id).check_contract(&account)?;
        if snapshot.channel_accounts_of(self.tenant_id).any(|other| same_bank_account(&account, other)) {
            return Err(Refusal::FieldInvalid {
                param: "settings",
                reason: "the bank account has a contract",
            });
        }
        if count >= CHANNEL_ACCOUNTS_MAX {
            return Err(Refusal::LimitReached { what: "channel_accounts", max: CHANNEL_ACCOUNTS_MAX });
        }
        let mut changes = Changes::default();
        write(&account, &self.origin, self.terms.credentials.is_some(), &mut changes, moment);
        bank_link::keep(&account, (snapshot, &mut changes), moment);
        Ok(Decision::new(account, changes))
    }
}

/// Two contracts over one bank account would book each of its lines twice.
fn same_bank_account(account: &ChannelAccount, other: &ChannelAccount) -> bool {
    let bank = account.channel == Channel::BankDirect && other.channel == Channel::BankDirect;
    bank && account.payee_merchant == other.payee_merchant && account.id != other.id
}

/// Changes a channel account; the adapter and our identity at the channel never change.
#[derive(Debug, Clone)]
pub struct UpdateChannelAccount {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Which.
    pub channel_account_id: ChannelAccountId,
    /// What changes.
    pub terms: ChannelAccountTerms,
    /// Who asks.
    pub origin: Origin,
}

impl Command for UpdateChannelAccount {
    type Reply = ChannelAccount;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, _snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::ChannelAccount(self.tenant_id, self.channel_account_id));
        bank_link::want_link((self.tenant_id, self.channel_account_id), wants);
    }

    fn decide(
        &self,
        snapshot: &Snapshot,
        moment: &mut Moment<'_>,
    ) -> Result<Decision<ChannelAccount>, Refusal> {
        let key = (self.tenant_id, self.channel_account_id);
        let stored =
            snapshot.channel_accounts.get(&key).ok_or(Refusal::NotFound { what: "channel_account" })?;
        let account = self.terms.onto(stored);
        check(&account)?;
        if account == *stored {
            return Ok(Decision::nothing(account));
        }
        let mut changes = Changes::default();
        write(&account, &self.origin, self.terms.credentials.is_some(), &mut changes, moment);
        bank_link::keep(&account, (snapshot, &mut changes), moment);
        Ok(Decision::new(account, changes))
    }
}

fn check(account: &ChannelAccount) -> Result<(), Refusal> {
    let invalid = |param, reason| Err(Refusal::FieldInvalid { param, reason });
    if account.amount_min_minor < 0 {
        return invalid("amount_min", "below 0");
    }
    if account.amount_max_minor < account.amount_min_minor {
        return invalid("amount_max", "below amount_min");
    }
    if !PRIORITIES.contains(&account.priority) {
        return invalid("priority", "outside 0 to 1000");
    }
    if !(0..=REFUND_WINDOW_DAYS_MAX).contains(&account.refund_window_days) {
        return invalid("refund_window_days", "outside 0 to 3650");
    }
    if !(0..=1_000_000).contains(&account.split_rate_max_ppm) {
        return invalid("split_rate_max", "outside 0 to 1");
    }
    if account.divides() && split_limits(account.channel).is_none() {
        return invalid("split_rate_max", "this channel pays nobody else");
    }
    if account.credentials.is_empty() {
        return invalid("credentials", "missing");
    }
    Ok(())
}

fn write(
    account: &ChannelAccount,
    origin: &Origin,
    credentials_given: bool,
    changes: &mut Changes,
    moment: &mut Moment<'_>,
) {
    let detail = json!({
        "channel": account.channel, "name": account.name, "enabled": account.enabled,
        "methods": account.methods, "merchants": account.merchants, "products": account.products,
        "partner": account.partner_id,
        "amount_min": account.amount_min_minor, "amount_max": account.amount_max_minor,
        "priority": account.priority, "fee_rate": account.fee_rate.to_string(),
        "fee_returned": account.fee_returned, "refund_window_days": account.refund_window_days,
        "split_rate_max": account.split_rate_max_ppm,
        "settings": account.settings, "credentials_changed": credentials_given,
    });
    changes.audit((account.tenant_id, origin), Act::ChannelAccountWrite, &account.id, &detail, moment);
    changes.put(account.clone());
}
