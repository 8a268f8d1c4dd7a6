//! Lines on their way into a ledger: what a checked usage line is, and how it is posted.

use billing_domain::kind::Unit;
use billing_domain::pricing::{self, PricingError};
use billing_domain::{Money, Timestamp, UsageKind};
use rust_decimal::Decimal;

/// A usage line that has passed every check, with its price worked out once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UsageLine {
    /// The platform's id, unique per organisation for ever.
    pub(crate) reference: String,
    /// What was used.
    pub(crate) kind: UsageKind,
    /// Plain decimal.
    pub(crate) quantity: String,
    /// What `quantity` counts.
    pub(crate) unit: Unit,
    /// Plain decimal.
    pub(crate) unit_price: String,
    /// What it costs, zero or positive.
    pub(crate) cost: Money,
    /// When it happened.
    pub(crate) occurred_at: Timestamp,
    /// For people.
    pub(crate) description: String,
    /// Agent or mechanism.
    pub(crate) source: String,
    /// The hold that it captures.
    pub(crate) hold_id: Option<String>,
}

impl UsageLine {
    /// A line without a hold, priced now.
    #[expect(clippy::too_many_arguments, reason = "a line has that many facts, all of them needed")]
    pub(crate) fn priced(
        reference: String,
        kind: UsageKind,
        quantity: Decimal,
        unit: Unit,
        unit_price: Decimal,
        occurred_at: Timestamp,
        description: String,
        source: String,
    ) -> Result<Self, PricingError> {
        let cost = pricing::cost(quantity, unit_price)?;
        let (quantity, unit_price) = (quantity.normalize().to_string(), unit_price.normalize().to_string());
        Ok(Self { reference, kind, quantity, unit, unit_price, cost, occurred_at, description, source, hold_id: None })
    }

    /// What it adds to the balance: zero or negative.
    pub(crate) fn amount(&self) -> Money {
        // A cost is never negative, so it has an opposite.
        self.cost.checked_neg().unwrap_or(Money::ZERO)
    }
}
