//! Who pays: real-name checks and, above a further threshold, ID photos with liveness, before money is taken.
//!
//! ```text
//! created → processing ⇄ unknown → passed | failed
//! created | failed → pending_approval → passed | rejected        (by two persons, a way other than the face)
//! ```
//! A face is never kept: it passes through memory to the provider, and only the outcome stays.

mod check;
mod gate;
mod open;
mod photo;
mod policy;
mod report;
mod review;

pub use check::{
    Element, ID_PHOTOS_MAX, IdentityCheck, IdentityCheckView, IdentityLevel, IdentityPhoto, IdentityStatus,
    PayerSum, PaymentIdentity, PhotoKind, PhotoSide,
};
pub use gate::{Gate, required, want};
pub use open::{CHECKS_MAX, OpenIdentityCheck, Sending};
pub use photo::{AddIdentityPhoto, FaceWay, ReadIdentityPhoto, SendIdentityCheck};
pub(crate) use policy::check_thresholds;
pub use policy::{IdentityPolicy, IdentityPolicyTerms, SaveIdentityPolicy};
pub use report::{IdentityFinding, TakeIdentityReport};
pub use review::{AskOtherWay, DecideIdentityReview, RequestIdentityReview};
