//! Troubles on demand.

use std::str::FromStr;
use std::time::Duration;

/// What a request runs into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// `drop`: nothing happens, and the connection breaks.
    Drop,
    /// `act_then_drop`: it happens, and the connection breaks.
    ActThenDrop,
    /// `stall:SECONDS`: it happens, and the answer takes so long.
    Stall(Duration),
    /// `fail`: 500, nothing happened, nothing is stored.
    Fail,
    /// `act_then_fail`: it happens, yet the answer is 500, and that is what is stored under the key.
    ActThenFail,
    /// `refuse`: 400, nothing happened, yet the answer is stored under the key.
    Refuse,
    /// `busy`: 429, nothing happened.
    Busy,
    /// `garbage`: it happens, and the answer cannot be read.
    Garbage,
    /// `decline:REASON`: the card's bank refuses the next payment.
    Decline(String),
    /// `processing`: the next payment is accepted, and done when it is next looked at.
    Processing,
    /// `challenge`: the card's bank asks the cardholder about the next payment, whatever the card.
    Challenge,
    /// `lie:FIELD`: it happens, and the answer says something else in this field (`amount`, `currency`, `customer`,
    /// `livemode`, `metadata`, `amount_received`).
    Lie(String),
    /// `pending`: the next refund is on its way until somebody says what becomes of it.
    Pending,
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text.split_once(':') {
            None => match text {
                "drop" => Self::Drop,
                "act_then_drop" => Self::ActThenDrop,
                "fail" => Self::Fail,
                "act_then_fail" => Self::ActThenFail,
                "refuse" => Self::Refuse,
                "busy" => Self::Busy,
                "garbage" => Self::Garbage,
                "processing" => Self::Processing,
                "challenge" => Self::Challenge,
                "pending" => Self::Pending,
                _ => return Err(format!("no such fault: {text}")),
            },
            Some(("stall", seconds)) => {
                Self::Stall(Duration::from_secs(seconds.parse().map_err(|_| "stall:SECONDS".to_owned())?))
            }
            Some(("decline", reason)) => Self::Decline(reason.to_owned()),
            Some(("lie", field)) => Self::Lie(field.to_owned()),
            Some(_) => return Err(format!("no such fault: {text}")),
        })
    }
}

/// Troubles that wait for the request they fit: money moving ones for those that create payments or refunds. Beside each
/// the one path for which it waits, if it waits for one alone.
#[derive(Clone, Debug, Default)]
pub struct Faults(Vec<(Fault, Option<String>)>);

impl Faults {
    pub(crate) fn push(&mut self, fault: Fault, path: Option<String>) {
        self.0.push((fault, path));
    }

    /// The next trouble of the line itself, for a request to this path.
    pub(crate) fn line(&mut self, path: &str) -> Option<Fault> {
        self.take(|fault, only| {
            !matches!(fault, Fault::Decline(_) | Fault::Processing | Fault::Challenge | Fault::Pending)
                && only.is_none_or(|only| only == path)
        })
    }

    /// The next trouble of the card's bank.
    pub(crate) fn payment(&mut self) -> Option<Fault> {
        self.take(|fault, _| matches!(fault, Fault::Decline(_) | Fault::Processing | Fault::Challenge))
    }

    /// The next trouble of a refund.
    pub(crate) fn refund(&mut self) -> Option<Fault> {
        self.take(|fault, _| *fault == Fault::Pending)
    }

    /// Of the troubles that wait, the first one comes first: a later one of another kind does not overtake it.
    fn take(&mut self, fits: impl Fn(&Fault, Option<&str>) -> bool) -> Option<Fault> {
        let at = self.0.iter().position(|(fault, only)| fits(fault, only.as_deref()))?;
        Some(self.0.remove(at).0)
    }
}
