//! Cards, and connecting one, as the page sees them.

use billing_contract::card::{Card as CardView, CardSetup as CardSetupView, CardSetupStatus};
use billing_contract::top_up::CardSummary;
use billing_store::{Card, CardSetup, SetupStatus};

use crate::deadlines::setup_challenge_ends;
use crate::view::top_up::{map_decline, map_next_action};

/// As the page sees it.
pub(crate) fn map_card(card: &Card) -> CardView {
    CardView {
        id: card.id.to_string(),
        brand: card.brand.clone(),
        last4: card.last4.clone(),
        exp_month: u8::try_from(card.exp_month).unwrap_or_default(),
        exp_year: u16::try_from(card.exp_year).unwrap_or_default(),
        is_default: card.is_default,
        created_at: card.created_at,
        removed: false,
    }
}

/// Where connecting a card stands.
pub(crate) fn map_card_setup(setup: &CardSetup, card: Option<&Card>) -> CardSetupView {
    let expires_at = setup_challenge_ends(setup);
    CardSetupView {
        id: setup.id.to_string(),
        status: match setup.status {
            SetupStatus::Pending => CardSetupStatus::Pending,
            SetupStatus::ActionRequired => CardSetupStatus::ActionRequired,
            SetupStatus::Succeeded => CardSetupStatus::Succeeded,
            SetupStatus::Failed => CardSetupStatus::Failed,
        },
        next_action: setup
            .next_action
            .as_deref()
            .filter(|_| setup.status == SetupStatus::ActionRequired)
            .and_then(|action| map_next_action(action, expires_at)),
        decline: setup.decline_code.filter(|_| setup.status == SetupStatus::Failed).map(map_decline),
        card: card.map(map_card),
        wallet: None,
    }
}

/// What somebody without an account sees of a card.
pub(crate) fn map_card_summary(card: &Card) -> CardSummary {
    CardSummary { brand: card.brand.clone(), last4: card.last4.clone() }
}
