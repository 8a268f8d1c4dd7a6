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

/// The same of cases that start their own program: they get the database.
macro_rules! on_databases_of_their_own {
    ($($case:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test] async fn $case() {
                super::$case($crate::fixture::Database::Sqlite).await;
            })+
        }

        mod postgres {
            $(#[tokio::test] async fn $case() {
                super::$case($crate::fixture::Database::Postgres).await;
            })+
        }
    };
}

mod archive;
mod attack;
mod attack_figures;
mod audit;
mod audit_entries;
mod authority;
mod auto_pay;
mod auto_pay_events;
mod bodies;
mod cards;
mod chance;
mod chaos;
mod client;
mod commands;
mod confirmation;
mod crash;
mod credits;
mod currencies;
mod dead_links;
mod demo;
mod description;
mod disputes;
mod email_changes;
mod embed_headers;
mod events;
mod fixture;
mod free_text;
mod history;
mod host_members;
mod invitations;
mod kept_answers;
mod keys;
mod links;
mod me;
mod members;
mod metering;
mod metrics;
mod money;
mod notices;
mod oidc;
mod open_pages;
mod organization;
mod organizations;
mod outages;
mod password_resets;
mod portal;
mod pressure;
mod program;
mod receipts;
mod refunds;
mod requests;
mod roles;
mod second_factors;
mod security;
mod security_log;
mod servers;
mod session;
mod setup;
mod signals;
mod statement;
mod static_files;
mod stream;
mod stripe;
mod top_ups;
mod transactions;
mod usage;
mod usage_storm;
mod wallet;
mod wallets;
