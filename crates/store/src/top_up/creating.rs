//! Writing a top-up down: the intent exists before any provider is called, once for a key, one open automatic at most.

use billing_domain::charge::{TopUpKind, TopUpStatus};
use billing_domain::{LinkId, OrganizationId, RequestId, Timestamp, TopUpId};

use super::top_up_columns;
use super::{AutoGuard, NewTopUp, PendingCredit, TopUp};
use crate::db::{Tx, args};
use crate::idempotency::{self, Claim, Kept};
use crate::{
    AutoPay, Card, Created, IdempotencyKey, Pace, Result, Store, StoreError, Wallet, auto_pay, card, pace, request,
    wallet,
};

impl Store {
    pub(super) async fn create_top_up_once(
        &self,
        organization_id: &OrganizationId,
        new: &NewTopUp,
        request_id: Option<&RequestId>,
        key: &IdempotencyKey,
        pace: Option<Pace>,
        now: Timestamp,
    ) -> Result<Created<TopUp>> {
        let mut tx = self.db.begin().await?;
        let wallet = wallet::lock_wallet(&mut tx, organization_id).await?;
        // The key before card and pace: a repetition is answered whatever they say by now.
        match idempotency::claim_key(&mut tx, organization_id, key, &new.id, Kept::ForEver, now).await? {
            Claim::New => {}
            Claim::Reused => return Ok(Created::Reused),
            Claim::Replay(id) => return find_top_up(&mut tx, organization_id, &id).await.map(Created::Replay),
        }
        // Read under the lock: a card that is just being removed is not charged.
        let card = charged_card(&mut tx, organization_id, new).await?;
        if let Some(pace) = pace {
            pace::check_pace(&mut tx, organization_id, new.amount, pace, now).await?;
        }
        let top_up = insert_top_up(&mut tx, &wallet, TopUpKind::Manual, new, &card, None, now).await?;
        if let Some(request_id) = request_id {
            // After the insert, which it refers to; a conflict undoes both.
            request::pay_with(&mut tx, organization_id, request_id, &top_up.id).await?;
        }
        tx.commit().await?;
        Ok(Created::New(top_up))
    }

    // See docs/decisions/0036-guard-automatic-charges.md.
    pub(super) async fn create_auto_top_up_once(
        &self,
        organization_id: &OrganizationId,
        new: &NewTopUp,
        guard: &AutoGuard,
        now: Timestamp,
    ) -> Result<Created<TopUp>> {
        let mut tx = self.db.begin().await?;
        let wallet = wallet::lock_wallet(&mut tx, organization_id).await?;
        // Under the lock: of two workers that decided on the same figures, the second one is stale.
        let present = auto_pay::find_auto_pay(&mut tx, organization_id).await?;
        let pending = PendingCredit::find(&mut tx, organization_id).await?;
        // Settings, pace and need are compared once more, and again nobody else can change them before the commit.
        if !guard.holds(&present, now) || !is_needed(&present, &wallet, pending) {
            return Err(StoreError::Stale);
        }
        let card = charged_card(&mut tx, organization_id, new).await?;
        let top_up = match insert_top_up(&mut tx, &wallet, TopUpKind::Auto, new, &card, None, now).await {
            // The partial unique index has the last word: one open automatic top-up a wallet.
            Err(StoreError::Conflict(ONE_OPEN_AUTO)) => return Ok(Created::Blocked),
            other => other?,
        };
        // The pace counts from here, whatever becomes of the charge.
        tx.execute("UPDATE auto_pay SET last_charge_at = $2 WHERE organization_id = $1", args![organization_id, now])
            .await?;
        tx.commit().await?;
        Ok(Created::New(top_up))
    }
}

async fn charged_card(tx: &mut Tx, organization_id: &OrganizationId, new: &NewTopUp) -> Result<Card> {
    card::find_connected(tx, organization_id, new.card_id.as_ref().ok_or(StoreError::NotFound)?).await
}

impl AutoGuard {
    /// The settings and the last charge are those that were decided on, and nothing has to rest by now.
    fn holds(&self, present: &AutoPay, now: Timestamp) -> bool {
        let rests = present.health.rests(now);
        let same = present.version == self.version && present.health.last_charge_at == self.last_charge_at;
        present.enabled && same && !rests
    }
}

/// Available + pending is at or below the threshold. A sum that does not fit is above it.
fn is_needed(present: &AutoPay, wallet: &Wallet, pending: PendingCredit) -> bool {
    let expected = pending.total().ok().and_then(|pending| wallet.available().checked_add(pending));
    present.settings.zip(expected).is_some_and(|(settings, expected)| expected <= settings.threshold)
}

const ONE_OPEN_AUTO: &str = "open automatic top-up";

pub(crate) async fn find_top_up(tx: &mut Tx, organization_id: &OrganizationId, id: &TopUpId) -> Result<TopUp> {
    let sql = concat!("SELECT ", top_up_columns!(), " FROM top_ups WHERE organization_id = $1 AND id = $2");
    let row = tx.first(sql, args![organization_id, id]).await?;
    TopUp::read(&row.ok_or(StoreError::NotFound)?)
}

/// Writes the intent down, for a link if it pays one.
pub(crate) async fn insert_top_up(
    tx: &mut Tx,
    wallet: &Wallet,
    kind: TopUpKind,
    new: &NewTopUp,
    card: &Card,
    link_id: Option<&LinkId>,
    now: Timestamp,
) -> Result<TopUp> {
    let row = tx
        .first(
            concat!(
                "INSERT INTO top_ups (id, organization_id, kind, amount, currency, status, card_id, card_brand,
                    card_last4, card_ref, provider, attempt, requested_by, created_at, updated_at, next_check_at, checks,
                    link_id)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1, $12, $13, $13, $14, 0, $15) RETURNING ",
                top_up_columns!()
            ),
            args![
                &new.id,
                &wallet.organization_id,
                kind.as_str(),
                new.amount,
                wallet.currency,
                TopUpStatus::Created.as_str(),
                &card.id,
                // Copied: receipts and the ledger show the card as it was then.
                &card.brand,
                &card.last4,
                &card.provider_ref,
                &card.provider,
                &new.requested_by,
                now,
                new.next_check_at,
                link_id
            ],
        )
        .await
        .map_err(|error| {
            // The primary key is the other uniqueness.
            let what = if error.names("top_ups_one_open_auto", "top_ups.organization_id") { ONE_OPEN_AUTO } else { "top-up" };
            error.or_conflict(what)
        })?;
    TopUp::read(&row.ok_or(StoreError::NotFound)?)
}
