//! Proofs of identity: password hashes, and browsers in which somebody has signed in before.

pub(crate) mod devices;
pub(crate) mod passwords;
mod turns;
