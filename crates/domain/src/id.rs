//! Ids: the type says what an id names, so that two of them cannot be exchanged.

use std::fmt;
use std::str::FromStr;

use crate::checked_text::checked_texts;

/// The text is no id: an id is a UUID in its usual form, 36 characters, hex digits in lower case (RFC 9562, section 4). Only
/// that of a key is shorter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id")]
pub struct InvalidId;

/// What the types of ids have in common.
pub trait Id: FromStr<Err = InvalidId> + Into<String> + fmt::Display {
    /// Takes a text for an id that was checked when it came in or was made here: a column of our own database, a UUID just
    /// generated, an answer of our own server.
    fn from_trusted(text: String) -> Self;

    /// The id as text.
    fn as_str(&self) -> &str;
}

macro_rules! ids {
    ($is_id:ident: $($(#[$meta:meta])* $name:ident),+ $(,)?) => {
        checked_texts! { $is_id, InvalidId: $($(#[$meta])* $name),+ }

        $(impl Id for $name {
            fn from_trusted(text: String) -> Self {
                Self(text)
            }

            fn as_str(&self) -> &str {
                &self.0
            }
        })+
    };
}

ids! { is_uuid:
    /// A portal session that a host asked for.
    PortalSessionId,
    /// An organization, and with it its wallet and ledger.
    OrganizationId,
    /// A person who can sign in.
    UserId,
    /// A connected card, never its number.
    CardId,
    /// A card on its way to being connected.
    CardSetupId,
    /// A top-up; also the reference of its ledger line.
    TopUpId,
    /// A refund; also the reference of its ledger line.
    RefundId,
    /// Money set aside for running work.
    HoldId,
    /// A payment link; its token is a secret of its own.
    LinkId,
    /// A member's request for funds.
    RequestId,
    /// An invitation to an organization; its token is a secret of its own.
    InvitationId,
    /// A ledger line; part of what its hash covers.
    TransactionId,
    /// A notification to people and the operator.
    NoticeId,
    /// Whoever holds a lease: a worker's turn, or a whole server.
    LeaseOwner,
}

ids! { is_key_id:
    /// A key of the host's programs: the part of it that is no secret.
    ApiKeyId,
}

/// Characters of a key's id.
pub const KEY_ID_LENGTH: usize = 12;

fn is_key_id(text: &str) -> bool {
    text.len() == KEY_ID_LENGTH && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Where the hyphens are.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

fn is_uuid(text: &str) -> bool {
    let fits = |(index, byte): (usize, u8)| match byte {
        b'-' => HYPHENS.contains(&index),
        b'0'..=b'9' | b'a'..=b'f' => !HYPHENS.contains(&index),
        _ => false,
    };
    text.len() == 36 && text.bytes().enumerate().all(fits)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_a_uuid_in_its_usual_form_is_an_id() {
        let id = "0198c0de-7a11-7000-8000-0123456789ab";
        assert_eq!(id.parse::<TopUpId>().unwrap().as_str(), id);
        for text in [
            "",
            "top-up",
            "0198C0DE-7A11-7000-8000-0123456789AB",
            "0198c0de7a11700080000123456789ab",
            "{0198c0de-7a11-7000-8000-0123456789ab}",
            "0198c0de-7a11-7000-8000-0123456789a",
            "0198c0de-7a11-7000-8000-0123456789abc",
            "0198c0de-7a11-7000-80000-123456789ab",
            "0198c0de-7a11-7000-8000-0123456789ag",
            "0198c0de-7a11-7000-8000-0123456789\u{e4}",
            " 0198c0de-7a11-7000-8000-0123456789a",
        ] {
            assert_eq!(text.parse::<TopUpId>(), Err(InvalidId), "{text}");
            assert!(serde_json::from_value::<TopUpId>(text.into()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_key_has_a_shorter_id() {
        assert_eq!("0123456789ab".parse::<ApiKeyId>().unwrap().as_str(), "0123456789ab");
        for text in ["", "0123456789a", "0123456789abc", "0123456789AB", "0123456789a_", "0123456789\u{e4}"] {
            assert_eq!(text.parse::<ApiKeyId>(), Err(InvalidId), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_uuid_is_an_id_and_reads_back(bits in any::<u128>()) {
            let digits = format!("{bits:032x}");
            let parts = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
            let text = parts.join("-");
            let id: OrganizationId = text.parse().unwrap();
            let json = serde_json::to_string(&id).unwrap();
            prop_assert_eq!(&json, &format!("\"{text}\""));
            prop_assert_eq!(serde_json::from_str::<OrganizationId>(&json).unwrap(), id.clone());
            prop_assert_eq!(String::from(id), text);
        }
    }
}
