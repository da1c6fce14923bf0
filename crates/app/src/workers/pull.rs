//! Statements that banks bring by themselves: the same commands as of an imported file, or nothing at all.

use crate::transfers::{Bring, Noted};
use crate::{App, Failure};
use tk_channels::bank::call::Answer;
use tk_channels::bank::folder::{self, Became, Waiting};
use tk_channels::bank::follow::{Break, Follow, Reach};
use tk_channels::bank::report::{Brought, NothingBrought, of_answer};
use tk_channels::bank::{FileRoot, Link, ToldStatement};
use tk_channels::{Environment, bank};
use tk_domain::audit::Origin;
use tk_domain::bank_link::{
    AskBankNow, Asking, BankLink, LinkRoad, NotePull, PullOutcome, PullTrouble, StatementKind,
};
use tk_domain::channel_account::ChannelAccount;
use tk_domain::moment::date_text;

/// What one question to a bank came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pulled {
    /// The link as it then stands.
    pub link: BankLink,
    /// Lines not known before.
    pub new: usize,
}

/// A statement that cannot be taken now, or how many of its lines were new.
type Taken = Result<usize, NothingBrought>;

impl App {
    /// Asks the bank of a link for what is next, takes it, matches what is sure and notes what came of it. May run at any
    /// time, twice at once, and be cut off anywhere.
    pub async fn pull_statement(&self, link: &BankLink) -> Result<Pulled, Failure> {
        let account = self.reader().get::<ChannelAccount>(&(link.tenant_id, link.id)).await?;
        let Some(account) = account else {
            return self.note_pull(link, troubled(PullTrouble::Misconfigured, "no such account"), 0).await;
        };
        let opened = match self.open_link(&account) {
            Ok(opened) => opened,
            Err(why) => {
                return self.note_pull(link, troubled(PullTrouble::Misconfigured, &why), 0).await;
            }
        };
        let bring = Bring {
            tenant_id: link.tenant_id,
            channel_account_id: link.id,
            by: "direct link".to_owned(),
            origin: Origin::channel(link.id),
        };
        match link.road {
            LinkRoad::Https => self.pull_by_https(link, &opened, &bring).await,
            LinkRoad::Folder => self.pull_by_folder(link, &opened, &bring).await,
        }
    }

    /// Notes that a statement came and could not be taken for a trouble of our own.
    pub async fn note_untaken(&self, link: &BankLink, failure: &Failure) -> Result<Pulled, Failure> {
        self.note_pull(link, troubled(PullTrouble::NotStored, &failure.to_string()), 0).await
    }

    /// Makes the next question to a bank due now.
    pub async fn ask_bank_now(&self, command: AskBankNow) -> Result<BankLink, Failure> {
        self.submit(command).await
    }

    fn open_link(&self, account: &ChannelAccount) -> Result<Link, String> {
        let environment = if self.live() { Environment::Live } else { Environment::Test };
        let secrets = self.seal().open(&account.credentials, &account.id.to_string());
        let secrets = secrets.map_err(|_| "the secrets cannot be opened".to_owned())?;
        let secrets = String::from_utf8_lossy(&secrets);
        bank::Link::open((&account.settings, &secrets), environment).map_err(|error| error.to_string())
    }

    async fn pull_by_https(&self, link: &BankLink, opened: &Link, bring: &Bring) -> Result<Pulled, Failure> {
        let Some(asking) = link.asking(self.now_us()) else {
            return self.note_pull(link, PullOutcome::Nothing, 0).await;
        };
        let answer = self.adapters().ask_bank(opened, link.id, asking, self.now_us()).await;
        let brought = read_apart(opened, Some(asking), answer).await;
        let taken = match brought {
            Err(nothing) => Err(nothing),
            // The same file again: nothing to be done but to know that the bank is there.
            Ok(brought)
                if link.last_hash.as_ref() == Some(&brought.hash)
                    && asking.kind == StatementKind::Intraday =>
            {
                Ok((0, brought.hash))
            }
            Ok(brought) => {
                let noted = match asking.kind {
                    StatementKind::Final => Noted::AsStatement,
                    StatementKind::Intraday => Noted::LinesOnly,
                };
                let follow = self.follow(bring, &brought.statement, Reach::Anew).await?;
                if let Some(found) = follow.broken(brought.statement.opening_minor) {
                    let detail = format!("{}: {}", date_text(asking.day), words_of(found));
                    let outcome = PullOutcome::Broken { asking, ended_day: found.ended_day, detail };
                    return self.note_pull(link, outcome, 0).await;
                }
                let taken = self.take_pulled(bring, (&brought.statement, &follow), noted).await?;
                taken.map(|new| (new, brought.hash))
            }
        };
        match taken {
            Ok((new, hash)) => self.note_pull(link, PullOutcome::Taken { asking, hash }, new).await,
            Err(nothing) => {
                let detail = format!("{}: {}", date_text(asking.day), nothing.detail);
                self.note_pull(link, troubled(nothing.trouble, &detail), 0).await
            }
        }
    }

    /// Takes whole files in order of their names. One that does not follow on what was taken waits for the one between.
    async fn pull_by_folder(&self, link: &BankLink, opened: &Link, bring: &Bring) -> Result<Pulled, Failure> {
        let files = match self.files_of(link, opened).await {
            Ok(files) => files,
            Err(why) => {
                return self.note_pull(link, troubled(PullTrouble::Misconfigured, &why), 0).await;
            }
        };
        let (mut taken, mut new, mut wrong) = (0_usize, 0, None);
        for file in files {
            let reading = file.clone();
            let answer = apart(move || reading.read()).await.unwrap_or_else(lost_answer);
            let outcome = match read_apart(opened, None, answer).await {
                Ok(brought) => {
                    let follow = self.follow_file(bring, &brought.statement).await?;
                    self.take_pulled(bring, (&brought.statement, &follow), Noted::AsStatement).await?
                }
                Err(nothing) => Err(nothing),
            };
            let aside = match outcome {
                Ok(lines) => {
                    taken += 1;
                    new += lines;
                    put_aside(file, None).await
                }
                Err(nothing) => {
                    let why = format!("{}: {}", file.name, nothing.detail);
                    let waits = !nothing.trouble.refuses_file() || nothing.trouble == PullTrouble::Gap;
                    wrong = Some(troubled(nothing.trouble, &why));
                    if waits { Ok(()) } else { put_aside(file, Some(nothing.to_string())).await }
                }
            };
            if let Err(why) = aside {
                wrong = Some(troubled(PullTrouble::Misconfigured, &why));
            }
        }
        let outcome = match (wrong, taken) {
            (Some(wrong), _) => wrong,
            (None, 0) => PullOutcome::Nothing,
            (None, _) => PullOutcome::Filed,
        };
        self.note_pull(link, outcome, new).await
    }

    async fn files_of(&self, link: &BankLink, opened: &Link) -> Result<Vec<Waiting>, String> {
        let root = self.config().bank_files.clone().map(FileRoot);
        let root = root.ok_or("the installation names no folder for files of banks")?;
        let code = self.tenant_code(link.tenant_id).await.map_err(|failure| failure.to_string())?;
        let folder = root.folder(&code.unwrap_or_default(), &opened.account.account_no);
        let folder = folder.ok_or("the tenant's code cannot name a folder")?;
        let (quiet_us, now_us) = (opened.terms.quiet_us(), self.now_us());
        let looked = apart(move || folder::waiting(&folder, (quiet_us, now_us))).await;
        looked
            .unwrap_or_else(|| Err(std::io::Error::other("the look was cut off")))
            .map_err(|error| error.to_string())
    }

    async fn take_pulled(
        &self,
        bring: &Bring,
        (told, follow): (&ToldStatement, &Follow),
        noted: Noted,
    ) -> Result<Taken, Failure> {
        if let Some(found) = follow.broken(told.opening_minor) {
            return Ok(Err(NothingBrought { trouble: PullTrouble::Gap, detail: words_of(found) }));
        }
        let pieces = match self.pieces((bring, told), follow, noted) {
            Ok(pieces) => pieces,
            Err(error) => {
                let (trouble, detail) = (PullTrouble::Misconfigured, error.to_string());
                return Ok(Err(NothingBrought { trouble, detail }));
            }
        };
        let mut new = 0;
        for piece in pieces {
            match self.submit(piece).await {
                Ok(taken) => new += taken.new.len(),
                // Asking again would hear the same: whoever keeps the link has to know.
                Err(Failure::Refused(refusal)) => {
                    let detail = format!("the books refuse its lines: {refusal}");
                    return Ok(Err(NothingBrought { trouble: PullTrouble::Unreadable, detail }));
                }
                Err(failure) => return Err(failure),
            }
        }
        self.match_transfers(bring).await?;
        Ok(Ok(new))
    }

    async fn note_pull(&self, link: &BankLink, outcome: PullOutcome, new: usize) -> Result<Pulled, Failure> {
        let note = NotePull { tenant_id: link.tenant_id, channel_account_id: link.id, outcome };
        Ok(Pulled { link: self.submit(note).await?, new })
    }
}

fn troubled(trouble: PullTrouble, detail: &str) -> PullOutcome {
    PullOutcome::Troubled { trouble, detail: detail.to_owned() }
}

fn words_of(found: Break) -> String {
    let Break { begins_minor, ended_minor, .. } = found;
    format!("the statement begins with {begins_minor}, the one before it ended with {ended_minor} (fen)")
}

/// Work that blocks, beside the threads that serve; nothing where it was cut off.
async fn apart<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> Option<R> {
    tokio::task::spawn_blocking(work).await.ok()
}

fn lost_answer() -> Answer {
    Answer::None { trouble: PullTrouble::Unreachable, detail: "the reading was cut off".to_owned() }
}

/// A large file takes its time to read, and must not hold up others.
async fn read_apart(
    opened: &Link,
    asking: Option<Asking>,
    answer: Answer,
) -> Result<Brought, NothingBrought> {
    let opened = opened.clone();
    let read = apart(move || of_answer(&opened, asking, &answer)).await;
    read.unwrap_or_else(|| {
        let (trouble, detail) = (PullTrouble::Unreadable, "the reading was cut off".to_owned());
        Err(NothingBrought { trouble, detail })
    })
}

async fn put_aside(file: Waiting, refused: Option<String>) -> Result<(), String> {
    let moved =
        apart(move || file.put_aside(refused.as_deref().map_or(Became::Taken, Became::Refused))).await;
    moved
        .unwrap_or_else(|| Err(std::io::Error::other("the move was cut off")))
        .map_err(|error| error.to_string())
}
