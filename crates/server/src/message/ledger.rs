//! What the ledger itself writes on its lines, and how to say it in another language.
//!
//! A line stores its description in English, since the hash chain covers it. The code is no part of the line: it follows from
//! the kind, from whether money came or went, and from the card at the end of the description. What the platform reports, and
//! what operators write, is theirs and has no code.

use billing_domain::card::brand_name;
use billing_domain::ledger::Line;
use billing_domain::{Money, TransactionKind};

use super::UserMessage;

/// `Visa •• 4242`
pub(crate) fn card_name(brand: &str, last4: &str) -> String {
    format!("{} •• {last4}", brand_name(brand))
}

/// What the description of this line says, where the ledger has worded it.
pub(crate) fn description_of(line: &Line) -> Option<UserMessage> {
    let came = line.amount > Money::ZERO;
    let worded = match line.kind {
        TransactionKind::TopUp => UserMessage::ledger_top_up,
        TransactionKind::AutoTopUp => UserMessage::ledger_automatic_top_up,
        TransactionKind::Refund if came => UserMessage::ledger_refund_failed,
        TransactionKind::Refund => UserMessage::ledger_refund,
        TransactionKind::Dispute if came => UserMessage::ledger_dispute_won,
        TransactionKind::Dispute => UserMessage::ledger_disputed,
        _ => return None,
    };
    let (_, card) = line.description.rsplit_once(" with ")?;
    Some(worded(card)).filter(|message| message.english() == line.description)
}

/// What the source of this line says, where it is a mechanism of the ledger and no name.
pub(crate) fn source_of(line: &Line) -> Option<UserMessage> {
    if line.kind.usage().is_some() {
        return None;
    }
    let mechanisms = [
        UserMessage::source_payment_link(),
        UserMessage::source_automatic_payments(),
        UserMessage::source_card_bank(),
        UserMessage::source_operator(),
        UserMessage::source_payment_provider(),
    ];
    mechanisms.into_iter().find(|mechanism| mechanism.english() == line.source)
}
