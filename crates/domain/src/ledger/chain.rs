//! Following a ledger line by line: the one rule by which the server and the page say that nothing was altered.

use std::fmt;

use super::{Hash, Line};
use crate::Money;

/// How far a ledger was followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chain {
    /// The last line; 0 before the first.
    pub seq: i64,
    /// The balance after it.
    pub balance: Money,
    /// Hash of that line, [`Hash::GENESIS`] before the first.
    pub hash: Hash,
}

/// Why a line does not follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Another line should come here.
    Gap {
        /// The last line that was right.
        after: i64,
    },
    /// It says another balance than the one before and its amount make.
    Balance {
        /// What it should say.
        expected: Money,
    },
    /// The balance cannot be written any more.
    Overflow,
    /// Its contents are not what was hashed.
    Hash,
}

impl Chain {
    /// Before the first line of every ledger.
    pub const BEGINNING: Self = Self { seq: 0, balance: Money::ZERO, hash: Hash::GENESIS };

    /// Behind a line that is taken as given, for a chain that is not followed from its beginning.
    pub const fn behind(line: &Line, hash: Hash) -> Self {
        Self { seq: line.seq, balance: line.balance_after, hash }
    }

    /// One line further; what is wrong with it leaves the chain where it was.
    pub fn follow(&mut self, line: &Line, hash: Hash) -> Result<(), Fault> {
        if self.seq.checked_add(1) != Some(line.seq) {
            return Err(Fault::Gap { after: self.seq });
        }
        let balance = self.balance.checked_add(line.amount).ok_or(Fault::Overflow)?;
        if balance != line.balance_after {
            return Err(Fault::Balance { expected: balance });
        }
        if line.hash_after(self.hash) != hash {
            return Err(Fault::Hash);
        }
        *self = Self { seq: line.seq, balance, hash };
        Ok(())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gap { after } => write!(f, "it does not follow line {after}"),
            Self::Balance { expected } => write!(f, "the balance should be {expected}"),
            Self::Overflow => f.write_str("the balance leaves its range"),
            Self::Hash => f.write_str("the contents do not fit the hash"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::line;
    use super::*;

    fn ledger() -> Vec<(Line, Hash)> {
        ledger_of(3)
    }

    /// So many lines with their hashes.
    fn ledger_of(count: i64) -> Vec<(Line, Hash)> {
        let (mut lines, mut hash) = (Vec::new(), Hash::GENESIS);
        for seq in 1..=count {
            let line =
                Line { seq, amount: Money::from_micros(-100), balance_after: Money::from_micros(-100 * seq), ..line() };
            hash = line.hash_after(hash);
            lines.push((line, hash));
        }
        lines
    }

    fn followed(from: Chain, lines: &[(Line, Hash)]) -> (i64, Option<Fault>) {
        let mut chain = from;
        for (line, hash) in lines {
            if let Err(fault) = chain.follow(line, *hash) {
                return (chain.seq, Some(fault));
            }
        }
        (chain.seq, None)
    }

    #[test]
    fn an_untouched_ledger_is_followed_from_anywhere() {
        let lines = ledger();
        assert_eq!(followed(Chain::BEGINNING, &lines), (3, None));
        let (first, hash) = &lines[0];
        assert_eq!(followed(Chain::behind(first, *hash), &lines[1..]), (3, None));
    }

    #[test]
    fn whatever_is_altered_stops_at_its_line() {
        let mut lines = ledger();
        lines[1].0.description.push('x');
        assert_eq!(followed(Chain::BEGINNING, &lines), (1, Some(Fault::Hash)));
        let mut lines = ledger();
        lines[1].0.amount = Money::from_micros(-1);
        let expected = Money::from_micros(-101);
        assert_eq!(followed(Chain::BEGINNING, &lines), (1, Some(Fault::Balance { expected })));
        let mut lines = ledger();
        lines.remove(1);
        assert_eq!(followed(Chain::BEGINNING, &lines), (1, Some(Fault::Gap { after: 1 })));
        // Altered with its hash made anew: the line after it shows it.
        let mut lines = ledger();
        lines[1].0.description.push('x');
        lines[1].1 = lines[1].0.hash_after(lines[0].1);
        assert_eq!(followed(Chain::BEGINNING, &lines), (2, Some(Fault::Hash)));
    }

    /// Alters one line in one of the ways there are, or none.
    fn damage(lines: &mut Vec<(Line, Hash)>, at: usize, how: u8) {
        match how {
            0 => lines[at].0.description.push('x'),
            1 => lines[at].0.amount = Money::from_micros(1),
            2 => drop(lines.remove(at)),
            3 => lines[at].1 = Hash::GENESIS,
            4 => lines[at].0.balance_after = Money::ZERO,
            _ => {}
        }
    }

    proptest! {
        #[test]
        fn any_split_into_runs_gives_the_verdict_of_the_whole(
            count in 1_i64..40,
            at: prop::sample::Index,
            how in 0_u8..6,
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        ) {
            let mut lines = ledger_of(count);
            damage(&mut lines, at.index(usize::try_from(count).unwrap()), how);
            let whole = followed(Chain::BEGINNING, &lines);
            let mut ends: Vec<_> = cuts.iter().map(|cut| cut.index(lines.len() + 1)).collect();
            ends.push(lines.len());
            ends.sort_unstable();
            let (mut chain, mut begin, mut fault) = (Chain::BEGINNING, 0, None);
            for end in ends {
                // Each run begins with what is known of the one before: number, balance and hash.
                chain = Chain { seq: chain.seq, balance: chain.balance, hash: chain.hash };
                for (line, hash) in &lines[begin..end] {
                    fault = fault.or(chain.follow(line, *hash).err());
                }
                begin = end;
            }
            prop_assert_eq!((chain.seq, fault), whole);
            // Two things go unseen by the chain alone: nothing altered, and the end cut off, which the wallet's last line shows.
            let cut_off = how == 2 && at.index(usize::try_from(count).unwrap()) + 1 == usize::try_from(count).unwrap();
            prop_assert_eq!(fault.is_none(), how == 5 || cut_off);
        }
    }
}
