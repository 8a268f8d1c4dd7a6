//! Holds: money set aside for running work, so that parallel work cannot spend the same money twice.

use std::collections::BTreeMap;

use billing_domain::{HoldId, Money, OrganizationId, Timestamp, UsageKind};
use sqlx::AssertSqlSafe;

use crate::db::{Arg, Tx, args, columns, numbered_places, retrying, split_pieces, stored_name};
use crate::{Result, Store, StoreError, Wallet, wallet};

const COLUMNS: usize = 7;

columns!(hold_columns, Hold { id, organization_id, kind, amount, state, created_at, expires_at });

macro_rules! select_hold {
    () => {
        concat!("SELECT ", hold_columns!(), " FROM holds")
    };
}

/// Where a hold stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldState {
    /// Counts against the available amount.
    Open,
    /// Its work was posted.
    Captured,
    /// Given back by the platform.
    Released,
    /// Given back because nobody reported in time.
    Expired,
}

/// Money set aside for running work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// UUIDv7, as the platform names it.
    pub id: HoldId,
    /// The organization whose wallet it weighs on.
    pub organization_id: OrganizationId,
    /// The kind of work that it was granted for.
    pub kind: UsageKind,
    /// How much, zero or positive.
    pub amount: Money,
    /// Only an open one counts against the available amount.
    pub state: HoldState,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// Given back then by itself.
    pub expires_at: Timestamp,
}

/// A hold that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewHold {
    /// UUIDv7, made by the caller.
    pub id: HoldId,
    /// The kind of work that it is for.
    pub kind: UsageKind,
    /// How much, zero or positive.
    pub amount: Money,
    /// Given back then by itself.
    pub expires_at: Timestamp,
}

/// A request to set money aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldRequest {
    /// The organization whose wallet it weighs on.
    pub organization_id: OrganizationId,
    /// The hold, if there is enough.
    pub hold: NewHold,
    /// Zero, or the negative floor of grace.
    pub floor: Money,
}

/// The answer to "may this start?".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authorization {
    /// The money is set aside.
    Granted {
        /// The hold as it was written.
        hold: Hold,
        /// The wallet with it.
        wallet: Wallet,
    },
    /// There is not enough; nothing was set aside.
    Refused {
        /// The wallet as it is.
        wallet: Wallet,
    },
}

/// What became of a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Release {
    /// The money is available again.
    Released(Wallet),
    /// It was not open any more; nothing was done.
    Closed(HoldState),
}

impl Store {
    /// [`Store::authorize_many`] for one. A taken id is `Conflict`.
    pub async fn authorize(
        &self,
        organization_id: &OrganizationId,
        hold: &NewHold,
        floor: Money,
        now: Timestamp,
    ) -> Result<Authorization> {
        let wanted = [HoldRequest { organization_id: organization_id.to_owned(), hold: hold.clone(), floor }];
        self.authorize_many(&wanted, now).await?.pop().unwrap_or(Err(StoreError::NotFound))
    }

    /// Gives back the organizations' expired holds, then sets money aside for one request after the other, each if
    /// balance − held − amount stays at or above its floor: all of it in one transaction (group commit), under the
    /// wallets' locks, which parallel calls cannot overdraw. The answers are in the order of the request; `NotFound`
    /// without a wallet. A taken id makes all of it `Conflict`.
    pub async fn authorize_many(&self, wanted: &[HoldRequest], now: Timestamp) -> Result<Vec<Result<Authorization>>> {
        retrying!("authorize", self.authorize_once(wanted, now))
    }

    /// One hold, by its unguessable id alone (the platform names no organization here), or `NotFound`.
    pub async fn hold(&self, id: &HoldId) -> Result<Hold> {
        let row = self.db.first(concat!(select_hold!(), " WHERE id = $1"), args![id]).await?;
        Hold::read(&row.ok_or(StoreError::NotFound)?)
    }

    /// Gives a hold back; repeating it is harmless. `NotFound` without such a hold.
    pub async fn release_hold(&self, id: &HoldId, now: Timestamp) -> Result<Release> {
        retrying!("release_hold", self.release_hold_once(id, now))
    }

    /// Gives back holds of any organization that have expired; the wallets that changed, at most `limit` of them.
    pub async fn expire_holds(&self, now: Timestamp, limit: u32) -> Result<Vec<Wallet>> {
        let rows = self
            .db
            .all(
                // DISTINCT, since one transaction gives back all that has expired in a wallet.
                "SELECT DISTINCT organization_id FROM holds WHERE state = 'open' AND expires_at <= $1 LIMIT $2",
                args![now, limit],
            )
            .await?;
        let mut changed = Vec::with_capacity(rows.len());
        for row in &rows {
            let organization_id: OrganizationId = row.get("organization_id")?;
            match self.expire_organization_holds(&organization_id, now).await {
                Ok(wallet) => changed.extend(wallet),
                // One organization's locked or damaged row must not hold up the others.
                Err(error) => tracing::warn!(%organization_id, %error, "expired holds could not be given back"),
            }
        }
        Ok(changed)
    }

    /// Gives back one organization's expired holds; the wallet if that changed it. Where nothing has expired, which is
    /// nearly always, no lock is taken: every reading of a wallet with holds comes through here.
    pub async fn expire_organization_holds(
        &self,
        organization_id: &OrganizationId,
        now: Timestamp,
    ) -> Result<Option<Wallet>> {
        // The order is that of the index: without it PostgreSQL expects a match soon and reads the table, in vain.
        let sql = "SELECT id FROM holds WHERE organization_id = $1 AND state = 'open' AND expires_at <= $2
                   ORDER BY expires_at LIMIT 1";
        if self.db.first(sql, args![organization_id, now]).await?.is_none() {
            return Ok(None);
        }
        retrying!("expire_holds", organization_id => self.expire_holds_once(organization_id, now))
    }
}

impl Store {
    async fn authorize_once(&self, wanted: &[HoldRequest], now: Timestamp) -> Result<Vec<Result<Authorization>>> {
        // A BTreeMap, because its order of keys is the order of the locks.
        let mut by_wallet: BTreeMap<&OrganizationId, Vec<usize>> = BTreeMap::new();
        for (index, one) in wanted.iter().enumerate() {
            by_wallet.entry(&one.organization_id).or_default().push(index);
        }
        // Until its wallet is found, every request is unanswered.
        let mut answers: Vec<_> = wanted.iter().map(|_| Err(StoreError::NotFound)).collect();
        let mut tx = self.db.begin().await?;
        // Wallets are locked in the order of their ids, as by every other transaction that takes several.
        for (organization_id, indexes) in by_wallet {
            let before = match wallet::lock_wallet(&mut tx, organization_id).await {
                Err(StoreError::NotFound) => continue,
                other => other?,
            };
            // Expired holds first: their money may be what this request needs.
            let mut wallet = sweep_expired(&mut tx, organization_id, now).await?.unwrap_or(before);
            let (first, mut granted) = (wallet.clone(), Vec::new());
            for index in indexes {
                let HoldRequest { hold, floor, .. } = &wanted[index];
                answers[index] = Ok(match wallet.with_hold(hold.amount, *floor, now) {
                    None => Authorization::Refused { wallet: wallet.clone() },
                    Some(with) => {
                        wallet = with;
                        let hold = hold.open(organization_id, now);
                        granted.push(hold.clone());
                        Authorization::Granted { hold, wallet: wallet.clone() }
                    }
                });
            }
            if !granted.is_empty() {
                // Once per wallet, however many requests were granted: one statement less for each of them.
                wallet::set_aside(&mut tx, &first, &wallet).await?;
                insert_holds(&mut tx, &granted).await?;
            }
        }
        tx.commit().await?;
        Ok(answers)
    }

    async fn release_hold_once(&self, id: &HoldId, now: Timestamp) -> Result<Release> {
        // Outside the transaction: the lock needs the organization, and an id never changes its owner.
        let organization_id = self.hold(id).await?.organization_id;
        let mut tx = self.db.begin().await?;
        wallet::lock_wallet(&mut tx, &organization_id).await?;
        // Read again under the lock: another call may have closed it in between.
        let row = tx.first(concat!(select_hold!(), " WHERE id = $1"), args![id]).await?;
        let hold = Hold::read(&row.ok_or(StoreError::NotFound)?)?;
        if hold.state != HoldState::Open {
            tx.rollback().await?;
            return Ok(Release::Closed(hold.state));
        }
        // Late releases count as expired, as the sweep would have had it.
        let state = if hold.expires_at <= now { HoldState::Expired } else { HoldState::Released };
        tx.execute("UPDATE holds SET state = $2 WHERE id = $1", args![id, state.as_str()]).await?;
        let wallet = wallet::give_back(&mut tx, &organization_id, hold.amount).await?;
        tx.commit().await?;
        Ok(Release::Released(wallet))
    }

    async fn expire_holds_once(&self, organization_id: &OrganizationId, now: Timestamp) -> Result<Option<Wallet>> {
        let mut tx = self.db.begin().await?;
        wallet::lock_wallet(&mut tx, organization_id).await?;
        let wallet = sweep_expired(&mut tx, organization_id, now).await?;
        tx.commit().await?;
        Ok(wallet)
    }
}

/// Gives back what has expired in one organization, whose wallet is locked; the wallet if that changed it.
async fn sweep_expired(tx: &mut Tx, organization_id: &OrganizationId, now: Timestamp) -> Result<Option<Wallet>> {
    let rows = tx
        .all(
            "UPDATE holds SET state = 'expired'
            WHERE organization_id = $1 AND state = 'open' AND expires_at <= $2 RETURNING amount",
            args![organization_id, now],
        )
        .await?;
    if rows.is_empty() {
        return Ok(None);
    }
    wallet::give_back(tx, organization_id, sum_amounts(&rows)?).await.map(Some)
}

/// Closes those of the holds that are still open, for work that is being posted; the money that they held.
/// See docs/decisions/0006-usage-is-owed.md.
pub(crate) async fn capture_holds(tx: &mut Tx, organization_id: &OrganizationId, ids: &[&HoldId]) -> Result<Money> {
    let mut captured = Money::ZERO;
    for id in ids {
        let rows = tx
            .all(
                "UPDATE holds SET state = 'captured'
                WHERE id = $2 AND organization_id = $1 AND state = 'open' RETURNING amount",
                args![organization_id, *id],
            )
            .await?;
        captured = captured.checked_add(sum_amounts(&rows)?).ok_or(StoreError::Overflow)?;
    }
    Ok(captured)
}

fn sum_amounts(rows: &[crate::db::Row]) -> Result<Money> {
    let amounts = rows.iter().map(|row| row.get("amount")).collect::<Result<Vec<_>>>()?;
    Money::checked_sum(amounts).ok_or(StoreError::Overflow)
}

async fn insert_holds(tx: &mut Tx, holds: &[Hold]) -> Result<()> {
    for chunk in split_pieces(holds) {
        let sql = format!(
            "INSERT INTO holds ({}) VALUES {}",
            hold_columns!(),
            numbered_places(tx.is_postgres(), 1, chunk.len(), COLUMNS)
        );
        let mut args = Vec::with_capacity(chunk.len() * COLUMNS);
        for hold in chunk {
            args.extend([
                Arg::from(&hold.id),
                Arg::from(&hold.organization_id),
                Arg::from(hold.kind.as_str()),
                Arg::from(hold.amount),
                Arg::from(hold.state.as_str()),
                Arg::from(hold.created_at),
                Arg::from(hold.expires_at),
            ]);
        }
        tx.execute(AssertSqlSafe(sql), &args).await.map_err(|error| error.or_conflict("hold"))?;
    }
    Ok(())
}

impl NewHold {
    fn open(&self, organization_id: &OrganizationId, now: Timestamp) -> Hold {
        Hold {
            id: self.id.clone(),
            organization_id: organization_id.to_owned(),
            kind: self.kind,
            amount: self.amount,
            state: HoldState::Open,
            created_at: now,
            expires_at: self.expires_at,
        }
    }
}

stored_name!(HoldState { Open = "open", Captured = "captured", Released = "released", Expired = "expired" });
