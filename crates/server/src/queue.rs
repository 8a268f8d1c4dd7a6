//! Work that waits: queues for group commit, and which wallets the workers should look at.

pub(crate) mod authorizations;
pub(crate) mod group;
pub(crate) mod postings;
pub(crate) mod wake;
