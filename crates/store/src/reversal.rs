//! Lines that take a top-up back, in whole or in part, and those that return what was taken: refunds and disputes.

use billing_domain::charge::TopUpKind;
use billing_domain::{Money, OrganizationId, Timestamp, TransactionKind};

use crate::db::{Tx, args};
use crate::ledger::post_in;
use crate::wallet::of_wallet;
use crate::{CreditLine, LineOutcome, NewLine, Origin, Result, StoreError, TopUp, step};

/// Why a top-up goes back.
/// See docs/decisions/0022-debit-refunds-first.md.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reversal {
    /// The operator gives it back.
    Refund,
    /// The card's bank takes it back.
    Dispute,
}

/// One line of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReversalLine {
    /// Once for ever within refunds or disputes.
    pub(crate) reference: String,
    /// Negative where money is taken from the wallet.
    pub(crate) amount: Money,
    /// The `seq` of the line that this one returns.
    pub(crate) corrects: Option<i64>,
}

impl Reversal {
    const fn origin(self) -> Origin {
        match self {
            Self::Refund => Origin::Refund,
            Self::Dispute => Origin::Dispute,
        }
    }

    const fn kind(self) -> TransactionKind {
        match self {
            Self::Refund => TransactionKind::Refund,
            Self::Dispute => TransactionKind::Dispute,
        }
    }

    /// Posts a line against the top-up's processor. The reference makes the ledger itself refuse a second one.
    pub(crate) async fn post(
        self,
        tx: &mut Tx,
        top_up: &TopUp,
        movement: ReversalLine,
        credit: &CreditLine,
        now: Timestamp,
    ) -> Result<()> {
        let line = NewLine {
            id: credit.id.clone(),
            kind: self.kind(),
            origin: self.origin(),
            reference: movement.reference,
            // The same processor account as the credit, so that the two cancel out there.
            contra: format!("processor:{}", top_up.provider),
            amount: movement.amount,
            part: billing_domain::pricing::Remainder::ZERO,
            occurred_at: now,
            day: credit.day,
            description: credit.description.clone(),
            source: credit.source.clone(),
            quantity: None,
            unit: None,
            unit_price: None,
            corrects: movement.corrects,
            details: credit.details.clone(),
            hold_id: None,
        };
        let amount = line.amount;
        let posting = post_in(tx, &top_up.organization_id, &[line], now).await??;
        // The steps counted it as manual by its kind; what an automatic top-up brought counts as automatic.
        if top_up.kind == TopUpKind::Auto {
            step::as_automatic(tx, posting.wallet.id, amount, now).await?;
        }
        match posting.outcomes.first() {
            // A duplicate here means that the line was posted without its refund or dispute: nothing may build on
            // that.
            Some(LineOutcome::Posted(_)) => Ok(()),
            _ => Err(StoreError::Corrupt(format!("a {} is open, but its line is in the ledger", self.kind()))),
        }
    }

    /// The `seq` of the line that took the money.
    pub(crate) async fn debited_at(
        self,
        tx: &mut Tx,
        organization_id: &OrganizationId,
        reference: &str,
    ) -> Result<i64> {
        let sql = concat!(
            "SELECT seq FROM ledger WHERE ",
            of_wallet!(),
            " AND origin = $2 AND origin > 1 AND reference = $3"
        );
        let row = tx.first(sql, args![organization_id, self.origin(), reference]).await?;
        row.ok_or_else(|| StoreError::Corrupt(format!("{} {reference} has no debit", self.kind())))?.get("seq")
    }
}
