//! Idempotency keys: a request that comes twice makes one thing.
//!
//! The key is written in the same transaction as the thing, so a parallel request waits for that commit and then finds
//! it: there is no state "in use" that a crash could leave behind.

use billing_domain::id::Id;
use billing_domain::{OrganizationId, Timestamp};

use crate::db::{Tx, args};
use crate::{Result, Store, StoreError};

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
    /// It is made by this call.
    New(T),
    /// The same key and request made it before: here it is, in its present state.
    Replay(T),
    /// The key was used for another request.
    Reused,
    /// Only one may be open and there is one; for automatic top-ups.
    Blocked,
}

impl Store {
    /// Forgets keys written before `before` (at least 24 hours ago) that moved no money; how many. The key of a top-up or
    /// refund is kept for ever: whoever repeats a request after a year must not charge again.
    pub async fn purge_idempotency_keys(&self, before: Timestamp) -> Result<u64> {
        let sql = "DELETE FROM idempotency_keys WHERE moves_money = 0 AND created_at < $1";
        self.db.execute(sql, args![before]).await
    }
}

/// How long a key is known.
/// See docs/decisions/0015-idempotency-keys.md.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// For ever: the request moves money.
    ForEver,
    /// Until it is purged.
    ForAWhile,
}

/// What a key means for a request.
pub(crate) enum Claim<I> {
    /// Never seen: it now stands for the resource that this transaction makes.
    New,
    /// The same request made this resource.
    Replay(I),
    /// Another request used it.
    Reused,
}

/// Claims a key for `resource_id` inside the transaction that makes it. On PostgreSQL this waits for a transaction that
/// is just claiming the same key.
/// See docs/decisions/0015-idempotency-keys.md.
pub(crate) async fn claim_key<I: Id>(
    tx: &mut Tx,
    organization_id: &OrganizationId,
    key: &IdempotencyKey,
    resource_id: &I,
    kept: Kept,
    now: Timestamp,
) -> Result<Claim<I>> {
    // DO NOTHING instead of an error: on PostgreSQL an error would end the whole transaction.
    let inserted = tx
        .execute(
            "INSERT INTO idempotency_keys (organization_id, key, fingerprint, resource_id, created_at, moves_money)
            VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (organization_id, key) DO NOTHING",
            args![organization_id, &key.key, &key.fingerprint, resource_id.as_str(), now, kept == Kept::ForEver],
        )
        .await
        .map_err(StoreError::or_not_found)?;
    if inserted == 1 {
        return Ok(Claim::New);
    }
    let sql = "SELECT fingerprint, resource_id FROM idempotency_keys WHERE organization_id = $1 AND key = $2";
    // Purged in this very moment: the client tries again.
    let row = tx.first(sql, args![organization_id, &key.key]).await?.ok_or(StoreError::Stale)?;
    // The fingerprint decides whether it is a repetition or another request under the same key.
    let same = row.get::<String>("fingerprint")? == key.fingerprint;
    Ok(if same { Claim::Replay(I::from_trusted(row.get("resource_id")?)) } else { Claim::Reused })
}
