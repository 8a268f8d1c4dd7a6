//! Top-ups: one charge of a card for the wallet.

use billing_domain::charge::TopUpStatus;
use billing_domain::{Currency, Money, Timestamp};
use serde::{Deserialize, Serialize};

use crate::wallet::Wallet;
use crate::{Entered, Message};

/// `POST /top-ups`, with the header `Idempotency-Key`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateTopUp {
    /// Decimal string, whole minor units, within the limits.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    #[serde(default)]
    pub amount: Entered,
    /// The default card when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card_id: Option<String>,
    /// The member's request that this payment answers: it is approved once the money has arrived, not before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// The card, as much of it as may be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CardSummary {
    /// `visa`, `mastercard`, `amex` …
    pub brand: String,
    /// Last four digits, zeros kept.
    pub last4: String,
}

/// Why the bank refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Decline {
    /// The name of a [`billing_domain::charge::DeclineCode`].
    pub code: String,
    /// The sentence that the person reads.
    pub message: String,
    /// `message` for other languages than English.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub translation: Option<Box<Message>>,
}

/// What the cardholder has to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", from = "NextActionFields")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum NextAction {
    /// The sandbox bank asks for approval: answer with [`ChallengeAnswer`].
    SandboxChallenge {
        /// Afterwards it is too late.
        expires_at: Timestamp,
    },
    /// The provider's script in the page goes on: its form for a set-up, its challenge for a payment. Then ask the server
    /// (`…/check`); what the script says counts for nothing.
    BrowserScript {
        /// What the provider's script in the page opens the payment with; for this one step.
        client_secret: String,
        /// Where it is there, the payment was begun without the cardholder: the script confirms it anew with this card.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        payment_method: Option<String>,
        /// Afterwards it is too late.
        expires_at: Timestamp,
    },
}

/// What an action is read from. Reading a tagged enum directly buffers values of any type, which weighs much in the browser.
#[derive(Deserialize)]
struct NextActionFields {
    #[serde(rename = "type")]
    kind: NextActionKind,
    #[serde(default)]
    client_secret: String,
    #[serde(default)]
    payment_method: Option<String>,
    expires_at: Timestamp,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum NextActionKind {
    SandboxChallenge,
    BrowserScript,
}

impl From<NextActionFields> for NextAction {
    fn from(fields: NextActionFields) -> Self {
        match fields.kind {
            NextActionKind::SandboxChallenge => Self::SandboxChallenge { expires_at: fields.expires_at },
            NextActionKind::BrowserScript => Self::BrowserScript {
                client_secret: fields.client_secret,
                payment_method: fields.payment_method,
                expires_at: fields.expires_at,
            },
        }
    }
}

/// `POST /top-ups/{id}/challenge` and `POST /cards/setups/{id}/challenge`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChallengeAnswer {
    /// The cardholder said yes.
    pub approve: bool,
}

/// One charge of a card for the wallet, from intent to final state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TopUp {
    /// UUIDv7, under which its outcome is asked for.
    pub id: String,
    /// Where it stands; only some states are final, see [`TopUpStatus`].
    pub status: TopUpStatus,
    /// What the card is charged, positive, whole minor units.
    pub amount: Money,
    /// The wallet's currency.
    pub currency: Currency,
    /// Begun by automatic payments, not by a person.
    pub automatic: bool,
    /// Begun by whoever opened a payment link, who alone can confirm it.
    #[serde(default)]
    pub by_link: bool,
    /// When the intent was written.
    pub created_at: Timestamp,
    /// When the money arrived.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub settled_at: Option<Timestamp>,
    /// The card that is charged, as much as may be shown.
    pub card: CardSummary,
    /// With `action_required`: what the cardholder has to do.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub next_action: Option<NextAction>,
    /// With `declined`: why the bank refused.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub decline: Option<Decline>,
    /// In answers to requests, never in events or lists: the wallet afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wallet: Option<Box<Wallet>>,
}

impl TopUp {
    /// Begun by a member on the page.
    pub const fn is_manual(&self) -> bool {
        !self.automatic && !self.by_link
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_cardholder_has_to_do_reads_back_and_nothing_unknown_is_taken_for_it() {
        let action = NextAction::SandboxChallenge { expires_at: Timestamp::from_seconds(1_767_225_600) };
        let json = serde_json::to_string(&action).unwrap();
        assert_eq!(json, r#"{"type":"sandbox_challenge","expires_at":"2026-01-01T00:00:00Z"}"#);
        assert_eq!(serde_json::from_str::<NextAction>(&json).unwrap(), action);
        assert!(serde_json::from_str::<NextAction>(&json.replace("sandbox", "other")).is_err());
        let expires_at = Timestamp::from_seconds(1_767_225_600);
        for payment_method in [None, Some("pm_1".to_owned())] {
            let client_secret = "seti_1_secret_2".to_owned();
            let script = NextAction::BrowserScript { client_secret, payment_method, expires_at };
            assert_eq!(serde_json::from_str::<NextAction>(&serde_json::to_string(&script).unwrap()).unwrap(), script);
        }
    }
}
