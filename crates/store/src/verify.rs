//! Recomputing a ledger from its lines, to show that nothing was altered.

use crate::{Result, Store};

/// The first thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// At which line; the last one when the wallet disagrees with the whole.
    pub seq: i64,
    /// What, for the operator.
    pub reason: String,
}

/// The result of a verification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// How many lines are right, from the first.
    pub lines: i64,
    /// `None`: the whole ledger is right and agrees with wallet, holds and daily usage.
    pub broken: Option<Broken>,
}

impl Store {
    /// Recomputes the chain, the balances and the sums of one organisation on one snapshot of the database.
    pub async fn verify(&self, organization_id: &str) -> Result<Verification> {
        todo!()
    }
}
