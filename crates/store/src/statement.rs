//! What a month's statement is made of: where in the ledger a moment lies, and sums of runs of lines.

use billing_domain::{Money, OrganizationId, Timestamp, TransactionKind};

use crate::db::{args, columns};
use crate::{Result, Store};

/// The sum of all lines of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KindSum {
    /// The kind that is summed.
    pub kind: TransactionKind,
    /// How many lines the sum covers.
    pub lines: i64,
    /// Sum of the lines, positive into the wallet.
    pub amount: Money,
    /// Of it what came in.
    pub money_in: Money,
}

columns!(sum_columns, KindSum {
    kind,
    lines = "COUNT(*)",
    amount = "CAST(SUM(amount) AS BIGINT)",
    money_in = "CAST(SUM(CASE WHEN amount > 0 THEN amount ELSE 0 END) AS BIGINT)",
});

impl Store {
    /// The last `seq` up to `last_seq` that was posted before `at`; 0 when there is none.
    ///
    /// Lines are posted in the order of `seq`, but those of several servers may name times that differ by the moment
    /// that they waited for each other. The places that are looked at depend on nothing but the ledger's beginning, so
    /// the answer for a moment that is over is the same for ever, and two neighboring spans always meet.
    pub async fn seq_posted_before(
        &self,
        organization_id: &OrganizationId,
        at: Timestamp,
        last_seq: i64,
    ) -> Result<i64> {
        // Bit by bit from the highest: one look-up by primary key for each bit of `last_seq` at most.
        let mut found: i64 = 0;
        for bit in (0..i64::BITS - 1).rev() {
            let Some(next) = 1_i64.checked_shl(bit).and_then(|step| found.checked_add(step)) else { continue };
            if next <= last_seq && self.posted_at(organization_id, next).await?.is_some_and(|posted| posted < at) {
                found = next;
            }
        }
        Ok(found)
    }

    async fn posted_at(&self, organization_id: &OrganizationId, seq: i64) -> Result<Option<Timestamp>> {
        let sql = "SELECT posted_at FROM ledger WHERE organization_id = $1 AND seq = $2";
        self.db.first(sql, args![organization_id, seq]).await?.map(|row| row.get("posted_at")).transpose()
    }

    /// The lines above `after_seq` up to `last_seq`, summed by kind, in the order of the kinds.
    pub async fn sums_by_kind(
        &self,
        organization_id: &OrganizationId,
        after_seq: i64,
        last_seq: i64,
    ) -> Result<Vec<KindSum>> {
        let sql = concat!(
            "SELECT ",
            sum_columns!(),
            " FROM ledger WHERE organization_id = $1 AND seq > $2 AND seq <= $3 GROUP BY kind"
        );
        let rows = self.db.all(sql, args![organization_id, after_seq, last_seq]).await?;
        let mut sums = rows.iter().map(KindSum::read).collect::<Result<Vec<_>>>()?;
        // Not by the database, which would sort the stored names.
        sums.sort_by_key(|sum| sum.kind);
        Ok(sums)
    }
}
