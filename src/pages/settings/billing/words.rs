//! The words that several panels use for the same thing.

use billing_contract::card::Card;
use billing_domain::{TransactionKind, UsageKind};

use crate::platform::intl;
use crate::shared::words::card_text;
use crate::texts;

/// A line's kind, as a word.
pub(super) fn kind_word(kind: TransactionKind) -> &'static str {
    match kind {
        TransactionKind::OutboundCall => texts::kinds::outbound_call(),
        TransactionKind::InboundCall => texts::kinds::inbound_call(),
        TransactionKind::AiTask => texts::kinds::ai_task(),
        TransactionKind::TopUp => texts::kinds::top_up(),
        TransactionKind::AutoTopUp => texts::kinds::auto_top_up(),
        TransactionKind::Refund => texts::kinds::refund(),
        TransactionKind::Dispute => texts::kinds::dispute(),
        TransactionKind::Promo => texts::kinds::promo(),
        TransactionKind::Adjustment => texts::kinds::adjustment(),
    }
}

/// A kind of usage in the plural.
pub(super) fn usage_words(kind: UsageKind) -> &'static str {
    match kind {
        UsageKind::OutboundCall => texts::kinds::outbound_calls(),
        UsageKind::InboundCall => texts::kinds::inbound_calls(),
        UsageKind::AiTask => texts::kinds::ai_tasks(),
    }
}

/// A kind of usage in the plural, inside a sentence.
pub(super) fn usage_words_within(kind: UsageKind) -> &'static str {
    match kind {
        UsageKind::OutboundCall => texts::kinds::outbound_calls_within(),
        UsageKind::InboundCall => texts::kinds::inbound_calls_within(),
        UsageKind::AiTask => texts::kinds::ai_tasks_within(),
    }
}

/// The source of a line, or that it has none.
pub(super) fn source_words(source: &str) -> String {
    if source.is_empty() { texts::kinds::no_source().to_owned() } else { source.to_owned() }
}

/// `Visa •• 4242, expires 12/2030`.
pub(super) fn card_with_expiry(card: &Card) -> String {
    texts::cards::with_expiry(&card_text(&card.brand, &card.last4), &expiry_text(card.exp_month, card.exp_year))
}

/// A decimal as the server writes it, in the figures of the page's language; English shows it as it is.
pub(super) fn figure_text(decimal: &str) -> String {
    if texts::other_language().is_some() { intl::format_number(decimal) } else { decimal.to_owned() }
}

/// A count or a line's number, `12,345`; below zero there is none.
pub(super) fn count_text(count: i64) -> String {
    intl::format_count(u64::try_from(count).unwrap_or_default())
}

/// As on the card, `12/2030`.
pub(super) fn expiry_text(month: u8, year: u16) -> String {
    format!("{month:02}/{year}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_word_of_its_own() {
        for (index, kind) in TransactionKind::ALL.iter().enumerate() {
            assert!(TransactionKind::ALL[..index].iter().all(|other| kind_word(*other) != kind_word(*kind)));
        }
    }
}
