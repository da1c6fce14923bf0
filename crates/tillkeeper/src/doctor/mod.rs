//! `tillkeeper doctor`: tests a channel configuration and says in plain words what is wrong and what to do.

mod words;

use crate::ambient::SystemAmbient;
use crate::output;
use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tk_app::Ambient as _;
use tk_app::channels::Environment;
use tk_app::channels::checkup::{Checked, Grade, Patient, check_up};
use tk_domain::channel_account::Channel;
use words::{Words, words_of};

/// The longest file read, bytes.
const FILE_MAX_BYTES: u64 = 512 * 1024;

/// The language of the findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Lang {
    Zh,
    En,
}

/// Which configuration.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// `alipay`, `wechatpay`, `unionpay` or `bank_direct`.
    #[arg(long)]
    channel: String,
    /// A file with the settings of the channel account, a JSON object as in `POST /v1/channel_accounts`.
    #[arg(long)]
    settings: PathBuf,
    /// A file with its credentials, a JSON object likewise; nothing of it is ever shown.
    #[arg(long)]
    credentials: PathBuf,
    /// Where the channel is to report to: the account's `callback_url`.
    #[arg(long)]
    notify_url: Option<String>,
    /// Checks as a live installation does.
    #[arg(long)]
    live: bool,
    #[arg(long, value_enum, default_value = "zh")]
    lang: Lang,
    /// One line of JSON.
    #[arg(long)]
    json: bool,
}

/// Looks at everything; exit code 0 only if nothing is wrong.
pub fn run(args: &DoctorArgs) -> anyhow::Result<ExitCode> {
    let Some(channel) = Channel::parse(&args.channel) else {
        bail!(
            "there is no channel {:?}; alipay, wechatpay, unionpay and bank_direct can be tested",
            args.channel
        );
    };
    let (settings, secrets) = (text_of(&args.settings)?, text_of(&args.credentials)?);
    let environment = if args.live { Environment::Live } else { Environment::Test };
    let patient = Patient {
        channel,
        settings: &settings,
        secrets: &secrets,
        environment,
        notify_url: args.notify_url.as_deref(),
    };
    let now_us = SystemAmbient::from_environment(args.live)?.now_us();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let found = runtime.block_on(check_up(patient, now_us))?;
    let healthy = found.iter().all(|checked| checked.grade != Grade::Wrong);
    if args.json {
        let findings: Vec<Value> = found.iter().map(|checked| as_json(args.lang, checked)).collect();
        output::line(
            &json!({ "healthy": healthy, "channel": args.channel, "findings": findings }).to_string(),
        );
    } else {
        for checked in &found {
            show(args.lang, checked);
        }
        output::line(match (args.lang, healthy) {
            (Lang::Zh, true) => "配置可用。",
            (Lang::En, true) => "The configuration works.",
            (Lang::Zh, false) => "配置不可用，请按上面的说明修改后再试。",
            (Lang::En, false) => "The configuration does not work; change what is named above and try again.",
        });
    }
    Ok(if healthy { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn text_of(path: &Path) -> anyhow::Result<String> {
    let size = std::fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?.len();
    anyhow::ensure!(size <= FILE_MAX_BYTES, "{} is longer than {FILE_MAX_BYTES} bytes", path.display());
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn mark(grade: Grade) -> &'static str {
    match grade {
        Grade::Fine => "✓",
        Grade::Warning => "!",
        Grade::Wrong => "✗",
    }
}

fn show(lang: Lang, checked: &Checked) {
    let Words { says, remedy } = words_of(lang, checked.code);
    let detail = if checked.detail.is_empty() { String::new() } else { format!(" ({})", checked.detail) };
    output::line(&format!("{} {says}{detail}", mark(checked.grade)));
    if checked.grade != Grade::Fine && !remedy.is_empty() {
        output::line(&format!("  → {remedy}"));
    }
}

fn as_json(lang: Lang, checked: &Checked) -> Value {
    let Words { says, remedy } = words_of(lang, checked.code);
    let grade = match checked.grade {
        Grade::Fine => "fine",
        Grade::Warning => "warning",
        Grade::Wrong => "wrong",
    };
    json!({
        "step": checked.step.word(), "grade": grade, "code": checked.code, "detail": checked.detail,
        "says": says, "remedy": remedy,
    })
}
