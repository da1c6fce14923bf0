//! One list of cases, run on both engines.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::cast_possible_wrap,
    clippy::similar_names,
    reason = "a test says what it expects by failing"
)]

mod bed;
mod cards;
mod cases;
mod cheques;
mod commands;
mod desk;
mod furnish;
mod parts;
mod policies;
mod postgres_only;
mod prepayments;
mod splits;
mod sqlite_only;

/// Each case of a file runs on a fresh database of each engine.
macro_rules! on_both {
    ($file:ident in $sqlite:ident, $postgres:ident: $($case:ident),* $(,)?) => {
        mod $sqlite {$(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                crate::$file::$case(crate::bed::Bed::sqlite(tillkeeper_store::StoreConfig::default()).await).await;
            }
        )*}
        mod $postgres {$(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                crate::$file::$case(crate::bed::Bed::postgres(tillkeeper_store::StoreConfig::default()).await).await;
            }
        )*}
    };
}

on_both! {
    cases in sqlite, postgres:
    a_payment_is_created_collected_and_read,
    a_refusal_changes_nothing_and_nobody_else,
    a_guarded_account_never_falls_below_zero,
    a_defect_fails_alone,
    many_at_once_keep_the_books_exact,
    two_at_once_with_one_order_number_make_one_payment,
    a_dropped_answer_does_not_tear_the_command,
    lists_page_both_ways_and_filter,
    events_reach_the_feed_and_the_endpoints,
    new_deliveries_are_handed_over_with_a_lease,
    due_work_is_claimed_once,
    tenants_see_only_their_own,
    one_busy_tenant_leaves_room_for_others,
    an_unknown_tenant_can_write_nothing,
    every_table_has_the_columns_of_its_rows,
}

on_both! {
    cards in cards_sqlite, cards_postgres:
    openings_are_asked_about_when_due_and_never_after_the_channels_word,
}

on_both! {
    cheques in cheques_sqlite, cheques_postgres:
    cheques_that_the_bank_takes_back_are_kept_and_verified,
}

on_both! {
    desk in desk_sqlite, desk_postgres:
    the_desk_is_kept_and_verified,
    slips_and_statements_are_kept_and_verified,
}

on_both! {
    policies in policies_sqlite, policies_postgres:
    money_that_comes_after_its_policy_has_ended_is_kept,
    policies_of_items_and_refunds_of_others_are_kept_and_verified,
}

on_both! {
    parts in parts_sqlite, parts_postgres:
    parts_are_kept_and_verified,
    items_are_kept_and_verified,
}

on_both! {
    prepayments in prepayments_sqlite, prepayments_postgres:
    prepayments_are_kept_and_verified,
    draws_and_refunds_at_once_never_take_more_than_there_is,
}

on_both! {
    splits in splits_sqlite, splits_postgres:
    splits_are_kept_and_verified,
    channel_splits_are_kept_and_verified,
    a_share_paid_after_all_is_booked_and_verified,
    what_is_given_up_is_kept_and_ends_by_the_channels_word,
    refunds_and_splits_at_once_never_give_away_too_much,
}
