//! The question of a check-up: today's statement, so far as it goes.

use super::adapter::ask as ask_bank;
use super::report::of_answer;
use super::{Link, LinkRefused};
use crate::checkup::Asked;
use crate::line::Line;
use tk_domain::bank_link::{Asking, PullTrouble, StatementKind};
use tk_domain::moment::shanghai_day;

pub(crate) async fn ask(line: &Line<'_>, bank: &Link) -> Asked {
    let asking = Asking { day: shanghai_day(line.now_us), kind: StatementKind::Intraday };
    let answer = ask_bank(line, bank, asking).await;
    let nothing = match of_answer(bank, Some(asking), &answer) {
        Ok(brought) => return Asked::Answered(brought.statement.lines.len().to_string()),
        Err(nothing) => nothing,
    };
    match nothing.trouble {
        PullTrouble::NotYet => Asked::Answered("0".to_owned()),
        PullTrouble::TurnedAway => Asked::Refused("token_refused", nothing.detail),
        PullTrouble::OtherAccount => Asked::Refused("other_account", nothing.detail),
        PullTrouble::Unreadable | PullTrouble::TooLarge | PullTrouble::OtherDay | PullTrouble::Gap => {
            Asked::Refused("statement_unreadable", nothing.detail)
        }
        PullTrouble::Forged => Asked::Unverified(nothing.detail),
        PullTrouble::Unreachable => Asked::Unheard("unreachable", nothing.detail),
        PullTrouble::Misconfigured | PullTrouble::NotStored => Asked::Unheard("not_sent", nothing.detail),
    }
}

/// The finding of a link that cannot be opened.
pub(crate) fn code_of(error: &LinkRefused) -> &'static str {
    match error {
        LinkRefused::NoLink => "no_direct_link",
        LinkRefused::Token(_) => "field_missing",
        LinkRefused::Settings(error) if error.field == "settings" => "settings_unreadable",
        LinkRefused::Settings(error) if error.field == "direct_link/ca_certificate" => {
            "certificate_unreadable"
        }
        LinkRefused::Settings(error) if error.field == "direct_link/statement_key" => "key_unreadable",
        LinkRefused::Settings(_) => "field_invalid",
    }
}
