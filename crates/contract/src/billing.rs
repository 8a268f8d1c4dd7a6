//! `GET /billing`: all that the tab shows above the fold, in one answer.

use billing_domain::limits::ChargeLimits;
use billing_domain::{Currency, Date, Money, Timestamp};
use serde::{Deserialize, Serialize};

use crate::auto_pay::AutoPay;
use crate::card::Card;
use crate::link::PaymentLink;
use crate::request::FundsRequest;
use crate::top_up::TopUp;
use crate::transaction::TransactionPage;
use crate::usage::Usage;
use crate::wallet::Wallet;

/// What a top-up may be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Limits {
    /// The wallet's currency.
    pub currency: Currency,
    /// Smallest top-up, whole minor units.
    pub min: Money,
    /// Largest top-up, whole minor units.
    pub max: Money,
}

impl From<ChargeLimits> for Limits {
    fn from(limits: ChargeLimits) -> Self {
        Self { currency: limits.currency, min: limits.min, max: limits.max }
    }
}

impl From<&Limits> for ChargeLimits {
    fn from(limits: &Limits) -> Self {
        Self { currency: limits.currency, min: limits.min, max: limits.max }
    }
}

/// Everything above the fold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Billing {
    /// As `GET /wallet` answers it.
    pub wallet: Wallet,
    /// As `GET /auto-pay` answers it.
    pub auto_pay: AutoPay,
    /// Connected cards, the default first.
    pub cards: Vec<Card>,
    /// What one top-up may charge.
    pub limits: Limits,
    /// The running month, as `GET /usage` answers it.
    pub usage: Usage,
    /// The first page of the ledger.
    pub transactions: TransactionPage,
    /// Every payment link that can be used, and the latest others, newest first.
    pub links: Vec<PaymentLink>,
    /// What members asked for and nobody has answered yet.
    pub requests: Vec<FundsRequest>,
    /// Top-ups whose outcome is not known yet, on whatever device they began.
    pub open_top_ups: Vec<TopUp>,
    /// Today in the organization's time zone.
    pub today: Date,
    /// When these figures were read.
    pub as_of: Timestamp,
}
