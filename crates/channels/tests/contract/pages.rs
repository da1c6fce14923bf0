//! docs/channels: one page per channel, written from its capabilities and from what the kit holds against it.

use std::fmt::Write;
use std::path::Path;
use tillkeeper_channels::bank::capabilities as bank;
use tillkeeper_channels::capabilities::{
    BillContent, CHANNELS, CalledBack, Capabilities, DiscountTerms, Known, MethodTerms, Opening, Partial,
    RefundNotice, RefundTerms, Repeat, SplitTerms, Unpaid, Verdict,
};
use tk_domain::channel_account::{Channel, Method};
use tk_domain::instruction::InstructionKind as Kind;
use tk_domain::split::ReturnMode;

const WRITE: &str = "TILLKEEPER_WRITE_PAGES";
const SECOND_US: i64 = 1_000_000;

#[test]
fn every_channel_has_the_page_that_its_tables_and_the_kit_give() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/channels");
    for terms in CHANNELS {
        let path = folder.join(format!("{}.md", terms.channel));
        let page = page(terms);
        if std::env::var_os(WRITE).is_some() {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&path, &page).unwrap();
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(kept == page, "{} is old: {WRITE}=1 cargo test -p tillkeeper-channels pages", path.display());
    }
}

#[test]
fn the_bank_s_direct_link_has_its_page() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/channels/bank.md");
    let page = bank_page();
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == page, "{} is old: {WRITE}=1 cargo test -p tillkeeper-channels pages", path.display());
}

fn bank_page() -> String {
    let terms = bank::CAPABILITIES;
    let mut page = "# Bank direct link 银企直连\n\nWritten from `crates/channels/src/bank/capabilities.rs` and the conformance kit in\n\
        `crates/channels/tests/contract`, which runs everything below against the simulated bank. Change those\n".to_owned();
    writeln!(
        page,
        "and run `{WRITE}=1 cargo test -p tillkeeper-channels pages`; the gate refuses an old page.\n"
    )
    .unwrap();
    let currencies: Vec<String> = terms.currencies.iter().map(ToString::to_string).collect();
    writeln!(page, "## Statements\n\nAccounts in {}; by HTTPS or into a folder.\n", currencies.join(", "))
        .unwrap();
    page.push_str(
        "| Format | Reach | What shows that no row is missing or doubled | Source |\n|---|---|---|---|\n",
    );
    for statement in terms.statements {
        let kinds: Vec<String> = statement.kinds.iter().map(|kind| format!("`{kind}`")).collect();
        let proves = match statement.proves {
            bank::Proves::Balances => "the balances before and after its rows",
            bank::Proves::RunningBalance => "the balance after each row, and the next day's",
        };
        let (format, doc) = (statement.format.word(), statement.doc);
        writeln!(page, "| `{format}` | {} | {proves} | {doc} |", kinds.join(", ")).unwrap();
    }
    page.push_str("\n## Orders\n\nNothing is sent to a bank yet.\n\n| What for | Message | How far | Source |\n|---|---|---|---|\n");
    for order in terms.orders {
        let purpose = match order.purpose {
            bank::Purpose::Payout => "payout",
            bank::Purpose::Status => "status of orders",
            bank::Purpose::Debit => "debit",
        };
        let ready = match order.ready {
            bank::Ready::Format => "its format is written or read, with the checks of its sums",
            bank::Ready::Name => "declared for what comes next",
        };
        writeln!(page, "| {purpose} | `{}` | {ready} | {} |", order.message, order.doc).unwrap();
    }
    page.push_str(
        "\n## What the kit proves\n\nHeld against the simulated bank, in every run of the gate:\n\n",
    );
    let roads = [("https", crate::bank_by_https::BEHAVIOURS), ("folder", crate::bank_by_folder::BEHAVIOURS)];
    for (road, behaviours) in roads {
        for behaviour in behaviours {
            writeln!(page, "- {road}: {}", behaviour.replace('_', " ")).unwrap();
        }
    }
    page
}

/// A contract of the kit, and what is held against it.
type Held = (&'static str, &'static [&'static str]);

/// The channel's name and its contracts in the kit.
fn kit(channel: Channel) -> (&'static str, &'static [Held]) {
    match channel {
        Channel::Alipay => (
            "Alipay 支付宝",
            &[
                ("by key", crate::alipay_by_key::BEHAVIOURS),
                ("by certificate", crate::alipay_by_certificate::BEHAVIOURS),
                ("as service provider", crate::alipay_as_service_provider::BEHAVIOURS),
            ],
        ),
        Channel::Wechatpay => (
            "WeChat Pay 微信支付",
            &[
                ("by platform certificate", crate::wechatpay_by_certificate::BEHAVIOURS),
                ("by public key", crate::wechatpay_by_public_key::BEHAVIOURS),
                ("as service provider", crate::wechatpay_as_service_provider::BEHAVIOURS),
            ],
        ),
        Channel::Unionpay => (
            "UnionPay 银联",
            &[
                ("by certificate", crate::unionpay_by_certificate::BEHAVIOURS),
                ("by shared key with SHA-256", crate::unionpay_by_sha256_key::BEHAVIOURS),
                ("by shared key with SM3", crate::unionpay_by_sm3_key::BEHAVIOURS),
            ],
        ),
        Channel::BankDirect => ("Bank direct link 银企直连", &[]),
        Channel::Counter => ("Counter 柜面", &[]),
    }
}

fn page(terms: &Capabilities) -> String {
    let (name, held) = kit(terms.channel);
    let mut page = format!("# {name}\n\n");
    writeln!(
        page,
        "Written from `crates/channels/src/{}/capabilities.rs` and the conformance kit in",
        terms.channel
    )
    .unwrap();
    page.push_str("`crates/channels/tests/contract`, which runs everything below against the channel's simulator. Change those\n");
    writeln!(
        page,
        "and run `{WRITE}=1 cargo test -p tillkeeper-channels pages`; the gate refuses an old page.\n"
    )
    .unwrap();
    methods(&mut page, terms);
    money_back(&mut page, terms);
    shares(&mut page, terms);
    bills(&mut page, terms);
    missing(&mut page, terms);
    codes(&mut page, terms);
    proven(&mut page, terms, held);
    page
}

fn methods(page: &mut String, terms: &Capabilities) {
    page.push_str("## Paying\n\n");
    let currencies: Vec<String> = terms.currencies.iter().map(ToString::to_string).collect();
    let (least, most) = (terms.amount_min_minor, terms.amount_max_minor);
    writeln!(page, "{}, from {least} to {most} minor units a payment.\n", currencies.join(", ")).unwrap();
    page.push_str(
        "| Method | Interface | At once | The channel knows the order | Ended by | Called back | Source |\n",
    );
    page.push_str("|---|---|---|---|---|---|---|\n");
    for method in terms.methods {
        let MethodTerms { method, interface, opening, known, ended_by, called_back, doc } = method;
        let (opening, known) = (opening_words(*opening), known_words(*known));
        let called_back = if *called_back == CalledBack::Yes { "yes" } else { "no" };
        let ended_by = if *ended_by == Kind::Query { "its own time" } else { ended_by.word() };
        writeln!(
            page,
            "| `{method}` | {interface} | {opening} | {known} | {ended_by} | {called_back} | {doc} |"
        )
        .unwrap();
    }
}

const fn opening_words(opening: Opening) -> &'static str {
    match opening {
        Opening::Link => "an address",
        Opening::Bridge => "signed parameters for the channel's app",
        Opening::Qr => "a code to scan",
        Opening::Form => "a signed form",
        Opening::Outcome => "the outcome",
        Opening::Taken => "word that it was taken",
    }
}

const fn known_words(known: Known) -> &'static str {
    match known {
        Known::WhenOpened => "once its payer opened it",
        Known::WhenAsked => "once we asked for it",
        Known::WhenPaid => "once it is paid or refused",
    }
}

fn money_back(page: &mut String, terms: &Capabilities) {
    page.push_str("\n## Refunds\n\n");
    let Some(refund) = &terms.refund else {
        page.push_str("There are none by interface.\n");
        return;
    };
    let RefundTerms { window_days, spacing_us, query_after_us, partial, repeat, notice, doc } = refund;
    let parts = if *partial == Partial::Any { "any part, several times" } else { "only the whole" };
    writeln!(page, "- {parts}, within {window_days} days of the payment").unwrap();
    if *spacing_us > 0 {
        writeln!(page, "- two of one order at least {} s apart", spacing_us / SECOND_US).unwrap();
    }
    writeln!(page, "- asked about after {} s", query_after_us / SECOND_US).unwrap();
    let repeat = match repeat {
        Repeat::FirstResult => "the first result again",
        Repeat::Refused => "refused as a duplicate, which says nothing of the first: the query tells",
        Repeat::MayExecuteTwice => "it may be executed twice: never sent again",
    };
    writeln!(page, "- the same number again: {repeat}").unwrap();
    let notice = match notice {
        RefundNotice::Hint => "only mentions it, so that we ask",
        RefundNotice::Proof => "proves it, with its amount",
    };
    writeln!(page, "- a callback {notice}\n- source: {doc}").unwrap();
    if let Some(DiscountTerms { payment, refund }) = &terms.discounts {
        writeln!(page, "- who bears what of a payment with a discount: {payment}").unwrap();
        writeln!(page, "- who gets what of its refund: {refund}").unwrap();
    }
}

fn shares(page: &mut String, terms: &Capabilities) {
    let Some(split) = &terms.splits else { return };
    let SplitTerms { binding, dividing, asking, undivided, keeping, unpaid, returned, doc } = split;
    page.push_str("\n## Splits\n\n");
    writeln!(page, "- a receiver is bound to the contract by {binding}").unwrap();
    writeln!(page, "- an order says that it will be divided by {keeping}").unwrap();
    writeln!(page, "- divided by {dividing}; each share is proven by {asking} alone").unwrap();
    writeln!(
        page,
        "- one that is refused for ever is given up by two persons and what {undivided} then shows"
    )
    .unwrap();
    let unpaid = match unpaid {
        Unpaid::StaysKept => "stays kept until it is released",
        Unpaid::GoesBack => "is the merchant's again by itself once nothing more is divided",
    };
    writeln!(page, "- the money of a share that cannot be paid {unpaid}").unwrap();
    let returned = match returned {
        ReturnMode::Books => "in our books alone",
        ReturnMode::Ahead => "by calls of their own before it is sent",
        ReturnMode::Along => "by the refund call itself, and each is asked about when that is done",
        ReturnMode::Itself => "of its own accord, and each is asked about when the refund is done",
    };
    writeln!(page, "- a refund takes shares back {returned}\n- source: {doc}").unwrap();
}

fn bills(page: &mut String, terms: &Capabilities) {
    page.push_str("\n## Bills\n\n");
    for bill in terms.bills {
        let lists = match bill.lists {
            BillContent::Trades => "payments and refunds, with fees",
            BillContent::Funds => "movements of the balance",
        };
        let hours = bill.ready_after_us / (3_600 * SECOND_US);
        writeln!(page, "- `{}`: {lists}; ready {hours} h after the end of the day; {}", bill.word, bill.doc)
            .unwrap();
    }
}

fn missing(page: &mut String, terms: &Capabilities) {
    page.push_str("\n## What it cannot do\n\n");
    let mut lacks = Vec::new();
    for method in terms.methods {
        if method.ended_by == Kind::Query {
            lacks.push(format!(
                "`{}` cannot be closed: a close is a question, and its own time ends it",
                method.method
            ));
        }
        if method.called_back == CalledBack::No {
            lacks.push(format!("`{}` is not called back: only questions tell", method.method));
        }
        if method.known == Known::WhenOpened {
            lacks.push(format!("`{}` cannot be closed before its payer has opened it", method.method));
        }
    }
    if terms.discounts.is_none() {
        lacks.push(
            "its answers tell of no discounts: what it grants to payers is only in its files".to_owned(),
        );
    }
    if terms.splits.is_none() {
        lacks.push("no shares are paid to others through it: a split at the channel is refused".to_owned());
    }
    if !terms.bills.iter().any(|bill| bill.lists == BillContent::Funds) {
        lacks.push("it gives no bill of its balance".to_owned());
    }
    if terms.refund.is_some_and(|refund| refund.notice == RefundNotice::Hint) {
        lacks.push("no callback proves one refund alone".to_owned());
    }
    for lack in lacks {
        writeln!(page, "- {lack}").unwrap();
    }
}

fn codes(page: &mut String, terms: &Capabilities) {
    page.push_str("\n## What its codes prove\n\nA code that is not here proves nothing.\n\n");
    let mut kinds = vec![Kind::Pay, Kind::Query, Kind::Close, Kind::Cancel, Kind::Refund, Kind::RefundQuery];
    if terms.splits.is_some() {
        kinds.extend([Kind::ReceiverBind, Kind::Split, Kind::SplitQuery]);
    }
    if comes_ahead(terms) {
        kinds.extend([Kind::SplitReturn, Kind::SplitReturnQuery]);
    }
    page.push_str("| Answer to | Final refusal | Not known | Under way, or not yet | Cannot be closed |\n|---|---|---|---|---|\n");
    for kind in kinds {
        let of = |wanted: &dyn Fn(Verdict) -> bool| {
            let rules = terms.codes.iter().filter(|rule| rule.kinds.contains(&kind) && wanted(rule.verdict));
            rules.map(|rule| format!("`{}`", rule.code)).collect::<Vec<_>>().join(" ")
        };
        let (failed, unknown) =
            (of(&|verdict| verdict == Verdict::Failed), of(&|verdict| verdict == Verdict::NotFound));
        let waits = of(&|verdict| matches!(verdict, Verdict::Waiting | Verdict::NotYet));
        let refused = of(&|verdict| verdict == Verdict::CloseRefused);
        writeln!(page, "| {kind} | {failed} | {unknown} | {waits} | {refused} |").unwrap();
    }
}

fn proven(page: &mut String, terms: &Capabilities, held: &[Held]) {
    page.push_str("\n## What the kit proves\n\n");
    let Some((_, behaviours)) = held.first() else {
        page.push_str("It is not in the kit.\n");
        return;
    };
    let contracts = held.iter().map(|(contract, _)| *contract).collect::<Vec<_>>().join(", ");
    writeln!(page, "Held against the simulator {contracts}, in every run of the gate:\n").unwrap();
    for behaviour in *behaviours {
        let (group, words) = behaviour.split_once("::").unwrap();
        let applies = if applies(terms, words) { "" } else { " (nothing here to hold it against)" };
        writeln!(page, "- {group}: {}{applies}", words.replace('_', " ")).unwrap();
    }
}

/// Whether shares come back by calls of their own.
fn comes_ahead(terms: &Capabilities) -> bool {
    terms.splits.is_some_and(|splits| splits.returned == ReturnMode::Ahead)
}

/// Whether shares come back with the refund itself.
fn comes_along(terms: &Capabilities) -> bool {
    terms.splits.is_some_and(|splits| splits.returned.with_refund())
}

/// Whether the channel has anything that a behaviour can be held against.
fn applies(terms: &Capabilities, behaviour: &str) -> bool {
    match behaviour {
        "a_cancel_undoes_a_payment_and_repeats_its_answer" => {
            terms.methods.iter().any(|method| method.ended_by == Kind::Cancel)
        }
        "a_lost_or_spoilt_answer_to_a_payment_proves_nothing_and_the_query_does"
        | "a_slow_answer_is_a_timeout_and_the_query_knows" => {
            terms.methods.iter().any(|method| matches!(method.opening, Opening::Outcome | Opening::Taken))
        }
        "a_discount_granted_inside_the_channel_is_told_and_taken_back_in_proportion" => {
            terms.discounts.is_some()
        }
        "an_opening_whose_word_was_missed_is_told_again_with_the_same_card"
        | "an_opening_whose_word_never_came_is_asked_about_and_proven"
        | "an_opening_that_the_payer_left_tells_of_no_card"
        | "a_lost_answer_to_a_code_proves_nothing_and_the_phone_knows"
        | "a_wrong_code_pays_nothing_and_the_query_proves_it"
        | "an_ended_card_gets_no_more_codes" => {
            terms.methods.iter().any(|method| method.method == Method::QuickPay)
        }
        "a_receiver_is_bound_and_an_unknown_one_refused"
        | "a_receiver_that_is_unbound_gets_no_more_shares"
        | "shares_are_accepted_and_each_is_proven_by_itself"
        | "the_same_split_twice_pays_once"
        | "a_lost_answer_to_a_split_proves_nothing_and_the_query_does"
        | "more_than_the_contract_lets_go_is_refused_and_pays_nobody"
        | "a_split_that_is_refused_again_and_again_is_shown_undivided"
        | "a_refund_takes_shares_back" => terms.splits.is_some(),
        "a_lost_answer_to_a_return_proves_nothing_and_the_query_does"
        | "what_a_receiver_does_not_give_back_is_proven_too"
        | "who_has_no_money_or_has_not_agreed_gives_nothing_back_for_now" => comes_ahead(terms),
        "a_share_that_comes_back_with_its_refund_is_proven_by_itself"
        | "what_was_paid_face_to_face_gives_its_shares_back_as_the_channel_reckons" => comes_along(terms),
        _ => true,
    }
}
