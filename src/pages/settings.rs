//! Settings: the tabs, and the screen of each.

pub(crate) mod billing;
