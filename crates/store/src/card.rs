//! Connected cards: what may be kept of a card, and which one is charged.

use billing_domain::{CardId, CardRef, OrganizationId, Timestamp};

use crate::audit::{append_entry, change_entry, collect_facts};
use crate::db::{Tx, args, columns, retrying};
use crate::{Actor, AuditFacts, Result, Store, StoreError, wallet};

columns!(
    card_columns,
    Card {
        id,
        organization_id,
        provider,
        provider_ref,
        brand,
        last4,
        exp_month,
        exp_year,
        fingerprint,
        is_default,
        created_at,
        removed_at
    }
);

macro_rules! select_card {
    () => {
        concat!("SELECT ", card_columns!(), " FROM cards")
    };
}

/// A card, connected, hidden or removed. Never its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// UUIDv7, as top-ups and settings name it.
    pub id: CardId,
    /// The organization that may charge it.
    pub organization_id: OrganizationId,
    /// The provider that holds it: `sandbox` or `stripe`.
    pub provider: String,
    /// The provider's name for it, which charges name.
    pub provider_ref: CardRef,
    /// Scheme in lower case: `visa`, `mastercard`, `amex` …
    pub brand: String,
    /// Last four digits, zeros kept.
    pub last4: String,
    /// 1 to 12, as the provider last answered.
    pub exp_month: i64,
    /// Four digits, as the provider last answered.
    pub exp_year: i64,
    /// The provider's mark of the same plastic, if it has one.
    pub fingerprint: Option<String>,
    /// Charged unless another one is named.
    pub is_default: bool,
    /// When it was connected.
    pub created_at: Timestamp,
    /// When it was removed; [`Store::cards`] lists those without.
    pub removed_at: Option<Timestamp>,
}

/// A card to be connected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCard {
    /// UUIDv7, made by the caller.
    pub id: CardId,
    /// The provider that holds it: `sandbox` or `stripe`.
    pub provider: String,
    /// The provider's name for it.
    pub provider_ref: CardRef,
    /// Scheme in lower case: `visa`, `mastercard`, `amex` …
    pub brand: String,
    /// Last four digits, zeros kept.
    pub last4: String,
    /// 1 to 12; the card is good to the end of that month.
    pub exp_month: i64,
    /// Four digits, such as 2027.
    pub exp_year: i64,
    /// The provider's mark of the same plastic.
    pub fingerprint: Option<String>,
}

impl Store {
    /// Connects a card that nobody entered here; the first becomes the default. The same provider reference again answers the
    /// card that is there. People are notified only of cards that are set up ([`Store::apply_card_setup`], links).
    pub async fn add_card(&self, organization_id: &OrganizationId, new: &NewCard, now: Timestamp) -> Result<Card> {
        retrying!("add_card", organization_id => self.add_card_once(organization_id, new, now))
    }

    /// The connected cards, default first, then oldest first.
    pub async fn cards(&self, organization_id: &OrganizationId) -> Result<Vec<Card>> {
        // The default first, then in the order of connecting, which no later change disturbs.
        let sql = concat!(
            select_card!(),
            " WHERE organization_id = $1 AND removed_at IS NULL
            ORDER BY is_default DESC, created_at, id"
        );
        let rows = self.db.all(sql, args![organization_id]).await?;
        rows.iter().map(Card::read).collect()
    }

    /// One connected card, or `NotFound` (also when it was removed).
    pub async fn card(&self, organization_id: &OrganizationId, id: &CardId) -> Result<Card> {
        let sql = concat!(select_card!(), " WHERE organization_id = $1 AND id = $2 AND removed_at IS NULL");
        let row = self.db.first(sql, args![organization_id, id]).await?;
        Card::read(&row.ok_or(StoreError::NotFound)?)
    }

    /// Takes over what the provider knows of a connected card by now; the card if anything of it has changed. `None` also
    /// without such a card. `id` of `facts` is ignored.
    pub async fn refresh_card(&self, organization_id: &OrganizationId, facts: &NewCard) -> Result<Option<Card>> {
        // RETURNING answers in the same statement whether anything differed; a read before would race.
        let sql = concat!(
            "UPDATE cards SET brand = $4, last4 = $5, exp_month = $6, exp_year = $7, fingerprint = $8
            WHERE organization_id = $1 AND provider = $2 AND provider_ref = $3 AND removed_at IS NULL
                AND (brand <> $4 OR last4 <> $5 OR exp_month <> $6 OR exp_year <> $7
                    OR COALESCE(fingerprint, '') <> COALESCE($8, ''))
            RETURNING ",
            card_columns!()
        );
        let args = args![
            organization_id,
            &facts.provider,
            &facts.provider_ref,
            &facts.brand,
            &facts.last4,
            facts.exp_month,
            facts.exp_year,
            &facts.fingerprint
        ];
        let rows = self.db.write(sql, args).await?;
        rows.first().map(Card::read).transpose()
    }

    /// Makes a connected card the default.
    pub async fn set_default_card(
        &self,
        organization_id: &OrganizationId,
        id: &CardId,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Card> {
        retrying!("set_default_card", organization_id => self.set_default_card_once(organization_id, id, by, now))
    }

    /// Removes a card; if it was the default, the oldest remaining one becomes it. Answers the default afterwards.
    /// Automatic payments that name the card keep naming it: the caller decides what becomes of them.
    pub async fn remove_card(
        &self,
        organization_id: &OrganizationId,
        id: &CardId,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Option<Card>> {
        retrying!("remove_card", organization_id => self.remove_card_once(organization_id, id, by, now))
    }
}

impl Store {
    async fn add_card_once(&self, organization_id: &OrganizationId, new: &NewCard, now: Timestamp) -> Result<Card> {
        let mut tx = self.db.begin().await?;
        wallet::lock_wallet(&mut tx, organization_id).await?;
        let card = insert_connected(&mut tx, organization_id, new, now).await?;
        tx.commit().await?;
        Ok(card)
    }

    async fn set_default_card_once(
        &self,
        organization_id: &OrganizationId,
        id: &CardId,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Card> {
        let mut tx = self.db.begin().await?;
        // The lock first: of two racing changes of the default each would pass its own check.
        wallet::lock_wallet(&mut tx, organization_id).await?;
        find_connected(&mut tx, organization_id, id).await?;
        // In two steps, because the unique index is checked row by row.
        let sql = concat!(
            "UPDATE cards SET is_default = 0 WHERE organization_id = $1 AND is_default = 1 RETURNING ",
            card_columns!()
        );
        let before = tx.first(sql, args![organization_id]).await?.as_ref().map(Card::read).transpose()?;
        let card = make_default(&mut tx, id).await?;
        // The same again is no change.
        if before.as_ref().is_none_or(|before| before.id != card.id) {
            let was = collect_facts(before.map(|before| ("card", before.label())));
            let entry = change_entry("card.make_default", id, was, card.facts());
            append_entry(&mut tx, Some(organization_id), by, &entry, now).await?;
        }
        tx.commit().await?;
        Ok(card)
    }

    async fn remove_card_once(
        &self,
        organization_id: &OrganizationId,
        id: &CardId,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Option<Card>> {
        let mut tx = self.db.begin().await?;
        wallet::lock_wallet(&mut tx, organization_id).await?;
        let removed = find_connected(&mut tx, organization_id, id).await?;
        tx.execute("UPDATE cards SET removed_at = $2, is_default = 0 WHERE id = $1", args![id, now]).await?;
        // The row is kept with its facts: top-ups and receipts go on naming the card.
        let sql = concat!(
            select_card!(),
            " WHERE organization_id = $1 AND removed_at IS NULL
            ORDER BY is_default DESC, created_at, id LIMIT 1"
        );
        let default = match tx.first(sql, args![organization_id]).await? {
            None => None,
            Some(row) => Some(make_default(&mut tx, &row.get("id")?).await?),
        };
        let entry = change_entry("card.remove", id, removed.facts(), AuditFacts::new());
        append_entry(&mut tx, Some(organization_id), by, &entry, now).await?;
        tx.commit().await?;
        Ok(default)
    }
}

impl Card {
    /// By which people tell cards apart: `visa 4242`.
    pub(crate) fn label(&self) -> String {
        format!("{} {}", self.brand, self.last4)
    }

    fn facts(&self) -> AuditFacts {
        collect_facts([("card", self.label())])
    }
}

/// Writes down that a card is connected now.
pub(crate) async fn append_added(tx: &mut Tx, card: &Card, by: &Actor, now: Timestamp) -> Result<()> {
    let entry = change_entry("card.add", &card.id, AuditFacts::new(), card.facts());
    append_entry(tx, Some(&card.organization_id), by, &entry, now).await
}

/// A connected card of the organization, or `NotFound`.
pub(crate) async fn find_connected(tx: &mut Tx, organization_id: &OrganizationId, id: &CardId) -> Result<Card> {
    let sql = concat!(select_card!(), " WHERE organization_id = $1 AND id = $2 AND removed_at IS NULL");
    let row = tx.first(sql, args![organization_id, id]).await?;
    Card::read(&row.ok_or(StoreError::NotFound)?)
}

/// A card of the organization, connected or removed.
pub(crate) async fn find_any(tx: &mut Tx, organization_id: &OrganizationId, id: &CardId) -> Result<Card> {
    let sql = concat!(select_card!(), " WHERE organization_id = $1 AND id = $2");
    let row = tx.first(sql, args![organization_id, id]).await?;
    Card::read(&row.ok_or(StoreError::NotFound)?)
}

async fn make_default(tx: &mut Tx, id: &CardId) -> Result<Card> {
    let sql = concat!("UPDATE cards SET is_default = 1 WHERE id = $1 RETURNING ", card_columns!());
    let row = tx.first(sql, args![id]).await?;
    Card::read(&row.ok_or(StoreError::NotFound)?)
}

/// Connects a card in an organization whose wallet is locked.
pub(crate) async fn insert_connected(
    tx: &mut Tx,
    organization_id: &OrganizationId,
    new: &NewCard,
    now: Timestamp,
) -> Result<Card> {
    let sql = concat!(
        select_card!(),
        " WHERE organization_id = $1 AND provider = $2 AND provider_ref = $3 AND removed_at IS NULL"
    );
    // The same provider reference again is the same set-up reported twice, not a second card.
    if let Some(row) = tx.first(sql, args![organization_id, &new.provider, &new.provider_ref]).await? {
        return Card::read(&row);
    }
    insert_card(tx, organization_id, new, None, now).await
}

/// A card of the organization by the provider's name for it, connected or not.
pub(crate) async fn find_by_facts(
    tx: &mut Tx,
    organization_id: &OrganizationId,
    facts: &NewCard,
) -> Result<Option<Card>> {
    // A connected card first, so that an older, removed row of the same card does not hide it.
    let sql = concat!(
        select_card!(),
        " WHERE organization_id = $1 AND provider = $2 AND provider_ref = $3
        ORDER BY CASE WHEN removed_at IS NULL THEN 0 ELSE 1 END, created_at LIMIT 1"
    );
    let row = tx.first(sql, args![organization_id, &facts.provider, &facts.provider_ref]).await?;
    row.as_ref().map(Card::read).transpose()
}

/// Writes a card down that nobody sees and nothing but the top-up that names it may charge.
/// See docs/decisions/0030-hidden-link-cards.md.
pub(crate) async fn add_hidden(
    tx: &mut Tx,
    organization_id: &OrganizationId,
    new: &NewCard,
    now: Timestamp,
) -> Result<Card> {
    // Removed from the start: lists, defaults and automatic payments skip removed cards.
    insert_card(tx, organization_id, new, Some(now), now).await
}

/// Connects a hidden card; the first becomes the default.
pub(crate) async fn reveal_card(tx: &mut Tx, organization_id: &OrganizationId, id: &CardId) -> Result<Card> {
    let row = tx
        .first(
            concat!(
                "UPDATE cards SET removed_at = NULL, is_default = CASE WHEN EXISTS (
                    SELECT 1 FROM cards WHERE organization_id = $1 AND removed_at IS NULL) THEN 0 ELSE 1 END
                WHERE organization_id = $1 AND id = $2 RETURNING ",
                card_columns!()
            ),
            args![organization_id, id],
        )
        .await?;
    Card::read(&row.ok_or(StoreError::NotFound)?)
}

async fn insert_card(
    tx: &mut Tx,
    organization_id: &OrganizationId,
    new: &NewCard,
    removed_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<Card> {
    let row = tx
        // Default and row in one statement: the first connected card is the default from the start.
        .first(
            concat!(
                "INSERT INTO cards (id, organization_id, provider, provider_ref, brand, last4, exp_month, exp_year,
                    fingerprint, is_default, created_at, removed_at)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, CASE WHEN CAST($11 AS BIGINT) IS NOT NULL OR EXISTS (
                    SELECT 1 FROM cards WHERE organization_id = $2 AND removed_at IS NULL) THEN 0 ELSE 1 END, $10, $11)
                RETURNING ",
                card_columns!()
            ),
            args![
                &new.id,
                organization_id,
                &new.provider,
                &new.provider_ref,
                &new.brand,
                &new.last4,
                new.exp_month,
                new.exp_year,
                &new.fingerprint,
                now,
                removed_at
            ],
        )
        .await
        .map_err(|error| error.or_conflict("card"))?;
    Card::read(&row.ok_or(StoreError::NotFound)?)
}
