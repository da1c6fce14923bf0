//! Where a statement has to begin: with the balance of the nearest day before it.

use tillkeeper_channels::bank::follow::{Break, Follow, Reach};
use tillkeeper_channels::bank::{Told, ToldStatement};
use tk_domain::id::{ChannelAccountId, Id128, StatementId, TenantId};
use tk_domain::transfer::{BankStatement, Flow, LineNature};
use tk_money::Currency;

const WHOSE: (TenantId, ChannelAccountId) = (TenantId(Id128([1; 16])), ChannelAccountId(Id128([2; 16])));

fn taken(day: i64, (opening, closing): (i64, i64)) -> BankStatement {
    BankStatement {
        tenant_id: WHOSE.0,
        id: StatementId(Id128::v7(day, 0)),
        channel_account_id: WHOSE.1,
        first_day: day,
        last_day: day,
        opening_minor: Some(opening),
        closing_minor: Some(closing),
        lines_count: 1,
        equal_lines: "{}".to_owned(),
        made_by: "direct link".to_owned(),
        created_at_us: day,
        version: 1,
    }
}

fn told(day: i64, opening: i64, amount_minor: i64) -> ToldStatement {
    let line = Told {
        flow: Flow::Credit,
        nature: LineNature::Plain,
        amount_minor,
        booked_day: day,
        booked_at_us: None,
        bank_ref: "N1".to_owned(),
        party_name: String::new(),
        party_account: String::new(),
        party_bank: String::new(),
        remark: String::new(),
        end_to_end_id: String::new(),
        ordinal: 0,
    };
    ToldStatement {
        currency: Currency::Cny,
        opening_minor: Some(opening),
        closing_minor: Some(opening + amount_minor),
        lines: vec![line],
    }
}

fn broken(taken: &[BankStatement], (day, opening): (i64, i64), reach: Reach) -> Option<Break> {
    let statement = told(day, opening, 50);
    Follow::among(taken.to_vec(), WHOSE, &statement, reach).broken(Some(opening))
}

#[test]
fn a_balance_that_an_earlier_day_had_as_well_hides_no_gap() {
    // Of the second day a credit was told and its reversal was lost; the third begins where the first ended.
    let before = [taken(1, (0, 1_000)), taken(2, (1_000, 3_000))];
    let found = broken(&before, (3, 1_000), Reach::Anew);
    assert_eq!(found, Some(Break { ended_minor: 3_000, ended_day: 2, begins_minor: 1_000 }));
    // The second day told anew, whole, closes with what the third begins with.
    let healed = [taken(1, (0, 1_000)), taken(2, (1_000, 3_000)), taken(2, (1_000, 1_000))];
    assert_eq!(broken(&healed, (3, 1_000), Reach::Anew), None);
}

#[test]
fn days_without_a_statement_and_pieces_of_one_day_are_no_gaps() {
    let before = [taken(1, (0, 1_000)), taken(2, (1_000, 3_000))];
    assert_eq!(broken(&before, (9, 3_000), Reach::Anew), None, "nothing happened in between");
    assert_eq!(broken(&before, (2, 3_000), Reach::Onward), None, "the afternoon follows the morning");
    assert_eq!(broken(&before, (2, 1_000), Reach::Anew), None, "the day is told anew");
    assert_eq!(
        broken(&before, (2, 2_500), Reach::Onward),
        Some(Break { ended_minor: 3_000, ended_day: 2, begins_minor: 2_500 }),
        "between two pieces of one day something is missing"
    );
    let whole = [BankStatement { last_day: 30, ..taken(1, (0, 9_000)) }];
    assert_eq!(broken(&whole, (15, 4_000), Reach::Onward), None, "a day of a month that was told whole");
}
