//! What a ledger line can be about, under the names that the wire and the database share.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The text names no known value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown name")]
pub struct UnknownName;

macro_rules! named {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$variant_meta])* #[serde(rename = $text)] $variant),+
        }

        impl $name {
            /// Every value, in the order in which people see them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name on the wire and in the database.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = $crate::kind::UnknownName;

            fn from_str(text: &str) -> Result<Self, $crate::kind::UnknownName> {
                Self::ALL.iter().copied().find(|value| value.as_str() == text).ok_or($crate::kind::UnknownName)
            }
        }
    };
}
pub(crate) use named;

named! {
    /// Work that is metered and paid from the wallet.
    UsageKind {
        /// A call that the AI places.
        OutboundCall = "outbound_call",
        /// A call that the AI answers.
        InboundCall = "inbound_call",
        /// A paid AI function without a call.
        AiTask = "ai_task",
    }
}

named! {
    /// Why a ledger line exists.
    TransactionKind {
        /// A call that the AI placed.
        OutboundCall = "outbound_call",
        /// A call that the AI answered.
        InboundCall = "inbound_call",
        /// A paid AI function without a call.
        AiTask = "ai_task",
        /// Money added by a person.
        TopUp = "top_up",
        /// Money added by automatic payments.
        AutoTopUp = "auto_top_up",
        /// Money given back to the card.
        Refund = "refund",
        /// Money taken back by the card's bank.
        Dispute = "dispute",
        /// Credit given by the operator.
        Promo = "promo",
        /// A correction by the operator.
        Adjustment = "adjustment",
    }
}

named! {
    /// Money that the operator's programs put into a wallet or take out of it, without a card.
    CreditKind {
        /// A gift, which may end.
        Promo = "promo",
        /// A correction, in either direction.
        Adjustment = "adjustment",
    }
}

named! {
    /// What a quantity counts.
    Unit {
        /// Seconds of a call.
        Second = "second",
        /// Minutes of a call.
        Minute = "minute",
        /// Tokens of a language model.
        Token = "token",
        /// Whole tasks of the AI.
        Task = "task",
    }
}

impl From<UsageKind> for TransactionKind {
    fn from(kind: UsageKind) -> Self {
        match kind {
            UsageKind::OutboundCall => Self::OutboundCall,
            UsageKind::InboundCall => Self::InboundCall,
            UsageKind::AiTask => Self::AiTask,
        }
    }
}

impl From<CreditKind> for TransactionKind {
    fn from(kind: CreditKind) -> Self {
        match kind {
            CreditKind::Promo => Self::Promo,
            CreditKind::Adjustment => Self::Adjustment,
        }
    }
}

/// Where the money of a ledger line comes from or goes, as a wallet's history counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FundsFlow {
    /// It was used: calls and tasks.
    Usage,
    /// Automatic payments added it.
    Automatic,
    /// A person or the operator added it or took it back.
    Manual,
}

impl TransactionKind {
    /// What the line counts as in the history of its wallet. A reversal of an automatic top-up is counted as `Automatic` by
    /// whoever posts it: its kind alone does not say what it reverses.
    pub const fn flow(self) -> FundsFlow {
        match self {
            Self::OutboundCall | Self::InboundCall | Self::AiTask => FundsFlow::Usage,
            Self::AutoTopUp => FundsFlow::Automatic,
            Self::TopUp | Self::Refund | Self::Dispute | Self::Promo | Self::Adjustment => FundsFlow::Manual,
        }
    }

    /// There is a receipt for the line: a card has paid for it.
    pub const fn has_receipt(self) -> bool {
        match self {
            Self::TopUp | Self::AutoTopUp => true,
            Self::OutboundCall
            | Self::InboundCall
            | Self::AiTask
            | Self::Refund
            | Self::Dispute
            | Self::Promo
            | Self::Adjustment => false,
        }
    }

    /// The usage behind the line; `None` for movements of money that are no usage.
    pub const fn usage(self) -> Option<UsageKind> {
        match self {
            Self::OutboundCall => Some(UsageKind::OutboundCall),
            Self::InboundCall => Some(UsageKind::InboundCall),
            Self::AiTask => Some(UsageKind::AiTask),
            Self::TopUp | Self::AutoTopUp | Self::Refund | Self::Dispute | Self::Promo | Self::Adjustment => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_and_agree_with_serde() {
        for kind in TransactionKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(*kind));
            assert_eq!(serde_json::to_string(kind).unwrap(), format!("\"{kind}\""));
        }
        assert_eq!("Top_Up".parse::<TransactionKind>(), Err(UnknownName));
        for kind in UsageKind::ALL {
            assert_eq!(TransactionKind::from(*kind).usage(), Some(*kind));
            assert_eq!(TransactionKind::from(*kind).as_str(), kind.as_str());
        }
        for kind in CreditKind::ALL {
            assert_eq!(TransactionKind::from(*kind).as_str(), kind.as_str());
        }
    }
}
