//! One attempt to pay and its idempotency key, kept over time-outs, retries and reloads until the outcome is known.

use billing_domain::Money;
use serde::{Deserialize, Serialize};

use crate::platform::json::decode_json;
use crate::platform::{random, storage};

/// Where the tab keeps it.
const NAME: &str = "top-up-attempt";

/// What a person asked to be charged, and the key that makes it one charge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PaymentAttempt {
    /// Sent with every try.
    pub(crate) key: String,
    pub(crate) amount: Money,
    pub(crate) card_id: String,
    /// The member's request that this money answers.
    pub(crate) request_id: Option<String>,
    /// The top-up's id, once the server has answered.
    pub(crate) top_up_id: Option<String>,
}

impl PaymentAttempt {
    /// The stored attempt when it is for exactly this form and has not become a top-up yet, else a new one with a new key.
    pub(crate) fn for_form(amount: Money, card_id: &str, request_id: Option<String>) -> Self {
        Self::continued(stored_attempt(), amount, card_id, request_id, random::new_uuid)
    }

    fn continued(
        stored: Option<Self>,
        amount: Money,
        card_id: &str,
        request_id: Option<String>,
        new_key: impl FnOnce() -> String,
    ) -> Self {
        let same = |old: &Self| {
            old.amount == amount && old.card_id == card_id && old.request_id == request_id && old.top_up_id.is_none()
        };
        match stored.filter(same) {
            Some(old) => old,
            None => Self { key: new_key(), amount, card_id: card_id.to_owned(), request_id, top_up_id: None },
        }
    }

    /// Keeps it for the next document of this tab. Where storage is forbidden the key lives as long as the page.
    pub(crate) fn store(&self) {
        if let Ok(text) = serde_json::to_string(self) {
            storage::set_item(NAME, &text);
        }
    }
}

/// The attempt whose outcome is not known yet, if there is one.
pub(crate) fn stored_attempt() -> Option<PaymentAttempt> {
    decode_json(&storage::get_item(NAME)?)
}

/// The outcome is known: the next attempt gets a key of its own.
pub(crate) fn forget_attempt() {
    storage::remove_item(NAME);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(major: i32, card: &str, old: Option<PaymentAttempt>) -> PaymentAttempt {
        PaymentAttempt::continued(old, Money::from_major(major), card, None, || "new".to_owned())
    }

    #[test]
    fn the_same_form_keeps_its_key_until_the_outcome_is_known() {
        let first = PaymentAttempt { key: "first".to_owned(), ..attempt(100, "visa", None) };
        assert_eq!(attempt(100, "visa", Some(first.clone())).key, "first");
        assert_eq!(attempt(100, "visa", None).key, "new");
    }

    #[test]
    fn a_changed_form_and_a_payment_after_a_finished_one_get_a_new_key() {
        let first = PaymentAttempt { key: "first".to_owned(), ..attempt(100, "visa", None) };
        assert_eq!(attempt(101, "visa", Some(first.clone())).key, "new");
        assert_eq!(attempt(100, "amex", Some(first.clone())).key, "new");
        let for_max = PaymentAttempt { request_id: Some("max".to_owned()), ..first.clone() };
        assert_eq!(attempt(100, "visa", Some(for_max)).key, "new", "the server takes it for another request");
        let known = PaymentAttempt { top_up_id: Some("t".to_owned()), ..first };
        assert_eq!(attempt(100, "visa", Some(known)).key, "new");
    }

    #[test]
    fn what_is_stored_reads_back() {
        let first = attempt(100, "visa", None);
        assert_eq!(serde_json::from_str::<PaymentAttempt>(&serde_json::to_string(&first).unwrap()).unwrap(), first);
    }
}
