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
        TransactionKind::Promo if !came => {
            return Some(UserMessage::ledger_credit_expired()).filter(|message| message.english() == line.description);
        }
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

#[cfg(test)]
mod tests {

    use billing_domain::{Currency, OrganizationId, TextMap, Timestamp, TransactionId};

    use super::*;

    fn line(kind: TransactionKind, amount: i32, description: &str, source: &str) -> Line {
        Line {
            organization_id: OrganizationId::from_trusted(""),
            seq: 1,
            id: TransactionId::from_trusted(""),
            kind,
            contra: String::new(),
            amount: Money::from_major(amount),
            balance_after: Money::ZERO,
            currency: Currency::Usd,
            occurred_at: Timestamp::from_seconds(0),
            posted_at: Timestamp::from_seconds(0),
            description: description.to_owned(),
            source: source.to_owned(),
            quantity: None,
            unit: None,
            unit_price: None,
            reference: String::new(),
            corrects: None,
            details: TextMap::default(),
        }
    }

    /// The texts stand in ledgers: they must stay as they are.
    #[test]
    fn what_ledgers_have_stored_keeps_its_code() {
        for (kind, amount, description, code) in [
            (TransactionKind::TopUp, 25, "Top-up with Visa •• 4242", "ledger_top_up"),
            (TransactionKind::AutoTopUp, 25, "Automatic top-up with Visa •• 4242", "ledger_automatic_top_up"),
            (TransactionKind::Refund, -25, "Refund of top-up with Visa •• 4242", "ledger_refund"),
            (TransactionKind::Refund, 25, "Failed refund of top-up with Visa •• 4242", "ledger_refund_failed"),
            (TransactionKind::Dispute, -25, "Disputed top-up with Visa •• 4242", "ledger_disputed"),
            (TransactionKind::Dispute, 25, "Dispute won: top-up with Visa •• 4242", "ledger_dispute_won"),
        ] {
            let message = description_of(&line(kind, amount, description, "")).unwrap().on_the_wire();
            assert_eq!((message.code.as_str(), message.params.get("card")), (code, Some("Visa •• 4242")));
        }
        let expired = description_of(&line(TransactionKind::Promo, -25, "Credit expired", "")).unwrap();
        assert_eq!(expired.on_the_wire().code, "ledger_credit_expired");
        for (source, code) in [
            ("Payment link", "source_payment_link"),
            ("Automatic payments", "source_automatic_payments"),
            ("Card's bank", "source_card_bank"),
            ("Operator", "source_operator"),
            ("Payment provider", "source_payment_provider"),
        ] {
            let message = source_of(&line(TransactionKind::TopUp, 1, "", source)).unwrap();
            assert_eq!(message.on_the_wire().code, code);
        }
    }

    #[test]
    fn what_others_have_worded_has_no_code() {
        for (kind, description) in [
            (TransactionKind::AiTask, "Top-up with Visa •• 4242"),
            (TransactionKind::Promo, "Credit expired"),
            (TransactionKind::Promo, "Welcome credit with Visa •• 4242"),
            (TransactionKind::TopUp, "Paid in with Visa •• 4242"),
            (TransactionKind::Refund, "Top-up with Visa •• 4242"),
            (TransactionKind::TopUp, ""),
        ] {
            assert_eq!(description_of(&line(kind, 25, description, "")), None, "{kind} {description}");
        }
        assert_eq!(source_of(&line(TransactionKind::AiTask, -1, "", "Operator")), None, "an agent of that name");
        assert_eq!(source_of(&line(TransactionKind::TopUp, 1, "", "Olivia Hart")), None);
    }
}
