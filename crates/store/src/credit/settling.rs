//! Credit that has ended: what usage has left of it goes back, once, by whichever server comes first.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use billing_domain::expiring_credit::{ExpiringCredits, taken_back};
use billing_domain::kind::CreditKind;
use billing_domain::{Money, OrganizationId, Timestamp};

use super::{credit_line, post_line};
use crate::audit::{append_entry, new_entry};
use crate::db::{Tx, args, columns, retrying};
use crate::wallet::of_wallet;
use crate::{Actor, CreditLine, NewLine, Origin, PostedLine, Result, Store, StoreError, wallet};

/// Credit that is over and not settled yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueCredit {
    /// Whose it is.
    pub organization_id: OrganizationId,
    /// The line that gave it.
    pub seq: i64,
}

columns!(due_columns, DueCredit { organization_id, seq });

/// What became of credit that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettledCredit {
    /// The rest of it was taken back by this line.
    TakenBack(Box<PostedLine>),
    /// Nothing was left of it, or nothing was there to be taken back.
    UsedUp,
    /// It is not over yet, or somebody else has settled it.
    NotDue,
}

/// Credit with an end, and where that stands in the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Grant {
    seq: i64,
    amount: Money,
    expires_at: Timestamp,
    /// The last line before or with which it ended: the one that took the rest back, where there was a rest.
    expired_seq: Option<i64>,
    balance_after: Money,
}

columns!(grant_columns, Grant {
    seq = "credit_expiries.seq",
    amount = "credit_expiries.amount",
    expires_at = "credit_expiries.expires_at",
    expired_seq = "credit_expiries.expired_seq",
    balance_after = "ledger.balance_after",
});

impl Store {
    /// Credits that are over, those first that ended first.
    pub async fn due_credits(&self, now: Timestamp, limit: u32) -> Result<Vec<DueCredit>> {
        let sql = concat!(
            "SELECT ",
            due_columns!(),
            " FROM credit_expiries WHERE settled_at IS NULL AND expires_at <= $1
            ORDER BY expires_at, organization_id, seq LIMIT $2"
        );
        self.db.all(sql, args![now, limit]).await?.iter().map(DueCredit::read).collect()
    }

    /// Takes back what is left of a credit that is over: never what is spent or held, and once, however many do so at the
    /// same time. `line` is what stands on the line that takes it back.
    pub async fn settle_credit(
        &self,
        due: &DueCredit,
        line: &CreditLine,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<SettledCredit> {
        // A long ledger is summed here, where nobody waits for it; under the lock only what has come since.
        let mut tx = self.db.snapshot().await?;
        let known = UsageSums::read(&mut tx, due).await?;
        tx.rollback().await?;
        retrying!("settle_credit", self.settle_credit_once(due, line, &known, actor, now))
    }

    async fn settle_credit_once(
        &self,
        due: &DueCredit,
        line: &CreditLine,
        known: &UsageSums,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<SettledCredit> {
        let DueCredit { organization_id, seq } = due;
        let mut tx = self.db.begin().await?;
        let wallet = wallet::lock_wallet(&mut tx, organization_id).await?;
        let grants = read_grants(&mut tx, organization_id).await?;
        let own = grants.iter().find(|grant| grant.seq == *seq).ok_or(StoreError::NotFound)?;
        if own.expired_seq.is_some() || own.expires_at > now {
            tx.rollback().await?;
            return Ok(SettledCredit::NotDue);
        }
        let mut sums = known.clone();
        sums.extend(&mut tx, organization_id, &grants, *seq, wallet.last_seq).await?;
        let left = left_of(&grants, *seq, &sums, wallet.last_seq);
        let taken = taken_back(left, wallet.available());
        let (ended_at, settled) = if taken.is_positive() {
            let amount = taken.checked_neg().ok_or(StoreError::Overflow)?;
            // A reference of its own, so that the ledger itself refuses a second time.
            let reference = format!("{seq}:expired");
            let line = credit_line(CreditKind::Promo, amount, line, now);
            let line = NewLine { reference, corrects: Some(*seq), ..line };
            let posted = post_line(&mut tx, organization_id, &line, now).await?;
            (posted.line.seq, SettledCredit::TakenBack(Box::new(posted)))
        } else {
            (wallet.last_seq, SettledCredit::UsedUp)
        };
        let sql = "UPDATE credit_expiries SET expired_seq = $3, settled_at = $4
            WHERE organization_id = $1 AND seq = $2 AND settled_at IS NULL";
        tx.execute(sql, args![organization_id, *seq, ended_at, now]).await?;
        let (amount, taken) = (own.amount.to_string(), taken.to_string());
        let entry = new_entry("credit.expire", &format!("line {seq}"), [("amount", &amount)], [("taken_back", &taken)]);
        append_entry(&mut tx, Some(organization_id), actor, &entry, now).await?;
        tx.commit().await?;
        Ok(settled)
    }
}

async fn read_grants(tx: &mut Tx, organization_id: &OrganizationId) -> Result<Vec<Grant>> {
    let sql = concat!(
        "SELECT ",
        grant_columns!(),
        " FROM credit_expiries JOIN ledger ON ledger.seq = credit_expiries.seq AND ledger.",
        of_wallet!(),
        " WHERE credit_expiries.organization_id = $1 ORDER BY credit_expiries.seq"
    );
    tx.all(sql, args![organization_id]).await?.iter().map(Grant::read).collect()
}

/// The first line that matters to the credit of `seq`: that of the earliest credit which may have shared usage with it, also
/// by way of others.
fn first_line(grants: &[Grant], seq: i64) -> i64 {
    let earlier = grants.iter().rev().filter(|grant| grant.seq < seq);
    // From the newest on. One that ended before does not matter, whatever came before it; but an older one may not have.
    let mut first = seq;
    for grant in earlier {
        if grant.expired_seq.is_none_or(|ended| ended > first) {
            first = grant.seq;
        }
    }
    first
}

/// The first line that an unsettled credit's usage is counted from; `None` without one.
pub(crate) async fn earliest_needed(tx: &mut Tx, organization_id: &OrganizationId) -> Result<Option<i64>> {
    let grants = read_grants(tx, organization_id).await?;
    let open = grants.iter().filter(|grant| grant.expired_seq.is_none());
    Ok(open.map(|grant| first_line(&grants, grant.seq)).min())
}

/// Where credits begin and end, from the first that matters up to line `last`, in order and without repetition.
fn places_between(grants: &[Grant], seq: i64, last: i64) -> Vec<i64> {
    let first = first_line(grants, seq);
    let ends = grants.iter().filter_map(|grant| grant.expired_seq);
    let mut places: Vec<_> = grants.iter().map(|grant| grant.seq).chain(ends).chain([last]).collect();
    places.retain(|place| (first..=last).contains(place));
    places.sort_unstable();
    places.dedup();
    places
}

/// How much was used up to a line, counted from the place before it. Lines never change, so a sum stays right.
#[derive(Clone, Debug, Default)]
struct UsageSums(BTreeMap<i64, Money>);

impl UsageSums {
    /// As far as the ledger goes now.
    async fn read(tx: &mut Tx, due: &DueCredit) -> Result<Self> {
        let sql = "SELECT last_seq FROM wallets WHERE organization_id = $1";
        let row = tx.first(sql, args![&due.organization_id]).await?.ok_or(StoreError::NotFound)?;
        let grants = read_grants(tx, &due.organization_id).await?;
        let mut sums = Self::default();
        sums.extend(tx, &due.organization_id, &grants, due.seq, row.get("last_seq")?).await?;
        Ok(sums)
    }

    /// Reads what is missing up to line `last`. What begins or ends meanwhile does so behind what was read.
    async fn extend(
        &mut self,
        tx: &mut Tx,
        organization_id: &OrganizationId,
        grants: &[Grant],
        seq: i64,
        last: i64,
    ) -> Result<()> {
        let mut after = first_line(grants, seq);
        let mut places = places_between(grants, seq, last);
        places.extend(self.0.keys());
        places.sort_unstable();
        for place in places.into_iter().filter(|place| *place > after).collect::<Vec<_>>() {
            if let Entry::Vacant(unknown) = self.0.entry(place) {
                let sql = concat!(
                    "SELECT CAST(COALESCE(-SUM(amount), 0) AS BIGINT) AS used FROM ledger WHERE ",
                    of_wallet!(),
                    " AND seq > $2 AND seq <= $3 AND origin = $4"
                );
                let row = tx.first(sql, args![organization_id, after, place, Origin::Usage]).await?;
                unknown.insert(row.ok_or(StoreError::NotFound)?.get("used")?);
            }
            after = place;
        }
        Ok(())
    }
}

/// What usage has left of the credit of line `seq` by line `last`.
fn left_of(grants: &[Grant], seq: i64, sums: &UsageSums, last: i64) -> Money {
    let first = first_line(grants, seq);
    let mut credits = ExpiringCredits::default();
    let mut places = places_between(grants, seq, last);
    places.extend(sums.0.keys().filter(|place| (first..=last).contains(place)));
    places.sort_unstable();
    places.dedup();
    for place in places {
        if place > first {
            credits.use_up(sums.0.get(&place).copied().unwrap_or(Money::ZERO));
        }
        for grant in grants.iter().filter(|grant| grant.seq >= first) {
            if grant.seq == place {
                credits.give(grant.seq, grant.amount, grant.balance_after, grant.expires_at);
            }
            if grant.expired_seq == Some(place) {
                credits.end(grant.seq);
            }
        }
    }
    credits.end(seq)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(seq: i64, expired_seq: Option<i64>) -> Grant {
        let amount = Money::from_major(1);
        Grant { seq, amount, expires_at: Timestamp::from_seconds(seq), expired_seq, balance_after: amount }
    }

    #[test]
    fn only_credits_that_overlap_are_gone_through() {
        // The first ended before the second began, which overlaps the third, which overlaps the fourth.
        let grants = [grant(1, Some(4)), grant(5, Some(12)), grant(8, Some(20)), grant(15, None)];
        assert_eq!(first_line(&grants, 15), 5);
        assert_eq!(places_between(&grants, 15, 30), [5, 8, 12, 15, 20, 30]);
        assert_eq!(first_line(&grants, 1), 1);
        // A long one before a short one that is over.
        let grants = [grant(1, None), grant(3, Some(4)), grant(9, None)];
        assert_eq!(first_line(&grants, 9), 1);
    }
}
