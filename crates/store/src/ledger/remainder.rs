//! Parts of a micro-unit that usage has cost and no line has posted yet: one for each kind of a wallet, read and written in
//! the transaction of the posting, under the wallet's lock.

use std::collections::BTreeMap;

use billing_domain::pricing::{Cost, Remainder};
use billing_domain::{Money, UsageKind};

use super::NewLine;
use crate::db::{Tx, args};
use crate::{Result, WalletId};

/// What is carried, by kind.
/// See docs/decisions/0005-sub-micro-remainders.md.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Carried(BTreeMap<UsageKind, (Remainder, bool)>);

impl Carried {
    /// Reads it if one of these lines needs it: most prices come to whole micro-units.
    pub(super) async fn read(tx: &mut Tx, wallet: WalletId, lines: &[NewLine]) -> Result<Self> {
        let mut carried = Self::default();
        if lines.iter().all(|line| line.part.is_zero()) {
            return Ok(carried);
        }
        let sql = "SELECT kind, remainder FROM usage_remainders WHERE wallet_id = $1";
        for row in tx.all(sql, args![wallet]).await? {
            carried.0.insert(row.get("kind")?, (row.get("remainder")?, false));
        }
        Ok(carried)
    }

    /// The amount of a line, and with it what is carried from now on. `None`: it leaves its range.
    pub(super) fn amount_of(&mut self, line: &NewLine) -> Option<Money> {
        let Some(kind) = line.kind.usage().filter(|_| !line.part.is_zero()) else { return Some(line.amount) };
        let carried = self.0.entry(kind).or_default();
        let cost = Cost { whole: line.amount.checked_neg()?, part: line.part };
        let (posted, remainder) = cost.round(carried.0)?;
        *carried = (remainder, true);
        posted.checked_neg()
    }

    /// Writes down what has changed.
    pub(super) async fn write(&self, tx: &mut Tx, wallet: WalletId) -> Result<()> {
        for (kind, (remainder, _)) in self.0.iter().filter(|(_, (_, changed))| *changed) {
            tx.execute(
                "INSERT INTO usage_remainders (wallet_id, kind, remainder) VALUES ($1, $2, $3)
                ON CONFLICT (wallet_id, kind) DO UPDATE SET remainder = excluded.remainder",
                args![wallet, *kind, remainder.to_string()],
            )
            .await?;
        }
        Ok(())
    }
}
