//! Wakes whoever watches an organization when something of it has changed.
//!
//! A topic carries no figures: the watcher reads the database, so a topic that is lost, doubled or late changes
//! nothing. A watcher that fell behind is notified of that and reads everything.

mod watched;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use billing_domain::{LinkId, OrganizationId, RequestId, TopUpId, UserId};
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::{broadcast, mpsc, watch};

pub(crate) use watched::{LineText, Recent, WatchedFigures, WatchedOrganization};

/// What has changed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Topic {
    /// The ledger has new lines; so the wallet and perhaps the usage changed too.
    Ledger,
    /// Holds, card or policy changed what the wallet allows, without a ledger line.
    Wallet,
    /// Settings or health of automatic payments.
    AutoPay,
    /// A top-up, by id.
    TopUp(TopUpId),
    /// The list of cards.
    Cards,
    /// A request for funds, by id.
    Request(RequestId),
    /// A payment link, by id.
    Link(LinkId),
    /// Name, address or time zone.
    Organization,
    /// A session is over, by the hash of its token.
    SessionEnded(String),
    /// A person's role is another one now, by user id.
    RoleChanged(UserId),
    /// Nobody knows what: news were missed.
    Everything,
}

/// That something of an organization has changed, for the other servers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct News {
    pub(crate) organization_id: OrganizationId,
    pub(crate) topic: Topic,
}

/// What a watcher is woken by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Somebody has published it.
    Topic(Topic),
    /// The database has other figures than before, whoever has changed them.
    Figures(Arc<WatchedFigures>),
}

/// A watcher's end; see [`EventHub::subscribe`].
#[derive(Debug)]
pub(crate) struct Subscription {
    topics: broadcast::Receiver<Topic>,
    figures: watch::Receiver<Option<Arc<WatchedFigures>>>,
    pub(crate) organization: Arc<WatchedOrganization>,
}

impl Subscription {
    /// The next change, as soon as there is one.
    pub(crate) async fn recv(&mut self) -> Result<Change, RecvError> {
        loop {
            tokio::select! {
                topic = self.topics.recv() => return topic.map(Change::Topic),
                Ok(()) = self.figures.changed() => {
                    if let Some(figures) = self.figures.borrow_and_update().clone() {
                        return Ok(Change::Figures(figures));
                    }
                }
            }
        }
    }

    /// A topic that is there already.
    pub(crate) fn try_recv(&mut self) -> Result<Topic, TryRecvError> {
        self.topics.try_recv()
    }
}

/// One channel for each organization that somebody watches. Clones are the same hub.
/// See docs/decisions/0044-wake-ups-without-data.md.
#[derive(Clone, Debug)]
pub(crate) struct EventHub {
    watched: Arc<Mutex<HashMap<OrganizationId, Weak<WatchedOrganization>>>>,
    outgoing: mpsc::UnboundedSender<News>,
}

impl EventHub {
    /// A hub, and what it publishes to other servers.
    pub(crate) fn new() -> (Self, mpsc::UnboundedReceiver<News>) {
        let (outgoing, told) = mpsc::unbounded_channel();
        (Self { watched: Arc::default(), outgoing }, told)
    }

    /// Wakes the organization's watchers, here and at the other servers. To be called after the commit, never before.
    pub(crate) fn publish(&self, organization_id: &OrganizationId, topic: Topic) {
        // Closed where there is no channel to other servers.
        // Not sent in vain where no other server listens.
        if !self.outgoing.is_closed() {
            let _ = self.outgoing.send(News { organization_id: organization_id.to_owned(), topic: topic.clone() });
        }
        self.publish_here(organization_id, topic);
    }

    /// Wakes every organization's watchers at this server.
    pub(crate) fn publish_to_all(&self, topic: &Topic) {
        for organization in self.watched_organizations() {
            organization.publish(topic.clone());
        }
    }

    /// Whatever somebody watches.
    pub(crate) fn watched_organizations(&self) -> Vec<Arc<WatchedOrganization>> {
        self.lock().values().filter_map(Weak::upgrade).collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<OrganizationId, Weak<WatchedOrganization>>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the organization's watchers at this server: another one has published it.
    pub(crate) fn publish_here(&self, organization_id: &OrganizationId, topic: Topic) {
        let organization = self.lock().get(organization_id).and_then(Weak::upgrade);
        if let Some(organization) = organization {
            organization.publish(topic);
        }
    }

    /// Watches an organization from now on. Subscribe first, read the database afterwards: nothing falls in between.
    pub(crate) fn subscribe(&self, organization_id: &OrganizationId) -> Subscription {
        let mut watched = self.lock();
        if let Some(organization) = watched.get(organization_id).and_then(Weak::upgrade) {
            return organization.subscribe();
        }
        // Tidied here, where a new one comes, so that no timer is needed.
        watched.retain(|_, organization| organization.strong_count() > 0);
        let organization = Arc::new(WatchedOrganization::new(organization_id.to_owned()));
        watched.insert(organization_id.to_owned(), Arc::downgrade(&organization));
        organization.subscribe()
    }
}

impl WatchedOrganization {
    fn subscribe(self: Arc<Self>) -> Subscription {
        let (topics, figures) = (self.topics.subscribe(), self.figures.subscribe());
        Subscription { topics, figures, organization: self }
    }
}

#[cfg(test)]
mod tests {
    use super::watched::CAPACITY;
    use super::*;

    #[tokio::test]
    async fn a_topic_reaches_the_watchers_of_its_organization_only() {
        let hub = EventHub::new().0;
        let [a, b] = ["a", "b"].map(OrganizationId::from_trusted);
        let (mut first, mut second, mut stranger) = (hub.subscribe(&a), hub.subscribe(&a), hub.subscribe(&b));
        hub.publish(&a, Topic::Cards);
        assert_eq!(first.recv().await.unwrap(), Change::Topic(Topic::Cards));
        assert_eq!(second.recv().await.unwrap(), Change::Topic(Topic::Cards));
        assert_eq!(stranger.try_recv(), Err(TryRecvError::Empty));
    }

    #[tokio::test]
    async fn a_watcher_that_fell_behind_is_told() {
        let hub = EventHub::new().0;
        let a = OrganizationId::from_trusted("a");
        let mut slow = hub.subscribe(&a);
        for _ in 0..=CAPACITY {
            hub.publish(&a, Topic::Ledger);
        }
        assert!(matches!(slow.recv().await, Err(RecvError::Lagged(_))));
        assert_eq!(slow.recv().await.unwrap(), Change::Topic(Topic::Ledger));
    }

    #[test]
    fn channels_without_watchers_are_forgotten() {
        let hub = EventHub::new().0;
        let [a, b, c] = ["a", "b", "c"].map(OrganizationId::from_trusted);
        drop(hub.subscribe(&a));
        drop(hub.subscribe(&b));
        hub.publish(&a, Topic::Ledger);
        let _watcher = hub.subscribe(&c);
        assert_eq!(hub.watched.lock().unwrap().len(), 1);
    }
}
