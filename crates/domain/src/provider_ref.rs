//! References that a payment provider made: the type says what one names, so that two of them cannot be exchanged. The text
//! is opaque; what the provider's marks on its objects say of ours is kept as it came back.

use std::fmt;

use crate::checked_text::checked_texts;
use crate::{OrganizationId, TopUpId};

/// The longest reference. Stripe promises that its ids do not exceed this (<https://docs.stripe.com/upgrades>).
const LONGEST: usize = 255;

/// The text is no reference: 1 to 255 visible ASCII characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a reference of a payment provider")]
pub struct InvalidRef;

checked_texts! { is_reference, InvalidRef:
    /// A charge of a card, which is a payment to the provider.
    PaymentRef,
    /// A card on its way to being connected, or, before there is one, the provider's page on which that happens.
    SetupRef,
    /// A page of the provider's own.
    CheckoutRef,
    /// A connected card, as charges name it.
    CardRef,
    /// The customer who stands for an organization.
    CustomerRef,
    /// Money given back.
    RefundRef,
    /// A payment that the card's bank takes back.
    DisputeRef,
    /// An early fraud warning.
    FraudWarningRef,
    /// One event, pushed or listed.
    ProviderEventId,
}

fn is_reference(text: &str) -> bool {
    (1..=LONGEST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

macro_rules! marks {
    ($($(#[$meta:meta])* $name:ident: $id:ident),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// The text as the provider gave it back.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The id, if the text is one.
            pub fn id(&self) -> Option<$id> {
                self.0.parse().ok()
            }

            /// The text as the provider gave it back.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

marks! {
    /// Which top-up an object at the provider is about, by our mark on it. Anybody with access to the provider's dashboard
    /// can change a mark, so it may be no id.
    TopUpMark: TopUpId,
    /// Whose an object at the provider is, by our mark on it. It may be no id.
    OrganizationMark: OrganizationId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_visible_ascii_of_bounded_length() {
        let longest = "x".repeat(LONGEST);
        for text in ["pi_3Nx", "dispute_topup:0198c0de-7a11-7000-8000-0123456789ab:1", "~", &longest] {
            assert_eq!(text.parse::<PaymentRef>().unwrap().as_str(), text);
            let json = serde_json::to_value(PaymentRef::from_trusted(text)).unwrap();
            assert_eq!(json, text);
            assert_eq!(serde_json::from_value::<PaymentRef>(json).unwrap().as_str(), text);
        }
        let too_long = "x".repeat(LONGEST + 1);
        for text in ["", " pi_1", "pi 1", "pi_1\n", "pi_\0", "pi_\u{e4}", &too_long] {
            assert_eq!(text.parse::<PaymentRef>(), Err(InvalidRef), "{text}");
            assert!(serde_json::from_value::<PaymentRef>(text.into()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_mark_keeps_what_is_no_id() {
        let id = "0198c0de-7a11-7000-8000-0123456789ab";
        assert_eq!(TopUpMark::new(id).id(), Some(TopUpId::from_trusted(id)));
        let mark = OrganizationMark::new("Acme & Söhne");
        assert_eq!((mark.id(), mark.as_str()), (None, "Acme & Söhne"));
    }
}
