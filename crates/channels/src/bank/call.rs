//! What is asked, and what came back before anybody read it.

use super::Link;
use tk_domain::bank_link::{Asking, PullTrouble};
use tk_domain::moment::date_text;

/// The header by which a bank signs a file: RSA-SHA256 over its bytes, base64.
pub const SIGNATURE_HEADER: &str = "x-statement-signature";

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A whole file.
    File {
        /// Its bytes.
        bytes: Vec<u8>,
        /// The bank's signature over them, base64.
        signature: Option<String>,
    },
    /// No file, and why.
    None {
        /// What is wrong.
        trouble: PullTrouble,
        /// The same in words.
        detail: String,
    },
}

impl Answer {
    /// No file.
    pub(super) fn none(trouble: PullTrouble, detail: impl Into<String>) -> Self {
        Self::None { trouble, detail: detail.into() }
    }

    /// What a status says where it is not 200.
    #[must_use]
    pub fn of_status(status: u16) -> Self {
        let trouble = match status {
            204 | 409 | 425 => PullTrouble::NotYet,
            401 | 403 | 404 => PullTrouble::TurnedAway,
            _ => PullTrouble::Unreachable,
        };
        Self::none(trouble, format!("HTTP status {status}"))
    }
}

/// The address of a statement: `{url}/accounts/{number}/statements/{date}?format=…&kind=…`.
#[must_use]
pub fn statement_url(link: &Link, asking: Asking) -> String {
    let url = link.terms.url.as_deref().unwrap_or_default();
    let (number, date) = (&link.account.account_no, date_text(asking.day));
    let (format, kind) = (link.terms.format.word(), asking.kind.word());
    format!("{url}/accounts/{number}/statements/{date}?format={format}&kind={kind}")
}
