//! Which of the lines that the stream brought belong into the list.

use std::sync::Arc;

use billing_contract::transaction::Transaction;

use crate::state::filter::Filter;

/// What is new since the line `newest`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Arrivals {
    /// Wanted lines, oldest first.
    pub(super) wanted: Vec<Arc<Transaction>>,
    /// Some lines may be wanted; only the server can tell.
    pub(super) unsure: bool,
    /// Lines are missing in between: the list has to be read anew.
    pub(super) gap: bool,
    /// The newest line that was looked at.
    pub(super) newest: i64,
}

/// Looks at the recent lines, oldest first.
pub(super) fn arrivals_since(newest: i64, recent: &[Transaction], filter: &Filter) -> Arrivals {
    let mut arrivals = Arrivals { newest, ..Arrivals::default() };
    for line in recent.iter().filter(|line| line.seq > newest) {
        arrivals.gap |= line.seq > arrivals.newest + 1;
        arrivals.newest = line.seq;
        match filter.admits(line) {
            Some(true) => arrivals.wanted.push(Arc::new(line.clone())),
            Some(false) => {}
            None => arrivals.unsure = true,
        }
    }
    arrivals
}

#[cfg(test)]
pub(super) mod tests {
    use billing_domain::{Currency, Money, Timestamp, TransactionKind};

    use super::*;

    pub(in super::super) fn line_at(seq: i64, kind: TransactionKind) -> Transaction {
        Transaction {
            seq,
            id: seq.to_string(),
            kind,
            contra: String::new(),
            amount: Money::ZERO,
            balance_after: Money::ZERO,
            currency: Currency::Usd,
            occurred_at: Timestamp::from_seconds(1_764_000_000),
            posted_at: Timestamp::from_seconds(1_764_000_000),
            description: String::new(),
            translation: None,
            source: String::new(),
            source_translation: None,
            quantity: None,
            unit: None,
            unit_price: None,
            reference: String::new(),
            corrects: None,
            details: billing_domain::TextMap::default(),
            hash: billing_domain::ledger::Hash::GENESIS,
        }
    }

    #[test]
    fn only_what_is_new_and_wanted_is_added_oldest_first() {
        let recent: Vec<Transaction> = (1..=5)
            .map(|seq| line_at(seq, if seq == 4 { TransactionKind::TopUp } else { TransactionKind::AiTask }))
            .collect();
        let filter = Filter { kinds: vec![TransactionKind::AiTask], ..Filter::default() };
        let arrivals = arrivals_since(2, &recent, &filter);
        let seqs: Vec<i64> = arrivals.wanted.iter().map(|line| line.seq).collect();
        assert_eq!((seqs, arrivals.newest, arrivals.gap, arrivals.unsure), (vec![3, 5], 5, false, false));
        assert_eq!(arrivals_since(5, &recent, &filter), Arrivals { newest: 5, ..Arrivals::default() });
    }

    #[test]
    fn a_missing_line_and_words_are_left_to_the_server() {
        let recent = [line_at(9, TransactionKind::AiTask)];
        assert!(arrivals_since(7, &recent, &Filter::default()).gap);
        let words = Filter { text: "ava".to_owned(), ..Filter::default() };
        let arrivals = arrivals_since(8, &recent, &words);
        assert!(arrivals.unsure && arrivals.wanted.is_empty());
        let past = Filter { to: billing_domain::Date::new(2020, 1, 1), ..Filter::default() };
        assert!(!arrivals_since(8, &recent, &past).unsure);
    }
}
