//! PostgreSQL that ends connections, is out of reach, or only reads.

use futures_util::future::join_all;

use super::line::Line;
use super::{assert_all_in_the_ledger, assert_out_of_reach, ready_again, report};
use crate::fixture::{Database, Server, World, new_id};

/// Ends the program's connections to this database, as a restart of the server does (57P01).
const END_CONNECTIONS: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()";

#[tokio::test]
async fn connections_that_the_server_ends_are_made_anew_and_nothing_is_lost() {
    let world = World::start(Database::Postgres).await;
    let ids: Vec<_> = (0..200).map(|_| new_id()).collect();
    for some in ids.chunks(20) {
        let reports = join_all(some.iter().map(|id| report(&world, id)));
        let (answers, ()) = tokio::join!(reports, world.database.tamper("", END_CONNECTIONS));
        for answer in answers {
            if answer.status != 200 {
                assert_out_of_reach(&answer);
            }
        }
    }
    world.anonymous().get("/readyz").await.expect(200);
    assert_all_in_the_ledger(&world, &ids).await;
}

#[tokio::test]
async fn a_standby_takes_no_writes_and_is_left_once_there_is_a_primary() {
    let world = World::start(Database::Postgres).await;
    let owner = world.sign_in(&world.acme.owner).await;
    let id = new_id();
    world.database.set_parameter("default_transaction_read_only = on").await;
    world.database.tamper("", END_CONNECTIONS).await;
    assert_out_of_reach(&report(&world, &id).await);
    assert_out_of_reach(&world.anonymous().get("/readyz").await);
    owner.get("/api/v1/billing").await.expect(200);
    // Whoever goes on with the old connections goes on being refused.
    world.database.set_parameter("default_transaction_read_only = off").await;
    ready_again(&world).await;
    assert_all_in_the_ledger(&world, &[id]).await;
}

#[tokio::test]
async fn a_server_out_of_reach_is_an_outage_for_reads_and_writes_and_passes() {
    let mut world = World::start(Database::Postgres).await;
    let (server, _) = world.database_url().rsplit_once('/').unwrap();
    let address = server.rsplit_once('@').unwrap().1.to_owned();
    let line = Line::to(address.clone()).await;
    let url = world.database_url().replace(&address, &format!("127.0.0.1:{}", line.port));
    world.server = Server::start(&url, &[]).await;
    let owner = world.sign_in(&world.acme.owner).await;
    let ids: Vec<_> = (0..4).map(|_| new_id()).collect();
    report(&world, &ids[0]).await.expect(200);
    line.cut();
    let anonymous = world.anonymous();
    let answers = join_all(ids[1..].iter().map(|id| report(&world, id)));
    let (answers, read, ready) = tokio::join!(answers, owner.get("/api/v1/transactions"), anonymous.get("/readyz"));
    for answer in answers.iter().chain([&read, &ready]) {
        assert_out_of_reach(answer);
    }
    line.mend();
    ready_again(&world).await;
    owner.get("/api/v1/transactions").await.expect(200);
    assert_all_in_the_ledger(&world, &ids).await;
}
