//! Holds: money set aside for running work, so that parallel work cannot spend the same money twice.

use billing_domain::{Money, Timestamp, UsageKind};

use crate::{Result, Store, Wallet};

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

/// Money set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// UUIDv7.
    pub id: String,
    /// Whose.
    pub organization_id: String,
    /// For which work.
    pub kind: UsageKind,
    /// How much, zero or positive.
    pub amount: Money,
    /// Where it stands.
    pub state: HoldState,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// Given back then by itself.
    pub expires_at: Timestamp,
}

/// A hold that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewHold {
    /// UUIDv7.
    pub id: String,
    /// For which work.
    pub kind: UsageKind,
    /// How much, zero or positive.
    pub amount: Money,
    /// Given back then by itself.
    pub expires_at: Timestamp,
}

/// The answer to "may this start?".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authorization {
    /// The money is set aside.
    Granted {
        /// The hold.
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
    /// Gives back the organisation's expired holds, then sets `hold.amount` aside if balance − held − amount stays at or
    /// above `floor` (zero, or the negative floor of grace): one conditional statement, which parallel calls cannot
    /// overdraw. A taken id is `Conflict`.
    pub async fn authorize(
        &self,
        organization_id: &str,
        hold: &NewHold,
        floor: Money,
        now: Timestamp,
    ) -> Result<Authorization> {
        todo!()
    }

    /// One hold, by its unguessable id alone (the platform names no organisation here), or `NotFound`.
    pub async fn hold(&self, id: &str) -> Result<Hold> {
        todo!()
    }

    /// Gives a hold back; repeating it is harmless. `NotFound` without such a hold.
    pub async fn release_hold(&self, id: &str, now: Timestamp) -> Result<Release> {
        todo!()
    }

    /// Gives back holds of any organisation that have expired; the wallets that changed, at most `limit` of them.
    pub async fn expire_holds(&self, now: Timestamp, limit: u32) -> Result<Vec<Wallet>> {
        todo!()
    }
}
