//! Contracts with channels.

use crate::failure::Failure;
use crate::reader::{Listed, Page, Query, tuples};
use crate::record::{decided, record};
use crate::store::Store;
use crate::value::{Kind, Value};
use crate::writer::request::Sql;
use tk_domain::channel_account::{Channel, ChannelAccount, Collects};
use tk_domain::id::{ChannelAccountId, OperatingProfileId, PartnerId, TenantId};
use tk_domain::operating_profile::{OperatingProfile, ProfileKind};
use tk_money::{Currency, Rate};

record! {
    ChannelAccount in "channel_accounts", keys 2, Fresh, Unlocked;
    tenant_id: TenantId,
    id: ChannelAccountId,
    channel: Channel,
    name: String,
    currency: Currency,
    methods: String,
    merchants: Option<String>,
    products: Option<String>,
    partner_id: Option<PartnerId>,
    amount_min_minor: i64,
    amount_max_minor: i64,
    priority: i64,
    payee_app: String,
    payee_merchant: String,
    collects: Collects,
    fee_rate: Rate,
    fee_returned: bool,
    refund_window_days: i64,
    split_rate_max_ppm: i64,
    settings: String,
    credentials: Vec<u8>,
    enabled: bool,
    created_at_us: i64,
    version: i64,
}
decided!(ChannelAccount, channel_accounts);

record! {
    OperatingProfile in "operating_profiles", keys 2, Contended, Unlocked;
    tenant_id: TenantId,
    id: OperatingProfileId,
    kind: ProfileKind,
    licence_no: Option<String>,
    version: i64,
}
decided!(OperatingProfile, operating_profiles);

impl Store {
    /// Channel accounts, newest first.
    pub async fn channel_accounts(
        &self,
        tenant_id: TenantId,
        partner_id: Option<PartnerId>,
        page: Page,
    ) -> Result<Listed<ChannelAccount>, Failure> {
        self.list(Query::of(tenant_id).only("partner_id =", partner_id), page).await
    }

    /// The version of each channel account: what was parsed from a row holds while its version does.
    pub async fn channel_account_versions(
        &self,
        tenant_id: TenantId,
    ) -> Result<Vec<(ChannelAccountId, i64)>, Failure> {
        let statement = Sql {
            text: "SELECT id, version FROM channel_accounts WHERE tenant_id = ?1 ORDER BY id LIMIT 200"
                .to_owned(),
            params: vec![Value::Id(tenant_id.0.0)],
            returns: vec![Kind::Id, Kind::Int],
        };
        tuples(self.read_one(tenant_id, statement).await?)
    }
}
