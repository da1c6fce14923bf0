//! Security records as published.

use serde::Serialize;
use tk_domain::moment::time_text;
use tk_domain::security::SecurityRecord;
use utoipa::ToSchema;

/// Callers turned away for one reason, from one source, within one minute.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SecurityRecord)]
pub struct SecurityRecordView {
    /// `sec_…`
    pub id: String,
    /// Always `security_record`.
    pub object: &'static str,
    /// Whether real money is concerned.
    pub livemode: bool,
    /// The code that they were answered, such as `callback_signature_invalid`.
    pub code: String,
    /// The address they came from; `others` where many came within the minute.
    pub source: String,
    /// The key or the channel account that they spoke for, where it is known.
    pub subject: Option<String>,
    /// How often within the minute.
    pub times: i64,
    /// RFC 3339.
    pub first_at: String,
    /// RFC 3339.
    pub last_at: String,
}

impl SecurityRecordView {
    /// The published form.
    #[must_use]
    pub fn of(record: &SecurityRecord, live: bool) -> Self {
        Self {
            id: record.id.to_string(),
            object: "security_record",
            livemode: live,
            code: record.code.clone(),
            source: record.source.clone(),
            subject: record.subject.clone(),
            times: record.times,
            first_at: time_text(record.first_at_us),
            last_at: time_text(record.last_at_us),
        }
    }
}
