//! What an operator may say: commands, and the settings as flags, environment variables and lines of a file.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use billing_domain::Currency;
use clap::{ArgMatches, Args, FromArgMatches as _, Parser, Subcommand, ValueEnum};
use serde::Deserialize;

use super::commands::{KeyCommand, OrganizationCommand, Setup, UserCommand};
use super::oidc::OidcTable;
use super::{ConfigError, Provider, Secret, file};

/// The command line.
#[derive(Debug, Parser)]
#[command(name = "nexis-billing", version, about = "The billing API and the Billing tab, in one program")]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the API and the page.
    Serve(Box<ServerSettings>),
    /// Recompute every ledger of the database and say where the first broken line is.
    Verify(Box<ServerSettings>),
    /// Write one organization's ledger as JSON lines, oldest first, to standard output.
    Export(Box<Export>),
    /// Copy the SQLite database into a new file while servers go on with it.
    Backup(Box<Backup>),
    /// Write closed months of ledgers to files, verify these, and take the usage in them out of the database.
    Archive(Box<Archive>),
    /// List notices that nobody took, as JSON lines.
    DeadLetters(Box<DeadLetters>),
    /// Make the first organization and its owner, and print a link by which the owner chooses a password.
    Setup(Box<Setup>),
    /// Make organizations.
    #[command(subcommand)]
    Org(OrganizationCommand),
    /// Make people's accounts, lock them, and end their sessions.
    #[command(subcommand)]
    User(UserCommand),
    /// Make, list and revoke the keys of your programs.
    #[command(subcommand)]
    Key(KeyCommand),
    /// Say what needs somebody's attention: payments that the provider has and this database did not know.
    Doctor(Box<ServerSettings>),
}

/// What to export.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The organization's id.
    #[arg(long)]
    pub(crate) organization: String,
    /// Where the database is.
    #[command(flatten)]
    pub(crate) settings: ServerSettings,
}

/// Where to copy to.
#[derive(Debug, Args)]
pub(crate) struct Backup {
    /// The new file; one that exists is never overwritten.
    #[arg(long)]
    pub(crate) to: PathBuf,
    /// Where the database is.
    #[command(flatten)]
    pub(crate) settings: ServerSettings,
}

/// What to archive.
#[derive(Debug, Args)]
pub(crate) struct Archive {
    /// The folder; the setting `archive_dir` unless given.
    #[arg(long)]
    pub(crate) into: Option<PathBuf>,
    /// Only this organization's, by its id.
    #[arg(long)]
    pub(crate) organization: Option<String>,
    /// The last month, `2026-10`; unless given, thirteen closed months stay in the database.
    #[arg(long)]
    pub(crate) until: Option<String>,
    /// Only say what would be archived.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Where the database is.
    #[command(flatten)]
    pub(crate) settings: ServerSettings,
}

/// What to do with them.
#[derive(Debug, Args)]
pub(crate) struct DeadLetters {
    /// Try all of them again.
    #[arg(long)]
    pub(crate) retry: bool,
    /// Where the database is.
    #[command(flatten)]
    pub(crate) settings: ServerSettings,
}

/// How the demo organization begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DemoState {
    /// A card, a balance, about 90 days of history.
    #[default]
    Living,
    /// No card, no balance, no history.
    Fresh,
}

/// One source's settings, each of them optional. The same names as flags (`--public-url`), in the environment
/// (`NEXIS_BILLING_PUBLIC_URL`) and in the file (`public_url = "…"`).
#[derive(Clone, Debug, Default, Args, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ServerSettings {
    /// TOML file with any of the settings below.
    #[arg(long, env = "NEXIS_BILLING_CONFIG", hide_env_values = true)]
    #[serde(skip)]
    pub(super) config: Option<PathBuf>,
    /// Address and port to listen on; port 0 takes a free one.
    #[arg(long, env = "NEXIS_BILLING_LISTEN", hide_env_values = true)]
    pub(super) listen: Option<SocketAddr>,
    /// Address and port of `/metrics` for the operator's monitoring; without it there is none. Not for the open network.
    #[arg(long, env = "NEXIS_BILLING_ADMIN_LISTEN", hide_env_values = true)]
    pub(super) admin_listen: Option<SocketAddr>,
    /// Address and port for the AI platform alone (metering and refunds), where no browser's connections are in its way.
    #[arg(long, env = "NEXIS_BILLING_PLATFORM_LISTEN", hide_env_values = true)]
    pub(super) platform_listen: Option<SocketAddr>,
    /// Open connections at a time; whoever comes then takes the place of the one that has been idle longest.
    #[arg(long, env = "NEXIS_BILLING_MAX_CONNECTIONS", hide_env_values = true)]
    pub(super) max_connections: Option<usize>,
    /// Of them from one address; behind a proxy there is no such limit unless it is set.
    #[arg(long, env = "NEXIS_BILLING_MAX_CONNECTIONS_PER_ADDRESS", hide_env_values = true)]
    pub(super) max_connections_per_address: Option<usize>,
    /// A new connection that has sent no whole header after so many seconds is closed.
    #[arg(long, env = "NEXIS_BILLING_HEADER_SECONDS", hide_env_values = true)]
    pub(super) header_seconds: Option<u32>,
    /// A client that takes nothing of an answer for so many seconds is cut off.
    #[arg(long, env = "NEXIS_BILLING_WRITE_SECONDS", hide_env_values = true)]
    pub(super) write_seconds: Option<u32>,
    /// A search, table or statement that takes longer is broken off, seconds.
    #[arg(long, env = "NEXIS_BILLING_READ_SECONDS", hide_env_values = true)]
    pub(super) read_seconds: Option<u32>,
    /// `sqlite:FILE` or `postgres://…`.
    #[arg(long, env = "NEXIS_BILLING_DATABASE", hide_env_values = true)]
    pub(super) database: Option<Secret>,
    /// File with the address of the database, since that may hold a password.
    #[arg(long, env = "NEXIS_BILLING_DATABASE_FILE", hide_env_values = true)]
    pub(super) database_file: Option<PathBuf>,
    /// Folder of the files that `archive` has written, the same on every server.
    #[arg(long, env = "NEXIS_BILLING_ARCHIVE_DIR", hide_env_values = true)]
    pub(super) archive_dir: Option<PathBuf>,
    /// Currency of organizations that are made on their first use; amounts among these settings are in it, and wallets in
    /// other currencies have the usual ones.
    #[arg(long, env = "NEXIS_BILLING_DEFAULT_CURRENCY", hide_env_values = true)]
    pub(super) default_currency: Option<Currency>,
    /// Time zone of organizations that are made on their first use: an IANA name.
    #[arg(long, env = "NEXIS_BILLING_DEFAULT_TIME_ZONE", hide_env_values = true)]
    pub(super) default_time_zone: Option<String>,
    /// Folder with the built page.
    #[arg(long, env = "NEXIS_BILLING_DIST", hide_env_values = true)]
    pub(super) dist: Option<PathBuf>,
    /// Make and serve the demo organization; only on a database of its own.
    #[arg(long, env = "NEXIS_BILLING_DEMO", hide_env_values = true, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(super) demo: Option<bool>,
    /// How the demo organization begins.
    #[arg(long, env = "NEXIS_BILLING_DEMO_STATE", hide_env_values = true)]
    pub(super) demo_state: Option<DemoState>,
    /// Keep posting lines for the demo organization.
    #[arg(long, env = "NEXIS_BILLING_DEMO_TRAFFIC", hide_env_values = true, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(super) demo_traffic: Option<bool>,
    /// The key with which the AI platform reports usage, at least 32 characters; without one, metering is closed.
    #[arg(long, env = "NEXIS_BILLING_SERVICE_KEY", hide_env_values = true)]
    pub(super) service_key: Option<Secret>,
    /// File with that key.
    #[arg(long, env = "NEXIS_BILLING_SERVICE_KEY_FILE", hide_env_values = true)]
    pub(super) service_key_file: Option<PathBuf>,
    /// What second factors are sealed with in the database, at least 32 characters, the same on every server; without one they
    /// cannot be switched on. Whoever loses it leaves people with their recovery codes alone.
    #[arg(long, env = "NEXIS_BILLING_SECRET_KEY", hide_env_values = true)]
    pub(super) secret_key: Option<Secret>,
    /// File with that key.
    #[arg(long, env = "NEXIS_BILLING_SECRET_KEY_FILE", hide_env_values = true)]
    pub(super) secret_key_file: Option<PathBuf>,
    /// The address people see, `https://billing.example.com`; https makes the session cookie `Secure`. Without it the server
    /// listens on this machine only.
    #[arg(long, env = "NEXIS_BILLING_PUBLIC_URL", hide_env_values = true)]
    pub(super) public_url: Option<String>,
    /// Sites that may show the page in a frame, `https://app.example.com` or `https://*.example.com`, with commas between them.
    #[arg(long, env = "NEXIS_BILLING_EMBED_ORIGINS", hide_env_values = true, value_delimiter = ',')]
    pub(super) embed_origins: Option<Vec<String>>,
    /// Identity providers, each a table `[oidc.NAME]` of the file; there are no flags for them.
    #[arg(skip)]
    pub(super) oidc: BTreeMap<String, OidcTable>,
    /// A reverse proxy stands in front and appends the client's address to `X-Forwarded-For`.
    #[arg(long, env = "NEXIS_BILLING_BEHIND_PROXY", hide_env_values = true, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(super) behind_proxy: Option<bool>,
    /// Requests a second of one session, with bursts of four times as many; 0 switches the limit off.
    #[arg(long, env = "NEXIS_BILLING_REQUESTS_PER_SECOND", hide_env_values = true)]
    pub(super) requests_per_second: Option<u32>,
    /// A wallet without a card counts as not connected; `--require-card=false` for trial credit.
    #[arg(long, env = "NEXIS_BILLING_REQUIRE_CARD", hide_env_values = true, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(super) require_card: Option<bool>,
    /// How long inbound calls go on once the money is gone, seconds.
    #[arg(long, env = "NEXIS_BILLING_GRACE_SECONDS", hide_env_values = true)]
    pub(super) grace_seconds: Option<u32>,
    /// How far below zero inbound calls may take the wallet, in its currency.
    #[arg(long, env = "NEXIS_BILLING_GRACE_AMOUNT", hide_env_values = true)]
    pub(super) grace_amount: Option<String>,
    /// Smallest top-up, in the wallet's currency.
    #[arg(long, env = "NEXIS_BILLING_MIN_TOP_UP", hide_env_values = true)]
    pub(super) min_top_up: Option<String>,
    /// Largest top-up, in the wallet's currency.
    #[arg(long, env = "NEXIS_BILLING_MAX_TOP_UP", hide_env_values = true)]
    pub(super) max_top_up: Option<String>,
    /// A larger manual top-up needs the password again; 1,000.00 unless set, in yen a hundred times as much.
    #[arg(long, env = "NEXIS_BILLING_CONFIRM_ABOVE", hide_env_values = true)]
    pub(super) confirm_above: Option<String>,
    /// Manual top-ups of one organization within an hour.
    #[arg(long, env = "NEXIS_BILLING_TOP_UPS_PER_HOUR", hide_env_values = true)]
    pub(super) top_ups_per_hour: Option<u32>,
    /// And within 24 hours.
    #[arg(long, env = "NEXIS_BILLING_TOP_UPS_PER_DAY", hide_env_values = true)]
    pub(super) top_ups_per_day: Option<u32>,
    /// What they may come to within an hour; four of the largest unless set.
    #[arg(long, env = "NEXIS_BILLING_TOP_UP_SUM_PER_HOUR", hide_env_values = true)]
    pub(super) top_up_sum_per_hour: Option<String>,
    /// And within 24 hours; ten of the largest unless set.
    #[arg(long, env = "NEXIS_BILLING_TOP_UP_SUM_PER_DAY", hide_env_values = true)]
    pub(super) top_up_sum_per_day: Option<String>,
    /// The SMTP server for notices, `smtps://user:password@host`; without one they are kept in the outbox.
    #[arg(long, env = "NEXIS_BILLING_SMTP_URL", hide_env_values = true)]
    pub(super) smtp_url: Option<Secret>,
    /// File with that address.
    #[arg(long, env = "NEXIS_BILLING_SMTP_URL_FILE", hide_env_values = true)]
    pub(super) smtp_url_file: Option<PathBuf>,
    /// Who notices are from, `Nexis Billing <billing@example.com>`.
    #[arg(long, env = "NEXIS_BILLING_MAIL_FROM", hide_env_values = true)]
    pub(super) mail_from: Option<String>,
    /// Where notices are sent to as signed webhooks (Standard Webhooks).
    #[arg(long, env = "NEXIS_BILLING_WEBHOOK_URL", hide_env_values = true)]
    pub(super) webhook_url: Option<String>,
    /// What they are signed with, `whsec_…`.
    #[arg(long, env = "NEXIS_BILLING_WEBHOOK_SECRET", hide_env_values = true)]
    pub(super) webhook_secret: Option<Secret>,
    /// File with that secret.
    #[arg(long, env = "NEXIS_BILLING_WEBHOOK_SECRET_FILE", hide_env_values = true)]
    pub(super) webhook_secret_file: Option<PathBuf>,
    /// Who sells, on receipts: the legal name.
    #[arg(long, env = "NEXIS_BILLING_SELLER_NAME", hide_env_values = true)]
    pub(super) seller_name: Option<String>,
    /// Its postal address; lines are separated by line breaks, or written as `\n`.
    #[arg(long, env = "NEXIS_BILLING_SELLER_ADDRESS", hide_env_values = true)]
    pub(super) seller_address: Option<String>,
    /// Its tax number.
    #[arg(long, env = "NEXIS_BILLING_SELLER_TAX_ID", hide_env_values = true)]
    pub(super) seller_tax_id: Option<String>,
    /// Folder with fonts for receipts, for scripts beyond Latin, Greek and Cyrillic; the system's when left out.
    #[arg(long, env = "NEXIS_BILLING_FONTS", hide_env_values = true)]
    pub(super) fonts: Option<PathBuf>,
    /// What the product is called, on every page.
    #[arg(long, env = "NEXIS_BILLING_BRAND_NAME", hide_env_values = true)]
    pub(super) brand_name: Option<String>,
    /// Its logo: an .svg, .png or .webp file, square.
    #[arg(long, env = "NEXIS_BILLING_BRAND_LOGO", hide_env_values = true)]
    pub(super) brand_logo: Option<PathBuf>,
    /// Its accent color for light screens, `#0a6c4b`; dark screens take a lighter shade of it.
    #[arg(long, env = "NEXIS_BILLING_BRAND_ACCENT", hide_env_values = true)]
    pub(super) brand_accent: Option<String>,
    /// A link at the end of every page, `Terms=https://example.com/terms`; several by repeating it, in the environment
    /// with `|` between them.
    #[arg(long = "brand-link", env = "NEXIS_BILLING_BRAND_LINKS", hide_env_values = true, value_delimiter = '|')]
    pub(super) brand_links: Option<Vec<String>>,
    /// Where people write to for help.
    #[arg(long, env = "NEXIS_BILLING_SUPPORT_EMAIL", hide_env_values = true)]
    pub(super) support_email: Option<String>,
    /// Where help is on the web, `https://…`.
    #[arg(long, env = "NEXIS_BILLING_SUPPORT_URL", hide_env_values = true)]
    pub(super) support_url: Option<String>,
    /// What to log, `info` or `nexis_billing=debug,warn`.
    #[arg(long, env = "NEXIS_BILLING_LOG", hide_env_values = true)]
    pub(super) log: Option<String>,
    /// Who moves the money: the sandbox, which moves none and stands for itself in the demo only, or Stripe.
    #[arg(long, env = "NEXIS_BILLING_PROVIDER", hide_env_values = true)]
    pub(super) provider: Option<Provider>,
    /// Stripe's secret key, `sk_…` or a restricted one `rk_…`; better in a file or the environment than in a flag.
    #[arg(long, env = "NEXIS_BILLING_STRIPE_SECRET_KEY", hide_env_values = true)]
    pub(super) stripe_secret_key: Option<Secret>,
    /// File with Stripe's secret key.
    #[arg(long, env = "NEXIS_BILLING_STRIPE_SECRET_KEY_FILE", hide_env_values = true)]
    pub(super) stripe_secret_key_file: Option<PathBuf>,
    /// Stripe's publishable key, `pk_…`, of the same mode.
    #[arg(long, env = "NEXIS_BILLING_STRIPE_PUBLISHABLE_KEY", hide_env_values = true)]
    pub(super) stripe_publishable_key: Option<String>,
    /// What Stripe signs webhooks with, `whsec_…`; several while they are rotated, separated by commas.
    #[arg(long, env = "NEXIS_BILLING_STRIPE_WEBHOOK_SECRET", hide_env_values = true)]
    pub(super) stripe_webhook_secret: Option<Secret>,
    /// File with these secrets, one a line.
    #[arg(long, env = "NEXIS_BILLING_STRIPE_WEBHOOK_SECRET_FILE", hide_env_values = true)]
    pub(super) stripe_webhook_secret_file: Option<PathBuf>,
    /// Where Stripe's API is, for tests with a stand-in; only with test keys.
    #[arg(long, env = "NEXIS_BILLING_STRIPE_URL", hide_env_values = true)]
    pub(super) stripe_url: Option<String>,
    /// Where the script for the page comes from, for tests with a stand-in; only in test builds.
    #[arg(long, env = "NEXIS_BILLING_STRIPE_SCRIPT_URL", hide_env_values = true)]
    pub(super) stripe_script_url: Option<String>,
    /// What time it is when the server starts, RFC 3339, for pictures that look alike every day; only in test builds.
    #[arg(long, env = "NEXIS_BILLING_CLOCK_START", hide = true, hide_env_values = true)]
    pub(super) clock_start: Option<String>,
    /// Longest time for which an answer of the API to a browser is held back, milliseconds; only in test builds.
    #[arg(long, env = "NEXIS_BILLING_ANSWER_DELAY_MS", hide = true, hide_env_values = true)]
    pub(super) answer_delay_ms: Option<u32>,
    /// The same number gives the same delays in the same order; only in test builds.
    #[arg(long, env = "NEXIS_BILLING_ANSWER_DELAY_SEED", hide = true, hide_env_values = true)]
    pub(super) answer_delay_seed: Option<u64>,
}

impl Command {
    /// What a command line asks for. Flags come before the environment, both before the file that one of them names.
    /// See docs/decisions/0085-settings-by-clap.md.
    pub(crate) fn read(matches: &ArgMatches) -> Result<Self, ConfigError> {
        let mut command = Cli::from_arg_matches(matches)?.command;
        let settings = command.settings_mut();
        if let Some(path) = settings.config.as_deref() {
            // The settings stand with the innermost command.
            let given = std::iter::successors(Some(matches), |outer| outer.subcommand().map(|(_, inner)| inner)).last();
            let mut layered = file::read_file(path)?;
            layered.update_from_arg_matches(given.unwrap_or(matches))?;
            *settings = layered;
        }
        Ok(command)
    }

    fn settings_mut(&mut self) -> &mut ServerSettings {
        match self {
            Self::Serve(settings) | Self::Verify(settings) | Self::Doctor(settings) => settings,
            Self::Export(export) => &mut export.settings,
            Self::Backup(backup) => &mut backup.settings,
            Self::Archive(archive) => &mut archive.settings,
            Self::DeadLetters(letters) => &mut letters.settings,
            Self::Setup(setup) => &mut setup.settings,
            Self::Org(command) => command.settings_mut(),
            Self::User(command) => command.settings_mut(),
            Self::Key(command) => command.settings_mut(),
        }
    }
}
