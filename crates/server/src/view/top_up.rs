//! A top-up as the page sees it.

use billing_contract::top_up::{CardSummary, Decline, NextAction, TopUp as TopUpView};
use billing_domain::Timestamp;
use billing_domain::charge::{DeclineCode, TopUpKind, TopUpStatus};
use billing_store::TopUp;

use crate::deadlines::charge_challenge_ends;
use crate::message::decline::advise_payer;

/// As the page sees it.
/// See docs/decisions/0031-link-payments-belong-to-the-payer.md.
pub(crate) fn map_top_up(top_up: &TopUp) -> TopUpView {
    let waits = top_up.status == TopUpStatus::ActionRequired;
    let refused = top_up.status == TopUpStatus::Declined;
    let status = match top_up.status {
        TopUpStatus::Created if top_up.taken_up => TopUpStatus::Processing,
        status => status,
    };
    TopUpView {
        id: top_up.id.to_string(),
        status,
        amount: top_up.amount,
        currency: top_up.currency,
        automatic: top_up.kind == TopUpKind::Auto,
        by_link: top_up.link_id.is_some(),
        created_at: top_up.created_at,
        settled_at: top_up.settled_at,
        card: CardSummary { brand: top_up.card_brand.clone(), last4: top_up.card_last4.clone() },
        next_action: top_up
            .next_action
            .as_deref()
            .filter(|_| waits)
            .and_then(|action| map_next_action(action, charge_challenge_ends(top_up))),
        decline: top_up.decline_code.filter(|_| refused).map(map_decline),
        wallet: None,
    }
}

/// A stored action of the provider in the words of the wire.
pub(crate) fn map_next_action(stored: &str, expires_at: Timestamp) -> Option<NextAction> {
    match serde_json::from_str(stored).ok()? {
        billing_payments::NextAction::SandboxChallenge => Some(NextAction::SandboxChallenge { expires_at }),
        billing_payments::NextAction::BrowserScript { client_secret, payment_method } => {
            let payment_method = payment_method.map(String::from);
            Some(NextAction::BrowserScript { client_secret, payment_method, expires_at })
        }
        // Behind payment links only, whose holders are answered by `pay`.
        billing_payments::NextAction::HostedPage { .. } => None,
    }
}

/// A decline in the words of the wire.
pub(crate) fn map_decline(code: DeclineCode) -> Decline {
    let message = advise_payer(code);
    Decline {
        code: code.as_str().to_owned(),
        message: message.english(),
        translation: Some(Box::new(message.on_the_wire())),
    }
}
