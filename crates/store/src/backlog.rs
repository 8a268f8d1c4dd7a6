//! What is begun and not at its end, for the operator's monitoring.

use billing_domain::Timestamp;

use crate::db::{Row, args};
use crate::open_status::is_open;
use crate::{Result, Store};

/// Everything of one kind in one state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backlog {
    /// `top_up`, `refund`, `delivery` or `unknown_payment`.
    pub kind: String,
    /// The state that it waits in, by its name in the database.
    pub state: String,
    /// How many rows wait in that state.
    pub count: i64,
    /// When the oldest of them began.
    pub since: Timestamp,
}

impl Backlog {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            kind: row.get("kind")?,
            state: row.get("state")?,
            count: row.get("count")?,
            since: row.get("since")?,
        })
    }
}

impl Store {
    /// What waits, of every organization: read by the partial indexes of what is open, however much is done.
    pub async fn backlog(&self) -> Result<Vec<Backlog>> {
        // One statement for all kinds, so that the figures are of one moment.
        let sql = concat!(
            "SELECT 'top_up' AS kind, status AS state, COUNT(*) AS count, MIN(created_at) AS since FROM top_ups WHERE ",
            is_open!(),
            " GROUP BY status
            UNION ALL SELECT 'refund', status, COUNT(*), MIN(created_at) FROM refunds
                WHERE status IN ('created', 'processing', 'unknown') GROUP BY status
            UNION ALL SELECT 'delivery', 'pending', COUNT(*), MIN(notices.created_at) FROM deliveries
                JOIN notices ON notices.organization_id = deliveries.organization_id
                    AND notices.id = deliveries.notice_id WHERE state = 'pending' GROUP BY state
            UNION ALL SELECT 'delivery', 'dead', COUNT(*), MIN(notices.created_at) FROM deliveries
                JOIN notices ON notices.organization_id = deliveries.organization_id
                    AND notices.id = deliveries.notice_id WHERE state = 'dead' GROUP BY state
            UNION ALL SELECT 'unknown_payment', 'uncredited', COUNT(*), MIN(noted_at) FROM unknown_payments
                WHERE credited_at IS NULL HAVING COUNT(*) > 0"
        );
        let rows = self.db.all(sql, args![]).await?;
        rows.iter().map(Backlog::read).collect()
    }
}
