//! Who moves the money, and with which keys.

use billing_payments::stripe;
use clap::ValueEnum;
use serde::Deserialize;

use super::secret::{self, Secret};
use super::{ConfigError, ServerSettings, setting_error};

/// Where Stripe's script for the page comes from; it must not be hosted by anybody else.
const SCRIPT: &str = "https://js.stripe.com/endive/stripe.js";

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Provider {
    /// The bank of this program: no real money.
    #[default]
    Sandbox,
    Stripe,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StripeSettings {
    /// `sk_…` or `rk_…`.
    pub(crate) secret_key: Secret,
    /// `pk_…`, for the page.
    pub(crate) publishable_key: String,
    /// `whsec_…`, at least one.
    pub(crate) webhook_secrets: Vec<Secret>,
    /// Where the API is.
    pub(crate) url: String,
    /// Where the page's script comes from.
    pub(crate) script_url: String,
    /// Real money moves.
    pub(crate) live: bool,
}

/// The settings of the provider; `None`: the sandbox.
pub(super) fn parse_stripe(settings: &ServerSettings) -> Result<Option<StripeSettings>, ConfigError> {
    let secret_key = secret::resolve_secret(
        "stripe_secret_key",
        settings.stripe_secret_key.as_ref(),
        settings.stripe_secret_key_file.as_deref(),
    )?;
    let webhook_secrets = secret::resolve_secret(
        "stripe_webhook_secret",
        settings.stripe_webhook_secret.as_ref(),
        settings.stripe_webhook_secret_file.as_deref(),
    )?;
    if settings.provider.unwrap_or_default() == Provider::Sandbox {
        let any = secret_key.is_some() || webhook_secrets.is_some() || settings.stripe_publishable_key.is_some();
        return if any {
            Err(setting_error("provider", "there are keys of Stripe here; say stripe to use them"))
        } else {
            Ok(None)
        };
    }
    let secret_key = secret_key.ok_or_else(|| setting_error("stripe_secret_key", "is needed with provider stripe"))?;
    let live = key_mode(secret_key.reveal(), &["sk_", "rk_"]).ok_or_else(|| {
        setting_error("stripe_secret_key", "must begin with sk_test_, sk_live_, rk_test_ or rk_live_")
    })?;
    let publishable_key = settings.stripe_publishable_key.clone().unwrap_or_default().trim().to_owned();
    match key_mode(&publishable_key, &["pk_"]) {
        None => return Err(setting_error("stripe_publishable_key", "must begin with pk_test_ or pk_live_")),
        Some(other) if other != live => {
            return Err(setting_error(
                "stripe_publishable_key",
                "is of the other mode (test or live) than the secret key",
            ));
        }
        Some(_) => {}
    }
    let webhook_secrets: Vec<Secret> = webhook_secrets
        .as_ref()
        .map(Secret::reveal)
        .unwrap_or_default()
        .split([',', '\n', ' '])
        .map(str::trim)
        .filter(|secret| !secret.is_empty())
        .map(|secret| Secret::from(secret.to_owned()))
        .collect();
    if webhook_secrets.is_empty() || webhook_secrets.iter().any(|secret| !secret.reveal().starts_with("whsec_")) {
        return Err(setting_error(
            "stripe_webhook_secret",
            "must be one or several secrets whsec_…, separated by commas",
        ));
    }
    let url = settings.stripe_url.clone().unwrap_or_else(|| stripe::API.to_owned());
    let script_url = settings.stripe_script_url.clone().unwrap_or_else(|| SCRIPT.to_owned());
    if live && (url != stripe::API || script_url != SCRIPT) {
        return Err(setting_error("stripe_url, stripe_script_url", "only with test keys"));
    }
    if script_url != SCRIPT && !cfg!(feature = "test-seams") {
        return Err(setting_error(
            "stripe_script_url",
            "only in test builds: Stripe's script must come from js.stripe.com",
        ));
    }
    Ok(Some(StripeSettings { secret_key, publishable_key, webhook_secrets, url, script_url, live }))
}

/// Whether a key moves real money; `None` when it is no such key.
fn key_mode(key: &str, prefixes: &[&str]) -> Option<bool> {
    let rest = prefixes.iter().find_map(|prefix| key.strip_prefix(prefix))?;
    let secret = |mode: &str| rest.strip_prefix(mode).is_some_and(|rest| !rest.is_empty());
    match (secret("live_"), secret("test_")) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    }
}

impl StripeSettings {
    /// Scheme and authority of the script's address.
    pub(crate) fn script_origin(&self) -> &str {
        let after_scheme = self.script_url.find("://").map_or(0, |at| at + 3);
        let end = self.script_url.get(after_scheme..).and_then(|rest| rest.find('/')).map(|at| at + after_scheme);
        self.script_url.get(..end.unwrap_or(self.script_url.len())).unwrap_or_default()
    }
}
