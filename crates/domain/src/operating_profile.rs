//! What a company may do with money by its licences; whoever has none never clears between others (二清).

use crate::audit::{Act, Origin};
use crate::channel_account::{Channel, ChannelAccount, Collects};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::id::{OperatingProfileId, TenantId};
use crate::moment::Moment;
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use crate::words::words;
use serde_json::json;

words! {
    /// What a company is.
    ProfileKind {
        /// It collects receivables of its own or of its group.
        OwnFunds = "own_funds",
        /// It serves merchants whose money reaches their own accounts; it never holds funds.
        ServiceProvider = "service_provider",
        /// A payment institution: it holds and settles the funds of others.
        LicensedInstitution = "licensed_institution",
    }
}

/// What a tenant is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatingProfile {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The tenant's own bytes: each has one profile.
    pub id: OperatingProfileId,
    /// What it is.
    pub kind: ProfileKind,
    /// The number of its licence, for a payment institution.
    pub licence_no: Option<String>,
    /// Counts the commits that changed the row.
    pub version: i64,
}

/// The identifier of a tenant's profile.
#[must_use]
pub const fn profile_id(tenant_id: TenantId) -> OperatingProfileId {
    OperatingProfileId(tenant_id.0)
}

impl ProfileKind {
    /// Whether money of one legal entity may be given to another in the books.
    #[must_use]
    pub const fn clears_for_others(self) -> bool {
        match self {
            Self::LicensedInstitution => true,
            Self::OwnFunds | Self::ServiceProvider => false,
        }
    }

    /// Refuses a contract that this company may not have: funds of others that a service provider would hold, or a
    /// payment institution wired straight to a bank (断直连).
    pub(crate) fn check_contract(self, account: &ChannelAccount) -> Result<(), Refusal> {
        let reason = match (self, account.collects, account.channel) {
            (Self::ServiceProvider, Collects::Own, _) => "a service provider holds no funds",
            (Self::LicensedInstitution, _, Channel::BankDirect) => {
                "a payment institution is not wired straight to a bank"
            }
            (Self::ServiceProvider, Collects::SubMerchant, _)
            | (Self::OwnFunds, _, _)
            | (
                Self::LicensedInstitution,
                _,
                Channel::Alipay | Channel::Wechatpay | Channel::Unionpay | Channel::Counter,
            ) => return Ok(()),
        };
        Err(Refusal::ProfileForbids { reason })
    }
}

/// Says what a tenant is; its contracts must be such as it may have.
#[derive(Debug, Clone)]
pub struct SetOperatingProfile {
    /// The tenant.
    pub tenant_id: TenantId,
    /// What it is.
    pub kind: ProfileKind,
    /// The number of its licence: 1 to 64 bytes for a payment institution, none for others.
    pub licence_no: Option<String>,
    /// Who asks.
    pub origin: Origin,
}

impl SetOperatingProfile {
    fn check(&self, snapshot: &Snapshot) -> Result<(), Refusal> {
        let licensed = self.kind == ProfileKind::LicensedInstitution;
        let sound = self.licence_no.as_ref().is_some_and(|number| (1..=64).contains(&number.len()));
        if licensed != sound || licensed != self.licence_no.is_some() {
            let reason = "1 to 64 bytes for a payment institution, none for others";
            return Err(Refusal::FieldInvalid { param: "licence_no", reason });
        }
        snapshot.channel_accounts_of(self.tenant_id).try_for_each(|account| self.kind.check_contract(account))
    }
}

impl Command for SetOperatingProfile {
    type Reply = OperatingProfile;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, _snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::OperatingProfile(self.tenant_id));
        wants.add(Want::ChannelAccounts(self.tenant_id));
    }

    fn decide(
        &self,
        snapshot: &Snapshot,
        moment: &mut Moment<'_>,
    ) -> Result<Decision<OperatingProfile>, Refusal> {
        self.check(snapshot)?;
        let stored = snapshot.operating_profiles.get(&(self.tenant_id, profile_id(self.tenant_id)));
        let profile = OperatingProfile {
            tenant_id: self.tenant_id,
            id: profile_id(self.tenant_id),
            kind: self.kind,
            licence_no: self.licence_no.clone(),
            version: stored.map_or(0, |stored| stored.version),
        };
        if stored == Some(&profile) {
            return Ok(Decision::nothing(profile));
        }
        let mut changes = Changes::default();
        let detail = json!({ "kind": self.kind, "licence_no": self.licence_no });
        changes.audit(
            (self.tenant_id, &self.origin),
            Act::OperatingProfileWrite,
            &profile.id,
            &detail,
            moment,
        );
        changes.put(profile.clone());
        Ok(Decision::new(profile, changes))
    }
}
