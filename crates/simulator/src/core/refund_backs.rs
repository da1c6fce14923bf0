use serde::{Deserialize, Serialize};

use super::trade::{Entrance, Trade};
use super::{RefundCall, Seller, Share, ShareCall, ShareNode, ShareState, TruthEvent, Way, Why};

/// The truth about what one receiver was to give back with a refund.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundBack {
    pub account: String,
    pub amount_fen: i64,
    pub state: ShareState,
    pub at_us: i64,
}

impl Seller {
    /// What a refund takes back of whom: as it says, or as the channel reckons it.
    pub(super) fn backs_of(&self, trade: &Trade, call: &RefundCall) -> Result<Vec<ShareCall>, Why> {
        let face_to_face = matches!(trade.entrance, Entrance::Qr | Entrance::Barcode);
        if !(face_to_face && self.config.house.reckons_face_to_face()) {
            self.check_returns(trade, &call.returns)?;
            return Ok(call.returns.clone());
        }
        if !call.returns.is_empty() {
            return Err(Why::ParameterInvalid);
        }
        let whole = trade.refunded_fen().saturating_add(call.refund_fen) >= trade.paid_fen();
        let back = |share: &Share| ShareCall {
            account: share.account.clone(),
            amount_fen: reckoned_fen(share, (call.refund_fen, trade.paid_fen()), whole),
        };
        let paid = self.shares_of(trade).filter(|share| share.state == ShareState::Success);
        Ok(paid.map(back).filter(|back| back.amount_fen > 0).collect())
    }

    /// A receiver whose account was shut since keeps what it has; the refund is done all the same.
    pub(super) fn give_with_refund(
        &mut self,
        at_us: i64,
        (trade, number): (&Trade, &str),
        backs: &[ShareCall],
    ) {
        for back in backs {
            let state = if keeps(&back.account) { ShareState::Failed } else { ShareState::Success };
            let (account, amount_fen) = (back.account.clone(), back.amount_fen);
            self.record(TruthEvent::ShareReturned {
                out_trade_no: trade.order.out_trade_no.clone(),
                out_request_no: number.to_owned(),
                back: RefundBack { account, amount_fen, state, at_us },
            });
        }
    }

    /// What receivers were to give back with one refund of a trade, as it is listed.
    pub(super) fn backs_listed(&self, trade: &Trade, number: &str) -> Vec<ShareNode> {
        let key = (trade.order.out_trade_no.clone(), number.to_owned());
        let listed = |back: &RefundBack| ShareNode {
            way: Way::TransferRefund,
            account: back.account.clone(),
            amount_fen: back.amount_fen,
            state: back.state,
            at_us: back.at_us,
        };
        let mut nodes: Vec<ShareNode> = Vec::new();
        for node in self.refund_backs.get(&key).into_iter().flatten().map(listed) {
            let same = nodes.iter_mut().find(|one| self.config.sums_backs && one.account == node.account);
            match same {
                Some(sum) => sum.amount_fen = sum.amount_fen.saturating_add(node.amount_fen),
                None => nodes.push(node),
            }
        }
        nodes
    }
}

/// Whether a receiver gives nothing back.
pub(super) fn keeps(account: &str) -> bool {
    account.starts_with("keeps")
}

/// To the next fen, and all that is left when the whole trade goes back.
fn reckoned_fen(share: &Share, (refund_fen, paid_fen): (i64, i64), whole: bool) -> i64 {
    let left_fen = share.amount_fen - share.returned_fen;
    if whole || paid_fen < 1 {
        return left_fen;
    }
    let part = i128::from(share.amount_fen) * i128::from(refund_fen) + i128::from(paid_fen) / 2;
    i64::try_from(part / i128::from(paid_fen)).unwrap_or(left_fen).clamp(0, left_fen)
}
