//! Answers that were given a moment ago, and are given again for as long as the database has not changed since.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use billing_contract::auto_pay::AutoPay;
use billing_contract::wallet::Wallet;
use billing_domain::{OrganizationId, Timestamp};
use billing_store::{DatabaseVersion, Session, SharedRead};

use serde::Serialize;

use crate::problem::Problem;

/// Sessions, wallets and open pages of which an answer is kept.
const SESSIONS: usize = 10_000;
const WALLETS: usize = 10_000;
const BILLING_PAGES: usize = 500;
/// An answer that goes by the time besides the database (grace, runway, today) is given again for so long.
const MOMENT_MICROS: i64 = 100_000;

/// What the busiest reads go by.
#[derive(Debug)]
pub(crate) struct ReadAnswers {
    /// Who is behind a token, by its hash. When a session's time is over is for the reader to see.
    pub(crate) sessions: KeptAnswers<String, Option<Arc<Session>>>,
    /// `GET /wallet`, rendered.
    pub(crate) wallets: KeptAnswers<OrganizationId, Bytes>,
    /// `GET /billing` of a session, by its token's hash, rendered.
    pub(crate) billing: KeptAnswers<String, Bytes>,
    /// The wallet and automatic payments as streams send them.
    pub(crate) streamed_wallets: KeptAnswers<OrganizationId, Arc<StreamedWallet>>,
    pub(crate) streamed_auto_pays: KeptAnswers<OrganizationId, Arc<StreamedAutoPay>>,
}

/// The wallet, and as JSON.
#[derive(Debug)]
pub(crate) struct StreamedWallet {
    pub(crate) shown: Wallet,
    pub(crate) text: Arc<str>,
}

/// Automatic payments, as JSON, and the row that they came from.
#[derive(Debug)]
pub(crate) struct StreamedAutoPay {
    pub(crate) shown: AutoPay,
    pub(crate) text: Arc<str>,
    pub(crate) row: billing_store::AutoPay,
}

impl Default for ReadAnswers {
    fn default() -> Self {
        Self {
            sessions: KeptAnswers::new(SESSIONS, i64::MAX),
            wallets: KeptAnswers::new(WALLETS, MOMENT_MICROS),
            billing: KeptAnswers::new(BILLING_PAGES, MOMENT_MICROS),
            streamed_wallets: KeptAnswers::new(WALLETS, MOMENT_MICROS),
            streamed_auto_pays: KeptAnswers::new(WALLETS, MOMENT_MICROS),
        }
    }
}

/// An answer as it is kept.
pub(crate) fn render_json(answer: &impl Serialize) -> Result<Bytes, Problem> {
    serde_json::to_vec(answer).map(Bytes::from).map_err(Problem::internal)
}

/// As an event carries it.
pub(crate) fn render_text(answer: &impl Serialize) -> Result<String, Problem> {
    serde_json::to_string(answer).map_err(Problem::internal)
}

/// Values by key, each with the version of the database that it was read at. Whoever asks brings the version of a moment
/// after they asked, so that nobody is given what was right before.
/// See docs/decisions/0105-answers-of-a-version.md.
#[derive(Debug)]
pub(crate) struct KeptAnswers<K, V> {
    answers: Mutex<HashMap<K, KeptAnswer<V>>>,
    most: usize,
    longest_micros: i64,
}

#[derive(Debug)]
struct KeptAnswer<V> {
    value: Option<(DatabaseVersion, Timestamp, V)>,
    /// Those who found none wait for one read together.
    reading: SharedRead<V>,
}

/// When somebody asks: the clock's time, and a version of the database that was read afterward.
#[derive(Clone, Debug)]
pub(crate) struct AskedAt {
    pub(crate) now: Timestamp,
    pub(crate) version: DatabaseVersion,
}

impl<K: Clone + Eq + Hash, V: Clone> KeptAnswers<K, V> {
    /// Keeps at most `most`, each for `longest_micros` even if nothing changes: what depends on the time alone is late by no
    /// more than that.
    fn new(most: usize, longest_micros: i64) -> Self {
        Self { answers: Mutex::default(), most, longest_micros }
    }

    /// The value for this key: kept, or read now. What `read` goes by must be read by itself, after it began.
    pub(crate) async fn get(
        &self,
        key: &K,
        asked: &AskedAt,
        read: impl AsyncFnOnce() -> Result<V, Problem>,
    ) -> Result<V, Problem> {
        let reading = match self.find(key, asked) {
            Ok(value) => return Ok(value),
            Err(reading) => reading,
        };
        // On the heap: whoever is given a kept answer carries no room for reading.
        let value = Box::pin(reading.get(async || {
            let value = read().await?;
            // It is at least as new as the version that its reader came with.
            self.keep(key, asked, &value);
            Ok(value)
        }));
        value.await
    }

    fn find(&self, key: &K, asked: &AskedAt) -> Result<V, SharedRead<V>> {
        let mut answers = self.lock();
        if let Some(answer) = answers.get(key) {
            return match &answer.value {
                Some((version, at, value)) if *version == asked.version && self.is_recent(*at, asked.now) => {
                    Ok(value.clone())
                }
                _ => Err(answer.reading.clone()),
            };
        }
        self.make_room(&mut answers, &asked.version);
        let answer = KeptAnswer { value: None, reading: SharedRead::default() };
        let reading = answer.reading.clone();
        answers.insert(key.clone(), answer);
        Err(reading)
    }

    const fn is_recent(&self, at: Timestamp, now: Timestamp) -> bool {
        // Neither if the clock went back.
        let age = now.micros().saturating_sub(at.micros());
        0 <= age && age < self.longest_micros
    }

    fn keep(&self, key: &K, asked: &AskedAt, value: &V) {
        if let Some(answer) = self.lock().get_mut(key) {
            answer.value = Some((asked.version.clone(), asked.now, value.clone()));
        }
    }

    /// What is of no use any more goes first, and if that is nothing, all.
    fn make_room(&self, answers: &mut HashMap<K, KeptAnswer<V>>, version: &DatabaseVersion) {
        if answers.len() >= self.most {
            answers.retain(|_, answer| answer.value.as_ref().is_some_and(|(of, ..)| of == version));
            if answers.len() >= self.most {
                answers.clear();
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, KeptAnswer<V>>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use billing_store::Store;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    #[tokio::test]
    async fn an_answer_is_given_again_until_something_is_committed_or_its_moment_is_over() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("billing.db").display());
        let (store, other) = (Store::connect(&url).await.unwrap(), Store::connect(&url).await.unwrap());
        let (kept, reads) = (KeptAnswers::<&str, u32>::new(2, MOMENT_MICROS), AtomicU32::new(0));
        let read = async |key: &'static str, micros: i64| {
            let now = Timestamp::from_micros(NOW.micros() + micros);
            let asked = AskedAt { now, version: store.database_version().await.unwrap() };
            kept.get(&key, &asked, async || Ok(reads.fetch_add(1, Ordering::SeqCst))).await.unwrap()
        };
        assert_eq!([read("a", 0).await, read("a", MOMENT_MICROS - 1).await, read("b", 0).await], [0, 0, 1]);
        assert_eq!(read("a", MOMENT_MICROS).await, 2, "its moment is over");
        assert_eq!(read("a", 0).await, 3, "the clock went back");
        store.set_meta("any", "thing").await.unwrap();
        assert_eq!(read("a", 0).await, 4, "this process has committed something");
        other.set_meta("any", "other").await.unwrap();
        assert_eq!([read("a", 0).await, read("a", 0).await], [5, 5], "another one has");
        assert_eq!(read("c", 0).await, 6);
        assert!(kept.lock().len() <= 2, "no more than there is room for");
    }
}
