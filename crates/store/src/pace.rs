//! How much and how often people may add money manually: counted under the wallet's lock, in the transaction that writes the
//! top-up, so that parallel requests cannot pass a limit together.

use billing_domain::{Money, OrganizationId, Timestamp};

use crate::db::{Tx, args};
use crate::{Result, StoreError};

const HOUR_SECONDS: i64 = 3_600;
const DAY_SECONDS: i64 = 24 * 3_600;
/// Of an organization within an hour: whoever has more cards declined is trying numbers.
const DECLINED_SETUPS: i64 = 5;

/// What may be begun in a span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaceAllowance {
    /// So many top-ups, whatever becomes of them.
    pub count: u32,
    /// So much in sum, of those that are not refused.
    pub sum: Money,
}

/// The limits on a person's top-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Within the last hour.
    pub hour: PaceAllowance,
    /// Within the last 24 hours.
    pub day: PaceAllowance,
    /// More than this only once the person has proved that it is them; `None`: they have.
    pub unconfirmed: Option<Money>,
}

/// `Unconfirmed`, or `TooFast` if one more top-up would pass a limit.
pub(crate) async fn check_pace(
    tx: &mut Tx,
    organization_id: &OrganizationId,
    amount: Money,
    pace: Pace,
    now: Timestamp,
) -> Result<()> {
    // Before the sums: a large amount is refused for lack of proof, whatever the pace says.
    if pace.unconfirmed.is_some_and(|most| amount > most) {
        return Err(StoreError::Unconfirmed);
    }
    for (allowance, seconds) in [(pace.hour, HOUR_SECONDS), (pace.day, DAY_SECONDS)] {
        // Refused charges count as tries, not as money. Automatic charges and payments by link have limits of their
        // own.
        let sql =
            "SELECT COUNT(*) AS count, CAST(COALESCE(SUM(CASE WHEN status IN ('declined', 'expired') THEN 0 ELSE amount END), 0)
                AS BIGINT) AS sum, MIN(created_at) AS oldest
            FROM top_ups WHERE organization_id = $1 AND created_at > $2 AND requested_by IS NOT NULL";
        let row = tx.first(sql, args![organization_id, now.plus_seconds(-seconds)]).await?;
        let Some(row) = row else { continue };
        let (count, sum): (i64, Money) = (row.get("count")?, row.get("sum")?);
        let oldest: Option<Timestamp> = row.get("oldest")?;
        let fits = sum.checked_add(amount).is_some_and(|sum| sum <= allowance.sum);
        if count >= i64::from(allowance.count) || !fits {
            // The oldest leaves the window first; with a sum that may not be enough, and the answer is then the same
            // again.
            return Err(StoreError::TooFast { again_at: oldest.unwrap_or(now).plus_seconds(seconds) });
        }
    }
    Ok(())
}

/// `TooFast` once as many set-ups were declined within the last hour as may be. Those on their way count, since each of them
/// may be the next one.
pub(crate) async fn check_setups(tx: &mut Tx, organization_id: &OrganizationId, now: Timestamp) -> Result<()> {
    // Attempts behind links are counted by the link: see docs/decisions/0033-link-limits.md.
    let sql = "SELECT COUNT(*) AS count, MIN(updated_at) AS oldest FROM card_setups
        WHERE organization_id = $1 AND link_id IS NULL AND updated_at > $2
            AND (decline_code IS NOT NULL OR status = 'pending')";
    let row = tx.first(sql, args![organization_id, now.plus_seconds(-HOUR_SECONDS)]).await?;
    let Some(row) = row else { return Ok(()) };
    let oldest: Option<Timestamp> = row.get("oldest")?;
    if row.get::<i64>("count")? >= DECLINED_SETUPS {
        return Err(StoreError::TooFast { again_at: oldest.unwrap_or(now).plus_seconds(HOUR_SECONDS) });
    }
    Ok(())
}
