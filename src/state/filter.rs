//! Which ledger lines are wanted, as the address bar and the API write it.

use std::str::FromStr;

use billing_contract::paths;
use billing_contract::transaction::Transaction;
use billing_domain::{Date, TransactionKind};

/// Which lines are wanted; the default wants all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    /// Of these kinds; empty for all.
    pub(crate) kinds: Vec<TransactionKind>,
    /// From this day on, in the organization's zone.
    pub(crate) from: Option<Date>,
    /// Up to this day.
    pub(crate) to: Option<Date>,
    pub(crate) text: String,
}

impl Filter {
    /// Nothing is left out.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// As a query without its `?`: `kind=outbound_call,top_up&from=2026-11-01&q=ava`.
    pub(crate) fn to_query(&self) -> String {
        let mut query = String::new();
        let mut add = |name: &str, value: &str| {
            if !value.is_empty() {
                if !query.is_empty() {
                    query.push('&');
                }
                query.push_str(name);
                query.push('=');
                paths::push_encoded(&mut query, value);
            }
        };
        let kinds: Vec<&str> = self.kinds.iter().map(|kind| kind.as_str()).collect();
        add("kind", &kinds.join(","));
        add("from", &self.from.map(|date| date.to_string()).unwrap_or_default());
        add("to", &self.to.map(|date| date.to_string()).unwrap_or_default());
        add("q", self.text.trim());
        query
    }

    /// Out of a query with or without its `?`. What cannot be read is as if it were not there.
    pub(crate) fn from_query(query: &str) -> Self {
        let mut filter = Self::default();
        for pair in query.trim_start_matches('?').split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = decode_query(value);
            match name {
                "kind" => {
                    filter.kinds = value.split(',').filter_map(|name| TransactionKind::from_str(name).ok()).collect();
                }
                "from" => filter.from = value.parse().ok(),
                "to" => filter.to = value.parse().ok(),
                "q" => filter.text = value,
                _ => {}
            }
        }
        filter
    }

    /// Whether a line is wanted; `None` where only the server can tell: days are counted in the organization's zone,
    /// and words are its to find.
    pub(crate) fn admits(&self, line: &Transaction) -> Option<bool> {
        if !self.kinds.is_empty() && !self.kinds.contains(&line.kind) {
            return Some(false);
        }
        // No zone is a whole day away from UTC.
        let day = line.occurred_at.utc_date();
        let (early, late) = (day.plus_days(-1), day.plus_days(1));
        if self.from.is_some_and(|from| late < from) || self.to.is_some_and(|to| early > to) {
            return Some(false);
        }
        let surely = self.from.is_none_or(|from| early >= from) && self.to.is_none_or(|to| late <= to);
        (surely && self.text.trim().is_empty()).then_some(true)
    }
}

/// `%C3%BC+x` → `ü x`. Broken escapes stay as they are.
fn decode_query(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = match (first, tail) {
            (b'%', [high, low, ..]) => hex_digit(*high).zip(hex_digit(*low)).map(|(high, low)| (high << 4) | low),
            _ => None,
        };
        rest = if escaped.is_some() { tail.get(2..).unwrap_or_default() } else { tail };
        bytes.push(escaped.unwrap_or(if *first == b'+' { b' ' } else { *first }));
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

const fn hex_digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_address_bar_brings_back_what_it_was_given() {
        let filter = Filter {
            kinds: vec![TransactionKind::OutboundCall, TransactionKind::TopUp],
            from: Date::new(2026, 11, 1),
            to: Date::new(2026, 11, 30),
            text: "Ava & Ünal 100%".to_owned(),
        };
        assert_eq!(
            filter.to_query(),
            "kind=outbound_call%2Ctop_up&from=2026-11-01&to=2026-11-30&q=Ava%20%26%20%C3%9Cnal%20100%25"
        );
        assert_eq!(Filter::from_query(&format!("?{}", filter.to_query())), filter);
        assert_eq!(Filter::default().to_query(), "");
    }

    #[test]
    fn nonsense_in_the_address_filters_nothing() {
        let filter = Filter::from_query("?kind=weather,top_up&from=2026-02-30&to=&q&x=1&%zz=%");
        assert_eq!(filter, Filter { kinds: vec![TransactionKind::TopUp], ..Filter::default() });
        assert_eq!(decode_query("100%+%4"), "100% %4");
    }

    proptest! {
        #[test]
        fn any_words_survive_the_address(text in "\\PC{0,30}") {
            let filter = Filter { text: text.trim().to_owned(), ..Filter::default() };
            prop_assert_eq!(Filter::from_query(&filter.to_query()), filter);
        }
    }
}
