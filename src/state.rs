//! The wallet as the page knows it: what came with the document, then the stream, then the answers of changes.

pub(crate) mod attempt;
pub(crate) mod filter;
pub(crate) mod live;
mod merge;
pub(crate) mod payment;

pub(crate) use live::{Freshness, LiveWallet, use_live};
