//! What kind of actor the audit log names.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::kind::named;

named! {
    /// What kind of actor it was.
    ActorKind {
        /// A person in a session.
        User = "user",
        /// A program of the host with a key.
        Key = "key",
        /// This program itself: a worker, or a command of the operator.
        System = "system",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_and_agree_with_serde() {
        for kind in ActorKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(*kind));
            // Entries are hashed with this name: it never changes.
            assert_eq!(serde_json::to_string(kind).unwrap(), format!("\"{kind}\""));
        }
    }
}
