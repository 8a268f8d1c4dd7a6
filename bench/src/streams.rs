//! Open pages: what each costs the server, how soon a posting reaches all of them, and what they cost a posting.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use billing_domain::OrganizationId;
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;

use crate::http_load::{HttpClient, format_read};
use crate::load::{REPORT, post_usage};
use crate::program::BenchServer;
use crate::wallets::Wallets;

/// So many streams one session may have.
const OF_A_SESSION: usize = 10;
/// Streams that are opened at once.
const AT_ONCE: usize = 64;
/// Longer than any posting may need.
const PATIENCE: Duration = Duration::from_mins(1);

/// Streams that are open, and what they have received.
pub(crate) struct OpenStreams {
    count: usize,
    received: Arc<Received>,
    readers: JoinSet<()>,
}

/// Ledger lines that have arrived, on all streams together.
#[derive(Debug, Default)]
struct Received {
    lines: AtomicUsize,
    news: Notify,
}

impl OpenStreams {
    /// Opens so many, in turn on these wallets, and waits until each has begun.
    pub(crate) async fn open(
        program: &BenchServer,
        wallets: &Wallets,
        organizations: &[OrganizationId],
        count: usize,
    ) -> Result<Self> {
        let mut tokens = Vec::new();
        for organization in organizations.iter().cycle().take(count.div_ceil(OF_A_SESSION)) {
            tokens.push(wallets.sign_in(organization).await?);
        }
        let (received, room) = (Arc::new(Received::default()), Arc::new(Semaphore::new(AT_ONCE)));
        let (mut opening, mut readers) = (JoinSet::new(), JoinSet::new());
        for number in 0..count {
            let (origin, room) = (program.origin.clone(), Arc::clone(&room));
            let request = format_read("/events", &tokens[number / OF_A_SESSION]);
            opening.spawn(async move {
                let _turn = room.acquire().await?;
                HttpClient::connect(&origin).await?.open_events(&request).await
            });
        }
        while let Some(opened) = opening.join_next().await {
            let mut events = opened??;
            let received = Arc::clone(&received);
            readers.spawn(async move {
                while let Ok(lines) = events.next_transactions().await {
                    if lines > 0 {
                        received.lines.fetch_add(lines, Ordering::Relaxed);
                        received.news.notify_one();
                    }
                }
            });
        }
        Ok(Self { count, received, readers })
    }

    /// Reports a line of each of these wallets; how long after the answer until every stream has its own.
    pub(crate) async fn reach_all(
        &mut self,
        program: &BenchServer,
        organizations: &[OrganizationId],
    ) -> Result<Duration> {
        let expected = self.received.lines.load(Ordering::Relaxed) + self.count;
        let mut http = HttpClient::connect(&program.origin).await?;
        for organizations in organizations.chunks(REPORT) {
            post_usage(&mut http, organizations.len(), |line| &organizations[line]).await?;
        }
        let posted = Instant::now();
        let all = async {
            while self.received.lines.load(Ordering::Relaxed) < expected {
                self.received.news.notified().await;
            }
        };
        tokio::time::timeout(PATIENCE, all).await.context("a posting did not reach all streams")?;
        ensure!(self.readers.try_join_next().is_none(), "a stream has ended");
        Ok(posted.elapsed())
    }
}
