//! Identity providers, each a table `[oidc.NAME]` of the settings file.

use std::collections::BTreeMap;
use std::path::PathBuf;

use billing_domain::Role;
use billing_domain::free_text::{FreeText, LABEL, Purpose};
use reqwest::Url;
use serde::Deserialize;

use super::secret::{self, Secret};
use super::serving::is_this_machine;
use super::{ConfigError, setting_error};

/// Names stand in addresses.
const LONGEST_NAME: usize = 40;
/// What everybody is asked for unless the operator says otherwise.
const STANDARD_SCOPES: [&str; 3] = ["openid", "email", "profile"];

/// One table of the file, as it was written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct OidcTable {
    issuer: Option<String>,
    client_id: Option<String>,
    client_secret: Option<Secret>,
    client_secret_file: Option<PathBuf>,
    label: Option<String>,
    scopes: Option<Vec<String>>,
    organization: Option<String>,
    organization_claim: Option<String>,
    role_claim: Option<String>,
    role_map: BTreeMap<String, Role>,
    default_role: Option<Role>,
    allowed_domains: Vec<String>,
    create_members: bool,
}

/// Every name of a table's lines, for what is said about a line that cannot be read.
pub(super) const OIDC_NAMES: [&str; 13] = [
    "issuer",
    "client_id",
    "client_secret",
    "client_secret_file",
    "label",
    "scopes",
    "organization",
    "organization_claim",
    "role_claim",
    "role_map",
    "default_role",
    "allowed_domains",
    "create_members",
];

/// An identity provider that people may sign in by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OidcProvider {
    /// Its name in addresses: lower-case letters, digits and hyphens.
    pub(crate) name: String,
    /// What its button says.
    pub(crate) label: String,
    /// Exactly as the provider itself writes it.
    pub(crate) issuer: String,
    /// The same as an address.
    issuer_url: Url,
    /// Where it says what it can.
    discovery_url: Url,
    /// Who we are there.
    pub(crate) client_id: String,
    /// `None` for a public client, which proves itself by PKCE alone.
    pub(crate) client_secret: Option<Secret>,
    /// What it is asked for, separated by spaces.
    pub(crate) scopes: String,
    /// Where its people belong.
    pub(crate) organizations: OrganizationRule,
    /// What they may do there.
    pub(crate) roles: RoleRule,
    /// Only people with a verified address below one of these domains; empty: everybody that it lets in.
    pub(crate) allowed_domains: Vec<String>,
    /// Whoever comes for the first time becomes a member.
    pub(crate) create_members: bool,
}

/// Where a provider's people belong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OrganizationRule {
    /// All in this organization: its id, or `ext:` and the host's own.
    Fixed(String),
    /// Where this claim says: the host's own id of an organization, or ours; one, or a list.
    Claim(String),
}

/// What a provider's people may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RoleRule {
    /// This, until somebody changes it here.
    Initial(Role),
    /// What the values of a claim stand for, the most powerful first; without any that is known the other one, or nothing.
    Mapped {
        /// The claim's name.
        claim: String,
        /// Its values.
        map: BTreeMap<String, Role>,
        /// For everybody else.
        otherwise: Option<Role>,
    },
}

impl OidcProvider {
    /// Where it is.
    pub(crate) const fn issuer_url(&self) -> &Url {
        &self.issuer_url
    }

    /// Where it says what it can (OIDC Discovery 1.0, section 4).
    pub(crate) const fn discovery_url(&self) -> &Url {
        &self.discovery_url
    }

    /// The claims that say where somebody belongs and what they may do.
    pub(crate) fn wanted_claims(&self) -> impl Iterator<Item = &str> {
        let organization = match &self.organizations {
            OrganizationRule::Claim(claim) => Some(claim.as_str()),
            OrganizationRule::Fixed(_) => None,
        };
        let role = match &self.roles {
            RoleRule::Mapped { claim, .. } => Some(claim.as_str()),
            RoleRule::Initial(_) => None,
        };
        organization.into_iter().chain(role)
    }
}

/// All tables, each checked.
pub(super) fn parse_providers(tables: BTreeMap<String, OidcTable>) -> Result<Vec<OidcProvider>, ConfigError> {
    tables.into_iter().map(|(name, table)| table.check(name)).collect()
}

impl OidcTable {
    fn check(self, name: String) -> Result<OidcProvider, ConfigError> {
        let wrong = |field: &str, reason: &str| setting_error("oidc", format!("[oidc.{name}] {field} {reason}"));
        let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if name.is_empty() || name.len() > LONGEST_NAME || !name.bytes().all(is_name) {
            return Err(setting_error(
                "oidc",
                "a name [oidc.NAME] has up to 40 lower-case letters, digits and hyphens",
            ));
        }
        let text = |field: &str, value: Option<&str>| {
            let value = value.map(str::trim).filter(|value| !value.is_empty());
            value.map(str::to_owned).ok_or_else(|| wrong(field, "is missing"))
        };
        let issuer = text("issuer", self.issuer.as_deref())?;
        let addresses = parse_issuer(&issuer);
        let (issuer_url, discovery_url) = addresses
            .ok_or_else(|| wrong("issuer", "must look like https://id.example.com; http only on this machine"))?;
        let client_id = text("client_id", self.client_id.as_deref())?;
        let client_secret = match (&self.client_secret, &self.client_secret_file) {
            (None, None) => None,
            (given, file) => secret::resolve_secret("client_secret", given.as_ref(), file.as_deref())?,
        };
        let label = match &self.label {
            None => name.clone(),
            Some(label) => FreeText::parse(Purpose { required: true, ..LABEL }, label)
                .map_err(|error| wrong("label", &format!("cannot be shown: {error}")))?
                .into_string(),
        };
        let scopes = parse_scopes(self.scopes).ok_or_else(|| wrong("scopes", "must be a list of words"))?;
        let organizations = match (self.organization, self.organization_claim) {
            (Some(organization), None) if organization.parse::<billing_domain::OrganizationRef>().is_ok() => {
                OrganizationRule::Fixed(organization)
            }
            (Some(_), None) => return Err(wrong("organization", "must be an id, or ext: and your own")),
            (None, Some(claim)) if !claim.trim().is_empty() => OrganizationRule::Claim(claim),
            _ => return Err(wrong("", "needs either organization or organization_claim: where do its people belong?")),
        };
        let roles = match (self.role_claim, self.role_map.is_empty()) {
            (None, true) => RoleRule::Initial(self.default_role.unwrap_or(Role::Member)),
            (Some(claim), false) => RoleRule::Mapped { claim, map: self.role_map, otherwise: self.default_role },
            (None, false) => return Err(wrong("role_map", "needs role_claim")),
            (Some(_), true) => return Err(wrong("role_claim", "needs role_map")),
        };
        let domain = |domain: String| {
            let domain = domain.trim().to_lowercase();
            (domain.contains('.') && !domain.contains(['@', '/', ' ', '*'])).then_some(domain)
        };
        let allowed_domains = self.allowed_domains.into_iter().map(domain).collect::<Option<_>>();
        let allowed_domains = allowed_domains.ok_or_else(|| wrong("allowed_domains", "must be like example.com"))?;
        let create_members = self.create_members;
        Ok(OidcProvider {
            name,
            label,
            issuer,
            issuer_url,
            discovery_url,
            client_id,
            client_secret,
            scopes,
            organizations,
            roles,
            allowed_domains,
            create_members,
        })
    }
}

/// The provider's address, and where it describes itself.
fn parse_issuer(text: &str) -> Option<(Url, Url)> {
    let url: Url = text.parse().ok()?;
    let host = url.host_str().filter(|host| !host.is_empty())?;
    let trusted = url.scheme() == "https" || (url.scheme() == "http" && is_this_machine(host));
    let plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    let discovery = format!("{}/.well-known/openid-configuration", text.trim_end_matches('/')).parse().ok()?;
    (trusted && plain).then_some((url, discovery))
}

fn parse_scopes(entered: Option<Vec<String>>) -> Option<String> {
    let mut scopes = entered.unwrap_or_else(|| STANDARD_SCOPES.map(str::to_owned).to_vec());
    if !scopes.iter().any(|scope| scope == "openid") {
        scopes.insert(0, "openid".to_owned());
    }
    let is_word = |scope: &String| !scope.is_empty() && scope.bytes().all(|byte| byte.is_ascii_graphic());
    scopes.iter().all(is_word).then(|| scopes.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(lines: &str) -> Result<OidcProvider, String> {
        let table: OidcTable = toml::from_str(lines).map_err(|error| error.to_string())?;
        let all = parse_providers(BTreeMap::from([("acme".to_owned(), table)])).map_err(|error| error.to_string())?;
        Ok(all.into_iter().next().unwrap())
    }

    const GOOD: &str = "issuer = \"https://id.example\"\nclient_id = \"billing\"\norganization_claim = \"org\"\n";

    #[test]
    fn a_table_needs_little() {
        let provider = parse(GOOD).unwrap();
        assert_eq!((provider.label.as_str(), provider.scopes.as_str()), ("acme", "openid email profile"));
        assert_eq!(provider.discovery_url.as_str(), "https://id.example/.well-known/openid-configuration");
        assert_eq!(provider.roles, RoleRule::Initial(Role::Member));
        assert!(!provider.create_members && provider.client_secret.is_none());
        let deep = parse(&GOOD.replace("id.example", "id.example/realms/a/")).unwrap();
        assert_eq!(deep.discovery_url.as_str(), "https://id.example/realms/a/.well-known/openid-configuration");
        let secret = parse(&format!("{GOOD}client_secret = \" hush \"\nscopes = [\"org\"]")).unwrap();
        assert_eq!((secret.client_secret.as_ref().unwrap().reveal(), secret.scopes.as_str()), ("hush", "openid org"));
        assert!(!format!("{secret:?}").contains("hush"));
    }

    #[test]
    fn what_cannot_be_meant_is_named() {
        for (lines, named) in [
            (GOOD.replace("https", "http"), "issuer must look like"),
            (GOOD.replace("https://id.example", "id.example"), "issuer must look like"),
            (GOOD.replace("id.example", "id.example?a=b"), "issuer must look like"),
            (GOOD.replace("client_id = \"billing\"", ""), "client_id is missing"),
            (GOOD.replace("organization_claim = \"org\"", ""), "either organization or organization_claim"),
            (format!("{GOOD}organization = \"ext:acme\""), "either organization or organization_claim"),
            (GOOD.replace("organization_claim = \"org\"", "organization = \"acme\""), "organization must be an id"),
            (format!("{GOOD}role_claim = \"groups\""), "role_claim needs role_map"),
            (format!("{GOOD}[role_map]\na = \"owner\""), "role_map needs role_claim"),
            (format!("{GOOD}default_role = \"king\""), "default_role"),
            (format!("{GOOD}allowed_domains = [\"@example.com\"]"), "allowed_domains must be like"),
            (format!("{GOOD}scopes = [\"two words\"]"), "scopes must be a list"),
            (format!("{GOOD}label = \" \""), "label cannot be shown"),
            (format!("{GOOD}client_secret_file = \"/no/such/file\""), "client_secret_file"),
            (format!("{GOOD}client_secrets = \"hush\""), "client_secrets"),
        ] {
            let error = parse(&lines).unwrap_err();
            assert!(error.contains(named), "{lines}: {error}");
        }
        let tables = BTreeMap::from([("A/b".to_owned(), OidcTable::default())]);
        assert!(parse_providers(tables).unwrap_err().to_string().contains("[oidc.NAME]"));
    }
}
