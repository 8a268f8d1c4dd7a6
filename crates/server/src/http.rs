//! HTTP: reads requests, asks a service, writes answers. Knows neither SQL nor a payment provider.

pub(crate) mod bootstrap;
pub(crate) mod docs;
pub(crate) mod extract;
pub(crate) mod health;
pub(crate) mod identity;
pub(crate) mod limits;
pub(crate) mod members;
pub(crate) mod openapi;
pub(crate) mod organization;
pub(crate) mod problem;
pub(crate) mod requests;
pub(crate) mod router;
pub(crate) mod security;
pub(crate) mod serve;
pub(crate) mod session;
pub(crate) mod static_files;
