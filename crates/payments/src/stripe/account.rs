//! Whose account a key opens: asked once at the start, so that a wrong key is reported then and not at the first
//! charge.

use super::Stripe;
use super::form::Form;
use crate::provider::ProviderError;

/// The account behind a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Stripe's name for the account, `acct_…`.
    pub id: String,
    /// The key is of live mode: real money moves.
    pub live: bool,
    /// It may charge cards.
    pub charges_enabled: bool,
    /// Lower-case ISO code of the currency in which it is paid out.
    pub default_currency: String,
}

impl Stripe {
    /// Asks whose account this is and whether the key is of the mode that it says.
    pub async fn account(&self) -> Result<Account, ProviderError> {
        let none = || ProviderError::Refused("there is no such account".to_owned());
        let account = self.client.get("/v1/account", &Form::default()).await?.ok_or_else(none)?;
        // The account does not say which mode the key is of; the balance does.
        let balance = self.client.get("/v1/balance", &Form::default()).await?.ok_or_else(none)?;
        if balance.flag("livemode") != Some(self.live) || account.id().is_empty() {
            return Err(ProviderError::Refused("the account answers in the other mode (test or live)".to_owned()));
        }
        Ok(Account {
            id: account.id().to_owned(),
            live: self.live,
            charges_enabled: account.flag("charges_enabled").unwrap_or(false),
            default_currency: account.text_or_empty("default_currency").to_owned(),
        })
    }
}
