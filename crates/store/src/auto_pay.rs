//! Automatic payments: what a person confirmed, and how the charges go.

use billing_domain::Timestamp;
use billing_domain::auto_pay::Settings;
use billing_domain::charge::DeclineCode;

use crate::{Result, Store};

/// Automatic payments of an organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AutoPay {
    /// Whose.
    pub organization_id: String,
    /// Switched on.
    pub enabled: bool,
    /// `None` until somebody set them up.
    pub settings: Option<Settings>,
    /// The card that is charged; `None`: the default card.
    pub card_id: Option<String>,
    /// Which wording of the consent was agreed to.
    pub consent: Option<String>,
    /// From 1, one more with every [`Store::put_auto_pay`]: the `ETag`.
    pub version: i64,
    /// Who changed it last.
    pub updated_by: Option<String>,
    /// When.
    pub updated_at: Timestamp,
    /// How the charges go.
    pub state: AutoPayState,
}

/// How the charges go; written by the worker, not part of the `ETag`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AutoPayState {
    /// Why it rests until somebody does something, in a word of the server's; `None` while it runs.
    pub paused_reason: Option<String>,
    /// The last decline.
    pub decline_code: Option<DeclineCode>,
    /// Declines in a row.
    pub failures: i64,
    /// Which attempt of the present need comes next or runs, from 1; 0 when there is no need.
    pub attempt: i64,
    /// When the present need was first tried: retries count from there.
    pub first_attempt_at: Option<Timestamp>,
    /// Not before.
    pub next_attempt_at: Option<Timestamp>,
    /// When the last charge began.
    pub last_charge_at: Option<Timestamp>,
}

/// What a person confirms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AutoPayUpdate {
    /// Switched on.
    pub enabled: bool,
    /// What was entered.
    pub settings: Settings,
    /// `None`: the default card. Else a connected card of the organisation (`NotFound`).
    pub card_id: Option<String>,
    /// Which wording of the consent was agreed to.
    pub consent: Option<String>,
    /// Who.
    pub updated_by: String,
    /// The state from now on; `None` leaves it as it is.
    pub state: Option<AutoPayState>,
}

impl Store {
    /// The settings and their state, or `NotFound`. Every organisation has one, switched off at first.
    pub async fn auto_pay(&self, organization_id: &str) -> Result<AutoPay> {
        todo!()
    }

    /// Organisations with automatic payments switched on.
    pub async fn auto_pay_enabled(&self) -> Result<Vec<String>> {
        todo!()
    }

    /// Changes the settings if they still have `expected_version`, else `Stale`.
    pub async fn put_auto_pay(
        &self,
        organization_id: &str,
        expected_version: i64,
        update: &AutoPayUpdate,
        now: Timestamp,
    ) -> Result<AutoPay> {
        todo!()
    }

    /// Replaces the state if it is still `expected`, else `Stale`.
    pub async fn record_auto_pay_state(
        &self,
        organization_id: &str,
        expected: &AutoPayState,
        state: &AutoPayState,
    ) -> Result<()> {
        todo!()
    }
}
