//! Pieces of billing that more than one page shows: above the kit, below the pages.

pub(crate) mod bank;
pub(crate) mod brand;
pub(crate) mod card_form;
pub(crate) mod footer;
pub(crate) mod notice;
pub(crate) mod words;
