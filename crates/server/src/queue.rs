//! Work that waits: lanes for group commit, and which wallets the workers should look at.

pub(crate) mod authorizations;
pub(crate) mod lanes;
pub(crate) mod postings;
pub(crate) mod wake;
