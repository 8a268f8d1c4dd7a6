//! Idempotency keys: a request that comes twice makes one thing.
//!
//! The key is written in the same transaction as the thing, so a parallel request waits for that commit and then finds
//! it: there is no state "in use" that a crash could leave behind.

use billing_domain::Timestamp;

use crate::{Result, Store};

/// A client's key with the proof of what it was used for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// 1 to 255 printable characters.
    pub key: String,
    /// Hash of method, path and body.
    pub fingerprint: String,
}

/// What became of a request to make something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Created<T> {
    /// It is made.
    New(T),
    /// The same key and request made it before: here it is, in its present state.
    Replay(T),
    /// The key was used for another request.
    Reused,
    /// Only one may be open and there is one; for automatic top-ups.
    Blocked,
}

impl Store {
    /// Forgets keys written before `before` (at least 24 hours ago); how many.
    pub async fn purge_idempotency_keys(&self, before: Timestamp) -> Result<u64> {
        todo!()
    }
}
