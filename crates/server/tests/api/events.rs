//! The event stream: without a gap, without a repetition, and only for those who may still see it.

use billing_domain::Money;
use billing_store::SessionsOf;
use serde_json::json;

use crate::fixture::{World, new_id};
use crate::stream::Stream;
use crate::wallets::{amount, connect_card, fund, lines, money, report, spend, usage};

/// xorshift64*: good enough to cut streams, and the same every time.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % bound
    }
}

async fn a_stream_that_is_cut_and_resumed_is_the_ledger(world: World) {
    const LINES: usize = 600;
    let seed = std::env::var("NEXIS_BILLING_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0x5EED);
    eprintln!("NEXIS_BILLING_TEST_SEED={seed}");
    let mut random = Random(seed);
    let acme = world.acme.id.clone();
    let owner = world.sign_in(&world.acme.owner).await;
    // Reports of one to nine lines while the stream is read; other ledgers move too.
    let (platform, stranger) = (world.platform(), world.other.id.clone());
    let mut sizes = Random(seed ^ 1);
    let writer = tokio::spawn(async move {
        let mut written = 0;
        while written < LINES {
            let count = usize::try_from(1 + sizes.below(9)).unwrap().min(LINES - written);
            let mut events: Vec<_> =
                (0..count).map(|number| usage(&format!("e-{}", written + number), &acme, "ai_task", "0.01")).collect();
            events.push(usage(&format!("o-{written}"), &stranger, "ai_task", "0.01"));
            platform.post("/api/v1/metering/events", &json!({"events": events})).await.expect(200);
            written += count;
        }
    });
    let mut told = Vec::new();
    let mut last = "0".to_owned();
    let mut streams = 0;
    while told.len() < LINES {
        // Now as a browser that comes back by itself, now as a page that was loaded anew.
        let mut stream = if random.below(2) == 0 {
            Stream::open(&owner, "?after=0", Some(&last)).await
        } else {
            Stream::open(&owner, &format!("?after={last}"), None).await
        };
        streams += 1;
        let until = told.len() + usize::try_from(1 + random.below(60)).unwrap();
        while told.len() < until.min(LINES) {
            let event = stream.next_of("transaction").await;
            assert_eq!(event.id.as_deref(), Some(event.data["seq"].to_string().as_str()));
            told.push((event.data["seq"].as_i64().unwrap(), event.data["hash"].as_str().unwrap().to_owned()));
            last = stream.last_id.clone().unwrap();
        }
    }
    writer.await.unwrap();
    assert!(streams > 5, "{streams} streams");
    let ledger = lines(&world, &world.acme.id).await;
    let expected: Vec<_> = ledger.iter().map(|line| (line.line.seq, line.hash.to_string())).collect();
    assert_eq!(told, expected);
}

async fn a_card_is_told_as_itself_when_it_comes_changes_and_goes(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    let mut stream = Stream::open(&owner, "", None).await;
    let visa = crate::money::connect(&owner, "pm_card_visa").await;
    let told = stream.next_of("card").await.data;
    assert_eq!((&told["id"], &told["is_default"], &told["brand"]), (&json!(visa), &json!(true), &json!("visa")));
    let master = crate::money::connect(&owner, "pm_card_mastercard").await;
    assert_eq!(stream.next_of("card").await.data["id"], json!(master));
    owner.delete(&format!("/api/v1/cards/{visa}")).await.expect(204);
    let gone = stream.next_of("card").await.data;
    assert_eq!((&gone["id"], &gone["removed"]), (&json!(visa), &json!(true)));
    let default = stream.next_of("card").await.data;
    assert_eq!((&default["id"], &default["is_default"]), (&json!(master), &json!(true)));
    assert!(default.get("removed").is_none());
}

async fn without_a_position_a_stream_begins_with_the_wallet(world: World) {
    let acme = &world.acme.id;
    connect_card(&world, acme).await;
    fund(&world, acme, Money::from_major(50)).await;
    let owner = world.sign_in(&world.acme.owner).await;
    let mut stream = Stream::open(&owner, "", None).await;
    let first = stream.next().await.unwrap();
    assert_eq!((first.name.as_str(), first.id.as_deref()), ("wallet", Some("1")));
    assert_eq!(money(&first.data["balance"]), amount("50"));
    spend(&world, acme, "1.5").await;
    let line = stream.next_of("transaction").await;
    assert_eq!((line.data["seq"].as_i64(), money(&line.data["amount"])), (Some(2), amount("-1.5")));
    loop {
        let wallet = stream.next_of("wallet").await;
        if wallet.data["last_seq"] == 2 {
            assert_eq!(money(&wallet.data["balance"]), amount("48.5"));
            return;
        }
    }
}

async fn whoever_is_a_line_behind_is_sent_it_while_another_page_is_up_to_date(world: World) {
    let acme = &world.acme.id;
    fund(&world, acme, Money::from_major(50)).await;
    spend(&world, acme, "1").await;
    let owner = world.sign_in(&world.acme.owner).await;
    let mut first = Stream::open(&owner, "", None).await;
    // Whatever comes after the wallet is read already then.
    first.next_of("wallet").await;
    for (after, seqs) in [("1", vec![2]), ("0", vec![1, 2]), ("2", vec![])] {
        let mut late = Stream::open(&owner, &format!("?after={after}"), None).await;
        for seq in seqs {
            assert_eq!(late.next_of("transaction").await.data["seq"], seq, "after {after}");
        }
        late.next_of("wallet").await;
    }
}

async fn a_stream_says_that_it_lives_and_when_it_will_say_so_again(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    let beat = Stream::open(&owner, "?after=0", None).await.next_of("heartbeat").await;
    assert_eq!((beat.data, beat.id.as_deref()), (json!({"interval_seconds": 15}), Some("0")));
    let member = world.sign_in(&world.acme.member).await;
    let mut requests = Stream::requests(&member).await;
    let begun = std::time::Instant::now();
    for _ in 0..2 {
        let beat = requests.next_of("heartbeat").await.data;
        assert_eq!(beat, json!({"interval_seconds": 4}));
    }
    assert!(begun.elapsed().as_secs() < 8, "{:?}", begun.elapsed());
}

async fn whoever_changes_the_wallet_is_answered_with_it(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    let setup = crate::money::set_up(&owner, "pm_card_visa").await;
    assert_eq!((&setup["wallet"]["card_connected"], &setup["wallet"]["balance"]), (&json!(true), &json!("0.00")));
    let paid = crate::money::pay(&owner, "k-1", "64.50").await.expect(201).json();
    assert_eq!((&paid["status"], &paid["wallet"]["balance"]), (&json!("succeeded"), &json!("64.50")));
    assert_eq!(paid["wallet"]["last_seq"], 1);
    let path = format!("/api/v1/top-ups/{}", paid["id"].as_str().unwrap());
    assert_eq!(owner.get(&path).await.expect(200).json()["wallet"]["balance"], "64.50");
    let refill = json!({"kind": "fixed", "amount": "50"});
    let form = json!({"enabled": true, "threshold": "30", "refill": refill, "monthly_cap": "500"});
    let put = owner.request("PUT", "/api/v1/auto-pay").header("if-match", "*").json(&form);
    assert_eq!(crate::client::send(put).await.expect(200).json()["wallet"]["low_mark"], "30.00");
    let read = owner.get("/api/v1/auto-pay").await.expect(200).json();
    assert!(read.get("wallet").is_none(), "{read}");
}

async fn a_hold_and_a_request_reach_the_page(world: World) {
    let acme = &world.acme.id;
    connect_card(&world, acme).await;
    fund(&world, acme, Money::from_major(50)).await;
    let admin = world.sign_in(&world.acme.admin).await;
    let mut stream = Stream::open(&admin, "", None).await;
    stream.next_of("wallet").await;
    let hold = json!({"organization_id": acme, "kind": "ai_task", "estimate": "2", "ttl_seconds": 60});
    world.platform().post("/api/v1/metering/authorizations", &hold).await.expect(200);
    assert_eq!(money(&stream.next_of("wallet").await.data["held"]), amount("2"));
    let member = world.sign_in(&world.acme.member).await;
    let request = member.post("/api/v1/requests", &json!({"amount": "50", "reason": "calls"})).await.expect(201).json();
    assert_eq!(stream.next_of("request").await.data["id"], request["id"]);
}

async fn another_role_ends_the_stream(world: World) {
    let (owner, admin) = (world.sign_in(&world.acme.owner).await, world.sign_in(&world.acme.admin).await);
    let mut stream = Stream::open(&admin, "", None).await;
    stream.next_of("wallet").await;
    let path = format!("/api/v1/members/{}/role", world.acme.admin.id);
    owner.put(&path, &json!({"role": "member"})).await.expect(200);
    fund(&world, &world.acme.id, Money::from_major(5)).await;
    let last = stream.next_of("session").await;
    assert_eq!(last.data, json!({"state": "role_changed"}));
    assert!(stream.next().await.is_none(), "nothing follows the last word");
    admin.get("/api/v1/events").await.expect(403);
}

async fn signing_out_ends_the_streams_of_that_session_only(world: World) {
    let (leaving, staying) = (world.sign_in(&world.acme.owner).await, world.sign_in(&world.acme.owner).await);
    let mut ended = Stream::open(&leaving, "", None).await;
    let mut goes_on = Stream::open(&staying, "", None).await;
    ended.next_of("wallet").await;
    goes_on.next_of("wallet").await;
    leaving.delete("/api/v1/session").await.expect(204);
    assert_eq!(ended.next_of("session").await.data, json!({"state": "ended"}));
    assert!(ended.next().await.is_none());
    fund(&world, &world.acme.id, Money::from_major(5)).await;
    assert_eq!(goes_on.next_of("transaction").await.data["seq"], 1);
}

async fn a_session_that_is_gone_from_the_database_is_noticed(world: World) {
    // As when another server signs somebody out: this one's hub hears nothing.
    let owner = world.sign_in(&world.acme.owner).await;
    let mut stream = Stream::open(&owner, "", None).await;
    stream.next_of("wallet").await;
    let begun = std::time::Instant::now();
    world.store.end_sessions(SessionsOf::User(&world.acme.owner.id), crate::fixture::now()).await.unwrap();
    assert_eq!(stream.next_of("session").await.data, json!({"state": "ended"}));
    // "Within 5 s", and what a loaded machine adds.
    assert!(begun.elapsed().as_secs() < 8, "{:?}", begun.elapsed());
}

async fn a_stop_of_the_server_ends_streams_at_once(mut world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    let mut stream = Stream::open(&owner, "", None).await;
    stream.next_of("wallet").await;
    let (status, rest) = tokio::join!(world.server.stop(), async { while stream.next().await.is_some() {} });
    assert!(status.success(), "{status} {rest:?}");
}

async fn only_managers_may_listen(world: World) {
    assert_eq!(world.anonymous().get("/api/v1/events").await.expect(401).problem(), "unauthenticated");
    let member = world.sign_in(&world.acme.member).await;
    assert_eq!(member.get("/api/v1/events").await.expect(403).problem(), "forbidden");
    let owner = world.sign_in(&world.acme.owner).await;
    for query in ["?after=-1", "?after=x", "?after=", "?after=99999999999999999999", "?from=1"] {
        assert_eq!(owner.get(&format!("/api/v1/events{query}")).await.expect(422).problem(), "invalid", "{query}");
    }
    // A position from another ledger: what comes is told, what is there is not.
    let mut stream = Stream::open(&owner, "?after=500", None).await;
    stream.next_of("wallet").await;
    let event = usage(&new_id(), &world.acme.id, "ai_task", "1");
    assert_eq!(report(&world, &[event]).await[0]["seq"], 1);
    assert_eq!(stream.next_of("transaction").await.data["seq"], 1);
}

on_both_databases!(
    a_stream_that_is_cut_and_resumed_is_the_ledger,
    a_card_is_told_as_itself_when_it_comes_changes_and_goes,
    without_a_position_a_stream_begins_with_the_wallet,
    whoever_is_a_line_behind_is_sent_it_while_another_page_is_up_to_date,
    a_stream_says_that_it_lives_and_when_it_will_say_so_again,
    whoever_changes_the_wallet_is_answered_with_it,
    a_hold_and_a_request_reach_the_page,
    another_role_ends_the_stream,
    signing_out_ends_the_streams_of_that_session_only,
    a_session_that_is_gone_from_the_database_is_noticed,
    a_stop_of_the_server_ends_streams_at_once,
    only_managers_may_listen,
);
