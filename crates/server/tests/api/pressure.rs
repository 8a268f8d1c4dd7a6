//! Clients that take up connections, bytes or readers: they are in their own way, and nobody else's.

use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use crate::client::{Client, http_from, read_until, send};
use crate::fixture::{Database, World};
use crate::wallets::{credit, fund};

/// A case on each database, with these flags.
macro_rules! on_both_with {
    ($($case:ident($($flag:literal),*)),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test] async fn $case() {
                super::$case(super::World::start_with(super::Database::Sqlite, &[$($flag),*]).await).await;
            })+
        }

        mod postgres {
            $(#[tokio::test] async fn $case() {
                super::$case(super::World::start_with(super::Database::Postgres, &[$($flag),*]).await).await;
            })+
        }
    };
}

on_both_with!(
    silent_connections_make_room_for_whoever_asks(
        "--max-connections",
        "20",
        "--max-connections-per-address",
        "8",
        "--header-seconds",
        "300"
    ),
    a_connection_on_which_nothing_is_asked_is_closed("--header-seconds", "1"),
    the_platform_has_an_address_of_its_own("--max-connections", "2", "--platform-listen", "127.0.0.1:0"),
    a_session_has_ten_streams(),
    tables_that_nobody_takes_are_cut_off_and_in_nobody_elses_way("--write-seconds", "2"),
    a_table_ends_with_its_session("--write-seconds", "300"),
);

/// As long as anything here may take.
const PATIENCE: Duration = Duration::from_secs(20);

fn address(world: &World) -> String {
    world.server.origin().strip_prefix("http://").unwrap().to_owned()
}

async fn connect(world: &World) -> TcpStream {
    TcpStream::connect(address(world)).await.unwrap()
}

/// Whether the other side closes the connection in this time.
async fn closes(stream: &mut TcpStream, time: Duration) -> bool {
    matches!(tokio::time::timeout(time, stream.read(&mut [0; 1])).await, Ok(Ok(0) | Err(_)))
}

async fn authorize(world: &World, client: &Client) -> u16 {
    let form = json!({
        "organization_id": world.acme.id, "kind": "outbound_call", "estimate": "0.10", "ttl_seconds": 60
    });
    client.post("/api/v1/metering/authorizations", &form).await.status
}

async fn silent_connections_make_room_for_whoever_asks(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    let mut stream = owner.request("GET", "/api/v1/events").send().await.unwrap();
    read_until(&mut stream, "event: wallet").await;
    let mut silent = Vec::new();
    for _ in 0..60 {
        silent.push(connect(&world).await);
    }
    assert_eq!(authorize(&world, &world.platform()).await, 200, "metering goes on");
    let other = http_from([127, 0, 9, 9].into()).get(format!("{}/healthz", world.server.origin()));
    send(other).await.expect(200);
    let mut closed = 0;
    for one in &mut silent[..50] {
        closed += usize::from(closes(one, PATIENCE).await);
    }
    assert_eq!(closed, 50, "one address keeps eight of its connections");
    // Where something is being answered, nothing is closed.
    fund(&world, &world.acme.id, billing_domain::Money::from_major(7)).await;
    read_until(&mut stream, "event: transaction").await;
}

async fn a_connection_on_which_nothing_is_asked_is_closed(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    let mut stream = owner.request("GET", "/api/v1/events").send().await.unwrap();
    let (mut silent, mut half, mut resting) = (connect(&world).await, connect(&world).await, connect(&world).await);
    half.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Half: ").await.unwrap();
    let ask = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    resting.write_all(ask).await.unwrap();
    assert!(resting.read(&mut [0; 4096]).await.unwrap() > 0);
    assert!(closes(&mut silent, PATIENCE).await && closes(&mut half, PATIENCE).await);
    // One that has asked may ask again later, and a stream goes on.
    resting.write_all(ask).await.unwrap();
    assert!(resting.read(&mut [0; 4096]).await.unwrap() > 0);
    fund(&world, &world.acme.id, billing_domain::Money::from_major(7)).await;
    read_until(&mut stream, "event: transaction").await;
}

async fn the_platform_has_an_address_of_its_own(world: World) {
    let told = world.server.announced.lines().find_map(|line| line.strip_prefix("platform at ")).unwrap().to_owned();
    let platform = Client::new(&told).with_bearer(crate::fixture::SERVICE_KEY);
    // Two streams are all that the pages' address has room for.
    let owner = world.sign_in(&world.acme.owner).await;
    let mut first = owner.request("GET", "/api/v1/events").send().await.unwrap();
    let mut second = owner.request("GET", "/api/v1/events").send().await.unwrap();
    read_until(&mut first, "event: wallet").await;
    read_until(&mut second, "event: wallet").await;
    assert!(closes(&mut connect(&world).await, PATIENCE).await, "there is no room");
    assert_eq!(authorize(&world, &platform).await, 200);
    platform.get("/healthz").await.expect(200);
    for path in ["/", "/api/v1/session", "/api/v1/wallet", "/outbox", "/api/docs"] {
        platform.get(path).await.expect(404);
    }
    platform.post("/api/v1/session", &json!({})).await.expect(404);
}

async fn a_session_has_ten_streams(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    let mut streams = Vec::new();
    for path in ["/api/v1/events", "/api/v1/requests/events"].into_iter().cycle().take(10) {
        let stream = owner.request("GET", path).send().await.unwrap();
        assert_eq!(stream.status(), 200);
        streams.push(stream);
    }
    for path in ["/api/v1/events", "/api/v1/requests/events"] {
        let refused = owner.get(path).await.expect(429);
        assert_eq!(refused.problem(), "too_many_requests");
        assert!(refused.header("retry-after").is_some());
    }
    // Another session has its own, and one that is closed makes room.
    let other = world.sign_in(&world.acme.owner).await;
    assert_eq!(other.request("GET", "/api/v1/events").send().await.unwrap().status(), 200);
    drop(streams.pop());
    let begun = Instant::now();
    while owner.request("GET", "/api/v1/events").send().await.unwrap().status() != 200 {
        assert!(begun.elapsed() < PATIENCE, "the closed stream is still counted");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// More than two sockets' buffers hold, as a table.
async fn fill(world: &World) {
    for _ in 0..4 {
        let line = |_| billing_store::NewLine {
            description: "x".repeat(8_000),
            ..credit(billing_domain::Money::from_major(1))
        };
        world.store.post(&world.acme.id, (0..500).map(line).collect(), crate::fixture::now()).await.unwrap();
    }
}

/// Asks for the table and takes its beginning; the connection's own buffer is small.
async fn begin_table(world: &World, client: &Client) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(8 * 1024).unwrap();
    let mut stream = socket.connect(address(world).parse().unwrap()).await.unwrap();
    let request =
        format!("GET /api/v1/transactions.csv HTTP/1.1\r\nHost: localhost\r\nCookie: {}\r\n\r\n", client.cookie());
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut beginning = [0; 64];
    stream.read_exact(&mut beginning).await.unwrap();
    assert!(beginning.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&beginning));
    stream
}

/// How many bytes still come, and whether the answer ends as it should.
async fn rest(mut stream: TcpStream) -> (usize, bool) {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes));
    let whole = !matches!(read.await, Ok(Err(_))) && bytes.ends_with(b"\r\n0\r\n\r\n");
    (bytes.len(), whole)
}

async fn tables_that_nobody_takes_are_cut_off_and_in_nobody_elses_way(world: World) {
    fill(&world).await;
    let owner = world.sign_in(&world.acme.owner).await;
    let tables = [begin_table(&world, &owner).await, begin_table(&world, &owner).await];
    // Both turns of this session are taken. Eight wait, the others are refused at once.
    let mut searches: FuturesUnordered<_> = (0..12).map(|_| owner.get("/api/v1/transactions?q=zzz")).collect();
    for _ in 0..4 {
        let refused = searches.next().await.unwrap().expect(429);
        assert_eq!(refused.problem(), "too_many_requests");
    }
    // Somebody else searches, and calls may start.
    world.sign_in(&world.acme.admin).await.get("/api/v1/transactions?q=zzz").await.expect(200);
    assert_eq!(authorize(&world, &world.platform()).await, 200);
    // Nobody takes the tables: they are cut off, and those who wait have their turn.
    while let Some(answer) = searches.next().await {
        answer.expect(200);
    }
    for table in tables {
        assert!(!rest(table).await.1, "it was sent to its end");
    }
}

async fn a_table_ends_with_its_session(world: World) {
    fill(&world).await;
    let owner = world.sign_in(&world.acme.owner).await;
    let whole = send(owner.request("GET", "/api/v1/transactions.csv")).await.expect(200).body.len();
    let table = begin_table(&world, &owner).await;
    owner.delete("/api/v1/session").await.expect(204);
    let (bytes, ended) = rest(table).await;
    assert!(!ended && bytes < whole, "{bytes} of {whole} bytes came after the session had ended");
}
