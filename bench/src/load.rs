//! The load: sixteen clients that report, ask and pay for some seconds.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, ensure};
use billing_domain::{
    CardId, CardRef, Currency, Money, OrganizationId, TextMap, Timestamp, TransactionId, TransactionKind,
};
use billing_store::{NewCard, NewLine, NewOrganization, Origin, Store};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::program::{BenchServer, SERVICE_KEY};
use crate::rate::{Rate, WaitTimes};

const CLIENTS: usize = 16;
const REPORT: usize = 500;
const WALLETS: usize = 1_000;
/// Wallets that share a report when there are many.
const WALLETS_A_REPORT: usize = 10;
const TIME: Duration = Duration::from_secs(6);
const TOP_UPS: usize = 300;

/// Organizations with money, made past the program.
pub(crate) struct Wallets {
    store: Store,
    ids: Arc<[OrganizationId]>,
}

impl Wallets {
    /// The first one is the hot one.
    pub(crate) async fn create(url: &str) -> Result<Self> {
        let store = Store::connect(url).await?;
        let mut ids = Vec::with_capacity(WALLETS);
        for number in 0..WALLETS {
            ids.push(create_wallet(&store, number).await?);
        }
        Ok(Self { store, ids: ids.into() })
    }

    /// One wallet for every report.
    pub(crate) fn hot(&self) -> Arc<[OrganizationId]> {
        self.ids.iter().take(1).cloned().collect()
    }

    pub(crate) fn all(&self) -> Arc<[OrganizationId]> {
        Arc::clone(&self.ids)
    }

    /// The one that calls are started from.
    pub(crate) fn holder(&self) -> String {
        self.ids.last().map(OrganizationId::to_string).unwrap_or_default()
    }

    /// How many lines the hot wallet's ledger has.
    pub(crate) async fn lines(&self) -> Result<i64> {
        let hot = self.ids.first().context("no wallet")?;
        Ok(self.store.wallet(hot).await?.last_seq)
    }
}

fn new_id() -> String {
    uuid::Uuid::now_v7().to_string()
}

fn current_time() -> Result<Timestamp> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(Timestamp::from_micros(i64::try_from(since.as_micros())?))
}

async fn create_wallet(store: &Store, number: usize) -> Result<OrganizationId> {
    let now = current_time()?;
    let new = NewOrganization {
        id: OrganizationId::from_trusted(new_id()),
        name: format!("Wallet {number}"),
        address: String::new(),
        tax_id: String::new(),
        time_zone: "UTC".to_owned(),
        currency: Currency::Usd,
        made_by_demo: false,
    };
    store.create_organization(&new, now).await?;
    let card = NewCard {
        id: CardId::from_trusted(new_id()),
        provider: "sandbox".to_owned(),
        provider_ref: CardRef::from_trusted(new_id()),
        brand: "visa".to_owned(),
        last4: "4242".to_owned(),
        exp_month: 12,
        exp_year: 2040,
        fingerprint: None,
    };
    store.add_card(&new.id, &card, now).await?;
    let credit = NewLine {
        id: TransactionId::from_trusted(new_id()),
        kind: TransactionKind::Promo,
        origin: Origin::Promo,
        reference: "measuring".to_owned(),
        contra: "promo".to_owned(),
        amount: Money::from_major(1_000_000_000),
        part: billing_domain::pricing::Remainder::ZERO,
        occurred_at: now,
        day: now.utc_date(),
        description: "Credit for measuring".to_owned(),
        source: String::new(),
        quantity: None,
        unit: None,
        unit_price: None,
        corrects: None,
        details: TextMap::default(),
        hold_id: None,
    };
    store.post(&new.id, vec![credit], now).await?;
    Ok(new.id)
}

/// A request that must be answered with this status; the answer.
async fn send_expecting(request: RequestBuilder, status: u16) -> Result<reqwest::Response> {
    let answer = request.send().await?;
    let got = answer.status().as_u16();
    ensure!(got == status, "{got}: {}", answer.text().await?);
    Ok(answer)
}

/// Reports of five hundred lines over these wallets; every line is acknowledged after its commit.
pub(crate) async fn measure_lines(program: &BenchServer, wallets: &Arc<[OrganizationId]>) -> Result<Rate> {
    let started = Instant::now();
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        let (origin, wallets) = (program.origin.clone(), Arc::clone(wallets));
        clients.spawn(async move { report_for_a_while(&origin, &wallets, number).await });
    }
    let mut count = 0;
    while let Some(posted) = clients.join_next().await {
        count += posted??;
    }
    Ok(Rate { count, time: started.elapsed() })
}

async fn report_for_a_while(origin: &str, wallets: &[OrganizationId], client: usize) -> Result<u64> {
    let (http, run, started) = (Client::new(), new_id(), Instant::now());
    let at = current_time()?;
    let (mut posted, mut report) = (0, client);
    while started.elapsed() < TIME {
        // As text: this side shares its two cores with the program that is measured.
        let mut body = String::with_capacity(REPORT * 300);
        body.push_str("{\"events\":[");
        for line in 0..REPORT {
            let wallet = &wallets[(report * WALLETS_A_REPORT + line % WALLETS_A_REPORT) % wallets.len()];
            let comma = if line == 0 { "" } else { "," };
            write!(
                body,
                "{comma}{{\"id\":\"{run}-{report}-{line}\",\"organization_id\":\"{wallet}\",\"kind\":\"outbound_call\",\
                \"quantity\":\"95\",\"unit\":\"second\",\"unit_price\":\"0.0012\",\"occurred_at\":\"{at}\",\
                \"description\":\"Call with +1 415 555 0100\",\"source\":\"Agent Ava\"}}"
            )?;
        }
        body.push_str("]}");
        let url = format!("{origin}/api/v1/metering/events");
        let request = http.post(url).bearer_auth(SERVICE_KEY).header("content-type", "application/json").body(body);
        let answer = send_expecting(request, 200).await?.text().await?;
        ensure!(answer.matches("\"status\":\"posted\"").count() == REPORT, "{answer}");
        posted += u64::try_from(REPORT)?;
        report += CLIENTS;
    }
    Ok(posted)
}

/// "May this call start?", of one wallet, each answered with a hold.
pub(crate) async fn measure_authorizations(program: &BenchServer, wallet: String) -> Result<(Rate, WaitTimes)> {
    let form = json!({"organization_id": wallet, "kind": "outbound_call", "estimate": "0.50", "ttl_seconds": 600});
    let started = Instant::now();
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let (origin, form) = (program.origin.clone(), form.clone());
        clients.spawn(async move { ask_for_a_while(&origin, &form).await });
    }
    let mut waits = Vec::new();
    while let Some(asked) = clients.join_next().await {
        waits.extend(asked??);
    }
    Ok((Rate { count: u64::try_from(waits.len())?, time: started.elapsed() }, WaitTimes::of(waits)))
}

async fn ask_for_a_while(origin: &str, form: &Value) -> Result<Vec<Duration>> {
    let (http, started) = (Client::new(), Instant::now());
    let mut waits = Vec::new();
    while started.elapsed() < TIME {
        let asked = Instant::now();
        let request = http.post(format!("{origin}/api/v1/metering/authorizations"));
        let answer: Value = send_expecting(request.bearer_auth(SERVICE_KEY).json(form), 200).await?.json().await?;
        waits.push(asked.elapsed());
        ensure!(answer["allowed"] == true, "{answer}");
    }
    Ok(waits)
}

/// Top-ups of the demo's owner, one after the other: charged at the sandbox bank and in the ledger when answered.
pub(crate) async fn measure_top_ups(program: &BenchServer) -> Result<(Rate, WaitTimes)> {
    let (http, base) = (Client::new(), format!("{}/api/v1", program.origin));
    let sign_in = json!({"email": "owner@demo.test", "password": "demo"});
    let post = |path: &str| http.post(format!("{base}{path}")).header("origin", &program.origin);
    let session = send_expecting(post("/session").json(&sign_in), 200).await?;
    let cookie = session.headers().get("set-cookie").context("no cookie")?.to_str()?;
    let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
    let card = json!({"token": "pm_card_visa", "exp_month": 12, "exp_year": 2040, "consent": "measuring"});
    send_expecting(post("/cards/setups").header("cookie", &cookie).json(&card), 201).await?;
    let started = Instant::now();
    let mut waits = Vec::with_capacity(TOP_UPS);
    for number in 0..TOP_UPS {
        let asked = Instant::now();
        let request = post("/top-ups").header("cookie", &cookie).header("idempotency-key", format!("bench-{number}"));
        let answer: Value = send_expecting(request.json(&json!({"amount": "25.00"})), 201).await?.json().await?;
        waits.push(asked.elapsed());
        ensure!(answer["status"] == "succeeded", "{answer}");
    }
    Ok((Rate { count: u64::try_from(TOP_UPS)?, time: started.elapsed() }, WaitTimes::of(waits)))
}
