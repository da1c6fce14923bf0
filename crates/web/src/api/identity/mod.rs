//! `/v1/identity_checks`: proving who pays before a payment above a threshold.

pub mod create;
pub mod face;
pub mod get;
pub mod list;
pub mod photos;
pub mod policy;
pub mod review;

use crate::api::refer;
use crate::auth::Caller;
use crate::problem::{Code, Problem};
use crate::state::WebState;
use tk_app::channels::photo::PhotoError;
use tk_domain::identity::IdentityCheck;

/// The check of this identifier, if the caller sees its payment.
async fn check(state: &WebState, caller: &Caller, id: &str) -> Result<IdentityCheck, Problem> {
    let check: IdentityCheck = refer::row(state, &(caller.tenant_id, refer::parse_id(id)?)).await?;
    if !caller.sees_all() {
        refer::payment(state, caller, check.payment_id).await?;
    }
    Ok(check)
}

/// What is said of bytes that are no photo.
fn refused(error: PhotoError) -> Problem {
    let code = match error {
        PhotoError::TooLarge => Code::FileTooLarge,
        PhotoError::NotAPhoto => Code::FileType,
        PhotoError::Damaged(_) | PhotoError::Dimensions => Code::ImageLimits,
    };
    Problem::field(code, "#", error.to_string())
}
