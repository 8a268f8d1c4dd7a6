//! What a watcher still has to be sent, gathered from topics that may come in bursts.

use std::collections::BTreeSet;

use crate::events::Topic;
use crate::service::sessions::SignedInMember;
use billing_domain::{LinkId, RequestId, TopUpId};

/// What has to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum DuePart {
    /// Whether the session lives.
    Session,
    /// Lines after the last one that was sent.
    Ledger,
    Wallet,
    AutoPay,
    /// The list of cards.
    Cards,
    /// Too many topics at once: every top-up and request that is open, every link.
    EverythingOpen,
}

/// What has to be sent.
#[derive(Debug, Default)]
pub(super) struct Due {
    pub(super) parts: BTreeSet<DuePart>,
    pub(super) top_ups: BTreeSet<TopUpId>,
    pub(super) requests: BTreeSet<RequestId>,
    pub(super) links: BTreeSet<LinkId>,
}

impl Due {
    /// What a new watcher is sent. The session too: the role may have changed since the request was let in.
    pub(super) fn at_first() -> Self {
        Self {
            parts: BTreeSet::from([DuePart::Session, DuePart::Ledger, DuePart::Wallet, DuePart::AutoPay]),
            ..Self::default()
        }
    }

    pub(super) fn add(&mut self, parts: impl IntoIterator<Item = DuePart>) {
        self.parts.extend(parts);
    }

    /// Whether the part is due; it is not any more then.
    pub(super) fn take(&mut self, part: DuePart) -> bool {
        self.parts.remove(&part)
    }

    /// Whether there is something that is read by its id, or everything that is open.
    pub(super) fn has_named(&self) -> bool {
        let named = !(self.top_ups.is_empty() && self.requests.is_empty() && self.links.is_empty());
        named || self.parts.contains(&DuePart::EverythingOpen)
    }

    /// What a topic means for this watcher.
    pub(super) fn note(&mut self, topic: Topic, watcher: &SignedInMember) {
        match topic {
            // Whatever moves money or the wallet may bring it to the threshold.
            Topic::Ledger => self.add([DuePart::Ledger, DuePart::Wallet, DuePart::AutoPay]),
            Topic::Wallet => self.add([DuePart::Wallet, DuePart::AutoPay]),
            // The threshold is the wallet's low mark.
            Topic::AutoPay => self.add([DuePart::AutoPay, DuePart::Wallet]),
            Topic::TopUp(id) => {
                self.top_ups.insert(id);
                self.add([DuePart::Wallet, DuePart::AutoPay]);
            }
            Topic::Cards => self.add([DuePart::Cards, DuePart::Wallet, DuePart::AutoPay]),
            Topic::Request(id) => {
                self.requests.insert(id);
            }
            Topic::Link(id) => {
                self.links.insert(id);
            }
            // Another time zone has other days: the session check reads the organization anew.
            Topic::Organization => self.add([DuePart::Session, DuePart::Wallet, DuePart::AutoPay]),
            Topic::SessionEnded(token_hash) => self.add((token_hash == watcher.token_hash).then_some(DuePart::Session)),
            Topic::Everything => self.note_everything(),
            Topic::RoleChanged(user_id) => self.add((user_id == watcher.user.id).then_some(DuePart::Session)),
        }
    }

    /// Topics were missed: all of it.
    pub(super) fn note_everything(&mut self) {
        use DuePart::{AutoPay, Cards, EverythingOpen, Ledger, Session, Wallet};
        self.add([Session, Ledger, Wallet, AutoPay, Cards, EverythingOpen]);
    }
}
