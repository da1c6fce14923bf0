//! The rows of identity checks.

use crate::id::{IdentityCheckId, IdentityPhotoId, PayerId, PaymentId, TenantId};
use crate::moment::time_text;
use crate::words::words;
use serde::Serialize;
use serde_json::{Value, value::RawValue};

/// Photos of one check: front and back, each taken again once.
pub const ID_PHOTOS_MAX: i64 = 4;

words! {
    /// How much was proven, the less first.
    IdentityLevel {
        /// Name and document number belong together.
        RealName = "real_name",
        /// So does the face before the camera.
        Face = "face",
    }
}

words! {
    /// What is compared with each other.
    Element {
        /// The name.
        Name = "name",
        /// The number of the identity document.
        IdNumber = "id_number",
        /// The bank card.
        Card = "card",
        /// The telephone.
        Phone = "phone",
    }
}

words! {
    /// Where a check stands.
    IdentityStatus {
        /// Photos may be added.
        Created = "created",
        /// It is on its way to the provider.
        Processing = "processing",
        /// The provider may or may not have decided; it is asked.
        Unknown = "unknown",
        /// Proven.
        Passed = "passed",
        /// Not proven.
        Failed = "failed",
        /// A second person has to decide.
        PendingApproval = "pending_approval",
        /// The second person said no.
        Rejected = "rejected",
    }
}

words! {
    /// Which side of the document a photo shows.
    PhotoSide {
        /// The side with the portrait.
        Front = "front",
        /// The other side.
        Back = "back",
    }
}

words! {
    /// What a photo is, by its content.
    PhotoKind {
        /// JPEG.
        Jpeg = "image/jpeg",
        /// PNG.
        Png = "image/png",
    }
}

/// One try to prove who pays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityCheck {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Its own identifier.
    pub id: IdentityCheckId,
    /// The payment that waits for it.
    pub payment_id: PaymentId,
    /// What it is to prove.
    pub level: IdentityLevel,
    /// Where it stands.
    pub status: IdentityStatus,
    /// What is compared, a JSON array of element words.
    pub elements: String,
    /// The payer by the blind index of the document number.
    pub payer_id: PayerId,
    /// The elements with their middles hidden, a JSON object.
    pub masked: String,
    /// The elements, sealed.
    pub sealed: Vec<u8>,
    /// Which text the payer consented to.
    pub consent_version: String,
    /// When, Unix microseconds.
    pub consented_at_us: i64,
    /// How many photos it has.
    pub photos_count: i64,
    /// Whether the side with the portrait is among them.
    pub has_front: bool,
    /// Whether the other side is.
    pub has_back: bool,
    /// When it was sent to the provider, Unix microseconds.
    pub sent_at_us: Option<i64>,
    /// When the payer was handed over to the provider's own page for his face, Unix microseconds.
    pub handed_over_at_us: Option<i64>,
    /// When the payer asked for a way other than the face, Unix microseconds.
    pub other_way_at_us: Option<i64>,
    /// When the provider is to be asked, Unix microseconds.
    pub due_at_us: i64,
    /// How often it was asked.
    pub queries_count: i64,
    /// Why it was not proven.
    pub failure_code: Option<String>,
    /// Why a person is to look.
    pub review_reason: Option<String>,
    /// Who asked for that.
    pub made_by: Option<String>,
    /// Who decided it.
    pub decided_by: Option<String>,
    /// Unix microseconds.
    pub created_at_us: i64,
    /// Unix microseconds.
    pub updated_at_us: i64,
    /// When it ended, Unix microseconds.
    pub ended_at_us: Option<i64>,
    /// Counts the commits that changed the row.
    pub version: i64,
}

impl IdentityCheck {
    /// Whether an outcome is still awaited, so that no other check may begin.
    #[must_use]
    pub const fn pending(&self) -> bool {
        matches!(
            self.status,
            IdentityStatus::Processing | IdentityStatus::Unknown | IdentityStatus::PendingApproval
        )
    }
}

/// A photo of a document, without whatever its camera wrote beside the picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityPhoto {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Its own identifier.
    pub id: IdentityPhotoId,
    /// The check.
    pub check_id: IdentityCheckId,
    /// Which side.
    pub side: PhotoSide,
    /// What it is.
    pub kind: PhotoKind,
    /// The picture, sealed.
    pub sealed: Vec<u8>,
    /// Its size before sealing, bytes.
    pub size_bytes: i64,
    /// Unix microseconds.
    pub created_at_us: i64,
    /// Counts the commits that changed the row.
    pub version: i64,
}

/// What is proven about the payer of one payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentIdentity {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The payment.
    pub id: PaymentId,
    /// The payer, if known.
    pub payer_id: Option<PayerId>,
    /// What is proven.
    pub level: Option<IdentityLevel>,
    /// The Shanghai day in whose sum the payment is counted, days since 1970-01-01.
    pub counted_day: Option<i64>,
    /// The check begun last.
    pub check_id: Option<IdentityCheckId>,
    /// How many checks were begun.
    pub checks_count: i64,
    /// Counts the commits that changed the row.
    pub version: i64,
}

impl PaymentIdentity {
    /// Nothing is proven yet.
    #[must_use]
    pub const fn start(tenant_id: TenantId, id: PaymentId, payer_id: Option<PayerId>) -> Self {
        Self {
            tenant_id,
            id,
            payer_id,
            level: None,
            counted_day: None,
            check_id: None,
            checks_count: 0,
            version: 0,
        }
    }
}

/// What one payer has set out to pay on one Shanghai day, found by a blind index and readable by nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayerSum {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The payer.
    pub id: PayerId,
    /// The last day on which he began to pay, days since 1970-01-01.
    pub day: i64,
    /// The sum of that day, minor units.
    pub amount_minor: i64,
    /// Counts the commits that changed the row.
    pub version: i64,
}

/// A check as published: nothing of it opens what is sealed.
#[derive(Debug, Clone, Serialize)]
pub struct IdentityCheckView {
    /// `idc_…`
    pub id: String,
    /// Always `identity_check`.
    pub object: &'static str,
    /// `pay_…`
    pub payment: String,
    /// What it is to prove.
    pub level: IdentityLevel,
    /// Never `unknown`: then it is `processing` with `outcome_unknown`.
    pub status: IdentityStatus,
    /// Whether the provider may have decided without our knowing.
    pub outcome_unknown: bool,
    /// The elements with their middles hidden.
    pub elements: Option<Box<RawValue>>,
    /// Which text the payer consented to.
    pub consent_version: String,
    /// How many photos it has.
    pub photos: i64,
    /// Why it was not proven.
    pub failure: Option<String>,
    /// Why a person is to look, who asked and who decided.
    pub review: Option<Value>,
    /// When the payer asked for a way other than the face, RFC 3339.
    pub other_way_asked_at: Option<String>,
    /// RFC 3339.
    pub created: String,
    /// RFC 3339.
    pub ended_at: Option<String>,
}

impl IdentityCheckView {
    /// The published form.
    #[must_use]
    pub fn of(check: &IdentityCheck) -> Self {
        let outcome_unknown = check.status == IdentityStatus::Unknown;
        let review = check.review_reason.as_ref().map(|reason| {
            serde_json::json!({ "reason": reason, "made_by": check.made_by, "decided_by": check.decided_by })
        });
        Self {
            id: check.id.to_string(),
            object: "identity_check",
            payment: check.payment_id.to_string(),
            level: check.level,
            status: if outcome_unknown { IdentityStatus::Processing } else { check.status },
            outcome_unknown,
            elements: serde_json::from_str(&check.masked).ok(),
            consent_version: check.consent_version.clone(),
            photos: check.photos_count,
            failure: check.failure_code.clone(),
            review,
            other_way_asked_at: check.other_way_at_us.map(time_text),
            created: time_text(check.created_at_us),
            ended_at: check.ended_at_us.map(time_text),
        }
    }
}
