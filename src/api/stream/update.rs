//! What an event of the stream says.

use billing_contract::auto_pay::AutoPay;
use billing_contract::billing::Billing;
use billing_contract::card::Card;
use billing_contract::event::{self, SessionEvent, SessionState};
use billing_contract::link::PaymentLink;
use billing_contract::request::FundsRequest;
use billing_contract::top_up::TopUp;
use billing_contract::transaction::Transaction;
use billing_contract::wallet::Wallet;

use crate::platform::json::decode_json;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Update {
    /// A new line of the ledger.
    Transaction(Box<Transaction>),
    Wallet(Box<Wallet>),
    AutoPay(Box<AutoPay>),
    /// A top-up has moved on.
    TopUp(Box<TopUp>),
    /// A card is new, changed or gone.
    Card(Box<Card>),
    /// A member asks, or was answered.
    Request(Box<FundsRequest>),
    /// A payment link is new or has moved on.
    Link(Box<PaymentLink>),
    /// The session is over.
    Session(SessionState),
    /// Everything was read anew. New lines of the ledger have come before it, each by itself.
    All(Box<Billing>),
}

impl Update {
    /// `None` for a name or a shape that is not known.
    pub(super) fn read(name: &str, data: &str) -> Option<Self> {
        Some(match name {
            event::TRANSACTION => Self::Transaction(decode_json(data)?),
            event::WALLET => Self::Wallet(decode_json(data)?),
            event::AUTO_PAY => Self::AutoPay(decode_json(data)?),
            event::TOP_UP => Self::TopUp(decode_json(data)?),
            event::CARD => Self::Card(decode_json(data)?),
            event::REQUEST => Self::Request(decode_json(data)?),
            event::LINK => Self::Link(decode_json(data)?),
            event::SESSION => Self::Session(decode_json::<SessionEvent>(data)?.state),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_newer_server_says_is_passed_over() {
        assert_eq!(Update::read("session", r#"{"state":"ended"}"#), Some(Update::Session(SessionState::Ended)));
        assert_eq!(Update::read("session", r#"{"state":"paused"}"#), None);
        assert_eq!(Update::read("weather", "{}"), None);
    }
}
