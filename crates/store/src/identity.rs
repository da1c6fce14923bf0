//! Identity checks.

use crate::failure::Failure;
use crate::reader::{Listed, Page, Query, records};
use crate::record::{Record, decided, record};
use crate::store::Store;
use crate::value::Value;
use crate::writer::request::Sql;
use tk_domain::id::{
    IdentityCheckId, IdentityPhotoId, IdentityPolicyId, PayerId, PaymentId, TenantId, TypedId,
};
use tk_domain::identity::{
    IdentityCheck, IdentityLevel, IdentityPhoto, IdentityPolicy, IdentityStatus, PayerSum, PaymentIdentity,
    PhotoKind, PhotoSide,
};

record! {
    IdentityPolicy in "identity_policies", keys 2, Contended, Unlocked;
    tenant_id: TenantId,
    id: IdentityPolicyId,
    name_from_minor: Option<i64>,
    face_from_minor: Option<i64>,
    consent_version: String,
    provider: Option<String>,
    credentials: Option<Vec<u8>>,
    version: i64,
}
decided!(IdentityPolicy, identity_policies);

record! {
    PaymentIdentity in "payment_identities", keys 2, Contended, Unlocked;
    tenant_id: TenantId,
    id: PaymentId,
    payer_id: Option<PayerId>,
    level: Option<IdentityLevel>,
    counted_day: Option<i64>,
    check_id: Option<IdentityCheckId>,
    checks_count: i64,
    version: i64,
}
decided!(PaymentIdentity, payment_identities);

record! {
    PayerSum in "payer_sums", keys 2, Contended, Unlocked;
    tenant_id: TenantId,
    id: PayerId,
    day: i64,
    amount_minor: i64,
    version: i64,
}
decided!(PayerSum, payer_sums);

record! {
    IdentityCheck in "identity_checks", keys 2, Fresh, Unlocked, frozen [
        "payment_id",
        "level",
        "elements",
        "payer_id",
        "masked",
        "sealed",
        "consent_version",
        "consented_at_us",
        "created_at_us",
    ];
    tenant_id: TenantId,
    id: IdentityCheckId,
    payment_id: PaymentId,
    level: IdentityLevel,
    status: IdentityStatus,
    elements: String,
    payer_id: PayerId,
    masked: String,
    sealed: Vec<u8>,
    consent_version: String,
    consented_at_us: i64,
    photos_count: i64,
    has_front: bool,
    has_back: bool,
    sent_at_us: Option<i64>,
    handed_over_at_us: Option<i64>,
    other_way_at_us: Option<i64>,
    due_at_us: i64,
    queries_count: i64,
    failure_code: Option<String>,
    review_reason: Option<String>,
    made_by: Option<String>,
    decided_by: Option<String>,
    created_at_us: i64,
    updated_at_us: i64,
    ended_at_us: Option<i64>,
    version: i64,
}
decided!(IdentityCheck, identity_checks);

record! {
    IdentityPhoto in "identity_photos", keys 2, Fresh, Unlocked;
    tenant_id: TenantId,
    id: IdentityPhotoId,
    check_id: IdentityCheckId,
    side: PhotoSide,
    kind: PhotoKind,
    sealed: Vec<u8>,
    size_bytes: i64,
    created_at_us: i64,
    version: i64,
}
decided!(IdentityPhoto, identity_photos);

/// Which checks are listed.
#[derive(Debug, Clone, Copy, Default)]
pub struct IdentityFilter {
    /// Those of one payment.
    pub payment_id: Option<PaymentId>,
    /// Those that stand there.
    pub status: Option<IdentityStatus>,
    /// Only those whose payer asked for a way other than the face.
    pub other_way_asked: bool,
}

/// Photos of one check that are ever read together; a check has at most four.
const PHOTOS_MAX: i64 = 10;

impl Store {
    /// Identity checks, newest first.
    pub async fn identity_checks(
        &self,
        tenant_id: TenantId,
        which: IdentityFilter,
        page: Page,
    ) -> Result<Listed<IdentityCheck>, Failure> {
        let since_us = which.other_way_asked.then_some(0_i64);
        let query =
            Query::of(tenant_id).only("payment_id =", which.payment_id).only("status =", which.status);
        self.list(query.only("other_way_at_us >=", since_us), page).await
    }

    /// The photos of a check, the oldest first.
    pub async fn identity_photos_of(
        &self,
        tenant_id: TenantId,
        check_id: IdentityCheckId,
    ) -> Result<Vec<IdentityPhoto>, Failure> {
        let query = Query::<IdentityPhoto>::of(tenant_id).only("check_id =", Some(check_id));
        records(self.read_one(tenant_id, query.all("id", PHOTOS_MAX)).await?)
    }

    /// Checks of a tenant whose provider is to be asked now, the longest overdue first.
    pub async fn identity_checks_due(
        &self,
        tenant_id: TenantId,
        now_us: i64,
        limit: i64,
    ) -> Result<Vec<IdentityCheck>, Failure> {
        let table = IdentityCheck::table();
        let statement = Sql {
            text: format!(
                "SELECT {} FROM {} WHERE tenant_id = ?1 AND due_at_us <= ?2 AND ended_at_us IS NULL
                   AND status IN ('processing', 'unknown') ORDER BY due_at_us LIMIT ?3",
                table.column_list(),
                table.name
            ),
            params: vec![Value::Id(tenant_id.id128().0), Value::Int(now_us), Value::Int(limit)],
            returns: table.kinds.clone(),
        };
        records(self.read_one(tenant_id, statement).await?)
    }
}
