//! Every "no" that the HTTP surface says by itself, before or instead of a decision.

use axum::http::StatusCode;
use tk_domain::refusal::MoneyState;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $word:literal, $status:ident, $retry:literal;)*) => {
        /// A refusal of the HTTP surface.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code { $($(#[$doc])* $variant,)* }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word on the wire.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// The HTTP status.
            #[must_use]
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status,)* }
            }

            /// Whether the same request may succeed later.
            #[must_use]
            pub const fn retryable(self) -> bool {
                match self { $(Self::$variant => $retry,)* }
            }

            /// Where the money is: nobody knows where the request itself may yet take effect, or may have.
            #[must_use]
            pub const fn money_state(self) -> MoneyState {
                if matches!(self, Self::RequestInProgress | Self::StorageUnavailable | Self::Internal) {
                    MoneyState::Unknown
                } else {
                    MoneyState::NotMoved
                }
            }
        }
    };
}

codes! {
    /// The bearer key is missing, malformed or unknown.
    TokenInvalid = "token_invalid", UNAUTHORIZED, false;
    /// The key is of the other environment.
    WrongEnvironment = "wrong_environment", UNAUTHORIZED, false;
    /// The key was revoked or its app switched off.
    KeyRevoked = "key_revoked", UNAUTHORIZED, false;
    /// The key may not be used from this address.
    IpNotAllowed = "ip_not_allowed", FORBIDDEN, false;
    /// The key's own rate is exceeded.
    RateLimited = "rate_limited", TOO_MANY_REQUESTS, true;
    /// The app has to sign, as every live refund has to be, and did not.
    SignatureMissing = "signature_missing", UNAUTHORIZED, false;
    /// The signature does not verify, or not as the key record says.
    SignatureInvalid = "signature_invalid", UNAUTHORIZED, false;
    /// The signature was made more than 300 s ago or ahead, or has expired.
    TimestampOutOfRange = "timestamp_out_of_range", UNAUTHORIZED, true;
    /// The key lacks the scope.
    ScopeMissing = "scope_missing", FORBIDDEN, false;
    /// The `Api-Version` is not one of ours.
    VersionUnsupported = "version_unsupported", BAD_REQUEST, false;
    /// The headers are too large.
    HeadersTooLarge = "headers_too_large", REQUEST_HEADER_FIELDS_TOO_LARGE, false;
    /// The body is too large.
    BodyTooLarge = "body_too_large", PAYLOAD_TOO_LARGE, false;
    /// The file is larger than 50 MB.
    FileTooLarge = "file_too_large", PAYLOAD_TOO_LARGE, false;
    /// The file is not text.
    FileType = "file_type", UNSUPPORTED_MEDIA_TYPE, false;
    /// The photo is damaged, or a side is too short or too long.
    ImageLimits = "image_limits", UNPROCESSABLE_ENTITY, false;
    /// The XML has a document type declaration.
    XmlDtdForbidden = "xml_dtd_forbidden", UNPROCESSABLE_ENTITY, false;
    /// The statement cannot be read, is cut off, or its sums do not agree.
    StatementInvalid = "statement_invalid", UNPROCESSABLE_ENTITY, false;
    /// The body took too long to arrive.
    BodyTimeout = "body_timeout", REQUEST_TIMEOUT, true;
    /// The body is not JSON by its type.
    MediaTypeUnsupported = "media_type_unsupported", UNSUPPORTED_MEDIA_TYPE, false;
    /// A POST came without an idempotency key.
    IdempotencyKeyRequired = "idempotency_key_required", BAD_REQUEST, false;
    /// The idempotency key is empty, too long or has other than printable ASCII characters.
    IdempotencyKeyInvalid = "idempotency_key_invalid", BAD_REQUEST, false;
    /// The same request is being worked on.
    RequestInProgress = "request_in_progress", CONFLICT, true;
    /// The body is not one JSON object.
    BodyInvalid = "body_invalid", BAD_REQUEST, false;
    /// A member name comes twice in one object.
    FieldDuplicate = "field_duplicate", BAD_REQUEST, false;
    /// A field that must never be sent: card verification value, PIN, track data.
    FieldForbidden = "field_forbidden", BAD_REQUEST, false;
    /// A field that this request does not have.
    UnknownField = "unknown_field", BAD_REQUEST, false;
    /// A required field is missing.
    FieldMissing = "field_missing", BAD_REQUEST, false;
    /// A field has another type or form than it must have.
    FieldMalformed = "field_malformed", BAD_REQUEST, false;
    /// Splits are not part of this version.
    /// An amount with a fraction or exponent.
    AmountNotInteger = "amount_not_integer", BAD_REQUEST, false;
    /// An amount that is not a JSON number.
    AmountInvalid = "amount_invalid", BAD_REQUEST, false;
    /// A query parameter is unknown, repeated or malformed.
    ParameterInvalid = "parameter_invalid", BAD_REQUEST, false;
    /// The limit is not between 1 and 100.
    LimitInvalid = "limit_invalid", BAD_REQUEST, false;
    /// The cursor names nothing of this list.
    CursorInvalid = "cursor_invalid", BAD_REQUEST, false;
    /// The webhook address has another scheme than https.
    UrlScheme = "url_scheme", UNPROCESSABLE_ENTITY, false;
    /// The webhook address is in a private or local network.
    UrlForbidden = "url_forbidden", UNPROCESSABLE_ENTITY, false;
    /// A cashier page's status was asked for by somebody who has not opened the page.
    PayerMismatch = "payer_mismatch", FORBIDDEN, false;
    /// Nothing answers at this path.
    NotFound = "not_found", NOT_FOUND, false;
    /// The path has no such method.
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, false;
    /// The tenant's share of the writer's queue is full.
    Overloaded = "overloaded", SERVICE_UNAVAILABLE, true;
    /// The database is gone or full.
    StorageUnavailable = "storage_unavailable", SERVICE_UNAVAILABLE, true;
    /// A defect of ours.
    Internal = "internal", INTERNAL_SERVER_ERROR, true;
}
