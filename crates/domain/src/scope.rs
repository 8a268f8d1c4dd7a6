//! What a key of the host may be used for.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::kind::named;

named! {
    /// A right that a key can have.
    Scope {
        /// Report usage, ask for authorizations and release them.
        MeteringWrite = "metering:write",
        /// See organizations and their members.
        OrganizationsRead = "organizations:read",
        /// Make, change, suspend and close organizations.
        OrganizationsWrite = "organizations:write",
        /// Put people into organizations and take them out.
        MembersWrite = "members:write",
        /// Open the portal for a person, and end that.
        PortalWrite = "portal:write",
        /// See wallets.
        WalletsRead = "wallets:read",
        /// Give credit and take it back.
        CreditsWrite = "credits:write",
        /// Refund payments.
        RefundsWrite = "refunds:write",
        /// Change price lists.
        PricesWrite = "prices:write",
        /// Change budgets.
        BudgetsWrite = "budgets:write",
        /// Read exports.
        ExportsRead = "exports:read",
        /// Make, rotate and revoke keys.
        KeysWrite = "keys:write",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_scope_names_a_resource_and_an_access() {
        for scope in Scope::ALL {
            assert_eq!(scope.as_str().parse(), Ok(*scope));
            assert_eq!(serde_json::to_string(scope).unwrap(), format!("\"{scope}\""));
            let (resource, access) = scope.as_str().split_once(':').unwrap();
            assert!(resource.bytes().all(|byte| byte.is_ascii_lowercase()), "{scope}");
            assert!(matches!(access, "read" | "write"), "{scope}");
        }
    }

    proptest! {
        #[test]
        fn nothing_but_the_names_is_a_scope(text in "[a-z:]{0,24}") {
            if let Ok(scope) = text.parse::<Scope>() {
                prop_assert_eq!(scope.as_str(), text);
            }
        }
    }
}
