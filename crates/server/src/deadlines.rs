//! How long the server waits: for cardholders, for the provider, and for whoever is at the same row.

use std::time::Duration;

use billing_domain::Timestamp;
use billing_domain::auto_pay::CONFIRM_SECONDS;
use billing_domain::charge::TopUpKind;
use billing_store::{CardSetup, TopUp};

/// A cardholder who sits at the page and has not confirmed by then will not.
const CHALLENGE_SECONDS: i64 = 15 * 60;
/// Whoever has not confirmed or finished connecting a card by then will not.
/// See docs/decisions/0028-abandoned-attempts.md.
pub(crate) const ABANDONED_SECONDS: i64 = 30 * 60;
/// When a worker may take a charge over from the task that is started with it.
pub(crate) const HANDOVER_SECONDS: i64 = 10;
/// How long a request waits for the outcome before it answers with the state as it is.
pub(crate) const OUTCOME_PATIENCE: Duration = Duration::from_secs(5);
/// Between two tries to lease a row that somebody else is at.
pub(crate) const LEASE_RETRY: Duration = Duration::from_millis(100);

/// When a cardholder who has not confirmed a payment is not waited for any more.
pub(crate) fn charge_challenge_ends(top_up: &TopUp) -> Timestamp {
    top_up.created_at.plus_seconds(match top_up.kind {
        TopUpKind::Manual => CHALLENGE_SECONDS,
        TopUpKind::Auto => CONFIRM_SECONDS,
    })
}

/// When a cardholder who has not finished connecting a card is not waited for any more.
pub(crate) fn setup_challenge_ends(setup: &CardSetup) -> Timestamp {
    setup.created_at.plus_seconds(ABANDONED_SECONDS)
}
