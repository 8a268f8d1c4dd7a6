//! Who is signed in, and what the page gets with its very first bytes.

use billing_domain::status::OrganizationStatus;
use billing_domain::{Capability, Currency, PortalView, Role, SessionKind, TextMap};
use serde::{Deserialize, Serialize};

use crate::Message;
use crate::billing::Billing;
use crate::sign_in::SignInProvider;

/// The header in which a request names the session that it was drawn for, [`Session::id`]. Where no header can be sent,
/// the query says it: `session=`.
pub const SESSION_HEADER: &str = "nexis-session";

/// The person who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Person {
    /// UUIDv7 of the user.
    pub id: String,
    /// Full name, as links and requests show it.
    pub name: String,
    /// Sign-in address, as it was entered.
    pub email: String,
}

/// The organization as every signed-in person may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OrganizationSummary {
    /// UUIDv7; part of what each line's hash covers.
    pub id: String,
    /// The organization's legal name.
    pub name: String,
    /// IANA time zone, `Europe/Berlin`.
    pub time_zone: String,
    /// The wallet's currency.
    pub currency: Currency,
    /// Whether the operator lets it use the service.
    #[serde(default = "active")]
    pub status: OrganizationStatus,
}

/// Of a server that knows no other status.
const fn active() -> OrganizationStatus {
    OrganizationStatus::Active
}

/// `GET /session` and the answer to signing in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Session {
    /// Names the session without opening it. A request that carries it in the header [`SESSION_HEADER`] is refused
    /// (`session_changed`) when it comes under another session.
    pub id: String,
    /// Who is signed in.
    pub user: Person,
    /// Read anew for every request: another role takes effect at once.
    pub role: Role,
    /// The organization whose wallet is shown.
    pub organization: OrganizationSummary,
    /// How they came in.
    #[serde(default = "password")]
    pub kind: SessionKind,
    /// What the session is narrowed to; left out: all that the role allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub can: Option<Vec<Capability>>,
    /// How many organizations the person can go on in; 0 where they cannot.
    #[serde(default)]
    pub organizations: u32,
    /// Of a session that an identity provider opened: its name. `/auth/{name}/start?prompt=login` confirms the session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_in_provider: Option<String>,
    /// Of a portal session: what its host wants to be seen first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<PortalView>,
    /// Of a portal session: the language that its host wants, as a BCP 47 tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// Of a portal session: the host's colors and shapes, by the names of [`crate::portal_theme::PortalTheme`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<crate::portal_theme::PortalTheme>))]
    pub theme: Option<TextMap>,
    /// Of a portal session: where "back" leads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_url: Option<String>,
}

/// Of a server that knows no other way in.
const fn password() -> SessionKind {
    SessionKind::Password
}

/// `POST /session`, answered with a [`Session`] and a cookie.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignIn {
    /// Sign-in address, any case.
    pub email: String,
    /// As typed; checked against its hash only.
    pub password: String,
    /// For whoever has a second factor: six digits of the app, or a recovery code. Without it they are answered
    /// `second_factor_required`, once the password is right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otp: Option<String>,
}

/// `POST /session/confirmation`: the same person, once more. A session of a host's is confirmed by a fresh code of that host,
/// any other one by the password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Confirm {
    /// Of the person who is signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// A code of a portal session of the same person, not exchanged yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// A sign-in offered as a button by a demo server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DemoSignIn {
    /// What the button says.
    pub label: String,
    /// `label` for other languages than English.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub translation: Option<Box<Message>>,
    /// Address that the button signs in with.
    pub email: String,
    /// Password that the button signs in with.
    pub password: String,
}

/// What everybody may know about the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Service {
    /// The payment provider: `sandbox` or `stripe`.
    pub provider: String,
    /// No real money moves.
    pub sandbox: bool,
    /// With `stripe`: what its form in the page needs.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub stripe: Option<StripePage>,
    /// Offered sign-ins; empty outside a demo.
    pub demo_sign_ins: Vec<DemoSignIn>,
    /// Identity providers that people may sign in by.
    #[serde(default)]
    pub sign_in_providers: Vec<SignInProvider>,
    /// Nobody has an account here yet: the link to begin with stands in the server's log.
    #[serde(default)]
    pub setup: bool,
    /// Whose product this is.
    pub brand: Brand,
}

/// Whose product the page says it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Brand {
    /// The product's name, as headings and e-mails show it.
    pub name: String,
    /// Address of its logo.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub logo: Option<String>,
    /// Where people write to for help.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub support_email: Option<String>,
    /// Where help is on the web.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub support_url: Option<String>,
    /// Shown at the end of every page.
    pub links: Vec<ProductLink>,
}

/// A link that the operator wants on every page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProductLink {
    /// The link's text, in the operator's language.
    pub label: String,
    /// Its address; only https.
    pub url: String,
}

impl Service {
    /// What every screen says while no real money moves.
    pub fn notice(&self) -> Option<&'static str> {
        match &self.stripe {
            _ if self.sandbox => Some("Sandbox: no real money"),
            Some(stripe) if !stripe.live => Some("Test mode: no real money"),
            _ => None,
        }
    }
}

/// What Stripe's form in the page needs; nothing of it is secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StripePage {
    /// Stripe's public key, `pk_…`.
    pub publishable_key: String,
    /// Where Stripe's script comes from.
    pub script_url: String,
    /// Real money moves; `false` in Stripe's test mode.
    pub live: bool,
}

/// Whom a member can ask: `GET /admins`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Admins {
    /// Names of the people who manage billing.
    pub admins: Vec<String>,
}

/// `GET /bootstrap`, and the JSON inside `index.html`: everything that the first screen shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Bootstrap {
    /// What everybody may know about the server.
    pub service: Service,
    /// `None` when nobody is signed in.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub session: Option<Session>,
    /// For owners and admins.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub billing: Option<Box<Billing>>,
    /// For members, who do not see the wallet.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub admins: Option<Admins>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_where_real_money_moves_nothing_is_said_of_it() {
        let with = |sandbox, live: Option<bool>| Service {
            provider: String::new(),
            sandbox,
            stripe: live.map(|live| StripePage { publishable_key: String::new(), script_url: String::new(), live }),
            demo_sign_ins: Vec::new(),
            sign_in_providers: Vec::new(),
            setup: false,
            brand: Brand::default(),
        };
        assert_eq!(with(true, None).notice(), Some("Sandbox: no real money"));
        assert_eq!(with(false, Some(false)).notice(), Some("Test mode: no real money"));
        assert_eq!(with(false, Some(true)).notice(), None);
    }
}
