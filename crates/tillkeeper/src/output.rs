//! The only place that writes to the terminal.

use std::io::Write as _;

/// A line for people or scripts on standard output; a closed pipe is not an error.
pub fn line(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}");
    let _ = out.flush();
}

/// A line about trouble on standard error.
pub fn error(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "tillkeeper: {text}");
}
