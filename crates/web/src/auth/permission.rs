//! What a handler needs the caller to be allowed, as types.

use tk_domain::access::Scope;

/// A permission that a handler names in its first argument.
pub trait Permission: Send + Sync + 'static {
    /// The scope that the key must have.
    const SCOPE: Scope;
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name;
        impl Permission for $name {
            const SCOPE: Scope = Scope::$name;
        }
    )*};
}

permissions! {
    /// Read payments.
    PaymentsRead;
    /// Create, attempt, close and query payments.
    PaymentsWrite;
    /// Read refunds.
    RefundsRead;
    /// Create and cancel refunds.
    RefundsWrite;
    /// Read splits.
    SplitsRead;
    /// Divide payments.
    SplitsWrite;
    /// Read bank transfers and their matches.
    BankTransfersRead;
    /// Bring bank lines, match them, ask for returns.
    BankTransfersWrite;
    /// Read shifts, movements over counters, their days and deposits.
    CounterRead;
    /// Open and close shifts, take money over counters, hand it back, deposit it.
    CounterWrite;
    /// Read identity checks and, for a reason that is logged, their photos.
    IdentityRead;
    /// Begin identity checks and ask for their review.
    IdentityWrite;
    /// Read accounts, entries, holds and exceptions.
    BooksRead;
    /// Propose what becomes of money in suspense.
    ExceptionsWrite;
    /// Read events, deliveries and webhook endpoints.
    EventsRead;
    /// Change webhook endpoints, redeliver.
    EventsWrite;
    /// Read merchants, products, channel accounts, apps.
    ConfigRead;
    /// Change merchants, products, channel accounts, apps and keys.
    ConfigWrite;
}
