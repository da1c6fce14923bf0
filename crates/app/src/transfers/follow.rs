//! Reading what a statement follows on.

use super::Bring;
use crate::{App, Failure};
use tk_channels::bank::ToldStatement;
use tk_channels::bank::follow::{Follow, Reach, neighbour_days};
use tk_domain::transfer::BankLine;

impl App {
    /// A file among the statements taken before. One whose first line is in the books tells of its days anew.
    pub(crate) async fn follow_file(
        &self,
        bring: &Bring,
        statement: &ToldStatement,
    ) -> Result<Follow, Failure> {
        let (tenant_id, account_id) = (bring.tenant_id, bring.channel_account_id);
        let id = statement
            .lines
            .first()
            .map(|first| BankLine::id_of(tenant_id, account_id, first.booked_day, &first.content(0)));
        let known = match id {
            Some(id) => self.reader().get::<BankLine>(&(tenant_id, id)).await?.is_some(),
            None => false,
        };
        self.follow(bring, statement, if known { Reach::Anew } else { Reach::Onward }).await
    }

    /// A statement among those taken before.
    pub(crate) async fn follow(
        &self,
        bring: &Bring,
        statement: &ToldStatement,
        reach: Reach,
    ) -> Result<Follow, Failure> {
        let whose = (bring.tenant_id, bring.channel_account_id);
        let neighbours = match neighbour_days(statement) {
            Some(span) => self.reader().bank_statements(whose.0, whose.1, span).await?,
            None => Vec::new(),
        };
        Ok(Follow::among(neighbours, whose, statement, reach))
    }
}
