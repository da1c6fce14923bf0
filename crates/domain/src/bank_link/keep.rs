//! The link of a channel account is written by the commit that writes the account.

use super::{BankLink, LinkRoad, LinkStatus};
use crate::channel_account::{Channel, ChannelAccount};
use crate::command::{Want, Wants};
use crate::decision::Changes;
use crate::exception::{Exception, ExceptionKind};
use crate::id::{ChannelAccountId, ExceptionId, TenantId};
use crate::moment::{Moment, SECOND_US, shanghai_day};
use crate::snapshot::Snapshot;
use serde::Deserialize;

/// How long between two questions where the settings do not say, seconds.
const EVERY_S: i64 = 300;
/// How long after a day's end its final statement is asked for where the settings do not say, seconds.
const FINAL_AFTER_S: i64 = 1_800;

/// What the settings of an account say about its link, as far as it concerns the timer.
#[derive(Debug, Deserialize)]
struct Settings {
    direct_link: Option<Terms>,
}

#[derive(Debug, Deserialize)]
struct Terms {
    road: LinkRoad,
    keeper: String,
    every_s: Option<i64>,
    final_after_s: Option<i64>,
}

/// Asks for the link of an account and what is open about it.
pub(crate) fn want_link((tenant_id, id): (TenantId, ChannelAccountId), wants: &mut Wants) {
    wants.add(Want::BankLink(tenant_id, id));
    wants.add(Want::Exception(tenant_id, silence(tenant_id, id)));
}

fn silence(tenant_id: TenantId, id: ChannelAccountId) -> ExceptionId {
    Exception::id_of(tenant_id, ExceptionKind::BankLinkSilent, &id.to_string())
}

/// The link as the account's settings now want it; of one that is stopped nobody waits to hear any longer.
pub(crate) fn keep(
    account: &ChannelAccount,
    (snapshot, changes): (&Snapshot, &mut Changes),
    moment: &Moment<'_>,
) {
    let Some(link) = kept(account, snapshot, moment) else { return };
    if link.status == LinkStatus::Stopped {
        let matter = (account.tenant_id, silence(account.tenant_id, account.id));
        changes.put_some(Exception::settled(matter, snapshot, moment.now_us));
    }
    changes.put(link);
}

/// The link as the account's settings now want it; nothing where nothing changes.
fn kept(account: &ChannelAccount, snapshot: &Snapshot, moment: &Moment<'_>) -> Option<BankLink> {
    let stored = snapshot.bank_links.get(&(account.tenant_id, account.id));
    let settings: Option<Settings> = serde_json::from_str(&account.settings).ok();
    let terms = settings.and_then(|settings| settings.direct_link);
    let terms = terms.filter(|_| account.enabled && account.channel == Channel::BankDirect);
    let row = match (terms, stored) {
        (None, None) => return None,
        (None, Some(stored)) => BankLink { status: LinkStatus::Stopped, ..stored.clone() },
        (Some(terms), stored) => terms.onto(stored.cloned().unwrap_or_else(|| fresh(account, moment))),
    };
    if stored == Some(&row) {
        return None;
    }
    // Under other terms it is asked at once, and has a day to be heard again.
    let now_us = moment.now_us;
    let again = BankLink { due_at_us: now_us, heard_at_us: now_us, failures: 0, last_hash: None, ..row };
    Some(BankLink { updated_at_us: now_us, ..again })
}

impl Terms {
    fn onto(self, link: BankLink) -> BankLink {
        let seconds = |given: Option<i64>, usual: i64| given.unwrap_or(usual).saturating_mul(SECOND_US);
        BankLink {
            status: LinkStatus::Active,
            road: self.road,
            every_us: seconds(self.every_s, EVERY_S),
            final_after_us: seconds(self.final_after_s, FINAL_AFTER_S),
            keeper: self.keeper,
            ..link
        }
    }
}

fn fresh(account: &ChannelAccount, moment: &Moment<'_>) -> BankLink {
    BankLink {
        tenant_id: account.tenant_id,
        id: account.id,
        status: LinkStatus::Active,
        road: LinkRoad::Https,
        keeper: String::new(),
        every_us: 0,
        final_after_us: 0,
        final_day: shanghai_day(moment.now_us).saturating_sub(1),
        gap_day: None,
        due_at_us: moment.now_us,
        lease_until_us: 0,
        tries: 0,
        failures: 0,
        heard_at_us: moment.now_us,
        trouble: None,
        trouble_detail: None,
        last_hash: None,
        event_seq: 0,
        created_at_us: moment.now_us,
        updated_at_us: moment.now_us,
        version: 0,
    }
}
