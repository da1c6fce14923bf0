//! The pages: a typed context for each template, made from rows.

use super::frame::{Frame, Visit};
use super::qr::{self, Code};
use super::stage::{Rows, Stage};
use super::{device, identity, methods, outcome, transfer, wait};
use crate::locale::text;
use askama::Template;
use tk_domain::channel_account::Method;
use tk_domain::payment::{ActionKind, Attempt, AttemptStatus, BrowserForm};
use tk_domain::product::Terminal;

/// A message above the choice of methods.
#[derive(Debug, Clone)]
pub struct Notice {
    /// Chooses icon and colour: `ok`, `warn` or `bad`.
    pub tone: &'static str,
    /// What happened.
    pub line: String,
    /// What the channel or the rules say about it; may be empty.
    pub detail: String,
}

/// Choosing a method.
#[derive(Debug, Clone, Template)]
#[template(path = "cashier/choose.html")]
pub struct ChoosePage {
    /// What every page has.
    pub frame: Frame,
    /// The methods, the recommended one first.
    pub methods: Vec<methods::MethodRow>,
    /// What happened before, if anything.
    pub notices: Vec<Notice>,
    /// This page's address, where it has to be opened outside WeChat.
    pub outside_wechat: Option<String>,
    /// What a cashier would take at a counter, by name.
    pub counter: Vec<String>,
    /// The attempt that is still open.
    pub earlier: Option<methods::Earlier>,
}

impl ChoosePage {
    fn any_available(&self) -> bool {
        self.methods.iter().any(methods::MethodRow::available)
    }
}

/// A code for the payer's phone to scan.
#[derive(Debug, Clone, Template)]
#[template(path = "cashier/qr.html")]
pub struct QrPage {
    /// What every page has.
    pub frame: Frame,
    /// The method's name.
    pub method: String,
    /// The code; none where the channel's text does not fit.
    pub code: Option<Code>,
    /// Until when the channel takes it.
    pub valid_until: String,
    /// Whether the channel says that the payer has scanned it.
    pub scanned: bool,
    /// Whether the page is on the phone that would have to scan it.
    pub in_hand: bool,
}

/// The way into a wallet.
#[derive(Debug, Clone, Template)]
#[template(path = "cashier/wallet.html")]
pub struct WalletPage {
    /// What every page has.
    pub frame: Frame,
    /// The method's name.
    pub method: String,
    /// The wallet's address; empty where a form is posted.
    pub address: String,
    /// What the browser posts to the channel's page, where it is not just an address.
    pub form: Option<BrowserForm>,
    /// Until when the channel takes it.
    pub valid_until: String,
}

/// Payment inside WeChat: our script hands the signed parameters to the app, and the app's answer proves nothing.
#[derive(Debug, Clone, Template)]
#[template(path = "cashier/bridge.html")]
pub struct BridgePage {
    /// What every page has.
    pub frame: Frame,
    /// The method's name.
    pub method: String,
    /// What the app is given, as JSON; empty where the page is not open in it, or not by him whom the order is good for.
    pub parameters: String,
    /// Whether it is another one's order, inside the app; this payer may begin his own.
    pub anothers: bool,
    /// Until when the channel takes it.
    pub valid_until: String,
}

/// Sends the browser into the wallet, without a script.
#[derive(Debug, Clone, Template)]
#[template(path = "cashier/handover.html")]
pub struct HandoverPage {
    /// What every page has.
    pub frame: Frame,
    /// The method's name.
    pub method: String,
    /// The wallet's address.
    pub address: String,
}

/// Waiting for the channel.
#[derive(Debug, Clone, Template)]
#[template(path = "cashier/wait.html")]
pub struct WaitPage {
    /// What every page has.
    pub frame: Frame,
    /// What is going on.
    pub lines: Vec<String>,
    /// Seconds since it began, where they are shown.
    pub elapsed_s: Option<i64>,
    /// They as text.
    pub elapsed: String,
    /// What may be done after a minute.
    pub later_lines: Vec<String>,
    /// Whether a minute has passed.
    pub late: bool,
    /// The way on that the payer most likely wants.
    pub main_way: Option<wait::WayOn>,
    /// Other ways on.
    pub links: Vec<wait::WayOn>,
}

/// Asking whether the payer means to cancel.
#[derive(Debug, Clone, Template)]
#[template(path = "cashier/cancellation.html")]
pub struct CancellationPage {
    /// What every page has.
    pub frame: Frame,
    /// Whether a code or wallet order has to be closed first.
    pub attempt_open: bool,
}

/// The end of the way, with its receipt.
#[derive(Debug, Clone, Template)]
#[template(path = "cashier/result.html")]
pub struct ResultPage {
    /// What every page has.
    pub frame: Frame,
    /// Chooses icon and colour: `ok`, `warn` or `plain`.
    pub tone: &'static str,
    /// What the payer is told.
    pub lines: Vec<String>,
    /// The receipt.
    pub receipt: Vec<outcome::ReceiptRow>,
    /// What they are together.
    pub receipt_title: String,
    /// What printing them is called.
    pub print: String,
    /// Money beyond the one success, with what happens to it.
    pub strays: Vec<String>,
    /// The order system's page.
    pub return_url: Option<String>,
}

/// A refusal or a fault.
#[derive(Debug, Clone, Template)]
#[template(path = "cashier/notice.html")]
pub struct NoticePage {
    /// What every page has.
    pub frame: Frame,
    /// What happened and what is safe to do.
    pub lines: Vec<String>,
    /// The word on the wire, for support.
    pub code: &'static str,
}

/// The page of the stage that the rows show.
pub fn current(visit: &Visit, rows: &Rows) -> askama::Result<String> {
    let stage = Stage::of(rows, visit.now_us);
    let returned = visit.returned_at_us.is_some();
    match (stage, rows.open()) {
        (Stage::Identity, _) => identity::current(visit, rows, &identity::Told::default()).render(),
        (Stage::Choose, _) => methods::choose(visit, rows, Vec::new()).render(),
        (Stage::Qr, Some(attempt)) if !returned => code(visit, rows, attempt).render(),
        (Stage::Wallet, Some(attempt)) if !returned => in_wallet(visit, rows, attempt),
        (Stage::Transfer, Some(attempt)) => transfer::page(visit, rows, attempt).render(),
        (
            Stage::Qr
            | Stage::Wallet
            | Stage::Transfer
            | Stage::Preparing
            | Stage::CodeExpired
            | Stage::Confirming
            | Stage::Checking
            | Stage::Closing,
            _,
        ) => wait::page(visit, rows, stage).render(),
        (Stage::Paid | Stage::Late | Stage::Closed | Stage::Failed | Stage::Expired, _) => {
            outcome::page(visit, rows, stage).render()
        }
    }
}

fn code(visit: &Visit, rows: &Rows, attempt: &Attempt) -> QrPage {
    let frame = Frame::of(visit, rows, Stage::Qr, "qr-heading").reloading(10, own_path(visit, rows));
    QrPage {
        method: methods::name(visit.locale, attempt.method),
        code: qr::code(&action(attempt)),
        valid_until: super::frame::clock(attempt.channel_expires_at_us, visit.now_us),
        scanned: attempt.scanned_at_us.is_some(),
        in_hand: device::in_hand(visit.terminal) && attempt.scanned_at_us.is_none(),
        frame,
    }
}

/// Where the page of a code or wallet order stands: apart while the order is being closed.
fn own_path(visit: &Visit, rows: &Rows) -> &'static str {
    if Stage::of(rows, visit.now_us) == Stage::Closing { "/earlier" } else { "" }
}

fn in_wallet(visit: &Visit, rows: &Rows, attempt: &Attempt) -> askama::Result<String> {
    let bridged = attempt.action.as_ref().is_some_and(|action| action.kind == ActionKind::Bridge);
    if bridged { bridge(visit, rows, attempt).render() } else { wallet(visit, rows, attempt).render() }
}

/// Whether an order is good for this browser's payer: WeChat takes one inside the app from its own payer only.
pub(super) fn is_his(visit: &Visit, attempt: &Attempt) -> bool {
    attempt.payer_mark.is_none() || attempt.payer_mark == visit.payer_mark
}

fn bridge(visit: &Visit, rows: &Rows, attempt: &Attempt) -> BridgePage {
    let (inside, his) = (visit.terminal == Terminal::WechatOa, is_his(visit, attempt));
    let given = attempt.action.as_ref().filter(|_| inside && his);
    BridgePage {
        anothers: inside && !his,
        frame: Frame::of(visit, rows, Stage::Wallet, "bridge-heading").reloading(10, own_path(visit, rows)),
        method: methods::name(visit.locale, attempt.method),
        parameters: given.map(|action| action.value.clone()).unwrap_or_default(),
        valid_until: super::frame::clock(attempt.channel_expires_at_us, visit.now_us),
    }
}

fn wallet(visit: &Visit, rows: &Rows, attempt: &Attempt) -> WalletPage {
    WalletPage {
        frame: Frame::of(visit, rows, Stage::Wallet, "wallet-heading").reloading(10, own_path(visit, rows)),
        method: methods::name(visit.locale, attempt.method),
        address: action(attempt),
        form: form(attempt),
        valid_until: super::frame::clock(attempt.channel_expires_at_us, visit.now_us),
    }
}

/// The page that sends the browser on, where an attempt waits for that.
pub fn handover(visit: &Visit, rows: &Rows) -> Option<HandoverPage> {
    let attempt = rows.open().filter(|_| Stage::of(rows, visit.now_us) == Stage::Wallet)?;
    // A form waits for the payer's own press: nothing posts it by itself without a script. The app is called by a page.
    let bridged = attempt.action.as_ref().is_some_and(|action| action.kind == ActionKind::Bridge);
    if bridged || form(attempt).is_some() {
        return None;
    }
    Some(HandoverPage {
        frame: Frame::of(visit, rows, Stage::Wallet, "handover-heading"),
        method: methods::name(visit.locale, attempt.method),
        address: action(attempt),
    })
}

/// The page that sends the browser to the sign-in that tells who pays.
pub fn sign_in(visit: &Visit, rows: &Rows, method: Method, address: String) -> HandoverPage {
    HandoverPage {
        frame: Frame::of(visit, rows, Stage::of(rows, visit.now_us), "sign-in-heading"),
        method: methods::name(visit.locale, method),
        address,
    }
}

/// The page that sends the browser to the provider's camera.
pub fn to_camera(visit: &Visit, rows: &Rows, address: String) -> HandoverPage {
    HandoverPage {
        frame: Frame::of(visit, rows, Stage::Identity, "identity-handover-heading"),
        method: text(visit.locale, "identity-camera-heading", &[]),
        address,
    }
}

/// The code or wallet order that is being closed, while it may still be paid.
pub fn earlier(visit: &Visit, rows: &Rows) -> Option<askama::Result<String>> {
    let closing = Stage::of(rows, visit.now_us) == Stage::Closing;
    let payable = |attempt: &&Attempt| closing && attempt.channel_expires_at_us > visit.now_us;
    let attempt = rows.open().filter(payable)?;
    let rendered = match attempt.action.as_ref()?.kind {
        ActionKind::Qr => code(visit, rows, attempt).render(),
        ActionKind::Redirect | ActionKind::Form | ActionKind::Bridge => in_wallet(visit, rows, attempt),
        ActionKind::Transfer => return None,
    };
    Some(rendered)
}

/// The question before cancelling, where there is something to cancel.
pub fn cancellation(visit: &Visit, rows: &Rows) -> Option<CancellationPage> {
    let stage = Stage::of(rows, visit.now_us);
    let open = rows.payment.close_requested_at_us.is_none() && stage.moving();
    open.then(|| CancellationPage {
        frame: Frame::of(visit, rows, stage, "cancel-heading"),
        attempt_open: rows.open().is_some_and(|attempt| attempt.status != AttemptStatus::Closed),
    })
}

/// The form that the payer's browser posts to the channel, where the attempt waits for that.
fn form(attempt: &Attempt) -> Option<BrowserForm> {
    let action = attempt.action.as_ref().filter(|action| action.kind == ActionKind::Form)?;
    let form = BrowserForm::parse(&action.value)?;
    let scheme = form.url.split(':').next().unwrap_or_default().to_ascii_lowercase();
    matches!(scheme.as_str(), "https" | "http").then_some(form)
}

/// Where the forms of a page may be posted to besides to us: the channel's own domain, which may redirect within.
pub fn form_target(rows: &Rows) -> Option<String> {
    target_of(&form(rows.open()?)?)
}

/// The address that a form is posted to, and its own domain.
pub fn target_of(form: &BrowserForm) -> Option<String> {
    let (scheme, rest) = form.url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let plain = |letter: char| letter.is_ascii_alphanumeric() || ".-:[]".contains(letter);
    if authority.is_empty() || !authority.chars().all(plain) {
        return None;
    }
    let host = authority.split(':').next().unwrap_or_default();
    let named = host.chars().any(|letter| letter.is_ascii_alphabetic());
    let wider = host.split_once('.').filter(|(_, rest)| named && rest.contains('.'));
    let wider = wider.map(|(_, rest)| format!(" https://*.{rest}")).unwrap_or_default();
    Some(format!("{scheme}://{authority}{wider}"))
}

fn action(attempt: &Attempt) -> String {
    let shown = attempt.action.as_ref().map(|action| action.value.clone()).unwrap_or_default();
    let scheme = shown.split(':').next().unwrap_or_default().to_ascii_lowercase();
    if matches!(scheme.as_str(), "https" | "http" | "alipays" | "weixin") { shown } else { String::new() }
}
