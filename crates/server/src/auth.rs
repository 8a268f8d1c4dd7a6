//! Proofs of identity: password hashes, keys of programs, and browsers in which somebody has signed in before.

pub(crate) mod devices;
pub(crate) mod keys;
pub(crate) mod passwords;
mod turns;
