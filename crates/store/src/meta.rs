//! Facts about the database as a whole, and the leases by which one of several servers does a chore.

use billing_domain::{LeaseOwner, Timestamp};

use crate::db::args;
use crate::{Result, Store};

impl Store {
    /// A fact by name.
    pub async fn meta(&self, key: &str) -> Result<Option<String>> {
        let row = self.db.first("SELECT value FROM meta WHERE key = $1", args![key]).await?;
        row.map(|row| row.get("value")).transpose()
    }

    /// A fact by name, which is `value` from now on if there was none.
    pub async fn meta_or(&self, key: &str, value: &str) -> Result<String> {
        // Insert, then read: of servers that start together all take the value of the first.
        let sql = "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING";
        self.db.execute(sql, args![key, value]).await?;
        Ok(self.meta(key).await?.unwrap_or_else(|| value.to_owned()))
    }

    /// Writes a fact, over the one that was there.
    pub async fn set_meta(&self, key: &str, value: &str) -> Result<()> {
        self.db
            .execute(
                "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                args![key, value],
            )
            .await?;
        Ok(())
    }

    /// Takes or prolongs the lease `name` for `owner`; `false` while another owner's lease lasts.
    pub async fn acquire_lease(
        &self,
        name: &str,
        owner: &LeaseOwner,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool> {
        // One statement: of two owners one takes the lease, and a lapsed one needs nobody to clean it up.
        let taken = self
            .db
            .execute(
                "INSERT INTO leases (name, owner, held_until) VALUES ($1, $2, $3)
                ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, held_until = excluded.held_until
                WHERE leases.owner = excluded.owner OR leases.held_until <= $4",
                args![name, owner, until, now],
            )
            .await?;
        Ok(taken == 1)
    }

    /// Gives the lease back, if it is still the owner's.
    pub async fn release_lease(&self, name: &str, owner: &LeaseOwner) -> Result<()> {
        // Only the owner's own: after a pause somebody else may hold it by now.
        self.db.execute("DELETE FROM leases WHERE name = $1 AND owner = $2", args![name, owner]).await?;
        Ok(())
    }
}
