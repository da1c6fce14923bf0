//! Photos of the document, and sending a check that waited for them.

use super::open::ASK_AFTER_US;
use super::{
    ID_PHOTOS_MAX, IdentityCheck, IdentityLevel, IdentityPhoto, IdentityStatus, PhotoKind, PhotoSide,
};
use crate::audit::{Act, Origin};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::id::{IdentityCheckId, IdentityPhotoId, TenantId};
use crate::moment::Moment;
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use serde_json::json;

/// Adds a photo to a check that was not sent yet.
#[derive(Debug, Clone)]
pub struct AddIdentityPhoto {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The check.
    pub check_id: IdentityCheckId,
    /// The identifier, drawn by the caller because the picture is sealed for it.
    pub photo_id: IdentityPhotoId,
    /// Which side it shows.
    pub side: PhotoSide,
    /// What it is by its content.
    pub kind: PhotoKind,
    /// The picture without metadata, sealed.
    pub sealed: Vec<u8>,
    /// Its size before sealing, bytes.
    pub size_bytes: i64,
    /// Who asks.
    pub origin: Origin,
}

fn the_check(
    snapshot: &Snapshot,
    (tenant_id, id): (TenantId, IdentityCheckId),
) -> Result<&IdentityCheck, Refusal> {
    snapshot.identity_checks.get(&(tenant_id, id)).ok_or(Refusal::NotFound { what: "identity_check" })
}

impl Command for AddIdentityPhoto {
    type Reply = IdentityCheck;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, _snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::IdentityCheck(self.tenant_id, self.check_id));
    }

    fn decide(
        &self,
        snapshot: &Snapshot,
        moment: &mut Moment<'_>,
    ) -> Result<Decision<IdentityCheck>, Refusal> {
        let mut check = the_check(snapshot, (self.tenant_id, self.check_id))?.clone();
        if check.status != IdentityStatus::Created || check.level != IdentityLevel::Face {
            return Err(Refusal::IdentityNotOpen);
        }
        if check.photos_count >= ID_PHOTOS_MAX {
            return Err(Refusal::LimitReached { what: "identity_photos", max: ID_PHOTOS_MAX });
        }
        check.photos_count = check.photos_count.saturating_add(1);
        match self.side {
            PhotoSide::Front => check.has_front = true,
            PhotoSide::Back => check.has_back = true,
        }
        check.updated_at_us = moment.now_us;
        let photo = IdentityPhoto {
            tenant_id: self.tenant_id,
            id: self.photo_id,
            check_id: self.check_id,
            side: self.side,
            kind: self.kind,
            sealed: self.sealed.clone(),
            size_bytes: self.size_bytes,
            created_at_us: moment.now_us,
            version: 0,
        };
        let mut changes = Changes::default();
        let detail = json!({ "photo": photo.id, "side": photo.side, "bytes": photo.size_bytes });
        changes.audit((self.tenant_id, &self.origin), Act::IdentityPhotoAdd, &check.id, &detail, moment);
        changes.put(photo);
        changes.put(check.clone());
        Ok(Decision::new(check, changes))
    }
}

/// How a check's face gets before a camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaceWay {
    /// It goes to the provider with the call, and is kept nowhere.
    Brought,
    /// The payer is handed over to the provider's own page; we never see it.
    HandedOver,
}

/// Sends a check with its photos to the provider.
#[derive(Debug, Clone)]
pub struct SendIdentityCheck {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The check.
    pub check_id: IdentityCheckId,
    /// How the face gets before a camera.
    pub face: FaceWay,
    /// Who asks.
    pub origin: Origin,
}

impl Command for SendIdentityCheck {
    type Reply = IdentityCheck;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, _snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::IdentityCheck(self.tenant_id, self.check_id));
    }

    fn decide(
        &self,
        snapshot: &Snapshot,
        moment: &mut Moment<'_>,
    ) -> Result<Decision<IdentityCheck>, Refusal> {
        let mut check = the_check(snapshot, (self.tenant_id, self.check_id))?.clone();
        if check.status != IdentityStatus::Created {
            return Err(Refusal::IdentityNotOpen);
        }
        if check.level == IdentityLevel::Face && !(check.has_front && check.has_back) {
            return Err(Refusal::FieldInvalid { param: "photos", reason: "front and back are needed" });
        }
        check.status = IdentityStatus::Processing;
        check.sent_at_us = Some(moment.now_us);
        check.handed_over_at_us = (self.face == FaceWay::HandedOver).then_some(moment.now_us);
        check.due_at_us = moment.after(ASK_AFTER_US);
        check.updated_at_us = moment.now_us;
        let mut changes = Changes::default();
        let detail = json!({ "status": check.status });
        changes.audit((self.tenant_id, &self.origin), Act::IdentitySend, &check.id, &detail, moment);
        changes.put(check.clone());
        Ok(Decision::new(check, changes))
    }
}

/// Reads a photo, for a reason that is logged with the reader's name.
#[derive(Debug, Clone)]
pub struct ReadIdentityPhoto {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The check.
    pub check_id: IdentityCheckId,
    /// The photo.
    pub photo_id: IdentityPhotoId,
    /// Why it is read.
    pub reason: String,
    /// Who reads it.
    pub by: String,
    /// Who asks.
    pub origin: Origin,
}

impl Command for ReadIdentityPhoto {
    type Reply = IdentityPhoto;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, _snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::IdentityPhoto(self.tenant_id, self.photo_id));
    }

    fn decide(
        &self,
        snapshot: &Snapshot,
        moment: &mut Moment<'_>,
    ) -> Result<Decision<IdentityPhoto>, Refusal> {
        let photo = snapshot.identity_photos.get(&(self.tenant_id, self.photo_id));
        let photo = photo.filter(|photo| photo.check_id == self.check_id);
        let photo = photo.ok_or(Refusal::NotFound { what: "identity_photo" })?;
        let invalid = |param, reason| Err(Refusal::FieldInvalid { param, reason });
        if self.by.trim().is_empty() {
            return invalid("actor", "the reader's name");
        }
        if self.reason.trim().is_empty() {
            return invalid("reason", "why it is read");
        }
        let mut changes = Changes::default();
        let detail = json!({ "photo": photo.id, "by": self.by, "reason": self.reason });
        changes.audit(
            (self.tenant_id, &self.origin),
            Act::IdentityPhotoRead,
            &photo.check_id,
            &detail,
            moment,
        );
        Ok(Decision::new(photo.clone(), changes))
    }
}
