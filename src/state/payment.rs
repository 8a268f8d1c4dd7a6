//! Where a manual top-up stands, as one value; what the server says moves it on.

use billing_contract::top_up::{Decline, TopUp};
use billing_domain::charge::TopUpStatus;

use crate::texts;

/// Why one is choosing again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PaymentNotice {
    /// The amount is not right: how to fix it.
    Amount(String),
    /// The server refused; nothing was charged.
    Refused(String),
    /// The bank refused; nothing was charged.
    Declined(Decline),
    /// Nobody confirmed in time; nothing was charged.
    Expired,
    /// The page was loaded anew before the server had answered: the same payment goes on.
    Interrupted,
    /// A card was connected just now.
    Connected,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PaymentStage {
    /// An amount is being chosen.
    Choosing(Option<PaymentNotice>),
    /// A card has to be connected first, or another one shall be.
    Connecting,
    /// Sent; no answer yet.
    Sending,
    /// There was no answer: the same request is sent again, with the same key.
    Repeating {
        /// The server has said that it works on the request. Else perhaps nothing was ever sent.
        received: bool,
    },
    /// The bank is working on it.
    Waiting(TopUp),
    /// The cardholder has to confirm.
    Challenge(TopUp),
    /// The cardholder's answer is on its way to the bank.
    Answering(TopUp),
    /// Nobody knows yet whether the card was charged.
    Unknown(TopUp),
    /// The bank is asked what became of it.
    Asking(TopUp),
    Paid(TopUp),
}

impl PaymentStage {
    /// What a top-up's state means for the person in front of it.
    pub(crate) fn of(top_up: TopUp) -> Self {
        match top_up.status {
            TopUpStatus::Created | TopUpStatus::Processing => Self::Waiting(top_up),
            TopUpStatus::ActionRequired => Self::Challenge(top_up),
            TopUpStatus::Unknown => Self::Unknown(top_up),
            TopUpStatus::Succeeded => Self::Paid(top_up),
            TopUpStatus::Expired => Self::Choosing(Some(PaymentNotice::Expired)),
            TopUpStatus::Declined => {
                let message = || texts::top_up::refused().to_owned();
                let unexplained = || Decline { code: String::new(), message: message(), translation: None };
                Self::Choosing(Some(PaymentNotice::Declined(top_up.decline.unwrap_or_else(unexplained))))
            }
        }
    }

    /// The top-up that this is about, if the server knows it already.
    pub(crate) const fn top_up(&self) -> Option<&TopUp> {
        match self {
            Self::Waiting(top_up)
            | Self::Challenge(top_up)
            | Self::Answering(top_up)
            | Self::Unknown(top_up)
            | Self::Asking(top_up)
            | Self::Paid(top_up) => Some(top_up),
            Self::Choosing(_) | Self::Connecting | Self::Sending | Self::Repeating { .. } => None,
        }
    }

    /// Where it stands after news of a top-up; `None` when the news are about another one or are none.
    pub(crate) fn after(&self, news: &TopUp) -> Option<Self> {
        let known = self.top_up()?;
        if known.id != news.id || known.status.is_final() {
            return None;
        }
        match (self, Self::of(news.clone())) {
            // While a person's answer is under way, the question it answers is no news.
            (Self::Answering(_), Self::Challenge(_)) | (Self::Asking(_), Self::Unknown(_)) => None,
            (_, next) => Some(next),
        }
    }

    /// Money is under way: another payment cannot begin here.
    pub(crate) const fn is_under_way(&self) -> bool {
        !matches!(self, Self::Choosing(_) | Self::Connecting | Self::Paid(_))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use billing_contract::top_up::CardSummary;
    use billing_domain::{Currency, Money, Timestamp};

    use super::*;

    /// A manual top-up, for the tests of the state.
    pub(in crate::state) fn top_up(id: &str, status: TopUpStatus) -> TopUp {
        TopUp {
            id: id.to_owned(),
            status,
            amount: Money::from_major(100),
            currency: Currency::Usd,
            automatic: false,
            by_link: false,
            created_at: Timestamp::from_seconds(0),
            settled_at: None,
            card: CardSummary { brand: "visa".to_owned(), last4: "4242".to_owned() },
            next_action: None,
            decline: None,
            wallet: None,
        }
    }

    #[test]
    fn every_state_of_a_top_up_has_a_screen_and_only_final_ones_let_go() {
        for status in TopUpStatus::ALL {
            let stage = PaymentStage::of(top_up("a", *status));
            assert_eq!(stage.is_under_way(), status.is_open(), "{status}");
        }
    }

    #[test]
    fn news_of_another_top_up_or_after_the_end_change_nothing() {
        let waiting = PaymentStage::of(top_up("a", TopUpStatus::Processing));
        assert_eq!(waiting.after(&top_up("b", TopUpStatus::Succeeded)), None);
        assert_eq!(
            waiting.after(&top_up("a", TopUpStatus::Succeeded)),
            Some(PaymentStage::of(top_up("a", TopUpStatus::Succeeded)))
        );
        let paid = PaymentStage::of(top_up("a", TopUpStatus::Succeeded));
        assert_eq!(paid.after(&top_up("a", TopUpStatus::Declined)), None);
        assert_eq!(PaymentStage::Sending.after(&top_up("a", TopUpStatus::Succeeded)), None);
    }

    #[test]
    fn a_late_question_does_not_ask_twice() {
        let answering = PaymentStage::Answering(top_up("a", TopUpStatus::ActionRequired));
        assert_eq!(answering.after(&top_up("a", TopUpStatus::ActionRequired)), None);
        assert!(matches!(answering.after(&top_up("a", TopUpStatus::Processing)), Some(PaymentStage::Waiting(_))));
    }
}
