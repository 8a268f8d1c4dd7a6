//! The screens. None of them knows another one.

pub(crate) mod account;
pub(crate) mod ask_admin;
pub(crate) mod not_found;
pub(crate) mod portal;
pub(crate) mod settings;
pub(crate) mod sign_in;
