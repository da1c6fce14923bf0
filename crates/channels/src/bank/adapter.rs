//! Asking a bank over HTTPS.

use super::Link;
use super::call::{Answer, SIGNATURE_HEADER, statement_url};
use crate::Adapters;
use crate::http::{Exchange, Http, HttpTrouble};
use crate::line::Line;
use tk_domain::bank_link::{Asking, PullTrouble};
use tk_domain::id::ChannelAccountId;
use tk_formats::bank::FILE_MAX_BYTES;

impl Adapters {
    /// Asks for a statement; one question of an account at a time goes its way in the time that files have.
    pub async fn ask_bank(
        &self,
        bank: &Link,
        account_id: ChannelAccountId,
        asking: Asking,
        now_us: i64,
    ) -> Answer {
        let line = Line { http: &self.http, permits: &self.permits, account_id, now_us };
        ask(&line, bank, asking).await
    }
}

/// Asks over a line; where the link names an authority, only a certificate that leads to it is believed.
pub(crate) async fn ask(line: &Line<'_>, bank: &Link, asking: Asking) -> Answer {
    let Some(_turn) = line.turn().await else {
        return Answer::none(PullTrouble::Unreachable, "too many questions are under way");
    };
    let own = match bank.terms.ca_certificate.as_deref().map(|pem| line.http.believing(pem)).transpose() {
        Ok(own) => own,
        Err(error) => return Answer::none(PullTrouble::Misconfigured, error.to_string()),
    };
    fetch(own.as_ref().unwrap_or(line.http), bank, asking).await
}

async fn fetch(http: &Http, link: &Link, asking: Asking) -> Answer {
    let headers = [
        ("accept", "application/octet-stream".to_owned()),
        ("authorization", format!("Bearer {}", link.token)),
    ];
    let url = statement_url(link, asking);
    let exchange = Exchange { method: "GET", url: &url, headers: &headers, body: String::new() };
    match http.exchange_file(exchange, FILE_MAX_BYTES).await {
        Ok(answer) if answer.status == 200 => {
            let signature = answer.headers.get(SIGNATURE_HEADER).map(str::to_owned);
            Answer::File { bytes: answer.body, signature }
        }
        Ok(answer) => Answer::of_status(answer.status),
        Err(HttpTrouble::TooLarge) => Answer::none(PullTrouble::TooLarge, HttpTrouble::TooLarge.to_string()),
        Err(HttpTrouble::AddressRefused) => {
            Answer::none(PullTrouble::Misconfigured, HttpTrouble::AddressRefused.to_string())
        }
        // Not the bank, or the bank with an authority that the link does not name: a person has to look.
        Err(HttpTrouble::Certificate) => {
            Answer::none(PullTrouble::Forged, HttpTrouble::Certificate.to_string())
        }
        Err(trouble @ (HttpTrouble::Timeout | HttpTrouble::Connection | HttpTrouble::Status(_))) => {
            Answer::none(PullTrouble::Unreachable, trouble.to_string())
        }
    }
}
