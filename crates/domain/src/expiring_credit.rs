//! Credit that ends: which of it usage has consumed, and what is left to be taken back.
//!
//! Usage consumes the credit that ends first, before any money that was paid. See docs/decisions/0090-expiring-credit.md.

use crate::{Money, Timestamp};

/// What is left of each credit that ends, in the order in which usage consumes them.
///
/// It is built by going through a ledger: [`Self::give`] for every credit, [`Self::use_up`] for the usage between them,
/// [`Self::end`] where one has ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExpiringCredits(Vec<OpenCredit>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct OpenCredit {
    // The order of the fields is the order of consumption.
    expires_at: Timestamp,
    seq: i64,
    left: Money,
}

impl ExpiringCredits {
    /// A credit of `amount` posted as line `seq`, with the balance after it. What was owed before is paid by it first, so
    /// at most the balance is left of it.
    pub fn give(&mut self, seq: i64, amount: Money, balance_after: Money, expires_at: Timestamp) {
        let left = amount.min(balance_after).at_least(Money::ZERO);
        let credit = OpenCredit { expires_at, seq, left };
        let place = self.0.partition_point(|other| *other < credit);
        self.0.insert(place, credit);
    }

    /// Usage of this much, zero or positive; what the credits do not cover was paid by other money.
    pub fn use_up(&mut self, amount: Money) {
        let mut open = amount.at_least(Money::ZERO);
        for credit in &mut self.0 {
            let part = open.min(credit.left);
            // Neither leaves its range: the part is at most as large as either.
            credit.left = credit.left.checked_sub(part).unwrap_or(Money::ZERO);
            open = open.checked_sub(part).unwrap_or(Money::ZERO);
        }
    }

    /// The credit of line `seq` is over: what was left of it. Usage goes on with the others.
    pub fn end(&mut self, seq: i64) -> Money {
        let place = self.0.iter().position(|credit| credit.seq == seq);
        place.map_or(Money::ZERO, |place| self.0.remove(place).left)
    }
}

/// What is taken back of a credit that ends: what is left of it, and never more than is there and not held.
#[must_use]
pub fn taken_back(left: Money, available: Money) -> Money {
    left.min(available).at_least(Money::ZERO)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn money(amount: i64) -> Money {
        Money::from_micros(amount)
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    #[test]
    fn what_ends_first_is_consumed_first() {
        let mut credits = ExpiringCredits::default();
        credits.give(1, money(40), money(40), at(200));
        credits.give(2, money(10), money(50), at(100));
        credits.use_up(money(15));
        assert_eq!((credits.end(2), credits.end(1), credits.end(1)), (money(0), money(35), money(0)));
    }

    #[test]
    fn debt_is_paid_first() {
        let mut credits = ExpiringCredits::default();
        credits.give(1, money(40), money(30), at(1));
        credits.give(2, money(5), money(-2), at(2));
        assert_eq!((credits.end(1), credits.end(2)), (money(30), money(0)));
        assert_eq!(taken_back(money(30), money(12)), money(12));
        assert_eq!(taken_back(money(30), money(-1)), money(0));
        assert_eq!(taken_back(money(30), money(99)), money(30));
    }

    #[derive(Clone, Debug)]
    enum Event {
        Pay(i64),
        Give(i64, i64),
        Use(i64),
        End(prop::sample::Index),
    }

    fn events() -> impl Strategy<Value = Vec<Event>> {
        let event = prop_oneof![
            (1..60_i64).prop_map(Event::Pay),
            (1..40_i64, 0..20_i64).prop_map(|(amount, expires_at)| Event::Give(amount, expires_at)),
            (0..50_i64).prop_map(Event::Use),
            any::<prop::sample::Index>().prop_map(Event::End),
        ];
        prop::collection::vec(event, 0..40)
    }

    /// The wallet coin by coin: each coin is paid money or belongs to a credit, and usage takes the coin that ends first.
    #[derive(Default)]
    struct Coins {
        paid: i64,
        owed: i64,
        credit: Vec<(i64, i64)>,
    }

    impl Coins {
        fn add(&mut self, amount: i64, owner: Option<(i64, i64)>) {
            for _ in 0..amount {
                match owner {
                    _ if self.owed > 0 => self.owed -= 1,
                    Some(owner) => self.credit.push(owner),
                    None => self.paid += 1,
                }
            }
        }

        fn use_up(&mut self, amount: i64) {
            for _ in 0..amount {
                let first = self.credit.iter().enumerate().min_by_key(|(_, owner)| **owner).map(|(place, _)| place);
                match first {
                    Some(place) => drop(self.credit.remove(place)),
                    None if self.paid > 0 => self.paid -= 1,
                    None => self.owed += 1,
                }
            }
        }

        fn balance(&self) -> i64 {
            self.paid + i64::try_from(self.credit.len()).unwrap() - self.owed
        }
    }

    proptest! {
        #[test]
        fn it_is_as_if_coins_were_counted(events in events()) {
            let (mut credits, mut coins) = (ExpiringCredits::default(), Coins::default());
            let mut open: Vec<(i64, i64)> = Vec::new();
            for (seq, event) in (1..).zip(events) {
                match event {
                    Event::Pay(amount) => coins.add(amount, None),
                    Event::Give(amount, expires_at) => {
                        coins.add(amount, Some((expires_at, seq)));
                        credits.give(seq, money(amount), money(coins.balance()), at(expires_at));
                        open.push((expires_at, seq));
                    }
                    Event::Use(amount) => {
                        coins.use_up(amount);
                        credits.use_up(money(amount));
                    }
                    Event::End(index) if !open.is_empty() => {
                        let ended = open.remove(index.index(open.len()));
                        let before = coins.credit.len();
                        coins.credit.retain(|owner| *owner != ended);
                        let left = i64::try_from(before - coins.credit.len()).unwrap();
                        let taken = taken_back(credits.end(ended.1), money(coins.balance() + left));
                        prop_assert_eq!(taken, money(left));
                    }
                    Event::End(_) => {}
                }
            }
        }

        #[test]
        fn it_does_not_matter_how_usage_is_cut(amounts in prop::collection::vec(1..50_i64, 1..8), uses in prop::collection::vec(0..40_i64, 0..8)) {
            let mut whole = ExpiringCredits::default();
            for (seq, amount) in (1..).zip(&amounts) {
                whole.give(seq, money(*amount), money(1_000), at(seq * 7 % 5));
            }
            let mut cut = whole.clone();
            whole.use_up(money(uses.iter().sum()));
            for amount in &uses {
                cut.use_up(money(*amount));
            }
            prop_assert_eq!(&whole, &cut);
            let left: i64 = (1..).take(amounts.len()).map(|seq| whole.end(seq).micros()).sum();
            prop_assert_eq!(left, (amounts.iter().sum::<i64>() - uses.iter().sum::<i64>()).max(0));
        }
    }
}
