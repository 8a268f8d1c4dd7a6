//! A payment link as its maker sees it.

use billing_contract::link::{LinkSettings, PaymentLink as PaymentLinkView};
use billing_domain::Timestamp;
use billing_domain::auto_pay::Settings;
use billing_store::PaymentLink;

/// As its maker sees it.
pub(crate) fn map_payment_link(link: &PaymentLink, now: Timestamp) -> PaymentLinkView {
    PaymentLinkView {
        id: link.id.to_string(),
        purpose: link.purpose,
        state: link.state(now),
        amount: link.amount,
        currency: link.currency,
        auto_pay: link.settings.map(map_link_settings),
        note: link.note.clone(),
        created_by: link.created_by_name.clone(),
        created_at: link.created_at,
        expires_at: link.expires_at,
        opened_at: link.opened_at,
        completed_at: link.completed_at,
        revoked_at: link.revoked_at,
        declined_cards: link.declines,
    }
}

/// The automatic payments that it switches on.
pub(crate) fn map_link_settings(settings: Settings) -> LinkSettings {
    LinkSettings { threshold: settings.threshold, refill: settings.refill, monthly_cap: settings.monthly_cap }
}
