//! `bench http`: whole payments through the real server, with signed channel traffic and webhooks.

mod cpu;
mod payers;
mod town;

use super::EngineArg;
use clap::{Args, ValueEnum};
use cpu::Rsa;
use payers::{Measured, Payers};
use serde_json::{Value, json};
use tk_domain::channel_account::{Channel, Method};
use town::Town;

/// By which channel the payers pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ChannelArg {
    Alipay,
    Wechatpay,
    Unionpay,
}

impl ChannelArg {
    pub const fn channel(self) -> Channel {
        match self {
            Self::Alipay => Channel::Alipay,
            Self::Wechatpay => Channel::Wechatpay,
            Self::Unionpay => Channel::Unionpay,
        }
    }

    pub const fn method(self) -> Method {
        match self {
            Self::Alipay => Method::AlipayQr,
            Self::Wechatpay => Method::WechatNative,
            Self::Unionpay => Method::EbankB2c,
        }
    }

    /// Messages of the channel that the protocol makes us verify: answer and notification, where the browser brings
    /// our form itself only the notification. The certificate in it could be remembered, so it is not counted.
    const fn verified(self) -> f64 {
        match self {
            Self::Alipay | Self::Wechatpay => 2.0,
            Self::Unionpay => 1.0,
        }
    }
}

/// How the server is loaded.
#[derive(Debug, Clone, Args)]
pub struct HttpArgs {
    /// Which database.
    #[arg(long, value_enum, default_value = "sqlite")]
    pub engine: EngineArg,
    /// By which channel the payers pay.
    #[arg(long, value_enum, default_value = "alipay")]
    pub channel: ChannelArg,
    /// PostgreSQL connection string of the server's role, to a migrated database.
    #[arg(long)]
    pub database_url: Option<String>,
    /// Payments under way at once.
    #[arg(long, default_value_t = 64)]
    pub clients: usize,
    /// How long to measure, after a warm-up of two seconds.
    #[arg(long, default_value_t = 10)]
    pub seconds: u64,
    /// One line of JSON.
    #[arg(long)]
    pub json: bool,
}

/// Runs sandbox and server as processes of their own and pays through them.
pub async fn run(args: &HttpArgs) -> anyhow::Result<Value> {
    let before = Rsa::measure()?;
    let mut town = Town::found(args).await?;
    let payers = Payers::new(&town, args.channel);
    let measured = payers.pay(&mut town, (args.clients, args.seconds)).await?;
    let rsa = before.mean(Rsa::measure()?);
    Ok(report(args, &measured, rsa))
}

fn report(args: &HttpArgs, measured: &Measured, rsa: Rsa) -> Value {
    let server_us = measured.server_us_per_payment();
    let forced_us = rsa.payment_us(args.channel.verified());
    json!({
        "bench": "http",
        "engine": format!("{:?}", args.engine).to_lowercase(),
        "channel": args.channel.channel().word(),
        "clients": args.clients,
        "seconds": measured.seconds,
        "payments": measured.payments,
        "payments_per_s": measured.payments_per_s(),
        "p50_ms": payers::quantile_ms(&measured.answers, 0.50),
        "p99_ms": payers::quantile_ms(&measured.answers, 0.99),
        "webhook_p50_ms": payers::quantile_ms(&measured.whole, 0.50),
        "webhook_p99_ms": payers::quantile_ms(&measured.whole, 0.99),
        "server_cpu_us_per_payment": rounded(server_us),
        "rsa_sign_us": rounded(rsa.sign_us),
        "rsa_verify_us": rounded(rsa.verify_us),
        "rsa_us_per_payment": rounded(forced_us),
        "cpu_ratio": rounded(server_us / forced_us),
        "failures": measured.failures,
    })
}

/// Two digits after the point.
fn rounded(figure: f64) -> f64 {
    (figure * 100.0).round() / 100.0
}
