//! Payment links: made by an admin, used once by whoever holds the token, of which only the hash is here.

mod attempt;

use billing_domain::auto_pay::Settings;
use billing_domain::link::{Life, LinkPurpose, LinkState, MAX_ALIVE};
use billing_domain::{CardId, Currency, LinkId, Money, OrganizationId, Timestamp, TopUpId, UserId};

use crate::audit::{append_entry, change_entry, collect_facts};
use crate::auto_pay::{read_settings, refill_columns};
use crate::db::{Row, Tx, args, retrying};
use crate::notice::{self, NoticeFacts, NoticeKind};
use crate::{Actor, AuditFacts, Result, Store, StoreError, wallet};

pub(crate) use attempt::after_charge;
pub use attempt::{ExpectedCharge, LinkApplied, LinkCharge, LinkRefusal};

macro_rules! link_columns {
    () => {
        "payment_links.id AS id, payment_links.organization_id AS organization_id, purpose, amount, currency, threshold,
        refill_kind, refill_amount, monthly_cap, note, created_by, users.name AS created_by_name,
        payment_links.created_at AS created_at, expires_at, opened_at, completed_at, revoked_at, tries, declines, card_id,
        top_up_id, expired_at,
        CAST(CASE WHEN EXISTS (SELECT 1 FROM members WHERE members.organization_id = payment_links.organization_id
            AND members.user_id = created_by AND members.role IN ('owner', 'admin')) THEN 1 ELSE 0 END AS BIGINT)
            AS maker_manages"
    };
}

/// Of a link that can be used at `now`, given as its place.
macro_rules! is_alive {
    ($now:literal) => {
        // The maker's role is part of it: see docs/decisions/0076-authority-at-use.md.
        concat!(
            "completed_at IS NULL AND revoked_at IS NULL AND expires_at > ",
            $now,
            " AND EXISTS (SELECT 1 FROM members WHERE members.organization_id = payment_links.organization_id
                AND members.user_id = created_by AND members.role IN ('owner', 'admin'))"
        )
    };
}

macro_rules! select_link {
    () => {
        concat!("SELECT ", link_columns!(), " FROM payment_links JOIN users ON users.id = payment_links.created_by")
    };
}

/// A payment link; its token is stored as a hash only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentLink {
    /// UUIDv7; it opens nothing, unlike the token.
    pub id: LinkId,
    /// The organization whose wallet it fills.
    pub organization_id: OrganizationId,
    /// What it asks for.
    pub purpose: LinkPurpose,
    /// What is paid; `None` where only a card is connected.
    pub amount: Option<Money>,
    /// The currency of `amount`, the wallet's.
    pub currency: Currency,
    /// Automatic payments that it switches on.
    pub settings: Option<Settings>,
    /// For whoever opens it; may be empty.
    pub note: String,
    /// Who made it, UUIDv7.
    pub created_by: UserId,
    /// Who made it, by name.
    pub created_by_name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// From then on it is dead.
    pub expires_at: Timestamp,
    /// When somebody opened it first.
    pub opened_at: Option<Timestamp>,
    /// When it did what it was made for.
    pub completed_at: Option<Timestamp>,
    /// When it was taken back, or stopped after too many tries.
    pub revoked_at: Option<Timestamp>,
    /// How often somebody tried to use it.
    pub tries: i64,
    /// How many cards were declined.
    pub declines: i64,
    /// The card that it connected.
    pub card_id: Option<CardId>,
    /// The top-up that it paid.
    pub top_up_id: Option<TopUpId>,
    /// When it was seen expired.
    pub expired_at: Option<Timestamp>,
    /// Its maker manages billing at this moment: a link can do no more than who made it.
    pub maker_manages: bool,
}

/// A link to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLink {
    /// UUIDv7, made by the caller.
    pub id: LinkId,
    /// SHA-256 of the token, in hex.
    pub token_hash: String,
    /// What it asks for.
    pub purpose: LinkPurpose,
    /// With a purpose that pays.
    pub amount: Option<Money>,
    /// Automatic payments that it switches on; only with a purpose that connects.
    pub settings: Option<Settings>,
    /// For whoever opens it.
    pub note: String,
    /// Who makes it, UUIDv7.
    pub created_by: UserId,
    /// From then on it is dead.
    pub expires_at: Timestamp,
}

impl PaymentLink {
    /// Where it stands at `now`. What was seen expired is so for good, even if the clock goes back.
    pub fn state(&self, now: Timestamp) -> LinkState {
        let life = Life {
            opened: self.opened_at.is_some(),
            completed: self.completed_at.is_some(),
            revoked: self.revoked_at.is_some() || !self.maker_manages,
            // `min(now)`: what was seen expired stays so for a clock that has gone back.
            expires_at: if self.expired_at.is_some() { self.expires_at.min(now) } else { self.expires_at },
        };
        life.state(now)
    }
}

impl Store {
    /// Makes a link; `LimitReached` while the organization has [`MAX_ALIVE`] that can be used. They are counted under the
    /// wallet's lock, so that parallel calls cannot pass the limit together.
    pub async fn create_link(
        &self,
        organization_id: &OrganizationId,
        new: &NewLink,
        by: &Actor,
        now: Timestamp,
    ) -> Result<PaymentLink> {
        retrying!("create_link", organization_id => self.create_link_once(organization_id, new, by, now))?;
        // Read anew for the maker's name and role, which the insert does not know.
        self.link(organization_id, &new.id).await
    }

    async fn create_link_once(
        &self,
        organization_id: &OrganizationId,
        new: &NewLink,
        by: &Actor,
        now: Timestamp,
    ) -> Result<()> {
        let mut tx = self.db.begin().await?;
        wallet::lock_wallet(&mut tx, organization_id).await?;
        let alive =
            concat!("SELECT COUNT(*) AS alive FROM payment_links WHERE organization_id = $1 AND ", is_alive!("$2"));
        let alive = tx.first(alive, args![organization_id, now]).await?.map_or(Ok(0), |row| row.get("alive"))?;
        if alive >= i64::from(MAX_ALIVE) {
            tx.rollback().await?;
            return Err(StoreError::LimitReached(MAX_ALIVE));
        }
        insert_link(&mut tx, organization_id, new, now).await?;
        notify_created(&mut tx, organization_id, new, now).await?;
        let entry = change_entry("payment_link.create", &new.id, AuditFacts::new(), new.facts());
        append_entry(&mut tx, Some(organization_id), by, &entry, now).await?;
        tx.commit().await
    }

    /// Every link that can be used at `now`, and of the others the latest, newest first: never more than `limit` of
    /// those.
    pub async fn links(
        &self,
        organization_id: &OrganizationId,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<PaymentLink>> {
        // Two conditions, because a link that can be used must not fall off the end of the list.
        let sql = concat!(
            select_link!(),
            " WHERE payment_links.organization_id = $1 AND ((",
            is_alive!("$3"),
            ") OR payment_links.id IN (SELECT id FROM payment_links WHERE organization_id = $1
                ORDER BY created_at DESC, id DESC LIMIT $2))
            ORDER BY payment_links.created_at DESC, payment_links.id DESC"
        );
        let rows = self.db.all(sql, args![organization_id, limit, now]).await?;
        rows.iter().map(PaymentLink::read).collect()
    }

    /// One link, or `NotFound`.
    pub async fn link(&self, organization_id: &OrganizationId, id: &LinkId) -> Result<PaymentLink> {
        let sql = concat!(select_link!(), " WHERE payment_links.organization_id = $1 AND payment_links.id = $2");
        let row = self.db.first(sql, args![organization_id, id]).await?;
        PaymentLink::read(&row.ok_or(StoreError::NotFound)?)
    }

    /// The link whose token has this hash, of whichever organization, or `NotFound`.
    pub async fn link_by_token(&self, token_hash: &str) -> Result<PaymentLink> {
        // By the hash alone: whoever opens the link knows no organization, and the token is not stored.
        let row = self.db.first(concat!(select_link!(), " WHERE token_hash = $1"), args![token_hash]).await?;
        PaymentLink::read(&row.ok_or(StoreError::NotFound)?)
    }

    /// Writes down that somebody has opened it; whether that is the first time.
    pub async fn open_link(&self, id: &LinkId, now: Timestamp) -> Result<bool> {
        // The condition makes one of racing openings the first.
        let sql = "UPDATE payment_links SET opened_at = $2 WHERE id = $1 AND opened_at IS NULL";
        Ok(self.db.execute(sql, args![id, now]).await? == 1)
    }

    /// Writes down of every link that is over by now that it is: a clock that goes back must not open it again. How many.
    pub async fn expire_links(&self, now: Timestamp) -> Result<u64> {
        let sql = "UPDATE payment_links SET expired_at = $1
            WHERE expired_at IS NULL AND completed_at IS NULL AND revoked_at IS NULL AND expires_at <= $1";
        self.db.execute(sql, args![now]).await
    }

    /// Takes a link back, or `NotFound`; one that is over stays as it is.
    pub async fn revoke_link(
        &self,
        organization_id: &OrganizationId,
        id: &LinkId,
        by: &Actor,
        now: Timestamp,
    ) -> Result<PaymentLink> {
        retrying!("revoke_link", organization_id => self.revoke_link_once(organization_id, id, by, now))?;
        self.link(organization_id, id).await
    }

    async fn revoke_link_once(
        &self,
        organization_id: &OrganizationId,
        id: &LinkId,
        by: &Actor,
        now: Timestamp,
    ) -> Result<()> {
        let mut tx = self.db.begin().await?;
        // The conditions of a link that is alive, but without its maker's role: revoking works whoever made it.
        let sql = "UPDATE payment_links SET revoked_at = $3 WHERE organization_id = $1 AND id = $2
                AND completed_at IS NULL AND revoked_at IS NULL AND expired_at IS NULL AND expires_at > $3";
        if tx.execute(sql, args![organization_id, id, now]).await? == 1 {
            let entry = change_entry("payment_link.revoke", id, AuditFacts::new(), AuditFacts::new());
            append_entry(&mut tx, Some(organization_id), by, &entry, now).await?;
        }
        tx.commit().await
    }
}

impl NewLink {
    /// Never its token.
    fn facts(&self) -> AuditFacts {
        collect_facts([
            ("purpose", self.purpose.as_str().to_owned()),
            ("amount", self.amount.map(|amount| amount.to_string()).unwrap_or_default()),
            ("monthly_cap", self.settings.map(|settings| settings.monthly_cap.to_string()).unwrap_or_default()),
            ("expires_at", self.expires_at.to_string()),
        ])
    }
}

/// Whoever holds the link can do what it says: that must not stay unseen.
async fn notify_created(tx: &mut Tx, organization_id: &OrganizationId, new: &NewLink, now: Timestamp) -> Result<()> {
    let mut facts = NoticeFacts::from([
        ("link_id".to_owned(), new.id.to_string()),
        ("purpose".to_owned(), new.purpose.as_str().to_owned()),
        ("expires_at".to_owned(), new.expires_at.to_string()),
    ]);
    // Only for the currency: the caller has the lock already.
    let wallet = wallet::lock_wallet(tx, organization_id).await?;
    facts.insert("currency".to_owned(), wallet.currency.to_string());
    if let Some(amount) = new.amount {
        facts.insert("amount".to_owned(), amount.to_string());
    }
    if new.settings.is_some() {
        facts.insert("automatic_payments".to_owned(), "yes".to_owned());
    }
    notice::authority_changed(tx, organization_id, NoticeKind::PaymentLinkCreated, &new.created_by, facts, now).await
}

async fn insert_link(tx: &mut Tx, organization_id: &OrganizationId, new: &NewLink, now: Timestamp) -> Result<()> {
    let refill = new.settings.as_ref().map(|settings| refill_columns(&settings.refill));
    // From the wallet, so that a link is always in the wallet's currency and needs a wallet.
    tx.execute(
        "INSERT INTO payment_links (id, organization_id, token_hash, purpose, amount, currency, threshold,
            refill_kind, refill_amount, monthly_cap, note, created_by, created_at, expires_at, tries, declines)
        SELECT $1, organization_id, $3, $4, CAST($5 AS BIGINT), currency, CAST($6 AS BIGINT), $7,
            CAST($8 AS BIGINT), CAST($9 AS BIGINT), $10, $11, CAST($12 AS BIGINT), CAST($13 AS BIGINT), 0, 0
        FROM wallets WHERE organization_id = $2",
        args![
            &new.id,
            organization_id,
            &new.token_hash,
            new.purpose.as_str(),
            new.amount,
            new.settings.map(|settings| settings.threshold),
            refill.map(|(kind, _)| kind),
            refill.map(|(_, amount)| amount),
            new.settings.map(|settings| settings.monthly_cap),
            &new.note,
            &new.created_by,
            now,
            new.expires_at
        ],
    )
    .await
    .map_err(|error| error.or_conflict("payment link").or_not_found())?;
    Ok(())
}

pub(crate) async fn find_link(tx: &mut Tx, organization_id: &OrganizationId, id: &LinkId) -> Result<PaymentLink> {
    let sql = concat!(select_link!(), " WHERE payment_links.organization_id = $1 AND payment_links.id = $2");
    let row = tx.first(sql, args![organization_id, id]).await?;
    PaymentLink::read(&row.ok_or(StoreError::NotFound)?)
}

impl PaymentLink {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            organization_id: row.get("organization_id")?,
            purpose: row.get("purpose")?,
            amount: row.get("amount")?,
            currency: row.get("currency")?,
            settings: read_settings(row)?,
            note: row.get("note")?,
            created_by: row.get("created_by")?,
            created_by_name: row.get("created_by_name")?,
            created_at: row.get("created_at")?,
            expires_at: row.get("expires_at")?,
            opened_at: row.get("opened_at")?,
            completed_at: row.get("completed_at")?,
            revoked_at: row.get("revoked_at")?,
            tries: row.get("tries")?,
            declines: row.get("declines")?,
            card_id: row.get("card_id")?,
            top_up_id: row.get("top_up_id")?,
            expired_at: row.get("expired_at")?,
            maker_manages: row.get("maker_manages")?,
        })
    }
}
