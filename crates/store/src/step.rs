//! What moved a wallet, summed by steps of a few minutes and kept in step with the ledger by every posting.

use billing_domain::auto_pay::history::STEP_SECONDS;
use billing_domain::kind::FundsFlow;
use billing_domain::{Money, OrganizationId, Timestamp, TransactionKind};

use crate::db::{Tx, args, columns};
use crate::{Result, Store, StoreError, WalletId};

/// What moved a wallet in one step of [`STEP_SECONDS`], by when it was posted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WalletStep {
    /// Number of the step since 1970.
    pub step: i64,
    /// What was used in it, positive.
    pub used: Money,
    /// Manual top-ups, refunds of them, corrections; signed.
    pub by_hand: Money,
    /// Automatic top-ups, and what was taken back of them; signed.
    pub automatic: Money,
}

columns!(step_columns, WalletStep { step, used, by_hand, automatic });

/// A wallet's steps, read in one state of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalletSteps {
    /// The balance where the first asked step begins.
    pub opening: Money,
    /// The first step in which anything ever moved; `None` while nothing has.
    pub first: Option<i64>,
    /// The asked steps in which anything moved, in order.
    pub steps: Vec<WalletStep>,
}

/// The step of an instant.
pub const fn step_of(at: Timestamp) -> i64 {
    at.seconds().div_euclid(STEP_SECONDS)
}

impl Store {
    /// The steps from `from` up to the one before `until`, or `NotFound` without a wallet. Reads one row a step,
    /// however many lines it has.
    pub async fn wallet_steps(&self, organization_id: &OrganizationId, from: i64, until: i64) -> Result<WalletSteps> {
        // A snapshot, because the balance and the steps must be of one moment.
        let mut tx = self.db.snapshot().await?;
        let steps = read_steps(&mut tx, organization_id, from, until).await;
        tx.rollback().await?;
        steps
    }
}

async fn read_steps(tx: &mut Tx, organization_id: &OrganizationId, from: i64, until: i64) -> Result<WalletSteps> {
    let sql = "SELECT wallet_id, balance FROM wallets WHERE organization_id = $1";
    let row = tx.first(sql, args![organization_id]).await?.ok_or(StoreError::NotFound)?;
    let wallet: WalletId = row.get("wallet_id")?;
    let mut opening = row.get("balance")?;
    let sql = "SELECT step FROM wallet_steps WHERE wallet_id = $1 ORDER BY step LIMIT 1";
    let first = tx.first(sql, args![wallet]).await?.map(|row| row.get("step")).transpose()?;
    // All steps since `from`, even those after `until`: the opening balance is counted back from the present one.
    let sql =
        concat!("SELECT ", step_columns!(), " FROM wallet_steps WHERE wallet_id = $1 AND step >= $2 ORDER BY step");
    let mut steps = Vec::new();
    for row in tx.all(sql, args![wallet, from]).await? {
        let moved = WalletStep::read(&row)?;
        // From the present balance back: exact, whatever clocks of several servers say.
        opening = moved.taken_from(opening).ok_or(StoreError::Overflow)?;
        if moved.step < until {
            steps.push(moved);
        }
    }
    Ok(WalletSteps { opening, first, steps })
}

impl WalletStep {
    fn taken_from(&self, balance: Money) -> Option<Money> {
        balance.checked_add(self.used)?.checked_sub(self.by_hand)?.checked_sub(self.automatic)
    }

    /// Counts a line with its signed amount. `None`: a sum would leave its range.
    /// See docs/decisions/0009-wallet-steps.md.
    pub(crate) fn count(&mut self, kind: TransactionKind, amount: Money) -> Option<()> {
        match kind.flow() {
            FundsFlow::Usage => self.used = self.used.checked_sub(amount)?,
            FundsFlow::Automatic => self.automatic = self.automatic.checked_add(amount)?,
            FundsFlow::Manual => self.by_hand = self.by_hand.checked_add(amount)?,
        }
        Some(())
    }
}

/// Adds what moved to its step.
pub(crate) async fn add_to_step(tx: &mut Tx, wallet: WalletId, moved: &WalletStep) -> Result<()> {
    // One row a step, whatever is posted in it; see docs/decisions/0009-wallet-steps.md.
    let sql = "INSERT INTO wallet_steps (wallet_id, step, used, by_hand, automatic) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (wallet_id, step) DO UPDATE SET used = wallet_steps.used + excluded.used,
            by_hand = wallet_steps.by_hand + excluded.by_hand, automatic = wallet_steps.automatic + excluded.automatic";
    tx.execute(sql, args![wallet, moved.step, moved.used, moved.by_hand, moved.automatic]).await?;
    Ok(())
}

/// What was just posted as manual belongs to an automatic top-up.
pub(crate) async fn as_automatic(tx: &mut Tx, wallet: WalletId, amount: Money, now: Timestamp) -> Result<()> {
    let by_hand = amount.checked_neg().ok_or(StoreError::Overflow)?;
    let moved = WalletStep { step: step_of(now), by_hand, automatic: amount, ..WalletStep::default() };
    add_to_step(tx, wallet, &moved).await
}
