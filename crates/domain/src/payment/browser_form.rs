//! A form that the payer's browser posts to a channel.

use serde::{Deserialize, Serialize};

/// An address and the fields to post there, in their order; made and signed by the channel's adapter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrowserForm {
    /// Where it is posted to.
    pub url: String,
    /// Names and values.
    pub fields: Vec<(String, String)>,
}

impl BrowserForm {
    /// The form as the value of an action: a JSON object.
    #[must_use]
    pub fn to_value(&self) -> String {
        serde_json::json!({ "url": self.url, "fields": self.fields }).to_string()
    }

    /// Reads the value of an action; nothing if it is no form.
    #[must_use]
    pub fn parse(value: &str) -> Option<Self> {
        serde_json::from_str(value).ok()
    }
}
