//! The screens. None of them knows another one.

mod account_form;
pub(crate) mod ask_admin;
pub(crate) mod not_found;
pub(crate) mod portal;
pub(crate) mod reset;
pub(crate) mod settings;
pub(crate) mod setup;
pub(crate) mod sign_in;
