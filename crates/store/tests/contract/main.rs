//! One list of cases, run on both engines.

mod bed;
mod cases;
mod commands;

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
}
