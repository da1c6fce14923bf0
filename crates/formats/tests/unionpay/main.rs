//! UnionPay: the vectors both ways, hostile inputs, and properties.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a failed step fails the test"
)]

mod desk;
mod hostile;
mod hostile_files;
mod properties;
mod vectors;
