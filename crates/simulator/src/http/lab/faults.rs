//! The faults that people can choose from, in their words.

use crate::bank::Spoiled;
use crate::bank::http::BankFault;
use crate::core::{Effect, Fault, Garble, Seal};

const SECOND_US: i64 = 1_000_000;

/// A fault with its word in forms and its names.
#[derive(Debug)]
pub(super) struct Choice<F: 'static> {
    pub word: &'static str,
    pub chinese: &'static str,
    pub english: &'static str,
    pub fault: F,
}

const fn choice<F>(word: &'static str, chinese: &'static str, english: &'static str, fault: F) -> Choice<F> {
    Choice { word, chinese, english, fault }
}

const fn spoilt(
    word: &'static str,
    chinese: &'static str,
    english: &'static str,
    garble: Garble,
) -> Choice<Fault> {
    choice(word, chinese, english, Fault::Unreadable { garble, effect: Effect::Done })
}

const fn spoiled(
    word: &'static str,
    chinese: &'static str,
    english: &'static str,
    wrong: Spoiled,
) -> Choice<BankFault> {
    choice(word, chinese, english, BankFault::File { wrong })
}

/// Faults of the bank's direct link.
pub(super) const BANK: &[Choice<BankFault>] = &[
    choice("down", "银行不可用（503）", "The bank is down (503)", BankFault::Down),
    choice("slow", "15 秒后才应答", "Answers 15 s later", BankFault::Slow { after_ms: 15_000 }),
    choice("cut", "文件传到一半断开", "Cut off in the middle of the file", BankFault::Cut),
    choice("late", "对账单还没有", "No statement yet", BankFault::Late),
    choice("same_file", "又给一次上次的文件", "The last file once more", BankFault::SameFile),
    choice("turned_away", "拒绝我们（403）", "Turns us away (403)", BankFault::TurnedAway),
    choice("forged", "签名不是银行的", "Signed by somebody else", BankFault::Forged),
    spoiled("truncated", "文件不完整", "The file is truncated", Spoiled::Truncated),
    spoiled("garbage", "文件是乱码", "The file is noise", Spoiled::Garbage),
    spoiled("doubled_rows", "每行出现两次", "Every row is there twice", Spoiled::DoubledRows),
    spoiled("wrong_total", "余额与明细不符", "The balance does not agree", Spoiled::WrongTotal),
    spoiled("lost_row", "少了最后一行", "The last row is missing", Spoiled::LostRow),
    spoiled("other_currency", "是别的币种", "In another currency", Spoiled::OtherCurrency),
    spoiled("other_account", "是别人的账户", "About another account", Spoiled::OtherAccount),
];

/// Faults of Alipay and WeChat Pay.
pub(super) const WALLET: &[Choice<Fault>] = &[
    choice("lost_before", "请求丢失，未生效", "Request lost, nothing done", Fault::LostBefore),
    choice("lost_after", "已生效，应答丢失", "Done, answer lost", Fault::LostAfter),
    choice(
        "lands_late",
        "20 秒后才生效",
        "Takes effect 20 s later",
        Fault::LandsLate { after_us: 20 * SECOND_US },
    ),
    choice(
        "lands_after_query",
        "查询之后才生效",
        "Takes effect after the next query",
        Fault::LandsAfterQuery,
    ),
    choice(
        "server_error",
        "已生效，应答 502",
        "Done, answered 502",
        Fault::Unreadable { garble: Garble::ServerError, effect: Effect::Done },
    ),
    choice(
        "garbage",
        "未生效，应答为乱码",
        "Nothing done, answer is noise",
        Fault::Unreadable { garble: Garble::Garbage, effect: Effect::None },
    ),
    choice(
        "truncated",
        "已生效，应答被截断",
        "Done, answer cut short",
        Fault::Unreadable { garble: Garble::Truncated, effect: Effect::Done },
    ),
    choice(
        "system_error",
        "已生效，应答“系统错误”",
        "Done, answered \"system error\"",
        Fault::SystemError { effect: Effect::Done },
    ),
    choice("slow", "应答慢 8 秒", "Answer 8 s late", Fault::Slow { after_us: 8 * SECOND_US }),
    choice("limited", "限流", "Rate limited", Fault::Limited),
    choice("down", "停机 30 秒", "Down for 30 s", Fault::Down { for_us: 30 * SECOND_US }),
    choice("query_stale", "查询得到旧状态", "Query tells an old state", Fault::QueryStale),
    choice(
        "query_not_found",
        "查询得到“无此订单”",
        "Query says there is no such order",
        Fault::QueryNotFound,
    ),
    choice(
        "refund_later",
        "退款 30 秒后才到",
        "Refund lands 30 s later",
        Fault::RefundLater { after_us: 30 * SECOND_US },
    ),
    choice(
        "false_success",
        "退款应答成功，实未退",
        "Refund answered as done, and is not",
        Fault::FalseSuccess,
    ),
    choice("notify_twice", "通知发两次", "Notice sent twice", Fault::NotifyDuplicated { copies: 2 }),
    choice("notify_late", "通知晚 30 秒", "Notice 30 s late", Fault::NotifyLate { after_us: 30 * SECOND_US }),
    choice("notify_never", "不发通知", "No notice at all", Fault::NotifyNever),
    choice(
        "notify_amount",
        "通知金额少 1 分",
        "Notice names 1 fen less",
        Fault::NotifyWrongAmount { delta_fen: -1 },
    ),
    choice("notify_app", "通知的应用不符", "Notice names another application", Fault::NotifyWrongApp),
    choice("notify_seller", "通知的商户不符", "Notice names another merchant", Fault::NotifyWrongSeller),
    choice(
        "notify_forged",
        "另有一条伪造通知",
        "A forged notice besides",
        Fault::NotifyForged { seal: Seal::WrongKey },
    ),
    choice("bill_omits", "账单漏一行", "Bill leaves out a line", Fault::BillOmits),
    choice("bill_doubles", "账单重复一行", "Bill has a line twice", Fault::BillDoubles),
    choice("bill_adds", "账单多一行", "Bill has a line too many", Fault::BillAdds),
];

/// Faults of UnionPay.
pub(super) const CARDS: &[Choice<Fault>] = &[
    choice("lost_before", "请求丢失，未生效", "Request lost, nothing done", Fault::LostBefore),
    choice("lost_after", "已生效，应答丢失", "Done, answer lost", Fault::LostAfter),
    choice(
        "lands_late",
        "20 秒后才生效",
        "Takes effect 20 s later",
        Fault::LandsLate { after_us: 20 * SECOND_US },
    ),
    choice(
        "lands_after_query",
        "查询之后才生效",
        "Takes effect after the next query",
        Fault::LandsAfterQuery,
    ),
    spoilt("server_error", "已生效，应答 502", "Done, answered 502", Garble::ServerError),
    spoilt("garbage", "已生效，应答为乱码", "Done, answer is noise", Garble::Garbage),
    spoilt("truncated", "已生效，应答被截断", "Done, answer cut short", Garble::Truncated),
    spoilt("other_charset", "已生效，应答编码不符", "Done, answer in another charset", Garble::OtherCharset),
    spoilt("empty", "已生效，应答为空", "Done, empty answer", Garble::Empty),
    choice(
        "system_error",
        "已生效，应答“05 处理中”",
        "Done, answered \"05 under way\"",
        Fault::SystemError { effect: Effect::Done },
    ),
    choice("slow", "应答慢 8 秒", "Answer 8 s late", Fault::Slow { after_us: 8 * SECOND_US }),
    choice("limited", "限流", "Rate limited", Fault::Limited),
    choice("down", "停机 30 秒", "Down for 30 s", Fault::Down { for_us: 30 * SECOND_US }),
    choice(
        "query_not_found",
        "查询得到“无此交易”",
        "Query says there is no such trade",
        Fault::QueryNotFound,
    ),
    choice(
        "refund_later",
        "退货 30 秒后才到",
        "Refund lands 30 s later",
        Fault::RefundLater { after_us: 30 * SECOND_US },
    ),
    choice(
        "false_success",
        "退货应答受理，实未退",
        "Refund answered as taken, and is not",
        Fault::FalseSuccess,
    ),
    choice("notify_twice", "通知发两次", "Notice sent twice", Fault::NotifyDuplicated { copies: 2 }),
    choice("notify_late", "通知晚 30 秒", "Notice 30 s late", Fault::NotifyLate { after_us: 30 * SECOND_US }),
    choice("notify_never", "不发通知", "No notice at all", Fault::NotifyNever),
    choice(
        "notify_amount",
        "通知金额少 1 分",
        "Notice names 1 fen less",
        Fault::NotifyWrongAmount { delta_fen: -1 },
    ),
    choice("notify_app", "通知的商户不符", "Notice names another merchant", Fault::NotifyWrongApp),
    choice("notify_seller", "通知的币种不符", "Notice names another currency", Fault::NotifyWrongSeller),
    choice(
        "notify_forged",
        "另有一条伪造通知",
        "A forged notice besides",
        Fault::NotifyForged { seal: Seal::WrongKey },
    ),
    choice("bill_omits", "对账文件漏一行", "Settlement file leaves out a line", Fault::BillOmits),
    choice("bill_doubles", "对账文件重复一行", "Settlement file has a line twice", Fault::BillDoubles),
    choice("bill_adds", "对账文件多一行", "Settlement file has a line too many", Fault::BillAdds),
];
