//! Payment links: what one is for, how long it lives, and when it is dead.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::kind::named;

/// The shortest life of a link, seconds.
pub const MIN_SECONDS: i64 = 3600;
/// The longest life of a link, seconds.
pub const MAX_SECONDS: i64 = 7 * 24 * 3600;
/// The life of a link that says nothing else, seconds.
pub const DEFAULT_SECONDS: i64 = 24 * 3600;
/// So many links of one organization may be alive at once: more are a mistake or mischief.
pub const MAX_ALIVE: u32 = 20;
/// So often somebody may try to pay with one link.
/// See docs/decisions/0033-link-limits.md.
pub const MAX_TRIES: i64 = 20;
/// So many declined cards, and the link is dead: whoever tries more is testing stolen numbers.
pub const MAX_DECLINES: i64 = 5;

named! {
    /// What a link asks for.
    LinkPurpose {
        /// Connect a card, without charging it.
        Connect = "connect",
        /// Pay once; the card is forgotten afterwards.
        Pay = "pay",
        /// Pay, and keep the card.
        PayAndConnect = "pay_and_connect",
    }
}

impl LinkPurpose {
    /// The card is charged when the link is used.
    pub const fn pays(self) -> bool {
        matches!(self, Self::Pay | Self::PayAndConnect)
    }

    /// The card stays connected.
    pub const fn connects(self) -> bool {
        matches!(self, Self::Connect | Self::PayAndConnect)
    }
}

named! {
    /// Where a link stands, as its maker sees it.
    LinkState {
        /// Nobody has opened it.
        Created = "created",
        /// Somebody has opened it.
        Opened = "opened",
        /// It has done what it was made for.
        Completed = "completed",
        /// Its time is over.
        Expired = "expired",
        /// It was taken back.
        Revoked = "revoked",
    }
}

impl LinkState {
    /// It can still be used.
    pub const fn is_alive(self) -> bool {
        matches!(self, Self::Created | Self::Opened)
    }
}

/// What is written down of a link's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    /// Somebody has opened it.
    pub opened: bool,
    /// It has done what it was made for.
    pub completed: bool,
    /// It was taken back, or stopped after too many tries.
    pub revoked: bool,
    /// From then on it is dead.
    pub expires_at: Timestamp,
}

impl Life {
    /// The state at `now`. Money that has arrived outweighs everything else; being taken back outweighs time.
    pub fn state(self, now: Timestamp) -> LinkState {
        match self {
            Self { completed: true, .. } => LinkState::Completed,
            Self { revoked: true, .. } => LinkState::Revoked,
            Self { expires_at, .. } if expires_at <= now => LinkState::Expired,
            Self { opened: true, .. } => LinkState::Opened,
            Self { .. } => LinkState::Created,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_link_is_alive_exactly_while_nothing_has_ended_it(
            (opened, completed, revoked) in any::<(bool, bool, bool)>(),
            left in -10_i64..10,
        ) {
            let now = Timestamp::from_seconds(1_790_000_000);
            let state = Life { opened, completed, revoked, expires_at: now.plus_seconds(left) }.state(now);
            prop_assert_eq!(state.is_alive(), !completed && !revoked && left > 0);
            prop_assert_eq!(state == LinkState::Completed, completed);
        }
    }

    #[test]
    fn the_last_second_counts_and_the_next_one_does_not() {
        let end = Timestamp::from_seconds(1_790_000_000);
        let life = Life { opened: false, completed: false, revoked: false, expires_at: end };
        assert_eq!(life.state(end.plus_seconds(-1)), LinkState::Created);
        assert_eq!(life.state(end), LinkState::Expired);
    }
}
