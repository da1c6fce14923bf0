//! Reading what a statement follows on.

use super::Bring;
use crate::{App, Failure};
use tk_channels::bank::ToldStatement;
use tk_channels::bank::follow::{Follow, neighbour_days};

impl App {
    /// A statement among those taken before.
    pub(crate) async fn follow(&self, bring: &Bring, statement: &ToldStatement) -> Result<Follow, Failure> {
        let whose = (bring.tenant_id, bring.channel_account_id);
        let neighbours = match neighbour_days(statement) {
            Some(span) => self.reader().bank_statements(whose.0, whose.1, span).await?,
            None => Vec::new(),
        };
        Ok(Follow::among(neighbours, whose, statement))
    }
}
