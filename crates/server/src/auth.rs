//! Proofs of identity: password hashes, keys of programs, identity providers, secrets that open something, and browsers in which somebody has signed in before.

pub(crate) mod devices;
pub(crate) mod keys;
pub(crate) mod oidc;
pub(crate) mod passwords;
pub(crate) mod sealing;
pub(crate) mod tokens;
pub(crate) mod totp;
mod turns;
