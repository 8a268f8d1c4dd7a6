//! What all watchers of an organization share, so that each change is read and written once for all of them.
//! See docs/decisions/0107-shared-streams.md.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use billing_domain::OrganizationId;
use billing_store::{AutoPay, SharedRead, Wallet};
use tokio::sync::{broadcast, watch};

use super::Topic;

/// Topics that a slow watcher may be behind before it has to read everything.
pub(super) const CAPACITY: usize = 64;
/// Lines that are kept: whoever is further behind reads by itself.
const RECENT_LINES: usize = 500;

/// What is watched without anybody publishing it: another server may have changed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WatchedFigures {
    pub(crate) wallet: Wallet,
    pub(crate) auto_pay: AutoPay,
}

/// A ledger line as JSON.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LineText {
    pub(crate) seq: i64,
    pub(crate) text: String,
}

/// An organization for as long as somebody watches it.
#[derive(Debug)]
pub(crate) struct WatchedOrganization {
    pub(crate) id: OrganizationId,
    pub(super) topics: broadcast::Sender<Topic>,
    pub(super) figures: watch::Sender<Option<Arc<WatchedFigures>>>,
    /// One more with whatever says that the ledger may have new lines.
    ledger_news: AtomicU64,
    recent: Mutex<RecentLines>,
    /// Those who wait for new lines wait for one read together.
    pub(crate) reading: SharedRead<()>,
}

/// The newest lines, without a gap.
#[derive(Debug, Default)]
struct RecentLines {
    lines: VecDeque<Arc<LineText>>,
    /// The last line that is known, kept or not; `None` before anything was read.
    end: Option<i64>,
    /// As of these news nothing follows it.
    news: u64,
}

/// What the recent lines say to somebody who has all lines up to some `seq`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Recent {
    /// These follow, at least one.
    Lines(Vec<Arc<LineText>>),
    /// None follows, as of the news that were asked about.
    Complete,
    /// It is unknown: new lines have to be read.
    Unread,
    /// What follows is kept no more.
    TooOld,
}

impl WatchedOrganization {
    pub(super) fn new(id: OrganizationId) -> Self {
        Self {
            id,
            topics: broadcast::channel(CAPACITY).0,
            figures: watch::channel(None).0,
            ledger_news: AtomicU64::new(1),
            recent: Mutex::default(),
            reading: SharedRead::default(),
        }
    }

    pub(super) fn publish(&self, topic: Topic) {
        if matches!(topic, Topic::Ledger | Topic::Everything) {
            self.ledger_news.fetch_add(1, Ordering::SeqCst);
        }
        // Without a receiver the last watcher is going.
        let _ = self.topics.send(topic);
    }

    /// The database has these figures; watchers are woken if they are others than before.
    pub(crate) fn update_figures(&self, found: WatchedFigures) {
        self.figures.send_if_modified(|known| {
            if known.as_deref() == Some(&found) {
                return false;
            }
            let known_seq = known.as_ref().map(|known| known.wallet.last_seq);
            if known_seq.is_some_and(|known| found.wallet.last_seq < known) {
                self.forget_lines();
            }
            if known_seq != Some(found.wallet.last_seq) {
                self.ledger_news.fetch_add(1, Ordering::SeqCst);
            }
            *known = Some(Arc::new(found));
            true
        });
    }

    /// Whether the database has never been looked at for it.
    pub(crate) fn is_unknown(&self) -> bool {
        self.figures.borrow().is_none()
    }

    /// Which news there have been. Read before the lines.
    pub(crate) fn ledger_news(&self) -> u64 {
        self.ledger_news.load(Ordering::SeqCst)
    }

    /// At most `most` lines that follow this `seq`.
    pub(crate) fn recent_after(&self, seq: i64, news: u64, most: usize) -> Recent {
        let recent = self.lock();
        match recent.end {
            Some(end) if seq == end && recent.news >= news => Recent::Complete,
            Some(end) if seq < end => {
                // Where none is kept, the next one is the first that could be.
                let first = recent.lines.front().map_or(end + 1, |line| line.seq);
                let Ok(skipped) = usize::try_from(seq + 1 - first) else { return Recent::TooOld };
                Recent::Lines(recent.lines.iter().skip(skipped).take(most).cloned().collect())
            }
            _ => Recent::Unread,
        }
    }

    /// The lines that were read after this `seq`; `news`: as of which nothing follows them.
    pub(crate) fn keep_lines(&self, after: i64, lines: Vec<Arc<LineText>>, news: Option<u64>) {
        let mut recent = self.lock();
        if recent.end.is_none_or(|end| end < after) {
            recent.lines.clear();
            recent.end = Some(after);
        }
        for line in lines {
            // Two may have read at the same time.
            if recent.end.is_some_and(|end| line.seq == end + 1) {
                recent.end = Some(line.seq);
                recent.lines.push_back(line);
            }
        }
        let surplus = recent.lines.len().saturating_sub(RECENT_LINES);
        recent.lines.drain(..surplus);
        recent.news = news.unwrap_or_default().max(recent.news);
    }

    /// What was kept is of no use: after a failover the ledger may have lost its end.
    pub(crate) fn forget_lines(&self) {
        *self.lock() = RecentLines::default();
    }

    fn lock(&self) -> MutexGuard<'_, RecentLines> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(seqs: std::ops::RangeInclusive<i64>) -> Vec<Arc<LineText>> {
        seqs.map(|seq| Arc::new(LineText { seq, text: seq.to_string() })).collect()
    }

    #[test]
    fn what_is_kept_is_given_once_and_in_order() {
        let watched = WatchedOrganization::new(OrganizationId::from_trusted("a"));
        let news = watched.ledger_news();
        assert_eq!(watched.recent_after(0, news, 10), Recent::Unread);
        watched.keep_lines(0, Vec::new(), Some(news));
        assert_eq!(watched.recent_after(0, news, 10), Recent::Complete, "an empty ledger");
        watched.keep_lines(7, Vec::new(), Some(news));
        for behind in [6, 5, 0] {
            assert_eq!(
                watched.recent_after(behind, news, 3),
                Recent::TooOld,
                "a line follows {behind}, and none is kept"
            );
        }
        watched.keep_lines(7, lines(8..=12), Some(news));
        assert_eq!(watched.recent_after(6, news, 3), Recent::TooOld, "line 7 is not kept");
        assert_eq!(watched.recent_after(7, news, 3), Recent::Lines(lines(8..=10)));
        assert_eq!(watched.recent_after(10, news, 3), Recent::Lines(lines(11..=12)));
        assert_eq!(watched.recent_after(12, news, 3), Recent::Complete);
        assert_eq!(watched.recent_after(13, news, 3), Recent::Unread);
        assert_eq!(watched.recent_after(3, news, 3), Recent::TooOld);
        watched.publish(Topic::Ledger);
        assert_eq!(watched.recent_after(12, watched.ledger_news(), 3), Recent::Unread);
        assert_eq!(watched.recent_after(12, news, 3), Recent::Complete, "as of before");
        // Read twice, by two that overlapped.
        watched.keep_lines(12, lines(13..=14), Some(watched.ledger_news()));
        watched.keep_lines(12, lines(13..=14), Some(watched.ledger_news()));
        assert_eq!(watched.recent_after(11, news, 9), Recent::Lines(lines(12..=14)));
        watched.keep_lines(14, lines(15..=700), None);
        assert_eq!(watched.recent_after(199, news, 9), Recent::TooOld);
        assert_eq!(watched.recent_after(200, news, 2), Recent::Lines(lines(201..=202)));
        watched.forget_lines();
        assert_eq!(watched.recent_after(200, news, 2), Recent::Unread);
    }
}
