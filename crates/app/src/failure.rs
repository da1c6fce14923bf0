//! Why an application does not start.

use crate::seal::NotOpened;

/// Why an application does not start.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The client for channels cannot be made.
    #[error("channels: {0}")]
    Channels(#[from] tk_channels::HttpSetupError),
    /// The client for webhooks cannot be made.
    #[error("webhook client: {0}")]
    WebhookClient(#[from] reqwest::Error),
    /// The master key cannot be used.
    #[error("master key: {0}")]
    MasterKey(#[from] NotOpened),
}
