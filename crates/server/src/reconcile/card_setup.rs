//! Card setups: a card that is entered on a page of the provider's own.

pub(crate) mod hosted_page;
