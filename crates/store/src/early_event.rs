//! Refunds and disputes that were reported before their payment was here: kept until it is credited.

use billing_domain::{DisputeRef, RefundRef, Timestamp, TopUpMark};

use crate::db::{Row, args};
use crate::{Result, Store, StoreError};

/// What came too early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EarlySubject {
    /// Money given back by the operator.
    Refund(RefundRef),
    /// Money taken back by the card's bank.
    Dispute(DisputeRef),
}

const REFUND: &str = "refund";
const DISPUTE: &str = "dispute";

/// An event that waits for its payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarlyEvent {
    /// What it is about.
    pub subject: EarlySubject,
    /// The top-up that the mark of its payment names.
    pub top_up_id: TopUpMark,
}

impl EarlySubject {
    /// The kind's name in the database.
    const fn kind(&self) -> &'static str {
        match self {
            Self::Refund(_) => REFUND,
            Self::Dispute(_) => DISPUTE,
        }
    }

    /// The provider's name for the refund or dispute.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Refund(name) => name.as_str(),
            Self::Dispute(name) => name.as_str(),
        }
    }
}

impl EarlyEvent {
    fn read(row: &Row) -> Result<Self> {
        let subject = match row.get::<String>("kind")?.as_str() {
            REFUND => EarlySubject::Refund(row.get("provider_ref")?),
            DISPUTE => EarlySubject::Dispute(row.get("provider_ref")?),
            other => return Err(StoreError::Corrupt(format!("kind: unknown name `{other}`"))),
        };
        Ok(Self { subject, top_up_id: row.get("top_up_id")? })
    }
}

impl Store {
    /// Keeps it; it is kept once.
    pub async fn keep_early_event(&self, provider: &str, event: &EarlyEvent, now: Timestamp) -> Result<()> {
        // A provider repeats events until one is acknowledged; the second finds the first.
        let sql =
            "INSERT INTO early_events (provider, kind, provider_ref, top_up_id, noted_at) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (provider, kind, provider_ref) DO NOTHING";
        let args = args![provider, event.subject.kind(), event.subject.as_str(), &event.top_up_id, now];
        self.db.execute(sql, args).await?;
        Ok(())
    }

    /// Those whose payment is here by now, oldest first.
    pub async fn due_early_events(&self, provider: &str, limit: u32) -> Result<Vec<EarlyEvent>> {
        let sql = "SELECT kind, provider_ref, top_up_id FROM early_events
            WHERE provider = $1 AND EXISTS (SELECT 1 FROM top_ups WHERE top_ups.id = early_events.top_up_id)
            ORDER BY noted_at, provider_ref LIMIT $2";
        let rows = self.db.all(sql, args![provider, limit]).await?;
        rows.iter().map(EarlyEvent::read).collect()
    }

    /// It has had its effect.
    pub async fn drop_early_event(&self, provider: &str, event: &EarlyEvent) -> Result<()> {
        let sql = "DELETE FROM early_events WHERE provider = $1 AND kind = $2 AND provider_ref = $3";
        self.db.execute(sql, args![provider, event.subject.kind(), event.subject.as_str()]).await?;
        Ok(())
    }
}
