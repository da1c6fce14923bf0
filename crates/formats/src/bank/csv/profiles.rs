//! Mappings of exports seen often; a tenant's own are stored as data.

use super::mapping::Mapping;

/// Names and texts of the mappings that come with the program.
const PROFILES: [(&str, &str); 4] = [
    ("ccb_corporate", include_str!("profiles/ccb_corporate.json")),
    ("cmb_debit", include_str!("profiles/cmb_debit.json")),
    ("debit_credit", include_str!("profiles/debit_credit.json")),
    ("sign_flag", include_str!("profiles/sign_flag.json")),
];

/// The mapping of this name; `debit_credit` and `sign_flag` know the column names that most banks use.
#[must_use]
pub fn profile(name: &str) -> Option<Mapping> {
    let (_, text) = PROFILES.iter().find(|(known, _)| *known == name)?;
    serde_json::from_str(text).ok()
}
