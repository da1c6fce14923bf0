//! Identifiers, times, dates and published words.

use crate::kit::Counter;
use tk_domain::id::{Id128, PaymentId, TypedId};
use tk_domain::moment::{DAY_US, Moment, date_text, shanghai_day, time_text};
use tk_domain::payment::out_no;

#[test]
fn identifiers_agree_with_the_typeid_vectors() {
    let bytes = |text: &str| Id128(u128::from_str_radix(&text.replace('-', ""), 16).unwrap().to_be_bytes());
    let vectors = [
        ("00000000-0000-0000-0000-000000000000", "00000000000000000000000000"),
        ("00000000-0000-0000-0000-000000000001", "00000000000000000000000001"),
        ("00000000-0000-0000-0000-000000000020", "00000000000000000000000010"),
        ("ffffffff-ffff-ffff-ffff-ffffffffffff", "7zzzzzzzzzzzzzzzzzzzzzzzzz"),
        ("01890a5d-ac96-774b-bcce-b302099a8057", "01h455vb4pex5vsknk084sn02q"),
        ("0110c853-1d09-52d8-d73e-1194e95b5f19", "0123456789abcdefghjkmnpqrs"),
    ];
    for (uuid, text) in vectors {
        assert_eq!(bytes(uuid).base32(), text);
        assert_eq!(Id128::from_base32(text), Some(bytes(uuid)));
    }
    let bad =
        ["", "8zzzzzzzzzzzzzzzzzzzzzzzzz", "0123456789ABCDEFGHJKMNPQRS", "0123456789abcdefghijklmnop", "0"];
    for text in bad {
        assert_eq!(Id128::from_base32(text), None, "{text}");
    }
}

#[test]
fn identifiers_carry_time_version_and_variant_and_sort_by_time() {
    let mut entropy = Counter(1);
    let early = PaymentId::new(&mut Moment::new(1_700_000_000_000_000, &mut entropy));
    let late = PaymentId::new(&mut Moment::new(1_700_000_000_001_000, &mut entropy));
    assert!(early < late && early.to_string() < late.to_string());
    // Two ids of one millisecond sort by their microsecond, whatever their random bits are.
    assert!(Id128::v7(1_700_000_000_000_001, u128::MAX) < Id128::v7(1_700_000_000_000_002, 0));
    assert!(Id128::v7(1_700_000_000_000_999, u128::MAX) < Id128::v7(1_700_000_000_001_000, 0));
    let Id128(bytes) = Id128::of_ms(0x0123_4567_89AB, u128::MAX);
    assert_eq!(bytes[..6], [0x01, 0x23, 0x45, 0x67, 0x89, 0xAB]);
    assert_eq!((bytes[6], bytes[8]), (0x7F, 0xBF));
    assert_eq!(PaymentId::parse(&early.to_string()), Some(early));
    assert_eq!(PaymentId::parse(&early.to_string().replace("pay_", "ref_")), None);
    assert_eq!(out_no('T', early.id128()), format!("T{}", early.id128().base32().to_uppercase()));
}

#[test]
fn dates_and_times_are_those_of_shanghai() {
    let times = [
        (0, "1970-01-01T08:00:00+08:00"),
        (-1, "1970-01-01T07:59:59+08:00"),
        (1_709_135_999_000_000, "2024-02-28T23:59:59+08:00"),
        (1_709_136_000_000_000, "2024-02-29T00:00:00+08:00"),
        (1_800_000_000_000_000, "2027-01-15T16:00:00+08:00"),
        (4_107_484_800_000_000, "2100-02-28T16:00:00+08:00"),
        (4_107_571_200_000_000, "2100-03-01T16:00:00+08:00"),
        (951_782_400_000_000, "2000-02-29T08:00:00+08:00"),
        (-2_203_977_600_000_000, "1900-02-28T08:00:00+08:00"),
        (-2_203_891_200_000_000, "1900-03-01T08:00:00+08:00"),
    ];
    for (at_us, text) in times {
        assert_eq!(time_text(at_us), text);
    }
    for (day, text) in
        [(0, "1970-01-01"), (-1, "1969-12-31"), (11_016, "2000-02-29"), (-719_468, "0000-03-01")]
    {
        assert_eq!(date_text(day), text);
    }
    assert_eq!(shanghai_day(16 * 3_600_000_000 - 1), 0);
    assert_eq!(shanghai_day(16 * 3_600_000_000), 1);
    assert_eq!(shanghai_day(-DAY_US), -1);
}

#[test]
fn every_published_word_reads_back_and_is_used_once() {
    macro_rules! read_back {
        ($($words:ty),* $(,)?) => {$(
            let mut seen = std::collections::BTreeSet::new();
            for value in <$words>::ALL {
                assert_eq!(<$words>::parse(value.word()), Some(*value));
                assert_eq!(value.to_string(), value.word());
                assert_eq!(serde_json::to_value(value).unwrap(), value.word());
                assert!(seen.insert(value.word()), "{value} twice");
            }
            assert_eq!(<$words>::parse("no such word"), None);
        )*};
    }
    use tk_domain::{
        access, audit, channel_account, exception, instruction, key, ledger, payment, product, refund,
        refusal, report, routing, webhook,
    };
    read_back! {
        access::Scope, access::SignatureAlgorithm, audit::Act, channel_account::Channel, channel_account::Method,
        exception::ExceptionKind, exception::ExceptionStatus, instruction::InstructionKind,
        instruction::InstructionStatus, key::NaturalKind, ledger::AccountKind, ledger::EntryKind, ledger::Side,
        ledger::HoldStatus, payment::ActionKind, payment::AttemptStatus, payment::CloseReason,
        payment::Disposition, payment::PaymentStatus, payment::RefundStatus, product::IssueOn, product::StrayMoney,
        product::Terminal, refund::Line, refund::RefundOrigin, refund::RefundRoute, refund::RefundState,
        refusal::MoneyState, report::Source, report::Unclear, routing::DropReason, webhook::DeliveryStatus,
        webhook::EventKind,
    }
}
