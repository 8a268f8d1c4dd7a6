//! Refunds: money of a top-up that goes back to its card. The wallet is debited when the refund is written down, so the
//! money cannot be spent meanwhile; if the provider does not give it back, another line returns it.

use billing_domain::charge::{RefundStatus, TopUpStatus};
use billing_domain::{Currency, Money, Timestamp};

use crate::db::{Db, Fields, Tx, args, retrying};
use crate::idempotency::{self, Claim};
use crate::reversal::{Movement, Reversal};
use crate::top_up::find as find_top_up;
use crate::{Created, CreditLine, IdempotencyKey, Result, Store, StoreError, TopUp, wallet};

macro_rules! refund_columns {
    () => {
        "id, organization_id, top_up_id, amount, currency, status, reason, provider_ref, created_at, updated_at,
        settled_at, next_check_at, checks"
    };
}

macro_rules! lease {
    ($lock:literal) => {
        concat!(
            "UPDATE refunds SET lease_owner = $1, lease_until = $2 WHERE id IN (
                SELECT id FROM refunds WHERE status IN ('created', 'processing', 'unknown')
                    AND (next_check_at <= $3 OR id = $4) AND ($4 = '' OR id = $4)
                    AND (lease_until IS NULL OR lease_until <= $3)
                ORDER BY next_check_at LIMIT $5",
            $lock,
            ") RETURNING ",
            refund_columns!()
        )
    };
}

/// A refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// UUIDv7.
    pub id: String,
    /// Whose.
    pub organization_id: String,
    /// Of which top-up.
    pub top_up_id: String,
    /// How much goes back, positive.
    pub amount: Money,
    /// The wallet's.
    pub currency: Currency,
    /// Where it stands.
    pub status: RefundStatus,
    /// Why, in the operator's words; may be empty.
    pub reason: String,
    /// The provider's name for it.
    pub provider_ref: Option<String>,
    /// When it was written down, and the wallet debited.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
    /// When the card's bank had it.
    pub settled_at: Option<Timestamp>,
    /// Asked about then; `None` once it is final.
    pub next_check_at: Option<Timestamp>,
    /// How often it was asked about.
    pub checks: i64,
}

/// What a top-up came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Payment {
    /// What was credited for it.
    pub paid: Money,
    /// What the card's bank has back.
    pub refunded: Money,
    /// What is on its way there, or may be.
    pub returning: Money,
    /// What the card's bank has taken back in a dispute and not returned.
    pub disputed: Money,
    /// The first of these refunds, oldest first. Failed ones do not count.
    pub refunds: Vec<Refund>,
}

/// A refund that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRefund {
    /// UUIDv7.
    pub id: String,
    /// Of which top-up.
    pub top_up_id: String,
    /// `None`: all of it that was not given back yet.
    pub amount: Option<Money>,
    /// Why; may be empty.
    pub reason: String,
    /// When a worker takes it over.
    pub next_check_at: Timestamp,
}

/// Why there is no refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundRefusal {
    /// The top-up was never paid.
    NotPaid,
    /// Only so much of it was not given back yet.
    MoreThanPaid(Money),
    /// Only so much of the wallet is neither spent nor held.
    MoreThanUnspent(Money),
}

/// What was heard of a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundWord {
    /// Its state by that; `Created` never.
    pub status: RefundStatus,
    /// The provider's name for it.
    pub provider_ref: Option<String>,
    /// Asked about then if it is not final.
    pub next_check_at: Timestamp,
}

impl Store {
    /// Writes a refund down and debits the wallet in one transaction, at most once for a key. Never more than was paid
    /// and not given back yet, never more than is available. `NotFound` without such a top-up.
    pub async fn create_refund(
        &self,
        organization_id: &str,
        new: &NewRefund,
        debit: &CreditLine,
        key: &IdempotencyKey,
        now: Timestamp,
    ) -> Result<std::result::Result<Created<Refund>, RefundRefusal>> {
        retrying!(self.create_refund_once(organization_id, new, debit, key, now))
    }

    /// One refund, by its unguessable id alone (the operator's program names no organisation here), or `NotFound`.
    pub async fn refund(&self, id: &str) -> Result<Refund> {
        let row =
            self.db.first(concat!("SELECT ", refund_columns!(), " FROM refunds WHERE id = $1"), args![id]).await?;
        Refund::read(&mut row.ok_or(StoreError::NotFound)?.fields())
    }

    /// What a top-up came to, by the ledger, with its first `limit` refunds; `NotFound` while it is not paid.
    pub async fn payment(&self, organization_id: &str, top_up_id: &str, limit: u32) -> Result<Payment> {
        let sql = "SELECT amount FROM ledger WHERE organization_id = $1 AND origin = 'top_up' AND reference = $2";
        let paid = self.db.first(sql, args![organization_id, top_up_id]).await?;
        let paid = paid.ok_or(StoreError::NotFound)?.fields().money()?;
        // One statement: a refund that settles meanwhile is in both the list and the sums, or in neither.
        let sql = concat!(
            "SELECT CAST(SUM(CASE WHEN status = 'succeeded' THEN amount ELSE 0 END) OVER () AS BIGINT),
                CAST(SUM(CASE WHEN status = 'succeeded' THEN 0 ELSE amount END) OVER () AS BIGINT), ",
            refund_columns!(),
            " FROM refunds WHERE organization_id = $1 AND top_up_id = $2 AND status <> 'failed'
            ORDER BY created_at, id LIMIT $3"
        );
        let disputed = "SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM disputes
            WHERE organization_id = $1 AND top_up_id = $2 AND state = 'withdrawn'";
        let disputed = self.db.first(disputed, args![organization_id, top_up_id]).await?;
        let disputed = disputed.ok_or(StoreError::NotFound)?.fields().money()?;
        let mut payment = Payment { paid, disputed, ..Payment::default() };
        for row in self.db.all(sql, args![organization_id, top_up_id, limit]).await? {
            let mut fields = row.fields();
            (payment.refunded, payment.returning) = (fields.money()?, fields.money()?);
            payment.refunds.push(Refund::read(&mut fields)?);
        }
        Ok(payment)
    }

    /// Takes open refunds whose check is due for `owner`; with an `id` that one alone, due or not.
    pub async fn lease_refunds(
        &self,
        owner: &str,
        until: Timestamp,
        now: Timestamp,
        id: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Refund>> {
        let sql = match &self.db {
            Db::Postgres(_) => lease!(" FOR UPDATE SKIP LOCKED"),
            Db::Sqlite { .. } => lease!(""),
        };
        let rows = self.db.write(sql, args![owner, until, now, id.unwrap_or_default(), limit]).await?;
        rows.iter().map(|row| Refund::read(&mut row.fields())).collect()
    }

    /// Takes the provider's word; a refund that failed returns its money to the wallet in the same transaction, once.
    /// The second answer: its status is another one now.
    pub async fn apply_refund(
        &self,
        organization_id: &str,
        id: &str,
        word: &RefundWord,
        back: &CreditLine,
        now: Timestamp,
    ) -> Result<(Refund, bool)> {
        retrying!(self.apply_refund_once(organization_id, id, word, back, now))
    }
}

impl Store {
    async fn create_refund_once(
        &self,
        organization_id: &str,
        new: &NewRefund,
        debit: &CreditLine,
        key: &IdempotencyKey,
        now: Timestamp,
    ) -> Result<std::result::Result<Created<Refund>, RefundRefusal>> {
        let mut tx = self.db.begin().await?;
        let wallet = wallet::lock(&mut tx, organization_id).await?;
        match idempotency::claim(&mut tx, organization_id, key, &new.id, now).await? {
            Claim::New => {}
            Claim::Reused => return Ok(Ok(Created::Reused)),
            Claim::Replay(id) => {
                return find(&mut tx, organization_id, &id).await.map(|found| Ok(Created::Replay(found)));
            }
        }
        let top_up = find_top_up(&mut tx, organization_id, &new.top_up_id).await?;
        if top_up.status != TopUpStatus::Succeeded {
            return Ok(Err(RefundRefusal::NotPaid));
        }
        let left = left_of(&mut tx, &top_up).await?;
        let amount = new.amount.unwrap_or(left);
        if amount > left || !amount.is_positive() {
            return Ok(Err(RefundRefusal::MoreThanPaid(left)));
        }
        if amount > wallet.available() {
            return Ok(Err(RefundRefusal::MoreThanUnspent(wallet.available())));
        }
        let row = tx
            .first(
                concat!(
                    "INSERT INTO refunds (id, organization_id, top_up_id, amount, currency, status, reason, created_at,
                        updated_at, next_check_at, checks)
                    VALUES ($1, $2, $3, $4, $5, 'created', $6, $7, $7, $8, 0) RETURNING ",
                    refund_columns!()
                ),
                args![
                    &new.id,
                    organization_id,
                    &new.top_up_id,
                    amount,
                    wallet.currency,
                    &new.reason,
                    now,
                    new.next_check_at
                ],
            )
            .await
            .map_err(|error| error.or_conflict("refund"))?;
        let refund = Refund::read(&mut row.ok_or(StoreError::NotFound)?.fields())?;
        let amount = amount.checked_neg().ok_or(StoreError::Overflow)?;
        let movement = Movement { reference: refund.id.clone(), amount, corrects: None };
        Reversal::Refund.post(&mut tx, &top_up, movement, debit, now).await?;
        tx.commit().await?;
        Ok(Ok(Created::New(refund)))
    }

    async fn apply_refund_once(
        &self,
        organization_id: &str,
        id: &str,
        word: &RefundWord,
        back: &CreditLine,
        now: Timestamp,
    ) -> Result<(Refund, bool)> {
        let mut tx = self.db.begin().await?;
        wallet::lock(&mut tx, organization_id).await?;
        let before = find(&mut tx, organization_id, id).await?;
        if before.status.is_final() {
            tx.rollback().await?;
            return Ok((before, false));
        }
        if word.status == RefundStatus::Failed {
            let top_up = find_top_up(&mut tx, organization_id, &before.top_up_id).await?;
            let seq = Reversal::Refund.debited_at(&mut tx, organization_id, id).await?;
            let movement = Movement { reference: format!("{id}:returned"), amount: before.amount, corrects: Some(seq) };
            Reversal::Refund.post(&mut tx, &top_up, movement, back, now).await?;
        }
        let row = tx
            .first(
                concat!(
                    "UPDATE refunds SET status = $3, provider_ref = COALESCE($4, provider_ref), updated_at = $5,
                        settled_at = $6, next_check_at = $7, checks = checks + 1, lease_owner = NULL, lease_until = NULL
                    WHERE organization_id = $1 AND id = $2 RETURNING ",
                    refund_columns!()
                ),
                args![
                    organization_id,
                    id,
                    word.status.as_str(),
                    &word.provider_ref,
                    now,
                    (word.status == RefundStatus::Succeeded).then_some(now),
                    (!word.status.is_final()).then_some(word.next_check_at)
                ],
            )
            .await?;
        let refund = Refund::read(&mut row.ok_or(StoreError::NotFound)?.fields())?;
        tx.commit().await?;
        let changed = refund.status != before.status;
        Ok((refund, changed))
    }
}

/// What was paid, by the ledger, and neither given back nor on its way back.
async fn left_of(tx: &mut Tx, top_up: &TopUp) -> Result<Money> {
    let sql = "SELECT amount FROM ledger WHERE organization_id = $1 AND origin = 'top_up' AND reference = $2";
    let row = tx.first(sql, args![&top_up.organization_id, &top_up.id]).await?;
    let paid =
        row.ok_or_else(|| StoreError::Corrupt(format!("top-up {} has no credit", top_up.id)))?.fields().money()?;
    let sql =
        "SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM refunds WHERE top_up_id = $1 AND status <> 'failed'";
    let back = tx.first(sql, args![&top_up.id]).await?.ok_or(StoreError::NotFound)?.fields().money()?;
    paid.checked_sub(back).ok_or(StoreError::Overflow)
}

async fn find(tx: &mut Tx, organization_id: &str, id: &str) -> Result<Refund> {
    let sql = concat!("SELECT ", refund_columns!(), " FROM refunds WHERE organization_id = $1 AND id = $2");
    let row = tx.first(sql, args![organization_id, id]).await?;
    Refund::read(&mut row.ok_or(StoreError::NotFound)?.fields())
}

impl Refund {
    fn read(fields: &mut Fields<'_>) -> Result<Self> {
        Ok(Self {
            id: fields.text()?,
            organization_id: fields.text()?,
            top_up_id: fields.text()?,
            amount: fields.money()?,
            currency: fields.name()?,
            status: fields.name()?,
            reason: fields.text()?,
            provider_ref: fields.opt_text()?,
            created_at: fields.time()?,
            updated_at: fields.time()?,
            settled_at: fields.opt_time()?,
            next_check_at: fields.opt_time()?,
            checks: fields.int()?,
        })
    }
}
