//! What a watcher still has to be told, gathered from topics that may come in bursts.

use std::collections::BTreeSet;

use crate::events::Topic;
use crate::service::sessions::Member;
use billing_domain::{LinkId, RequestId, TopUpId};

/// What has to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// Whether the session lives.
    Session,
    /// Lines after the last one that was sent.
    Ledger,
    /// The figures.
    Wallet,
    /// Automatic payments.
    AutoPay,
    /// The list of cards.
    Cards,
    /// Too many topics at once: every top-up and request that is open, every link.
    EverythingOpen,
}

/// What has to be sent.
#[derive(Debug, Default)]
pub(super) struct Due {
    /// In no order.
    pub(super) parts: BTreeSet<Part>,
    /// By id.
    pub(super) top_ups: BTreeSet<TopUpId>,
    /// By id.
    pub(super) requests: BTreeSet<RequestId>,
    /// By id.
    pub(super) links: BTreeSet<LinkId>,
}

impl Due {
    /// What a new watcher is told. The session too: the role may have changed since the request was let in.
    pub(super) fn at_first() -> Self {
        Self { parts: BTreeSet::from([Part::Session, Part::Ledger, Part::Wallet, Part::AutoPay]), ..Self::default() }
    }

    /// Notes parts.
    pub(super) fn add(&mut self, parts: impl IntoIterator<Item = Part>) {
        self.parts.extend(parts);
    }

    /// Whether the part is due; it is not any more then.
    pub(super) fn take(&mut self, part: Part) -> bool {
        self.parts.remove(&part)
    }

    /// What a topic means for this watcher.
    pub(super) fn note(&mut self, topic: Topic, watcher: &Member) {
        match topic {
            // Whatever moves money or the wallet may bring it to the threshold.
            Topic::Ledger => self.add([Part::Ledger, Part::Wallet, Part::AutoPay]),
            Topic::Wallet => self.add([Part::Wallet, Part::AutoPay]),
            // The threshold is the wallet's low mark.
            Topic::AutoPay => self.add([Part::AutoPay, Part::Wallet]),
            Topic::TopUp(id) => {
                self.top_ups.insert(id);
                self.add([Part::Wallet, Part::AutoPay]);
            }
            Topic::Cards => self.add([Part::Cards, Part::Wallet, Part::AutoPay]),
            Topic::Request(id) => {
                self.requests.insert(id);
            }
            Topic::Link(id) => {
                self.links.insert(id);
            }
            // Another time zone has other days: the session check reads the organisation anew.
            Topic::Organization => self.add([Part::Session, Part::Wallet, Part::AutoPay]),
            Topic::SessionEnded(token_hash) => self.add((token_hash == watcher.token_hash).then_some(Part::Session)),
            Topic::Everything => self.note_everything(),
            Topic::RoleChanged(user_id) => self.add((user_id == watcher.user.id).then_some(Part::Session)),
        }
    }

    /// Topics were missed: all of it.
    pub(super) fn note_everything(&mut self) {
        use Part::{AutoPay, Cards, EverythingOpen, Ledger, Session, Wallet};
        self.add([Session, Ledger, Wallet, AutoPay, Cards, EverythingOpen]);
    }
}
