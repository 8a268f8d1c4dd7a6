//! What costs more where the ledger is longer: every read and every posting on a short and on a long one, in turns.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use billing_domain::{Date, Month, OrganizationId};
use billing_store::Store;

use crate::BenchPaths;
use crate::http_load::{HttpClient, format_read};
use crate::load::{REPORT, format_authorization, post_usage};
use crate::program::BenchServer;
use crate::rate::WaitTimes;
use crate::seed::{RARE_WORD, SPAN_DAYS, seed_ledger};
use crate::wallets::{create_session, current_time};

/// Lines that a client which comes back has missed, and waits for.
const REPLAYED: usize = 500;

/// A ledger behind a running server.
pub(crate) struct GrownLedger {
    lines: i64,
    program: BenchServer,
    organization_id: OrganizationId,
    token: String,
}

/// What is asked of both.
enum Question {
    /// A GET of the API.
    Read(String),
    /// Events from a tenth of the ledger on.
    Replay,
    /// A report of five hundred lines.
    Report,
    /// A hold.
    Authorization,
}

/// How long one thing takes on the short and on the long ledger, in nanoseconds.
pub(crate) struct Growth {
    pub(crate) name: &'static str,
    pub(crate) short: u64,
    pub(crate) long: u64,
}

impl GrownLedger {
    /// Makes the ledger, or takes the one that is there, and starts the program on it.
    pub(crate) async fn open(places: &BenchPaths, url: &str, lines: i64) -> Result<Self> {
        let organization_id = seed_ledger(url, lines).await?;
        let store = Store::connect(url).await?;
        let token = create_session(&store, &organization_id).await?;
        summarize_segments(&store).await?;
        store.close().await;
        let program = BenchServer::start(places, url, &[]).await?;
        Ok(Self { lines, program, organization_id, token })
    }

    async fn connect(&self) -> Result<HttpClient> {
        HttpClient::connect(&self.program.origin).await
    }

    /// How long the answer took.
    async fn ask(&self, http: &mut HttpClient, question: &Question) -> Result<Duration> {
        let request = match question {
            Question::Read(path) => format_read(path, &self.token),
            Question::Authorization => format_authorization(&self.organization_id),
            Question::Report => return post_usage(http, REPORT, |_| &self.organization_id).await,
            Question::Replay => {
                let request = format_read(&format!("/events?after={}", self.lines / 10), &self.token);
                let (client, asked) = (self.connect().await?, Instant::now());
                let (mut events, mut found) = (client.open_events(&request).await?, 0);
                while found < REPLAYED {
                    found += events.next_transactions().await?;
                }
                return Ok(asked.elapsed());
            }
        };
        let asked = Instant::now();
        http.expect(&request, 200).await?;
        Ok(asked.elapsed())
    }
}

/// As a running server has done it by the time that a year has passed.
async fn summarize_segments(store: &Store) -> Result<()> {
    loop {
        let due = store.due_segments().await?;
        if due.is_empty() {
            return Ok(());
        }
        for segment in due {
            store.summarize_segment(segment).await?;
        }
    }
}

/// Everything that has to be flat; `time` for each.
pub(crate) async fn measure_growth(short: &GrownLedger, long: &GrownLedger, time: Duration) -> Result<Vec<Growth>> {
    let mut found = Vec::new();
    for (name, question) in list_questions()? {
        let mut clients = (short.connect().await?, long.connect().await?);
        let mut waits = (Vec::new(), Vec::new());
        // The first answers warm the caches of both.
        for _ in 0..3 {
            short.ask(&mut clients.0, &question).await?;
            long.ask(&mut clients.1, &question).await.with_context(|| name)?;
        }
        let started = Instant::now();
        while started.elapsed() < time || waits.0.len() < 3 {
            waits.0.push(short.ask(&mut clients.0, &question).await?);
            waits.1.push(long.ask(&mut clients.1, &question).await?);
        }
        let median = |waits| WaitTimes::of(waits).percentile(50);
        found.push(Growth { name, short: median(waits.0), long: median(waits.1) });
    }
    Ok(found)
}

fn list_questions() -> Result<Vec<(&'static str, Question)>> {
    let today = current_time()?.utc_date();
    let middle = today.plus_days(-i32::try_from(SPAN_DAYS / 2)?);
    let (first, last, month): (Date, Date, Month) = (middle, middle.plus_days(6), middle.month());
    let read = |name, path: &str| (name, Question::Read(path.to_owned()));
    let mut questions = vec![
        read("first page", "/transactions"),
        read("page from the middle, by date", &format!("/transactions?at={middle}")),
        read("kind: outbound_call", "/transactions?kind=outbound_call"),
        read("kind: inbound_call", "/transactions?kind=inbound_call"),
        read("kind: ai_task", "/transactions?kind=ai_task"),
        read("kind: top_up", "/transactions?kind=top_up"),
        read("kind: auto_top_up", "/transactions?kind=auto_top_up"),
        read("kind: refund (one, the oldest)", "/transactions?kind=refund"),
        read("kind: dispute (one, the oldest)", "/transactions?kind=dispute"),
        read("kind: promo (one, the oldest)", "/transactions?kind=promo"),
        read("kind: adjustment (one, the oldest)", "/transactions?kind=adjustment"),
        read("dates: a week in the middle", &format!("/transactions?from={first}&to={last}")),
        read("search: common", "/transactions?q=ava"),
        read("search: a number", "/transactions?q=555%200137"),
        read("search: rare (one, the oldest)", &format!("/transactions?q={RARE_WORD}")),
        read("search: nothing", "/transactions?q=xylophone"),
        read("outline of a kind", "/transactions/outline?kind=top_up"),
        read("outline of a week", &format!("/transactions/outline?from={first}&to={last}")),
        read("outline of a search: common", "/transactions/outline?q=ava"),
        read("outline of a search: rare", &format!("/transactions/outline?q={RARE_WORD}")),
        read("one line, by its number", "/transactions/5000"),
        read("month", &format!("/usage?month={month}")),
        read("statement of a month", &format!("/statement?month={month}")),
        read("wallet", "/wallet"),
        read("all above the fold", "/billing"),
        read("wallet history", "/wallet/history?days=30"),
    ];
    questions.push(("replay of 500 events", Question::Replay));
    questions.push(("posting 500 lines", Question::Report));
    questions.push(("authorization", Question::Authorization));
    Ok(questions)
}
