//! A ledger line as clients read it.

use billing_contract::transaction::Transaction;
use billing_store::PostedLine;

use crate::message::ledger;

pub(crate) fn map_transaction(posted: PostedLine) -> Transaction {
    let translation = ledger::description_of(&posted.line).map(|message| Box::new(message.on_the_wire()));
    let source_translation = ledger::source_of(&posted.line).map(|message| Box::new(message.on_the_wire()));
    Transaction { translation, source_translation, ..map_hashed(posted) }
}

/// Only what the line's hash covers, and the hash.
pub(crate) fn map_hashed(posted: PostedLine) -> Transaction {
    let PostedLine { line, hash } = posted;
    Transaction {
        translation: None,
        source_translation: None,
        seq: line.seq,
        id: line.id.into(),
        kind: line.kind,
        contra: line.contra,
        amount: line.amount,
        balance_after: line.balance_after,
        currency: line.currency,
        occurred_at: line.occurred_at,
        posted_at: line.posted_at,
        description: line.description,
        source: line.source,
        quantity: line.quantity,
        unit: line.unit,
        unit_price: line.unit_price,
        reference: line.reference,
        corrects: line.corrects,
        details: line.details,
        hash,
    }
}
