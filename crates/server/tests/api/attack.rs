//! Many at once: what is limited for one after the other is limited for all of them together too.

use std::net::Ipv4Addr;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::client::{Answer, Client, http_from, send};
use crate::fixture::{PASSWORD, World};

on_both_databases!(
    of_sixty_guesses_at_once_ten_are_evaluated,
    of_sixty_links_at_once_twenty_are_made_and_all_of_them_listed,
    a_live_link_is_listed_however_many_came_after_it,
    of_forty_requests_at_once_ten_are_made,
    nobody_is_locked_out_of_their_own_browser_from_a_hundred_and_ten_addresses,
);

const LINKS: &str = "/api/v1/payment-links";
const REQUESTS: &str = "/api/v1/requests";

fn count(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status == status).count()
}

async fn of_sixty_guesses_at_once_ten_are_evaluated(world: World) {
    let guess = |number: usize| {
        let form = json!({"email": world.acme.owner.email, "password": format!("guess {number}")});
        let client = world.anonymous();
        async move { client.post("/api/v1/session", &form).await }
    };
    let answers = join_all((0..60).map(guess)).await;
    assert_eq!((count(&answers, 401), count(&answers, 429)), (10, 50));
    for refused in answers.iter().filter(|answer| answer.status == 429) {
        assert!(refused.header("retry-after").unwrap().parse::<u32>().unwrap() >= 1);
    }
    // Others are not in the way of each other.
    world.sign_in(&world.acme.admin).await;
}

async fn listed(client: &Client) -> Vec<Value> {
    client.get(LINKS).await.expect(200).json()["items"].as_array().unwrap().clone()
}

async fn of_sixty_links_at_once_twenty_are_made_and_all_of_them_listed(world: World) {
    let admin = world.sign_in(&world.acme.admin).await;
    let form = json!({"purpose": "connect"});
    let answers = join_all((0..60).map(|_| admin.post(LINKS, &form))).await;
    assert_eq!((count(&answers, 201), count(&answers, 409)), (20, 40));
    assert_eq!(listed(&admin).await.len(), 20);
    // One that is taken back makes room for one.
    let id = listed(&admin).await[0]["id"].as_str().unwrap().to_owned();
    admin.delete(&format!("{LINKS}/{id}")).await.expect(200);
    let answers = join_all((0..5).map(|_| admin.post(LINKS, &form))).await;
    assert_eq!((count(&answers, 201), count(&answers, 409)), (1, 4));
}

async fn a_live_link_is_listed_however_many_came_after_it(world: World) {
    let admin = world.sign_in(&world.acme.admin).await;
    let form = json!({"purpose": "connect"});
    let first = admin.post(LINKS, &form).await.expect(201).json()["link"]["id"].clone();
    for _ in 0..51 {
        let id = admin.post(LINKS, &form).await.expect(201).json()["link"]["id"].clone();
        world
            .store
            .revoke_link(
                &world.acme.id,
                &id.as_str().unwrap().parse().unwrap(),
                &billing_store::Actor::system("test"),
                crate::fixture::now(),
            )
            .await
            .unwrap();
    }
    let links = listed(&admin).await;
    assert!(links.iter().any(|link| link["id"] == first), "the link that can still be used is not shown");
    let times: Vec<_> = links.iter().map(|link| link["created_at"].as_str().unwrap()).collect();
    assert!(times.is_sorted_by(|a, b| a >= b), "newest first: {times:?}");
}

async fn of_forty_requests_at_once_ten_are_made(world: World) {
    let member = world.sign_in(&world.acme.member).await;
    let form = json!({"amount": "50", "reason": "Calls"});
    let answers = join_all((0..40).map(|_| member.post(REQUESTS, &form))).await;
    assert_eq!((count(&answers, 201), count(&answers, 409)), (10, 30));
    // Another person's requests are not in the way.
    world.sign_in(&world.acme.admin).await.post(REQUESTS, &form).await.expect(201);
}

/// Signs in from this address of the machine, with the cookies of a browser if it has any; the answer.
async fn sign_in_from(world: &World, address: Ipv4Addr, cookies: &str, password: &str) -> Answer {
    let form = json!({"email": world.acme.owner.email, "password": password});
    let request = http_from(address).post(format!("{}/api/v1/session", world.server.origin()));
    send(request.header("origin", world.server.origin()).header("cookie", cookies).json(&form)).await
}

async fn nobody_is_locked_out_of_their_own_browser_from_a_hundred_and_ten_addresses(world: World) {
    let home = Ipv4Addr::new(127, 0, 9, 1);
    let first = sign_in_from(&world, home, "a=b", PASSWORD).await.expect(200);
    let cookies: Vec<_> = first.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect();
    let device = cookies.iter().find(|cookie| cookie.starts_with("nexis_device=")).expect("no device cookie");
    assert!(device.contains("HttpOnly") && device.contains("SameSite=Strict"), "{device}");
    let device = device.split(';').next().unwrap();

    let guesses = (0..110).map(|n| sign_in_from(&world, Ipv4Addr::new(127, 0, 8, 1 + n), "a=b", "guess"));
    let answers = join_all(guesses).await;
    assert!(count(&answers, 401) >= 100 && count(&answers, 429) >= 1, "{}", count(&answers, 401));
    // Browsers that nobody knows have to wait, a known one does not, from whichever address.
    let unknown = (0..10).map(|n| sign_in_from(&world, Ipv4Addr::new(127, 0, 7, 1 + n), "a=b", "guess"));
    assert!(count(&join_all(unknown).await, 429) >= 1);
    sign_in_from(&world, home, device, PASSWORD).await.expect(200);
    sign_in_from(&world, Ipv4Addr::new(127, 0, 8, 1), device, PASSWORD).await.expect(200);
    // It is no key: its own guesses are counted, and it says nothing of another person.
    let guesses = (0..30).map(|_| sign_in_from(&world, home, device, "guess"));
    assert_eq!(count(&join_all(guesses).await, 401), 10);
    let form = json!({"email": world.acme.admin.email, "password": "guess"});
    let other = world.anonymous().with_cookie(device);
    let guesses = join_all((0..30).map(|_| other.post("/api/v1/session", &form))).await;
    assert_eq!(count(&guesses, 401), 10);
}
