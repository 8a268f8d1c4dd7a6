//! What happens at one server is told to the others on the same PostgreSQL at once. SQLite has no such channel.

mod postgres {
    use serde_json::json;

    use crate::client::Client;
    use crate::fixture::{Database, Server, World};
    use crate::money::{connect, pay};
    use crate::stream::Stream;

    #[tokio::test]
    async fn what_happens_at_one_server_reaches_the_streams_of_the_other() {
        let world = World::start(Database::Postgres).await;
        let here = world.sign_in(&world.acme.owner).await;
        let server = Server::start(world.database_url(), &[]).await;
        let there = Client::new(server.origin()).with_cookie(here.cookie());
        let mut stream = Stream::open(&here, "", None).await;
        stream.next_of("wallet").await;
        // Cards, top-ups and requests are in no ledger: only a word between the servers can bring them.
        let card = connect(&there, "pm_card_visa").await;
        assert_eq!(stream.next_of("card").await.data["id"], json!(card));
        let paid = pay(&there, "k-1", "25.00").await.expect(201).json();
        let told = loop {
            let event = stream.next().await.unwrap();
            if event.name == "top_up" && event.data["status"] == "succeeded" {
                break event.data;
            }
        };
        assert_eq!(told["id"], paid["id"]);
        let member = Client::new(server.origin()).with_cookie(world.sign_in(&world.acme.member).await.cookie());
        let asked =
            member.post("/api/v1/requests", &json!({"amount": "50", "reason": "calls"})).await.expect(201).json();
        assert_eq!(stream.next_of("request").await.data["id"], asked["id"]);
        there.delete("/api/v1/session").await.expect(204);
        assert_eq!(stream.next_of("session").await.data["state"], "ended");
    }
}
