//! Everything that is measured on one database.

use std::path::Path;

use anyhow::{Context as _, Result};

use crate::BenchPaths;
use crate::arguments::Arguments;
use crate::figures::{Figure, Report, Unit, group_digits};
use crate::growth::{GrownLedger, measure_growth};
use crate::load::{self, REPORT};
use crate::peers;
use crate::program::{BenchServer, run_verification};
use crate::rate::{Load, Rate, WaitTimes};
use crate::sizes::read_sizes;
use crate::streams::OpenStreams;
use crate::wallets::Wallets;

/// All of them come from one address.
const MANY_CONNECTIONS: [&str; 4] = ["--max-connections", "20000", "--max-connections-per-address", "20000"];
/// Lines of the ledger with which a long one is compared.
pub(crate) const SHORT_LEDGER: i64 = 10_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DatabaseKind {
    Sqlite,
    Postgres,
}

impl DatabaseKind {
    /// As it is chosen on the command line.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

/// A run on one database.
pub(crate) struct Measuring<'r> {
    pub(crate) places: &'r BenchPaths,
    pub(crate) arguments: &'r Arguments,
    pub(crate) kind: DatabaseKind,
    pub(crate) temporary: &'r Path,
    pub(crate) report: &'r mut Report,
}

impl Measuring<'_> {
    pub(crate) async fn run(&mut self) -> Result<()> {
        let wants = |section| self.arguments.wants(section);
        if ["usage", "authorizations", "reads"].into_iter().any(wants) {
            self.measure_product().await?;
        }
        if wants("streams") {
            self.measure_streams().await?;
        }
        if wants("growth") || wants("verification") {
            self.measure_long_ledger().await?;
        }
        if wants("top-ups") && self.kind == DatabaseKind::Sqlite {
            self.measure_top_ups().await?;
        }
        Ok(())
    }

    fn add(&mut self, section: &str, name: &str, value: u64, unit: Unit, peer: Option<(&str, u64)>) {
        let (section, database, name) = (section.to_owned(), self.kind.name().to_owned(), name.to_owned());
        let peer = peer.map(|(name, value)| (name.to_owned(), value));
        self.report.add(Figure { section, database, name, value, unit, peer });
    }

    /// An empty database, gone after the run.
    async fn fresh_url(&self, name: &str) -> Result<String> {
        match self.kind {
            DatabaseKind::Sqlite => Ok(format!("sqlite:{}", self.temporary.join(format!("{name}.db")).display())),
            DatabaseKind::Postgres => peers::fresh_database(self.places, name).await,
        }
    }

    /// One that is kept for the next run where that is asked for.
    async fn ledger_url(&self, lines: i64) -> Result<String> {
        let name = format!("ledger_{lines}");
        match (self.kind, &self.arguments.keep) {
            (DatabaseKind::Sqlite, Some(folder)) => {
                std::fs::create_dir_all(folder)?;
                Ok(format!("sqlite:{}", folder.join(format!("{name}.db")).display()))
            }
            (DatabaseKind::Postgres, Some(_)) => peers::find_or_create_database(self.places, &name).await,
            (_, None) => self.fresh_url(&name).await,
        }
    }

    async fn measure_product(&mut self) -> Result<()> {
        let url = self.fresh_url("product").await?;
        let wallets = Wallets::create(&url).await?;
        let program = BenchServer::start(self.places, &url, &[]).await?;
        if self.arguments.wants("usage") {
            self.measure_usage(&url, &wallets, &program).await?;
        }
        if self.arguments.wants("authorizations") {
            self.measure_authorizations(&wallets, &program).await?;
        }
        if self.arguments.wants("reads") {
            self.measure_reads(&wallets, &program).await?;
        }
        Ok(())
    }

    /// Reports of usage: how fast, what it costs, and what it leaves on disk.
    async fn measure_usage(&mut self, url: &str, wallets: &Wallets, program: &BenchServer) -> Result<()> {
        const SECTION: &str = "Usage lines, reports of 500, 16 clients";
        const SIZES: &str = "Bytes a line of the ledger";
        let time = self.arguments.time();
        let (peer, by_hand) = match self.kind {
            DatabaseKind::Sqlite => {
                let file = self.temporary.join("by-hand.db");
                ("one commit a line, by hand", peers::sqlite_one_commit_a_line(&file, time).await?)
            }
            DatabaseKind::Postgres => ("pgbench TPC-B, one branch", peers::run_pgbench(self.places, time)?),
        };
        let (sizes, written) = (read_sizes(url).await?, program.processes().written()?);
        let mut rounds = Vec::new();
        for _ in 0..self.arguments.rounds() {
            rounds.push(load::measure_lines(program, &wallets.hot(), time).await?);
        }
        let lines: u64 = rounds.iter().map(|load| load.rate.count).sum();
        let (grown, written) = (read_sizes(url).await?, program.processes().written()? - written);
        let hot = Load::median(rounds).context("no round")?;
        let rate = hot.rate.per_second();
        self.add(SECTION, "one hot wallet", rate, Unit::PerSecond, Some((peer, by_hand.per_second())));
        self.add(SECTION, "server CPU a line", hot.server_cpu, Unit::Nanoseconds, None);
        if self.kind == DatabaseKind::Postgres {
            self.add(SECTION, "PostgreSQL CPU a line", hot.postgres_cpu, Unit::Nanoseconds, None);
        }
        self.add(SECTION, "a report's answer, p50", hot.waits.percentile(50), Unit::Nanoseconds, None);
        self.add(SECTION, "a report's answer, p99", hot.waits.percentile(99), Unit::Nanoseconds, None);
        self.add_tigerbeetle(SECTION, rate)?;
        let many = self.repeat(async || load::measure_lines(program, &wallets.all(), time).await).await?;
        self.add(SECTION, "1,000 wallets", many.rate.per_second(), Unit::PerSecond, Some((peer, by_hand.per_second())));
        self.add(SECTION, "server CPU a line, 1,000 wallets", many.server_cpu, Unit::Nanoseconds, None);

        let each = |later: u64, earlier: u64| later.saturating_sub(earlier) / lines.max(1);
        self.add(SIZES, "on disk, all tables and indexes", each(grown.data, sizes.data), Unit::Bytes, None);
        if self.kind == DatabaseKind::Postgres {
            self.add(SIZES, "of it the ledger and its indexes", each(grown.ledger, sizes.ledger), Unit::Bytes, None);
            self.add(SIZES, "WAL", each(grown.log, sizes.log), Unit::Bytes, None);
        } else {
            self.add(SIZES, "written, log and checkpoints", written / lines.max(1), Unit::Bytes, None);
        }
        Ok(())
    }

    #[expect(clippy::print_stdout, reason = "what is not there is named, and is no figure")]
    fn add_tigerbeetle(&mut self, section: &str, ours: u64) -> Result<()> {
        if self.kind != DatabaseKind::Sqlite {
            return Ok(());
        }
        match peers::run_tigerbeetle(if self.arguments.quick { 200_000 } else { 1_000_000 })? {
            Some(theirs) => {
                let peer = Some((format!("TigerBeetle, batches of {REPORT}"), theirs));
                let (database, name) = (self.kind.name().to_owned(), "one hot wallet beside TigerBeetle".to_owned());
                let section = section.to_owned();
                self.report.add(Figure { section, database, name, value: ours, unit: Unit::PerSecond, peer });
            }
            None => println!("  TigerBeetle: not on the path"),
        }
        Ok(())
    }

    async fn measure_authorizations(&mut self, wallets: &Wallets, program: &BenchServer) -> Result<()> {
        const SECTION: &str = "Authorizations, 16 clients";
        let time = self.arguments.time();
        let one = [wallets.quiet()?.clone()];
        let load = self.repeat(async || load::measure_authorizations(program, &one, time).await).await?;
        self.add_load(SECTION, "one wallet", &load);
        let all = wallets.all();
        let load = self.repeat(async || load::measure_authorizations(program, &all, time).await).await?;
        self.add_load(SECTION, "16 wallets", &load);
        Ok(())
    }

    async fn measure_reads(&mut self, wallets: &Wallets, program: &BenchServer) -> Result<()> {
        const SECTION: &str = "Reads, 16 clients";
        const BARE: &str = "a bare axum handler with the same answer";
        let time = self.arguments.time();
        let token = wallets.sign_in(wallets.quiet()?).await?;
        let answer = self.temporary.join("wallet.json");
        let mut http = crate::http_load::HttpClient::connect(&program.origin).await?;
        let request = crate::http_load::format_read("/wallet", &token);
        std::fs::write(&answer, http.expect(&request, 200).await?)?;
        let bare = BenchServer::start_bare(answer.as_os_str()).await?;
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        // In turns: both meet the machine in the same state.
        for _ in 0..self.arguments.rounds() {
            theirs.push(load::measure_reads(&bare, "/wallet", &token, time).await?);
            ours.push(load::measure_reads(program, "/wallet", &token, time).await?);
        }
        let (wallet, bare) = Load::median(ours).zip(Load::median(theirs)).context("no round")?;
        self.add(
            SECTION,
            "GET /wallet",
            wallet.rate.per_second(),
            Unit::PerSecond,
            Some((BARE, bare.rate.per_second())),
        );
        self.add(
            SECTION,
            "GET /wallet, server CPU",
            wallet.server_cpu,
            Unit::Nanoseconds,
            Some((BARE, bare.server_cpu)),
        );
        for (name, path) in [("GET /billing", "/billing"), ("GET /transactions", "/transactions")] {
            let load = self.repeat(async || load::measure_reads(program, path, &token, time).await).await?;
            self.add_load(SECTION, name, &load);
        }
        self.add("Memory", "server after all this", program.processes().memory()?, Unit::Bytes, None);
        Ok(())
    }

    /// Open pages of one organization, and as many of a thousand, while another one is posted to.
    async fn measure_streams(&mut self) -> Result<()> {
        let (time, count) = (self.arguments.time(), self.arguments.streams());
        let section = format!("{} open streams", group_digits(u64::try_from(count)?));
        let url = self.fresh_url("streams").await?;
        let wallets = Wallets::create(&url).await?;
        for (name, watched) in [("of one organization", &wallets.all()[1..2]), ("of 999", &wallets.all()[1..])] {
            // Afresh: what was open before has left its traces in memory.
            let program = BenchServer::start(self.places, &url, &MANY_CONNECTIONS).await?;
            let hot = async || load::measure_lines(&program, &wallets.hot(), time).await;
            let alone = self.repeat(hot).await?;
            let memory = program.processes().memory()?;
            let mut streams = OpenStreams::open(&program, &wallets, watched, count).await?;
            let each = (program.processes().memory()? - memory) / u64::try_from(count)?;
            self.add(&section, &format!("{name}: memory of one"), each, Unit::Bytes, None);
            let idle = load::measure_idle(&program, time).await?;
            self.add(
                &section,
                &format!("{name}: server CPU of one for a second"),
                idle / u64::try_from(count)?,
                Unit::Nanoseconds,
                None,
            );
            let mut waits = Vec::new();
            for _ in 0..self.arguments.rounds() {
                waits.push(streams.reach_all(&program, watched).await?);
            }
            let reached = WaitTimes::of(waits).percentile(50);
            self.add(&section, &format!("{name}: a posting has reached all"), reached, Unit::Nanoseconds, None);
            let beside = self.repeat(hot).await?;
            let peer = Some(("without them", alone.rate.per_second()));
            let rate = beside.rate.per_second();
            self.add(&section, &format!("{name}: another wallet's lines"), rate, Unit::PerSecond, peer);
        }
        Ok(())
    }

    /// Reads, postings and verification of a short and of a long ledger.
    async fn measure_long_ledger(&mut self) -> Result<()> {
        let lines = self.arguments.long_ledger();
        let long_url = self.ledger_url(lines).await?;
        if self.arguments.wants("growth") {
            let short = GrownLedger::open(self.places, &self.fresh_url("short_ledger").await?, SHORT_LEDGER).await?;
            let long = GrownLedger::open(self.places, &long_url, lines).await?;
            let digits = |lines: i64| group_digits(lines.unsigned_abs());
            let section = format!("Growth: {} → {} lines", digits(SHORT_LEDGER), digits(lines));
            let peer = format!("{} lines", digits(SHORT_LEDGER));
            for growth in measure_growth(&short, &long, self.arguments.question_time()).await? {
                self.add(&section, growth.name, growth.long, Unit::Nanoseconds, Some((&peer, growth.short)));
            }
        }
        if self.arguments.wants("verification") {
            crate::seed::seed_ledger(&long_url, lines).await?;
            let section = format!("Verification of {} lines", group_digits(lines.unsigned_abs()));
            let time = run_verification(self.places, &long_url).await?;
            let rate = Rate { count: u64::try_from(lines)?, time };
            self.add(&section, "lines a second", rate.per_second(), Unit::PerSecond, None);
            let nanoseconds = u64::try_from(time.as_nanos())?;
            self.add(&section, "all of them", nanoseconds, Unit::Nanoseconds, None);
        }
        Ok(())
    }

    async fn measure_top_ups(&mut self) -> Result<()> {
        const SECTION: &str = "Sandbox top-ups, one after the other";
        let url = self.fresh_url("demo").await?;
        let program = BenchServer::start(self.places, &url, &["--demo", "--demo-state", "fresh"]).await?;
        let load = load::measure_top_ups(&program).await?;
        self.add_load(SECTION, "paid and in the ledger", &load);
        Ok(())
    }

    /// Rate, processor time and waits.
    fn add_load(&mut self, section: &str, name: &str, load: &Load) {
        self.add(section, name, load.rate.per_second(), Unit::PerSecond, None);
        self.add(section, &format!("{name}, server CPU"), load.server_cpu, Unit::Nanoseconds, None);
        if self.kind == DatabaseKind::Postgres {
            self.add(section, &format!("{name}, PostgreSQL CPU"), load.postgres_cpu, Unit::Nanoseconds, None);
        }
        for (percent, label) in [(50, "p50"), (99, "p99")] {
            self.add(section, &format!("{name}, {label}"), load.waits.percentile(percent), Unit::Nanoseconds, None);
        }
    }

    /// The round in the middle.
    async fn repeat(&self, measure: impl AsyncFn() -> Result<Load>) -> Result<Load> {
        let mut rounds = Vec::new();
        for _ in 0..self.arguments.rounds() {
            rounds.push(measure().await?);
        }
        Load::median(rounds).context("no round")
    }
}
