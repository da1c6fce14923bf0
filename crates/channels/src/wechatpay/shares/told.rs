//! What WeChat Pay's answers about shares prove.

use super::{Call, account_of};
use crate::capabilities::Verdict;
use crate::wechatpay::report::verdict;
use crate::wechatpay::sharing::{self, Division, ReturnState, ShareState};
use crate::wechatpay::{Heard, Refusal};
use serde_json::{Map, Value};
use tk_domain::instruction::InstructionKind as Kind;
use tk_domain::payment::Attempt;
use tk_domain::split::{
    ReceiverFinding, ReturnFinding, ShareResult, ShareTold, Split, SplitFinding, SplitLine, SplitReceiver,
    SplitReturn,
};

/// What a conversation about adding or removing a receiver proves.
pub fn receiver(kind: Kind, receiver: &SplitReceiver, heard: &Heard) -> ReceiverFinding {
    match heard {
        Heard::Done(fields) if is_named(receiver, fields) => {
            if kind == Kind::ReceiverUnbind {
                ReceiverFinding::Unbound
            } else {
                ReceiverFinding::Bound
            }
        }
        Heard::Refused(refusal) if verdict(kind, refusal) == Verdict::Failed => {
            let (code, message) = said(refusal);
            ReceiverFinding::Refused { code, message }
        }
        Heard::Done(_)
        | Heard::Refused(_)
        | Heard::Bridge(_)
        | Heard::Unreadable(_)
        | Heard::HttpStatus(_)
        | Heard::Timeout
        | Heard::Connection
        | Heard::NotSent(_) => ReceiverFinding::Unclear,
    }
}

fn is_named(receiver: &SplitReceiver, fields: &Map<String, Value>) -> bool {
    let told = |name: &str| fields.get(name).and_then(Value::as_str);
    let named = account_of(receiver).ok();
    named.is_some_and(|named| told("type") == Some(named.kind) && told("account") == Some(&named.account))
}

/// What a conversation about a split proves; `shares` are the split's with their receivers.
pub fn split(
    kind: Kind,
    (split, attempt): (&Split, &Attempt),
    shares: &[(SplitLine, SplitReceiver)],
    heard: &Heard,
) -> SplitFinding {
    match heard {
        Heard::Done(fields) if asks_undivided(kind, split, fields) => {
            match sharing::parse_undivided(fields) {
                Ok(told) if Some(&told.transaction_id) == attempt.channel_txn_no.as_ref() => {
                    SplitFinding::Undivided { amount_minor: told.unsplit_fen }
                }
                Ok(_) | Err(_) => SplitFinding::Unclear,
            }
        }
        Heard::Done(fields) => match sharing::parse_division(fields) {
            Ok(told) if is_of(&told, split, attempt) => divided(kind, shares, &told),
            Ok(_) | Err(_) => SplitFinding::Unclear,
        },
        // Nothing is kept any more, which is what a release is for (解冻剩余资金, 分账金额不足).
        Heard::Refused(refusal)
            if shares.is_empty() && refusal.code == "NOT_ENOUGH" && kind == Kind::Split =>
        {
            SplitFinding::Accepted
        }
        Heard::Refused(refusal) => {
            let (code, message) = said(refusal);
            match verdict(kind, refusal) {
                Verdict::Failed => SplitFinding::Failed { code, message },
                Verdict::NotYet => SplitFinding::NotYet { code, message },
                Verdict::NotFound => SplitFinding::NotFound,
                Verdict::CloseRefused | Verdict::Waiting | Verdict::Unclear(_) => SplitFinding::Unclear,
            }
        }
        Heard::NotSent(_) => SplitFinding::NotSent,
        Heard::Bridge(_)
        | Heard::Unreadable(_)
        | Heard::HttpStatus(_)
        | Heard::Timeout
        | Heard::Connection => SplitFinding::Unclear,
    }
}

/// What is asked next in the same conversation: of a split that was given up and that WeChat does not know, how much of its
/// order is not divided.
pub fn asked_next(kind: Kind, (split, attempt): (&Split, &Attempt), heard: &Heard) -> Option<Call> {
    let Heard::Refused(refusal) = heard else { return None };
    let unknown = kind == Kind::SplitQuery && verdict(kind, refusal) == Verdict::NotFound;
    let transaction_id = attempt.channel_txn_no.clone().filter(|_| unknown && split.given_up())?;
    Some(Call::UndividedQuery { transaction_id })
}

fn asks_undivided(kind: Kind, split: &Split, fields: &Map<String, Value>) -> bool {
    kind == Kind::SplitQuery && split.given_up() && !fields.contains_key("out_order_no")
}

fn is_of(told: &Division, split: &Split, attempt: &Attempt) -> bool {
    told.out_order_no == split.out_no && Some(&told.transaction_id) == attempt.channel_txn_no.as_ref()
}

/// Every share must be found by its receiver, or nothing is read of any; the merchant is listed with what is released.
fn divided(kind: Kind, shares: &[(SplitLine, SplitReceiver)], told: &Division) -> SplitFinding {
    if kind == Kind::Split {
        return SplitFinding::Accepted;
    }
    let mut found = Vec::with_capacity(shares.len());
    for (line, receiver) in shares {
        let named = account_of(receiver).ok();
        let same = |one: &&sharing::Receiver| {
            named
                .as_ref()
                .is_some_and(|named| (named.kind, named.account.as_str()) == (&*one.kind, &*one.account))
        };
        let Some(one) = told.receivers.iter().find(same) else { return SplitFinding::Unclear };
        let result = match one.result {
            ShareState::Pending => ShareResult::Pending,
            ShareState::Success => ShareResult::Paid,
            ShareState::Closed => {
                ShareResult::Failed { code: one.fail_reason.clone().unwrap_or_else(|| "CLOSED".to_owned()) }
            }
        };
        found.push(ShareTold { line_id: line.id, amount_minor: one.amount_fen, result });
    }
    SplitFinding::Shares(found)
}

/// What a conversation about a share on its way back proves.
pub fn returned(
    kind: Kind,
    back: &SplitReturn,
    (split, receiver): (&Split, &SplitReceiver),
    heard: &Heard,
) -> ReturnFinding {
    match heard {
        Heard::Done(fields) => match sharing::parse_return(fields) {
            Ok(told) if told.out_return_no == back.out_no && told.out_order_no == split.out_no => {
                if told.return_mchid != receiver.account {
                    return ReturnFinding::Foreign;
                }
                match told.result {
                    ReturnState::Processing => ReturnFinding::Accepted,
                    ReturnState::Success => ReturnFinding::Done { amount_minor: told.amount_fen },
                    ReturnState::Failed => ReturnFinding::Failed {
                        code: told.fail_reason.unwrap_or_else(|| "FAILED".to_owned()),
                        message: String::new(),
                    },
                }
            }
            Ok(_) | Err(_) => ReturnFinding::Unclear,
        },
        Heard::Refused(refusal) => {
            let (code, message) = said(refusal);
            match verdict(kind, refusal) {
                Verdict::Failed => ReturnFinding::Failed { code, message },
                Verdict::NotYet => ReturnFinding::NotYet { code, message },
                Verdict::NotFound => ReturnFinding::NotFound,
                Verdict::CloseRefused | Verdict::Waiting | Verdict::Unclear(_) => ReturnFinding::Unclear,
            }
        }
        Heard::NotSent(_) => ReturnFinding::NotSent,
        Heard::Bridge(_)
        | Heard::Unreadable(_)
        | Heard::HttpStatus(_)
        | Heard::Timeout
        | Heard::Connection => ReturnFinding::Unclear,
    }
}

fn said(refusal: &Refusal) -> (String, String) {
    (refusal.code.clone(), refusal.message.clone())
}
