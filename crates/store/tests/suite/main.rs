//! What "store" means, as cases that run on SQLite and on a real PostgreSQL alike.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test says that something is wrong by panicking")]

mod bench;
mod template;

mod access;
mod api_keys;
mod archive;
mod audit;
mod auto_pay;
mod backlog;
mod cards;
mod credits;
mod disputes;
mod external;
mod holds;
mod isolation;
mod ledger;
mod links;
mod members;
mod migrations;
mod notices;
mod papers;
mod portal;
mod references;
mod refunds;
mod requests;
mod sandbox;
mod segments;
mod sessions;
mod statement;
mod steps;
mod tls;
mod top_ups;
mod transactions;
mod usage;
mod usage_sources;
mod verify;
