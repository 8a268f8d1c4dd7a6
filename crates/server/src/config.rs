//! The operator's settings: flags over environment over a TOML file over defaults, checked once at the start.

mod brand;
mod command_line;
mod commands;
mod embedding;
mod file;
mod oidc;
mod provider;
mod secret;
mod serving;
mod smtp;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use billing_domain::free_text::{ADDRESS, FreeText, ORGANIZATION_NAME, Purpose, TAX_ID};
use billing_domain::grace::Policy;
use billing_domain::limits::ChargeLimits;
use billing_domain::{Currency, FreeTextError, Money, Timestamp};
use billing_store::{COSTLY_READ_TIME, Pace, PaceAllowance};

use crate::calendar::Calendar;

#[cfg(test)]
pub(crate) use self::brand::Logo;
pub(crate) use self::brand::{BrandConfig, LIGHT, WHITE};
pub(crate) use self::command_line::{Archive, Backup, Cli, Command, DeadLetters, DemoState, Export, ServerSettings};
pub(crate) use self::commands::{
    AddUser, CreateKeyArgs, CreateOrganization, KeyCommand, KeyOutput, Locality, LockUser, NamedUser,
    OrganizationCommand, Setup, UserCommand,
};
pub(crate) use self::embedding::EmbedOrigins;
pub(crate) use self::oidc::{OidcProvider, OrganizationRule, RoleRule};
pub(crate) use self::provider::{Provider, StripeSettings};
pub(crate) use self::secret::Secret;
pub(crate) use self::serving::is_this_machine;

/// Characters of the platform's key at least: whoever has it moves everybody's money.
const SERVICE_KEY_LENGTH: usize = 32;

/// Characters of the key for second factors at least, so that it cannot be found by trying.
const SECRET_KEY_LENGTH: usize = 32;

/// Open connections, unless the operator says otherwise.
const MAX_CONNECTIONS: usize = 8192;
/// Of one address: an office with two hundred open tabs.
const MAX_CONNECTIONS_PER_ADDRESS: usize = 256;
/// Time for a new connection's first header.
const HEADER_TIME: Duration = Duration::from_secs(10);
/// Time in which a client takes at least some of an answer.
const WRITE_TIME: Duration = Duration::from_secs(30);

/// A larger top-up needs the password again, whole units of a currency with cents.
const CONFIRM_ABOVE: i32 = 1_000;
/// Manual top-ups of one organization, unless the operator says otherwise.
const TOP_UPS_PER_HOUR: u32 = 20;
const TOP_UPS_PER_DAY: u32 = 60;

/// How much and how often people may top up manually; what is not set depends on the currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct PaceSettings {
    confirm_above: Option<Money>,
    per_hour: u32,
    per_day: u32,
    sum_per_hour: Option<Money>,
    sum_per_day: Option<Money>,
}

/// Why the settings cannot be used, as a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// The command line cannot be read.
    #[error(transparent)]
    CommandLine(#[from] clap::Error),
    /// The file cannot be read.
    #[error("the configuration file {path} cannot be read: {error}")]
    File { path: String, error: std::io::Error },
    /// The file is no TOML or holds an unknown setting.
    #[error("the configuration file {path} is wrong: {reason}")]
    Toml { path: String, reason: String },
    /// A setting has an impossible value.
    #[error("{setting}: {reason}")]
    Setting { setting: &'static str, reason: String },
}

/// The settings that hold.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) listen: SocketAddr,
    /// Where the operator's monitoring asks.
    pub(crate) admin_listen: Option<SocketAddr>,
    /// Where the platform asks, if it has an address of its own.
    pub(crate) platform_listen: Option<SocketAddr>,
    /// Open connections at a time.
    pub(crate) max_connections: usize,
    /// Of them from one address.
    pub(crate) max_connections_per_address: usize,
    /// How long a new connection may be silent.
    pub(crate) header_time: Duration,
    /// How long a client may take nothing of an answer.
    pub(crate) write_time: Duration,
    /// How long a costly read may take.
    pub(crate) read_time: Duration,
    /// Database URL; may hold a password.
    pub(crate) database: Secret,
    /// Folder of the files of archived months.
    pub(crate) archive_dir: Option<PathBuf>,
    /// Folder of the built page, read once at startup.
    pub(crate) dist: PathBuf,
    /// Serve the demo organization.
    pub(crate) demo: bool,
    /// The story that a new demo begins with.
    pub(crate) demo_state: DemoState,
    /// Agents go on working while the demo runs.
    pub(crate) demo_traffic: bool,
    /// What the AI platform signs in with; `None`: metering is off.
    pub(crate) service_key: Option<Secret>,
    /// What second factors are sealed with; `None`: they cannot be switched on.
    pub(crate) secret_key: Option<Secret>,
    /// Scheme and authority of the public address, without a trailing slash.
    pub(crate) public_origin: Option<String>,
    /// Which sites may show the page in a frame.
    pub(crate) embed_origins: EmbedOrigins,
    /// Identity providers that people may sign in by, by their names.
    pub(crate) oidc: Vec<OidcProvider>,
    /// Trust the last entry of `X-Forwarded-For`.
    pub(crate) behind_proxy: bool,
    /// Requests a second of one session; 0 is no limit.
    pub(crate) requests_per_second: u32,
    /// Of organizations that are made on their first use; the operator's amounts are in it too.
    pub(crate) default_currency: Currency,
    /// Of organizations that are made on their first use: an IANA name.
    pub(crate) default_time_zone: String,
    /// When work is refused, in the default currency.
    policy: Policy,
    /// With credentials; `None`: e-mails stay in the outbox.
    pub(crate) smtp_url: Option<Secret>,
    /// Sender of e-mails, as an address or `Name <address>`.
    pub(crate) mail_from: Option<String>,
    /// The operator's receiver of notices.
    pub(crate) webhook_url: Option<String>,
    /// What its webhooks are signed with.
    pub(crate) webhook_secret: Option<Secret>,
    pub(crate) seller: Seller,
    /// The folder with fonts for receipts instead of the system's.
    pub(crate) fonts: Option<PathBuf>,
    /// Whose product the page says it is.
    pub(crate) brand: BrandConfig,
    /// Filter directives, as `RUST_LOG` takes them.
    pub(crate) log: String,
    /// Stripe; `None`: the sandbox.
    pub(crate) stripe: Option<StripeSettings>,
    /// Who moves the money, where it was said and not left to us.
    pub(crate) provider: Option<Provider>,
    /// What time it is when the server starts; `None`: the time it is.
    #[cfg(feature = "test-seams")]
    pub(crate) clock_start: Option<Timestamp>,
    /// How long answers are held back; `None`: not at all.
    #[cfg(feature = "test-seams")]
    pub(crate) answer_delay: Option<AnswerDelay>,
    min_top_up: Option<Money>,
    max_top_up: Option<Money>,
    /// How much and how often people top up manually.
    pace: PaceSettings,
}

/// How long answers of the API are held back in a test build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AnswerDelay {
    /// Milliseconds, at most.
    pub(crate) longest_ms: u32,
    /// What the sequence of delays begins with.
    pub(crate) seed: u64,
}

/// Who sells, as receipts print it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seller {
    pub(crate) name: String,
    /// Lines separated by `\n`; may be empty.
    pub(crate) address: String,
    /// Tax number; may be empty.
    pub(crate) tax_id: String,
}

impl Config {
    /// The page is reached over https: cookies are `Secure`, and HSTS is sent.
    pub(crate) fn https(&self) -> bool {
        self.public_origin.as_deref().is_some_and(|origin| origin.starts_with("https://"))
    }

    /// When work of a wallet in this currency is refused: the operator's amounts hold for the default currency alone.
    pub(crate) fn policy(&self, currency: Currency) -> Policy {
        if currency == self.default_currency {
            return self.policy;
        }
        Policy { grace_amount: Policy::default_for(currency).grace_amount, ..self.policy }
    }

    /// What a top-up may be in this currency.
    pub(crate) fn limits(&self, currency: Currency) -> ChargeLimits {
        let default = ChargeLimits::default_for(currency);
        if currency != self.default_currency {
            return default;
        }
        ChargeLimits {
            currency,
            min: self.min_top_up.unwrap_or(default.min),
            max: self.max_top_up.unwrap_or(default.max),
        }
    }

    /// What people may add manually in a wallet of this currency: above how much they give their password again, and how much
    /// and how often within an hour and a day.
    pub(crate) fn pace(&self, currency: Currency) -> (Money, Pace) {
        let PaceSettings { confirm_above, per_hour, per_day, sum_per_hour, sum_per_day } = self.pace;
        let own = |amount: Option<Money>| amount.filter(|_| currency == self.default_currency);
        let (confirm_above, sum_per_hour, sum_per_day) = (own(confirm_above), own(sum_per_hour), own(sum_per_day));
        let largest = |times: i64| {
            let largest = self.limits(currency).max;
            Money::from_micros(largest.micros().saturating_mul(times))
        };
        let above = confirm_above.unwrap_or(Money::from_major(CONFIRM_ABOVE * currency.price_scale()));
        let hour = PaceAllowance { count: per_hour, sum: sum_per_hour.unwrap_or(largest(4)) };
        let day = PaceAllowance { count: per_day, sum: sum_per_day.unwrap_or(largest(10)) };
        (above, Pace { hour, day, unconfirmed: None })
    }
}

impl ServerSettings {
    /// Puts defaults below them and looks whether they go together.
    pub(crate) fn check(self) -> Result<Config, ConfigError> {
        let default_currency = self.default_currency.unwrap_or(Currency::Usd);
        let default_time_zone = self.default_time_zone.clone().unwrap_or_else(|| "UTC".to_owned());
        let Ok(calendar) = Calendar::of(&default_time_zone) else {
            return Err(setting_error("default_time_zone", "must be an IANA name like Europe/Berlin"));
        };
        let default_time_zone = calendar.name().map_or(default_time_zone, str::to_owned);
        let parse_amount = |name, text| parse_amount(name, text, default_currency);
        let standard = Policy::default_for(default_currency);
        let policy = Policy {
            require_card: self.require_card.unwrap_or(standard.require_card),
            grace_seconds: self.grace_seconds.map_or(standard.grace_seconds, i64::from),
            grace_amount: parse_amount("grace_amount", self.grace_amount.as_deref())?.unwrap_or(standard.grace_amount),
        };
        let (min_top_up, max_top_up) = (
            parse_amount("min_top_up", self.min_top_up.as_deref())?,
            parse_amount("max_top_up", self.max_top_up.as_deref())?,
        );
        if min_top_up.is_some_and(|min| !min.is_positive()) {
            return Err(setting_error("min_top_up", "must be more than zero"));
        }
        let standard = ChargeLimits::default_for(default_currency);
        if min_top_up.unwrap_or(standard.min) > max_top_up.unwrap_or(standard.max) {
            return Err(setting_error("max_top_up", "must not be less than min_top_up; give both of them"));
        }
        let pace = PaceSettings {
            confirm_above: parse_amount("confirm_above", self.confirm_above.as_deref())?,
            per_hour: self.top_ups_per_hour.unwrap_or(TOP_UPS_PER_HOUR),
            per_day: self.top_ups_per_day.unwrap_or(TOP_UPS_PER_DAY),
            sum_per_hour: parse_amount("top_up_sum_per_hour", self.top_up_sum_per_hour.as_deref())?,
            sum_per_day: parse_amount("top_up_sum_per_day", self.top_up_sum_per_day.as_deref())?,
        };
        let service_key =
            secret::resolve_secret("service_key", self.service_key.as_ref(), self.service_key_file.as_deref())?;
        if service_key.as_ref().is_some_and(|key| key.reveal().chars().count() < SERVICE_KEY_LENGTH) {
            return Err(setting_error(
                "service_key",
                format!(
                    "must have {SERVICE_KEY_LENGTH} characters or more (openssl rand -hex 32); leave it out to close metering"
                ),
            ));
        }
        let secret_key =
            secret::resolve_secret("secret_key", self.secret_key.as_ref(), self.secret_key_file.as_deref())?;
        if secret_key.as_ref().is_some_and(|key| key.reveal().chars().count() < SECRET_KEY_LENGTH) {
            return Err(setting_error(
                "secret_key",
                format!("must have {SECRET_KEY_LENGTH} characters or more (openssl rand -hex 32)"),
            ));
        }
        let smtp_url = secret::resolve_secret("smtp_url", self.smtp_url.as_ref(), self.smtp_url_file.as_deref())?;
        if let Some(url) = &smtp_url {
            smtp::check_server(url)?;
        }
        let database = secret::resolve_secret("database", self.database.as_ref(), self.database_file.as_deref())?;
        let webhook_secret = secret::resolve_secret(
            "webhook_secret",
            self.webhook_secret.as_ref(),
            self.webhook_secret_file.as_deref(),
        )?;
        let demo = self.demo.unwrap_or(false);
        if !demo && (self.demo_state.is_some() || self.demo_traffic == Some(true)) {
            return Err(setting_error("demo_state, demo_traffic", "only together with demo"));
        }
        let stripe = provider::parse_stripe(&self)?;
        // Ninety days of made-up charges belong in no account of Stripe's; an empty demo may try its test mode.
        let fresh = self.demo_state == Some(DemoState::Fresh);
        if demo && stripe.as_ref().is_some_and(|stripe| stripe.live || !fresh) {
            return Err(setting_error("demo", "needs the sandbox; with test keys of Stripe's only --demo-state fresh"));
        }
        let seller = read_seller(&self, demo)?;
        let brand = brand::parse_brand(&self)?;
        #[cfg_attr(not(feature = "test-seams"), expect(unused_variables, reason = "always `None` here: it is refused"))]
        let clock_start = self.clock_start.as_deref().map(clock_start).transpose()?;
        #[cfg_attr(not(feature = "test-seams"), expect(unused_variables, reason = "always `None` here: it is refused"))]
        let answer_delay = answer_delay(self.answer_delay_ms, self.answer_delay_seed)?;
        Ok(Config {
            listen: self.listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080))),
            admin_listen: self.admin_listen,
            platform_listen: self.platform_listen,
            max_connections: parse_positive("max_connections", self.max_connections)?.unwrap_or(MAX_CONNECTIONS),
            max_connections_per_address: parse_positive(
                "max_connections_per_address",
                self.max_connections_per_address,
            )?
            .unwrap_or(if self.behind_proxy == Some(true) {
                usize::MAX
            } else {
                MAX_CONNECTIONS_PER_ADDRESS
            }),
            header_time: parse_seconds("header_seconds", self.header_seconds)?.unwrap_or(HEADER_TIME),
            write_time: parse_seconds("write_seconds", self.write_seconds)?.unwrap_or(WRITE_TIME),
            read_time: parse_seconds("read_seconds", self.read_seconds)?.unwrap_or(COSTLY_READ_TIME),
            database: database.unwrap_or_else(|| Secret::from("sqlite:nexis-billing.db".to_owned())),
            archive_dir: self.archive_dir,
            dist: self.dist.unwrap_or_else(|| PathBuf::from("dist")),
            demo,
            demo_state: self.demo_state.unwrap_or_default(),
            demo_traffic: self.demo_traffic.unwrap_or(false),
            service_key,
            secret_key,
            public_origin: self.public_url.as_deref().map(parse_origin).transpose()?,
            embed_origins: EmbedOrigins::parse(self.embed_origins.as_deref().unwrap_or_default())?,
            oidc: oidc::parse_providers(self.oidc)?,
            behind_proxy: self.behind_proxy.unwrap_or(false),
            requests_per_second: self.requests_per_second.unwrap_or(50),
            default_currency,
            default_time_zone,
            policy,
            smtp_url,
            mail_from: self.mail_from,
            webhook_url: self.webhook_url,
            webhook_secret,
            seller,
            brand,
            fonts: self.fonts,
            log: self.log.unwrap_or_else(|| "info".to_owned()),
            stripe,
            provider: self.provider,
            #[cfg(feature = "test-seams")]
            clock_start,
            #[cfg(feature = "test-seams")]
            answer_delay,
            min_top_up,
            max_top_up,
            pace,
        })
    }
}

fn parse_positive(name: &'static str, entered: Option<usize>) -> Result<Option<usize>, ConfigError> {
    if entered == Some(0) { Err(setting_error(name, "must be at least 1")) } else { Ok(entered) }
}

fn parse_seconds(name: &'static str, entered: Option<u32>) -> Result<Option<Duration>, ConfigError> {
    if entered == Some(0) {
        return Err(setting_error(name, "must be at least 1"));
    }
    Ok(entered.map(|seconds| Duration::from_secs(u64::from(seconds))))
}

/// The demo has a seller of its own, so that its receipts look like somebody's.
fn read_seller(settings: &ServerSettings, demo: bool) -> Result<Seller, ConfigError> {
    let standard = |of_demo: &str, otherwise: &str| if demo { of_demo.to_owned() } else { otherwise.to_owned() };
    let name = parse_text("seller_name", settings.seller_name.as_deref(), ORGANIZATION_NAME)?;
    let address = settings.seller_address.as_ref().map(|address| address.replace("\\n", "\n").replace("\r\n", "\n"));
    let address = parse_text("seller_address", address.as_deref(), ADDRESS)?;
    let tax_id = parse_text("seller_tax_id", settings.seller_tax_id.as_deref(), TAX_ID)?;
    if name.is_none() && (address.is_some() || tax_id.is_some()) {
        return Err(setting_error("seller_name", "say whose address and tax number these are"));
    }
    let named = name.is_some();
    let unless_named = |of_demo: &str| if named { String::new() } else { standard(of_demo, "") };
    Ok(Seller {
        address: address.unwrap_or_else(|| unless_named("500 Example Street\nSan Francisco, CA 94105\nUnited States")),
        tax_id: tax_id.unwrap_or_else(|| unless_named("00-0000000")),
        name: name.unwrap_or_else(|| standard("Nexis Voice, Inc. (demo)", "Nexis Billing")),
    })
}

/// Text that people read: something, and what its purpose allows.
fn parse_text(name: &'static str, entered: Option<&str>, purpose: Purpose) -> Result<Option<String>, ConfigError> {
    let Some(entered) = entered else { return Ok(None) };
    match FreeText::parse(Purpose { required: true, ..purpose }, entered) {
        Ok(text) => Ok(Some(text.into_string())),
        Err(FreeTextError::Required) => Err(setting_error(name, "must not be empty; leave it out instead")),
        Err(FreeTextError::TooLong(most)) => {
            Err(setting_error(name, format!("must not be longer than {most} characters")))
        }
        Err(FreeTextError::Unprintable) => Err(setting_error(name, "must not hold characters that cannot be printed")),
        Err(FreeTextError::CardNumber) => Err(setting_error(name, "must not hold what looks like a card number")),
    }
}

/// A wrong time makes wrong bills, so nobody but a test may set it.
fn clock_start(text: &str) -> Result<Timestamp, ConfigError> {
    if !cfg!(feature = "test-seams") {
        return Err(setting_error(
            "clock_start",
            "only in test builds: a server that bills goes by the system's clock",
        ));
    }
    text.parse().map_err(|_| setting_error("clock_start", "must look like 2026-11-18T20:15:00Z"))
}

/// Slow on purpose is for tests that look for races.
fn answer_delay(longest_ms: Option<u32>, seed: Option<u64>) -> Result<Option<AnswerDelay>, ConfigError> {
    if !cfg!(feature = "test-seams") && (longest_ms.is_some() || seed.is_some()) {
        return Err(setting_error(
            "answer_delay_ms, answer_delay_seed",
            "only in test builds: nobody waits on purpose",
        ));
    }
    match (longest_ms, seed) {
        (None, None) => Ok(None),
        (Some(longest_ms), seed) => Ok(Some(AnswerDelay { longest_ms, seed: seed.unwrap_or_default() })),
        (None, Some(_)) => Err(setting_error("answer_delay_seed", "only together with answer_delay_ms")),
    }
}

fn setting_error(setting: &'static str, reason: impl Into<String>) -> ConfigError {
    ConfigError::Setting { setting, reason: reason.into() }
}

/// In the default currency, which alone it is for.
fn parse_amount(name: &'static str, text: Option<&str>, currency: Currency) -> Result<Option<Money>, ConfigError> {
    text.map(|text| {
        let amount = Money::parse_payable(text, currency).map_err(|error| setting_error(name, error.to_string()))?;
        if amount.is_negative() { Err(setting_error(name, "must not be negative")) } else { Ok(amount) }
    })
    .transpose()
}

/// `https://billing.example.com/` → `https://billing.example.com`. A path would be silently ignored, so it is refused.
fn parse_origin(url: &str) -> Result<String, ConfigError> {
    let origin = url.strip_suffix('/').unwrap_or(url);
    let authority = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    match authority {
        Some(authority) if !authority.is_empty() && !authority.contains(['/', '?', '#', '@', ' ']) => {
            Ok(origin.to_ascii_lowercase())
        }
        _ => Err(setting_error("public_url", "must look like https://billing.example.com, without a path")),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use clap::CommandFactory as _;

    use super::*;

    fn from_toml(text: &str) -> ServerSettings {
        toml::from_str(text).unwrap()
    }

    fn from_flags(line: &str) -> ServerSettings {
        let words = ["nexis-billing", "serve"].into_iter().chain(line.split_whitespace());
        let matches = Cli::command().try_get_matches_from(words).unwrap();
        let Command::Serve(settings) = Command::read(&matches).unwrap() else { panic!("not serve") };
        *settings
    }

    #[test]
    fn a_flag_wins_over_the_file_and_the_file_over_the_default() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "listen = \"127.0.0.1:9\"\ngrace_seconds = 60\ndemo = true\n").unwrap();
        let line = format!("--config {} --listen 127.0.0.1:10 --demo=false", file.path().display());
        let config = from_flags(&line).check().unwrap();
        assert_eq!(config.listen.port(), 10);
        assert_eq!((config.policy(Currency::Usd).grace_seconds, config.demo), (60, false));
        assert_eq!(config.policy(Currency::Usd).grace_amount, Money::from_major(5));
        assert_eq!(config.limits(Currency::Usd), ChargeLimits::default_for(Currency::Usd));
    }

    #[test]
    fn amounts_hold_for_the_default_currency_alone() {
        let config = from_toml(
            "default_currency = \"JPY\"\ngrace_amount = \"900\"\nmin_top_up = \"2000\"\nconfirm_above = \"7\"",
        );
        let config = config.check().unwrap();
        assert_eq!(config.policy(Currency::Jpy).grace_amount, Money::from_major(900));
        assert_eq!(config.limits(Currency::Jpy).min, Money::from_major(2_000));
        assert_eq!(config.pace(Currency::Jpy).0, Money::from_major(7));
        for currency in [Currency::Usd, Currency::Eur, Currency::Kwd] {
            assert_eq!(config.policy(currency), Policy::default_for(currency));
            assert_eq!(config.limits(currency), ChargeLimits::default_for(currency));
            assert_eq!(config.pace(currency).0, Money::from_major(1_000));
        }
    }

    #[test]
    fn every_flag_has_an_environment_variable_and_a_line_in_the_file() {
        let command = Cli::command();
        let serve = command.find_subcommand("serve").unwrap();
        let allowed = toml::from_str::<ServerSettings>("nonsense = 1").unwrap_err().to_string();
        for flag in serve.get_arguments().filter(|flag| flag.get_id() != "help") {
            let name = flag.get_id().as_str();
            let variable = format!("NEXIS_BILLING_{}", name.to_uppercase());
            assert_eq!(flag.get_env().unwrap().to_str().unwrap(), variable);
            assert!(name == "config" || allowed.contains(&format!("`{name}`")), "{name} is not in: {allowed}");
        }
    }

    #[test]
    fn impossible_settings_are_named() {
        for (text, setting) in [
            ("default_time_zone = \"Europe/Atlantis\"", "default_time_zone"),
            ("default_currency = \"JPY\"\ngrace_amount = \"1.50\"", "grace_amount"),
            ("min_top_up = \"0\"", "min_top_up"),
            ("min_top_up = \"20\"\nmax_top_up = \"10\"", "max_top_up"),
            ("min_top_up = \"6000\"", "max_top_up"),
            ("grace_amount = \"-1\"", "grace_amount"),
            ("grace_amount = \"five\"", "grace_amount"),
            ("secret_key = \"not thirty-two characters\"", "secret_key"),
            ("service_key = \" \"", "service_key"),
            ("service_key = \"not thirty-two characters\"", "service_key"),
            ("smtp_url = \"smtp://u:p@mail.example\"\nmail_from = \"a@b.example\"", "smtp_url"),
            ("public_url = \"https://a.example/billing\"", "public_url"),
            ("public_url = \"billing.example\"", "public_url"),
            ("max_connections = 0", "max_connections"),
            ("header_seconds = 0", "header_seconds"),
            ("demo_traffic = true", "demo_traffic"),
            ("seller_name = \" \"", "seller_name"),
            ("seller_tax_id = \"94-1234567\"", "seller_name"),
            ("seller_name = \"Two\\nlines\"", "seller_name"),
        ] {
            let error = from_toml(text).check().unwrap_err().to_string();
            assert!(error.contains(setting), "{text}: {error}");
        }
    }

    #[test]
    fn secrets_do_not_show_in_the_debug_form() {
        let line = "--service-key hush-hush-hush-hush-hush-hush-hush --database postgres://u:hush-hush@h/d";
        let settings = from_flags(line);
        assert!(!format!("{settings:?}").contains("hush"));
        assert!(!format!("{:?}", settings.check().unwrap()).contains("hush"));
    }

    fn stripe(more: &str) -> Result<Config, ConfigError> {
        let keys = "provider = \"stripe\"\nstripe_secret_key = \"sk_test_hush\"\nstripe_publishable_key = \"pk_test_1\"\n\
            stripe_webhook_secret = \"whsec_hush1, whsec_hush2\"\n";
        let mut table: toml::Table = toml::from_str(keys).unwrap();
        table.extend(toml::from_str::<toml::Table>(more).unwrap());
        table.try_into::<ServerSettings>().unwrap().check()
    }

    #[test]
    fn stripe_needs_keys_of_one_mode_and_shows_none() {
        let config = stripe("").unwrap();
        let settings = config.stripe.as_ref().unwrap();
        assert_eq!((settings.live, settings.webhook_secrets.len()), (false, 2));
        assert_eq!(settings.script_origin(), "https://js.stripe.com");
        assert!(!format!("{config:?}").contains("hush"));
        for (text, named) in [
            ("stripe_secret_key = \"sk_test_\"", "stripe_secret_key"),
            ("stripe_secret_key = \"pk_test_1\"", "stripe_secret_key"),
            ("stripe_secret_key = \"sk_live_1\"", "stripe_publishable_key"),
            ("stripe_publishable_key = \"sk_test_1\"", "stripe_publishable_key"),
            ("stripe_webhook_secret = \"secret\"", "stripe_webhook_secret"),
            ("stripe_webhook_secret = \" , \"", "stripe_webhook_secret"),
            ("stripe_secret_key_file = \"/no/such/file\"", "stripe_secret_key_file"),
            ("provider = \"sandbox\"", "provider"),
            ("demo = true", "demo"),
            (
                "stripe_secret_key = \"sk_live_1\"\nstripe_publishable_key = \"pk_live_1\"\nstripe_url = \"http://127.0.0.1:1\"",
                "stripe_url",
            ),
        ] {
            let error = stripe(text).unwrap_err().to_string();
            assert!(error.contains(named) && !error.contains("hush"), "{text}: {error}");
        }
        assert!(from_toml("provider = \"stripe\"").check().is_err());
        assert!(stripe("demo = true\ndemo_state = \"fresh\"").is_ok());
    }

    #[test]
    fn secrets_are_read_from_files() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        let text = format!(
            "provider = \"stripe\"\nstripe_secret_key_file = {:?}\nstripe_publishable_key = \"pk_test_1\"\n\
             stripe_webhook_secret_file = {:?}\n",
            file("key", "sk_test_in_a_file\n"),
            file("webhooks", "whsec_1\nwhsec_2\n"),
        );
        let settings = from_toml(&text).check().unwrap().stripe.unwrap();
        assert_eq!(settings.secret_key.reveal(), "sk_test_in_a_file");
        assert_eq!(settings.webhook_secrets.len(), 2);
    }

    #[test]
    fn the_demo_has_a_seller_and_one_that_is_named_has_nobody_elses_address() {
        let seller = |settings: ServerSettings| settings.check().unwrap().seller;
        assert!(seller(from_flags("--demo")).address.contains("San Francisco"));
        assert_eq!(seller(from_flags("")).name, "Nexis Billing");
        let named = seller(from_toml("demo = true\nseller_name = \"Ava\"\nseller_address = \"1 Main St\\\\nAustin\""));
        assert_eq!(
            (named.name.as_str(), named.address.as_str(), named.tax_id.as_str()),
            ("Ava", "1 Main St\nAustin", "")
        );
    }

    #[test]
    fn a_test_build_may_be_told_what_time_it_is() {
        let told = from_flags("--clock-start 2026-11-18T20:15:00Z").check();
        assert_eq!(told.unwrap().clock_start, Some("2026-11-18T20:15:00Z".parse().unwrap()));
        assert!(from_flags("--clock-start yesterday").check().unwrap_err().to_string().contains("clock_start"));
    }

    #[test]
    fn only_a_test_build_holds_answers_back() {
        let delayed = from_flags("--answer-delay-ms 1500 --answer-delay-seed 7").check();
        #[cfg(feature = "test-seams")]
        assert_eq!(delayed.unwrap().answer_delay, Some(AnswerDelay { longest_ms: 1500, seed: 7 }));
        #[cfg(not(feature = "test-seams"))]
        assert!(delayed.unwrap_err().to_string().contains("only in test builds"));
        assert!(from_flags("--answer-delay-seed 7").check().unwrap_err().to_string().contains("answer_delay"));
    }

    #[test]
    fn https_follows_from_the_public_address() {
        assert!(from_flags("--public-url https://Billing.Example/").check().unwrap().https());
        assert!(!from_flags("--public-url http://127.0.0.1:1").check().unwrap().https());
        assert!(!from_flags("").check().unwrap().https());
    }
}
