//! The words that several panels use for the same thing.

use billing_contract::card::Card;
use billing_domain::{TransactionKind, UsageKind};

use crate::parts::words::card_text;

/// A line's kind, as a word.
pub(super) const fn kind_word(kind: TransactionKind) -> &'static str {
    match kind {
        TransactionKind::OutboundCall => "Outbound call",
        TransactionKind::InboundCall => "Inbound call",
        TransactionKind::AiTask => "AI task",
        TransactionKind::TopUp => "Top-up",
        TransactionKind::AutoTopUp => "Automatic top-up",
        TransactionKind::Refund => "Refund",
        TransactionKind::Dispute => "Dispute",
        TransactionKind::Promo => "Credit",
        TransactionKind::Adjustment => "Correction",
    }
}

/// A kind of usage in the plural.
pub(super) const fn usage_words(kind: UsageKind) -> &'static str {
    match kind {
        UsageKind::OutboundCall => "Outbound calls",
        UsageKind::InboundCall => "Inbound calls",
        UsageKind::AiTask => "AI tasks",
    }
}

/// A kind of usage in the plural, inside a sentence.
pub(super) const fn usage_words_within(kind: UsageKind) -> &'static str {
    match kind {
        UsageKind::OutboundCall => "outbound calls",
        UsageKind::InboundCall => "inbound calls",
        UsageKind::AiTask => "AI tasks",
    }
}

/// The source of a line, or that it has none.
pub(super) fn source_words(source: &str) -> String {
    if source.is_empty() { "No source named".to_owned() } else { source.to_owned() }
}

/// `Visa •• 4242, expires 12/2030`.
pub(super) fn card_with_expiry(card: &Card) -> String {
    format!("{}, expires {:02}/{}", card_text(&card.brand, &card.last4), card.exp_month, card.exp_year)
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
