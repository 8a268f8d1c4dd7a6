//! Refunds and disputes that were reported before their payment was here: kept until it is credited.

use billing_domain::{Timestamp, TopUpId};

use crate::db::{args, columns, stored_name};
use crate::{Result, Store};

/// What came too early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EarlyKind {
    /// Money given back by the operator.
    Refund,
    /// Money taken back by the card's bank.
    Dispute,
}

/// An event that waits for its payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarlyEvent {
    /// Whether a refund or a dispute is waiting.
    pub kind: EarlyKind,
    /// The provider's name for the refund or dispute.
    pub provider_ref: String,
    /// The payment that it is about.
    pub top_up_id: TopUpId,
}

columns!(event_columns, EarlyEvent { kind, provider_ref, top_up_id });

impl Store {
    /// Keeps it; it is kept once.
    pub async fn keep_early_event(&self, provider: &str, event: &EarlyEvent, now: Timestamp) -> Result<()> {
        // A provider repeats events until one is acknowledged; the second finds the first.
        let sql =
            "INSERT INTO early_events (provider, kind, provider_ref, top_up_id, noted_at) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (provider, kind, provider_ref) DO NOTHING";
        let args = args![provider, event.kind.as_str(), &event.provider_ref, &event.top_up_id, now];
        self.db.execute(sql, args).await?;
        Ok(())
    }

    /// Those whose payment is here by now, oldest first.
    pub async fn due_early_events(&self, provider: &str, limit: u32) -> Result<Vec<EarlyEvent>> {
        // Only once the top-up exists: before, the event would fail the same way again.
        let sql = concat!(
            "SELECT ",
            event_columns!(),
            " FROM early_events
            WHERE provider = $1 AND EXISTS (SELECT 1 FROM top_ups WHERE top_ups.id = early_events.top_up_id)
            ORDER BY noted_at, provider_ref LIMIT $2"
        );
        let rows = self.db.all(sql, args![provider, limit]).await?;
        rows.iter().map(EarlyEvent::read).collect()
    }

    /// It has had its effect.
    pub async fn drop_early_event(&self, provider: &str, event: &EarlyEvent) -> Result<()> {
        let sql = "DELETE FROM early_events WHERE provider = $1 AND kind = $2 AND provider_ref = $3";
        // Deleted after its effect, not before: a crash between the two repeats an effect that is idempotent.
        self.db.execute(sql, args![provider, event.kind.as_str(), &event.provider_ref]).await?;
        Ok(())
    }
}

stored_name!(EarlyKind { Refund = "refund", Dispute = "dispute" });
