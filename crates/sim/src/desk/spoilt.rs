//! The planted bugs of the desk.

use super::Desk;
use crate::planted::Bug;
use tk_channels::bank::ToldStatement;
use tk_domain::bank_link::{Asking, StatementKind};

impl Desk {
    /// A line is named by the file it came in, so that each file brings it anew.
    pub(super) fn name_by_file(&self, mut content: Vec<u8>, asking: Asking) -> Vec<u8> {
        if self.has(Bug::BankLineNamedByItsFile) && asking.kind == StatementKind::Final {
            content.push(b'F');
        }
        content
    }

    /// Whatever rows a file has are taken for what happened, and its sums are not looked at.
    pub(super) fn believe_rows(&self, statement: &mut ToldStatement) {
        if !self.has(Bug::DoubledRowsBelieved) || !self.doubled {
            return;
        }
        let again = statement.lines.clone();
        statement.lines.extend(again.into_iter().map(|mut line| {
            line.ordinal += 1_000;
            line
        }));
    }
}
