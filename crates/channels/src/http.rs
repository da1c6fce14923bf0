//! The one HTTP client: no redirects, no proxy from the environment, deadlines and size limits on everything.

use crate::Environment;
use crate::callback::Headers;
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, ClientBuilder, Method, RequestBuilder, Response, Url};
use std::error::Error;
use std::time::Duration;

/// Bounds of every exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// Until the connection stands.
    pub connect: Duration,
    /// Until the whole answer is there.
    pub total: Duration,
    /// Until a whole bill is there.
    pub download: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            total: Duration::from_secs(15),
            download: Duration::from_mins(5),
        }
    }
}

/// The longest answer taken from a gateway, bytes.
pub const ANSWER_MAX_BYTES: usize = 1024 * 1024;

/// The client, cheap to clone.
#[derive(Debug, Clone)]
pub struct Http {
    client: Client,
    environment: Environment,
    deadlines: Deadlines,
}

/// What is posted where.
#[derive(Debug)]
pub(crate) struct Post<'a> {
    pub url: &'a str,
    pub content_type: &'a str,
    pub body: String,
}

/// A request of any method with headers of its own.
#[derive(Debug)]
pub(crate) struct Exchange<'a> {
    pub method: &'static str,
    pub url: &'a str,
    pub headers: &'a [(&'static str, String)],
    pub body: String,
}

/// A whole answer, whatever its status.
#[derive(Debug)]
pub(crate) struct Exchanged {
    pub status: u16,
    pub headers: Headers,
    pub body: Vec<u8>,
}

/// Why there is no whole answer, or none with status 200 where nothing else is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HttpTrouble {
    /// No whole answer in time.
    #[error("no answer in time")]
    Timeout,
    /// The connection failed or broke off.
    #[error("the connection failed")]
    Connection,
    /// Whoever answered showed no certificate that is believed; nothing was sent.
    #[error("the server's certificate is not believed: another authority, another name, or not valid now")]
    Certificate,
    /// Another status.
    #[error("HTTP status {0}")]
    Status(u16),
    /// More bytes than are taken.
    #[error("the answer is too large")]
    TooLarge,
    /// The address is not one that may be called.
    #[error("the address may not be called")]
    AddressRefused,
}

/// The client could not be made.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client cannot be made: {0}")]
pub struct HttpSetupError(#[from] reqwest::Error);

impl Http {
    /// A client for this environment.
    pub fn new(environment: Environment, deadlines: Deadlines) -> Result<Self, HttpSetupError> {
        let client = builder(deadlines).build()?;
        Ok(Self { client, environment, deadlines })
    }

    /// The same client, which believes only certificates that lead to this authority, PEM.
    pub(crate) fn believing(&self, authority_pem: &str) -> Result<Self, HttpSetupError> {
        let authority = Certificate::from_pem(authority_pem.as_bytes())?;
        let client = builder(self.deadlines).tls_certs_only([authority]).build()?;
        Ok(Self { client, ..self.clone() })
    }

    /// Posts a body and takes at most [`ANSWER_MAX_BYTES`] of the answer.
    pub(crate) async fn post(&self, post: Post<'_>) -> Result<Vec<u8>, HttpTrouble> {
        if !may_call(post.url, self.environment) {
            return Err(HttpTrouble::AddressRefused);
        }
        let request = self.client.post(post.url).header("content-type", post.content_type).body(post.body);
        take(request.send().await.map_err(|error| trouble(&error))?, ANSWER_MAX_BYTES).await
    }

    /// Sends a request and takes at most [`ANSWER_MAX_BYTES`] of the answer, whatever its status.
    pub(crate) async fn exchange(&self, exchange: Exchange<'_>) -> Result<Exchanged, HttpTrouble> {
        whole(self.request(exchange)?, ANSWER_MAX_BYTES).await
    }

    /// Sends a request and takes a file of at most `max_bytes`, in the time that files have.
    pub(crate) async fn exchange_file(
        &self,
        exchange: Exchange<'_>,
        max_bytes: usize,
    ) -> Result<Exchanged, HttpTrouble> {
        whole(self.request(exchange)?.timeout(self.deadlines.download), max_bytes).await
    }

    fn request(&self, exchange: Exchange<'_>) -> Result<RequestBuilder, HttpTrouble> {
        if !may_call(exchange.url, self.environment) {
            return Err(HttpTrouble::AddressRefused);
        }
        let method = Method::from_bytes(exchange.method.as_bytes());
        let method = method.map_err(|_| HttpTrouble::AddressRefused)?;
        let mut request = self.client.request(method, exchange.url);
        for (name, value) in exchange.headers {
            request = request.header(*name, value);
        }
        Ok(if exchange.body.is_empty() { request } else { request.body(exchange.body) })
    }

    /// Gets a file of at most `max_bytes`; plain http is raised to https except on loopback in tests.
    pub(crate) async fn download(&self, url: &str, max_bytes: usize) -> Result<Vec<u8>, HttpTrouble> {
        let url = self.raised(url).ok_or(HttpTrouble::AddressRefused)?;
        let request = self.client.get(url).timeout(self.deadlines.download);
        take(request.send().await.map_err(|error| trouble(&error))?, max_bytes).await
    }

    fn raised(&self, url: &str) -> Option<Url> {
        let mut parsed = Url::parse(url).ok()?;
        if !may_call(url, self.environment) {
            let plain = parsed.scheme() == "http" && parsed.port().is_none();
            if !plain || parsed.set_scheme("https").is_err() {
                return None;
            }
        }
        may_call(parsed.as_str(), self.environment).then_some(parsed)
    }
}

fn builder(deadlines: Deadlines) -> ClientBuilder {
    Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .connect_timeout(deadlines.connect)
        .timeout(deadlines.total)
        .user_agent(concat!("tillkeeper/", env!("CARGO_PKG_VERSION")))
}

/// Whether an address may be called: https, or http to a loopback address of a test installation; no user part.
/// Where real money moves, only a public name that is not Alipay's sandbox.
pub fn may_call(url: &str, environment: Environment) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let loopback = matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"));
    let named = url.host_str().is_some() && url.username().is_empty() && url.password().is_none();
    let scheme = match (url.scheme(), environment) {
        ("https", Environment::Test) => true,
        ("https", Environment::Live) => url.host_str().is_some_and(is_real_name),
        ("http", Environment::Test) => loopback,
        (_, Environment::Test | Environment::Live) => false,
    };
    named && scheme
}

/// Whether a host is named, not numbered, not of the local network, and no sandbox.
fn is_real_name(host: &str) -> bool {
    let host = host.trim_end_matches('.');
    let numbered = host.starts_with('[') || host.parse::<std::net::Ipv4Addr>().is_ok();
    let not_real = [".alipaydev.com", ".test.95516.com", ".localhost", ".local", ".internal"];
    host.contains('.') && !numbered && !not_real.iter().any(|suffix| host.ends_with(suffix))
}

async fn whole(request: RequestBuilder, max_bytes: usize) -> Result<Exchanged, HttpTrouble> {
    let response = request.send().await.map_err(|error| trouble(&error))?;
    let status = response.status().as_u16();
    let texts = response.headers().iter();
    let headers = Headers::of(texts.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))));
    Ok(Exchanged { status, headers, body: collect(response, max_bytes).await? })
}

async fn take(response: Response, max_bytes: usize) -> Result<Vec<u8>, HttpTrouble> {
    match response.status().as_u16() {
        200 => collect(response, max_bytes).await,
        status => Err(HttpTrouble::Status(status)),
    }
}

async fn collect(mut response: Response, max_bytes: usize) -> Result<Vec<u8>, HttpTrouble> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| trouble(&error))? {
        if body.len().saturating_add(chunk.len()) > max_bytes {
            return Err(HttpTrouble::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn trouble(error: &reqwest::Error) -> HttpTrouble {
    if error.is_timeout() {
        HttpTrouble::Timeout
    } else if unbelieved(error) {
        HttpTrouble::Certificate
    } else {
        HttpTrouble::Connection
    }
}

/// Whether the other side's certificate is the reason. An error of reading holds that of TLS within itself, and names as
/// its source only what is beneath that.
fn unbelieved(error: &(dyn Error + 'static)) -> bool {
    if let Some(of_tls) = error.downcast_ref::<rustls::Error>() {
        return matches!(of_tls, rustls::Error::InvalidCertificate(_));
    }
    match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        Some(within) => unbelieved(within),
        None => error.source().is_some_and(unbelieved),
    }
}
