//! The client that sends webhooks: no redirects, no private addresses, bounded in time and size.

use crate::webhooks::{AddressRule, check_url, forbidden};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;
use tk_domain::webhook::{DeliveryOutcome, WebhookEndpoint};

/// The longest a try may last.
const TIMEOUT: Duration = Duration::from_secs(15);
/// How much of an answer is read, bytes; only to look for the text `success`.
const ANSWER_MAX_BYTES: usize = 4_096;

/// The client that sends webhooks.
#[derive(Debug)]
pub(crate) struct Sender {
    client: reqwest::Client,
    rule: AddressRule,
}

/// Resolves names and drops every address that nothing may be sent to, so that no name leads inside.
#[derive(Debug, Clone, Copy)]
struct PublicNames(AddressRule);

impl Resolve for PublicNames {
    fn resolve(&self, name: Name) -> Resolving {
        let rule = self.0;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| !forbidden(address.ip(), rule)).collect();
            if public.is_empty() {
                return Err(Box::<dyn Error + Send + Sync>::from("no public address"));
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

impl Sender {
    pub(crate) fn new(rule: AddressRule) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(TIMEOUT)
            .connect_timeout(Duration::from_secs(5))
            .no_proxy()
            .dns_resolver(PublicNames(rule))
            .user_agent("tillkeeper-webhooks/1")
            .build()?;
        Ok(Self { client, rule })
    }

    /// One try; whatever the endpoint answers beyond its status stays inside.
    pub(crate) async fn post(
        &self,
        endpoint: &WebhookEndpoint,
        event_id: &str,
        (timestamp_s, signature): (i64, &str),
        body: String,
    ) -> DeliveryOutcome {
        let Ok(url) = check_url(&endpoint.url, self.rule) else {
            return failed(None, "address is not allowed");
        };
        let request = self
            .client
            .post(url)
            .header("content-type", "application/json")
            .header("webhook-id", event_id)
            .header("webhook-timestamp", timestamp_s)
            .header("webhook-signature", signature)
            .body(body);
        match request.send().await {
            Ok(answer) => judge(endpoint, answer).await,
            Err(error) if error.is_timeout() => failed(None, "no answer in time"),
            Err(error) if error.is_connect() => failed(None, "no connection"),
            Err(_) => failed(None, "the conversation broke off"),
        }
    }
}

async fn judge(endpoint: &WebhookEndpoint, answer: reqwest::Response) -> DeliveryOutcome {
    let status = answer.status();
    let code = i64::from(status.as_u16());
    match code {
        410 => DeliveryOutcome::Gone { url: endpoint.url.clone() },
        200..=299 if !endpoint.ack_body_success || says_success(answer).await => {
            DeliveryOutcome::Delivered { status: code }
        }
        200..=299 => failed(Some(code), "the body is not `success`"),
        300..=399 => failed(Some(code), "redirects are not followed"),
        _ => failed(Some(code), "the endpoint did not accept it"),
    }
}

async fn says_success(mut answer: reqwest::Response) -> bool {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = answer.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() > ANSWER_MAX_BYTES {
            return false;
        }
    }
    body.trim_ascii() == b"success"
}

fn failed(status: Option<i64>, error: &str) -> DeliveryOutcome {
    DeliveryOutcome::Failed { status, error: error.to_owned() }
}
