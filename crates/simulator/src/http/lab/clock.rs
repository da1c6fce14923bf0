//! The clock, which only goes forward.

use axum::Form;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use super::{Lab, Visit};
use crate::look::clock;

/// Steps that are offered, seconds.
const STEPS_S: [i64; 5] = [60, 600, 3_600, 86_400, 7 * 86_400];

#[derive(Debug, Deserialize)]
pub(super) struct Step {
    by_s: i64,
}

pub(super) async fn show(State(lab): State<Lab>, visit: Visit) -> Response {
    let title = visit.lang.pick("时钟", "Clock");
    let line = match lab.hand {
        Some(_) => visit.lang.pick(
            "拨快的是通道和收银台共同的时钟：超时、过期和次日的账单都会随之到来。",
            "This moves the clock of the channels and of the cashier together: time-outs, expiries and tomorrow's bills come with it.",
        ),
        None => visit.lang.pick(
            "只拨快通道的时钟。相差超过几分钟后，签名时间会被拒绝，正如真实通道那样。",
            "This moves only the channels' clock. Once it is some minutes ahead, signed times are refused, as real channels do.",
        ),
    };
    let words = [
        ("1 分钟", "1 minute"),
        ("10 分钟", "10 minutes"),
        ("1 小时", "1 hour"),
        ("1 天", "1 day"),
        ("7 天", "7 days"),
    ];
    let buttons: Vec<String> = STEPS_S
        .iter()
        .zip(words)
        .map(|(step, (zh, en))| {
            format!("<button name=\"by_s\" value=\"{step}\">+ {}</button>", visit.lang.pick(zh, en))
        })
        .collect();
    let buttons = buttons.concat();
    let content = format!(
        "<div class=\"card\"><h1>{title}</h1><p class=\"amount\">{}</p><p>{line}</p>\
         <form class=\"acts\" method=\"post\" action=\"{}\">{buttons}</form></div>",
        clock(lab.sandbox.now_us()),
        crate::look::escape(&visit.to("/clock")),
    );
    visit.page(&lab, (title, "/clock"), &content)
}

pub(super) async fn advance(State(lab): State<Lab>, visit: Visit, Form(step): Form<Step>) -> Response {
    if STEPS_S.contains(&step.by_s) {
        let by_us = step.by_s.saturating_mul(1_000_000);
        if let Some(hand) = &lab.hand {
            hand(by_us);
        } else {
            lab.sandbox.advance_clock(by_us);
            if let Some(gateway) = &lab.gateway {
                gateway.advance_clock(by_us);
            }
            if let Some(bank) = &lab.bank {
                bank.advance_clock(by_us);
            }
        }
    }
    visit.onward("/clock")
}
