//! A check-up of a channel's configuration before money depends on it: keys, dates, reach, clock and a signed question.

use crate::credentials::CredentialsError;
use crate::http::{Exchange, Http, HttpSetupError, HttpTrouble};
use crate::line::Line;
use crate::permits::Permits;
use crate::{Deadlines, Environment, alipay, bank, unionpay, wechatpay};
use std::sync::Arc;
use std::time::Duration;
use tk_domain::channel_account::Channel;
use tk_domain::id::ChannelAccountId;
use tk_formats::alipay::cert::CertError;

const SECOND_US: i64 = 1_000_000;
const DAY_US: i64 = 86_400 * SECOND_US;
/// A certificate that ends sooner is worth a warning, days.
const SOON_DAYS: i64 = 30;
/// How far the clocks may differ before it is worth a warning, and before signed times are refused (WeChat Pay and
/// UnionPay take five minutes, Alipay fifteen), seconds.
const SKEW_WARN_S: u64 = 30;
const SKEW_MAX_S: u64 = 300;
/// The longest notification address that channels take (WeChat Pay: 256 bytes).
const NOTIFY_URL_MAX_BYTES: usize = 256;

/// One thing that is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Settings and keys parse and belong together.
    Settings,
    /// How long certificates still count.
    Certificates,
    /// Where the channel reports to.
    NotifyUrl,
    /// Whether the gateway answers at all.
    Reach,
    /// Whether both clocks agree.
    Clock,
    /// A signed question, answered and verified.
    Question,
}

impl Step {
    /// The word of programs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::Certificates => "certificates",
            Self::NotifyUrl => "notify_url",
            Self::Reach => "reach",
            Self::Clock => "clock",
            Self::Question => "question",
        }
    }
}

/// How it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grade {
    /// As it should be.
    Fine,
    /// It works, and will not for long or not for sure.
    Warning,
    /// It does not work.
    Wrong,
}

/// What one step found; no secret is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// What was looked at.
    pub step: Step,
    /// How it stands.
    pub grade: Grade,
    /// The finding's word, such as `key_mismatch`.
    pub code: &'static str,
    /// The field, code or number concerned; may be empty.
    pub detail: String,
}

/// What is checked: settings and secrets as JSON objects, and where the channel reports to.
#[derive(Clone, Copy)]
pub struct Patient<'a> {
    /// The adapter.
    pub channel: Channel,
    /// The settings.
    pub settings: &'a str,
    /// The secrets.
    pub secrets: &'a str,
    /// Whether real money moves.
    pub environment: Environment,
    /// Where the channel reports to, if that is known.
    pub notify_url: Option<&'a str>,
}

impl std::fmt::Debug for Patient<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Patient").field("channel", &self.channel).finish_non_exhaustive()
    }
}

/// What a signed question came back with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asked {
    /// A verified answer, or a refusal that such a question is expected to get.
    Answered(String),
    /// A refusal with this finding and the channel's code.
    Refused(&'static str, String),
    /// An answer whose signature does not verify; why.
    Unverified(String),
    /// No answer.
    Unheard(&'static str, String),
}

/// A configuration that parses.
enum Parsed {
    Alipay(Box<alipay::Credentials>),
    Wechatpay(Box<wechatpay::Credentials>),
    Unionpay(Arc<unionpay::Credentials>),
    Bank(Box<bank::Link>),
}

/// Looks at everything that can be looked at, in order; the first wrong settings end it.
pub async fn check_up(patient: Patient<'_>, now_us: i64) -> Result<Vec<Checked>, HttpSetupError> {
    let parsed = match Parsed::read(patient, now_us) {
        Ok(parsed) => parsed,
        Err(checked) => return Ok(vec![checked]),
    };
    let http = parsed.http(&Http::new(patient.environment, Deadlines::default())?)?;
    let permits = Permits::new(1, Duration::from_secs(1));
    let line = Line { http: &http, permits: &permits, account_id: ChannelAccountId::default(), now_us };
    let mut found = vec![checked(Step::Settings, Grade::Fine, "settings_fine", String::new())];
    found.extend(parsed.expires_at_us().map(|until_us| lasting(until_us, now_us)));
    found.extend(patient.notify_url.map(|url| notify_url(url, patient.environment)));
    let Some(base_url) = parsed.base_url() else {
        found.push(checked(Step::Reach, Grade::Fine, "folder_link", String::new()));
        return Ok(found);
    };
    let met = meet(&http, base_url).await;
    let reached = met.is_ok();
    match met {
        Ok(date) => {
            found.push(checked(Step::Reach, Grade::Fine, "reached", String::new()));
            found.push(clock(date.as_deref(), now_us));
        }
        Err(trouble) => found.push(unreached(trouble)),
    }
    if reached {
        found.push(judged(parsed.ask(&line).await));
    }
    Ok(found)
}

const fn checked(step: Step, grade: Grade, code: &'static str, detail: String) -> Checked {
    Checked { step, grade, code, detail }
}

impl Parsed {
    fn read(patient: Patient<'_>, now_us: i64) -> Result<Self, Checked> {
        let Patient { channel, settings, secrets, environment, .. } = patient;
        let read = match channel {
            Channel::Alipay => alipay::credentials::parse(settings, secrets, environment, now_us)
                .map(|read| Self::Alipay(Box::new(read))),
            Channel::Wechatpay => wechatpay::credentials::parse(settings, secrets, environment, now_us)
                .map(|read| Self::Wechatpay(Box::new(read))),
            Channel::Unionpay => unionpay::credentials::parse(settings, secrets, environment, now_us)
                .map(|read| Self::Unionpay(Arc::new(read))),
            Channel::BankDirect => {
                let opened = bank::Link::open((settings, secrets), environment);
                return opened.map(|link| Self::Bank(Box::new(link))).map_err(|error| {
                    checked(Step::Settings, Grade::Wrong, bank::question::code_of(&error), error.to_string())
                });
            }
            Channel::Counter => {
                return Err(checked(Step::Settings, Grade::Wrong, "channel_unknown", channel.to_string()));
            }
        };
        read.map_err(|error| checked(Step::Settings, Grade::Wrong, code_of(&error), error.to_string()))
    }

    fn expires_at_us(&self) -> Option<i64> {
        match self {
            Self::Alipay(read) => read.certificates_expire_at_us,
            Self::Wechatpay(read) => Some(read.certificate_expires_at_us),
            Self::Unionpay(read) => read.certificates_expire_at_us,
            Self::Bank(link) => {
                let authority = link.terms.ca_certificate.as_deref()?;
                tk_formats::cert::validity(authority).ok().map(|validity| validity.not_after_us)
            }
        }
    }

    /// Where it is spoken with; nothing where files come into a folder.
    fn base_url(&self) -> Option<&str> {
        match self {
            Self::Alipay(read) => Some(&read.settings.gateway_url),
            Self::Wechatpay(read) => Some(&read.settings.base_url),
            Self::Unionpay(read) => Some(&read.settings.gateway_url),
            Self::Bank(link) => link.terms.url.as_deref(),
        }
    }

    /// The client that believes whom this configuration believes.
    fn http(&self, usual: &Http) -> Result<Http, HttpSetupError> {
        let authority = match self {
            Self::Alipay(_) | Self::Wechatpay(_) | Self::Unionpay(_) => None,
            Self::Bank(link) => link.terms.ca_certificate.as_deref(),
        };
        authority.map_or(Ok(usual.clone()), |authority| usual.believing(authority))
    }

    async fn ask(&self, line: &Line<'_>) -> Asked {
        match self {
            Self::Alipay(read) => alipay::question::ask(line, read).await,
            Self::Wechatpay(read) => wechatpay::question::ask(line, read).await,
            Self::Unionpay(read) => unionpay::question::ask(line, read).await,
            Self::Bank(of_bank) => bank::question::ask(line, of_bank).await,
        }
    }
}

fn code_of(error: &CredentialsError) -> &'static str {
    match error {
        CredentialsError::SettingsUnreadable(_) => "settings_unreadable",
        CredentialsError::SecretsUnreadable => "secrets_unreadable",
        CredentialsError::Missing { .. } => "field_missing",
        CredentialsError::Invalid { reason, .. } if reason.contains("does not belong") => "key_mismatch",
        CredentialsError::Invalid { reason, .. }
            if reason.contains("our own") || reason.contains("own public key") =>
        {
            "own_key"
        }
        CredentialsError::Invalid { reason, .. } if reason.contains("validity") => "certificate_expired",
        CredentialsError::Invalid { .. } => "field_invalid",
        CredentialsError::Key { .. } => "key_unreadable",
        CredentialsError::Certificate { source: CertError::OutsideValidity, .. } => "certificate_expired",
        CredentialsError::Certificate { source: CertError::Untrusted, .. } => "certificate_untrusted",
        CredentialsError::Certificate { .. } => "certificate_unreadable",
    }
}

fn lasting(until_us: i64, now_us: i64) -> Checked {
    let days = until_us.saturating_sub(now_us).div_euclid(DAY_US);
    let (grade, code) = if days < SOON_DAYS {
        (Grade::Warning, "certificate_ends_soon")
    } else {
        (Grade::Fine, "certificate_lasts")
    };
    checked(Step::Certificates, grade, code, days.to_string())
}

/// Channels post to an address exactly as given: no query, no fragment, and a public https name where money is real.
fn notify_url(url: &str, environment: Environment) -> Checked {
    let plain = !url.contains(['?', '#']) && url.len() <= NOTIFY_URL_MAX_BYTES;
    let fits = plain && crate::may_call(url, environment);
    let (grade, code) =
        if fits { (Grade::Fine, "notify_url_fine") } else { (Grade::Wrong, "notify_url_refused") };
    checked(Step::NotifyUrl, grade, code, url.to_owned())
}

/// Any answer will do; its `Date` says what time it is there.
async fn meet(http: &Http, url: &str) -> Result<Option<String>, HttpTrouble> {
    let headers = [("accept", "*/*".to_owned())];
    let exchange = Exchange { method: "GET", url, headers: &headers, body: String::new() };
    let met = http.exchange(exchange).await?;
    Ok(met.headers.get("date").map(str::to_owned))
}

fn unreached(trouble: HttpTrouble) -> Checked {
    let code = match trouble {
        HttpTrouble::Timeout => "timeout",
        HttpTrouble::AddressRefused => "address_refused",
        HttpTrouble::Certificate => "certificate_refused",
        HttpTrouble::Connection | HttpTrouble::Status(_) | HttpTrouble::TooLarge => "unreachable",
    };
    checked(Step::Reach, Grade::Wrong, code, trouble.to_string())
}

fn clock(date: Option<&str>, now_us: i64) -> Checked {
    let Some(there_us) = date.and_then(http_date_us) else {
        return checked(Step::Clock, Grade::Warning, "clock_untold", String::new());
    };
    let skew_s = now_us.saturating_sub(there_us).unsigned_abs() / SECOND_US.unsigned_abs();
    let (grade, code) = match skew_s {
        0..=SKEW_WARN_S => (Grade::Fine, "clock_fine"),
        _ if skew_s <= SKEW_MAX_S => (Grade::Warning, "clock_off_a_little"),
        _ => (Grade::Wrong, "clock_off"),
    };
    checked(Step::Clock, grade, code, skew_s.to_string())
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`, the one form that servers send.
fn http_date_us(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (_, rest) = text.split_once(", ")?;
    let mut parts = rest.split(' ');
    let (day, month, year, time) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    tk_formats::wechatpay::time::parse_us(&format!("{year}-{month:02}-{day}T{time}Z")).ok()
}

fn judged(asked: Asked) -> Checked {
    let (grade, code, detail) = match asked {
        Asked::Answered(detail) => (Grade::Fine, "answered", detail),
        Asked::Refused(code, detail) => (Grade::Wrong, code, detail),
        Asked::Unverified(why) => (Grade::Wrong, "answer_unverified", why),
        Asked::Unheard(code, why) => (Grade::Wrong, code, why),
    };
    checked(Step::Question, grade, code, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_servers_are_read_and_nonsense_is_not() {
        assert_eq!(http_date_us("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777_000_000));
        for text in [
            "",
            "yesterday",
            "Sun, 06 Nov 1994",
            "Sun, 31 Foo 1994 08:49:37 GMT",
            "Sun, 99 Nov 1994 08:49:37 GMT",
        ] {
            assert_eq!(http_date_us(text), None, "{text}");
        }
    }

    #[test]
    fn clocks_are_judged_by_what_channels_take() {
        let there = Some("Sun, 06 Nov 1994 08:49:37 GMT");
        for (off_s, grade) in
            [(0, Grade::Fine), (-30, Grade::Fine), (31, Grade::Warning), (-301, Grade::Wrong)]
        {
            assert_eq!(clock(there, (784_111_777 + off_s) * SECOND_US).grade, grade, "{off_s}");
        }
        assert_eq!(clock(None, 0).code, "clock_untold");
    }

    #[test]
    fn addresses_that_channels_would_mangle_are_refused() {
        let grade = |url: &str, environment| notify_url(url, environment).grade;
        assert_eq!(grade("https://pay.example.com/callbacks/alipay/a.cha_1", Environment::Live), Grade::Fine);
        for url in ["http://pay.example.com/x", "https://10.0.0.1/x", "https://pay.example.com/x?a=1"] {
            assert_eq!(grade(url, Environment::Live), Grade::Wrong, "{url}");
        }
        assert_eq!(grade("http://127.0.0.1:8600/x", Environment::Test), Grade::Fine);
    }
}
