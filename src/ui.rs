//! The kit: parts that any page could be made of. They know no billing, no server and no other page.

pub(crate) mod announcer;
pub(crate) mod banner;
pub(crate) mod button;
pub(crate) mod chart;
pub(crate) mod chips;
pub(crate) mod dialog;
pub(crate) mod dynamic;
pub(crate) mod field;
pub(crate) mod icon;
pub(crate) mod interpolate;
pub(crate) mod lazy;
pub(crate) mod money;
pub(crate) mod money_input;
pub(crate) mod panel;
pub(crate) mod pill;
pub(crate) mod prose;
pub(crate) mod qr;
pub(crate) mod retry;
pub(crate) mod select;
pub(crate) mod skeleton;
pub(crate) mod slider;
pub(crate) mod table;
pub(crate) mod tabs;
pub(crate) mod time;
pub(crate) mod trend;
pub(crate) mod virtual_table;
