//! Parties that a channel pays shares to, bound to a contract by the channel's own call.

use super::limits::split_limits;
use crate::ask;
use crate::audit::{Act, Origin};
use crate::channel_account::Channel;
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::id::{ChannelAccountId, PaymentId, SplitReceiverId, TenantId, TypedId};
use crate::instruction::{Instruction, InstructionKind, InstructionStatus};
use crate::key::{KeyName, NaturalKey, NaturalKind};
use crate::moment::Moment;
use crate::payment::clipped;
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use crate::words::words;
use serde_json::json;

/// The longest merchant number, bytes (`return_mchid`).
const MERCHANT_NO_MAX_BYTES: usize = 32;
/// The longest custom relation, characters (`custom_relation`).
const RELATION_MAX_CHARS: usize = 10;

words! {
    /// By what a channel knows a party.
    ReceiverKind {
        /// The channel's own number of its account.
        UserId = "user_id",
        /// The name it logs in with.
        LoginName = "login_name",
        /// Its number as a merchant of the channel.
        MerchantNo = "merchant_no",
        /// A person, as our application at the channel knows him.
        OpenId = "open_id",
    }
}

impl ReceiverKind {
    /// Whether the channel compares or requires the party's name.
    const fn needs_name(self) -> bool {
        match self {
            Self::LoginName | Self::MerchantNo => true,
            Self::UserId | Self::OpenId => false,
        }
    }

    /// Whether a share can be taken back at all: WeChat Pay takes none back from persons (请求分账回退).
    pub(super) const fn gives_back(self) -> bool {
        match self {
            Self::UserId | Self::LoginName | Self::MerchantNo => true,
            Self::OpenId => false,
        }
    }

    /// Whether an account can be one of this kind; WeChat's go into addresses.
    fn fits(self, account: &str) -> bool {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        match self {
            Self::UserId | Self::LoginName => true,
            Self::MerchantNo => account.len() <= MERCHANT_NO_MAX_BYTES && account.bytes().all(plain),
            Self::OpenId => account.bytes().all(plain),
        }
    }
}

words! {
    /// What a party is to the merchant, where its channel wants to know (WeChat Pay, 添加分账接收方, `relation_type`).
    Relation {
        /// A shop of it.
        Store = "store",
        /// Who works for it.
        Staff = "staff",
        /// Who owns a shop.
        StoreOwner = "store_owner",
        /// A partner.
        Partner = "partner",
        /// Its headquarters.
        Headquarter = "headquarter",
        /// The brand.
        Brand = "brand",
        /// Who distributes for it.
        Distributor = "distributor",
        /// A user.
        User = "user",
        /// Who supplies it.
        Supplier = "supplier",
        /// Something else, in words.
        Custom = "custom",
    }
}

words! {
    /// Whether the channel has bound a party to the contract.
    Binding {
        /// It was asked to, and has not said so.
        Pending = "pending",
        /// It has.
        Bound = "bound",
        /// It refused.
        Refused = "refused",
        /// It was asked to unbind it, and has not said so.
        Unbinding = "unbinding",
        /// It has; the party gets no more shares unless it is bound again.
        Unbound = "unbound",
    }
}

/// A party that a channel pays shares to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitReceiver {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Its own identifier.
    pub id: SplitReceiverId,
    /// The contract that it is bound to.
    pub channel_account_id: ChannelAccountId,
    /// The contract's channel.
    pub channel: Channel,
    /// By what the channel knows it.
    pub kind: ReceiverKind,
    /// Its account at the channel.
    pub account: String,
    /// Its name, encrypted under the installation's key.
    pub name_sealed: Option<Vec<u8>>,
    /// What it is to the merchant; left to the adapter's own words if absent.
    pub relation: Option<Relation>,
    /// That in words, for a custom one.
    pub custom_relation: Option<String>,
    /// Whether it is bound.
    pub status: Binding,
    /// Since when it is not known whether it is, Unix microseconds.
    pub unknown_since_us: Option<i64>,
    /// Times it was said.
    pub tries: i64,
    /// The channel's refusal.
    pub failure_code: Option<String>,
    /// Its text.
    pub failure_message: Option<String>,
    /// Unix microseconds.
    pub created_at_us: i64,
    /// Unix microseconds.
    pub updated_at_us: i64,
    /// Counts the commits that changed the row.
    pub version: i64,
}

/// What a channel says about binding a party.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReceiverFinding {
    /// It is bound, now or since before.
    Bound,
    /// It is not bound any more, now or since before.
    Unbound,
    /// A code on the channel's documented final list.
    Refused { code: String, message: String },
    /// Nothing is proven: the same is said again.
    Unclear,
}

/// Has the channel bind a party to a contract; a party that was refused or unbound is tried again.
#[derive(Debug, Clone)]
pub struct AddSplitReceiver {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The contract.
    pub channel_account_id: ChannelAccountId,
    /// By what the channel knows it.
    pub kind: ReceiverKind,
    /// Its account at the channel.
    pub account: String,
    /// Its name, encrypted under the installation's key.
    pub name_sealed: Option<Vec<u8>>,
    /// What it is to the merchant; only for a channel that wants to know.
    pub relation: Option<Relation>,
    /// That in words, at most ten characters; for a custom one, and only then.
    pub custom_relation: Option<String>,
    /// Who asks.
    pub origin: Origin,
}

impl AddSplitReceiver {
    fn key(&self) -> KeyName {
        let number = format!("{}/{}", self.kind, self.account);
        KeyName::scoped(self.tenant_id, NaturalKind::SplitReceiver, &self.channel_account_id, &number)
    }

    fn check_relation(&self, channel: Channel) -> Result<(), Refusal> {
        let invalid = |param, reason| Err(Refusal::FieldInvalid { param, reason });
        if self.relation.is_some() && channel != Channel::Wechatpay {
            return invalid("relation", "the channel does not want to know");
        }
        match (self.relation, self.custom_relation.as_deref()) {
            (Some(Relation::Custom), Some(words)) => {
                let fits = !words.trim().is_empty()
                    && words.chars().count() <= RELATION_MAX_CHARS
                    && !words.chars().any(char::is_control);
                if fits { Ok(()) } else { invalid("custom_relation", "1 to 10 characters") }
            }
            (Some(Relation::Custom), None) => invalid("custom_relation", "what it is, in words"),
            (_, Some(_)) => invalid("custom_relation", "only with the relation custom"),
            (_, None) => Ok(()),
        }
    }

    fn existing<'a>(&self, snapshot: &'a Snapshot) -> Option<&'a SplitReceiver> {
        let key = snapshot.natural_keys.get(&self.key())?;
        snapshot.split_receivers.get(&(self.tenant_id, SplitReceiverId(key.id)))
    }

    fn made(&self, channel: Channel, moment: &mut Moment<'_>) -> SplitReceiver {
        SplitReceiver {
            tenant_id: self.tenant_id,
            id: SplitReceiverId::new(moment),
            channel_account_id: self.channel_account_id,
            channel,
            kind: self.kind,
            account: self.account.clone(),
            name_sealed: self.name_sealed.clone(),
            relation: self.relation,
            custom_relation: self.custom_relation.clone(),
            status: Binding::Pending,
            unknown_since_us: None,
            tries: 0,
            failure_code: None,
            failure_message: None,
            created_at_us: moment.now_us,
            updated_at_us: moment.now_us,
            version: 0,
        }
    }
}

/// The instruction to bind a party; it is about no payment and bears the party's own bytes instead.
fn instruction(receiver: &SplitReceiver, moment: &Moment<'_>) -> Instruction {
    Instruction {
        tenant_id: receiver.tenant_id,
        id: receiver.id.id128(),
        kind: InstructionKind::ReceiverBind,
        payment_id: PaymentId(receiver.id.id128()),
        channel_account_id: receiver.channel_account_id,
        status: InstructionStatus::Open,
        due_at_us: moment.now_us,
        lease_until_us: 0,
        tries: 0,
        payload: None,
        version: 0,
    }
}

impl Command for AddSplitReceiver {
    type Reply = SplitReceiver;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::ChannelAccount(self.tenant_id, self.channel_account_id));
        wants.add(Want::Natural(self.key()));
        if let Some(key) = snapshot.natural_keys.get(&self.key()) {
            wants.add(Want::SplitReceiver(self.tenant_id, SplitReceiverId(key.id)));
            wants.add(Want::Instruction(self.tenant_id, key.id));
        }
    }

    fn decide(
        &self,
        snapshot: &Snapshot,
        moment: &mut Moment<'_>,
    ) -> Result<Decision<SplitReceiver>, Refusal> {
        let missing = Refusal::NotFound { what: "channel_account" };
        let account =
            snapshot.channel_accounts.get(&(self.tenant_id, self.channel_account_id)).ok_or(missing)?;
        if !account.divides() {
            return Err(Refusal::SplitNeedsChannel);
        }
        let invalid = |param, reason| Err(Refusal::FieldInvalid { param, reason });
        let kinds = split_limits(account.channel).map(|limits| limits.kinds);
        if !kinds.unwrap_or_default().contains(&self.kind) {
            return invalid("kind", "the channel knows no receivers by it");
        }
        if !self.kind.fits(&self.account) {
            return invalid("account", "letters, digits, _ and - only, of a merchant at most 32");
        }
        if self.account == account.payee_merchant {
            return invalid("account", "the contract's own: it has what is not divided");
        }
        if self.kind.needs_name() && self.name_sealed.is_none() {
            return invalid("name", "the channel compares it");
        }
        self.check_relation(account.channel)?;
        let mut changes = Changes::default();
        let receiver = match self.existing(snapshot) {
            Some(known) if !known.may_be_bound_again() => return Ok(Decision::nothing(known.clone())),
            Some(refused) => SplitReceiver {
                status: Binding::Pending,
                failure_code: None,
                failure_message: None,
                name_sealed: self.name_sealed.clone(),
                relation: self.relation,
                custom_relation: self.custom_relation.clone(),
                updated_at_us: moment.now_us,
                ..refused.clone()
            },
            None => {
                let receiver = self.made(account.channel, moment);
                changes.put(NaturalKey { name: self.key(), id: receiver.id.id128() });
                receiver
            }
        };
        let known = snapshot.instructions.get(&(self.tenant_id, receiver.id.id128())).cloned();
        let mut said = known.unwrap_or_else(|| instruction(&receiver, moment));
        said.next(InstructionKind::ReceiverBind, moment.now_us);
        changes.put(said);
        let detail = json!({ "channel_account": account.id, "kind": receiver.kind });
        changes.audit((self.tenant_id, &self.origin), Act::SplitReceiverAdd, &receiver.id, &detail, moment);
        changes.put(receiver.clone());
        Ok(Decision::new(receiver, changes))
    }
}

impl SplitReceiver {
    const fn may_be_bound_again(&self) -> bool {
        matches!(self.status, Binding::Refused | Binding::Unbound)
    }
}

/// Takes what a channel says about binding a party.
#[derive(Debug, Clone)]
pub struct TakeReceiverReport {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The party.
    pub receiver_id: SplitReceiverId,
    /// What the channel says.
    pub finding: ReceiverFinding,
    /// The channel account that said it.
    pub origin: Origin,
}

impl Command for TakeReceiverReport {
    type Reply = SplitReceiver;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, _snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::SplitReceiver(self.tenant_id, self.receiver_id));
        wants.add(Want::Instruction(self.tenant_id, self.receiver_id.id128()));
    }

    fn decide(
        &self,
        snapshot: &Snapshot,
        moment: &mut Moment<'_>,
    ) -> Result<Decision<SplitReceiver>, Refusal> {
        let missing = Refusal::NotFound { what: "split_receiver" };
        let mut row =
            snapshot.split_receivers.get(&(self.tenant_id, self.receiver_id)).cloned().ok_or(missing)?;
        let said = snapshot.instructions.get(&(self.tenant_id, self.receiver_id.id128()));
        let open = matches!(row.status, Binding::Pending | Binding::Unbinding);
        let Some(mut said) = said.cloned().filter(|_| open) else { return Ok(Decision::nothing(row)) };
        let unbinding = row.status == Binding::Unbinding;
        row.tries = row.tries.saturating_add(1);
        row.updated_at_us = moment.now_us;
        // A refused party may yet be bound by an earlier saying: that moves no money, and nobody is paid without being bound.
        match &self.finding {
            ReceiverFinding::Bound if !unbinding => row.status = Binding::Bound,
            ReceiverFinding::Unbound if unbinding => row.status = Binding::Unbound,
            ReceiverFinding::Refused { code, message } => {
                // One that the channel does not unbind stays bound, and the row says why.
                row.status = if unbinding { Binding::Bound } else { Binding::Refused };
                row.failure_code = Some(clipped(code, 64));
                row.failure_message = Some(clipped(message, 200));
            }
            // The answer to an earlier call of the other kind says nothing of this one.
            ReceiverFinding::Bound | ReceiverFinding::Unbound | ReceiverFinding::Unclear => {
                row.unknown_since_us.get_or_insert(moment.now_us);
                said.next(said.kind, moment.after(ask::delay_us(row.tries)));
            }
        }
        let mut changes = Changes::default();
        if !matches!(row.status, Binding::Pending | Binding::Unbinding) {
            row.unknown_since_us = None;
            said.finish();
            let detail = json!({ "status": row.status, "code": row.failure_code });
            let who = (self.tenant_id, &self.origin);
            changes.audit(who, Act::SplitReceiverReport, &row.id, &detail, moment);
        }
        changes.put(said);
        changes.put(row.clone());
        Ok(Decision::new(row, changes))
    }
}
