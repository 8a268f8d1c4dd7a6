//! Opens the payment provider that the operator chose, and makes sure at the start that it is the right one for this
//! database: with another account's cards and customers every charge would fail, or worse.

pub(crate) mod measured;
mod sandbox_vault;

use std::sync::Arc;

use async_trait::async_trait;
use billing_domain::{CustomerRef, OrganizationId};
use billing_payments::sandbox::SandboxConfig;
use billing_payments::stripe::{self, BookError, CustomerBook, MemoryBook};
use billing_payments::{PaymentProvider, ProviderError, Sandbox, Stripe, StripeConfig};
use billing_store::{Store, StoreError};

use self::sandbox_vault::StoreVault;
use crate::Failure;
use crate::clock::Clock;
use crate::config::{Config, Secret, StripeSettings};

/// Under which name the database remembers whose account it belongs to.
const ACCOUNT: &str = "stripe_account";

/// The provider, and the sandbox bank if it is that.
pub(crate) type Opened = (Arc<dyn PaymentProvider>, Option<Sandbox>);

/// Opens it. The error is a sentence for the operator.
pub(crate) async fn open_provider(config: &Config, store: &Store, clock: &Clock) -> Result<Opened, Failure> {
    let name = if config.stripe.is_some() { stripe::NAME } else { billing_payments::sandbox::NAME };
    let connected = store.card_providers().await?;
    // Cards of another provider cannot be charged by this one.
    if let Some(other) = connected.iter().find(|provider| *provider != name) {
        return Err(
            format!("provider: this database holds cards of {other}; {name} needs a database of its own").into()
        );
    }
    if let Some(settings) = &config.stripe {
        return Ok((Arc::new(open_stripe(settings, store, clock).await?), None));
    }
    let sandbox = Sandbox::new(Arc::new(StoreVault(store.clone())), SandboxConfig::default());
    Ok((Arc::new(sandbox.clone()), Some(sandbox)))
}

async fn open_stripe(settings: &StripeSettings, store: &Store, clock: &Clock) -> Result<Stripe, Failure> {
    let config = StripeConfig {
        base: settings.url.clone(),
        secret_key: settings.secret_key.reveal().to_owned(),
        webhook_secrets: settings.webhook_secrets.iter().map(Secret::reveal).map(str::to_owned).collect(),
    };
    let stripe = |book: Arc<dyn CustomerBook>| {
        Stripe::new(config.clone(), book).map_err(|error| format!("stripe_secret_key, stripe_url: {error}"))
    };
    // Whose account it is decides which customers are meant; no customer is asked for before that is known.
    let asked = stripe(Arc::new(MemoryBook::default()))?.account().await;
    let account = check_account(asked, store.meta(ACCOUNT).await?)?;
    // Remembered, so that the next start works without Stripe's answer.
    store.set_meta(ACCOUNT, &account).await?;
    stripe(Arc::new(StoreBook { store: store.clone(), clock: clock.clone(), account })).map_err(Failure::from)
}

/// `acct_…/test` or `acct_…/live`. A Stripe that does not answer just now must not keep calls from being billed, so a
/// database that knows its account goes on with it.
/// See docs/decisions/0021-stripe-outage-at-startup.md.
fn check_account(asked: Result<stripe::Account, ProviderError>, known: Option<String>) -> Result<String, Failure> {
    let account = match (asked, known.as_ref()) {
        (Ok(account), _) => account,
        (Err(ProviderError::NoAnswer | ProviderError::Busy), Some(known)) => {
            tracing::warn!("Stripe does not answer; going on with the account of this database");
            return Ok(known.clone());
        }
        (Err(ProviderError::NoAnswer | ProviderError::Busy), None) => {
            return Err("stripe_url: Stripe does not answer, so that the key cannot be checked; try again".into());
        }
        (Err(error), _) => return Err(format!("stripe_secret_key: Stripe does not take it: {error}").into()),
    };
    let name = format!("{}/{}", account.id, if account.live { "live" } else { "test" });
    // Test and live, or two accounts, must never mix in one ledger.
    if let Some(known) = known.filter(|known| *known != name) {
        return Err(format!("stripe_secret_key: this database belongs to {known}, the key opens {name}").into());
    }
    if !account.charges_enabled {
        return Err(
            format!("stripe_secret_key: the account {name} may not charge cards yet; finish it at Stripe").into()
        );
    }
    tracing::info!(account = name, currency = account.default_currency, "payments go through Stripe");
    Ok(name)
}

/// The book of customers in the server's database.
#[derive(Debug)]
struct StoreBook {
    store: Store,
    clock: Clock,
    account: String,
}

#[expect(clippy::needless_pass_by_value, reason = "used as a function in map_err")]
fn out_of_reach(error: StoreError) -> BookError {
    BookError(error.to_string())
}

#[async_trait]
impl CustomerBook for StoreBook {
    async fn find(&self, organization: &OrganizationId) -> Result<Option<CustomerRef>, BookError> {
        self.store.provider_customer(&self.account, organization).await.map_err(out_of_reach)
    }

    async fn keep(&self, organization: &OrganizationId, customer: &CustomerRef) -> Result<CustomerRef, BookError> {
        let now = self.clock.now();
        self.store.keep_provider_customer(&self.account, organization, customer, now).await.map_err(out_of_reach)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(live: bool, charges_enabled: bool) -> stripe::Account {
        stripe::Account { id: "acct_1".to_owned(), live, charges_enabled, default_currency: "usd".to_owned() }
    }

    #[test]
    fn only_the_account_of_the_database_is_taken_and_an_outage_is_no_reason_to_stay_down() {
        let known = || Some("acct_1/test".to_owned());
        assert_eq!(check_account(Ok(account(false, true)), None).unwrap(), "acct_1/test");
        assert_eq!(check_account(Ok(account(false, true)), known()).unwrap(), "acct_1/test");
        assert_eq!(check_account(Err(ProviderError::NoAnswer), known()).unwrap(), "acct_1/test");
        for (asked, known, named) in [
            (Ok(account(true, true)), known(), "belongs to acct_1/test"),
            (Ok(account(false, false)), None, "may not charge"),
            (Err(ProviderError::NoAnswer), None, "does not answer"),
            (Err(ProviderError::Refused("401".to_owned())), known(), "401"),
        ] {
            let error = check_account(asked, known).unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
        }
    }
}
