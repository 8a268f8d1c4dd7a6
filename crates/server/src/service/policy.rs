//! When work of an organization is refused: the operator's settings, and what differs from them here.

use billing_domain::grace::Policy;
use billing_store::Organization;

use crate::config::Config;

/// The policy that holds for this organization.
pub(crate) fn policy_of(config: &Config, organization: &Organization) -> Policy {
    let (standard, own) = (config.policy(organization.currency), &organization.policy);
    Policy {
        require_card: own.require_card.unwrap_or(standard.require_card),
        grace_seconds: own.grace_seconds.unwrap_or(standard.grace_seconds),
        grace_amount: own.grace_amount.unwrap_or(standard.grace_amount),
    }
}
