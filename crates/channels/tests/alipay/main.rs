//! Tables of what Alipay's answers, calls, callbacks and keys mean.

#[cfg(test)]
mod call;
#[cfg(test)]
mod callback;
#[cfg(test)]
mod credentials;
#[cfg(test)]
mod report;
#[cfg(test)]
mod returned;
#[cfg(test)]
#[path = "../rows/mod.rs"]
mod rows;
#[cfg(test)]
mod shares;
