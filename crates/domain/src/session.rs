//! How somebody came in, and what a session that a host opened may be used for.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::kind::named;

named! {
    /// How a session began.
    SessionKind {
        /// By a password of ours.
        Password = "password",
        /// By an identity provider.
        Oidc = "oidc",
        /// By a code that the host's own server asked for.
        Portal = "portal",
    }
}

named! {
    /// What a session may be narrowed to; the role is the upper bound in any case.
    Capability {
        /// See the wallet and its ledger.
        View = "view",
        /// Top up.
        Pay = "pay",
        /// Connect, prefer and remove cards.
        Cards = "cards",
        /// Change automatic payments.
        AutoPay = "auto_pay",
        /// Make and revoke payment links.
        Links = "links",
        /// Download transactions, statements and receipts.
        Export = "export",
    }
}

named! {
    /// What a host's link or frame opens first.
    PortalView {
        /// The billing tab.
        Billing = "billing",
        /// The balance alone.
        Balance = "balance",
        /// The month's usage.
        Usage = "usage",
        /// The ledger.
        History = "history",
        /// Automatic payments.
        AutoPay = "auto_pay",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_and_agree_with_serde() {
        for kind in SessionKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(*kind));
            assert_eq!(serde_json::to_string(kind).unwrap(), format!("\"{kind}\""));
        }
        for capability in Capability::ALL {
            assert_eq!(capability.as_str().parse(), Ok(*capability));
            assert_eq!(serde_json::to_string(capability).unwrap(), format!("\"{capability}\""));
        }
        for view in PortalView::ALL {
            assert_eq!(view.as_str().parse(), Ok(*view));
            assert_eq!(serde_json::to_string(view).unwrap(), format!("\"{view}\""));
        }
        assert_eq!("View".parse::<Capability>(), Err(crate::kind::UnknownName));
    }
}
