//! Holds: money set aside for running work, so that parallel work cannot spend the same money twice.

use std::collections::BTreeMap;

use billing_domain::status::{OrganizationStatus, Refusal};
use billing_domain::{HoldId, Money, OrganizationId, Timestamp, UsageKind};
use sqlx::AssertSqlSafe;

use crate::db::{Arg, SHORT, Tx, args, columns, numbered_places, retrying, split_short, stored_code};
use crate::wallet::of_wallet;
use crate::{OrganizationPolicy, Result, Store, StoreError, Wallet, WalletId, wallet};

const COLUMNS: usize = 7;

columns!(hold_columns, Hold {
    id,
    organization_id = "(SELECT organization_id FROM wallets WHERE wallets.wallet_id = holds.wallet_id)",
    kind,
    amount,
    state,
    created_at,
    expires_at,
});

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
}

/// What is decided on besides the wallet's figures, as it is under the wallet's lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payer {
    /// Whether the operator lets the organization use the service.
    pub status: OrganizationStatus,
    /// What differs from the operator's settings.
    pub policy: OrganizationPolicy,
}

/// How far down a hold of this kind may take the wallet (zero, or the negative floor of grace), or why there is to be none.
pub type Admission<'a> = dyn Fn(&Payer, &Wallet, UsageKind) -> std::result::Result<Money, Refusal> + Send + Sync + 'a;

/// The answer to "may this start?".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authorization {
    /// The money is set aside.
    Granted {
        /// The hold as it was written.
        hold: Hold,
        /// How far down it was allowed to take the wallet.
        floor: Money,
        /// The wallet with it.
        wallet: Wallet,
    },
    /// Nothing was set aside.
    Refused {
        /// As the admission said, or `Insufficient`.
        reason: Refusal,
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
    /// [`Store::authorize_many`] for one that may take the wallet down to `floor`. A taken id is `Conflict`.
    pub async fn authorize(
        &self,
        organization_id: &OrganizationId,
        hold: &NewHold,
        floor: Money,
        now: Timestamp,
    ) -> Result<Authorization> {
        let wanted = [HoldRequest { organization_id: organization_id.to_owned(), hold: hold.clone() }];
        let answers = self.authorize_many(&wanted, &|_, _, _| Ok(floor), now).await?;
        answers.into_iter().next().unwrap_or(Err(StoreError::NotFound))
    }

    /// Gives back the organizations' expired holds, then sets money aside for one request after the other, each if it is
    /// admitted and balance − held − amount stays at or above its floor: all of it in one transaction (group commit), under
    /// the wallets' locks, which parallel calls cannot overdraw. The answers are in the order of the request; `NotFound`
    /// without a wallet. A taken id makes all of it `Conflict`.
    pub async fn authorize_many(
        &self,
        wanted: &[HoldRequest],
        admission: &Admission<'_>,
        now: Timestamp,
    ) -> Result<Vec<Result<Authorization>>> {
        retrying!("authorize", self.authorize_once(wanted, admission, now))
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
                "SELECT organization_id FROM wallets WHERE wallet_id IN
                    (SELECT DISTINCT wallet_id FROM holds WHERE state = 0 AND expires_at <= $1 LIMIT $2)",
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
        let sql = concat!(
            "SELECT expires_at FROM holds WHERE ",
            of_wallet!(),
            " AND state = 0 AND expires_at <= $2 ORDER BY expires_at LIMIT 1"
        );
        if self.db.first(sql, args![organization_id, now]).await?.is_none() {
            return Ok(None);
        }
        retrying!("expire_holds", organization_id => self.expire_holds_once(organization_id, now))
    }
}

impl Store {
    async fn authorize_once(
        &self,
        wanted: &[HoldRequest],
        admission: &Admission<'_>,
        now: Timestamp,
    ) -> Result<Vec<Result<Authorization>>> {
        // A BTreeMap, because its order of keys is the order of the locks.
        let mut by_wallet: BTreeMap<&OrganizationId, Vec<usize>> = BTreeMap::new();
        for (index, one) in wanted.iter().enumerate() {
            by_wallet.entry(&one.organization_id).or_default().push(index);
        }
        let organizations: Vec<_> = by_wallet.keys().copied().collect();
        // Until its wallet is found, every request is unanswered.
        let mut answers: Vec<_> = wanted.iter().map(|_| Err(StoreError::NotFound)).collect();
        let (mut holds, mut moved) = (Vec::new(), Vec::new());
        let mut tx = self.db.begin().await?;
        for LockedPayer { wallet: before, payer } in lock_payers(&mut tx, &organizations, now).await? {
            let Some(indexes) = by_wallet.get(&before.organization_id) else { continue };
            let mut wallet = before.clone();
            for &index in indexes {
                let new = &wanted[index].hold;
                let granted = admission(&payer, &wallet, new.kind).and_then(|floor| {
                    let with = wallet.with_hold(new.amount, floor, now).ok_or(Refusal::Insufficient)?;
                    Ok((floor, with))
                });
                answers[index] = Ok(match granted {
                    Err(reason) => Authorization::Refused { reason, wallet: wallet.clone() },
                    Ok((floor, with)) => {
                        wallet = with;
                        let hold = new.open(&wallet.organization_id, now);
                        holds.push((wallet.id, hold.clone()));
                        Authorization::Granted { hold, floor, wallet: wallet.clone() }
                    }
                });
            }
            if wallet.held != before.held || wallet.exhausted_since != before.exhausted_since {
                moved.push((before, wallet));
            }
        }
        write_grants(&mut tx, &moved, &holds).await?;
        tx.commit().await?;
        Ok(answers)
    }

    async fn release_hold_once(&self, id: &HoldId, now: Timestamp) -> Result<Release> {
        // Outside the transaction: the lock needs the organization, and an id never changes its owner.
        let organization_id = self.hold(id).await?.organization_id;
        let mut tx = self.db.begin().await?;
        let wallet = wallet::lock_wallet(&mut tx, &organization_id).await?.id;
        // Read again under the lock: another call may have closed it in between.
        let row = tx.first(concat!(select_hold!(), " WHERE wallet_id = $1 AND id = $2"), args![wallet, id]).await?;
        let hold = Hold::read(&row.ok_or(StoreError::NotFound)?)?;
        if hold.state != HoldState::Open {
            tx.rollback().await?;
            return Ok(Release::Closed(hold.state));
        }
        // Late releases count as expired, as the sweep would have had it.
        let state = if hold.expires_at <= now { HoldState::Expired } else { HoldState::Released };
        tx.execute("UPDATE holds SET state = $3 WHERE wallet_id = $1 AND id = $2", args![wallet, id, state]).await?;
        let wallet = wallet::give_back(&mut tx, wallet, hold.amount).await?;
        tx.commit().await?;
        Ok(Release::Released(wallet))
    }

    async fn expire_holds_once(&self, organization_id: &OrganizationId, now: Timestamp) -> Result<Option<Wallet>> {
        let mut tx = self.db.begin().await?;
        let wallet = wallet::lock_wallet(&mut tx, organization_id).await?.id;
        let wallet = sweep_expired(&mut tx, wallet, now).await?;
        tx.commit().await?;
        Ok(wallet)
    }
}

/// An organization whose wallet is locked, and in which no hold is over.
struct LockedPayer {
    wallet: Wallet,
    payer: Payer,
}

/// Locks the organizations' wallets in the order of their ids, as every other transaction does that takes several, and gives
/// back what has expired in them: its money may be what is asked for. What is not there is left out.
async fn lock_payers(tx: &mut Tx, organizations: &[&OrganizationId], now: Timestamp) -> Result<Vec<LockedPayer>> {
    let mut locked = Vec::with_capacity(organizations.len());
    for piece in split_short(organizations) {
        let postgres = tx.is_postgres();
        let sql = format!(
            "SELECT {}, (SELECT status FROM organizations WHERE organizations.id = wallets.organization_id) AS status,
                (SELECT policy FROM organizations WHERE organizations.id = wallets.organization_id) AS policy,
                (SELECT MIN(expires_at) FROM holds WHERE holds.wallet_id = wallets.wallet_id AND state = 0) AS next_expiry
            FROM wallets WHERE organization_id IN {} ORDER BY organization_id{}",
            wallet::wallet_columns!(),
            numbered_places(postgres, 1, 1, piece.len()),
            // An immediate transaction holds the whole database.
            if postgres { " FOR UPDATE OF wallets" } else { "" },
        );
        let args: Vec<_> = piece.iter().map(|id| Arg::from(*id)).collect();
        for row in tx.all(AssertSqlSafe(sql), &args).await? {
            let mut wallet = Wallet::read(&row)?;
            let next_expiry: Option<Timestamp> = row.get("next_expiry")?;
            if next_expiry.is_some_and(|at| at <= now) {
                wallet = sweep_expired(tx, wallet.id, now).await?.unwrap_or(wallet);
            }
            locked
                .push(LockedPayer { wallet, payer: Payer { status: row.get("status")?, policy: row.get("policy")? } });
        }
    }
    Ok(locked)
}

/// Gives back what has expired in one organization, whose wallet is locked; the wallet if that changed it.
async fn sweep_expired(tx: &mut Tx, wallet: WalletId, now: Timestamp) -> Result<Option<Wallet>> {
    let rows = tx
        .all(
            "UPDATE holds SET state = 3 WHERE wallet_id = $1 AND state = 0 AND expires_at <= $2 RETURNING amount",
            args![wallet, now],
        )
        .await?;
    if rows.is_empty() {
        return Ok(None);
    }
    wallet::give_back(tx, wallet, sum_amounts(&rows)?).await.map(Some)
}

/// Closes those of the holds that are still open, for work that is being posted; the money that they held.
/// See docs/decisions/0006-usage-is-owed.md.
pub(crate) async fn capture_holds(tx: &mut Tx, wallet: WalletId, ids: &[&HoldId]) -> Result<Money> {
    let mut captured = Money::ZERO;
    for id in ids {
        let rows = tx
            .all(
                "UPDATE holds SET state = 1 WHERE wallet_id = $1 AND id = $2 AND state = 0 RETURNING amount",
                args![wallet, *id],
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

/// Writes wallets and holds in as few statements as can be, since each is a message to SQLite's thread or to the server.
async fn write_grants(tx: &mut Tx, moved: &[(Wallet, Wallet)], holds: &[(WalletId, Hold)]) -> Result<()> {
    let postgres = tx.is_postgres();
    let changed = if moved.len() == 1 && (1..=SHORT).contains(&holds.len()) {
        // All of one wallet, which is the usual case under load: one message.
        let insert = insert_holds_sql(postgres, holds.len());
        let update = wallet::set_aside_sql(postgres, holds.len() * COLUMNS + 1, moved.len());
        let mut args = hold_args(holds);
        args.extend(wallet::set_aside_args(moved));
        if postgres {
            let sql = format!(
                "WITH made AS ({insert} RETURNING 1), moved AS ({update} RETURNING 1)
                SELECT (SELECT COUNT(*) FROM made) + (SELECT COUNT(*) FROM moved) AS changed"
            );
            let row = tx.first(AssertSqlSafe(sql), &args).await.map_err(|error| error.or_conflict("hold"))?;
            row.ok_or(StoreError::NotFound)?.get("changed")?
        } else {
            // Places without numbers count on from one statement to the next.
            let sql = format!("{insert}; {update}");
            count_rows(tx.execute(AssertSqlSafe(sql), &args).await.map_err(|error| error.or_conflict("hold"))?)
        }
    } else {
        let mut changed = 0;
        for piece in split_short(moved) {
            let sql = wallet::set_aside_sql(postgres, 1, piece.len());
            changed += count_rows(tx.execute(AssertSqlSafe(sql), &wallet::set_aside_args(piece)).await?);
        }
        for piece in split_short(holds) {
            let sql = insert_holds_sql(postgres, piece.len());
            let made = tx.execute(AssertSqlSafe(sql), &hold_args(piece)).await;
            changed += count_rows(made.map_err(|error| error.or_conflict("hold"))?);
        }
        changed
    };
    // As in `settle_wallet`: under the lock this cannot fail unless something writes without it.
    let expected = i64::try_from(moved.len() + holds.len()).unwrap_or(i64::MAX);
    if changed == expected { Ok(()) } else { Err(StoreError::Corrupt("the wallet changed under its lock".to_owned())) }
}

fn count_rows(changed: u64) -> i64 {
    i64::try_from(changed).unwrap_or(i64::MAX)
}

fn insert_holds_sql(postgres: bool, holds: usize) -> String {
    let places = numbered_places(postgres, 1, holds, COLUMNS);
    format!("INSERT INTO holds (id, wallet_id, kind, amount, state, created_at, expires_at) VALUES {places}")
}

/// What [`insert_holds_sql`] takes.
fn hold_args(holds: &[(WalletId, Hold)]) -> Vec<Arg<'_>> {
    let args = holds.iter().flat_map(|(wallet, hold)| {
        [
            Arg::from(&hold.id),
            Arg::from(*wallet),
            Arg::from(hold.kind),
            Arg::from(hold.amount),
            Arg::from(hold.state),
            Arg::from(hold.created_at),
            Arg::from(hold.expires_at),
        ]
    });
    args.collect()
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

stored_code!(HoldState { Open = 0, Captured = 1, Released = 2, Expired = 3 });
