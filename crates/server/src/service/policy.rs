//! When work of an organization is refused: the operator's settings, and what differs from them here.

use billing_domain::Currency;
use billing_domain::grace::Policy;
use billing_store::{Organization, OrganizationPolicy};

use crate::config::Config;

/// The policy that holds for this organization.
pub(crate) fn policy_of(config: &Config, organization: &Organization) -> Policy {
    merge_policy(config, organization.currency, &organization.policy)
}

/// The operator's policy for wallets in this currency, with what an organization has of its own.
pub(crate) fn merge_policy(config: &Config, currency: Currency, own: &OrganizationPolicy) -> Policy {
    let standard = config.policy(currency);
    Policy {
        require_card: own.require_card.unwrap_or(standard.require_card),
        grace_seconds: own.grace_seconds.unwrap_or(standard.grace_seconds),
        grace_amount: own.grace_amount.unwrap_or(standard.grace_amount),
    }
}
