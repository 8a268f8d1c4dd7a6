//! What the payment provider says, applied to the rows that it is about.

pub(crate) mod card_setup;
pub(crate) mod charge;
pub(crate) mod dispute;
pub(crate) mod fraud_warning;
