//! Payments that the provider has received and this database did not know, because it was restored from a backup: noted,
//! and taken in as the top-ups they were once their owner is certain.

use billing_domain::charge::{TopUpKind, TopUpStatus};
use billing_domain::{Currency, Money, OrganizationId, OrganizationMark, PaymentRef, Timestamp, TopUpId, TopUpMark};

use crate::db::{args, columns, retrying};
use crate::top_up::{TopUp, creating};
use crate::{NewCard, NewTopUp, Result, Store, StoreError, card, wallet};

columns!(
    payment_columns,
    UnknownPayment {
        provider,
        provider_ref,
        top_up_id,
        organization_id,
        amount_minor,
        currency,
        paid_at,
        noted_at,
        credited_at,
        reason
    }
);

macro_rules! insert {
    () => {
        concat!(
            "INSERT INTO unknown_payments (",
            payment_columns!(),
            ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (provider, provider_ref) "
        )
    };
}

/// A payment that the provider knows and this database does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownPayment {
    /// The provider that has the money: `stripe`.
    pub provider: String,
    /// The provider's name for it.
    pub provider_ref: PaymentRef,
    /// The top-up that its mark names.
    pub top_up_id: TopUpMark,
    /// Whose it is by its mark, if it has one.
    pub organization_id: Option<OrganizationMark>,
    /// What was received, minor units.
    pub amount_minor: i64,
    /// ISO 4217, as the provider writes it.
    pub currency: String,
    /// When it was paid.
    pub paid_at: Timestamp,
    /// When it was noted here.
    pub noted_at: Timestamp,
    /// When it was credited.
    pub credited_at: Option<Timestamp>,
    /// Why it is not.
    pub reason: Option<String>,
}

/// What is known of it when it is taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedTopUp {
    /// The top-up that its mark names.
    pub top_up_id: TopUpId,
    /// The attempt that its mark names.
    pub attempt: i64,
    /// What was asked for, positive.
    pub amount: Money,
    /// Must be the wallet's.
    pub currency: Currency,
    /// The provider's name for it.
    pub provider_ref: PaymentRef,
    /// What was charged. A card that is not connected is written down as removed: nobody here agreed to further charges.
    pub card: NewCard,
}

impl Store {
    /// Notes a payment that nothing is known of yet; one that was noted stays as it is. Whether it is news.
    pub async fn note_unknown_payment(&self, payment: &UnknownPayment) -> Result<bool> {
        // The first note stays: its time says since when the money is uncredited.
        self.write_unknown_payment(concat!(insert!(), "DO NOTHING"), payment).await
    }

    /// Writes down what became of a payment: that it is credited, or why not. Whether that is news.
    pub async fn record_unknown_payment(&self, payment: &UnknownPayment) -> Result<bool> {
        // Once credited, a later failure does not take it back.
        let sql = concat!(
            insert!(),
            "DO UPDATE SET credited_at = excluded.credited_at, reason = excluded.reason
            WHERE unknown_payments.credited_at IS NULL
                AND (excluded.credited_at IS NOT NULL OR unknown_payments.reason <> excluded.reason)"
        );
        self.write_unknown_payment(sql, payment).await
    }

    async fn write_unknown_payment(&self, sql: &'static str, payment: &UnknownPayment) -> Result<bool> {
        let args = args![
            &payment.provider,
            &payment.provider_ref,
            &payment.top_up_id,
            &payment.organization_id,
            payment.amount_minor,
            &payment.currency,
            payment.paid_at,
            payment.noted_at,
            payment.credited_at,
            &payment.reason
        ];
        Ok(self.db.execute(sql, args).await? > 0)
    }

    /// The latest of them, those that are not credited first.
    pub async fn unknown_payments(&self, limit: u32) -> Result<Vec<UnknownPayment>> {
        let sql = concat!(
            "SELECT ",
            payment_columns!(),
            " FROM unknown_payments
            ORDER BY CASE WHEN credited_at IS NULL THEN 0 ELSE 1 END, noted_at DESC, provider_ref LIMIT $1"
        );
        let rows = self.db.all(sql, args![limit]).await?;
        rows.iter().map(UnknownPayment::read).collect()
    }

    /// Writes the top-up of such a payment down as one whose outcome is not known yet: what comes next is the provider's
    /// word, as for any other. One that is there already is answered as it is. `NotFound` without such an organization,
    /// `Conflict` in another currency than its wallet's.
    pub async fn take_in_top_up(
        &self,
        organization_id: &OrganizationId,
        received: &ReceivedTopUp,
        now: Timestamp,
    ) -> Result<TopUp> {
        retrying!("take_in_top_up", organization_id => self.take_in_top_up_once(organization_id, received, now))
    }

    async fn take_in_top_up_once(
        &self,
        organization_id: &OrganizationId,
        received: &ReceivedTopUp,
        now: Timestamp,
    ) -> Result<TopUp> {
        let mut tx = self.db.begin().await?;
        let wallet = wallet::lock_wallet(&mut tx, organization_id).await?;
        // Not converted: an amount in another currency has no meaning in this wallet.
        if wallet.currency != received.currency {
            return Err(StoreError::Conflict("wallet in another currency"));
        }
        match creating::find_top_up(&mut tx, organization_id, &received.top_up_id).await {
            Err(StoreError::NotFound) => {}
            known => return known,
        }
        let card = match card::find_by_facts(&mut tx, organization_id, &received.card).await? {
            Some(card) => card,
            // Hidden, because nobody here agreed to further charges of that card.
            None => card::add_hidden(&mut tx, organization_id, &received.card, now).await?,
        };
        let new = NewTopUp {
            id: received.top_up_id.clone(),
            amount: received.amount,
            card_id: Some(card.id.clone()),
            requested_by: None,
            next_check_at: now,
        };
        creating::insert_top_up(&mut tx, &wallet, TopUpKind::Manual, &new, &card, None, now).await?;
        // Unknown, so that the provider is asked and only its answer credits anything.
        let sql =
            "UPDATE top_ups SET status = $3, provider_ref = $4, attempt = $5 WHERE organization_id = $1 AND id = $2";
        let unknown = TopUpStatus::Unknown.as_str();
        let args = args![organization_id, &received.top_up_id, unknown, &received.provider_ref, received.attempt];
        // In the same transaction as the insert: no worker may see it as a charge that was never sent.
        tx.execute(sql, args).await?;
        let top_up = creating::find_top_up(&mut tx, organization_id, &received.top_up_id).await?;
        tx.commit().await?;
        Ok(top_up)
    }
}
