//! What is noted about the payment provider itself: its customers, the events that were handled, and whose its references
//! are.

use billing_domain::{CardRef, CardSetupId, CustomerRef, OrganizationId, ProviderEventId, Timestamp, TopUpId};

use crate::db::args;
use crate::{Result, Store, StoreError};

impl Store {
    /// The customer that stands for an organization in an account of the provider, if one was noted.
    pub async fn provider_customer(
        &self,
        account: &str,
        organization_id: &OrganizationId,
    ) -> Result<Option<CustomerRef>> {
        let sql = "SELECT customer_ref FROM provider_customers WHERE account = $1 AND organization_id = $2";
        let row = self.db.first(sql, args![account, organization_id]).await?;
        row.map(|row| row.get("customer_ref")).transpose()
    }

    /// Notes a customer unless there is one; answers the one that stands. `NotFound` without such an organization.
    pub async fn keep_provider_customer(
        &self,
        account: &str,
        organization_id: &OrganizationId,
        customer: &CustomerRef,
        now: Timestamp,
    ) -> Result<CustomerRef> {
        self.db
            .execute(
                "INSERT INTO provider_customers (account, organization_id, customer_ref, created_at)
                VALUES ($1, $2, $3, $4) ON CONFLICT (organization_id, account) DO NOTHING",
                args![account, organization_id, customer, now],
            )
            .await
            .map_err(StoreError::or_not_found)?;
        self.provider_customer(account, organization_id).await?.ok_or(StoreError::NotFound)
    }

    /// Whether the effect of an event is in the database already.
    pub async fn provider_event_handled(&self, provider: &str, id: &ProviderEventId) -> Result<bool> {
        let sql = "SELECT 1 FROM provider_events WHERE provider = $1 AND id = $2";
        Ok(self.db.first(sql, args![provider, id]).await?.is_some())
    }

    /// Notes that it is. Noting it twice is fine: the effects are idempotent themselves.
    pub async fn note_provider_event(&self, provider: &str, id: &ProviderEventId, now: Timestamp) -> Result<()> {
        self.db
            .execute(
                "INSERT INTO provider_events (provider, id, handled_at) VALUES ($1, $2, $3)
                ON CONFLICT (provider, id) DO NOTHING",
                args![provider, id, now],
            )
            .await?;
        Ok(())
    }

    /// Forgets events handled before `before`; how many.
    pub async fn purge_provider_events(&self, before: Timestamp) -> Result<u64> {
        self.db.execute("DELETE FROM provider_events WHERE handled_at < $1", args![before]).await
    }

    /// Whose top-up this is, if there is one.
    pub async fn top_up_owner(&self, id: &TopUpId) -> Result<Option<OrganizationId>> {
        let row = self.db.first("SELECT organization_id FROM top_ups WHERE id = $1", args![id]).await?;
        row.map(|row| row.get("organization_id")).transpose()
    }

    /// Whose connected card this is by the provider's name, if there is one.
    pub async fn card_owner(&self, provider: &str, card: &CardRef) -> Result<Option<OrganizationId>> {
        let sql = "SELECT organization_id FROM cards
            WHERE provider = $1 AND provider_ref = $2 AND removed_at IS NULL LIMIT 1";
        let row = self.db.first(sql, args![provider, card]).await?;
        row.map(|row| row.get("organization_id")).transpose()
    }

    /// Whose card set-up this is, if there is one.
    pub async fn card_setup_owner(&self, id: &CardSetupId) -> Result<Option<OrganizationId>> {
        let row = self.db.first("SELECT organization_id FROM card_setups WHERE id = $1", args![id]).await?;
        row.map(|row| row.get("organization_id")).transpose()
    }

    /// Providers whose cards are connected here.
    pub async fn card_providers(&self) -> Result<Vec<String>> {
        let sql = "SELECT DISTINCT provider FROM cards WHERE removed_at IS NULL ORDER BY provider";
        let rows = self.db.all(sql, &[]).await?;
        rows.iter().map(|row| row.get("provider")).collect()
    }
}
