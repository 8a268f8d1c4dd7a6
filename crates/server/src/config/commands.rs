//! What the operator's commands take: the first run, organizations, and people's accounts.

use billing_domain::{Currency, Role};
use clap::{Args, Subcommand};

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
    /// Make one, with an empty wallet.
    Create(Box<CreateOrganization>),
}

/// An organization to be made.
#[derive(Debug, Args)]
pub(crate) struct CreateOrganization {
    /// Its legal name.
    #[arg(long)]
    pub(crate) name: String,
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
}

/// Somebody to be put into an organization.
#[derive(Debug, Args)]
pub(crate) struct AddUser {
    /// The organization's id.
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
            Self::Reset(user) | Self::SessionsEnd(user) => &mut user.settings,
            Self::Lock(lock) => &mut lock.settings,
        }
    }
}
