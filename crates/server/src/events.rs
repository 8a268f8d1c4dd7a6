//! Wakes whoever watches an organization when something of it has changed.
//!
//! A topic carries no figures: the watcher reads the database, so a topic that is lost, doubled or late changes
//! nothing. A watcher that fell behind is notified of that and reads everything.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use billing_domain::{LinkId, OrganizationId, RequestId, TopUpId, UserId};
use serde::{Deserialize, Serialize};
use tokio::sync::{broadcast, mpsc};

/// Topics that a slow watcher may be behind before it has to read everything.
const CAPACITY: usize = 256;

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

/// A watcher's end; see [`EventHub::subscribe`].
pub(crate) type Subscription = broadcast::Receiver<Topic>;

/// One channel for each organization that somebody watches. Clones are the same hub.
/// See docs/decisions/0044-wake-ups-without-data.md.
#[derive(Clone, Debug)]
pub(crate) struct EventHub {
    channels: Arc<Mutex<HashMap<OrganizationId, broadcast::Sender<Topic>>>>,
    outgoing: mpsc::UnboundedSender<News>,
}

impl EventHub {
    /// A hub, and what it publishes to other servers.
    pub(crate) fn new() -> (Self, mpsc::UnboundedReceiver<News>) {
        let (outgoing, told) = mpsc::unbounded_channel();
        (Self { channels: Arc::default(), outgoing }, told)
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
        // Channels without receivers are dropped on the way.
        self.lock().retain(|_, channel| channel.send(topic.clone()).is_ok());
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<OrganizationId, broadcast::Sender<Topic>>> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the organization's watchers at this server: another one has published it.
    pub(crate) fn publish_here(&self, organization_id: &OrganizationId, topic: Topic) {
        let mut channels = self.lock();
        if let Some(channel) = channels.get(organization_id)
            && channel.send(topic).is_err()
        {
            // The last watcher has gone.
            channels.remove(organization_id);
        }
    }

    /// Watches an organization from now on. Subscribe first, read the database afterwards: nothing falls in between.
    pub(crate) fn subscribe(&self, organization_id: &OrganizationId) -> Subscription {
        let mut channels = self.lock();
        // Tidied here, where a new watcher comes, so that no timer is needed.
        channels.retain(|_, channel| channel.receiver_count() > 0);
        channels.entry(organization_id.to_owned()).or_insert_with(|| broadcast::channel(CAPACITY).0).subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::broadcast::error::{RecvError, TryRecvError};

    #[tokio::test]
    async fn a_topic_reaches_the_watchers_of_its_organization_only() {
        let hub = EventHub::new().0;
        let [a, b] = ["a", "b"].map(OrganizationId::from_trusted);
        let (mut first, mut second, mut stranger) = (hub.subscribe(&a), hub.subscribe(&a), hub.subscribe(&b));
        hub.publish(&a, Topic::Cards);
        assert_eq!(first.recv().await.unwrap(), Topic::Cards);
        assert_eq!(second.recv().await.unwrap(), Topic::Cards);
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
        assert_eq!(slow.recv().await.unwrap(), Topic::Ledger);
    }

    #[test]
    fn channels_without_watchers_are_forgotten() {
        let hub = EventHub::new().0;
        let [a, b, c] = ["a", "b", "c"].map(OrganizationId::from_trusted);
        drop(hub.subscribe(&a));
        drop(hub.subscribe(&b));
        hub.publish(&a, Topic::Ledger);
        let _watcher = hub.subscribe(&c);
        assert_eq!(hub.channels.lock().unwrap().len(), 1);
    }
}
