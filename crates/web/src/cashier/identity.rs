//! Proving who pays, on the payment's own page: form, photos, the provider's camera, waiting, another way.

mod fields;
pub mod forms;

use super::frame::{Frame, Visit};
use super::pages::Notice;
use super::stage::{Rows, Stage};
use crate::locale::{Locale, text};
use askama::Template;
use fields::Field;
pub use fields::Told;
use serde_json::{Map, Value};
use tk_app::identity::Standing;
use tk_domain::identity::{IdentityCheck, IdentityLevel, IdentityStatus, PhotoSide};

/// Seconds after which a page that waits is loaded again.
const RELOAD_S: i64 = 5;

/// What the payer has to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Say who he is.
    Form,
    /// Bring photos of his document.
    Photos,
    /// Go to the provider's camera.
    Camera,
    /// Wait for the provider.
    Waiting,
    /// Wait for a person.
    Review,
    /// Nothing here: the payee has to help.
    Over,
}

impl Step {
    /// The step of a payer of whom this much is missing.
    pub fn of(standing: &Standing, level: IdentityLevel) -> Self {
        let again = if standing.more { Self::Form } else { Self::Over };
        let Some(check) = &standing.check else { return again };
        let asked = check.other_way_at_us.is_some();
        match check.status {
            IdentityStatus::Created | IdentityStatus::Failed if asked => Self::Review,
            IdentityStatus::Created if check.level < level || check.level == IdentityLevel::RealName => again,
            IdentityStatus::Created if check.has_front && check.has_back => Self::Camera,
            IdentityStatus::Created => Self::Photos,
            IdentityStatus::Processing | IdentityStatus::Unknown => Self::Waiting,
            IdentityStatus::PendingApproval => Self::Review,
            IdentityStatus::Passed | IdentityStatus::Failed => again,
            IdentityStatus::Rejected => Self::Over,
        }
    }

    const fn heading(self) -> &'static str {
        match self {
            Self::Form => "identity-heading",
            Self::Photos => "identity-photos-heading",
            Self::Camera => "identity-camera-heading",
            Self::Waiting => "identity-waiting-heading",
            Self::Review => "identity-review-heading",
            Self::Over => "identity-over-heading",
        }
    }
}

/// A photo that is wanted.
#[derive(Debug, Clone)]
pub struct Side {
    /// `front` or `back`.
    pub name: &'static str,
    /// Which side it is to show.
    pub label: String,
    /// Whether it is there.
    pub there: bool,
    /// What was wrong with the last one.
    pub error: String,
}

/// Something that is known of the payer, with its middle hidden.
#[derive(Debug, Clone)]
pub struct Fact {
    /// What it is.
    pub label: String,
    /// It.
    pub value: String,
}

/// Proving who pays.
#[derive(Debug, Clone, Template)]
#[template(path = "cashier/identity.html")]
pub struct IdentityPage {
    /// What every page has.
    pub frame: Frame,
    /// What is to be done.
    pub step: Step,
    /// Whether the face is wanted too.
    pub face: bool,
    /// What happened before.
    pub notices: Vec<Notice>,
    /// The form.
    pub fields: Vec<Field>,
    /// What has to be agreed to.
    pub consent: Vec<String>,
    /// Which text that is.
    pub version: String,
    /// What is wrong with the consent; empty where nothing is.
    pub consent_error: String,
    /// The photos.
    pub sides: Vec<Side>,
    /// What is known, with its middle hidden.
    pub facts: Vec<Fact>,
    /// Whether the payer may ask for a way other than the face.
    pub other_way: bool,
    /// Whether the provider's camera still waits for him.
    pub camera: bool,
}

impl IdentityPage {
    fn is(&self, step: &str) -> bool {
        let named = match self.step {
            Step::Form => "form",
            Step::Photos => "photos",
            Step::Camera => "camera",
            Step::Waiting => "waiting",
            Step::Review => "review",
            Step::Over => "over",
        };
        named == step
    }

    fn errors(&self) -> Vec<(&'static str, &str)> {
        let fields = self.fields.iter().map(|field| (field.name, field.error.as_str()));
        let sides = self.sides.iter().map(|side| (side.name, side.error.as_str()));
        let consent = [("consent", self.consent_error.as_str())];
        fields.chain(sides).chain(consent).filter(|(_, error)| !error.is_empty()).collect()
    }
}

/// The page of the step at which the payer is, with what he typed and what was wrong with it.
pub fn current(visit: &Visit, rows: &Rows, told: &Told) -> IdentityPage {
    let (locale, unproven) = (visit.locale, rows.unproven());
    let step = unproven.map_or(Step::Over, |(standing, level)| Step::of(standing, level));
    let face = unproven.is_some_and(|(_, level)| level == IdentityLevel::Face);
    let check = unproven.and_then(|(standing, _)| standing.check.as_ref());
    let frame = Frame::of(visit, rows, Stage::Identity, step.heading());
    let waits = matches!(step, Step::Waiting | Step::Review);
    let version = unproven.map(|(standing, _)| standing.consent_version.as_str()).unwrap_or_default();
    IdentityPage {
        frame: if waits { frame.reloading(RELOAD_S, "") } else { frame },
        step,
        face,
        notices: check.and_then(|check| failed(locale, check)).into_iter().collect(),
        fields: if step == Step::Form { fields::all(locale, told) } else { Vec::new() },
        consent: if step == Step::Form { consent(locale, rows, (face, version)) } else { Vec::new() },
        version: version.to_owned(),
        consent_error: told.error(locale, "consent"),
        sides: if step == Step::Photos { sides(locale, check, told) } else { Vec::new() },
        facts: check.filter(|_| step != Step::Form).map(|check| facts(locale, check)).unwrap_or_default(),
        other_way: check.is_some_and(other_way),
        camera: step == Step::Waiting && check.is_some_and(|check| check.handed_over_at_us.is_some()),
    }
}

/// The news that who pays is proven, above the choice of methods.
pub fn proven(locale: Locale, rows: &Rows) -> Option<Notice> {
    let standing = rows.identity.as_ref().filter(|standing| standing.missing.is_none())?;
    let passed = standing.check.as_ref().is_some_and(|check| check.status == IdentityStatus::Passed);
    passed.then(|| Notice { tone: "ok", line: text(locale, "identity-passed", &[]), detail: String::new() })
}

/// A person can look at photos only where there are some.
fn other_way(check: &IdentityCheck) -> bool {
    let open = matches!(check.status, IdentityStatus::Created | IdentityStatus::Failed);
    open && check.level == IdentityLevel::Face
        && check.has_front
        && check.has_back
        && check.other_way_at_us.is_none()
}

fn failed(locale: Locale, check: &IdentityCheck) -> Option<Notice> {
    let code = check.failure_code.as_deref().filter(|_| check.status == IdentityStatus::Failed)?;
    let key = match code {
        "name_and_number_differ" => "identity-failed-name",
        "face_differs" => "identity-failed-face",
        "face_unclear" => "identity-failed-dark",
        "liveness_expired" => "identity-failed-expired",
        "photos_missing" => "identity-failed-photos",
        "not_received" => "identity-failed-lost",
        _ => "identity-failed-other",
    };
    let line = text(locale, key, &[]);
    Some(Notice { tone: "bad", line, detail: text(locale, "identity-failed-next", &[]) })
}

fn consent(locale: Locale, rows: &Rows, (face, version): (bool, &str)) -> Vec<String> {
    let args = [("payee", rows.payee.as_str()), ("version", version)];
    let purpose = if face { "identity-consent-face" } else { "identity-consent-name" };
    ["identity-consent-use", purpose, "identity-consent-keep", "identity-consent-version"]
        .map(|key| text(locale, key, &args))
        .to_vec()
}

fn sides(locale: Locale, check: Option<&IdentityCheck>, told: &Told) -> Vec<Side> {
    let side = |side: PhotoSide, there: bool| Side {
        name: side.word(),
        label: text(locale, &format!("identity-photo-{}", side.word()), &[]),
        there,
        error: told.error(locale, side.word()),
    };
    vec![
        side(PhotoSide::Front, check.is_some_and(|check| check.has_front)),
        side(PhotoSide::Back, check.is_some_and(|check| check.has_back)),
    ]
}

fn facts(locale: Locale, check: &IdentityCheck) -> Vec<Fact> {
    let masked: Map<String, Value> = serde_json::from_str(&check.masked).unwrap_or_default();
    let known = [
        ("name", "identity-name"),
        ("id_number", "identity-id-number"),
        ("card", "identity-card"),
        ("phone", "identity-phone"),
    ];
    known
        .into_iter()
        .filter_map(|(element, key)| Some((masked.get(element)?.as_str()?, key)))
        .map(|(value, key)| Fact { label: text(locale, key, &[]), value: value.to_owned() })
        .collect()
}
