//! The API as a client would use it: the real program, over HTTP, on SQLite and on PostgreSQL.
//!
//! A case is written once as `async fn case(world: World)` and listed in `on_both_databases!`.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

/// Makes a test on each database of every case: `module::sqlite::case` and `module::postgres::case`.
macro_rules! on_both_databases {
    ($($case:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test] async fn $case() {
                super::$case($crate::fixture::World::start($crate::fixture::Database::Sqlite).await).await;
            })+
        }

        mod postgres {
            $(#[tokio::test] async fn $case() {
                super::$case($crate::fixture::World::start($crate::fixture::Database::Postgres).await).await;
            })+
        }
    };
}

#[cfg(feature = "test-seams")]
mod auto_pay;
mod bodies;
#[cfg(feature = "test-seams")]
mod cards;
mod chance;
#[cfg(feature = "test-seams")]
mod chaos;
mod client;
#[cfg(feature = "test-seams")]
mod confirmation;
#[cfg(feature = "test-seams")]
mod crash;
#[cfg(feature = "test-seams")]
mod dead_links;
mod demo;
mod description;
#[cfg(feature = "test-seams")]
mod disputes;
mod events;
mod fixture;
#[cfg(feature = "test-seams")]
mod history;
#[cfg(feature = "test-seams")]
mod links;
mod members;
mod metering;
#[cfg(feature = "test-seams")]
mod metrics;
#[cfg(feature = "test-seams")]
mod money;
#[cfg(feature = "test-seams")]
mod notices;
mod organization;
mod program;
#[cfg(feature = "test-seams")]
mod receipts;
#[cfg(feature = "test-seams")]
mod refunds;
mod requests;
mod roles;
mod security;
#[cfg(feature = "test-seams")]
mod servers;
mod session;
#[cfg(feature = "test-seams")]
mod signals;
mod statement;
mod static_files;
mod stream;
#[cfg(feature = "test-seams")]
mod stripe;
#[cfg(feature = "test-seams")]
mod top_ups;
mod transactions;
mod usage;
mod usage_storm;
#[cfg(feature = "test-seams")]
mod wallet;
mod wallets;
