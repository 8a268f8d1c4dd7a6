//! The host's own ids: accepted wherever an organization or a person is named, so that a host stores nothing of ours.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::id::Id;
use crate::{OrganizationId, UserId};

/// Longest external id, bytes.
pub const MAX_EXTERNAL_ID: usize = 200;

/// What stands before an external id where an id of ours could stand as well.
pub const EXTERNAL_PREFIX: &str = "ext:";

/// The text is no external id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an external id has 1 to {MAX_EXTERNAL_ID} printable ASCII characters")]
pub struct InvalidExternalId;

/// The text is neither an id nor `ext:` and an external id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "neither an id nor `{EXTERNAL_PREFIX}` and an external id of 1 to {MAX_EXTERNAL_ID} printable ASCII characters"
)]
pub struct InvalidReference;

/// An id that the host chose: 1 to 200 bytes of printable ASCII, 0x20 to 0x7e, kept as it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ExternalId(String);

impl ExternalId {
    /// The id without a prefix.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ExternalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ExternalId {
    type Error = InvalidExternalId;

    fn try_from(text: String) -> Result<Self, InvalidExternalId> {
        let fits = (1..=MAX_EXTERNAL_ID).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, 0x20..=0x7e));
        if fits { Ok(Self(text)) } else { Err(InvalidExternalId) }
    }
}

impl FromStr for ExternalId {
    type Err = InvalidExternalId;

    fn from_str(text: &str) -> Result<Self, InvalidExternalId> {
        Self::try_from(text.to_owned())
    }
}

impl From<ExternalId> for String {
    fn from(id: ExternalId) -> Self {
        id.0
    }
}

/// How a host names something: by our id, or by its own behind `ext:`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reference<I> {
    /// Ours.
    Id(I),
    /// The host's.
    External(ExternalId),
}

/// An organization, as a host names it.
pub type OrganizationRef = Reference<OrganizationId>;

/// A person, as a host names them.
pub type UserRef = Reference<UserId>;

impl<I: Id> FromStr for Reference<I> {
    type Err = InvalidReference;

    fn from_str(text: &str) -> Result<Self, InvalidReference> {
        match text.strip_prefix(EXTERNAL_PREFIX) {
            Some(external) => external.parse().map(Self::External).map_err(|_| InvalidReference),
            None => text.parse().map(Self::Id).map_err(|_| InvalidReference),
        }
    }
}

impl<I: fmt::Display> fmt::Display for Reference<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "{id}"),
            Self::External(id) => write!(f, "{EXTERNAL_PREFIX}{id}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OURS: &str = "0198c0de-7a11-7000-8000-0123456789ab";

    #[test]
    fn a_reference_is_an_id_or_has_the_prefix() {
        assert_eq!(OURS.parse(), Ok(OrganizationRef::Id(OrganizationId::from_trusted(OURS))));
        assert_eq!("ext:acct_42".parse(), Ok(OrganizationRef::External("acct_42".parse().unwrap())));
        // Whatever the host calls its own, an id of ours among them.
        assert_eq!(format!("ext:{OURS}").parse(), Ok(UserRef::External(OURS.parse().unwrap())));
        assert_eq!("ext:ext:a".parse(), Ok(UserRef::External("ext:a".parse().unwrap())));
        for text in ["", "acct_42", "ext:", "EXT:a", "ext:\u{e4}", "ext:a\n", "ext:\u{7f}", " ext:a"] {
            assert_eq!(text.parse::<OrganizationRef>(), Err(InvalidReference), "{text:?}");
        }
    }

    #[test]
    fn the_longest_has_200_bytes() {
        assert!("x".repeat(200).parse::<ExternalId>().is_ok());
        assert_eq!("x".repeat(201).parse::<ExternalId>(), Err(InvalidExternalId));
        assert!(serde_json::from_str::<ExternalId>("\"\"").is_err());
    }

    proptest! {
        #[test]
        fn printable_ascii_reads_back(text in "[ -~]{1,200}") {
            let id: ExternalId = text.parse().unwrap();
            prop_assert_eq!(id.as_str(), &text);
            let json = serde_json::to_string(&id).unwrap();
            prop_assert_eq!(&serde_json::from_str::<ExternalId>(&json).unwrap(), &id);
            let reference = UserRef::External(id);
            prop_assert_eq!(reference.to_string().parse::<UserRef>(), Ok(reference));
        }

        #[test]
        fn whatever_is_accepted_is_written_as_it_came(text in any::<String>(), prefix: bool) {
            let text = if prefix { format!("{EXTERNAL_PREFIX}{text}") } else { text };
            if let Ok(reference) = text.parse::<OrganizationRef>() {
                prop_assert_eq!(reference.to_string(), text);
            }
        }
    }
}
