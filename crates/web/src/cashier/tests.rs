//! Every page in every state and both languages.

mod samples;

use super::{pages, stage};
use crate::locale::{Locale, text};
use askama::Template;
use samples::Sample;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use tk_domain::payment::AttemptStatus;
use tk_domain::product::Terminal;

fn render(sample: &Sample, locale: Locale) -> String {
    pages::current(&sample.visit(locale), &sample.rows).unwrap()
}

fn named(name: &str) -> Sample {
    samples::all().into_iter().find(|sample| sample.name == name).unwrap()
}

#[test]
fn every_state_has_a_page_with_money_line_payee_amount_and_order_number() {
    for sample in samples::all() {
        for locale in Locale::ALL {
            let page = render(&sample, locale);
            let name = format!("{} {}", sample.name, locale.tag());
            for part in ["海晏财险", "航延险", "¥30.00", "HYC20260827000123", "<h1", "class=\"money "]
            {
                assert!(page.contains(part), "{name} has no {part}");
            }
            assert!(page.contains(&text(locale, "test-banner", &[])), "{name}");
            assert!(page.contains(&text(locale, "money-label", &[])), "{name}");
            assert!(page.len() < 16_000, "{name}: {} bytes", page.len());
            assert!(!page.contains(" style=") && !page.contains("<style"), "{name}");
            assert!(
                !page.contains(" onclick") && !page.contains(" onload") && !page.contains(" onsubmit"),
                "{name}"
            );
        }
    }
}

#[test]
fn no_page_in_english_has_chinese_of_ours() {
    let ours: Vec<String> =
        ["海晏财险", "航延险", "北京—上海", "航班延误险", "买家余额不足", "中文"].map(str::to_owned).to_vec();
    for sample in samples::all() {
        let mut page = render(&sample, Locale::En);
        for known in &ours {
            page = page.replace(known, "");
        }
        let marks = ["支", "微", "银", "柜"];
        let left = page
            .chars()
            .filter(|c| ('\u{4e00}'..='\u{9fff}').contains(c) && !marks.contains(&c.to_string().as_str()));
        assert_eq!(left.collect::<String>(), "", "{}", sample.name);
    }
}

#[test]
fn each_state_says_where_the_money_is() {
    let cases = [
        ("identity", "money-identity", "money-word-not-taken"),
        ("choose", "money-choose", "money-word-not-taken"),
        ("qr", "money-qr", "money-word-not-seen"),
        ("qr-scanned", "money-qr-scanned", "money-word-not-seen"),
        ("wallet", "money-wallet", "money-word-not-seen"),
        ("bridge", "money-wallet", "money-word-not-seen"),
        ("transfer", "money-transfer", "money-word-not-taken"),
        ("transfer-part", "money-transfer-part", "money-word-taken"),
        ("preparing", "money-preparing", "money-word-not-taken"),
        ("confirming", "money-confirming", "money-word-confirming"),
        ("confirming-after-wallet", "money-confirming", "money-word-confirming"),
        ("cheque", "money-cheque", "money-word-confirming"),
        ("code-expired", "money-code-expired", "money-word-confirming"),
        ("closing", "money-closing", "money-word-confirming"),
        ("checking", "money-checking", "money-word-taken"),
        ("paid", "money-paid", "money-word-taken"),
        ("paid-refunding", "money-refunding", "money-word-returning"),
        ("paid-refunded-part", "money-refunded-part", "money-word-part-returned"),
        ("paid-undecided", "money-paid", "money-word-taken"),
        ("other-amount", "money-other-amount", "money-word-taken"),
        ("other-amount-credited", "money-other-amount", "money-word-taken"),
        ("other-amount-returned", "money-other-amount-returned", "money-word-returned"),
        ("paid-refunded", "money-refunded", "money-word-returned"),
        ("paid-cash-refunding", "money-refunding", "money-word-returning"),
        ("taken-back", "money-taken-back", "money-word-taken-back"),
        ("taken-back-cheque", "money-taken-back", "money-word-taken-back"),
        ("taken-back-part", "money-taken-back-part", "money-word-taken-back"),
        ("expired-part", "money-part-kept", "money-word-taken"),
        ("expired-part-gone", "money-part-gone", "money-word-elsewhere"),
        ("paid-over", "money-paid", "money-word-taken"),
        ("late", "money-late", "money-word-returning"),
        ("late-hold", "money-late", "money-word-taken"),
        ("late-returned", "money-late-returned", "money-word-returned"),
        ("closed", "money-never", "money-word-not-taken"),
        ("failed", "money-never", "money-word-not-taken"),
        ("expired", "money-never", "money-word-not-taken"),
    ];
    for (name, sentence, word) in cases {
        for locale in Locale::ALL {
            let way = if name.contains("cash") { "way-cash" } else { "way-account" };
            let way = text(locale, way, &[]);
            let args = [
                ("amount", "¥30.00"),
                ("payee", "海晏财险"),
                ("refunded", "¥10.00"),
                ("refunding", "¥30.00"),
                ("reversed", "¥10.00"),
                ("part", "¥10.00"),
                ("way", way.as_str()),
            ];
            let page = render(&named(name), locale);
            let sentence = escaped(&text(locale, sentence, &args));
            assert!(page.contains(&sentence), "{name}: {sentence}");
            assert!(page.contains(&format!("<strong>{}</strong>", text(locale, word, &[]))), "{name}");
        }
    }
}

fn escaped(words: &str) -> String {
    words.replace('\'', "&#39;")
}

#[test]
fn an_ended_payment_shows_no_way_to_pay() {
    for sample in samples::all() {
        let stage = stage::Stage::of(&sample.rows, samples::NOW_US);
        let page = render(&sample, Locale::ZhCn);
        if !stage.moving() {
            assert!(!page.contains("/attempts\"") && !page.contains("class=\"qr\""), "{}", sample.name);
            assert!(!page.contains("data-moving"), "{}", sample.name);
        }
    }
}

#[test]
fn a_form_for_a_bank_is_written_whole_escaped_and_allowed_for_its_domain_only() {
    let sample = named("bank-form");
    let page = render(&sample, Locale::ZhCn);
    assert!(page.contains(
        "<form method=\"post\" action=\"https://gateway.95516.com/gateway/api/frontTransReq.do\">"
    ));
    assert!(page.contains("name=\"riskRateInfo\"") && !page.contains("\"><b>"), "{page}");
    let target = pages::form_target(&sample.rows);
    assert_eq!(target.as_deref(), Some("https://gateway.95516.com https://*.95516.com"));
    assert_eq!(pages::form_target(&named("wallet").rows), None);
    assert!(pages::handover(&sample.visit(Locale::ZhCn), &sample.rows).is_none());
}

#[test]
fn only_inside_wechat_the_app_is_given_what_it_signs_for() {
    let inside = render(&named("bridge"), Locale::En);
    assert!(inside.contains("data-bridge=\"{&#34;appId&#34;:&#34;wx1&#34;"), "{inside}");
    assert!(inside.contains("<noscript><div"), "it says what to do without a script");
    assert!(!render(&named("bridge-elsewhere"), Locale::En).contains("prepay_id"));
    let sample = named("bridge");
    assert!(pages::handover(&sample.visit(Locale::En), &sample.rows).is_none());
}

#[test]
fn a_counter_is_shown_where_a_contract_takes_money_there_and_bar_codes_are_left_to_tills() {
    let mut sample = named("choose");
    assert!(!render(&sample, Locale::En).contains("counter-title"));
    sample.rows.accounts.push(samples::counter());
    sample.terminal = Terminal::Counter;
    let page = render(&sample, Locale::En);
    assert!(page.contains("counter-title") && page.contains("<li>Cash</li>"), "{page}");
    assert!(!page.contains("value=\"alipay_barcode\""), "{page}");
    sample.rows.payment.methods_allow = Some(r#"["alipay"]"#.to_owned());
    assert!(!render(&sample, Locale::En).contains("counter-title"));
}

#[test]
fn a_transfer_shows_account_amount_and_code_and_what_is_left() {
    for locale in Locale::ALL {
        let page = render(&named("transfer"), locale);
        for part in ["1109 0223 3410 801", "Bank of Test", "1234 5685", "¥30.00"] {
            assert!(page.contains(part), "{part}");
        }
        let page = render(&named("transfer-part"), locale);
        assert!(page.contains("¥10.00") && page.contains("¥20.00"), "what has arrived and what is left");
    }
}

#[test]
fn a_payer_whose_time_runs_short_is_offered_more_and_only_while_there_is_more() {
    let form = "/extension\" data-once>";
    for locale in Locale::ALL {
        for name in ["choose", "choose-short", "qr", "wallet"] {
            let page = render(&named(name), locale);
            assert!(page.contains(form) && page.contains(&text(locale, "time-more", &[])), "{name}");
        }
        assert!(!render(&named("transfer"), locale).contains(form), "its code was given until then");
    }
    let mut sample = named("choose-short");
    let before = stage::revision(&sample.rows, samples::NOW_US);
    assert!(
        render(&sample, Locale::En).contains(&format!("value=\"{}\"", sample.rows.payment.expires_at_us))
    );
    sample.rows.payment.extensions_left = 0;
    assert!(!render(&sample, Locale::En).contains(form));
    assert_ne!(stage::revision(&sample.rows, samples::NOW_US), before, "open pages look again");
    let mut long = named("choose");
    long.rows.payment.expires_at_us += 3_600_000_000;
    assert!(!render(&long, Locale::En).contains(form));
    let mut once = named("choose-short");
    once.rows.payment.single_attempt = true;
    assert!(!render(&once, Locale::En).contains(form));
}

#[test]
fn a_code_that_was_scanned_says_so_and_who_is_insured_is_named_with_the_middle_hidden() {
    for locale in Locale::ALL {
        let said = text(locale, "qr-scanned", &[]);
        assert!(render(&named("qr-scanned"), locale).contains(&said));
        assert!(!render(&named("qr"), locale).contains(&said));
    }
    let (plain, scanned) = (named("qr"), named("qr-scanned"));
    let of = |sample: &Sample| stage::revision(&sample.rows, samples::NOW_US);
    assert_ne!(of(&plain), of(&scanned));
    let mut choose = named("choose");
    assert!(!render(&choose, Locale::En).contains("<dt>Insured</dt>"));
    choose.rows.payment.insured = Some("张***".to_owned());
    assert!(render(&choose, Locale::En).contains("<dt>Insured</dt><dd>张***</dd>"));
}

#[test]
fn help_is_a_call_away_and_no_page_promises_a_number_that_is_not_there() {
    for locale in Locale::ALL {
        for name in ["choose", "choose-none", "paid", "expired-part"] {
            let page = render(&named(name), locale);
            assert!(page.contains("<a class=\"tel\" href=\"tel:4000000000\">400-000-0000</a>"), "{name}");
        }
        let mut sample = named("choose-none");
        assert_eq!(render(&sample, locale).matches("href=\"tel:").count(), 2, "in the notice and below");
        sample.rows.phone = None;
        assert!(!render(&sample, locale).contains("tel:"));
    }
}

#[test]
fn money_that_the_bank_took_back_is_no_success() {
    for name in ["taken-back", "taken-back-cheque", "taken-back-part"] {
        for locale in Locale::ALL {
            let page = render(&named(name), locale);
            for success in ["paid-heading", "paid-next", "money-word-taken"] {
                let said = text(locale, success, &[("payee", "海晏财险")]);
                assert!(!page.contains(&format!(">{said}<")), "{name}: {said}");
            }
            assert!(page.contains("outcome warn"), "{name}");
        }
    }
    let cheque = render(&named("taken-back-cheque"), Locale::En);
    assert!(cheque.contains("Your cheque came back unpaid"), "{cheque}");
}

#[test]
fn an_order_that_ended_with_part_of_its_money_says_how_much_is_where() {
    for locale in Locale::ALL {
        let page = render(&named("expired-part"), locale);
        assert!(page.contains("¥10.00") && page.contains("¥30.00"), "{page}");
        assert!(!page.contains(&text(locale, "money-never", &[])), "{page}");
        assert!(!page.contains(&text(locale, "money-word-not-taken", &[])), "{page}");
        let gone = render(&named("expired-part-gone"), locale);
        assert!(gone.contains("¥10.00") && !gone.contains(&text(locale, "money-never", &[])), "{gone}");
    }
}

#[test]
fn money_goes_back_by_the_way_it_came() {
    let cash = render(&named("paid-cash-refunding"), Locale::En);
    assert!(cash.contains("in cash at the counter") && !cash.contains("the account you paid from"), "{cash}");
    let slip = render(&named("paid-slip-refunded-part"), Locale::En);
    assert!(slip.contains("¥10.00 has gone back at the counter, to the card"), "{slip}");
    let account = render(&named("paid-refunding"), Locale::En);
    assert!(account.contains("to the account you paid from"), "{account}");
}

#[test]
fn what_was_transferred_beyond_the_order_is_told() {
    for locale in Locale::ALL {
        let page = render(&named("paid-over"), locale);
        for sum in ["¥7.00", "¥8.00", "¥9.00"] {
            assert!(page.contains(sum), "{sum}");
        }
    }
}

#[test]
fn a_transfer_that_arrived_in_part_offers_no_other_way_and_says_why() {
    for locale in Locale::ALL {
        let bound = text(locale, "transfer-part-bound", &[("payee", "海晏财险")]);
        let part = render(&named("transfer-part"), locale);
        assert!(part.contains(&escaped(&bound)), "{part}");
        assert!(!part.contains("/methods\"") && !part.contains("/cancellation\""), "{part}");
        let whole = render(&named("transfer"), locale);
        assert!(!whole.contains(&escaped(&bound)), "{whole}");
        assert!(whole.contains("/methods\"") && whole.contains("/cancellation\""), "{whole}");
        assert!(whole.contains("/arrival\""), "{whole}");
    }
}

#[test]
fn waiting_pages_work_without_script() {
    for sample in samples::all() {
        let stage = stage::Stage::of(&sample.rows, samples::NOW_US);
        let page = render(&sample, Locale::ZhCn);
        let reloads = page.contains("<noscript><meta http-equiv=\"refresh\"");
        let asks = matches!(stage, stage::Stage::Choose | stage::Stage::Identity);
        assert_eq!(reloads, stage.moving() && !asks, "{}", sample.name);
    }
}

#[test]
fn after_a_minute_the_payer_may_leave_and_not_before() {
    let leave = text(Locale::En, "wait-leave", &[("payee", "海晏财险")]);
    let hidden = "data-after=\"60\" hidden";
    let early = render(&named("confirming"), Locale::En);
    assert!(early.contains(&leave) && early.contains(hidden));
    let late = render(&named("confirming-long"), Locale::En);
    assert!(late.contains(&leave) && !late.contains(hidden));
}

#[test]
fn texts_from_outside_are_inert() {
    let evil = "<img src=x onerror=alert(1)>\"'";
    let mut sample = named("paid-duplicate");
    sample.rows.payee = evil.to_owned();
    sample.rows.product.name = evil.to_owned();
    sample.rows.payment.description = format!("{evil}2");
    sample.rows.payment.merchant_order_no = evil.to_owned();
    sample.rows.attempts[0].channel_txn_no = Some(evil.to_owned());
    sample.rows.payment.return_url = Some("javascript:alert(1)".to_owned());
    for locale in Locale::ALL {
        let page = render(&sample, locale);
        assert!(!page.contains("<img") && !page.contains("javascript:"), "{page}");
        assert!(!page.contains("x onerror=alert(1)>\""), "{page}");
    }
    let mut wallet = named("wallet");
    for address in ["javascript:alert(1)", " javascript:alert(1)", "data:text/html,x", "\"><script>"] {
        wallet.rows.attempts[0].action.as_mut().unwrap().value = address.to_owned();
        let page = pages::handover(&wallet.visit(Locale::En), &wallet.rows).unwrap().render().unwrap();
        assert!(page.contains("content=\"0;url=\""), "{address}");
    }
}

#[test]
fn the_recommended_method_comes_first_and_unavailable_ones_say_why() {
    let mut dear = named("choose");
    dear.rows.payment.amount_minor = 428_640;
    dear.rows.payment.payer_minor = 428_640;
    let page = render(&dear, Locale::En);
    assert!(page.contains("¥4,286.40"));
    let first = page.find("value=\"alipay_qr\" required checked").unwrap();
    let last = page.find("value=\"wechat_native\" required disabled").unwrap();
    assert!(first < last);
    assert!(page.contains(&text(Locale::En, "unavailable-amount", &[])));
    assert_eq!(page.matches("class=\"tag\"").count(), 1);
}

#[test]
fn inside_wechat_the_payer_is_shown_the_way_out() {
    let mut sample = named("choose-wechat");
    let page = render(&sample, Locale::En);
    assert!(page.contains("https://pay.example/c/hy-"));
    assert!(!page.contains("/attempts\""));
    sample.terminal = Terminal::MobileWeb;
    assert!(!render(&sample, Locale::En).contains("data-copy"));
}

#[test]
fn what_follows_from_a_payment_is_said_by_what_became_of_its_policy_and_its_money() {
    let cases = [
        ("paid-policy", "paid-next-policy"),
        ("paid-policy-refunded", "paid-next-over"),
        ("paid-policy-cancelled", "paid-next-not-issued"),
        ("paid-refunded", "paid-next-over"),
        ("paid", "paid-next"),
    ];
    for (name, key) in cases {
        for locale in Locale::ALL {
            let said = escaped(&text(locale, key, &[("payee", "海晏财险")]));
            let page = render(&named(name), locale);
            assert!(page.contains(&said), "{name}: {said}");
        }
    }
}

#[test]
fn money_of_another_amount_is_spoken_of_after_its_order_has_ended() {
    for (name, said) in [
        ("other-amount", "It is kept apart, and staff decide about it."),
        ("other-amount-credited", "has received it"),
        ("other-amount-returned", "has gone back in full"),
    ] {
        let page = render(&named(name), Locale::En);
        assert!(page.contains(said) && page.contains("Money of another amount arrived"), "{name}");
        assert!(!page.contains("nothing was taken"), "{name}");
    }
}

#[test]
fn money_that_came_too_late_is_spoken_of_even_while_another_try_is_open() {
    let mut sample = named("choose-after-close");
    let attempt = &mut sample.rows.attempts[0];
    assert_eq!(attempt.status, AttemptStatus::Closed);
    attempt.disposition = Some(tk_domain::payment::Disposition::Late);
    attempt.received_minor = 3_000;
    attempt.refunding_minor = 3_000;
    let page = render(&sample, Locale::En);
    assert!(page.contains("came too late and goes back in full"), "{page}");
    assert!(page.contains("/attempts\""));
}

fn texts_used() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut used = BTreeSet::new();
    for folder in ["templates/cashier", "src/cashier", "src/cashier/identity"] {
        for file in fs::read_dir(root.join(folder)).unwrap() {
            let path = file.unwrap().path();
            let source = if path.is_file() { fs::read_to_string(path).unwrap() } else { continue };
            used.extend(source.split('"').map(str::to_owned));
        }
    }
    used
}

#[test]
fn every_text_is_used_and_every_text_used_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = fs::read_to_string(root.join("locales/en/cashier.ftl")).unwrap();
    let used = texts_used();
    for key in file.lines().filter_map(|line| line.split_once(" = ")).map(|(key, _)| key) {
        let built =
            ["method-", "language-name-", "identity-photo-"].iter().any(|start| key.starts_with(start))
                || (key.starts_with("identity-") && key.ends_with("-hint"));
        assert!(built || used.contains(key), "{key} is never used");
    }
    for folder in [root.join("templates/cashier")] {
        for template in fs::read_dir(folder).unwrap() {
            let source = fs::read_to_string(template.unwrap().path()).unwrap();
            for call in ["frame.t(\"", "frame.with(\""] {
                for rest in source.split(call).skip(1) {
                    let key = rest.split('"').next().unwrap();
                    assert!(
                        file.contains(&format!("\n{key} = ")) || file.starts_with(key),
                        "{key} is no text"
                    );
                }
            }
        }
    }
}
