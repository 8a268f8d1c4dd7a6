//! The screens. None of them knows another one.

pub(crate) mod settings;
