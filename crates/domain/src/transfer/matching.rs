//! Which bank lines pay which orders: by code first, then by amount and payer. Indexed, deterministic, pure.

use crate::id::{AttemptId, BankLineId};
use crate::transfer::RemittanceCode;
use crate::words::words;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

words! {
    /// Why a line and an order may belong together, or why that is doubtful.
    Reason {
        /// The remark has the order's code.
        Code = "code",
        /// The amounts are equal.
        Amount = "amount",
        /// The line is less than what is open.
        Part = "part",
        /// The line is more than what is open.
        Over = "over",
        /// The line pays several orders, whose open amounts make it up.
        Several = "several",
        /// The payer's account is the one expected.
        Account = "account",
        /// The payer's name is the one expected.
        Name = "name",
        /// The payer's name is not the one expected.
        NameDiffers = "name_differs",
        /// Other lines or orders fit as well.
        Ambiguous = "ambiguous",
        /// The bank may have taken it back, or a slip may stand for the same money.
        Contested = "contested",
    }
}

impl Reason {
    /// What a reason adds to the score.
    const fn points(self) -> i64 {
        match self {
            Self::Code => 60,
            Self::Amount | Self::Several => 25,
            Self::Account => 20,
            Self::Name => 15,
            Self::Part => 5,
            Self::Over => 0,
            Self::NameDiffers | Self::Ambiguous | Self::Contested => -20,
        }
    }
}

words! {
    /// Whether a proposal may be carried out without a person.
    Certainty {
        /// It may.
        Sure = "sure",
        /// A person decides.
        Likely = "likely",
    }
}

/// A keyed hash of a payer's name or account: equal texts have equal hashes, and nothing can be read from them.
pub type BlindIndex = [u8; 16];

/// A bank line with money not matched yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenLine {
    /// The line.
    pub id: BankLineId,
    /// What of it is not matched, minor units.
    pub left_minor: i64,
    /// The codes in its remark.
    pub codes: Vec<RemittanceCode>,
    /// Its payer's name.
    pub name: Option<BlindIndex>,
    /// Its payer's account.
    pub account: Option<BlindIndex>,
    /// Whether it is not sure that this is money of its own: a reversal of its amount is not linked yet, or a slip of
    /// its amount is not proven.
    pub contested: bool,
}

/// An order that awaits a transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenOrder {
    /// The order.
    pub id: AttemptId,
    /// What is still awaited, minor units.
    pub left_minor: i64,
    /// Its code.
    pub code: RemittanceCode,
    /// The expected payer's name.
    pub name: Option<BlindIndex>,
    /// The expected payer's account.
    pub account: Option<BlindIndex>,
}

/// That money of a line belongs to an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proposal {
    /// The line.
    pub line: BankLineId,
    /// The order.
    pub order: AttemptId,
    /// How much of the line, minor units.
    pub amount_minor: i64,
    /// 0 to 100.
    pub score: i64,
    /// Why.
    pub reasons: Vec<Reason>,
    /// Whether a person has to decide.
    pub certainty: Certainty,
}

/// Proposes matches between lines and orders of one bank account; the sure ones can all be carried out together.
#[must_use]
pub fn propose(lines: &[OpenLine], orders: &[OpenOrder]) -> Vec<Proposal> {
    let mut matching = Matching::new(lines, orders);
    matching.by_code();
    matching.by_payer();
    matching.proposals
}

/// What could be said for a line and every order that shares its code, amount or payer, best first.
#[must_use]
pub fn candidates(line: &OpenLine, orders: &[OpenOrder], most: usize) -> Vec<Proposal> {
    let mut found: Vec<Proposal> = orders
        .iter()
        .filter(|order| order.left_minor > 0 && line.left_minor > 0)
        .map(|order| pair(line, order, (line.left_minor, order.left_minor)))
        .filter(|proposal| proposal.score > Reason::Part.points())
        .collect();
    found.sort_by(|a, b| (b.score, a.order).cmp(&(a.score, b.order)));
    found.truncate(most);
    found
}

struct Matching<'a> {
    lines: Vec<(&'a OpenLine, i64)>,
    orders: Vec<(&'a OpenOrder, i64)>,
    proposals: Vec<Proposal>,
}

impl<'a> Matching<'a> {
    fn new(lines: &'a [OpenLine], orders: &'a [OpenOrder]) -> Self {
        let mut lines: Vec<_> =
            lines.iter().filter(|line| line.left_minor > 0).map(|line| (line, line.left_minor)).collect();
        let mut orders: Vec<_> = orders
            .iter()
            .filter(|order| order.left_minor > 0)
            .map(|order| (order, order.left_minor))
            .collect();
        lines.sort_by_key(|(line, _)| line.id);
        orders.sort_by_key(|(order, _)| order.id);
        Self { lines, orders, proposals: Vec::new() }
    }

    fn by_code(&mut self) {
        let places: BTreeMap<RemittanceCode, usize> =
            self.orders.iter().enumerate().map(|(at, (order, _))| (order.code, at)).collect();
        for at in 0..self.lines.len() {
            let Some(&(line, _)) = self.lines.get(at) else { continue };
            let named: Vec<usize> = line.codes.iter().filter_map(|code| places.get(code).copied()).collect();
            match named.as_slice() {
                [] => {}
                [order] => self.one_code(at, *order),
                several => self.several_codes(at, several),
            }
        }
    }

    fn one_code(&mut self, line_at: usize, order_at: usize) {
        let (Some(&(line, line_left)), Some(&(order, order_left))) =
            (self.lines.get(line_at), self.orders.get(order_at))
        else {
            return;
        };
        if order_left == 0 {
            // An earlier line paid it: this one is too much for a person to see.
            return;
        }
        let proposal = pair(line, order, (line_left, order_left));
        self.take(line_at, order_at, proposal);
    }

    /// A line that names several orders pays them if it is their sum; else a person decides.
    fn several_codes(&mut self, line_at: usize, orders: &[usize]) {
        let Some(&(line, line_left)) = self.lines.get(line_at) else { return };
        let open: Vec<usize> = orders
            .iter()
            .copied()
            .filter(|at| self.orders.get(*at).is_some_and(|order| order.1 > 0))
            .collect();
        let sum = open
            .iter()
            .filter_map(|at| self.orders.get(*at))
            .try_fold(0_i64, |sum, (_, left)| sum.checked_add(*left));
        let exact = sum == Some(line_left);
        for at in open {
            let Some(&(order, order_left)) = self.orders.get(at) else { continue };
            let left = self.lines.get(line_at).map_or(0, |line| line.1);
            let mut proposal = pair(line, order, (order_left.min(left), order_left));
            if !exact {
                doubt(&mut proposal, Reason::Ambiguous);
                self.proposals.push(proposal);
                continue;
            }
            proposal.reasons.retain(|reason| *reason != Reason::Amount);
            proposal.reasons.push(Reason::Several);
            self.take(line_at, at, proposal);
        }
    }

    /// Lines without a usable code: equal amount and payer, if only one line and one order are so.
    fn by_payer(&mut self) {
        let taken: BTreeSet<BankLineId> = self.proposals.iter().map(|proposal| proposal.line).collect();
        for sign in [Sign::Account, Sign::Name] {
            let mut groups: BTreeMap<(i64, BlindIndex), (Vec<usize>, Vec<usize>)> = BTreeMap::new();
            for (at, (order, left)) in self.orders.iter().enumerate().filter(|(_, (_, left))| *left > 0) {
                if let Some(key) = sign.of_order(order) {
                    groups.entry((*left, key)).or_default().1.push(at);
                }
            }
            for (at, (line, left)) in self.lines.iter().enumerate().filter(|(_, (_, left))| *left > 0) {
                let group = sign.of_line(line).and_then(|key| groups.get_mut(&(*left, key)));
                if let Some(group) = group.filter(|_| !taken.contains(&line.id) && line.codes.is_empty()) {
                    group.0.push(at);
                }
            }
            for (lines, orders) in groups.values() {
                self.group(lines, orders);
            }
        }
    }

    fn group(&mut self, lines: &[usize], orders: &[usize]) {
        let unique = lines.len() == 1 && orders.len() == 1;
        // As many lines as orders of one payer and amount are paired in order for a person to look at.
        for (line_at, order_at) in lines.iter().zip(orders) {
            let (Some(&(line, line_left)), Some(&(order, order_left))) =
                (self.lines.get(*line_at), self.orders.get(*order_at))
            else {
                continue;
            };
            if line_left == 0 || order_left == 0 {
                continue;
            }
            let mut proposal = pair(line, order, (line_left, order_left));
            if !unique {
                doubt(&mut proposal, Reason::Ambiguous);
            }
            self.take(*line_at, *order_at, proposal);
        }
        // What is doubtful by one sign is not made sure by another that is left over.
        for at in lines {
            if let Some(line) = self.lines.get_mut(*at) {
                line.1 = 0;
            }
        }
        for at in orders.iter().filter(|_| !lines.is_empty()) {
            if let Some(order) = self.orders.get_mut(*at) {
                order.1 = 0;
            }
        }
    }

    /// Notes a proposal and takes its money away from line and order, so that nothing is proposed twice.
    fn take(&mut self, line_at: usize, order_at: usize, proposal: Proposal) {
        if let (Some(line), Some(order)) = (self.lines.get_mut(line_at), self.orders.get_mut(order_at)) {
            line.1 = line.1.saturating_sub(proposal.amount_minor);
            if proposal.certainty == Certainty::Sure {
                order.1 = order.1.saturating_sub(proposal.amount_minor);
            }
            self.proposals.push(proposal);
        }
    }
}

fn doubt(proposal: &mut Proposal, reason: Reason) {
    proposal.reasons.push(reason);
    proposal.score = proposal.score.saturating_add(reason.points()).clamp(0, 100);
    proposal.certainty = Certainty::Likely;
}

/// What speaks for one line and one order, given what is left of both.
fn pair(line: &OpenLine, order: &OpenOrder, (line_left, order_left): (i64, i64)) -> Proposal {
    let mut reasons = Vec::new();
    if line.codes.contains(&order.code) {
        reasons.push(Reason::Code);
    }
    reasons.push(match line_left.cmp(&order_left) {
        std::cmp::Ordering::Equal => Reason::Amount,
        std::cmp::Ordering::Less => Reason::Part,
        std::cmp::Ordering::Greater => Reason::Over,
    });
    if line.account.is_some() && line.account == order.account {
        reasons.push(Reason::Account);
    }
    match (line.name, order.name) {
        (Some(found), Some(expected)) if found == expected => reasons.push(Reason::Name),
        (Some(_), Some(_)) => reasons.push(Reason::NameDiffers),
        _ => {}
    }
    if line.contested {
        reasons.push(Reason::Contested);
    }
    let score = reasons.iter().fold(0_i64, |sum, reason| sum.saturating_add(reason.points())).clamp(0, 100);
    let amount_minor = line_left.min(order_left);
    let certainty = certainty(&reasons);
    Proposal { line: line.id, order: order.id, amount_minor, score, reasons, certainty }
}

/// A code decides unless the payer is another; without one, amount and account together do.
fn certainty(reasons: &[Reason]) -> Certainty {
    let has = |reason| reasons.contains(&reason);
    let named = has(Reason::Code) || (has(Reason::Amount) && has(Reason::Account));
    if named && !has(Reason::NameDiffers) && !has(Reason::Contested) {
        Certainty::Sure
    } else {
        Certainty::Likely
    }
}

/// What tells one payer from another.
#[derive(Clone, Copy)]
enum Sign {
    Account,
    Name,
}

impl Sign {
    const fn of_line(self, line: &OpenLine) -> Option<BlindIndex> {
        match self {
            Self::Account => line.account,
            Self::Name => line.name,
        }
    }

    const fn of_order(self, order: &OpenOrder) -> Option<BlindIndex> {
        match self {
            Self::Account => order.account,
            Self::Name => order.name,
        }
    }
}
