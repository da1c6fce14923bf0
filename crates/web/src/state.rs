//! What every handler sees: the application and the settings of its HTTP surface.

use std::net::IpAddr;
use std::sync::Arc;
use tk_app::App;

/// Whether money is real.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// No money moves; keys begin with `tk_test_`.
    Test,
    /// Money moves; keys begin with `tk_live_`.
    Live,
}

impl Environment {
    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Live => "live",
        }
    }
}

/// Bounds on what a caller may send and how long it may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The largest API body, bytes.
    pub api_body_max: usize,
    /// The largest file, bytes.
    pub file_max: usize,
    /// How long a file may take to arrive, milliseconds.
    pub file_timeout_ms: u64,
    /// The largest callback body, bytes.
    pub callback_body_max: usize,
    /// The largest form of a cashier page, bytes.
    pub form_body_max: usize,
    /// How long a body may take to arrive, milliseconds.
    pub body_timeout_ms: u64,
    /// How long the headers of a request may take to arrive, milliseconds; an idle connection is closed after it too.
    pub header_timeout_ms: u64,
    /// Connections open at once; further ones wait to be accepted.
    pub connections_max: usize,
    /// Connections of one address (IPv6: of one /64) at a time; proxies that are trusted have as many as there are.
    pub connections_per_address_max: usize,
    /// All header names and values together, bytes; far larger ones are refused by the HTTP reader itself.
    pub headers_max: usize,
    /// How long a request may wait for a channel, microseconds.
    pub channel_wait_us: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            api_body_max: 256 * 1024,
            file_max: 50 * 1024 * 1024,
            file_timeout_ms: 120_000,
            callback_body_max: 64 * 1024,
            form_body_max: 16 * 1024,
            body_timeout_ms: 8_000,
            header_timeout_ms: 20_000,
            connections_max: 8_192,
            connections_per_address_max: 1_024,
            headers_max: 64 * 1024,
            channel_wait_us: 4_000_000,
        }
    }
}

/// The settings of the HTTP surface.
#[derive(Debug, Clone)]
pub struct WebConfig {
    /// Whether money is real.
    pub environment: Environment,
    /// Scheme, host and port under which callers and payers reach us, without a final slash.
    pub base_url: String,
    /// Peers whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// Bounds.
    pub limits: Limits,
}

/// What every handler sees; cheap to clone.
#[derive(Debug, Clone)]
pub struct WebState {
    /// The use cases.
    pub app: App,
    /// The settings.
    pub config: Arc<WebConfig>,
    /// What the API's doorkeeper remembers between requests.
    pub gate: Arc<crate::auth::Gate>,
}

impl WebState {
    /// The state of one listener.
    #[must_use]
    pub fn new(app: App, config: WebConfig) -> Self {
        Self { app, config: Arc::new(config), gate: Arc::default() }
    }

    /// Whether money is real.
    #[must_use]
    pub fn live(&self) -> bool {
        self.config.environment == Environment::Live
    }
}
