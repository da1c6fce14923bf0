//! Decisions about payments, refunds, books and deliveries, each run over everything there is and over only
//! what the command says it wants.

#[cfg(test)]
extern crate tillkeeper_domain as tk_domain;

#[cfg(test)]
mod abandoned;
#[cfg(test)]
mod agreements;
#[cfg(test)]
mod attempts;
#[cfg(test)]
mod bank_link;
#[cfg(test)]
mod barcode;
#[cfg(test)]
mod books;
#[cfg(test)]
mod came_back;
#[cfg(test)]
mod channel_splits;
#[cfg(test)]
mod cheques;
#[cfg(test)]
mod closing;
#[cfg(test)]
mod confirm;
#[cfg(test)]
mod counter;
#[cfg(test)]
mod extensions;
#[cfg(test)]
mod fulfilments;
#[cfg(test)]
mod identity;
#[cfg(test)]
mod instalments;
#[cfg(test)]
mod invariants;
#[cfg(test)]
mod items;
#[cfg(test)]
mod kit;
#[cfg(test)]
mod late_refunds;
#[cfg(test)]
mod late_splits;
#[cfg(test)]
mod partial;
#[cfg(test)]
mod partners;
#[cfg(test)]
mod parts;
#[cfg(test)]
mod prepayments;
#[cfg(test)]
mod refunds;
#[cfg(test)]
mod repeats;
#[cfg(test)]
mod resolutions;
#[cfg(test)]
mod returned_shares;
#[cfg(test)]
mod routing;
#[cfg(test)]
mod sequences;
#[cfg(test)]
mod splits;
#[cfg(test)]
mod stray;
#[cfg(test)]
mod texts;
#[cfg(test)]
mod transfers;
#[cfg(test)]
mod withheld;
