//! The rules of the wallet as pure functions of integers: no I/O, no clock, no randomness, no floats.
//!
//! Everything that decides about money lives here once; the browser uses it to guide, the server to decide.

pub mod actor;
pub mod auto_pay;
pub mod card;
pub mod charge;
mod checked_text;
pub mod currency;
pub mod decimal;
pub mod expiring_credit;
pub mod external_id;
pub mod free_text;
pub mod grace;
pub mod id;
pub mod kind;
pub mod ledger;
pub mod limits;
pub mod link;
pub mod money;
#[cfg(feature = "openapi")]
mod openapi;
pub mod pricing;
pub mod provider_ref;
pub mod role;
pub mod sandbox_cards;
pub mod scope;
pub mod session;
pub mod share;
pub mod slider;
pub mod spending;
pub mod status;
pub mod text_map;
pub mod time;
pub mod typed;

pub use actor::ActorKind;
pub use currency::Currency;
pub use external_id::{ExternalId, OrganizationRef, UserRef};
pub use free_text::{FreeText, FreeTextError};
pub use id::{
    ApiKeyId, CardId, CardSetupId, HoldId, InvitationId, LeaseOwner, LinkId, NoticeId, OrganizationId, PortalSessionId,
    RefundId, RequestId, TopUpId, TransactionId, UserId,
};
pub use kind::{TransactionKind, UsageKind};
pub use money::{Money, Priced};
pub use provider_ref::{
    CardRef, CheckoutRef, CustomerRef, DisputeRef, FraudWarningRef, OrganizationMark, PaymentRef, ProviderEventId,
    RefundRef, SetupRef, TopUpMark,
};
pub use role::{MemberSource, Role};
pub use scope::Scope;
pub use session::{Capability, PortalView, SessionKind};
pub use text_map::TextMap;
pub use time::{Date, Month, Timestamp};
