//! What goes over the wire: types, paths and problem codes, written once for server and browser.
//!
//! Amounts are decimal strings in the resource's currency, times RFC 3339 UTC, ids UUIDv7. Fields may be added, never
//! renamed or dropped: outside programs rely on them.

pub mod account;
pub mod audit;
pub mod auto_pay;
pub mod billing;
pub mod card;
pub mod credit;
pub mod entered;
pub mod event;
pub mod history;
pub mod host_member;
pub mod host_organization;
pub mod invitation;
pub mod key;
pub mod link;
pub mod member;
pub mod message;
pub mod metering;
pub mod organization;
pub mod paths;
pub mod portal;
pub mod portal_theme;
pub mod problem;
pub mod refund;
pub mod request;
pub mod second_factor;
pub mod session;
pub mod setup;
pub mod sign_in;
pub mod statement;
pub mod top_up;
pub mod transaction;
pub mod usage;
pub mod wallet;

pub use entered::Entered;
pub use message::Message;
pub use problem::{FieldError, Problem, ProblemCode};
