//! Keys of the host's programs: what they may be used for, and by which hashes they are recognized.

use billing_domain::{ApiKeyId, OrganizationId, Scope, Timestamp};

use crate::audit::append_entry;
use crate::db::{Tx, args, columns, retrying, write_names};
use crate::{Actor, AuditFacts, NewAudit, Result, Store, StoreError};

columns!(
    key_columns,
    ApiKey {
        id,
        name,
        scopes,
        organization_id,
        secret_hash,
        last4,
        old_secret_hash,
        old_valid_until,
        created_by,
        created_at,
        expires_at,
        last_used_at,
        revoked_at
    }
);

macro_rules! select_key {
    () => {
        concat!("SELECT ", key_columns!(), " FROM api_keys")
    };
}

/// A key. The secret itself is never stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// The part of it that is no secret.
    pub id: ApiKeyId,
    /// What it is for, in the operator's words.
    pub name: String,
    /// What it may be used for.
    pub scopes: Vec<Scope>,
    /// The only organization that it sees; `None`: all.
    pub organization_id: Option<OrganizationId>,
    /// SHA-256 of the whole key, hex.
    pub secret_hash: String,
    /// The last four characters of the key.
    pub last4: String,
    /// SHA-256 of the key before the last rotation, hex.
    pub old_secret_hash: Option<String>,
    /// That one is refused from then on.
    pub old_valid_until: Option<Timestamp>,
    /// Who made it, in words for people.
    pub created_by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Refused from then on; `None`: never.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, as far as a minute.
    pub last_used_at: Option<Timestamp>,
    /// When somebody ended it.
    pub revoked_at: Option<Timestamp>,
}

/// What a new key needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewApiKey {
    /// The part of it that is no secret.
    pub id: ApiKeyId,
    /// What it is for, in the operator's words.
    pub name: String,
    /// What it may be used for.
    pub scopes: Vec<Scope>,
    /// The only organization that it sees; `None`: all.
    pub organization_id: Option<OrganizationId>,
    /// SHA-256 of the whole key, hex.
    pub secret_hash: String,
    /// The last four characters of the key.
    pub last4: String,
    /// Refused from then on; `None`: never.
    pub expires_at: Option<Timestamp>,
}

/// A key's next secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRotation {
    /// SHA-256 of the whole key, hex.
    pub secret_hash: String,
    /// The last four characters of the key.
    pub last4: String,
    /// The present secret is refused from then on; `None`: at once.
    pub old_valid_until: Option<Timestamp>,
}

impl Store {
    /// Writes a key down. A taken id is `Conflict`, an unknown organization `NotFound`.
    pub async fn create_key(&self, new: &NewApiKey, actor: &Actor, now: Timestamp) -> Result<ApiKey> {
        retrying!("create_key", self.create_key_once(new, actor, now))
    }

    /// The key of this id, whatever became of it.
    pub async fn find_key(&self, id: &ApiKeyId) -> Result<Option<ApiKey>> {
        let row = self.db.first(concat!(select_key!(), " WHERE id = $1"), args![id]).await?;
        row.as_ref().map(ApiKey::read).transpose()
    }

    /// A key that is not revoked and sees no other organization than `within`, or `NotFound`; `None`: any key.
    pub async fn key(&self, id: &ApiKeyId, within: Option<&OrganizationId>) -> Result<ApiKey> {
        let key = self.find_key(id).await?.ok_or(StoreError::NotFound)?;
        key.within(within).ok_or(StoreError::NotFound)
    }

    /// The keys that are not revoked, oldest first: all of them, or those that see no other organization than `within`.
    pub async fn keys(&self, within: Option<&OrganizationId>) -> Result<Vec<ApiKey>> {
        let sql = concat!(
            select_key!(),
            " WHERE revoked_at IS NULL AND ($1 = '' OR organization_id = $1) ORDER BY created_at, id"
        );
        let rows = self.db.all(sql, args![within.map_or("", OrganizationId::as_str)]).await?;
        rows.iter().map(ApiKey::read).collect()
    }

    /// Gives a key another secret; the present one holds for as long as it says. `NotFound` as by [`Store::key`].
    pub async fn rotate_key(
        &self,
        id: &ApiKeyId,
        within: Option<&OrganizationId>,
        rotation: &KeyRotation,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<ApiKey> {
        retrying!("rotate_key", self.rotate_key_once(id, within, rotation, actor, now))
    }

    /// Ends a key with all its secrets, for ever. `NotFound` as by [`Store::key`].
    pub async fn revoke_key(
        &self,
        id: &ApiKeyId,
        within: Option<&OrganizationId>,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<()> {
        retrying!("revoke_key", self.revoke_key_once(id, within, actor, now))
    }

    /// Notes that a key was used.
    pub async fn note_key_use(&self, id: &ApiKeyId, now: Timestamp) -> Result<()> {
        let sql = "UPDATE api_keys SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)";
        self.db.execute(sql, args![id, now]).await?;
        Ok(())
    }
}

impl ApiKey {
    fn within(self, within: Option<&OrganizationId>) -> Option<Self> {
        let seen = within.is_none() || self.organization_id.as_ref() == within;
        (seen && self.revoked_at.is_none()).then_some(self)
    }

    /// What the audit log says of it.
    fn facts(&self) -> AuditFacts {
        let mut facts = AuditFacts::from([
            ("name".to_owned(), self.name.clone()),
            ("scopes".to_owned(), write_names(self.scopes.iter().map(|scope| scope.as_str()))),
            ("last4".to_owned(), self.last4.clone()),
        ]);
        let times = [("expires_at", self.expires_at), ("old_valid_until", self.old_valid_until)];
        facts.extend(times.into_iter().filter_map(|(name, at)| Some((name.to_owned(), at?.to_string()))));
        facts
    }
}

/// Where a key's history is written: with its organization, or with the installation.
async fn note(
    tx: &mut Tx,
    action: &'static str,
    keys: [Option<&ApiKey>; 2],
    actor: &Actor,
    now: Timestamp,
) -> Result<()> {
    let [before, after] = keys;
    let Some(key) = after.or(before) else { return Ok(()) };
    let facts = |key: Option<&ApiKey>| key.map(ApiKey::facts).unwrap_or_default();
    let entry = NewAudit { action, subject: key.id.to_string(), before: facts(before), after: facts(after) };
    append_entry(tx, key.organization_id.as_ref(), actor, &entry, now).await
}

/// Takes a key's row until the end of the transaction.
async fn lock_key(tx: &mut Tx, id: &ApiKeyId, within: Option<&OrganizationId>) -> Result<ApiKey> {
    let sql = if tx.is_postgres() {
        concat!(select_key!(), " WHERE id = $1 FOR UPDATE")
    } else {
        concat!(select_key!(), " WHERE id = $1")
    };
    let row = tx.first(sql, args![id]).await?.ok_or(StoreError::NotFound)?;
    ApiKey::read(&row)?.within(within).ok_or(StoreError::NotFound)
}

impl Store {
    async fn create_key_once(&self, new: &NewApiKey, actor: &Actor, now: Timestamp) -> Result<ApiKey> {
        let mut tx = self.db.begin().await?;
        let row = tx
            .first(
                concat!(
                    "INSERT INTO api_keys
                        (id, name, scopes, organization_id, secret_hash, last4, created_by, created_at, expires_at)
                    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING ",
                    key_columns!()
                ),
                args![
                    &new.id,
                    &new.name,
                    write_names(new.scopes.iter().map(|scope| scope.as_str())),
                    &new.organization_id,
                    &new.secret_hash,
                    &new.last4,
                    &actor.name,
                    now,
                    new.expires_at
                ],
            )
            .await
            .map_err(|error| error.or_conflict("key").or_not_found())?;
        let key = ApiKey::read(&row.ok_or(StoreError::NotFound)?)?;
        note(&mut tx, "key.create", [None, Some(&key)], actor, now).await?;
        tx.commit().await?;
        Ok(key)
    }

    async fn rotate_key_once(
        &self,
        id: &ApiKeyId,
        within: Option<&OrganizationId>,
        rotation: &KeyRotation,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<ApiKey> {
        let mut tx = self.db.begin().await?;
        let before = lock_key(&mut tx, id, within).await?;
        let old_secret_hash = rotation.old_valid_until.map(|_| before.secret_hash.as_str());
        let row = tx
            .first(
                concat!(
                    "UPDATE api_keys SET secret_hash = $2, last4 = $3, old_secret_hash = $4, old_valid_until = $5
                    WHERE id = $1 RETURNING ",
                    key_columns!()
                ),
                args![id, &rotation.secret_hash, &rotation.last4, old_secret_hash, rotation.old_valid_until],
            )
            .await?;
        let after = ApiKey::read(&row.ok_or(StoreError::NotFound)?)?;
        note(&mut tx, "key.rotate", [Some(&before), Some(&after)], actor, now).await?;
        tx.commit().await?;
        Ok(after)
    }

    async fn revoke_key_once(
        &self,
        id: &ApiKeyId,
        within: Option<&OrganizationId>,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<()> {
        let mut tx = self.db.begin().await?;
        let before = lock_key(&mut tx, id, within).await?;
        tx.execute("UPDATE api_keys SET revoked_at = $2 WHERE id = $1", args![id, now]).await?;
        note(&mut tx, "key.revoke", [Some(&before), None], actor, now).await?;
        tx.commit().await
    }
}
