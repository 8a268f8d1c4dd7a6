//! What the product does, without HTTP: services ask the store and the provider, and tell the hub.

pub(crate) mod bootstrap;
pub(crate) mod health;
pub(crate) mod members;
pub(crate) mod organization;
pub(crate) mod requests;
pub(crate) mod sessions;
