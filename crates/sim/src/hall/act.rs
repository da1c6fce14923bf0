//! What can happen in the hall.

/// Something that will happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    OpenShift {
        counter: usize,
        day: i64,
    },
    CloseShift {
        counter: usize,
        day: i64,
    },
    CloseDay {
        counter: usize,
        day: i64,
    },
    CarryCash {
        counter: usize,
        day: i64,
    },
    /// The bank counts cash that was brought to it.
    Counted(usize),
    Order(usize),
    /// The payer scans a wallet's code.
    Scan(usize),
    /// And pays it.
    WalletPays(usize),
    WalletTells(usize),
    /// A worker speaks with the wallet.
    Wallet,
    Take(usize),
    AskVoid(usize),
    DecideVoid(usize),
    Refund(usize),
    /// Staff look which refunds they have to hand back.
    LookForRefunds,
    HandBack(usize),
    Draw {
        stay: usize,
        number: usize,
    },
    UndoDraw {
        stay: usize,
        number: usize,
    },
    Discharge(usize),
    Present(usize),
    Withdraw(usize),
    /// The bank credits a cheque.
    Credited(usize),
    /// And takes it back.
    TakenBack(usize),
    SayCleared(usize),
    AgreeCleared(usize),
    Bounce(usize),
    /// A patient says who he is.
    Prove(usize),
    /// The provider is asked what became of it.
    AskProvider(usize),
    Statement,
}

impl Act {
    /// A word for traces.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::OpenShift { .. } => "open shift",
            Self::CloseShift { .. } => "close shift",
            Self::CloseDay { .. } => "close day",
            Self::CarryCash { .. } => "carry cash",
            Self::Counted(_) => "bank counts",
            Self::Order(_) => "order",
            Self::Scan(_) => "scan",
            Self::WalletPays(_) => "wallet pays",
            Self::WalletTells(_) => "wallet tells",
            Self::Wallet => "wallet",
            Self::Take(_) => "take",
            Self::AskVoid(_) => "ask void",
            Self::DecideVoid(_) => "decide void",
            Self::Refund(_) => "refund",
            Self::LookForRefunds => "look for refunds",
            Self::HandBack(_) => "hand back",
            Self::Draw { .. } => "draw",
            Self::UndoDraw { .. } => "undo draw",
            Self::Discharge(_) => "discharge",
            Self::Present(_) => "present cheque",
            Self::Withdraw(_) => "withdraw cheque",
            Self::Credited(_) => "bank credits",
            Self::TakenBack(_) => "bank takes back",
            Self::SayCleared(_) => "say cleared",
            Self::AgreeCleared(_) => "agree cleared",
            Self::Bounce(_) => "bounce cheque",
            Self::Prove(_) => "prove",
            Self::AskProvider(_) => "ask provider",
            Self::Statement => "statement",
        }
    }
}
