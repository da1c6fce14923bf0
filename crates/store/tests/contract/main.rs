//! One list of cases, run on both engines.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::cast_possible_wrap,
    clippy::similar_names,
    reason = "a test says what it expects by failing"
)]

mod bed;
mod cases;
mod commands;
mod desk;
mod furnish;
mod parts;
mod postgres_only;
mod splits;
mod sqlite_only;

/// Each case runs on a fresh database of each engine.
macro_rules! on_both {
    ($($case:ident),* $(,)?) => {
        mod sqlite {$(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                crate::cases::$case(crate::bed::Bed::sqlite(tillkeeper_store::StoreConfig::default()).await).await;
            }
        )*}
        mod postgres {$(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                crate::cases::$case(crate::bed::Bed::postgres(tillkeeper_store::StoreConfig::default()).await).await;
            }
        )*}
    };
}

on_both! {
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

/// The same for the desk.
macro_rules! desk_on_both {
    ($($case:ident),* $(,)?) => {
        mod desk_sqlite {$(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                crate::desk::$case(crate::bed::Bed::sqlite(tillkeeper_store::StoreConfig::default()).await).await;
            }
        )*}
        mod desk_postgres {$(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                crate::desk::$case(crate::bed::Bed::postgres(tillkeeper_store::StoreConfig::default()).await).await;
            }
        )*}
    };
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_are_kept_and_verified_on_postgres() {
    let bed = crate::bed::Bed::postgres(tillkeeper_store::StoreConfig::default()).await;
    crate::parts::parts_are_kept_and_verified(bed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_are_kept_and_verified_on_sqlite() {
    let bed = crate::bed::Bed::sqlite(tillkeeper_store::StoreConfig::default()).await;
    crate::parts::parts_are_kept_and_verified(bed).await;
}

desk_on_both! {
    the_desk_is_kept_and_verified,
    slips_and_statements_are_kept_and_verified,
}

/// The same for splits.
macro_rules! splits_on_both {
    ($($case:ident),* $(,)?) => {
        mod splits_sqlite {$(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                crate::splits::$case(crate::bed::Bed::sqlite(tillkeeper_store::StoreConfig::default()).await).await;
            }
        )*}
        mod splits_postgres {$(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                crate::splits::$case(crate::bed::Bed::postgres(tillkeeper_store::StoreConfig::default()).await).await;
            }
        )*}
    };
}

splits_on_both! {
    splits_are_kept_and_verified,
    refunds_and_splits_at_once_never_give_away_too_much,
}
