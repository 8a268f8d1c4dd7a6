//! What the payment provider says, applied to the rows that it is about.
//!
//! Everything here asks the provider, writes in one transaction, and returns what is to happen after the commit.
//! `effects` is the only place that makes it happen, so nothing here wakes, publishes or charges.

pub(crate) mod card_setup;
pub(crate) mod charge;
pub(crate) mod dispute;
pub(crate) mod early_event;
pub(crate) mod fraud_warning;
pub(crate) mod refund;

use billing_domain::{CardRef, Date, OrganizationId, Timestamp, TopUpId, TopUpMark};
use billing_payments::{Reference, Subject};
use billing_store::{Card, Organization, TopUp};

use crate::calendar::Calendar;
use crate::events::Topic;
use crate::problem::Problem;
use crate::state::AppState;

/// What follows from a change that is committed. Losing one loses no money: workers find what is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Streams that watch the organization are woken.
    Publish(OrganizationId, Topic),
    /// The worker of automatic payments looks at the organization's wallet.
    WakeAutoPay(OrganizationId),
    /// A top-up has come to its end.
    CountTopUp(Box<TopUp>),
    /// The charge is reconciled in a task of its own.
    StartCharge(ChargeId),
    /// The charge is reconciled now.
    ReconcileCharge(ChargeId),
    /// Automatic charges that wait for the cardholder are reconciled, after something that may have taken their place.
    ReconcileWaitingCharges(OrganizationId),
    /// The settings or the cards of automatic payments are other ones: it is decided at once whether to charge.
    ReviewAutoPay(OrganizationId),
    /// Another card is the default one: what was paused for want of a good card goes on with it.
    DefaultCardChanged(OrganizationId),
    /// The provider may forget a card.
    ForgetCard(ForgottenCard),
}

/// Names a charge: its top-up, and whose that is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChargeId {
    pub(crate) organization_id: OrganizationId,
    /// The top-up that asks for it.
    pub(crate) top_up_id: TopUpId,
}

/// A card that is connected nowhere any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ForgottenCard {
    pub(crate) organization_id: OrganizationId,
    /// The provider's name for the card.
    pub(crate) card_ref: CardRef,
}

impl Effect {
    /// Wakes the streams of an organization.
    pub(crate) fn publish(organization_id: &OrganizationId, topic: Topic) -> Self {
        Self::Publish(organization_id.to_owned(), topic)
    }

    /// Reconciles the charge of a top-up in a task of its own.
    pub(crate) fn start_charge(top_up: &TopUp) -> Self {
        Self::StartCharge(ChargeId::of(top_up))
    }

    /// Whether there is a card decides what the wallet allows.
    pub(crate) fn cards_changed(organization_id: &OrganizationId) -> [Self; 2] {
        [Self::publish(organization_id, Topic::Cards), Self::publish(organization_id, Topic::Wallet)]
    }
}

impl ForgottenCard {
    pub(crate) fn of(card: &Card) -> Self {
        Self { organization_id: card.organization_id.clone(), card_ref: card.provider_ref.clone() }
    }
}

impl ChargeId {
    /// The charge of a top-up.
    pub(crate) fn of(top_up: &TopUp) -> Self {
        Self { organization_id: top_up.organization_id.clone(), top_up_id: top_up.id.clone() }
    }
}

/// The top-up that the mark of a charge names. `None`: the mark was made for something else.
pub(crate) fn marked_top_up(charge: &Reference) -> Option<TopUpMark> {
    match charge.subject()? {
        Subject::TopUp { id, .. } => Some(TopUpMark::new(id)),
        Subject::Setup { .. } | Subject::Refund { .. } => None,
    }
}

/// The charge of a top-up that is here, by its mark at the provider. `None`: there is none, as for a mark that is no id.
pub(crate) async fn find_marked_charge(state: &AppState, marked: &TopUpMark) -> Result<Option<ChargeId>, Problem> {
    let Some(top_up_id) = marked.id() else { return Ok(None) };
    let organization_id = state.store.top_up_owner(&top_up_id).await?;
    Ok(organization_id.map(|organization_id| ChargeId { organization_id, top_up_id }))
}

/// The organization's day. A zone that is unknown by now must not keep money from moving.
pub(crate) fn organization_day(organization: &Organization, now: Timestamp) -> Date {
    // In UTC then: a day that may be off by one is better than money that does not arrive.
    Calendar::of(&organization.time_zone).map_or_else(|_| now.utc_date(), |calendar| calendar.date_of(now))
}
