//! Reading the ledger: filtered pages for people, ascending runs for machines.

use billing_domain::{Timestamp, TransactionKind};

use crate::{PostedLine, Result, Store};

/// Which lines are wanted. Everything by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TransactionFilter {
    /// Only these kinds; all when empty.
    pub kinds: Vec<TransactionKind>,
    /// Occurred at or after.
    pub from: Option<Timestamp>,
    /// Occurred before (exclusive).
    pub to: Option<Timestamp>,
    /// Contained in description, source or reference, without regard to case. Taken literally, also `%` and `_`.
    pub query: Option<String>,
}

impl Store {
    /// Lines that pass the filter, newest (`seq`) first, at most `limit`. The next page is asked with `before_seq` = the
    /// last `seq` of this one; no line is missed or seen twice, however many are posted meanwhile.
    pub async fn transactions(
        &self,
        organization_id: &str,
        filter: &TransactionFilter,
        before_seq: Option<i64>,
        limit: u32,
    ) -> Result<Vec<PostedLine>> {
        todo!()
    }

    /// Lines with a `seq` above `after_seq`, ascending, at most `limit`: replay of events, export, verification.
    pub async fn lines_after(&self, organization_id: &str, after_seq: i64, limit: u32) -> Result<Vec<PostedLine>> {
        todo!()
    }
}
