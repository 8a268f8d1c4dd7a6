//! Proofs of identity: password hashes, keys of programs, secrets that open something, and browsers in which somebody has signed in before.

pub(crate) mod devices;
pub(crate) mod keys;
pub(crate) mod passwords;
pub(crate) mod tokens;
mod turns;
