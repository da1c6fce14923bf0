//! Who the payer is inside WeChat: the official account's OAuth, with the scope that asks him nothing.

use super::{Credentials, Settings};
use crate::http::{Exchange, HttpTrouble};
use crate::line::Line;
use serde_json::Value;
use tk_formats::form::address_part;

/// The longest openid taken, bytes.
const OPENID_MAX_BYTES: usize = 128;
/// The longest code taken, bytes.
const CODE_MAX_BYTES: usize = 128;

/// Why there is no openid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OauthError {
    /// The contract has no secret of the official account.
    #[error("app_secret is not configured")]
    Unconfigured,
    /// What the browser brought is no code.
    #[error("the code is malformed")]
    CodeMalformed,
    /// The conversation failed.
    #[error("the openid could not be asked for: {0}")]
    Http(#[from] HttpTrouble),
    /// WeChat refused with this number.
    #[error("WeChat refused the code: {0}")]
    Refused(i64),
    /// The answer holds no openid.
    #[error("the answer holds no openid")]
    Unreadable,
}

/// Where the payer's browser is sent to learn who he is; it comes back with `code` and `state`.
pub fn authorize_url(settings: &Settings, redirect_uri: &str, state: &str) -> String {
    let Settings { oauth_authorize_url, appid, .. } = settings;
    format!(
        "{oauth_authorize_url}?appid={appid}&redirect_uri={}&response_type=code&scope=snsapi_base&state={}#wechat_redirect",
        address_part(redirect_uri),
        address_part(state)
    )
}

/// Exchanges the code for the payer's openid; a code is good once and for five minutes.
pub(crate) async fn openid(
    line: &Line<'_>,
    credentials: &Credentials,
    code: &str,
) -> Result<String, OauthError> {
    let secret = credentials.app_secret.as_deref().ok_or(OauthError::Unconfigured)?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if code.is_empty() || code.len() > CODE_MAX_BYTES || !code.bytes().all(plain) {
        return Err(OauthError::CodeMalformed);
    }
    let Settings { oauth_base_url, appid, .. } = &credentials.settings;
    let url = format!(
        "{oauth_base_url}/sns/oauth2/access_token?appid={appid}&secret={}&code={code}&grant_type=authorization_code",
        address_part(secret)
    );
    let exchange = Exchange { method: "GET", url: &url, headers: &[], body: String::new() };
    let exchanged = line.http.exchange(exchange).await?;
    if exchanged.status != 200 {
        return Err(HttpTrouble::Status(exchanged.status).into());
    }
    let answer: Value = serde_json::from_slice(&exchanged.body).map_err(|_| OauthError::Unreadable)?;
    if let Some(number) = answer["errcode"].as_i64().filter(|number| *number != 0) {
        return Err(OauthError::Refused(number));
    }
    let openid = answer["openid"].as_str().filter(|text| (1..=OPENID_MAX_BYTES).contains(&text.len()));
    openid.map(str::to_owned).ok_or(OauthError::Unreadable)
}
