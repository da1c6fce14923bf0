//! How the domain's identifiers, words and small structs are kept in columns.

use crate::value::{Cells, Column, Columns, Kind, Unreadable, Value};
use tk_domain::access::SignatureAlgorithm;
use tk_domain::agreement::AgreementStatus;
use tk_domain::audit::Act;
use tk_domain::bank_link::{LinkRoad, LinkStatus, PullTrouble};
use tk_domain::channel_account::{Channel, Collects, Method};
use tk_domain::cheque::ChequeStatus;
use tk_domain::counter::{CounterFlow, DayStatus, DepositStatus, ShiftStatus, VoidStatus};
use tk_domain::exception::{ExceptionKind, ExceptionStatus};
use tk_domain::fulfilment::FulfilmentStatus;
use tk_domain::id::{
    AccountId, AgreementId, ApiKeyId, AppId, AttemptId, AuditId, BankLineId, CashDepositId, CashierId,
    ChannelAccountId, ChequeId, CounterDayId, DeliveryId, DrawId, EntryId, EventId, ExceptionId, HoldId,
    Id128, IdentityCheckId, IdentityPhotoId, IdentityPolicyId, InstalmentId, MatchId, MerchantId, MovementId,
    OperatingProfileId, PartnerId, PayerId, PaymentId, PrepaymentId, ProductId, RefundId, RequestId,
    ReturnId, SecurityRecordId, ShiftId, SplitId, SplitLineId, SplitReceiverId, SplitReturnId, StatementId,
    TenantId, TypedId, WebhookEndpointId,
};
use tk_domain::identity::{IdentityLevel, IdentityStatus, PhotoKind, PhotoSide};
use tk_domain::instruction::{InstructionKind, InstructionStatus};
use tk_domain::key::{IdempotencyName, KeyName, NaturalKind};
use tk_domain::ledger::{AccountKind, EntryKind, HoldStatus, Owner, Side};
use tk_domain::operating_profile::ProfileKind;
use tk_domain::partner::PartnerKind;
use tk_domain::payment::{
    Action, ActionKind, AttemptStatus, Discount, Disposition, FeeSnapshot, PaymentStatus, RefundStatus,
};
use tk_domain::prepayment::DrawStatus;
use tk_domain::product::{IssueOn, Premium, StrayMoney, Terminal};
use tk_domain::refund::{Line, RefundOrigin, RefundRoute, RefundState, Shares};
use tk_domain::split::{
    Binding, ReceiverKind, Relation, ReturnMode, ReturnStatus as ShareReturnStatus, SplitLineStatus,
    SplitMode, SplitState,
};
use tk_domain::transfer::{
    Flow, LineLink, LineNature, LineSource, LineStatus, MatchStatus, OrderStatus, ReturnState, ReturnStatus,
};
use tk_domain::webhook::{DeliveryStatus, EventKind};
use tk_money::{Currency, Rate};

macro_rules! id_columns {
    ($($id:ident),* $(,)?) => {$(
        impl Column for $id {
            const KIND: Kind = Kind::Id;
            fn to_value(&self) -> Value { Value::Id(self.0.0) }
            fn from_value(value: Value) -> Result<Self, Unreadable> {
                Id128::from_value(value).map(Self::from_id128)
            }
        }
    )*};
}

id_columns! {
    AccountId, ApiKeyId, AppId, AttemptId, AuditId, ChannelAccountId, DeliveryId, EntryId, EventId, ExceptionId, SecurityRecordId,
    AgreementId, BankLineId, CashDepositId, CashierId, ChequeId, CounterDayId, HoldId, IdentityCheckId, IdentityPhotoId, IdentityPolicyId, InstalmentId, MatchId, MerchantId, MovementId, OperatingProfileId, PartnerId, PayerId, PaymentId, PrepaymentId, ProductId, RefundId, RequestId, ReturnId, ShiftId, SplitId, SplitLineId, SplitReceiverId, SplitReturnId, StatementId, TenantId, WebhookEndpointId,
    DrawId,
}

macro_rules! word_columns {
    ($($word:ident),* $(,)?) => {$(
        impl Column for $word {
            const KIND: Kind = Kind::Text;
            fn to_value(&self) -> Value { Value::Word(self.word()) }
            fn from_value(value: Value) -> Result<Self, Unreadable> {
                Self::parse(&String::from_value(value)?).ok_or(Unreadable { wanted: stringify!($word) })
            }
        }
    )*};
}

word_columns! {
    AgreementStatus, IdentityLevel, IdentityStatus, PhotoKind, PhotoSide, SignatureAlgorithm, PartnerKind, Act, Channel, Method, ExceptionKind, ExceptionStatus, InstructionKind, InstructionStatus,
    NaturalKind, AccountKind, EntryKind, HoldStatus, Side, ActionKind, AttemptStatus, Disposition, PaymentStatus,
    RefundStatus, IssueOn, Premium, Collects, ProfileKind, StrayMoney, Terminal, Line, RefundOrigin, RefundRoute, RefundState, DeliveryStatus,
    EventKind, Flow, LineLink, LineNature, LineSource, LineStatus, MatchStatus, OrderStatus, ReturnState,
    ReturnStatus,
    CounterFlow, DayStatus, DepositStatus, ShiftStatus, VoidStatus,
    ChequeStatus, DrawStatus,
    LinkRoad, LinkStatus, PullTrouble,
    FulfilmentStatus,
    Binding, ReceiverKind, Relation, ReturnMode, ShareReturnStatus, SplitLineStatus, SplitMode, SplitState,
}

impl Column for Currency {
    const KIND: Kind = Kind::Text;
    fn to_value(&self) -> Value {
        Value::Word(self.code())
    }
    fn from_value(value: Value) -> Result<Self, Unreadable> {
        String::from_value(value)?.parse().map_err(|_| Unreadable { wanted: "a currency" })
    }
}

impl Column for Rate {
    const KIND: Kind = Kind::Int;
    fn to_value(&self) -> Value {
        Value::Int(self.ppm())
    }
    fn from_value(value: Value) -> Result<Self, Unreadable> {
        Self::from_ppm(i64::from_value(value)?).map_err(|_| Unreadable { wanted: "a rate" })
    }
}

impl Columns for FeeSnapshot {
    const KINDS: &'static [Kind] = &[Kind::Int, Kind::Int, Kind::Int, Kind::Int, Kind::Int, Kind::Id];
    fn put(&self, out: &mut Vec<Value>) {
        self.rate.put(out);
        self.fixed_minor.put(out);
        self.min_minor.put(out);
        self.max_minor.put(out);
        self.returned.put(out);
        self.bearer.put(out);
    }
    fn take(cells: &mut Cells) -> Result<Self, Unreadable> {
        Ok(Self {
            rate: cells.take()?,
            fixed_minor: cells.take()?,
            min_minor: cells.take()?,
            max_minor: cells.take()?,
            returned: cells.take()?,
            bearer: cells.take()?,
        })
    }
}

impl Columns for Discount {
    const KINDS: &'static [Kind] = &[Kind::Int; 5];
    fn put(&self, out: &mut Vec<Value>) {
        self.settled_minor.put(out);
        self.merchant_minor.put(out);
        self.back_minor.put(out);
        self.merchant_back_minor.put(out);
        self.gone_minor.put(out);
    }
    fn take(cells: &mut Cells) -> Result<Self, Unreadable> {
        Ok(Self {
            settled_minor: cells.take()?,
            merchant_minor: cells.take()?,
            back_minor: cells.take()?,
            merchant_back_minor: cells.take()?,
            gone_minor: cells.take()?,
        })
    }
}

impl Columns for Shares {
    const KINDS: &'static [Kind] = &[Kind::Int; 3];
    fn put(&self, out: &mut Vec<Value>) {
        self.discount_minor.put(out);
        self.discount_merchant_minor.put(out);
        self.parts_minor.put(out);
    }
    fn take(cells: &mut Cells) -> Result<Self, Unreadable> {
        Ok(Self {
            discount_minor: cells.take()?,
            discount_merchant_minor: cells.take()?,
            parts_minor: cells.take()?,
        })
    }
}

impl Columns for Option<Action> {
    const KINDS: &'static [Kind] = &[Kind::Text, Kind::Text];
    fn put(&self, out: &mut Vec<Value>) {
        self.as_ref().map(|action| action.kind).put(out);
        out.push(self.as_ref().map_or(Value::Null, |action| Value::Text(action.value.clone())));
    }
    fn take(cells: &mut Cells) -> Result<Self, Unreadable> {
        let kind: Option<ActionKind> = cells.take()?;
        let value: Option<String> = cells.take()?;
        Ok(kind.zip(value).map(|(kind, value)| Action { kind, value }))
    }
}

impl Columns for Owner {
    const KINDS: &'static [Kind] = &[Kind::Text, Kind::Id];
    fn put(&self, out: &mut Vec<Value>) {
        out.push(Value::Word(self.word()));
        self.id128().put(out);
    }
    fn take(cells: &mut Cells) -> Result<Self, Unreadable> {
        let word: String = cells.take()?;
        Self::from_parts(&word, cells.take()?).ok_or(Unreadable { wanted: "an owner" })
    }
}

impl Columns for KeyName {
    const KINDS: &'static [Kind] = &[Kind::Id, Kind::Text, Kind::Text];
    fn put(&self, out: &mut Vec<Value>) {
        self.tenant_id.put(out);
        self.kind.put(out);
        self.key.put(out);
    }
    fn take(cells: &mut Cells) -> Result<Self, Unreadable> {
        Ok(Self { tenant_id: cells.take()?, kind: cells.take()?, key: cells.take()? })
    }
}

impl Columns for IdempotencyName {
    const KINDS: &'static [Kind] = &[Kind::Id, Kind::Id, Kind::Text];
    fn put(&self, out: &mut Vec<Value>) {
        self.tenant_id.put(out);
        self.app_id.put(out);
        self.key.put(out);
    }
    fn take(cells: &mut Cells) -> Result<Self, Unreadable> {
        Ok(Self { tenant_id: cells.take()?, app_id: cells.take()?, key: cells.take()? })
    }
}
