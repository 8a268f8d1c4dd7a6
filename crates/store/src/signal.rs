//! Words between the servers that share a PostgreSQL (LISTEN/NOTIFY): each wakes the others' watchers. A word may be
//! lost, so nothing may depend on it; SQLite has no channel, there every process looks by itself.

use sqlx::postgres::PgListener;

use crate::db::Db;
use crate::{Result, Store};

const CHANNEL: &str = "nexis_billing";
/// PostgreSQL takes less than 8,000 bytes a signal.
pub const LONGEST_SIGNAL: usize = 7_000;

/// What arrives on the channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signal {
    /// A server's signal, this one's own included.
    Payload(String),
    /// The connection was lost and is there again: signals in between were missed.
    Missed,
}

/// An open subscription to the channel.
#[derive(Debug)]
pub struct Signals(PgListener);

impl Store {
    /// Sends a signal to every server on this database; at most [`LONGEST_SIGNAL`] bytes. Nothing on SQLite.
    pub async fn signal(&self, word: &str) -> Result<()> {
        if let Db::Postgres(db) = &self.db {
            // Not in a transaction: a wake-up carries no figures, and one too many is harmless.
            sqlx::query("SELECT pg_notify($1, $2)").bind(CHANNEL).bind(word).execute(&db.pool).await?;
        }
        Ok(())
    }

    /// Begins to listen, on a connection of its own; `None` on SQLite.
    pub async fn signals(&self) -> Result<Option<Signals>> {
        let Db::Postgres(db) = &self.db else { return Ok(None) };
        // A connection of its own, because LISTEN belongs to the connection and a pool would hand it out.
        let mut listener = PgListener::connect_with(&db.pool).await?;
        listener.listen(CHANNEL).await?;
        Ok(Some(Signals(listener)))
    }
}

impl Signals {
    /// Waits for the next one. An error when the database stays out of reach.
    pub async fn recv(&mut self) -> Result<Signal> {
        // `try_recv` reports a lost connection; `recv` would reconnect in silence, and what came meanwhile would be
        // missed.
        Ok(match self.0.try_recv().await? {
            Some(notification) => Signal::Payload(notification.payload().to_owned()),
            None => Signal::Missed,
        })
    }
}
