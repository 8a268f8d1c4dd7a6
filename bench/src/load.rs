//! The load: sixteen clients that report, ask, look and pay for some seconds.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use billing_domain::OrganizationId;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::http_load::{HttpClient, format_read, format_report, format_request};
use crate::processes::CpuTimes;
use crate::program::{BenchServer, SERVICE_KEY};
use crate::rate::{Load, Rate, WaitTimes};
use crate::wallets::{current_time, next_call};

const CLIENTS: usize = 16;
pub(crate) const REPORT: usize = 500;
/// Wallets that share a report when there are many.
const WALLETS_A_REPORT: usize = 10;
const TOP_UPS: usize = 300;

/// Runs the clients and reads what the server's processes spend meanwhile.
async fn measure_load(
    program: &BenchServer,
    clients: impl Iterator<Item = impl Future<Output = Result<Vec<Duration>>> + Send + 'static>,
    units: usize,
) -> Result<Load> {
    let (started, spent) = (Instant::now(), program.processes().cpu_times()?);
    let mut running = JoinSet::new();
    for client in clients {
        running.spawn(client);
    }
    let mut waits = Vec::new();
    while let Some(waited) = running.join_next().await {
        waits.extend(waited??);
    }
    let rate = Rate { count: u64::try_from(waits.len() * units)?, time: started.elapsed() };
    let CpuTimes { server, postgres } = program.processes().cpu_times()?.since(spent);
    Ok(Load {
        rate,
        server_cpu: server / rate.count.max(1),
        postgres_cpu: postgres / rate.count.max(1),
        waits: WaitTimes::of(waits),
    })
}

/// What the server's process spends in a second in which nobody asks anything, in nanoseconds.
pub(crate) async fn measure_idle(program: &BenchServer, time: Duration) -> Result<u64> {
    let (started, spent) = (Instant::now(), program.processes().cpu_times()?);
    tokio::time::sleep(time).await;
    let CpuTimes { server, .. } = program.processes().cpu_times()?.since(spent);
    Ok(Rate { count: server, time: started.elapsed() }.per_second())
}

/// Reports of five hundred lines over these wallets; every line is acknowledged after its commit.
pub(crate) async fn measure_lines(
    program: &BenchServer,
    wallets: &Arc<[OrganizationId]>,
    time: Duration,
) -> Result<Load> {
    let clients = (0..CLIENTS).map(|client| {
        let (origin, wallets) = (program.origin.clone(), Arc::clone(wallets));
        async move {
            let (mut http, started) = (HttpClient::connect(&origin).await?, Instant::now());
            let (mut waits, mut report) = (Vec::new(), client);
            while started.elapsed() < time {
                let wallet = |line| &wallets[(report * WALLETS_A_REPORT + line % WALLETS_A_REPORT) % wallets.len()];
                waits.push(post_usage(&mut http, REPORT, wallet).await?);
                report += CLIENTS;
            }
            Ok(waits)
        }
    });
    measure_load(program, clients, REPORT).await
}

/// A report of new usage, each line of the wallet that its place gives.
fn format_usage<'w>(lines: usize, wallet: impl Fn(usize) -> &'w OrganizationId) -> Result<Vec<u8>> {
    let at = current_time()?;
    let mut body = String::with_capacity(lines * 300);
    body.push_str("{\"events\":[");
    for line in 0..lines {
        let (wallet, call, comma) = (wallet(line), next_call(), if line == 0 { "" } else { "," });
        write!(
            body,
            "{comma}{{\"id\":\"call-{call}\",\"organization_id\":\"{wallet}\",\"kind\":\"outbound_call\",\
            \"quantity\":\"95\",\"unit\":\"second\",\"unit_price\":\"0.0012\",\"occurred_at\":\"{at}\",\
            \"description\":\"Call with +1 415 555 0100\",\"source\":\"Agent Ava\"}}"
        )?;
    }
    body.push_str("]}");
    Ok(format_report("/metering/events", SERVICE_KEY, &body))
}

/// Reports new usage, each line of the wallet that its place gives, and waits until all of it is posted; how long that took.
pub(crate) async fn post_usage<'w>(
    http: &mut HttpClient,
    lines: usize,
    wallet: impl Fn(usize) -> &'w OrganizationId,
) -> Result<Duration> {
    let request = format_usage(lines, wallet)?;
    let asked = Instant::now();
    let answer = std::str::from_utf8(http.expect(&request, 200).await?)?;
    let wait = asked.elapsed();
    ensure!(answer.matches("\"status\":\"posted\"").count() == lines, "{answer}");
    Ok(wait)
}

/// "May a call of this wallet start?", each answered with a hold.
pub(crate) fn format_authorization(wallet: &OrganizationId) -> Vec<u8> {
    let form =
        json!({"organization_id": wallet.as_str(), "kind": "outbound_call", "estimate": "0.50", "ttl_seconds": 600});
    format_report("/metering/authorizations", SERVICE_KEY, &form.to_string())
}

/// Holds for the calls of these wallets, each client with its own one.
pub(crate) async fn measure_authorizations(
    program: &BenchServer,
    wallets: &[OrganizationId],
    time: Duration,
) -> Result<Load> {
    let requests = wallets.iter().cycle().take(CLIENTS).map(format_authorization).collect();
    measure_requests(program, requests, "\"allowed\":true", time).await
}

/// A read of somebody who is signed in.
pub(crate) async fn measure_reads(program: &BenchServer, path: &str, token: &str, time: Duration) -> Result<Load> {
    measure_requests(program, vec![format_read(path, token); CLIENTS], "", time).await
}

/// The same request again and again, each client with its own.
pub(crate) async fn measure_requests(
    program: &BenchServer,
    requests: Vec<Vec<u8>>,
    expected: &'static str,
    time: Duration,
) -> Result<Load> {
    let clients = requests.into_iter().map(|request| {
        let origin = program.origin.clone();
        async move {
            let (mut http, started) = (HttpClient::connect(&origin).await?, Instant::now());
            let mut waits = Vec::new();
            while started.elapsed() < time {
                let asked = Instant::now();
                let answer = http.expect(&request, 200).await?;
                waits.push(asked.elapsed());
                let found = expected.is_empty() || std::str::from_utf8(answer)?.contains(expected);
                ensure!(found, "{}", String::from_utf8_lossy(answer));
            }
            Ok(waits)
        }
    });
    measure_load(program, clients, 1).await
}

/// Top-ups of the demo's owner, one after the other: charged at the sandbox bank and in the ledger when answered.
pub(crate) async fn measure_top_ups(program: &BenchServer) -> Result<Load> {
    let mut http = HttpClient::connect(&program.origin).await?;
    let origin = &program.origin;
    let host = origin.trim_start_matches("http://");
    let post = |path: &str, headers: &str, body: &Value| {
        let headers = format!("host: {host}\r\norigin: {origin}\r\ncontent-type: application/json\r\n{headers}");
        format_request("POST", &format!("/api/v1{path}"), &headers, &body.to_string())
    };
    let sign_in = post("/session", "", &json!({"email": "owner@demo.test", "password": "demo"}));
    http.expect(&sign_in, 200).await?;
    let cookie = format!("cookie: {}\r\n", http.cookies().context("no cookie")?);
    let card = json!({"token": "pm_card_visa", "exp_month": 12, "exp_year": 2040, "consent": "measuring"});
    http.expect(&post("/cards/setups", &cookie, &card), 201).await?;
    let (started, spent) = (Instant::now(), program.processes().cpu_times()?);
    let mut waits = Vec::with_capacity(TOP_UPS);
    for number in 0..TOP_UPS {
        let headers = format!("{cookie}idempotency-key: bench-{number}\r\n");
        let request = post("/top-ups", &headers, &json!({"amount": "25.00"}));
        let asked = Instant::now();
        let answer = http.expect(&request, 201).await?;
        waits.push(asked.elapsed());
        let answer: Value = serde_json::from_slice(answer)?;
        ensure!(answer["status"] == "succeeded", "{answer}");
    }
    let rate = Rate { count: u64::try_from(TOP_UPS)?, time: started.elapsed() };
    let CpuTimes { server, postgres } = program.processes().cpu_times()?.since(spent);
    Ok(Load { rate, server_cpu: server / rate.count, postgres_cpu: postgres / rate.count, waits: WaitTimes::of(waits) })
}
