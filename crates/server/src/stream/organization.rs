//! One watcher's stream of an organization: every ledger line in order and once, and what else has changed.
//!
//! The hub only wakes; the lines come from the ledger, from the last `seq` that was sent. So a wake-up that is lost,
//! doubled or late changes nothing, and a watcher that comes back with its last `seq` goes on exactly there.

mod due;

use std::sync::Arc;
use std::time::Duration;

use billing_contract::card::Card;
use billing_contract::event::{HEARTBEAT_SECONDS, SessionState};
use billing_contract::link::PaymentLink;
use billing_contract::request::FundsRequest;
use billing_contract::top_up::TopUp;
use billing_domain::{Money, OrganizationId, Timestamp};
use billing_store::PostedLine;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use self::due::{Due, DuePart};
use crate::events::{Change, LineText, Recent, Subscription, WatchedFigures, WatchedOrganization};
use crate::kept_answers::{AskedAt, StreamedAutoPay, StreamedWallet, render_text};
use crate::problem::Problem;
use crate::service::sessions::{SessionStanding, SignedInMember};
use crate::service::{auto_pay, cards, links, requests, sessions, top_ups, wallet};
use crate::state::AppState;
use crate::stream::{StreamEnd, send_to_reader};
use crate::view::transaction::map_transaction;

/// Messages that wait for a reader.
const BUFFER: usize = 32;
/// Ledger lines that are read at one go.
const PAGE: usize = 200;
/// The wallet is sent at most four times a second.
const WALLET_PAUSE: Duration = Duration::from_millis(250);
/// Automatic payments are looked at at most once a second, and at least this often while they are switched on: another
/// server may have begun a payment.
const AUTO_PAY_PAUSE: Duration = Duration::from_secs(1);
const AUTO_PAY_CHECK: Duration = Duration::from_secs(15);
/// How often a stream looks at the clock whose wallet changes with time alone.
const CLOCK_CHECK: Duration = Duration::from_millis(500);
/// A session whose time has run out is noticed after this at the latest.
const SESSION_CHECK: Duration = Duration::from_secs(4);
/// Proxies close connections on which nothing moves, and readers take a silent stream for dead.
const HEARTBEAT: Duration = Duration::from_secs(HEARTBEAT_SECONDS as u64);

/// What a watcher is sent.
#[derive(Clone, Debug)]
pub(crate) enum Push {
    Transaction(Arc<LineText>),
    /// The wallet as it is now, as JSON.
    Wallet(Arc<str>),
    /// Automatic payments as they are now, as JSON.
    AutoPay(Arc<str>),
    /// A top-up that has changed.
    TopUp(Box<TopUp>),
    /// A card that is new, changed or gone.
    Card(Box<Card>),
    /// A request that is new or answered.
    Request(Box<FundsRequest>),
    /// A payment link that is new or has moved on.
    Link(Box<PaymentLink>),
    /// The stream ends with it.
    Session(SessionState),
    /// The stream is alive.
    Heartbeat,
}

/// A push, and the last `seq` that the watcher has with it.
#[derive(Clone, Debug)]
pub(crate) struct PushMessage {
    /// To come back with.
    pub(crate) seq: i64,
    pub(crate) push: Push,
}

/// Opens a stream. After `after` every line is sent, from the first; without it the stream begins with the wallet and
/// its present last line. It ends when the receiver is dropped or too slow, when the session ends or the role changes,
/// and when the server stops.
pub(crate) async fn open_stream(
    state: &AppState,
    member: SignedInMember,
    after: Option<i64>,
) -> Result<mpsc::Receiver<PushMessage>, Problem> {
    // Bounded: a reader that is too slow is cut off and comes back, instead of filling memory.
    let (out, receiver) = mpsc::channel(BUFFER);
    // First subscribe, then read: nothing falls in between.
    let subscription = state.events.subscribe(&member.organization.id);
    let billing_store::Wallet { last_seq, access_version, .. } = state.store.wallet(&member.organization.id).await?;
    let cards = cards::list_cards(state, &member.organization.id).await?.items;
    let mut stream = OrganizationStream {
        state: state.clone(),
        member,
        subscription,
        out,
        // A `seq` that is not given out yet belongs to another ledger: begin with what comes.
        seq: after.map_or(last_seq, |after| after.clamp(0, last_seq)),
        due: Due::at_first(),
        told: None,
        cards,
        auto_pay: None,
        auto_pay_not_before: Instant::now(),
        auto_pay_looked_at: Instant::now(),
        grace_ends_at: None,
        access_version,
        wallet_not_before: Instant::now(),
        session_checked: Instant::now(),
        next_beat: Instant::now(),
        next_look: Instant::now(),
    };
    // On the tracker, so that stopping waits for the last message.
    state.tasks.spawn(async move {
        if let Err(StreamEnd::Failed(problem)) = stream.run().await {
            tracing::warn!(problem = problem.document().detail, "an event stream was cut; its reader comes back");
        }
    });
    Ok(receiver)
}

/// At most a page of lines after this one.
async fn read_lines(
    state: &AppState,
    organization_id: &OrganizationId,
    after: i64,
) -> Result<Vec<Arc<LineText>>, Problem> {
    let most = u32::try_from(PAGE).unwrap_or(u32::MAX);
    let lines = state.store.lines_after(organization_id, after, most).await?;
    let render = |line: PostedLine| {
        let transaction = map_transaction(line);
        Ok(Arc::new(LineText { seq: transaction.seq, text: render_text(&transaction)? }))
    };
    lines.into_iter().map(render).collect()
}

/// The figures by which a change of the wallet is noticed.
#[derive(Debug, PartialEq, Eq)]
struct SentFigures {
    last_seq: i64,
    balance: Money,
    held: Money,
    card_connected: bool,
}

struct OrganizationStream {
    state: AppState,
    member: SignedInMember,
    subscription: Subscription,
    out: mpsc::Sender<PushMessage>,
    seq: i64,
    due: Due,
    /// What the watcher knows of the wallet.
    told: Option<SentFigures>,
    /// What the watcher knows of the cards.
    cards: Vec<Card>,
    /// What the watcher knows of automatic payments.
    auto_pay: Option<Arc<StreamedAutoPay>>,
    auto_pay_not_before: Instant,
    auto_pay_looked_at: Instant,
    /// Then the status changes without anything having happened.
    grace_ends_at: Option<Timestamp>,
    /// As long as it stays the same nobody has lost their access or got another role.
    access_version: i64,
    wallet_not_before: Instant,
    session_checked: Instant,
    next_beat: Instant,
    /// Then the clock is looked at.
    next_look: Instant,
}

impl OrganizationStream {
    async fn run(&mut self) -> Result<(), StreamEnd> {
        loop {
            // Due things first: a new stream has some before anything is published.
            self.send_due().await?;
            tokio::select! {
                () = self.state.shutdown.cancelled() => return Err(StreamEnd::Over),
                () = self.out.closed() => return Err(StreamEnd::Over),
                change = self.subscription.recv() => match change {
                    Ok(Change::Topic(topic)) => self.due.note(topic, &self.member),
                    Ok(Change::Figures(figures)) => self.compare_figures(&figures),
                    // Missed topics are no loss: everything is read again.
                    Err(RecvError::Lagged(_)) => self.due.note_everything(),
                    Err(RecvError::Closed) => return Err(StreamEnd::Over),
                },
                // Woken when the pause is over, but only while something waits for it.
                () = sleep_until(self.wallet_not_before), if self.due.parts.contains(&DuePart::Wallet) => {}
                () = sleep_until(self.auto_pay_not_before), if self.due.parts.contains(&DuePart::AutoPay) => {}
                () = sleep_until(self.next_look) => self.check_clock().await?,
            }
            self.drain();
        }
    }

    /// Takes what has come in meanwhile, so that a burst of topics is one answer.
    fn drain(&mut self) {
        loop {
            match self.subscription.try_recv() {
                Ok(topic) => self.due.note(topic, &self.member),
                Err(TryRecvError::Lagged(_)) => self.due.note_everything(),
                Err(TryRecvError::Empty | TryRecvError::Closed) => return,
            }
        }
    }

    async fn send_due(&mut self) -> Result<(), StreamEnd> {
        // Each on the heap: a stream waits most of the time, and then carries no room for what it does.
        // The session first: whoever may not look any more gets nothing else.
        if self.due.take(DuePart::Session) {
            Box::pin(self.check_session()).await?;
        }
        if self.due.take(DuePart::Ledger) {
            Box::pin(self.send_lines()).await?;
        }
        // What is due too early stays due until its pause is over.
        if Instant::now() >= self.wallet_not_before && self.due.take(DuePart::Wallet) {
            Box::pin(self.send_wallet()).await?;
        }
        if Instant::now() >= self.auto_pay_not_before && self.due.take(DuePart::AutoPay) {
            Box::pin(self.send_auto_pay()).await?;
        }
        if self.due.take(DuePart::Cards) {
            Box::pin(self.send_cards()).await?;
        }
        if self.due.has_named() {
            Box::pin(self.send_named()).await?;
        }
        Ok(())
    }

    /// The cards that have changed since they were last looked at, those that are gone first.
    async fn send_cards(&mut self) -> Result<(), StreamEnd> {
        let cards = cards::list_cards(&self.state, &self.member.organization.id).await?.items;
        // Compared with what was sent, because a topic does not say which card.
        let before = std::mem::replace(&mut self.cards, cards.clone());
        let gone = before.iter().filter(|card| cards.iter().all(|other| other.id != card.id));
        let gone = gone.map(|card| Card { removed: true, is_default: false, ..card.clone() });
        let changed = cards.iter().filter(|card| !before.contains(card)).cloned();
        for card in gone.chain(changed).collect::<Vec<_>>() {
            self.send(Push::Card(Box::new(card))).await?;
        }
        Ok(())
    }

    /// Top-ups, requests and links by name; after an overflow those that are open, and all listed links.
    async fn send_named(&mut self) -> Result<(), StreamEnd> {
        let (mut top_ups, mut requests, mut links) = (Vec::new(), Vec::new(), Vec::new());
        if self.due.take(DuePart::EverythingOpen) {
            top_ups = top_ups::open_top_ups(&self.state, &self.member.organization.id).await?;
            requests = requests::open_requests(&self.state, &self.member).await?;
            links = links::list_links(&self.state, &self.member.organization.id).await?.items;
        }
        // By id, so that each is read as it is now, however often it was published.
        for id in std::mem::take(&mut self.due.top_ups) {
            top_ups.push(top_ups::get_top_up(&self.state, &self.member.organization.id, &id).await?);
        }
        for id in std::mem::take(&mut self.due.requests) {
            requests.push(requests::get_request(&self.state, &self.member, &id).await?);
        }
        for id in std::mem::take(&mut self.due.links) {
            links.push(links::get_link(&self.state, &self.member.organization.id, &id).await?);
        }
        for top_up in top_ups {
            self.send(Push::TopUp(Box::new(top_up))).await?;
        }
        for request in requests {
            self.send(Push::Request(Box::new(request))).await?;
        }
        for link in links {
            self.send(Push::Link(Box::new(link))).await?;
        }
        Ok(())
    }

    /// Every line after the last one that was sent. A long replay ends as soon as the session does.
    async fn send_lines(&mut self) -> Result<(), StreamEnd> {
        let organization = Arc::clone(&self.subscription.organization);
        // Before the lines: what is published from now on is due again.
        let news = organization.ledger_news();
        loop {
            let lines = match organization.recent_after(self.seq, news, PAGE) {
                Recent::Complete => return Ok(()),
                Recent::Lines(lines) => lines,
                Recent::Unread => {
                    self.read_recent(&organization).await?;
                    continue;
                }
                Recent::TooOld => {
                    let lines = read_lines(&self.state, &organization.id, self.seq).await?;
                    if lines.is_empty() {
                        return Ok(());
                    }
                    lines
                }
            };
            for line in lines {
                // Moved before it is sent: every message carries the `seq` to come back with.
                self.seq = line.seq;
                self.send(Push::Transaction(line)).await?;
            }
            // A replay may be long: what has come in meanwhile decides whether it goes on.
            self.drain();
            if self.due.take(DuePart::Session) || self.session_checked.elapsed() >= SESSION_CHECK {
                self.check_session().await?;
            }
            if self.state.shutdown.is_cancelled() {
                return Err(StreamEnd::Over);
            }
        }
    }

    /// Reads what follows for all who have come this far.
    async fn read_recent(&self, organization: &WatchedOrganization) -> Result<(), Problem> {
        let read = async || {
            let news = organization.ledger_news();
            // Somebody may have read it while this one waited for its turn.
            if organization.recent_after(self.seq, news, 1) != Recent::Unread {
                return Ok(());
            }
            let lines = read_lines(&self.state, &organization.id, self.seq).await?;
            let whole = lines.len() < PAGE;
            organization.keep_lines(self.seq, lines, whole.then_some(news));
            Ok(())
        };
        // On the heap: a stream that waits carries no room for reading.
        Box::pin(organization.reading.get(read)).await
    }

    async fn send_wallet(&mut self) -> Result<(), StreamEnd> {
        let asked = self.ask().await?;
        let id = &self.member.organization.id;
        let wallet = Box::pin(self.state.answers.streamed_wallets.get(id, &asked, async || {
            let organization = self.state.store.organization(id).await?;
            let shown = wallet::get_wallet(&self.state, &organization).await?;
            Ok(Arc::new(StreamedWallet { text: render_text(&shown)?.into(), shown }))
        }));
        let wallet = wallet.await?;
        let StreamedWallet { shown, text } = &*wallet;
        self.grace_ends_at = shown.grace.as_ref().map(|grace| grace.ends_at);
        self.told = Some(SentFigures {
            last_seq: shown.last_seq,
            balance: shown.balance,
            held: shown.held,
            card_connected: shown.card_connected,
        });
        // Counted from the reading, so that a busy wallet is read four times a second at most.
        self.wallet_not_before = Instant::now() + WALLET_PAUSE;
        self.look_soon();
        self.send(Push::Wallet(Arc::clone(text))).await
    }

    /// Automatic payments, if anything of them is other than the watcher knows: their health changes with the wallet, with
    /// what the bank says and with time, and not only by what somebody does to them.
    async fn send_auto_pay(&mut self) -> Result<(), StreamEnd> {
        self.auto_pay_looked_at = Instant::now();
        self.auto_pay_not_before = self.auto_pay_looked_at + AUTO_PAY_PAUSE;
        let asked = self.ask().await?;
        let id = &self.member.organization.id;
        let found = Box::pin(self.state.answers.streamed_auto_pays.get(id, &asked, async || {
            let (row, organization) =
                tokio::try_join!(self.state.store.auto_pay(id), self.state.store.organization(id))?;
            let shown = auto_pay::describe_auto_pay(&self.state, &organization, &row).await?;
            Ok(Arc::new(StreamedAutoPay { text: render_text(&shown)?.into(), shown, row }))
        }));
        let found = found.await?;
        let text = Arc::clone(&found.text);
        let before = self.auto_pay.replace(found);
        self.look_soon();
        // Only what differs is sent: this is looked at far more often than it changes.
        if before.is_some_and(|before| before.text == text) { Ok(()) } else { self.send(Push::AutoPay(text)).await }
    }

    /// When this is asked, for answers that are kept.
    async fn ask(&self) -> Result<AskedAt, Problem> {
        Ok(AskedAt { now: self.state.clock.now(), version: self.state.store.database_version().await? })
    }

    /// What the database has other than the watcher: another server may have posted, and a lost wake-up shows here too.
    /// See docs/decisions/0044-wake-ups-without-data.md.
    fn compare_figures(&mut self, figures: &WatchedFigures) {
        let WatchedFigures { wallet, auto_pay } = figures;
        let found = SentFigures {
            last_seq: wallet.last_seq,
            balance: wallet.balance,
            held: wallet.held,
            card_connected: wallet.card_connected,
        };
        self.due.add((found.last_seq > self.seq).then_some(DuePart::Ledger));
        let moved = self.told.as_ref() != Some(&found);
        self.due.add(moved.then_some(DuePart::Wallet));
        if moved || self.auto_pay.as_ref().is_none_or(|known| known.row != *auto_pay) {
            self.due.add([DuePart::AutoPay]);
        }
        if std::mem::replace(&mut self.access_version, wallet.access_version) != wallet.access_version {
            self.due.add([DuePart::Session]);
        }
    }

    /// What comes with time alone.
    async fn check_clock(&mut self) -> Result<(), StreamEnd> {
        let now = self.state.clock.now();
        if self.grace_ends_at.is_some_and(|ends_at| now >= ends_at) {
            self.grace_ends_at = None;
            self.due.add([DuePart::Wallet]);
        }
        if let Some(known) = self.auto_pay.as_ref().filter(|known| known.row.enabled) {
            let moments = [known.shown.health.next_charge_at, Some(known.shown.month.resets_at)];
            let time_has_come = moments.into_iter().flatten().any(|moment| now >= moment);
            let due = time_has_come || self.auto_pay_looked_at.elapsed() >= AUTO_PAY_CHECK;
            self.due.add(due.then_some(DuePart::AutoPay));
        }
        self.due.add((self.session_checked.elapsed() >= SESSION_CHECK).then_some(DuePart::Session));
        if Instant::now() >= self.next_beat {
            // Rather early than late: the next look is some time away.
            self.next_beat = Instant::now() + HEARTBEAT - SESSION_CHECK;
            self.send(Push::Heartbeat).await?;
        }
        self.next_look = Instant::now() + self.look_pause();
        Ok(())
    }

    /// A stream whose organization has nothing that comes by time is woken rarely.
    fn look_pause(&self) -> Duration {
        let by_time = self.grace_ends_at.is_some() || self.auto_pay.as_ref().is_some_and(|known| known.row.enabled);
        if by_time { CLOCK_CHECK } else { SESSION_CHECK }
    }

    /// Something that comes by time may have come up.
    fn look_soon(&mut self) {
        self.next_look = self.next_look.min(Instant::now() + self.look_pause());
    }

    /// The session must live, with the role that the stream was opened with.
    async fn check_session(&mut self) -> Result<(), StreamEnd> {
        let standing = sessions::session_standing(&self.state, &self.member).await;
        self.session_checked = Instant::now();
        match standing? {
            SessionStanding::Open(organization) => {
                let before = &self.member.organization;
                let restricted =
                    (before.status, &before.status_reason) != (organization.status, &organization.status_reason);
                // Another server may have suspended it: the wallet says so.
                self.due.add(restricted.then_some(DuePart::Wallet));
                // With its name and zone as they are now.
                self.member.organization = *organization;
                return Ok(());
            }
            SessionStanding::Over(state) => self.send(Push::Session(state)).await?,
            SessionStanding::RunOut => {}
        }
        Err(StreamEnd::Over)
    }

    async fn send(&self, push: Push) -> Result<(), StreamEnd> {
        send_to_reader(&self.out, PushMessage { seq: self.seq, push }).await
    }
}
