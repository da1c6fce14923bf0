//! Direct links without a database: what is asked, what an answer proves, and folders that files are dropped into.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends there")]

mod answers;
mod folders;
mod following;
mod settings;

use serde_json::{Value, json};
use tillkeeper_channels::Environment;
use tillkeeper_channels::bank::Link;

pub const ACCOUNT: &str = "110902233410801";

/// Settings of an account that is linked by HTTP on this host.
pub fn settings(format: &str) -> Value {
    json!({
        "account_no": ACCOUNT, "account_name": "华元财险", "bank_name": "测试银行",
        "direct_link": {
            "road": "https", "url": "http://127.0.0.1:1/bank", "format": format, "keeper": "王会计",
        },
    })
}

pub fn link(settings: &Value) -> Link {
    Link::open((&settings.to_string(), r#"{"token":"t"}"#), Environment::Test).unwrap()
}
