//! What the operator's commands take: the first run, organizations, people's accounts, and keys.

use billing_domain::{Currency, ExternalId, Role, Timestamp};
use clap::{Args, Subcommand, ValueEnum};

use super::ServerSettings;

/// The first organization and its owner.
#[derive(Debug, Args)]
pub(crate) struct Setup {
    /// The organization's legal name.
    #[arg(long)]
    pub(crate) organization: String,
    /// The owner's e-mail address.
    #[arg(long)]
    pub(crate) owner: String,
    /// The owner's full name; what stands before the @ when left out.
    #[arg(long)]
    pub(crate) owner_name: Option<String>,
    /// How the organization counts money and days.
    #[command(flatten)]
    pub(crate) locality: Locality,
    /// Where the database is.
    #[command(flatten)]
    pub(crate) settings: ServerSettings,
}

/// How an organization counts money and days.
#[derive(Debug, Args)]
pub(crate) struct Locality {
    /// The wallet's currency, for good.
    #[arg(long, default_value = "USD")]
    pub(crate) currency: Currency,
    /// IANA time zone in which days and months are counted.
    #[arg(long, default_value = "UTC")]
    pub(crate) time_zone: String,
}

/// What to do with organizations.
#[derive(Debug, Subcommand)]
pub(crate) enum OrganizationCommand {
    /// Make one, with an empty wallet; under an id of yours only if there is none, else its facts are changed.
    Create(Box<CreateOrganization>),
}

/// An organization to be made.
#[derive(Debug, Args)]
pub(crate) struct CreateOrganization {
    /// Its legal name.
    #[arg(long)]
    pub(crate) name: String,
    /// Your own id of it, by which the API finds it as `ext:ID`.
    #[arg(long)]
    pub(crate) external_id: Option<ExternalId>,
    /// How it counts money and days.
    #[command(flatten)]
    pub(crate) locality: Locality,
    /// Where the database is.
    #[command(flatten)]
    pub(crate) settings: ServerSettings,
}

/// What to do with people's accounts.
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Put somebody into an organization; a new account gets a link to choose a password.
    Add(Box<AddUser>),
    /// Print a link by which somebody chooses another password.
    Reset(Box<NamedUser>),
    /// Lock somebody out, at once and everywhere.
    Lock(Box<LockUser>),
    /// End all sessions of somebody.
    SessionsEnd(Box<NamedUser>),
    /// Switch somebody's second factor off, who has lost both their device and their recovery codes.
    SecondFactorOff(Box<NamedUser>),
}

/// Somebody to be put into an organization.
#[derive(Debug, Args)]
pub(crate) struct AddUser {
    /// The organization's id, or `ext:` and your own.
    #[arg(long)]
    pub(crate) organization: String,
    /// Their e-mail address.
    #[arg(long)]
    pub(crate) email: String,
    /// Their full name; what stands before the @ when left out.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// What they may do there: owner, admin or member.
    #[arg(long)]
    pub(crate) role: Role,
    /// Where the database is.
    #[command(flatten)]
    pub(crate) settings: ServerSettings,
}

/// Somebody with an account.
#[derive(Debug, Args)]
pub(crate) struct NamedUser {
    /// Their e-mail address.
    #[arg(long)]
    pub(crate) email: String,
    /// Where the database is.
    #[command(flatten)]
    pub(crate) settings: ServerSettings,
}

/// Somebody to be locked out.
#[derive(Debug, Args)]
pub(crate) struct LockUser {
    /// Their e-mail address.
    #[arg(long)]
    pub(crate) email: String,
    /// Let them in again instead.
    #[arg(long)]
    pub(crate) undo: bool,
    /// Where the database is.
    #[command(flatten)]
    pub(crate) settings: ServerSettings,
}

/// What to do with keys of programs.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make one, and print it: nothing shows it again.
    Create(Box<CreateKeyArgs>),
    /// List those that are not revoked, as JSON lines, oldest first.
    List(Box<ServerSettings>),
    /// End one: every server refuses it within a second.
    Revoke(Box<RevokeKeyArgs>),
}

/// A key to be made.
#[derive(Debug, Args)]
pub(crate) struct CreateKeyArgs {
    /// What it is for.
    #[arg(long)]
    pub(crate) name: String,
    /// What it may be used for, `metering:write`; several by repeating it.
    #[arg(long = "scope", required = true)]
    pub(crate) scopes: Vec<String>,
    /// The only organization that it sees: its id, or `ext:` and your own.
    #[arg(long)]
    pub(crate) organization: Option<String>,
    /// Refused from then on, `2027-01-31T00:00:00Z`.
    #[arg(long)]
    pub(crate) expires_at: Option<Timestamp>,
    /// How it is printed.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: KeyOutput,
    /// Where the database is.
    #[command(flatten)]
    pub(crate) settings: ServerSettings,
}

/// How a new key is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum KeyOutput {
    /// The answer of the API, as a line of JSON.
    #[default]
    Json,
    /// `BILLING_KEY=…`, for a shell or a file of variables.
    Env,
}

/// A key to be ended.
#[derive(Debug, Args)]
pub(crate) struct RevokeKeyArgs {
    /// Its 12 characters, which are also part of the key.
    pub(crate) id: String,
    /// Where the database is.
    #[command(flatten)]
    pub(crate) settings: ServerSettings,
}

impl KeyCommand {
    pub(super) fn settings_mut(&mut self) -> &mut ServerSettings {
        match self {
            Self::Create(create) => &mut create.settings,
            Self::List(settings) => settings,
            Self::Revoke(revoke) => &mut revoke.settings,
        }
    }
}

impl OrganizationCommand {
    pub(super) fn settings_mut(&mut self) -> &mut ServerSettings {
        let Self::Create(create) = self;
        &mut create.settings
    }
}

impl UserCommand {
    pub(super) fn settings_mut(&mut self) -> &mut ServerSettings {
        match self {
            Self::Add(add) => &mut add.settings,
            Self::Reset(user) | Self::SessionsEnd(user) | Self::SecondFactorOff(user) => &mut user.settings,
            Self::Lock(lock) => &mut lock.settings,
        }
    }
}
