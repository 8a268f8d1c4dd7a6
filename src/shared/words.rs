//! The words for a card, for a role and for what automatic payments will do, wherever they are shown.

use billing_contract::top_up::Decline;
use billing_domain::auto_pay::{Refill, Settings};
use billing_domain::card::brand_name;
use billing_domain::{Money, Role};

use crate::texts;

/// `Visa •• 4242`, never broken between two lines.
pub(crate) fn card_text(brand: &str, last4: &str) -> String {
    let brand = if brand.is_empty() { texts::cards::unnamed() } else { brand_name(brand) };
    format!("{brand}\u{a0}••\u{a0}{last4}")
}

/// Why a card was refused and what to do, in the page's language.
pub(crate) fn decline_text(decline: &Decline) -> String {
    texts::translate_sentence(&decline.message, decline.translation.as_deref())
}

/// The mandate in words, which the person confirms.
pub(crate) fn mandate_text(settings: &Settings, card: &str, write: impl Fn(Money) -> String) -> String {
    let (threshold, cap) = (write(settings.threshold), write(settings.monthly_cap));
    match settings.refill {
        Refill::Fixed { amount } => texts::mandate::fixed(&threshold, card, &write(amount), &cap),
        Refill::Target { balance } => texts::mandate::target(&threshold, card, &write(balance), &cap),
    }
}

/// What somebody may do, in a word.
pub(crate) fn role_word(role: Role) -> &'static str {
    match role {
        Role::Owner => texts::roles::owner(),
        Role::Admin => texts::roles::admin(),
        Role::Member => texts::roles::member(),
    }
}

/// Which wording of a consent was shown: its version, and the language unless that is English.
pub(crate) fn consent_wording(version: &str) -> String {
    texts::other_language().map_or_else(|| version.to_owned(), |code| format!("{version}-{code}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mandate_names_threshold_amount_cap_and_card() {
        let money = Money::from_major;
        let write = |amount: Money| format!("${amount}");
        let settings =
            Settings { threshold: money(20), refill: Refill::Fixed { amount: money(50) }, monthly_cap: money(500) };
        assert_eq!(
            mandate_text(&settings, "Visa •• 4242", write),
            "Whenever the balance falls to $20.00 or below, Visa •• 4242 is charged $50.00. Never more than $500.00 in a calendar month."
        );
    }
}
